//! Plain text for people, made from the same lines that `--json` writes.
//!
//! One printer per kind of answer. A printer that aligns columns holds its lines until the answer is complete; one that follows events
//! writes each at once.

mod audit;
mod cache;
mod chaos;
mod conflict;
mod decision;
mod detect;
mod fact;
mod list;
mod look;
mod past;
mod queue;
mod source;
mod table;
mod telemetry;
mod upkeep;
mod watch;
mod why;
mod words;

use std::ops::ControlFlow;

use serde::de::DeserializeOwned;
use serde_json::{Map, Value as Json};

use crate::wire::Envelope;

use super::sink::Sink;

pub use cache::replay_lines;
pub use list::fact_table;
pub use look::{contrast_table, keymap_table, theme_table};
pub use watch::event_line;

/// Turns lines into text.
pub trait Printer {
    /// Takes one line that says `ok`.
    fn take(&mut self, envelope: &Envelope, sink: &mut Sink) -> ControlFlow<()>;

    /// The answer is complete.
    fn finish(&mut self, _sink: &mut Sink) -> ControlFlow<()> {
        ControlFlow::Continue(())
    }
}

/// The printer for what an action answers with.
pub fn printer_for(action: &str, args: &Map<String, Json>) -> Box<dyn Printer> {
    match action {
        "core.insight.list" => Box::new(list::ListPrinter::default()),
        "core.insight.read" => {
            let several = args.get("keys").and_then(Json::as_array).is_some_and(|keys| keys.len() > 1);
            let bare = args.get("value").and_then(Json::as_bool).unwrap_or(false);
            if args.contains_key("at") {
                return Box::new(past::PastPrinter::new(bare));
            }
            Box::new(fact::FactPrinter::new(several, bare))
        }
        "core.insight.confidence" => Box::new(why::WhyPrinter),
        "core.insight.watch" => Box::new(watch::WatchPrinter::default()),
        "core.source.read" => Box::new(source::SourceListPrinter::default()),
        "core.source.test" => Box::new(source::SourceTestPrinter),
        "core.source.detect" => Box::new(detect::DetectPrinter),
        "core.source.refresh" => Box::new(source::RefreshPrinter),
        "core.conflict.read" => Box::new(conflict::ConflictListPrinter::default()),
        "core.conflict.resolve" => Box::new(decision::DecisionPrinter::default()),
        "core.conflict.undo" => Box::new(decision::DecisionPrinter::of_undo()),
        "core.conflict.watch" => Box::new(decision::ConflictWatchPrinter::default()),
        "core.source.trust" => Box::new(decision::TrustPrinter::default()),
        "core.conflict.show" => Box::new(conflict::ConflictPrinter),
        "core.input.field_lock" | "core.input.field_unlock" => Box::new(queue::LockPrinter),
        "core.queue.status" | "core.queue.hold" => Box::new(queue::QueuePrinter),
        "core.queue.release" if !args.contains_key("id") => Box::new(queue::QueuePrinter),
        "core.queue.read" => Box::new(queue::QueueListPrinter::default()),
        "core.queue.show" => Box::new(queue::CommandPrinter),
        action if action.starts_with("core.input.") || action.starts_with("core.queue.") => Box::new(queue::ChangePrinter::default()),
        "core.cache.evict" | "core.cache.compact" => Box::new(cache::SentencePrinter),
        "core.telemetry.read" => Box::new(telemetry::TelemetryPrinter),
        "core.audit.read" => Box::new(audit::AuditPrinter::default()),
        "core.audit.verify" => Box::new(audit::AuditVerifyPrinter),
        "core.audit.head" => Box::new(audit::AuditHeadPrinter),
        "core.audit.export" => Box::new(audit::AuditExportPrinter),
        "core.chaos.live" => Box::new(chaos::ChaosLivePrinter),
        "core.cache.verify" => Box::new(upkeep::VerifyPrinter),
        "core.cache.rekey" => Box::new(upkeep::RekeyPrinter),
        "core.cache.damaged" => Box::new(upkeep::DamagedPrinter::default()),
        "core.cache.discard" => Box::new(upkeep::DiscardPrinter),
        "core.insight.history" => Box::new(past::HistoryPrinter),
        "core.cache.snapshot" => Box::new(cache::SnapshotPrinter),
        "core.cache.hydrate" => Box::new(cache::HydratePrinter),
        _ => Box::new(cache::CachePrinter),
    }
}

/// A line's payload, or a word on stderr that it is another.
fn payload<T: DeserializeOwned>(envelope: &Envelope, sink: &mut Sink) -> Option<T> {
    match envelope.payload_as() {
        Ok(payload) => Some(payload),
        Err(error) => {
            sink.say(&format!("{} could not be read: {error}", envelope.action));
            None
        }
    }
}
