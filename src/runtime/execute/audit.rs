//! `audit list`, `audit verify`, `audit head`, `audit export`; and what is put into the audit around every answer.
//!
//! What the log of record has an entry for is recorded with that entry, in the engine. Here is the rest: what was refused, shown, rekeyed, let
//! go, and what other processes have to tell.

use std::{collections::VecDeque, ops::ControlFlow};

use serde::Deserialize;
use tokio::sync::mpsc;

use crate::{
    action::{
        Call,
        args::{AuditListArgs, AuditVerifyArgs},
    },
    engine::{AuditLine, Deed, Ending, Note, hash_of_hex},
    fact::{Author, Key},
    wire::{AuditHeadPayload, AuditPayload, AuditVerifyPayload},
};

use super::{
    super::context::Context,
    answer::{Answer, Failed},
    commands::author,
};

/// What a process that needs no engine for its work asks the owner: to record it.
pub const NOTE: &str = "core.audit.note";

/// Records that may wait for who takes them.
const AHEAD: usize = 256;

/// Refusals that are a policy's.
const POLICIES: [&str; 3] = ["locked", "schema_violation", "not_writable"];

/// `audit list`
pub async fn list(answer: &mut Answer<'_>, args: AuditListArgs) -> Result<(), Failed> {
    let since = args.since_ms.map(|ms| answer.handle.now().minus(std::time::Duration::from_millis(ms)));
    let what: Vec<Deed> = args.what.iter().filter_map(|code| Deed::of_code(code)).collect();
    if let Some(unknown) = args.what.iter().find(|code| Deed::of_code(code).is_none()) {
        return Err(Failed::new("bad_arguments", format!("core.audit.read: nothing in the audit is called {unknown:?}")));
    }
    let wanted = move |line: &AuditLine| {
        let record = &line.record;
        since.is_none_or(|since| line.at >= since)
            && (what.is_empty() || what.contains(&record.deed))
            && args.user.as_ref().is_none_or(|user| record.who.user == *user)
            && args.pattern.as_ref().is_none_or(|pattern| record.named_key().is_some_and(|key| pattern.matches(&key)))
    };
    let Some(limit) = args.limit else {
        return each(answer, wanted, listed).await;
    };
    let (kept, mut newest) = mpsc::channel(AHEAD);
    let handle = answer.handle;
    let read = handle.audit(move |line| if wanted(&line) { sent(&kept, line) } else { ControlFlow::Continue(()) });
    let keep = async {
        let mut last = VecDeque::new();
        while let Some(line) = newest.recv().await {
            last.push_back(line);
            if last.len() > limit {
                last.pop_front();
            }
        }
        last
    };
    let (read, last) = tokio::join!(read, keep);
    for line in &last {
        let payload = listed(answer, line);
        if answer.line(&payload).await.is_break() {
            break;
        }
    }
    Ok(read?)
}

fn listed(answer: &Answer<'_>, line: &AuditLine) -> AuditPayload {
    let secret = line.record.named_key().is_none_or(|key| answer.handle.is_secret(&key));
    AuditPayload::of(line, secret, answer.request.reveal)
}

/// `audit export`
pub async fn export(answer: &mut Answer<'_>) -> Result<(), Failed> {
    each(answer, |_| true, |_, line| AuditPayload::without_value(line)).await
}

/// A line for each record that is wanted, while the log is read.
async fn each(
    answer: &mut Answer<'_>,
    wanted: impl Fn(&AuditLine) -> bool + Send + 'static,
    told: impl Fn(&Answer<'_>, &AuditLine) -> AuditPayload,
) -> Result<(), Failed> {
    let (found, mut lines) = mpsc::channel(AHEAD);
    let handle = answer.handle;
    let read = handle.audit(move |line| if wanted(&line) { sent(&found, line) } else { ControlFlow::Continue(()) });
    let tell = async {
        while let Some(line) = lines.recv().await {
            let payload = told(answer, &line);
            if answer.line(&payload).await.is_break() {
                break;
            }
        }
        // Whoever reads is not to wait for somebody who has enough.
        drop(lines);
    };
    let (read, ()) = tokio::join!(read, tell);
    Ok(read?)
}

fn sent(to: &mpsc::Sender<AuditLine>, line: AuditLine) -> ControlFlow<()> {
    if to.blocking_send(line).is_ok() { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
}

/// `audit head`
pub async fn head(answer: &mut Answer<'_>) -> Result<(), Failed> {
    let (head, kept) = answer.handle.audit_head().ok_or_else(nothing_kept)?;
    let _ = answer.line(&AuditHeadPayload::of(&head, kept.as_ref())).await;
    Ok(())
}

/// `audit verify`
pub async fn verify(answer: &mut Answer<'_>, args: &AuditVerifyArgs) -> Result<(), Failed> {
    let expect = args.expect.as_deref().map(|text| {
        let bad = || Failed::new("bad_arguments", "core.audit.verify: expect is a hash of 64 hexadecimal digits, as audit head shows it");
        hash_of_hex(text.trim()).ok_or_else(bad)
    });
    let expect = expect.transpose()?;
    if answer.handle.audit_head().is_none() {
        return Err(nothing_kept());
    }
    let report = answer.handle.verify_audit(expect).await?;
    let _ = answer.line(&AuditVerifyPayload::of(&report)).await;
    match report.findings.first() {
        None => Ok(()),
        Some(first) => {
            let more = report.findings.len() as u64 - 1 + report.more;
            let rest = if more > 0 { format!("; {more} more") } else { String::new() };
            Err(Failed::new("audit_broken", format!("{}{rest}", report.sentence(first))))
        }
    }
}

fn nothing_kept() -> Failed {
    Failed::new("store_unwritable", "nothing is kept on disk here, so there is no audit").hint("stellar doctor shows why")
}

/// What a request does that the audit is to have and the log has no entry for.
pub fn of(call: &Call) -> Option<Deeds> {
    let note = match call {
        Call::CacheRekey(args) => {
            let key = args.key.as_deref().map_or("renewed", |key| key.split(':').next().unwrap_or_default());
            let what = if args.wrap_only { "the data key wrapped anew" } else { "everything sealed anew" };
            Note::new(Deed::CacheRekeyed).detail(format!("{what}, key {key}"))
        }
        Call::CacheEvict(args) => Note::new(Deed::CacheEvicted).of_key(args.pattern.to_string()),
        Call::DamagedDrop(args) => Note::new(Deed::DamagedDropped).about(args.id.clone()),
        Call::Snapshot(args) => Note::new(Deed::CacheSnapshot).about(args.file.clone()),
        Call::Hydrate(args) => {
            Note::new(Deed::CacheHydrated).about(args.file.clone()).detail(if args.replace { "replaced" } else { "merged" })
        }
        Call::ChaosLive(args) => Note::new(Deed::ChaosRun).about(args.profile.clone()).detail("on the running engine"),
        Call::Set(args) if args.dry_run => return None,
        Call::Set(args) => return Some(Deeds::IfRefused(args.key.clone())),
        Call::Submit(_) | Call::QueueEdit(_) => return Some(Deeds::IfRefused(None)),
        _ => return None,
    };
    Some(Deeds::Done(note))
}

/// What is recorded when a request has ended.
pub enum Deeds {
    /// This, however it ended.
    Done(Note),
    /// That a policy refused it, if one did.
    IfRefused(Option<Key>),
}

/// A request has ended: what the audit is to have of it.
pub async fn ended(answer: &mut Answer<'_>, deed: Option<Deeds>, failed: Option<&Failed>) {
    match (deed, failed) {
        (None, _) | (Some(Deeds::IfRefused(_)), None) => {}
        (Some(Deeds::Done(note)), None) => record(answer, note).await,
        // Nothing was done where it was not even meant.
        (Some(Deeds::Done(_)), Some(failed)) if matches!(failed.code(), "decision_needed" | "bad_arguments") => {}
        // A snapshot that is refused, to be written or to be read, changes nothing, not even here.
        (Some(Deeds::Done(_)), Some(_)) if matches!(&*answer.request.action, "core.cache.hydrate" | "core.cache.snapshot") => {}
        (Some(Deeds::Done(note)), Some(failed)) => record(answer, note.detail(failed.code()).ended(Ending::Failed)).await,
        (Some(Deeds::IfRefused(key)), Some(failed)) => {
            if POLICIES.contains(&failed.code()) {
                let note = Note::new(Deed::Denied).about(answer.request.action.clone()).detail(failed.code()).ended(Ending::Denied);
                let note = match key {
                    Some(key) => note.of_key(key.as_str()),
                    None => note,
                };
                record(answer, note).await;
            }
        }
    }
}

/// A persona may not do what was asked for.
pub async fn denied(answer: &mut Answer<'_>, action: &str) {
    let detail = format!("the persona {} may not", answer.request.persona);
    record(answer, Note::new(Deed::Denied).about(action).detail(detail).ended(Ending::Denied)).await;
}

/// Records it as done by whoever asks; that it could not be is said, and stops nothing.
async fn record(answer: &mut Answer<'_>, note: Note) {
    if let Err(error) = answer.handle.record(note.by(&author(answer))).await {
        answer.note(&format!("this could not be put into the audit: {error}")).await;
    }
}

/// What another process did without an engine.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Told {
    what: String,
    outcome: String,
    #[serde(default)]
    about: Option<String>,
    #[serde(default)]
    detail: Option<String>,
}

/// Records what another process has to tell: only what is done without an engine.
pub async fn take(answer: &mut Answer<'_>) -> Result<(), Failed> {
    let bad = |what: String| Failed::new("bad_arguments", format!("{NOTE}: {what}"));
    let args = serde_json::Value::Object(answer.request.args.clone());
    let told = Told::deserialize(args).map_err(|error| bad(error.to_string()))?;
    let deed = Deed::of_code(&told.what).filter(|deed| matches!(deed, Deed::Denied | Deed::ConfigTrusted | Deed::ChaosRun));
    let (Some(deed), Some(ending)) = (deed, Ending::of_code(&told.outcome)) else {
        return Err(bad(format!("{} {} is nothing that is done without an engine", told.what, told.outcome)));
    };
    let mut note = Note::new(deed).ended(ending).by(&author(answer));
    if let Some(about) = told.about {
        note = note.about(about);
    }
    if let Some(detail) = told.detail {
        note = note.detail(detail);
    }
    Ok(answer.handle.record(note).await?)
}

/// That this configuration is in force.
pub fn config_note(context: &Context, via: &str) -> Note {
    let author = Author { user: context.user.clone(), via: via.to_owned(), persona: context.config.app.persona.clone() };
    Note::new(Deed::ConfigLoaded).detail(if context.config.trusted { "trusted" } else { "not trusted" }).by(&author)
}
