//! `stellar` without a subcommand: the facts as they change, in place on a terminal; once and done where nobody watches.

use std::{
    collections::BTreeMap,
    ops::ControlFlow,
    sync::mpsc::{RecvTimeoutError, sync_channel},
    thread,
    time::Duration,
};

use serde_json::Map;

use crate::{
    fact::Key,
    runtime::Reply,
    wire::{Envelope, ErrorBody, InsightPayload},
};

use super::{
    ask::{Asker, Port, ask, fail, tell},
    line::{Line, Tone},
    print::{event_line, fact_table, printer_for},
    sink::{Sink, Size},
};

/// What a person may try next.
const NEXT: &str = "Next: stellar why KEY   stellar conflicts list   stellar --help";
/// How many of the last events stay in sight.
const NEWS: usize = 5;
/// How many lines of the answer may wait while nothing is drawn.
const AHEAD: usize = 8192;
/// Between two drawings at the least.
const PAUSE: Duration = Duration::from_millis(250);
/// How often the terminal's size is looked at while nothing happens.
const LOOK: Duration = Duration::from_secs(1);

/// Runs it; returns the exit code.
pub fn live(port: &(dyn Port + Sync), asker: &Asker, implied_host: bool, sink: &mut Sink) -> u8 {
    if sink.is_terminal() && !sink.is_json() {
        return follow(port, asker, implied_host, sink);
    }
    let request = asker.request("core.insight.list", Map::new(), false);
    let exit = ask(port, &request, printer_for("core.insight.list", &Map::new()).as_mut(), sink);
    if !sink.is_json() {
        let _ = std::iter::once(Line::default()).chain(footer(implied_host)).try_for_each(|line| sink.line(&line));
    }
    exit
}

fn footer(implied_host: bool) -> Vec<Line> {
    let host = implied_host.then_some("This is only this machine. stellar config init writes a file to add your systems to.");
    host.into_iter().chain([NEXT]).map(|text| Line::toned(Tone::Dim, text)).collect()
}

/// Asks on a thread of its own, so that what comes while nothing is drawn waits for the next drawing.
fn follow(port: &(dyn Port + Sync), asker: &Asker, implied_host: bool, sink: &mut Sink) -> u8 {
    let request = asker.request("core.insight.watch", Map::new(), true);
    let mut view = View { implied_host, ..View::default() };
    let answered = thread::scope(|scope| {
        let (replies, answers) = sync_channel(AHEAD);
        let asking = scope.spawn(|| {
            let replies = replies;
            port.call(&request, &mut |reply| match replies.send(reply) {
                Ok(()) => ControlFlow::Continue(()),
                Err(_) => ControlFlow::Break(()),
            })
        });
        let mut drawn = None;
        loop {
            let told = match answers.recv_timeout(LOOK) {
                Ok(reply) => {
                    std::iter::once(reply).chain(answers.try_iter().take(AHEAD)).for_each(|reply| view.take(reply, sink));
                    true
                }
                Err(RecvTimeoutError::Timeout) => false,
                Err(RecvTimeoutError::Disconnected) => break,
            };
            let size = sink.size();
            if view.ready && (told || drawn != Some(size)) {
                if sink.show(&view.lines(size), size).is_break() {
                    break;
                }
                drawn = Some(size);
                thread::sleep(PAUSE);
            }
        }
        drop(answers);
        asking.join()
    });
    sink.leave_screen();
    let exit = view.errors.iter().map(|error| tell(error, sink)).max().unwrap_or(0);
    match answered {
        Ok(Ok(())) => exit,
        Ok(Err(error)) => exit.max(fail(&request, 1, &error.into(), sink)),
        Err(panic) => std::panic::resume_unwind(panic),
    }
}

/// The facts and the last events.
#[derive(Default)]
struct View {
    facts: BTreeMap<Key, InsightPayload>,
    news: Vec<Line>,
    errors: Vec<ErrorBody>,
    ready: bool,
    implied_host: bool,
}

impl View {
    fn take(&mut self, reply: Reply, sink: &mut Sink) {
        let news = match reply {
            Reply::Note(note) => Some(Line::toned(Tone::Warn, &note)),
            Reply::Progress { .. } => None,
            Reply::Line(line) => match Envelope::read(line.get()) {
                Ok(envelope) => self.take_envelope(envelope, sink),
                Err(error) => Some(Line::toned(Tone::Bad, &format!("an answer of a newer stellar could not be read: {error}"))),
            },
        };
        self.news.extend(news);
        let old = self.news.len().saturating_sub(NEWS);
        self.news.drain(..old);
    }

    /// Takes one line of the answer; gives what of it is news.
    fn take_envelope(&mut self, envelope: Envelope, sink: &mut Sink) -> Option<Line> {
        if let Some(error) = envelope.error {
            let line = Line::toned(Tone::Bad, &error.message);
            self.errors.push(error);
            return Some(line);
        }
        match envelope.action.as_str() {
            "core.insight.read" | "core.insight.changed" => {
                let fact = envelope.payload_as::<InsightPayload>().ok()?;
                self.facts.insert(fact.key.clone(), fact);
                None
            }
            "core.watch.ready" => {
                self.ready = true;
                None
            }
            _ => event_line(&envelope, sink),
        }
    }

    /// What is to be seen on a screen of this size: the facts, the news, what to do next.
    fn lines(&self, size: Size) -> Vec<Line> {
        let mut below = self.news.clone();
        below.extend(footer(self.implied_host));
        below.push(Line::toned(Tone::Dim, "Ctrl+C leaves."));
        // The head of the table, a fact, and how many more there are: facts go before words about them.
        below.truncate(size.rows.saturating_sub(3));
        let room = size.rows.saturating_sub(below.len());
        // One line of the room is the head of the table.
        let mut lines = if self.facts.len() < room {
            fact_table(self.facts.values())
        } else {
            let shown = room.saturating_sub(2);
            let needing = self.facts.values().filter(|fact| needs_a_look(fact));
            let others = self.facts.values().filter(|fact| !needs_a_look(fact));
            let mut lines = fact_table(needing.chain(others).take(shown));
            let text = format!("{shown} of {} facts, those that need a look first; stellar list shows all", self.facts.len());
            lines.push(Line::toned(Tone::Dim, &text));
            lines
        };
        if lines.len() + below.len() < size.rows {
            lines.push(Line::default());
        }
        lines.extend(below);
        lines
    }
}

fn needs_a_look(fact: &InsightPayload) -> bool {
    fact.state != "fresh" || !fact.marks.is_empty()
}
