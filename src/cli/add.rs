//! `source add`: from a suggestion, a text, or a few settings to lines of the configuration, shown first.

use std::{io::Read as _, ops::ControlFlow, path::Path};

use serde_json::{Map, Value as Json};

use crate::{
    config::{EditError, LoadRequest, SourceEdit, plan_sources, read_block},
    runtime::{Reply, Request},
    wire::{DetectPayload, Envelope, ErrorBody, SourceAddPayload},
};

use super::{
    ask::Port,
    confirm::confirm,
    line::{Line, Tone},
    messages::{Failure, exit_code},
    sink::Sink,
};

/// The most that is read from stdin.
const MOST: u64 = 1 << 20;

/// Adds what the arguments say; what came of it.
pub fn add(port: Option<&dyn Port>, places: &LoadRequest<'_>, request: &Request, sink: &mut Sink) -> Result<SourceAddPayload, Failure> {
    let args = &request.args;
    let flag = |name: &str| args.get(name).and_then(Json::as_bool).unwrap_or(false);
    let block = block(port, places.current_dir.as_deref(), request)?;
    let edit = plan_sources(places, &block, text(args, "name"))?;
    let file = edit.file.display().to_string();
    let names = edit.names.join(", ");
    let done = |added: bool, message: String| SourceAddPayload {
        file: file.clone(),
        sources: edit.names.clone(),
        added,
        diff: edit.diff(),
        message,
    };
    if flag("dry_run") {
        show(&edit, sink);
        return Ok(done(false, format!("{names} would be added to {file}; nothing was written")));
    }
    show(&edit, sink);
    if !flag("yes") {
        confirm(&format!("This adds {names} to {file}"), sink)?;
    }
    edit.apply()?;
    let host = if edit.keeps_host { "; this host, watched so far without being named, stands there too" } else { "" };
    let first = edit.names.first().map(String::as_str).unwrap_or_default();
    Ok(done(true, format!("{names} was added to {file}{host}. stellar source test {first} shows what it brings")))
}

/// For a person who is to decide; a script has it in the answer.
fn show(edit: &SourceEdit, sink: &mut Sink) {
    if sink.is_json() {
        return;
    }
    for line in edit.diff().lines() {
        let tone = if line.starts_with('+') { Tone::Good } else { Tone::Dim };
        if sink.line(&Line::toned(tone, line)).is_break() {
            return;
        }
    }
    let _ = sink.flush();
}

fn block(port: Option<&dyn Port>, below: Option<&Path>, request: &Request) -> Result<String, Failure> {
    let args = &request.args;
    let given: Vec<&str> = ["from", "block", "kind"].into_iter().filter(|name| args.contains_key(*name)).collect();
    let usage = "say where the source comes from: --from PATH_OR_URL, --block FILE, or --kind with --path or --url";
    match given.as_slice() {
        ["from"] => suggested(port.ok_or_else(|| Failure::usage(usage))?, request),
        ["block"] if text(args, "block") == Some("-") => {
            let mut found = String::new();
            let read = std::io::stdin().lock().take(MOST).read_to_string(&mut found);
            read.map_err(|error| Failure::new("io", format!("stdin cannot be read: {error}")))?;
            Ok(found)
        }
        ["block"] => {
            let path = Path::new(text(args, "block").unwrap_or_default());
            Ok(read_block(&below.map_or_else(|| path.to_owned(), |below| below.join(path)))?)
        }
        ["kind"] => settings(args, below),
        _ => Err(Failure::usage(usage)),
    }
}

fn text<'a>(args: &'a Map<String, Json>, name: &str) -> Option<&'a str> {
    args.get(name).and_then(Json::as_str)
}

/// A block of what the flags say.
fn settings(args: &Map<String, Json>, below: Option<&Path>) -> Result<String, Failure> {
    let name = text(args, "name").ok_or_else(|| Failure::usage("the name is missing: stellar source add NAME --kind KIND .."))?;
    let mut source = toml::Table::new();
    source.insert("name".to_owned(), name.into());
    for key in ["kind", "url", "prefix", "role"] {
        if let Some(value) = text(args, key) {
            source.insert(key.to_owned(), value.into());
        }
    }
    if let Some(path) = text(args, "path") {
        // In the file a path starts at the file; here it starts where the command was given.
        let path = below.map_or_else(|| Path::new(path).to_owned(), |below| below.join(path));
        let path = path.to_str().ok_or_else(|| Failure::usage("the path is not UTF-8, and the configuration is"))?;
        source.insert("path".to_owned(), path.into());
    }
    let whole = toml::Table::from_iter([("source".to_owned(), toml::Value::Array(vec![source.into()]))]);
    toml::to_string(&whole).map_err(|error| Failure::new("bad_block", error.to_string()))
}

/// The block of the suggestion that is meant.
fn suggested(port: &dyn Port, request: &Request) -> Result<String, Failure> {
    let target = text(&request.args, "from").unwrap_or_default();
    let mut look = request.clone();
    look.id = crate::runtime::mint_id();
    look.action = "core.source.detect".to_owned();
    look.args = Map::from_iter([("target".to_owned(), target.into())]);
    let (mut found, mut error): (Vec<DetectPayload>, Option<ErrorBody>) = (Vec::new(), None);
    port.call(&look, &mut |reply| {
        if let Reply::Line(line) = reply
            && let Ok(envelope) = Envelope::read(line.get())
        {
            if envelope.action == "core.source.detect" {
                found.extend(envelope.payload_as::<DetectPayload>().ok());
            }
            error = error.take().or_else(|| envelope.error.clone());
        }
        ControlFlow::Continue(())
    })?;
    if let Some(error) = error {
        return Err(Failure { exit: exit_code(&error.code), ..Failure::new(&error.code, error.message) });
    }
    let names = |found: &[DetectPayload]| found.iter().take(20).map(|one| one.source.clone()).collect::<Vec<_>>().join(", ");
    match (text(&request.args, "pick"), found.as_slice()) {
        (_, []) => Err(Failure::new("no_suggestion", format!("nothing at {target} looks like a source"))
            .hint("stellar source detect says what was passed over")),
        (None, [one]) => Ok(one.block.clone()),
        (None, several) => {
            let message = format!("{} sources are suggested for {target}: {}; nothing was written", several.len(), names(several));
            Err(Failure::new("decision_needed", message).hint("--pick NAME says which"))
        }
        (Some(pick), several) => several.iter().find(|one| one.source == pick).map(|one| one.block.clone()).ok_or_else(|| {
            Failure::new("no_suggestion", format!("no source {pick:?} is suggested for {target}; there is {}", names(several)))
        }),
    }
}

/// What came of it, for a person: the lines themselves were shown before.
pub fn lines(added: &SourceAddPayload) -> Vec<Line> {
    vec![Line::plain(&added.message)]
}

impl From<EditError> for Failure {
    fn from(error: EditError) -> Self {
        let message = error.to_string();
        match error {
            EditError::Config(error) => error.into(),
            EditError::BadBlock(_) => Self::new("bad_block", message),
            EditError::InAValue(..) => Self::new("config_in_a_value", message),
            EditError::Exists(..) => Self::new("source_exists", message).hint("stellar source add OTHER-NAME .. gives it another name"),
            EditError::Moved(_) => Self::new("config_moved", message).hint("ask again: it is worked out anew"),
            EditError::Io { .. } => Self::new("io", message),
        }
    }
}
