//! Conflicts as a front asks for them: listed, decided, followed.

use std::sync::Arc;

use tokio::sync::broadcast::{self, error::RecvError};

use crate::fact::{
    Author, ConflictClass, ConflictEntry, ConflictId, Decision, FieldName, Insight, Key, ResolutionState, Timestamp, most_teaching_first,
};

use super::{
    api::{DecisionEvent, EngineError, EngineEvent, StampedEvent},
    cache::may_differ,
    core::Core,
    decide::{DecideError, DecisionRequest},
    handle::EngineHandle,
    source::BoxFuture,
};

/// Questions that are gone through before something else may come in between.
const STEP: usize = 500;

/// Where sources disagree, and what people say of it.
pub trait ConflictResolver {
    /// At most so many undecided conflicts, the one whose answer teaches most first; to be asked for anew after every answer.
    ///
    /// # Errors
    /// When the store itself fails.
    fn list_pending(&self, limit: usize) -> Result<Vec<Arc<ConflictEntry>>, EngineError>;

    /// Says what is true of a conflict of values; answered when that is on disk. Nothing is sent.
    fn apply_resolution<'a>(
        &'a self,
        id: &'a ConflictId,
        request: &'a DecisionRequest,
    ) -> BoxFuture<'a, Result<Arc<ConflictEntry>, DecideError>>;

    /// Everything that happens to conflicts from now on, in order; a slow reader is told how much it missed.
    fn subscribe_updates(&self) -> ConflictUpdates;
}

/// Something that happened to a conflict.
#[derive(Clone, Debug, PartialEq)]
pub enum ConflictUpdate {
    /// Values compete that did not.
    Opened(ConflictId, Key),
    /// It competes with other values, or stands otherwise.
    Changed(Arc<ConflictEntry>),
    /// Nothing competes any more.
    Closed(ConflictId, Key),
    /// Somebody decided, or took a decision back.
    Decision(DecisionEvent),
    /// So many events of all sorts are missing: list anew.
    Missed(u64),
}

/// Updates in order.
pub struct ConflictUpdates(broadcast::Receiver<StampedEvent>);

impl ConflictUpdates {
    /// The next one, with its place in the order of all events and its moment; none when the engine is gone.
    pub async fn next(&mut self) -> Option<(u64, Timestamp, ConflictUpdate)> {
        loop {
            let StampedEvent { seq, at, event } = match self.0.recv().await {
                Ok(event) => event,
                Err(RecvError::Lagged(missed)) => return Some((0, Timestamp::default(), ConflictUpdate::Missed(missed))),
                Err(RecvError::Closed) => return None,
            };
            let update = match event {
                EngineEvent::ConflictOpened(id, key) => ConflictUpdate::Opened(id, key),
                EngineEvent::ConflictChanged(entry, _) => ConflictUpdate::Changed(entry),
                EngineEvent::ConflictClosed(id, key) => ConflictUpdate::Closed(id, key),
                EngineEvent::Decision(decision) => ConflictUpdate::Decision(decision),
                _ => continue,
            };
            return Some((seq, at, update));
        }
    }
}

impl ConflictResolver for EngineHandle {
    fn list_pending(&self, limit: usize) -> Result<Vec<Arc<ConflictEntry>>, EngineError> {
        let mut pending = self.conflicts(false)?;
        pending.truncate(limit);
        Ok(pending)
    }

    fn apply_resolution<'a>(
        &'a self,
        id: &'a ConflictId,
        request: &'a DecisionRequest,
    ) -> BoxFuture<'a, Result<Arc<ConflictEntry>, DecideError>> {
        Box::pin(async move {
            let decision = self.core.decide(id, request).await?;
            let insight = self.core.insight_or_kept(&decision.key)?;
            insight.and_then(|insight| insight.conflict.clone()).ok_or_else(|| DecideError::NoSuchConflict(id.clone()))
        })
    }

    fn subscribe_updates(&self) -> ConflictUpdates {
        ConflictUpdates(self.subscribe())
    }
}

impl EngineHandle {
    /// Conflicts: those that wait for a person first, the one whose answer teaches most before all others. `all` adds the decided, by key.
    ///
    /// # Errors
    /// When the store itself fails.
    pub fn conflicts(&self, all: bool) -> Result<Vec<Arc<ConflictEntry>>, EngineError> {
        let core = &self.core;
        core.load()?;
        let now = core.now();
        let mut found = Vec::new();
        core.resolve_matching(None, may_differ, now, |insight| found.extend(insight.conflict))?;
        found.extend(core.kept_conflicts(now));
        found.extend(core.change_conflicts());
        let (pending, mut decided): (Vec<_>, Vec<_>) =
            found.into_iter().partition(|conflict| conflict.resolution == ResolutionState::Pending);
        let mut listed = core.most_teaching_first(&pending, now);
        if all {
            decided.sort_by(|one, other| one.key.cmp(&other.key).then(one.class.cmp(&other.class)));
            listed.extend(decided);
        }
        Ok(listed)
    }

    /// Conflicts between a queued change and what its target holds, in the order in which they are to be asked about.
    #[must_use]
    pub fn changes_that_wait(&self) -> Vec<Arc<ConflictEntry>> {
        self.core.most_teaching_first(&self.core.change_conflicts(), self.core.now())
    }

    /// The conflicts whose id begins so, decided or not.
    ///
    /// # Errors
    /// When the store itself fails.
    pub fn conflicts_named(&self, prefix: &str) -> Result<Vec<Arc<ConflictEntry>>, EngineError> {
        let mut found = Vec::new();
        for key in self.core.contested_keys(prefix)? {
            found.extend(self.core.insight_or_kept(&key)?.and_then(|insight| insight.conflict.clone()));
        }
        found.extend(self.core.change_conflicts().into_iter().filter(|conflict| conflict.id.has_prefix(prefix)));
        Ok(found)
    }

    /// What a decision would be; makes none.
    ///
    /// # Errors
    /// Why there can be none.
    pub fn would_decide(&self, id: &ConflictId, request: &DecisionRequest) -> Result<Decision, DecideError> {
        self.core.would_decide(id, request)
    }

    /// Takes the newest decision back on the one conflict whose id begins so; what it taught goes with it.
    ///
    /// # Errors
    /// When nothing was decided there.
    pub async fn undo_decision(&self, id: &str, author: &Author) -> Result<Arc<Decision>, DecideError> {
        self.core.undo_decision(id, author).await
    }

    /// The newest decision on a conflict of a key, whether it holds or not.
    #[must_use]
    pub fn decision_on(&self, key: &Key, class: ConflictClass) -> Option<Arc<Decision>> {
        self.core.desk.state().decisions().newest(key, class).cloned()
    }

    /// Every decision that was not taken back, oldest first.
    #[must_use]
    pub fn decisions(&self) -> Vec<Arc<Decision>> {
        self.core.desk.state().decisions().all().cloned().collect()
    }
}

impl Core {
    /// In the order in which they are to be asked about.
    pub(super) fn most_teaching_first(&self, conflicts: &[Arc<ConflictEntry>], now: Timestamp) -> Vec<Arc<ConflictEntry>> {
        self.most_teaching_first_in_steps(conflicts, now, || ())
    }

    /// The same; `between` is done again and again while they are gone through.
    pub(super) fn most_teaching_first_in_steps(
        &self,
        conflicts: &[Arc<ConflictEntry>],
        now: Timestamp,
        mut between: impl FnMut(),
    ) -> Vec<Arc<ConflictEntry>> {
        let field_of = |key| FieldName::text_of(key, self.rules.rule(key));
        let in_steps = conflicts.iter().enumerate().map(|(at, conflict)| {
            if at % STEP == 0 {
                between();
            }
            &**conflict
        });
        let asked = most_teaching_first(in_steps, field_of, &self.belief(now).table);
        asked.iter().filter_map(|question| conflicts.get(question.at).map(Arc::clone)).collect()
    }

    /// What is believed of a key, also where only the copy of an open conflict is left of it.
    pub(super) fn insight_or_kept(&self, key: &Key) -> Result<Option<Arc<Insight>>, EngineError> {
        let now = self.now();
        if let Some(insight) = self.insight(key, now)? {
            return Ok(Some(insight));
        }
        let slots = self.kept_slots(key);
        Ok(self.resolve(key, &slots, &self.standings(now), now).map(Arc::new))
    }
}
