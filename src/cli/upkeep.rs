//! What is asked of a person before the store's upkeep, and `wipe`.

use std::path::Path;

use serde_json::{Map, Value as Json};

use crate::{
    action::{ActionSpec, ArgKind, Danger},
    runtime::{Context, new_passphrase, wipe_plan},
    wire::WipePayload,
};

use super::{
    confirm::confirm,
    line::{Line, Tone},
    messages::Failure,
    sink::Sink,
};

/// Completes the arguments of an action that is about to be asked for: what must be typed, what must be confirmed, where paths start.
pub fn complete(spec: &ActionSpec, args: &mut Map<String, Json>, current_dir: Option<&Path>, sink: &mut Sink) -> Result<(), Failure> {
    let text_of = |args: &Map<String, Json>, name: &str| args.get(name).and_then(Json::as_str).map(str::to_owned);
    if spec.id == "core.cache.rekey"
        && let Some(key) = text_of(args, "key")
    {
        if let Some(path) = key.strip_prefix("file:") {
            let absolute = current_dir.map_or_else(|| path.into(), |start| start.join(path));
            args.insert("key".to_owned(), format!("file:{}", absolute.display()).into());
        }
        if key == "passphrase" {
            let passphrase = new_passphrase().map_err(|why| Failure::new("key_unavailable", format!("{why}; nothing was changed")))?;
            let text = std::str::from_utf8(passphrase.as_bytes()).unwrap_or_default();
            args.insert("passphrase".to_owned(), text.into());
        }
    }
    if spec.id == "core.cache.discard" && args.get("yes").and_then(Json::as_bool) != Some(true) {
        let id = text_of(args, "id").unwrap_or_default();
        confirm(&format!("this removes what was set aside as {id} for good"), sink)?;
        args.insert("yes".to_owned(), true.into());
    }
    Ok(())
}

/// Refuses a secret that was written where every process can read it.
pub fn no_secrets_on_the_command_line(spec: &ActionSpec, args: &Map<String, Json>) -> Result<(), Failure> {
    match spec.args.iter().find(|arg| arg.kind == ArgKind::Secret && args.contains_key(arg.name)) {
        Some(arg) => Err(Failure::new(
            "bad_arguments",
            format!(
                "{}: {} does not belong on a command line, which other processes can read; leave it out and it is asked for",
                spec.id, arg.name
            ),
        )),
        None => Ok(()),
    }
}

/// `wipe`
pub fn wipe(context: &Context, spec: &ActionSpec, yes: bool, sink: &mut Sink) -> Result<WipePayload, Failure> {
    debug_assert_eq!(spec.danger, Danger::Destroys);
    let data_dir = context.data_dir.display().to_string();
    let Some(plan) = wipe_plan(context)? else {
        return Ok(WipePayload { data_dir, removed: Vec::new(), stays: Vec::new() });
    };
    let removed = plan.removes();
    let mut stays = plan.stays().to_vec();
    if !yes {
        sink.say("This would be removed for good, with every fact and every change in it:");
        removed.iter().for_each(|what| sink.say(&format!("  {what}")));
        sink.say("This stays:");
        stays.iter().for_each(|what| sink.say(&format!("  {what}")));
        confirm(&format!("wipe removes the cache in {data_dir} and its keys, and nothing brings them back"), sink)?;
    }
    stays.extend(plan.carry_out()?);
    Ok(WipePayload { data_dir, removed, stays })
}

/// What `wipe` did, for a person.
pub fn wiped_lines(wiped: &WipePayload) -> Vec<Line> {
    if wiped.removed.is_empty() {
        return vec![Line::plain(&format!("there is nothing in {}", wiped.data_dir))];
    }
    let removed = wiped.removed.iter().map(|what| Line::plain(&format!("removed {what}")));
    let stays = wiped.stays.iter().map(|what| Line::toned(Tone::Dim, &format!("stays: {what}")));
    removed.chain(stays).collect()
}
