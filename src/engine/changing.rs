//! What a front asks of the queue, on the handle.

use std::{sync::Arc, time::Duration};

use crate::fact::{
    Author, Base, Candidate, Command, CommandId, CommandState, Confidence, ConflictClass, ConflictEntry, ConflictId, Key, ReasonCode,
    ResolutionState, ScoreBasis, SourceId, Validity, Value,
};

use super::{
    core::Core,
    handle::EngineHandle,
    queue::{ChangeRequest, Plan, QueueError, QueueState, QueueStatus, Treatment},
};

impl EngineHandle {
    /// What a change would do; changes nothing.
    ///
    /// # Errors
    /// Why it cannot be done.
    pub fn plan(&self, request: &ChangeRequest) -> Result<Plan, QueueError> {
        self.core.plan(request)
    }

    /// Queues changes, all or none; answered when they are on disk. One that was asked for before under the same id is not queued again.
    ///
    /// # Errors
    /// Why the first of them cannot be done.
    pub async fn change(&self, requests: &[ChangeRequest]) -> Result<Vec<Arc<Command>>, QueueError> {
        self.core.ask_for(requests).await
    }

    /// Waits until none of these is on its way any more - delivered, ended, or waiting for a person or for a source that cannot be reached - but
    /// not longer than that. An engine that does not poll sends meanwhile itself.
    pub async fn wait_for(&self, ids: &[CommandId], at_most: Duration) -> Vec<Arc<Command>> {
        let core = &self.core;
        let on_its_way = |state: &QueueState| ids.iter().any(|id| state.get(*id).is_some_and(|command| core.is_on_its_way(state, command)));
        let settled = async {
            if core.options.polling || !core.may_send() {
                let mut events = core.events.subscribe();
                while on_its_way(&core.desk.state()) {
                    // Missed events are as good a reason to look as any.
                    let _ = events.recv().await;
                }
            } else {
                core.drain(|state| !on_its_way(state)).await;
            }
        };
        if at_most.is_zero() || !on_its_way(&core.desk.state()) {
            return self.commands_of(ids);
        }
        if core.options.polling || !core.may_send() {
            let _ = tokio::time::timeout(at_most, settled).await;
        } else {
            // What is in flight when the time is up is brought to its end: cut off, its outcome would be unknown.
            tokio::select! {
                () = settled => {}
                () = async {
                    tokio::time::sleep(at_most).await;
                    let _paused = core.desk.pause();
                    std::future::pending::<()>().await;
                } => {}
            }
        }
        self.commands_of(ids)
    }

    /// Whether it moves by itself as things are.
    #[must_use]
    pub fn is_on_its_way(&self, command: &Command) -> bool {
        self.core.is_on_its_way(&self.core.desk.state(), command)
    }

    /// Sends what is due at this moment.
    pub(super) async fn send_due(&self) {
        self.core.send_due().await;
    }

    fn commands_of(&self, ids: &[CommandId]) -> Vec<Arc<Command>> {
        let state = self.core.desk.state();
        ids.iter().filter_map(|id| state.get(*id)).map(|command| Arc::new(command.clone())).collect()
    }

    /// Every command in one of these states (none: all), in the order in which they were asked for.
    #[must_use]
    pub fn commands(&self, states: &[CommandState]) -> Vec<Arc<Command>> {
        let state = self.core.desk.state();
        let wanted = state.all().filter(|command| states.is_empty() || states.contains(&command.state));
        wanted.map(|command| Arc::new(command.clone())).collect()
    }

    /// The one command whose id ends so.
    ///
    /// # Errors
    /// When there is none, or more than one.
    pub fn command(&self, id: &str) -> Result<Arc<Command>, QueueError> {
        let id = self.core.command_named(id)?;
        self.commands_of(&[id]).pop().ok_or_else(|| QueueError::NoSuchCommand(id.to_string()))
    }

    /// A command's id, as short as tells it from the others.
    #[must_use]
    pub fn shown(&self, id: CommandId) -> String {
        self.core.desk.state().shown(id)
    }

    /// Does something to a command.
    ///
    /// # Errors
    /// When there is none, or it cannot be done where it stands.
    pub async fn treat(&self, id: &str, treatment: &Treatment, author: &Author) -> Result<Arc<Command>, QueueError> {
        let id = self.core.command_named(id)?;
        self.core.treat(id, treatment, author).await
    }

    /// Takes back this user's newest undelivered change, or the one that is named; a delivered one, when agreed to, by a change of its own under
    /// the id `fresh`.
    ///
    /// # Errors
    /// When there is nothing to take back, or it is to be agreed to.
    pub async fn undo(&self, which: Option<&str>, agreed: bool, fresh: CommandId, author: &Author) -> Result<Arc<Command>, QueueError> {
        let which = which.map(|text| self.core.command_named(text)).transpose()?;
        self.core.undo(which, agreed, fresh, author).await
    }

    /// Makes the change again that this user took back last, under the id `fresh`.
    ///
    /// # Errors
    /// When there is none.
    pub async fn redo(&self, fresh: CommandId, author: &Author) -> Result<Arc<Command>, QueueError> {
        self.core.redo(fresh, author).await
    }

    /// Stops all sending, or lets it go on.
    ///
    /// # Errors
    /// When it cannot be written down.
    pub async fn hold(&self, held: bool, author: &Author) -> Result<(), QueueError> {
        self.core.hold(held, author).await
    }

    /// Tries everything that waits now, and waits for that as long as it moves, at most so long. Answers what is still under way.
    pub async fn flush(&self, at_most: Duration) -> Vec<Arc<Command>> {
        self.core.desk.flush();
        let ids: Vec<CommandId> = self.core.desk.state().all().filter(|command| command.state.is_under_way()).map(|one| one.id).collect();
        self.wait_for(&ids, at_most).await.into_iter().filter(|command| command.state.is_under_way()).collect()
    }

    /// Freezes belief in a key, or lets it move again.
    ///
    /// # Errors
    /// When it is not locked, or cannot be written down.
    pub async fn lock(&self, key: &Key, locked: bool, author: &Author) -> Result<(), QueueError> {
        self.core.lock_belief(key, locked, author).await
    }

    /// How the queue stands.
    #[must_use]
    pub fn queue_status(&self) -> QueueStatus {
        self.core.queue_status(self.core.now())
    }

    /// Sources that take changes of a key.
    #[must_use]
    pub fn takers(&self, key: &Key) -> Vec<SourceId> {
        self.core.takers(key)
    }

    /// Decides a change whose target moved: by the id of its conflict, and its digest where that was seen.
    ///
    /// # Errors
    /// [`QueueError::NoSuchCommand`] when nothing waits for that decision; [`QueueError::Moved`] when the digest is another by now.
    pub async fn decide_change(
        &self,
        conflict: &ConflictId,
        digest: Option<&str>,
        treatment: &Treatment,
        author: &Author,
    ) -> Result<Arc<Command>, QueueError> {
        let blocked = self.core.blocked(conflict).ok_or_else(|| QueueError::NoSuchCommand(conflict.to_string()))?;
        let now = digest_of(&blocked);
        if digest.is_some_and(|seen| seen != &*now) {
            return Err(QueueError::Moved { id: conflict.to_string(), digest: now.to_string() });
        }
        self.core.treat(blocked.id, treatment, author).await
    }
}

impl Core {
    /// Whether it moves by itself as things are: not while sending is stopped, its source is known not to take anything now, or what goes before
    /// it waits for a person.
    fn is_on_its_way(&self, state: &QueueState, command: &Command) -> bool {
        match command.state {
            CommandState::InFlight => true,
            CommandState::Queued => {
                let mono = self.options.clock.monotonic();
                state.held().is_none() && !self.desk.sources.is_left_alone(&command.source, mono) && !state.is_behind_a_question(command)
            }
            _ => false,
        }
    }

    fn blocked(&self, conflict: &ConflictId) -> Option<Command> {
        let state = self.desk.state();
        let waiting = state
            .all()
            .find(|command| command.state == CommandState::Blocked && ConflictId::of(&command.key, class_of(command)) == *conflict);
        waiting.cloned()
    }

    /// Conflicts between a queued change and what its target holds now, the oldest of each key.
    pub(super) fn change_conflicts(&self) -> Vec<Arc<ConflictEntry>> {
        let blocked: Vec<Command> = self.desk.state().all().filter(|command| command.state == CommandState::Blocked).cloned().collect();
        let mut entries: Vec<Arc<ConflictEntry>> = Vec::new();
        for command in blocked {
            if entries.iter().any(|entry| entry.key == command.key) {
                continue;
            }
            let insight = self.insight(&command.key, self.now()).ok().flatten();
            let confidence = insight.and_then(|insight| insight.confidence).unwrap_or_else(|| self.unscored());
            let candidate = |value: &Value, source: SourceId, score: f64| Candidate { value: value.clone(), sources: vec![source], score };
            let mut candidates = Vec::new();
            if let Base::Value(theirs) = &command.theirs {
                candidates.push(candidate(theirs, command.source.clone(), confidence.score));
            }
            if let Ok(mine) = SourceId::new("local") {
                candidates.push(candidate(&command.value, mine, 0.0));
            }
            entries.push(Arc::new(ConflictEntry {
                id: ConflictId::of(&command.key, class_of(&command)),
                key: command.key.clone(),
                class: class_of(&command),
                digest: digest_of(&command),
                resolution: ResolutionState::Pending,
                candidates,
                winner: command.source.clone(),
                margin: 0.0,
                confidence,
                reason_codes: vec![match command.theirs {
                    Base::Absent => ReasonCode::TargetDeleted,
                    Base::Unknown | Base::Value(_) => ReasonCode::ChangeBaseMoved,
                }],
                last_updated: command.since,
                change: Some(command.id),
            }));
        }
        entries
    }

    fn unscored(&self) -> Confidence {
        let basis = ScoreBasis {
            age: Duration::ZERO,
            half_life: Duration::ZERO,
            trust: 0.0,
            validity: Validity::NoSchema,
            alignment: None,
            accepts: 0,
            rejects: 0,
        };
        Confidence::score(&self.options.config.confidence.weights, &basis)
    }
}

/// A change whose target no longer has the key is an edit against a deletion: no rule decides that.
pub(super) fn class_of(command: &Command) -> ConflictClass {
    if matches!(command.theirs, Base::Absent) { ConflictClass::Delete } else { ConflictClass::Change }
}

/// 16 hexadecimal characters over what the change starts from, what it brings and what its target holds.
fn digest_of(command: &Command) -> Arc<str> {
    let mut hasher = blake3::Hasher::new();
    hasher.update(b"stellar change 1\0");
    for part in [&command.base, &Base::Value(command.value.clone()), &command.theirs] {
        let text = part.value().map_or("", Value::as_json_text);
        hasher.update(&(text.len() as u64).to_le_bytes()).update(text.as_bytes());
    }
    hasher.finalize().to_hex().as_str().get(..16).unwrap_or_default().into()
}
