//! The model of the conflicts: which one is looked at, what of it is chosen, what is being decided and what was.
//!
//! What is looked at is kept with its digest: where another one comes underneath, that is known, and nothing is decided on it before it
//! was said.

use std::sync::Arc;

use crate::{
    app::{ask::Ask, snapshot::Snapshot},
    fact::{ConflictEntry, ConflictId, Key, SourceId, Value},
};

use super::JobId;

/// What becomes of a conflict when an answer comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// What would be sent is told, and nothing is done yet.
    Look,
    /// It is decided, and the decision can be taken back.
    Decide,
    /// A change of a person goes on or ends.
    Change,
    /// A decision is taken back.
    Undo,
}

/// Something that is asked for of a conflict.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Deciding {
    /// What is asked for.
    pub ask: Ask,
    /// What comes of it.
    pub stage: Stage,
    /// Which conflict.
    pub id: ConflictId,
    /// What was looked at.
    pub digest: Arc<str>,
    /// Of which fact.
    pub key: Key,
    /// What is decided, in a few words: `3 is believed`. May hold remote text.
    pub what: String,
}

/// A decision that was made here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decided {
    /// On which conflict.
    pub id: ConflictId,
    /// Of which fact.
    pub key: Key,
    /// What was decided, in a few words. May hold remote text.
    pub what: String,
}

/// What happened underneath to the conflict that was looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Underneath {
    /// Other values compete.
    Moved,
    /// It is over, and another one is shown; this was its fact.
    Over(Key),
    /// There was none before.
    Came,
}

/// The conflicts.
#[derive(Clone, Debug, Default)]
pub struct ConflictsModel {
    /// Which one is shown of those that wait.
    pub at: usize,
    /// The fact whose conflict is shown although somebody decided it; none: one of those that wait is.
    pub decided_one: Option<Key>,
    /// Those that were passed over since the conflicts were opened, the last one last.
    pub passed: Vec<ConflictId>,
    /// Its name, by which it is found again.
    pub id: Option<ConflictId>,
    /// Its fact.
    pub shown: Option<Key>,
    /// Its digest as it was looked at.
    pub digest: Option<Arc<str>>,
    /// Lines scrolled away.
    pub scroll: usize,
    /// Which of its values is chosen.
    pub choice: usize,
    /// The value itself and who says it, by which it is found again wherever it stands.
    pub chosen: Option<(Value, Option<SourceId>)>,
    /// Whether what is chosen has to be scrolled to.
    pub reveal: bool,
    /// What happened underneath since it was looked at.
    pub underneath: Option<Underneath>,
    /// The action that was asked for once, where it takes a second time.
    pub confirming: Option<&'static str>,
    /// What is asked for and not answered yet.
    pub deciding: Option<(JobId, Deciding)>,
    /// What was decided a moment ago and is still told of: with the digest it had.
    pub settled: Option<(ConflictId, Arc<str>)>,
    /// The one that comes back because a decision was taken back.
    pub returning: Option<ConflictId>,
    /// The decisions made here that can be taken back, the newest last.
    pub decided: Vec<Decided>,
}

impl ConflictsModel {
    /// The conflict that is shown, if there is one.
    #[must_use]
    pub fn looked_at<'s>(&self, snapshot: &'s Snapshot) -> Option<&'s Arc<ConflictEntry>> {
        match &self.decided_one {
            Some(key) => snapshot.facts.find(key)?.conflict.as_ref(),
            None => snapshot.conflicts.get(self.at),
        }
    }
}
