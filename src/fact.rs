//! What is known, and the arithmetic of believing it.
//!
//! Holds the domain: keys, values, observations, facts, conflicts, confidence. Everything here is pure: no I/O, no clock, no
//! async, no randomness; `now` is always an argument. Any order of the same observations gives the same fact.
//!
//! It does not fetch, store, print or schedule.

mod confidence;
mod conflict;
mod field;
mod insight;
mod key;
mod observation;
mod reason;
mod rule;
mod source;
mod time;
mod value;

pub use confidence::{Band, Confidence, Factor, FactorKind, ScoreBasis, Validity, Weights};
pub use conflict::{Candidate, ConflictClass, ConflictEntry, ConflictId, ResolutionState};
pub use field::FieldName;
pub use insight::{Agreement, FactState, Insight, Mark, Marks, SourceState, SourceView};
pub use key::{Key, KeyError, Pattern};
pub use observation::{Content, Observation};
pub use reason::ReasonCode;
pub use rule::{ClassOfValue, CompareRule, KeyRule, Policy, Tolerance};
pub use source::{Role, SourceId, SourceIdError};
pub use time::{Timestamp, TimestampError};
pub use value::{Value, ValueError, ValueKind};
