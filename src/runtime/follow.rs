//! A screen's side of the socket: everything the owner shows, then what differs, on a thread of its own.

use std::{net::Shutdown, os::unix::net::UnixStream, thread};

use tokio::sync::mpsc::Sender;

use crate::{
    app::{History, Moment, Msg, Snapshot},
    engine::{Contested, RefreshReport},
    fact::{Insight, Key, SourceId, Timestamp},
    wire::{CacheSentence, Envelope, FaultPayload, HistoryPayload, Outcome, RefreshPayload, ViewFact, ViewPayload, ViewSource, told_error},
};

use super::{
    client::{self, Asked, Asking, Begun},
    clock::mint_id,
    context::{Context, RuntimeError},
    execute::{CHANGED, FOLLOW, LOOK, RENEW},
    message::{FromServer, Reply, Request},
    queue_view,
};

/// Events of the cache that something is wrong with.
const TROUBLE: [&str; 3] = ["core.cache.failed_over", "core.cache.quarantined", "core.cache.resync_required"];

/// The owner is being listened to; dropping it ends that.
pub struct Following {
    asking: Option<Asking>,
    stream: Option<UnixStream>,
}

/// Asks the owner to tell what it shows; none when nobody owns the directory.
///
/// # Errors
/// When the owner is there and does not speak of the same thing.
pub fn follow(context: &Context) -> Result<Option<Following>, RuntimeError> {
    match client::begin(context, &request(context, FOLLOW, serde_json::Map::new(), true))? {
        Begun::Asking(asking) => Ok(Some(Following { stream: asking.stream().try_clone().ok(), asking: Some(asking) })),
        Begun::NobodyThere | Begun::OwnerLeft => Ok(None),
    }
}

impl Following {
    /// Tells the screen what comes, until the owner or the screen is gone; the last message is [`Msg::EngineGone`].
    ///
    /// # Errors
    /// When the system gives no thread.
    pub fn tell(&mut self, screen: Sender<Msg>) -> std::io::Result<()> {
        let Some(asking) = self.asking.take() else { return Ok(()) };
        thread::Builder::new().name("socket".to_owned()).spawn(move || {
            let why = read(asking, &screen);
            // A screen that is gone needs no news.
            let _ = screen.blocking_send(Msg::EngineGone(why));
        })?;
        Ok(())
    }
}

impl Drop for Following {
    fn drop(&mut self) {
        if let Some(stream) = &self.stream {
            // One that is closed already is as good.
            let _ = stream.shutdown(Shutdown::Both);
        }
    }
}

/// Reads until the end; says why it ended.
fn read(mut asking: Asking, screen: &Sender<Msg>) -> String {
    let mut snapshot = Snapshot::default();
    let mut contested = Contested::default();
    let mut notes = Vec::new();
    // Let go here and not on the loop of the screen, which has taken the next one by then.
    let mut held = [Snapshot::default(), Snapshot::default()];
    loop {
        let line = match asking.next() {
            Ok(Some(FromServer::Reply(Reply::Line(line)))) => line,
            Ok(Some(FromServer::Reply(Reply::Note(note)))) => {
                notes.push(note);
                continue;
            }
            Ok(Some(FromServer::Hello(_) | FromServer::Reply(Reply::Progress { .. }))) => continue,
            Ok(Some(FromServer::Refused { message })) => return message,
            Ok(Some(FromServer::Bye)) => return "the stellar that answered has left".to_owned(),
            Ok(Some(FromServer::End) | None) => return "the stellar that answered is gone".to_owned(),
            Err(error) => return error.to_string(),
        };
        let message = match take(line.get(), &mut snapshot, &mut contested) {
            Ok(Some(message)) => message,
            Ok(None) => continue,
            Err(why) => return format!("what the running stellar sent cannot be read: {why}"),
        };
        let message = match message {
            Msg::Snapshot(mut moment) => {
                moment.notes = notes.as_slice().into();
                held.rotate_left(1);
                held[1] = moment.clone();
                Msg::Snapshot(moment)
            }
            other => other,
        };
        if screen.blocking_send(message).is_err() {
            return String::new();
        }
    }
}

/// Takes a line; a moment that is complete, or something that failed there, is a message.
fn take(line: &str, snapshot: &mut Snapshot, contested: &mut Contested) -> Result<Option<Msg>, String> {
    let envelope = Envelope::read(line).map_err(|error| error.to_string())?;
    if envelope.outcome != Outcome::Ok {
        return Err(envelope.error.map_or_else(|| "it says no".to_owned(), |error| error.message));
    }
    match envelope.action.as_str() {
        CHANGED => {
            let payload: ViewPayload = envelope.payload_as().map_err(|error| error.to_string())?;
            let mut payload = payload;
            if let Some(queue) = payload.queue.take() {
                snapshot.queue = queue_view::from_wire(queue)?.into();
            }
            let (sources, complete) = payload.apply(&mut snapshot.facts, contested)?;
            if let Some(sources) = sources {
                snapshot.sources = sources.into_iter().map(ViewSource::status).collect();
            }
            if !complete {
                return Ok(None);
            }
            snapshot.conflicts = contested.waiting();
            let queue = snapshot.queue.clone();
            Ok(Some(Msg::Snapshot(snapshot.clone().with_queue(queue))))
        }
        "core.engine.fault" => {
            let fault: FaultPayload = envelope.payload_as().map_err(|error| error.to_string())?;
            Ok(Some(Msg::Fault(fault.message)))
        }
        action if action.starts_with("core.cache.") => {
            let trouble = TROUBLE.contains(&action);
            let told: CacheSentence = envelope.payload_as().map_err(|error| error.to_string())?;
            Ok(Some(Msg::CacheTold(told.message, trouble)))
        }
        // Something of a later version that this one can do without.
        _ => Ok(None),
    }
}

/// Has the owner resolve these keys for now. What differs comes to whoever follows; an owner that is gone is noticed there too.
pub fn renew(context: &Context, keys: &[Key]) {
    let keys = keys.iter().map(|key| key.as_str().into()).collect();
    let args = serde_json::Map::from_iter([("keys".to_owned(), serde_json::Value::Array(keys))]);
    let _ = client::ask(context, &request(context, RENEW, args, false), &mut |_| std::ops::ControlFlow::Continue(()));
}

/// A fact with everyone who speaks of it, by the owner; none where nobody does any more.
///
/// # Errors
/// A sentence why there is no answer.
pub fn look(context: &Context, key: &Key) -> Result<Option<Insight>, String> {
    let args = serde_json::Map::from_iter([("key".to_owned(), key.as_str().into())]);
    let mut told = Ok(None);
    let asked = client::ask(context, &request(context, LOOK, args, false), &mut |reply| {
        if let Reply::Line(line) = reply {
            told = at_length(line.get()).map(Some);
        }
        std::ops::ControlFlow::Continue(())
    });
    match asked.map_err(|error| error.to_string())? {
        Asked::Done => told,
        Asked::NobodyThere | Asked::OwnerLeft => Err("the stellar that answered is gone".to_owned()),
    }
}

fn at_length(line: &str) -> Result<Insight, String> {
    let envelope = Envelope::read(line).map_err(|error| error.to_string())?;
    match envelope.error {
        Some(error) => Err(error.message),
        None => envelope.payload_as::<ViewFact>().map_err(|error| error.to_string())?.insight(),
    }
}

/// What the owner remembers of a fact; none where it remembers nothing.
pub fn past(context: &Context, key: &Key) -> Option<History> {
    let args = serde_json::Map::from_iter([("key".to_owned(), key.as_str().into())]);
    let mut moments = Vec::new();
    let request = request(context, "core.insight.history", args, false);
    let asked = client::ask(context, &request, &mut |reply| {
        if let Reply::Line(line) = reply
            && let Ok(payload) = Envelope::read(line.get()).and_then(|envelope| envelope.payload_as::<HistoryPayload>())
            && let Ok(at) = Timestamp::parse_rfc3339(&payload.at)
        {
            moments.push(Moment { at, value: payload.value, score: payload.confidence });
        }
        std::ops::ControlFlow::Continue(())
    });
    (asked.is_ok() && !moments.is_empty()).then(|| History::new(key.clone(), moments))
}

/// Has the owner ask its sources.
///
/// # Errors
/// A sentence why there are no reports.
pub fn refresh(context: &Context, sources: &[SourceId]) -> Result<Vec<RefreshReport>, String> {
    let (mut reports, mut failed) = (Vec::new(), None);
    let request = request(context, "core.source.refresh", serde_json::Map::new(), false);
    let asked = client::ask(context, &request, &mut |reply| {
        if let Reply::Line(line) = reply
            && let Ok(envelope) = Envelope::read(line.get())
        {
            match envelope.error {
                Some(error) => failed = Some(error.message),
                None => reports.extend(envelope.payload_as::<RefreshPayload>().ok().map(report)),
            }
        }
        std::ops::ControlFlow::Continue(())
    });
    match asked {
        Err(error) => Err(error.to_string()),
        Ok(Asked::NobodyThere | Asked::OwnerLeft) => Err("the stellar that answered is gone".to_owned()),
        Ok(Asked::Done) => {
            reports.retain(|report| sources.is_empty() || sources.contains(&report.source));
            match failed {
                Some(why) if reports.is_empty() => Err(why),
                _ => Ok(reports),
            }
        }
    }
}

fn report(payload: RefreshPayload) -> RefreshReport {
    let RefreshPayload { source, keys, changed, failed, ms, error } = payload;
    let took = std::time::Duration::from_millis(ms);
    RefreshReport { source, keys, changed, failed, took, error: error.map(|error| told_error(error.message)) }
}

fn request(context: &Context, action: &str, args: serde_json::Map<String, serde_json::Value>, streaming: bool) -> Request {
    Request {
        id: mint_id(),
        action: action.to_owned(),
        args,
        via: "tui".to_owned(),
        persona: context.config.app.persona.clone(),
        streaming,
        offline: context.offline,
        reveal: false,
    }
}
