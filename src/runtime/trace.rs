//! A trace of accesses, from a file or whatever is handed in, through the cache's own policy.

use std::{
    fs::File,
    io::{BufRead, BufReader},
    path::Path,
};

use crate::{
    engine::{TraceError, replay_trace},
    wire::CacheReplayPayload,
};

/// How much of a file is read at once.
const BUFFER: usize = 1 << 20;

/// Counts a trace in a file.
///
/// # Errors
/// [`TraceError`], also when the file cannot be opened.
pub fn count_file(path: &Path, capacity: u64) -> Result<CacheReplayPayload, TraceError> {
    count_trace(&mut BufReader::with_capacity(BUFFER, File::open(path)?), capacity)
}

/// Counts a trace as it comes.
///
/// # Errors
/// [`TraceError`].
pub fn count_trace(trace: &mut dyn BufRead, capacity: u64) -> Result<CacheReplayPayload, TraceError> {
    replay_trace(trace, capacity).map(|count| CacheReplayPayload::of(&count, capacity))
}
