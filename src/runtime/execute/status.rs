//! `cache status`, `cache evict`, `cache compact`, `cache snapshot`, `cache hydrate`, `telemetry status`.

use std::path::{Path, PathBuf};

use crate::{
    action::args::{CacheEvictArgs, HydrateArgs, SnapshotArgs},
    engine::{EngineError, Mode},
    wire::{CacheCompactPayload, CacheEvictPayload, CachePayload, HydratePayload, SnapshotPayload, TelemetryPayload},
};

use super::answer::{Answer, Failed};

/// `cache status`
pub async fn cache(answer: &mut Answer<'_>) -> Result<(), Failed> {
    let status = answer.handle.cache_status()?;
    let _ = answer.line(&CachePayload::of(&status)).await;
    // Whoever asks how things stand is told what waits for them.
    let queue = answer.handle.queue_status();
    if let Some(closed) = &queue.closed {
        answer.note(&format!("no changes can be taken: {closed}")).await;
    }
    if queue.needs_a_person > 0 {
        answer.note(&format!("changes that need you: {}; stellar queue list shows them", queue.needs_a_person)).await;
    } else if queue.depth > 0 {
        answer.note(&format!("changes that wait to be sent: {}; stellar queue status", queue.depth)).await;
    }
    Ok(())
}

/// `telemetry status`
pub async fn telemetry(answer: &mut Answer<'_>) -> Result<(), Failed> {
    let telemetry = answer.handle.telemetry()?;
    let _ = answer.line(&TelemetryPayload::of(&telemetry)).await;
    Ok(())
}

/// `cache evict`
pub async fn evict(answer: &mut Answer<'_>, args: &CacheEvictArgs) -> Result<(), Failed> {
    let gone = answer.handle.evict(&args.pattern).await?;
    let _ = answer.line(&CacheEvictPayload::of(&gone)).await;
    Ok(())
}

/// `cache compact`
pub async fn compact(answer: &mut Answer<'_>) -> Result<(), Failed> {
    let compacted = answer.handle.compact().await?;
    let _ = answer.line(&CacheCompactPayload::of(&compacted)).await;
    Ok(())
}

/// `cache snapshot`
pub async fn snapshot(answer: &mut Answer<'_>, args: &SnapshotArgs) -> Result<(), Failed> {
    let file = absolute(&args.file)?;
    let taken = answer.handle.snapshot(&file, answer.progress()).await.map_err(explained)?;
    let _ = answer.line(&SnapshotPayload::of(&args.file, &taken)).await;
    Ok(())
}

/// `cache hydrate`
pub async fn hydrate(answer: &mut Answer<'_>, args: &HydrateArgs) -> Result<(), Failed> {
    let file = absolute(&args.file)?;
    let mode = if args.replace { Mode::Replace } else { Mode::Merge };
    let hydrated = answer.handle.hydrate(&file, mode, answer.progress()).await.map_err(explained)?;
    let _ = answer.line(&HydratePayload::of(&args.file, &hydrated)).await;
    Ok(())
}

/// Whoever answers was started somewhere else than who asks.
fn absolute(file: &str) -> Result<PathBuf, Failed> {
    let path = Path::new(file);
    if path.is_absolute() { Ok(path.to_owned()) } else { Err(Failed::new("bad_arguments", format!("give {file} from the root on"))) }
}

fn explained(error: EngineError) -> Failed {
    let file = matches!(error.code(), "store_unwritable" | "snapshot_unreadable" | "snapshot_not_found");
    let failed = Failed::from(error);
    if file { failed.hint("the process that owns the data directory reads and writes the file, with its own rights") } else { failed }
}
