//! `cache status`, `cache snapshot`, `cache hydrate`.

use std::ops::ControlFlow;

use crate::{
    cli::{
        line::{Line, Tone},
        sink::Sink,
    },
    text::bytes_words,
    wire::{CachePayload, Envelope, HydratePayload, SnapshotPayload},
};

use super::{
    Printer, payload,
    words::{ago, count},
};

/// Prints the numbers when they come.
pub struct CachePrinter;

impl Printer for CachePrinter {
    fn take(&mut self, envelope: &Envelope, sink: &mut Sink) -> ControlFlow<()> {
        let Some(cache) = payload::<CachePayload>(envelope, sink) else { return ControlFlow::Continue(()) };
        let polled = cache.polled_at.as_deref().and_then(|stamp| ago(stamp, envelope.at()));
        let rows = [
            ("store", format!("{} in {}", cache.backend, cache.data_dir)),
            ("facts", cache.facts.to_string()),
            ("records", cache.entries.to_string()),
            ("sealed", size(cache.live_bytes)),
            ("on disk", size(cache.disk_bytes)),
            ("damaged", cache.quarantined.to_string()),
            ("last polled", polled.map_or_else(|| "never".to_owned(), |ago| format!("{ago} ago"))),
            ("protection", cache.protection.clone()),
        ];
        for (name, text) in rows {
            sink.line(&Line::toned(Tone::Dim, &format!("{name:<12} ")).add(Tone::Plain, &text))?;
        }
        cache.notes.iter().try_for_each(|note| sink.line(&Line::toned(Tone::Warn, note)))
    }
}

/// Prints what was written.
pub struct SnapshotPrinter;

impl Printer for SnapshotPrinter {
    fn take(&mut self, envelope: &Envelope, sink: &mut Sink) -> ControlFlow<()> {
        let Some(written) = payload::<SnapshotPayload>(envelope, sink) else { return ControlFlow::Continue(()) };
        let SnapshotPayload { file, entries, bytes, digest } = written;
        let text = format!("{}, {}, in {file}", count(entries, "record"), size(bytes));
        sink.line(&Line::plain(&text).add(Tone::Dim, &format!("  digest {}", digest.get(..16).unwrap_or(&digest))))
    }
}

/// Prints what was taken.
pub struct HydratePrinter;

impl Printer for HydratePrinter {
    fn take(&mut self, envelope: &Envelope, sink: &mut Sink) -> ControlFlow<()> {
        let Some(done) = payload::<HydratePayload>(envelope, sink) else { return ControlFlow::Continue(()) };
        let mut text = format!("{} of {} taken", done.taken, count(done.entries, "record"));
        if done.kept > 0 {
            text += &format!(", {} left because what is here is the same or newer", done.kept);
        }
        if done.removed > 0 {
            text += &format!(", {} removed that the snapshot does not hold", done.removed);
        }
        sink.line(&Line::plain(&text))
    }
}

#[expect(clippy::cast_precision_loss, reason = "shown with one decimal")]
fn size(bytes: u64) -> String {
    bytes_words(bytes as f64)
}
