//! `doctor`: looks at everything a run depends on and says what to do about what is wrong.

use std::{ops::ControlFlow, path::Path};

use serde::de::DeserializeOwned;
use serde_json::{Map, value::RawValue};

use crate::{
    config::{ConfigError, Dirs, Loaded},
    runtime::{Place, Reply, files_of, inspect, log_dir},
    wire::{AuditVerifyPayload, CachePayload, DoctorPayload, Envelope, QueuePayload, SourcePayload, Verdict},
};

#[cfg(test)]
mod tests;

use super::{
    ask::{Asker, Port},
    line::{Line, Tone},
    messages::{Failure, exit_code},
};

/// Every check that needs no engine.
pub fn local_checks(loaded: &Result<Loaded, ConfigError>, dirs: Option<&Dirs>) -> Vec<DoctorPayload> {
    let mut checks = vec![configuration(loaded)];
    if let Some(dirs) = dirs {
        checks.push(directory("data_dir", &dirs.data_dir));
        checks.push(directory("state_dir", &dirs.state_dir));
        checks.push(log(loaded, &log_dir(&dirs.state_dir)));
        checks.push(key_files(&dirs.state_dir.join("keys")));
        checks.push(socket(&dirs.runtime_dir, &dirs.socket_path));
    }
    checks
}

/// The checks that ask the engine: the store, every source, the queue, then the audit. Returns the highest exit code of what could not be asked.
pub fn engine_checks(port: &dyn Port, asker: &Asker) -> (Vec<DoctorPayload>, u8) {
    let (cache, failure) = answer::<CachePayload>(port, asker, "core.cache.read");
    let mut checks: Vec<DoctorPayload> = cache.iter().map(store).collect();
    if let Some(failure) = failure {
        checks.push(check("store", Verdict::Fail, failure.body.message, failure.body.hint.as_deref()));
        return (checks, failure.exit);
    }
    let (sources, failure) = answer::<SourcePayload>(port, asker, "core.source.read");
    checks.extend(sources.iter().map(source));
    let exit = failure.as_ref().map_or(0, |failure| failure.exit);
    checks.extend(failure.map(|failure| check("sources", Verdict::Fail, failure.body.message, failure.body.hint.as_deref())));
    let (queue, failure) = answer::<QueuePayload>(port, asker, "core.queue.status");
    checks.extend(queue.iter().map(changes));
    let exit = failure.as_ref().map_or(exit, |failure| exit.max(failure.exit));
    checks.extend(failure.map(|failure| check("queue", Verdict::Fail, failure.body.message, failure.body.hint.as_deref())));
    let (found, failure) = answer::<AuditVerifyPayload>(port, asker, "core.audit.verify");
    let exit = failure.as_ref().map_or(exit, |failure| exit.max(failure.exit));
    match (found.first(), failure) {
        (Some(found), _) => checks.push(audit(found)),
        (None, Some(failure)) => checks.push(check("audit", Verdict::Fail, failure.body.message, failure.body.hint.as_deref())),
        (None, None) => {}
    }
    (checks, exit)
}

/// A check, for a person.
pub fn check_line(check: &DoctorPayload) -> Line {
    let (tone, word) = match check.verdict {
        Verdict::Ok => (Tone::Good, "ok  "),
        Verdict::Warn => (Tone::Warn, "warn"),
        Verdict::Fail => (Tone::Bad, "fail"),
    };
    let line = Line::toned(tone, word).add(Tone::Strong, &format!("  {:<14} ", check.check)).add(Tone::Plain, &check.message);
    match &check.hint {
        Some(hint) => line.add(Tone::Dim, &format!("   {hint}")),
        None => line,
    }
}

fn check(name: &str, verdict: Verdict, message: impl Into<String>, hint: Option<&str>) -> DoctorPayload {
    DoctorPayload { check: name.to_owned(), verdict, message: message.into(), hint: hint.map(str::to_owned) }
}

fn configuration(loaded: &Result<Loaded, ConfigError>) -> DoctorPayload {
    match loaded {
        Err(error) => check("config", Verdict::Fail, error.to_string(), Some("stellar config check shows every fault")),
        Ok(loaded) if !loaded.config.trusted => {
            check("config", Verdict::Warn, loaded.notes.join(" "), Some("stellar config trust FILE, if the file is yours"))
        }
        Ok(loaded) => {
            let message = match &loaded.dirs.config_file {
                Some(file) => format!("{} is sound", file.display()),
                None => "no file: defaults are in force, this host is watched".to_owned(),
            };
            check("config", Verdict::Ok, message, None)
        }
    }
}

fn directory(name: &str, path: &Path) -> DoctorPayload {
    let shown = path.display();
    match inspect(path) {
        Place::Missing => check(name, Verdict::Ok, format!("{shown} is not there yet; it is made when it is needed"), None),
        Place::Unreadable => {
            check(name, Verdict::Fail, format!("{shown} cannot be looked at"), Some("check the permissions of the directories above it"))
        }
        Place::Found { directory: false, .. } => check(name, Verdict::Fail, format!("{shown} is no directory"), Some("move it away")),
        Place::Found { ours: false, .. } => {
            check(name, Verdict::Fail, format!("{shown} belongs to another user"), Some("choose another with --data-dir"))
        }
        Place::Found { others: 0, .. } => check(name, Verdict::Ok, format!("{shown} is private"), None),
        Place::Found { .. } => {
            let hint = format!("chmod go= {shown}");
            check(name, Verdict::Warn, format!("{shown} is open to others"), Some(&hint))
        }
    }
}

fn log(loaded: &Result<Loaded, ConfigError>, path: &Path) -> DoctorPayload {
    let level = loaded.as_ref().map_or("", |loaded| &loaded.config.log.level);
    if matches!(level, "debug" | "trace") {
        let message = format!("at level {level} the log in {} names keys and values", path.display());
        return check("log", Verdict::Warn, message, Some("log.level = \"info\" names none"));
    }
    directory("log", path)
}

fn key_files(keys: &Path) -> DoctorPayload {
    let files: Vec<_> = files_of(keys).into_iter().filter(|path| path.extension().is_some_and(|extension| extension == "key")).collect();
    let open = files.iter().find(|path| !matches!(inspect(path), Place::Found { ours: true, others: 0, .. }));
    match (open, files.len()) {
        (Some(path), _) => {
            let hint = format!("chmod go= {}", path.display());
            check("key", Verdict::Fail, format!("{} is open to others, and it opens the cache", path.display()), Some(&hint))
        }
        (None, 0) => check("key", Verdict::Ok, "no key file here: none was made yet, or the store's key is kept elsewhere", None),
        (None, count) => check("key", Verdict::Ok, format!("{count} key file(s), private"), None),
    }
}

fn socket(runtime_dir: &Path, socket: &Path) -> DoctorPayload {
    let shown = runtime_dir.display();
    match inspect(runtime_dir) {
        Place::Found { ours: false, .. } => {
            check("socket", Verdict::Fail, format!("{shown} belongs to another user"), Some("remove it or set XDG_RUNTIME_DIR"))
        }
        Place::Found { directory: false, .. } => check("socket", Verdict::Fail, format!("{shown} is no directory"), Some("move it away")),
        _ => match inspect(socket) {
            Place::Found { .. } => {
                check("socket", Verdict::Ok, format!("a running stellar answers, or did, at {}", socket.display()), None)
            }
            _ => check("socket", Verdict::Ok, "no stellar is running for this data directory", Some("stellar serve keeps facts fresh")),
        },
    }
}

fn store(cache: &CachePayload) -> DoctorPayload {
    let message = format!("{} facts in {}; {}", cache.facts, cache.data_dir, cache.protection);
    if let Some(over) = &cache.failed_over {
        let message = format!("{message}; since {} memory serves, {} changes wait for the disk: {}", over.since, over.waiting, over.why);
        return check("store", Verdict::Fail, message, Some("it is tried again by itself; free some space or repair the disk"));
    }
    if cache.quarantined > 0 {
        let message = format!("{message}; {} damaged record(s) were put aside", cache.quarantined);
        return check("store", Verdict::Warn, message, Some("their sources are asked again by themselves"));
    }
    if !cache.left_out.is_empty() {
        let left: Vec<_> = cache.left_out.iter().map(|left| format!("{} key(s) of {}", left.keys, left.source)).collect();
        let message = format!("{message}; the sources have more than fits: {} are fetched only when asked for", left.join(", "));
        return check("store", Verdict::Warn, message, Some("raise cache.high_watermark, or take less from these sources"));
    }
    match cache.notes.first() {
        Some(_) => check("store", Verdict::Warn, format!("{message}; {}", cache.notes.join("; ")), None),
        None => check("store", Verdict::Ok, message, None),
    }
}

fn source(source: &SourcePayload) -> DoctorPayload {
    let name = format!("source:{}", source.source);
    let test = format!("stellar source test {}", source.source);
    let mut faults: Vec<String> = source.error.iter().map(|error| error.message.clone()).collect();
    if let Some(key) = source.duplicates.first() {
        faults.push(format!("two items claim {key}, among {} such key(s); neither was taken", source.duplicates.len()));
    }
    faults.extend(source.skipped.iter().map(|skipped| format!("{} item(s) left out: {}", skipped.count, skipped.reason)));
    if source.rejected_keys > 0 {
        faults.push(format!("{} key(s) refused", source.rejected_keys));
    }
    if !source.enabled {
        check(&name, Verdict::Ok, "disabled", None)
    } else if !faults.is_empty() {
        check(&name, Verdict::Warn, faults.join("; "), Some(&test))
    } else if source.complete_at.is_none() {
        check(&name, Verdict::Warn, "has never answered completely", Some(&test))
    } else {
        check(&name, Verdict::Ok, format!("{} key(s)", source.keys), None)
    }
}

fn changes(queue: &QueuePayload) -> DoctorPayload {
    let silent: Vec<String> = queue
        .sources
        .iter()
        .filter(|waiting| waiting.breaker != "closed")
        .map(|waiting| format!("{} for {}", waiting.depth, waiting.source))
        .collect();
    if let Some(closed) = &queue.closed {
        check(
            "queue",
            Verdict::Fail,
            format!("no changes can be taken: {closed}"),
            Some("repair or free the disk that holds the data directory"),
        )
    } else if queue.needs_you > 0 {
        let message = format!("{} change(s) need you, of {} under way or given up", queue.needs_you, queue.depth.max(queue.needs_you));
        check("queue", Verdict::Warn, message, Some("stellar queue list"))
    } else if queue.held {
        check("queue", Verdict::Warn, format!("sending was stopped, {} change(s) wait", queue.depth), Some("stellar queue release"))
    } else if !silent.is_empty() {
        let message = format!("changes wait for who cannot be reached: {}", silent.join(", "));
        check("queue", Verdict::Warn, message, Some("they are sent when it answers; stellar queue status"))
    } else if queue.depth > 0 && !queue.sends {
        let message = format!("{} change(s) wait and no engine is running that sends them", queue.depth);
        check("queue", Verdict::Warn, message, Some("stellar serve --install, or stellar queue flush"))
    } else if queue.depth > 0 {
        check("queue", Verdict::Ok, format!("{} change(s) are on their way", queue.depth), None)
    } else {
        check("queue", Verdict::Ok, "nothing waits to be sent", None)
    }
}

fn audit(found: &AuditVerifyPayload) -> DoctorPayload {
    match found.findings.first() {
        None => check("audit", Verdict::Ok, format!("{} record(s), each goes on from the one before it", found.records), None),
        Some(first) => {
            let more = found.findings.len() as u64 - 1 + found.more;
            let rest = if more > 0 { format!("; {more} more") } else { String::new() };
            check("audit", Verdict::Fail, format!("{}{rest}", first.message), Some("stellar audit verify shows all of it"))
        }
    }
}

/// All payloads of an answer, and how it failed.
fn answer<T: DeserializeOwned>(port: &dyn Port, asker: &Asker, action: &str) -> (Vec<T>, Option<Failure>) {
    let mut payloads = Vec::new();
    let mut failure = None;
    let asked = port.call(&asker.request(action, Map::new(), false), &mut |reply| {
        if let Reply::Line(line) = reply {
            match read::<T>(&line) {
                Ok(payload) => payloads.push(payload),
                Err(failed) => failure = Some(failed),
            }
        }
        ControlFlow::Continue(())
    });
    (payloads, asked.err().map(Failure::from).or(failure))
}

fn read<T: DeserializeOwned>(line: &RawValue) -> Result<T, Failure> {
    let unreadable = |error: serde_json::Error| Failure::new("io", format!("an answer could not be read: {error}"));
    let envelope = Envelope::read(line.get()).map_err(unreadable)?;
    match &envelope.error {
        Some(error) => Err(Failure { exit: exit_code(&error.code), outcome: envelope.outcome, body: error.clone() }),
        None => envelope.payload_as().map_err(unreadable),
    }
}
