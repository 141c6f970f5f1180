//! What is done here before a change is asked for: reading stdin, making ids, asking whether an undo is meant.

use std::{io::Read, ops::ControlFlow};

use serde::Deserialize;
use serde_json::{Map, Value as Json, json};

use crate::{
    action::ActionSpec,
    fact::{Key, Value},
    runtime::{Reply, Request, mint_command},
    text::parse_duration,
    wire::{CommandPayload, Envelope, ErrorBody, Outcome},
};

use super::{
    ask::Port,
    confirm::confirm,
    messages::{Failure, exit_code},
    sink::Sink,
};

/// The most that is read from stdin.
const MOST_BYTES: u64 = 16 * 1024 * 1024;
/// The most changes that are read from stdin.
const MOST_LINES: usize = 20_000;

/// A line of `set -`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    key: Key,
    value: Value,
    #[serde(default)]
    source: Option<String>,
    #[serde(default)]
    expires: Option<String>,
}

/// Completes the arguments of a change: a value or many changes from stdin, the ids of the commands that come of it.
pub fn complete(spec: &ActionSpec, args: &mut Map<String, Json>, stdin: &mut dyn Read) -> Result<(), Failure> {
    let is = |args: &Map<String, Json>, name: &str, text: &str| args.get(name).and_then(Json::as_str) == Some(text);
    match spec.id {
        "core.input.set" if is(args, "key", "-") => {
            if args.contains_key("value") || args.get("string").is_some() {
                return Err(Failure::usage("set - reads changes from stdin, a JSON object per line: it takes no VALUE and no --string"));
            }
            let rows = rows(&read_all(stdin)?)?;
            args.remove("key");
            args.insert("changes".to_owned(), rows);
            return Ok(());
        }
        "core.input.set" if !args.contains_key("value") && !args.contains_key("changes") => {
            return Err(Failure::usage("the value is missing: stellar set KEY VALUE, or stellar set - for changes from stdin"));
        }
        "core.input.set" | "core.queue.edit" if is(args, "value", "-") => {
            let text = read_all(stdin)?;
            args.insert("value".to_owned(), text.strip_suffix('\n').unwrap_or(&text).into());
        }
        _ => {}
    }
    for minted in spec.args.iter().filter(|arg| arg.kind == crate::action::ArgKind::Minted) {
        if !args.contains_key("changes") {
            args.entry(minted.name).or_insert_with(|| mint_command().to_string().into());
        }
    }
    Ok(())
}

fn read_all(stdin: &mut dyn Read) -> Result<String, Failure> {
    let mut bytes = Vec::new();
    let read = stdin.take(MOST_BYTES + 1).read_to_end(&mut bytes);
    read.map_err(|error| Failure::new("io", format!("stdin cannot be read: {error}")))?;
    if bytes.len() as u64 > MOST_BYTES {
        return Err(Failure::new("too_large", format!("stdin has more than {} MiB; ask in pieces", MOST_BYTES / 1024 / 1024)));
    }
    String::from_utf8(bytes).map_err(|_| Failure::usage("stdin is no UTF-8"))
}

/// Every line as a change with an id and its number, or the first that is none, by its number.
fn rows(text: &str) -> Result<Json, Failure> {
    let mut rows = Vec::new();
    for (line, number) in text.lines().zip(1_u64..) {
        if line.trim().is_empty() {
            continue;
        }
        let bad = |why: String| Failure::new("bad_arguments", format!("line {number}: {why}")).hint("none of the changes was queued");
        let row: Row = serde_json::from_str(line).map_err(|error| bad(format!("not a change: {}", reason(&error))))?;
        let expires = row.expires.map(|text| parse_duration(&text).map_err(|error| bad(format!("expires: {error}")))).transpose()?;
        let expires = expires.map(|span| u64::try_from(span.as_millis()).unwrap_or(u64::MAX));
        rows.push(json!({
            "id": mint_command().to_string(), "key": row.key, "value": row.value.as_json_text(), "source": row.source,
            "expires_ms": expires, "line": number,
        }));
        if rows.len() > MOST_LINES {
            return Err(Failure::new("too_large", format!("stdin has more than {MOST_LINES} changes; ask in pieces")));
        }
    }
    if rows.is_empty() {
        Err(Failure::usage("stdin has no change: {\"key\":..,\"value\":..}, one per line"))
    } else {
        Ok(Json::Array(rows))
    }
}

/// What is wrong and in which column; the line is said already.
fn reason(error: &serde_json::Error) -> String {
    let text = error.to_string();
    let bare = text.rsplit_once(" at line ").map_or(text.as_str(), |(bare, _)| bare);
    format!("{bare} (column {})", error.column())
}

/// Finds out which change an undo means and, where somebody is there to be asked, whether it is meant; names it in the request, so that
/// asking again after a lost answer does not take back another one.
pub fn settle_undo(port: &dyn Port, request: &mut Request, somebody: bool, sink: &mut Sink) -> Result<(), Failure> {
    let flag = |name: &str| request.args.get(name).and_then(Json::as_bool).unwrap_or(false);
    if flag("dry_run") {
        return Ok(());
    }
    let mut look = request.clone();
    look.id = crate::runtime::mint_id();
    look.args.insert("dry_run".to_owned(), true.into());
    let mut found: Option<String> = None;
    let mut refused: Option<(Outcome, ErrorBody)> = None;
    port.call(&look, &mut |reply| {
        if let Reply::Line(line) = reply
            && let Ok(envelope) = Envelope::read(line.get())
        {
            match &envelope.error {
                Some(error) => refused = Some((envelope.outcome, error.clone())),
                None => found = envelope.payload_as::<CommandPayload>().ok().map(|command| command.id),
            }
        }
        ControlFlow::Continue(())
    })?;
    match (refused, found) {
        (Some((_, error)), _) if error.code == "would_send" && somebody => {
            confirm(error.message.split("; say --yes").next().unwrap_or(&error.message), sink)?;
            request.args.insert("yes".to_owned(), true.into());
        }
        (Some((outcome, body)), _) => return Err(Failure { exit: exit_code(&body.code), outcome, body }),
        (None, Some(id)) => {
            request.args.insert("which".to_owned(), id.into());
        }
        (None, None) => {}
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{action::find, fact::CommandId};

    fn completed(action: &str, args: &Json, stdin: &str) -> Result<Json, Failure> {
        let mut args = args.as_object().unwrap().clone();
        complete(find(action).unwrap(), &mut args, &mut stdin.as_bytes()).map(|()| Json::Object(args))
    }

    #[test]
    fn lines_become_changes_with_ids_exact_values_and_their_numbers() {
        let stdin = "{\"key\":\"a/b\",\"value\":123456789012345678901234567890}\n\n{\"key\":\"c\",\"value\":\"9\",\"source\":\"s\",\"expires\":\"1m\"}";
        let args = completed("core.input.set", &json!({"key": "-", "dry_run": true}), stdin).unwrap();
        let rows = args["changes"].as_array().unwrap();
        assert_eq!(args.get("key"), None);
        let ids: Vec<CommandId> = rows.iter().map(|row| CommandId::parse(row["id"].as_str().unwrap()).unwrap()).collect();
        assert_ne!(ids[0], ids[1]);
        assert_eq!((rows[0]["value"].as_str(), rows[0]["line"].as_u64()), (Some("123456789012345678901234567890"), Some(1)));
        assert_eq!((rows[1]["value"].as_str(), rows[1]["line"].as_u64()), (Some("\"9\""), Some(3)));
        assert_eq!((rows[1]["source"].as_str(), rows[1]["expires_ms"].as_u64()), (Some("s"), Some(60_000)));
        // What is sent is what the action reads.
        let call = crate::action::Call::parse("core.input.set", args.as_object().unwrap(), crate::action::Persona::Sre);
        assert!(call.is_ok(), "{call:?}");
    }

    #[test]
    fn a_bad_line_is_named_by_its_number() {
        for (stdin, part) in [
            ("{\"key\":\"a\",\"value\":1}\n{\"key\":\"a\"}", "line 2: not a change: missing field `value`"),
            ("\n{\"key\":\"a//b\",\"value\":1}", "line 2: not a change: "),
            ("{\"key\":\"a\",\"value\":1,\"vaule\":2}", "line 1: not a change: unknown field `vaule`"),
            ("{\"key\":\"a\",\"value\":1,\"expires\":\"soon\"}", "line 1: expires: "),
            ("a = 1", "line 1: not a change: "),
            ("\n \n", "no change"),
        ] {
            let failure = completed("core.input.set", &json!({"key": "-"}), stdin).unwrap_err();
            assert_eq!(failure.exit, 2, "{stdin:?}");
            assert!(failure.body.message.contains(part), "{stdin:?}: {}", failure.body.message);
        }
    }

    #[test]
    fn stdin_is_bounded() {
        let failure = completed("core.input.set", &json!({"key": "-"}), &" ".repeat(16 * 1024 * 1024 + 1)).unwrap_err();
        assert_eq!((failure.exit, failure.body.code.as_str()), (1, "too_large"));
        let failure = completed("core.input.set", &json!({"key": "-"}), &"{\"key\":\"a\",\"value\":1}\n".repeat(20_001)).unwrap_err();
        assert_eq!((failure.exit, failure.body.code.as_str()), (1, "too_large"));
    }

    #[test]
    fn a_value_comes_from_stdin_and_every_change_has_an_id() {
        let args = completed("core.input.set", &json!({"key": "a", "value": "-"}), "two\nlines\n").unwrap();
        assert_eq!(args["value"], "two\nlines");
        assert!(CommandId::parse(args["id"].as_str().unwrap()).is_ok());
        let args = completed("core.queue.edit", &json!({"id": "8w2k", "value": "-"}), "9\n").unwrap();
        assert_eq!(args, json!({"id": "8w2k", "value": "9"}), "the id of edit is the command's own");
        for action in ["core.input.submit", "core.input.undo", "core.input.redo"] {
            assert!(completed(action, &json!({"text": "x"}), "").unwrap()["id"].is_string(), "{action}");
        }
        let given = json!({"key": "a", "value": "1", "id": "q-00000000000000000000008w2k"});
        assert_eq!(completed("core.input.set", &given, "").unwrap(), given, "asking again is the same command");
        assert_eq!(completed("core.input.set", &json!({"key": "a"}), "").unwrap_err().exit, 2);
        assert_eq!(completed("core.input.set", &json!({"key": "-", "value": "1"}), "").unwrap_err().exit, 2);
    }
}
