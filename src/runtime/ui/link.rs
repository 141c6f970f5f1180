//! Who answers the screen: the engine in this process, or the owner of the data directory behind the socket.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use tokio::{
    sync::{Notify, mpsc::Sender},
    task::JoinHandle,
};

use crate::{
    app::{Ask, History, JobId, Moment, Msg},
    engine::{Believed, Engine, EngineError, EngineHandle, StoreError, on_behalf_of, store::needs_passphrase},
    fact::{Insight, Key, SourceId},
};

use super::{
    asking,
    feed::{self, Feed},
    glimpse::{self, Glimpse},
};
use crate::runtime::{
    context::{Context, RuntimeError},
    execute::config_note,
    follow::{self, Following},
    log::{engine_started, engine_stopped},
    owner,
    server::Server,
    user,
};

/// How long to go on trying while the directory changes hands.
const PATIENCE: Duration = Duration::from_secs(3);
/// Between two tries.
const PAUSE: Duration = Duration::from_millis(20);

/// Whoever was found.
pub(super) enum Found {
    /// Nobody else: this process owns the directory now.
    Engine(Box<Engine>, Box<Feed>),
    /// The owner.
    Owner(Following),
}

/// Somebody being found.
pub(super) type Finding = JoinHandle<Result<Found, RuntimeError>>;

impl Found {
    /// Leaves whom nobody has asked anything.
    pub async fn leave(self) -> Result<(), RuntimeError> {
        match self {
            Self::Engine(engine, _) => Ok(engine.shutdown().await?),
            Self::Owner(_) => Ok(()),
        }
    }
}

/// What the screen asks.
pub(super) enum Link {
    Owner { engine: Box<Engine>, handle: EngineHandle, server: Option<Server>, context: Context, moved: Arc<Notify> },
    Client { context: Context, _following: Following },
}

/// Finds who answers for the first time; `ahead` is the engine, where it had to be opened before. What was to be shown first is.
pub(super) fn begin(context: &Context, screen: &Sender<Msg>, ahead: Option<Engine>, glimpse: Glimpse) -> Finding {
    let (context, screen) = (context.clone(), screen.clone());
    tokio::task::spawn_blocking(move || {
        glimpse::end(glimpse);
        match ahead {
            Some(engine) => tell(engine, &screen),
            None => look(&context, &screen),
        }
    })
}

/// Finds who answers after somebody is gone, off the loop and not before `after`.
pub(super) fn find(context: &Context, after: Duration, screen: &Sender<Msg>) -> Finding {
    let (context, screen) = (context.clone(), screen.clone());
    tokio::task::spawn_blocking(move || {
        std::thread::sleep(after);
        look(&context, &screen)
    })
}

/// The owner if there is one, else this process becomes it.
fn look(context: &Context, screen: &Sender<Msg>) -> Result<Found, RuntimeError> {
    let since = Instant::now();
    loop {
        if let Some(following) = follow::follow(context)? {
            return Ok(Found::Owner(following));
        }
        match Engine::open(owner::options(context, true, context.offline)) {
            Err(EngineError::Store(StoreError::Busy { .. })) if since.elapsed() < PATIENCE => std::thread::sleep(PAUSE),
            outcome => return tell(outcome?, screen),
        }
    }
}

/// Tells the screen what an engine knows, then lets it ask: the first answers would be in the way of the first facts.
fn tell(mut engine: Engine, screen: &Sender<Msg>) -> Result<Found, RuntimeError> {
    let feed = feed::first(&engine.handle(), screen)?;
    engine.poll()?;
    Ok(Found::Engine(Box::new(engine), Box::new(feed)))
}

/// Whether opening the engine takes a question on the terminal.
pub(super) fn asks(context: &Context) -> bool {
    needs_passphrase(&context.data_dir, &context.config.cache.key)
}

/// The engine, where nobody else answers: for when opening it [`asks`].
///
/// # Errors
/// When it cannot be opened.
pub(super) async fn ahead(context: &Context) -> Result<Option<Engine>, RuntimeError> {
    let context = context.clone();
    let opened = tokio::task::spawn_blocking(move || open_ahead(&context)).await;
    opened.map_err(|_| EngineError::Unavailable("starting the engine failed".to_owned()))?
}

fn open_ahead(context: &Context) -> Result<Option<Engine>, RuntimeError> {
    let answered = || std::os::unix::net::UnixStream::connect(&context.socket).is_ok();
    if answered() {
        return Ok(None);
    }
    let since = Instant::now();
    loop {
        match Engine::open(owner::options(context, true, context.offline)) {
            Err(EngineError::Store(StoreError::Busy { .. })) if since.elapsed() < PATIENCE => std::thread::sleep(PAUSE),
            outcome => return Ok(Some(outcome?)),
        }
    }
}

impl Link {
    /// Begins to tell the screen what is known.
    pub fn new(found: Found, context: &Context, screen: &Sender<Msg>) -> Result<Self, RuntimeError> {
        match found {
            Found::Engine(engine, feed) => {
                let handle = engine.handle();
                engine_started(context, &handle.notes());
                let server = Server::start(context, handle.clone());
                if let Err(error) = &server {
                    tracing::warn!(%error, "the socket cannot be made; nobody else can ask");
                }
                let (config, note) = (context.config.digest.clone(), config_note(context, "tui"));
                tokio::spawn(on_behalf_of(user::caller(), {
                    let handle = handle.clone();
                    async move {
                        if let Err(error) = handle.record_config(&config, note).await {
                            tracing::warn!(%error, "that this configuration is in force could not be put into the audit");
                        }
                    }
                }));
                let moved = feed.mover();
                tokio::spawn(feed::follow(*feed));
                Ok(Self::Owner { engine, handle, server: server.ok(), context: context.clone(), moved })
            }
            Found::Owner(mut following) => {
                following.tell(screen.clone()).map_err(|error| RuntimeError::Io(format!("no thread for the socket: {error}")))?;
                Ok(Self::Client { context: context.clone(), _following: following })
            }
        }
    }

    /// Whether this process owns the directory.
    pub const fn owns(&self) -> bool {
        matches!(self, Self::Owner { .. })
    }

    /// Asks the sources; the answer is a message.
    pub fn refresh(&self, job: JobId, sources: Vec<SourceId>, screen: Sender<Msg>) {
        match self {
            Self::Owner { handle, .. } => {
                let handle = handle.clone();
                tokio::spawn(async move {
                    let sources = if sources.is_empty() { handle.sources_for(None) } else { sources };
                    let outcome = handle.refresh(&sources).await.map_err(|error| error.to_string());
                    // A screen that is gone needs no answer.
                    let _ = screen.send(Msg::Refreshed(job, outcome)).await;
                });
            }
            Self::Client { context, .. } => {
                let context = context.clone();
                tokio::task::spawn_blocking(move || {
                    let _ = screen.blocking_send(Msg::Refreshed(job, follow::refresh(&context, &sources)));
                });
            }
        }
    }

    /// Asks for a change, or for what is done with one; the answer is a message.
    pub fn ask(&self, job: JobId, ask: Ask, screen: Sender<Msg>) {
        match self {
            Self::Owner { handle, context, moved, .. } => {
                let (handle, context, moved) = (handle.clone(), context.clone(), Arc::clone(moved));
                tokio::spawn(async move {
                    asking::here(handle, context, job, ask, screen).await;
                    moved.notify_one();
                });
            }
            Self::Client { context, .. } => {
                let context = context.clone();
                tokio::task::spawn_blocking(move || asking::there(&context, job, ask, &screen));
            }
        }
    }

    /// Has these keys resolved for now; what differs comes with the next snapshot.
    pub fn renew(&self, keys: Vec<Key>) {
        match self {
            Self::Owner { handle, .. } => {
                let handle = handle.clone();
                tokio::task::spawn_blocking(move || handle.renew(&keys));
            }
            Self::Client { context, .. } => {
                let context = context.clone();
                tokio::task::spawn_blocking(move || follow::renew(&context, &keys));
            }
        }
    }

    /// Tells a fact with everyone who speaks of it.
    pub fn look(&self, key: Key, screen: Sender<Msg>) {
        let told = move |key, found: Result<Option<Insight>, String>| {
            // A screen that is gone needs no answer.
            screen.blocking_send(Msg::Looked(key, found.map(|found| found.map(Arc::new))))
        };
        match self {
            Self::Owner { handle, .. } => {
                let handle = handle.clone();
                tokio::task::spawn_blocking(move || {
                    let found = handle.get(&key).map_err(|error| error.to_string());
                    told(key, found.map(|found| found.map(|insight| insight.at(handle.now()))))
                });
            }
            Self::Client { context, .. } => {
                let context = context.clone();
                tokio::task::spawn_blocking(move || {
                    let found = follow::look(&context, &key);
                    told(key, found)
                });
            }
        }
    }

    /// Tells the past of a fact, where any is kept.
    pub fn past(&self, key: Key, screen: Sender<Msg>) {
        let told = move |past: Option<History>| {
            // A screen that is gone needs no answer.
            past.map(|past| screen.blocking_send(Msg::History(past)))
        };
        match self {
            Self::Owner { handle, .. } => {
                let handle = handle.clone();
                tokio::task::spawn_blocking(move || {
                    // What cannot be read is no past; the canvas shows what it saw itself.
                    let believed = handle.history(&key, None).unwrap_or_default();
                    let moment = |one: Believed| Moment { at: one.at, value: one.value, score: one.confidence };
                    told((!believed.is_empty()).then(|| History::new(key, believed.into_iter().map(moment).collect())))
                });
            }
            Self::Client { context, .. } => {
                let context = context.clone();
                tokio::task::spawn_blocking(move || told(follow::past(&context, &key)));
            }
        }
    }

    /// Leaves in order: others finish, the engine flushes. A client just goes.
    pub async fn leave(self, context: &Context) -> Result<(), RuntimeError> {
        match self {
            Self::Owner { engine, server, .. } => {
                if let Some(server) = server {
                    server.leave(context).await;
                }
                let stopped = engine.shutdown().await;
                engine_stopped(&stopped);
                stopped.map_err(RuntimeError::from)
            }
            Self::Client { .. } => Ok(()),
        }
    }
}
