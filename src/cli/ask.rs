//! One request, its answer printed, its exit code.

use std::ops::ControlFlow;

use serde::Serialize;
use serde_json::{Map, Value as Json};

use crate::{
    runtime::{Context, Reloading, Reply, Request, RuntimeError, call, mint_id, now},
    wire::{Envelope, ErrorBody, Outcome, Via},
};

use super::{
    messages::{Failure, exit_code},
    print::Printer,
    sink::Sink,
};

/// Who answers requests: the runtime, or a test's own lines.
pub trait Port {
    /// Has a request answered, line by line.
    fn call(&self, request: &Request, take: &mut dyn FnMut(Reply) -> ControlFlow<()>) -> Result<(), RuntimeError>;
}

impl Port for Context {
    fn call(&self, request: &Request, take: &mut dyn FnMut(Reply) -> ControlFlow<()>) -> Result<(), RuntimeError> {
        call(self, &Reloading::NEVER, request, take)
    }
}

/// The runtime, with a configuration that may change meanwhile.
pub struct Changing<'a> {
    /// As it was loaded.
    pub context: &'a Context,
    /// How it is had again.
    pub reloading: &'a Reloading<'a>,
}

impl Port for Changing<'_> {
    fn call(&self, request: &Request, take: &mut dyn FnMut(Reply) -> ControlFlow<()>) -> Result<(), RuntimeError> {
        call(self.context, self.reloading, request, take)
    }
}

/// As whom and how requests of this run are made.
#[derive(Clone, Debug)]
pub struct Asker {
    /// Name of the persona.
    pub persona: String,
    /// `--offline`
    pub offline: bool,
    /// `--reveal`
    pub reveal: bool,
}

impl Asker {
    /// A request of this run.
    pub fn request(&self, action: &str, args: Map<String, Json>, streaming: bool) -> Request {
        Request {
            id: mint_id(),
            action: action.to_owned(),
            args,
            via: Via::Cli.as_str().to_owned(),
            persona: self.persona.clone(),
            streaming,
            offline: self.offline,
            reveal: self.reveal,
        }
    }
}

/// Asks, prints, and returns the highest exit code among the lines.
pub fn ask(port: &dyn Port, request: &Request, printer: &mut dyn Printer, sink: &mut Sink) -> u8 {
    let mut exit = 0;
    let mut seq = 0;
    let mut following = false;
    let mut told_something = false;
    let answered = port.call(request, &mut |reply| {
        let line = match reply {
            Reply::Line(line) => line,
            Reply::Note(note) => {
                sink.say(&note);
                return ControlFlow::Continue(());
            }
            Reply::Progress { step, done, total } => {
                sink.progress(&step, done, total);
                return ControlFlow::Continue(());
            }
        };
        seq += 1;
        let text = line.get();
        let went_well = is_ok(text);
        if sink.is_json() {
            sink.json(text)?;
        }
        if !went_well || !sink.is_json() {
            match Envelope::read(text) {
                Ok(envelope) => {
                    following |= envelope.action == "core.watch.ready";
                    match &envelope.error {
                        Some(error) => exit = exit.max(tell(error, sink)),
                        None if !sink.is_json() => {
                            told_something = true;
                            printer.take(&envelope, sink)?;
                        }
                        None => {}
                    }
                }
                Err(error) => {
                    sink.say(&format!("an answer of a newer stellar could not be read: {error}"));
                    exit = exit.max(1);
                }
            }
        }
        // Whoever follows events must see each when it comes; a list is handed over in large pieces.
        if following || (request.streaming && text.contains("\"core.watch.ready\"")) {
            following = true;
            sink.flush()?;
        }
        ControlFlow::Continue(())
    });
    sink.end_progress();
    // Of nobody's answer it cannot be said that there is nothing.
    let has_ended = told_something || (answered.is_ok() && exit == 0);
    if has_ended && !sink.is_json() && !sink.is_done() {
        let _ = printer.finish(sink);
    }
    match answered {
        Ok(()) => exit,
        Err(error) => exit.max(fail(request, seq + 1, &error.into(), sink)),
    }
}

/// Says an error on stderr; returns its exit code.
pub fn tell(error: &ErrorBody, sink: &mut Sink) -> u8 {
    sink.say(&error.message);
    if let Some(hint) = &error.hint {
        sink.say(hint);
    }
    exit_code(&error.code)
}

/// Writes the line of a failure that no answer carries, and says it; returns its exit code.
pub fn fail(request: &Request, seq: u64, failure: &Failure, sink: &mut Sink) -> u8 {
    if sink.is_json() {
        let empty = Map::new();
        let _ = emit(request, seq, failure.outcome, &empty, Some(failure.body.clone()), sink);
    }
    tell(&failure.body, sink);
    failure.exit
}

/// Writes a line this process makes itself.
pub fn emit(
    request: &Request,
    seq: u64,
    outcome: Outcome,
    payload: &impl Serialize,
    error: Option<ErrorBody>,
    sink: &mut Sink,
) -> ControlFlow<()> {
    let envelope = Envelope::new(seq, now(), &request.action, &request.via, &request.persona, outcome, payload, error);
    match serde_json::to_string(&envelope) {
        Ok(line) => sink.json(&line),
        Err(error) => {
            sink.say(&format!("an answer could not be written as JSON: {error}"));
            ControlFlow::Break(())
        }
    }
}

/// Whether a line says `ok`, without reading its payload: with ten thousand facts that would be most of the work.
fn is_ok(line: &str) -> bool {
    line.split_once("\"payload\":").is_some_and(|(head, _)| head.contains("\"outcome\":\"ok\"") || head.contains("\"outcome\":\"queued\""))
}
