//! `cache status`, `cache evict`, `cache compact`, `cache replay`, `cache snapshot`, `cache hydrate`.

use std::ops::ControlFlow;

use crate::{
    cli::{
        line::{Line, Tone},
        sink::Sink,
    },
    text::bytes_words,
    wire::{CacheKeyPayload, CachePayload, CacheReplayPayload, CacheSentence, Envelope, HotPayload, HydratePayload, SnapshotPayload},
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
            ("sealed", sealed(&cache)),
            ("on disk", size(cache.disk_bytes)),
            ("in memory", hot(&cache.hot)),
            ("let go", format!("{} key(s), {}", cache.evicted_keys, size(cache.evicted_bytes))),
            ("pinned", format!("{} key(s), {}", cache.pins, size(cache.pinned_bytes))),
            ("compacted", compacted(&cache, envelope)),
            ("damaged", cache.quarantined.to_string()),
            ("last polled", polled.map_or_else(|| "never".to_owned(), |ago| format!("{ago} ago"))),
            ("protection", cache.protection.clone()),
            ("key", cache.key.as_ref().map_or_else(|| "none: nothing is sealed".to_owned(), key)),
        ];
        for (name, text) in rows {
            sink.line(&Line::toned(Tone::Dim, &format!("{name:<12} ")).add(Tone::Plain, &text))?;
        }
        for left in &cache.left_out {
            let text = format!(
                "{} key(s) of {} do not fit and are fetched when asked for; raise cache.high_watermark to keep them",
                left.keys, left.source
            );
            sink.line(&Line::toned(Tone::Warn, &text))?;
        }
        cache.notes.iter().try_for_each(|note| sink.line(&Line::toned(Tone::Warn, note)))
    }
}

fn sealed(cache: &CachePayload) -> String {
    let mut text = format!(
        "{} (above {} the least recently used go, until {})",
        size(cache.live_bytes),
        size(cache.high_watermark),
        size(cache.low_watermark)
    );
    if let Some(bound) = cache.disk_bound {
        text += &format!("; until {} where the disk is short", size(bound));
    }
    text
}

fn hot(hot: &HotPayload) -> String {
    let held = format!("{} fact(s) decoded, {} of {}", hot.keys, size(hot.bytes), size(hot.limit));
    match hot.hits + hot.misses {
        0 => held,
        asked => format!("{held}; {} of {asked} reads found theirs there", hot.hits),
    }
}

fn compacted(cache: &CachePayload, envelope: &Envelope) -> String {
    match cache.compacted_at.as_deref().and_then(|stamp| ago(stamp, envelope.at())) {
        Some(ago) => format!("{} time(s), last {ago} ago", cache.compactions),
        None => "never".to_owned(),
    }
}

/// Prints what was done in the sentence it comes with.
pub struct SentencePrinter;

impl Printer for SentencePrinter {
    fn take(&mut self, envelope: &Envelope, sink: &mut Sink) -> ControlFlow<()> {
        match payload::<CacheSentence>(envelope, sink) {
            Some(CacheSentence { message }) => sink.line(&Line::plain(&message)),
            None => ControlFlow::Continue(()),
        }
    }
}

/// What a trace came to, as text.
#[expect(clippy::cast_precision_loss, reason = "a ratio, shown with two decimals")]
pub fn replay_lines(count: &CacheReplayPayload) -> Vec<Line> {
    let share = if count.requests == 0 { 0.0 } else { count.misses as f64 / count.requests as f64 * 100.0 };
    let rows = [
        ("requests", count.requests.to_string()),
        ("hits", count.hits.to_string()),
        ("misses", format!("{} ({share:.2} %)", count.misses)),
        ("capacity", format!("{} {}", count.capacity, count.unit)),
    ];
    rows.iter().map(|(name, text)| Line::toned(Tone::Dim, &format!("{name:<12} ")).add(Tone::Plain, text)).collect()
}

fn key(key: &CacheKeyPayload) -> String {
    let sealed = format!("{}, data key {}, {} of {} records sealed with it", key.kind, key.data_key, key.sealed, key.limit);
    let resealing = key.resealing.map(|so_far| format!("; being changed, {} of {} rows so far", so_far.done, so_far.total));
    let retired = (!key.retired.is_empty()).then(|| format!("; {} former kept for copies beside the database", key.retired.len()));
    sealed + &resealing.unwrap_or_default() + &retired.unwrap_or_default()
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
