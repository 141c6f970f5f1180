//! Disagreements between live observed values, named so that everybody names the same one alike.

use std::{fmt, sync::Arc};

use super::{confidence::Confidence, key::Key, reason::ReasonCode, source::SourceId, time::Timestamp, value::Value};

/// What disagrees with what.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ConflictClass {
    /// Two live observed values.
    Value,
    /// A queued change and a target that changed meanwhile.
    Change,
    /// A deletion and an edit.
    Delete,
}

/// `c-` and 10 base32 characters from a hash of key and class.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ConflictId(pub(super) Arc<str>);

impl fmt::Display for ConflictId {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

/// How far a conflict is decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ResolutionState {
    /// Nobody and no rule has decided.
    Pending,
    /// A rule decided.
    AutoResolved,
    /// A person accepted a value.
    UserAccepted,
    /// A person said none is right.
    UserRejected,
}

/// One competing value and who stands for it.
#[derive(Clone, Debug, PartialEq)]
pub struct Candidate {
    /// The value as its best-scoring source gave it.
    pub value: Value,
    /// Everyone who stands for it, best first.
    pub sources: Vec<SourceId>,
    /// The best score among them.
    pub score: f64,
}

/// A key whose live observed values differ after normalisation.
#[derive(Clone, Debug, PartialEq)]
pub struct ConflictEntry {
    /// Its name, the same everywhere.
    pub id: ConflictId,
    /// Where.
    pub key: Key,
    /// What sort.
    pub class: ConflictClass,
    /// 16 hex characters over the competing value classes; moves when they do.
    pub digest: Arc<str>,
    /// How far it is decided.
    pub resolution: ResolutionState,
    /// The competing values, winner first.
    pub candidates: Vec<Candidate>,
    /// The source whose observation wins.
    pub winner: SourceId,
    /// Winner's score less the best other candidate's, 0 to 1.
    pub margin: f64,
    /// The winner's arithmetic.
    pub confidence: Confidence,
    /// Why it stands as it does.
    pub reason_codes: Vec<ReasonCode>,
    /// The newest `changed_at` among the competing observations.
    pub last_updated: Timestamp,
}
