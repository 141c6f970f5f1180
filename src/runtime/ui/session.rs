//! One screen from the first frame to the last: the loop, the interpreter of effects, the frames.

use std::{sync::Arc, time::Duration};

use tokio::{
    sync::mpsc::{Receiver, Sender},
    time::{Instant, timeout},
};

use crate::{
    app::{self, Answer, Effect, Model, Msg, Setup},
    engine::{
        Engine,
        world::{Clock, SystemClock},
    },
    term::{self, Capabilities, Guard, Input, Screen, Signal, Signals, TermEvent},
    theme::{Role, Theme},
};

use super::{
    ScreenOptions,
    events::{message_of, next_event, once, until},
    feed,
    glimpse::Glimpse,
    link::{self, Finding, Found, Link},
};
use crate::runtime::{
    assets::{self, Assets},
    context::{Context, RuntimeError},
    record::Recorder,
    reload::Reloading,
};

/// How long a terminal may take to answer what it can do.
const PROBE: Duration = Duration::from_millis(150);
/// The least time between two frames.
const FRAME: Duration = Duration::from_micros(16_667);
/// How long leaving may take.
const LEAVE: Duration = Duration::from_secs(2);
/// How long after somebody is gone somebody else is looked for.
const AGAIN: Duration = Duration::from_millis(100);
/// The same after nobody could be found.
const LATER: Duration = Duration::from_secs(2);
/// The terminal taken, and the first frame on it. Needs an async runtime that was entered.
///
/// # Errors
/// When there is no terminal to be had, or no file for the recording.
pub(super) fn begin(
    context: &Context,
    options: &ScreenOptions,
    messages: Sender<Msg>,
    told: &mut Receiver<Msg>,
) -> Result<Session, RuntimeError> {
    let mut session = Session::new(context, options, messages).map_err(terminal_error)?;
    // Where the first facts are there already they come with it.
    while let Ok(msg) = told.try_recv() {
        session.take(msg);
    }
    session.draw().map_err(terminal_error)?;
    // Where they are not, they follow at once.
    session.frame_at = Instant::now();
    Ok(session)
}

/// Runs the screen until somebody leaves, with a configuration that may change while somebody else answers; `told` is what it is told,
/// `ahead` the engine where it is open already.
pub(super) async fn run(
    mut session: Session,
    (context, reloading): (&Context, &Reloading<'_>),
    told: Receiver<Msg>,
    ahead: Option<Engine>,
    glimpse: Glimpse,
) -> Result<(), RuntimeError> {
    let mut finding = Some(link::begin(context, &session.messages, ahead, glimpse));
    let left = session.turn(told, &mut finding, (context.clone(), reloading)).await;
    let flushed = session.leave(finding, context).await;
    left.and(flushed)
}

/// What is said when the terminal fails.
fn terminal_error<E: std::fmt::Display>(error: E) -> RuntimeError {
    RuntimeError::Io(format!("the terminal: {error}"))
}

/// What runs for a screen.
pub(super) struct Session {
    model: Model,
    assets: Assets,
    options: ScreenOptions,
    theme: Theme,
    signals: Signals,
    guard: Guard,
    screen: Screen,
    clock: Arc<dyn Clock>,
    messages: Sender<Msg>,
    link: Option<Link>,
    linked_at: Instant,
    /// Whether somebody answered before: then nobody answering is said, and looked for again.
    had_link: bool,
    /// What was asked for before anybody answered for the first time.
    waiting: Vec<Effect>,
    input: Option<Input>,
    drawn: u64,
    frame_at: Instant,
    wake: Option<Instant>,
    over: bool,
    recorder: Option<Recorder>,
}

impl Session {
    fn new(context: &Context, options: &ScreenOptions, messages: Sender<Msg>) -> std::io::Result<Self> {
        let app = &context.config.app;
        let assets = assets::load(app, &options.config_dir);
        let clock = SystemClock::shared();
        let size = term::size().unwrap_or((80, 24));
        let mut model = Model::new(Setup {
            size,
            now: clock.now(),
            keymap: Arc::clone(&assets.keymap),
            plain_borders: options.plain_borders,
            persona: app.persona.parse().unwrap_or_default(),
            user: context.user.clone(),
            offline: context.offline,
            mouse: app.mouse,
        });
        if let Some(problem) = assets.problems.first() {
            model.shared.say(problem.clone(), Role::Error);
        }
        // Before the terminal is taken, so that a file that cannot be made is said where it can be read.
        let recorder = options.record.as_deref().map(|path| Recorder::new(path, &model)).transpose()?;
        Ok(Self {
            theme: Theme::resolve(&assets.theme, false, options.depth),
            screen: Screen::new(size.0, size.1),
            // Before the terminal is taken: whoever is told to end from then on gives it back.
            signals: Signals::new()?,
            guard: Guard::enter(app.mouse)?,
            options: options.clone(),
            model,
            assets,
            clock,
            messages,
            link: None,
            linked_at: Instant::now(),
            had_link: false,
            waiting: Vec::new(),
            input: None,
            drawn: 0,
            frame_at: Instant::now(),
            wake: None,
            over: false,
            recorder,
        })
    }

    /// The loop. What comes from a person is taken before what comes from the engine.
    async fn turn(
        &mut self,
        mut told: Receiver<Msg>,
        finding: &mut Option<Finding>,
        (mut context, reloading): (Context, &Reloading<'_>),
    ) -> Result<(), RuntimeError> {
        // A change of size before the signal was listened for is told by nobody.
        if term::size().is_some_and(|size| size != self.model.size) {
            self.resize();
        }
        let since = Instant::now();
        let mut probing = tokio::task::spawn_blocking(move || term::probe(PROBE, || since.elapsed()));
        while !self.over {
            if self.model.rev != self.drawn && self.frame_at <= Instant::now() {
                self.draw().map_err(terminal_error)?;
            }
            let frame = (self.model.rev != self.drawn).then_some(self.frame_at);
            tokio::select! {
                biased;
                signal = self.signals.next() => self.signal(signal)?,
                () = term::terminal_lost() => self.enter_again("the details stand on the terminal below")?,
                event = next_event(&mut self.input) => match event {
                    Ok(event) => self.event(event),
                    // A terminal that is gone is left like one that hung up.
                    Err(_) => self.over = true,
                },
                found = &mut probing, if self.input.is_none() => {
                    let (found, typed) = found.unwrap_or_default();
                    self.found(found).map_err(terminal_error)?;
                    self.input = Some(Input::new(&typed).map_err(terminal_error)?);
                }
                found = once(finding), if self.link.is_none() => {
                    let found = found.unwrap_or_else(|error| Err(RuntimeError::Io(format!("the engine could not be started: {error}"))));
                    if let Err(error) = found.and_then(|found| self.linked(found, &context)) {
                        reloading.again(&mut context);
                        *finding = Some(self.look_again(error, &context, reloading.is_new())?);
                    }
                }
                Some(msg) = told.recv() => {
                    if matches!(msg, Msg::EngineGone(_)) {
                        // Whoever serves leaves to take up another configuration: with the former one nobody answers here any more, and
                        // this screen must not own the directory with it.
                        reloading.again(&mut context);
                        *finding = Some(self.lost(&context));
                    }
                    self.take(msg);
                }
                () = until(self.wake) => {
                    self.wake = None;
                    self.take(Msg::Wake);
                }
                () = until(frame) => {}
            }
        }
        Ok(())
    }

    /// Somebody answers.
    fn linked(&mut self, found: Found, context: &Context) -> Result<(), RuntimeError> {
        let link = Link::new(found, context, &self.messages)?;
        if self.had_link {
            let said = if link.owns() {
                "The stellar that answered is gone; this screen owns the directory now."
            } else {
                "Another stellar answers now."
            };
            self.take(Msg::Said(said.to_owned()));
        }
        self.had_link = true;
        self.take(Msg::Linked(link.owns()));
        self.link = Some(link);
        self.linked_at = Instant::now();
        for effect in std::mem::take(&mut self.waiting) {
            self.run(effect);
        }
        Ok(())
    }

    /// Nobody answers any more: what is shown stays, and somebody is looked for.
    fn lost(&mut self, context: &Context) -> Finding {
        if let Some(link) = self.link.take() {
            let context = context.clone();
            tokio::spawn(async move { link.leave(&context).await });
        }
        // One that answers and is gone at once is not asked in a circle.
        link::find(context, if self.linked_at.elapsed() < LATER { LATER } else { AGAIN }, &self.messages)
    }

    /// Nobody could be found: at the start that is the end, unless whoever serves may not have taken up the configuration yet; later it is
    /// said and tried again.
    fn look_again(&mut self, error: RuntimeError, context: &Context, is_new: bool) -> Result<Finding, RuntimeError> {
        if !(self.had_link || is_new && matches!(error, RuntimeError::Mismatch(_))) {
            return Err(error);
        }
        self.take(Msg::EngineGone(error.to_string()));
        Ok(link::find(context, LATER, &self.messages))
    }

    /// What the terminal can do is known.
    fn found(&mut self, found: Capabilities) -> std::io::Result<()> {
        self.guard.use_capabilities(found)?;
        self.screen.set_synchronised(found.synchronised);
        if found.is_light() {
            self.theme = Theme::resolve(&self.assets.theme, true, self.options.depth);
            self.screen.invalidate();
        }
        self.take(Msg::KeyboardFound(found.keyboard()));
        Ok(())
    }

    fn event(&mut self, event: TermEvent) {
        if let Some(msg) = message_of(event) {
            self.take(msg);
        }
    }

    fn signal(&mut self, signal: Signal) -> Result<(), RuntimeError> {
        match signal {
            Signal::Terminate | Signal::Hangup => self.over = true,
            Signal::Resize => self.resize(),
            Signal::Suspend => self.suspend()?,
        }
        Ok(())
    }

    fn resize(&mut self) {
        if let Some((columns, rows)) = term::size() {
            self.screen.resize(columns, rows);
            self.take(Msg::Resize(columns, rows));
        }
    }

    fn suspend(&mut self) -> Result<(), RuntimeError> {
        self.guard.suspend().map_err(terminal_error)?;
        self.screen.invalidate();
        self.resize();
        Ok(())
    }

    /// A panic somewhere gave the terminal back: it is taken again, because this loop still lives.
    fn enter_again(&mut self, why: &str) -> Result<(), RuntimeError> {
        self.guard.enter_again().map_err(terminal_error)?;
        self.screen.invalidate();
        self.take(Msg::Fault(why.to_owned()));
        Ok(())
    }

    /// Updates the model and carries out what it asks for.
    fn take(&mut self, msg: Msg) {
        let now = self.clock.now();
        if let Some(recorder) = &mut self.recorder
            && let Err(error) = recorder.write(&msg, &self.model, now)
        {
            self.recorder = None;
            self.model.shared.say(format!("The recording ended: {error}"), Role::Error);
        }
        for effect in app::update(&mut self.model, msg, now) {
            self.run(effect);
        }
    }

    /// The interpreter of effects.
    fn run(&mut self, effect: Effect) {
        match effect {
            Effect::Arrange(question) if feed::is_small(&question.facts) => self.take(Msg::Arranged(app::arrange(&question))),
            // Nobody has answered yet, and somebody will: what a key asked for is done then.
            asked @ (Effect::Past(_) | Effect::Look(_) | Effect::Refresh(..)) if !self.had_link => self.wait(asked),
            Effect::Renew(keys) => self.link.iter().for_each(|link| link.renew(keys.clone())),
            Effect::Look(key) => self.link.iter().for_each(|link| link.look(key.clone(), self.messages.clone())),
            Effect::Past(key) => self.link.iter().for_each(|link| link.past(key.clone(), self.messages.clone())),
            Effect::Arrange(question) => feed::arrange(question, self.messages.clone()),
            Effect::Refresh(job, sources) => match &self.link {
                Some(link) => link.refresh(job, sources, self.messages.clone()),
                None => self.take(Msg::Refreshed(job, Err("the engine is not there yet".to_owned()))),
            },
            Effect::Ask(job, ask) => match &self.link {
                Some(link) => link.ask(job, ask, self.messages.clone()),
                None => self.take(Msg::Answered(job, Answer::failed("engine_unavailable", "nobody answers yet; ask again"))),
            },
            // A terminal that takes no more is noticed at the next frame.
            Effect::SetMouse(mouse) => drop(self.guard.set_mouse(mouse)),
            Effect::Redraw => self.screen.invalidate(),
            Effect::Suspend => self.over |= self.suspend().is_err(),
            Effect::Quit => self.over = true,
        }
    }

    /// Keeps what is to be done when somebody answers. Of a past only the last one asked for is looked at.
    fn wait(&mut self, asked: Effect) {
        if matches!(asked, Effect::Past(_)) {
            self.waiting.retain(|waits| !matches!(waits, Effect::Past(_)));
        }
        self.waiting.push(asked);
    }

    /// Draws a frame and arms the next wake.
    fn draw(&mut self) -> std::io::Result<()> {
        let regions = app::layout::layout(&self.model);
        let (model, theme) = (&self.model, &self.theme);
        let bytes = self.screen.frame(|buf| {
            app::view(model, &regions, theme, buf);
            regions.cursor
        })?;
        self.guard.write(&bytes)?;
        self.drawn = self.model.rev;
        // After a pause one frame may follow another at once: a key that comes just after news is seen without delay.
        self.frame_at = (self.frame_at + FRAME).max(Instant::now());
        self.wake = app::next_wake(&self.model).map(|at| Instant::now() + at.since(self.clock.now()));
        Ok(())
    }

    /// Leaves in order: the engine flushes within a bound, then the terminal is given back. Ctrl+C meanwhile leaves at once.
    async fn leave(mut self, finding: Option<Finding>, context: &Context) -> Result<(), RuntimeError> {
        let link = self.link.take();
        // Whoever leaves before anybody answered lets the engine be opened and ends it: what it may have written is closed.
        let opening = finding.filter(|_| !self.had_link);
        let ending = async {
            match (link, opening) {
                (Some(link), _) => link.leave(context).await,
                (None, Some(opening)) => match opening.await {
                    Ok(Ok(found)) => found.leave().await,
                    // There is nothing to end, and nobody who waits for the reason.
                    _ => Ok(()),
                },
                (None, None) => Ok(()),
            }
        };
        tokio::pin!(ending);
        let impatient = async {
            loop {
                match next_event(&mut self.input).await {
                    Ok(TermEvent::Key(chord)) if chord.to_string() == "Ctrl+C" => return,
                    Ok(_) => {}
                    Err(_) => std::future::pending().await,
                }
            }
        };
        let bounded = timeout(LEAVE, async {
            tokio::select! {
                flushed = &mut ending => flushed,
                () = impatient => Ok(()),
            }
        });
        bounded
            .await
            .unwrap_or_else(|_| Err(RuntimeError::Io("the engine took too long to end; the next start looks over the cache".to_owned())))
    }
}
