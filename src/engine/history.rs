//! What was believed before: values and confidence per key, for as long as `[cache] history` says.
//!
//! Only what differs is noted: another value, another band, and at most once an hour a confidence that moved. Notes wait in memory and
//! go to the store in one document about once a minute, so that a poll costs no write more; a process that dies loses that minute.
//! Documents are sealed like everything else there, an hour in a few parts; what is past its time is blanked.
//!
//! Bounded: four notes of a key a minute, of which the last is the newest; so many parts an hour, after which the hour takes no more; a
//! value beyond 4 KiB is not kept, only that there was one. History can be lost at no cost but itself; it is in no snapshot.

mod log;
mod part;
mod sample;

pub use log::HistoryLog;
pub use sample::Believed;

#[cfg(test)]
mod tests;
