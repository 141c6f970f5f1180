//! How often a cache of a given size would have missed: a trace of accesses, replayed through the engine's own policy.
//!
//! One access per line, `id` or `id,bytes`. The convention is that of published simulators: an access to what is held is a hit and makes it
//! the newest; any other is a miss and brings it in, the least recently used going until it fits; what is larger than the whole cache is a
//! miss and is not brought in, and nothing goes for it. An object that comes with another size than before is a hit and weighs the new size
//! from then on; where the cache is over its size by that, the least recently used go at once, the object itself last.

use std::io::{self, BufRead, Read as _};

use super::recency::Recency;

/// The longest line taken, so that a file without line ends is refused and not read into memory.
const LONGEST: usize = 64 * 1024;
const BYTE_ORDER_MARK: &[u8] = b"\xEF\xBB\xBF";

/// What a trace came to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TraceCount {
    /// Accesses.
    pub requests: u64,
    /// Accesses to what was held.
    pub hits: u64,
    /// All others.
    pub misses: u64,
    /// Whether the lines named sizes: then the capacity was in bytes, else in entries.
    pub sized: bool,
}

/// Why a trace cannot be replayed.
#[derive(Debug, thiserror::Error)]
pub enum TraceError {
    /// A line that is no access, or not of the form of those before it.
    #[error("line {line} of the trace {what}; write one access per line, `id` or `id,bytes`, all lines alike")]
    Malformed {
        /// From 1.
        line: u64,
        /// What is wrong with it, as the rest of a sentence.
        what: &'static str,
    },
    /// It could not be read to its end.
    #[error("the trace cannot be read: {0}")]
    Unreadable(#[from] io::Error),
}

/// Replays a trace through a cache of this capacity: bytes where lines name sizes, entries where they name none.
///
/// White space around an id and at the end of a line is no part of it, empty lines are no accesses; ids are bytes and compare exactly.
///
/// # Errors
/// [`TraceError`] names the line; what came before it is not answered.
pub fn replay_trace(trace: &mut dyn BufRead, capacity: u64) -> Result<TraceCount, TraceError> {
    let mut held: Recency<Box<[u8]>> = Recency::default();
    let mut count = TraceCount::default();
    let mut form = None;
    let mut line = Vec::with_capacity(256);
    let mut number = 0;
    loop {
        line.clear();
        if trace.take(LONGEST as u64 + 1).read_until(b'\n', &mut line)? == 0 {
            break;
        }
        number += 1;
        let malformed = |what| TraceError::Malformed { line: number, what };
        if line.len() > LONGEST {
            return Err(malformed("is longer than 64 KiB"));
        }
        let text = if number == 1 { line.strip_prefix(BYTE_ORDER_MARK).unwrap_or(&line) } else { &line };
        let Some((id, size)) = access(text.trim_ascii()).map_err(malformed)? else { continue };
        let sized = size.is_some();
        if *form.get_or_insert(sized) != sized {
            return Err(malformed(if sized { "names a size, those before it do not" } else { "names no size, those before it do" }));
        }
        let weight = size.unwrap_or(1);
        count.requests += 1;
        if held.access(id, weight) {
            count.hits += 1;
            held.shrink_to(capacity, |_, _| {});
        } else if let Some(rest) = capacity.checked_sub(weight) {
            held.shrink_to(rest, |_, _| {});
            held.put(id.into(), weight);
        }
    }
    count.misses = count.requests - count.hits;
    count.sized = form.unwrap_or(false);
    Ok(count)
}

/// An id, and the size where the line names one.
type Access<'a> = (&'a [u8], Option<u64>);

/// What a line says; none for an empty one.
fn access(line: &[u8]) -> Result<Option<Access<'_>>, &'static str> {
    if line.is_empty() {
        return Ok(None);
    }
    let Some(comma) = line.iter().position(|byte| *byte == b',') else { return Ok(Some((line, None))) };
    let (id, size) = (line[..comma].trim_ascii_end(), line[comma + 1..].trim_ascii_start());
    if id.is_empty() {
        return Err("has no id before its comma");
    }
    if size.is_empty() || !size.iter().all(u8::is_ascii_digit) {
        return Err("has something other than a number of bytes behind its comma");
    }
    let digit = |bytes: u64, byte: &u8| bytes.checked_mul(10)?.checked_add(u64::from(byte - b'0'));
    size.iter().try_fold(0, digit).map(|bytes| Some((id, Some(bytes)))).ok_or("names more bytes than fit in 64 bits")
}

#[cfg(test)]
#[path = "trace_tests.rs"]
mod tests;
