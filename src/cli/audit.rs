//! What is done without an engine and belongs into the audit is told to whoever owns the data directory.

use std::ops::ControlFlow;

use serde_json::Map;

use crate::{
    runtime::{AUDIT_NOTE, Context, Place, Reply, RuntimeError, inspect},
    wire::{Envelope, Outcome},
};

use super::{
    ask::{Asker, Port as _},
    messages::Failure,
    sink::Sink,
};

/// Something that was done without an engine.
pub struct Done<'a> {
    /// Its code in the audit.
    pub what: &'static str,
    /// How it ended.
    pub outcome: Outcome,
    /// What it was about.
    pub about: &'a str,
    /// What else is to be known.
    pub detail: String,
}

/// Has it recorded. That it cannot be is said and stops nothing: what was done is done, what was refused stays refused.
pub fn record(context: &Context, asker: &Asker, done: &Done<'_>, sink: &mut Sink) {
    if let Err(why) = tell(context, asker, done) {
        sink.say(&format!("this could not be put into the audit: {why}"));
    }
}

/// As [`record`], where there is a data directory: what harms nobody makes none.
pub fn record_if_there(context: &Context, asker: &Asker, done: &Done<'_>, sink: &mut Sink) {
    if inspect(&context.data_dir) != Place::Missing {
        record(context, asker, done, sink);
    }
}

fn tell(context: &Context, asker: &Asker, done: &Done<'_>) -> Result<(), String> {
    let mut args = Map::new();
    let outcome = match done.outcome {
        Outcome::Ok | Outcome::Queued => "ok",
        Outcome::Denied => "denied",
        Outcome::Error => "error",
    };
    for (name, text) in [("what", done.what), ("outcome", outcome), ("about", done.about), ("detail", done.detail.as_str())] {
        args.insert(name.to_owned(), text.into());
    }
    let mut refused = None;
    let asked: Result<(), RuntimeError> = context.call(&asker.request(AUDIT_NOTE, args, false), &mut |reply| {
        if let Reply::Line(line) = reply {
            refused = Envelope::read(line.get()).ok().and_then(|envelope| envelope.error).map(|error| error.message);
        }
        ControlFlow::Continue(())
    });
    match (asked, refused) {
        (Err(error), _) => Err(error.to_string()),
        (Ok(()), Some(message)) => Err(message),
        (Ok(()), None) => Ok(()),
    }
}

/// A refusal to a persona.
pub fn denial<'a>(action: &'a str, failure: &Failure, persona: &str) -> Option<Done<'a>> {
    let denied = failure.outcome == Outcome::Denied;
    denied.then(|| Done { what: "denied", outcome: Outcome::Denied, about: action, detail: format!("the persona {persona} may not") })
}
