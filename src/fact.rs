//! What is known, and the arithmetic of believing it.
//!
//! Holds the domain: keys, values, observations, facts, conflicts, confidence. Everything here is pure: no I/O, no clock, no
//! async, no randomness; `now` is always an argument. Any order of the same observations gives the same fact.
//!
//! It does not fetch, store, print or schedule.

mod book;
mod brief;
mod calibration;
mod chars;
mod command;
mod confidence;
mod conflict;
mod decimal;
mod decision;
mod dispute;
mod entry;
mod field;
mod foreign;
mod insight;
mod json;
mod key;
mod lesson;
mod lifetime;
mod likeness;
mod merge;
mod normal;
mod observation;
mod own_write;
mod pattern;
mod question;
mod ranking;
mod reading;
mod reason;
mod resolve;
mod rule;
mod schema;
mod scores;
mod source;
pub mod span;
mod time;
mod trust;
mod value;
mod weigh;

pub use book::{DecisionBook, StoredBook, TrustReset};
pub use brief::SOURCES_HELD;
pub use calibration::{Calibration, Correction, Judged, Strata, majority_of};
pub use command::{Attempt, Author, Base, Command, CommandId, CommandIdError, CommandReason, CommandState, Operation};
pub use confidence::{Band, Confidence, Factor, FactorKind, ScoreBasis, Validity, Weights, WeightsError, right_about};
pub use conflict::{Candidate, ConflictClass, ConflictEntry, ConflictId, ConflictIdError, ConflictIdSearch, ResolutionState};
pub use decision::{Decision, Found, Now, Said, Verdict, millionths, said_of};
pub use field::FieldName;
pub use foreign::JsonTree;
pub use insight::{Agreement, FactState, Insight, LeftOut, Mark, Marks, Pending, SourceState, SourceView, UnknownName};
pub use json::{
    JsonEditError, JsonStep, MAX_DEPTH, MAX_VALUES, ValueError, ValueErrorKind, json_string, parse_json, set_in_json, set_in_read_json,
};
pub use key::{Key, KeyError};
pub use lesson::{Lesson, LessonId};
pub use lifetime::{LearnedLifetime, Lifetime, Lifetimes, Look, MOST_LIFETIMES, StoredLifetimes};
pub use likeness::{Likeness, LikenessCounts, StoredLikeness};
pub use merge::merge_values;
pub use normal::{Normal, same};
pub use observation::{Content, Observation};
pub use own_write::OwnWrite;
pub use pattern::Pattern;
pub use question::{Question, most_teaching_first};
pub use reading::{Reading, ResolveSettings};
pub use reason::{ReasonCode, ReasonCodeError};
pub use resolve::{CLOCK_SLACK, resolve, resolve_decided};
pub use rule::{ClassOfValue, CompareRule, KeyRule, Policy, Tolerance};
pub use schema::{Schema, SchemaError};
pub use scores::Scores;
pub use source::{Role, SourceId, SourceIdError};
pub use time::{Timestamp, TimestampError};
pub use trust::{Tally, TrustBook, TrustStanding, TrustTable};
pub use value::{Value, ValueKind};
