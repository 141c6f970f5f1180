//! One attempt at a change: from the lease to what is written down of it, and to what is believed of it from then on.
//!
//! Invariants: where the outcome of an attempt is not known the target is looked at before it is sent to again; what is intended is in the
//! log before it is done; what came of it is in the log before it is seen.

use std::{panic::AssertUnwindSafe, sync::Arc, time::Duration};

use futures_util::FutureExt as _;

use crate::fact::{Base, ClassOfValue, Command, CommandId, CommandState, Content, Observation, Policy, SourceId, Timestamp};

use super::{
    api::EngineEvent,
    core::{Core, SourceSlot},
    queue::{OfSource, QueueState, Step, Surroundings, What, after, looked},
    source::{Answer, Change, Delivery, Prepared, SourceError},
    store::StoreOp,
};

/// What is added to a source's own bound before an attempt is given up.
const GRACE: Duration = Duration::from_millis(500);
/// A source that answered something this recently is up: what fails meanwhile fails by itself.
const ANSWERS_OTHERS: Duration = Duration::from_secs(30);

impl Core {
    /// One attempt, from the lease to what is written down of it.
    pub(super) async fn fly(self: &Arc<Self>, id: CommandId, uncertain: bool) {
        let Some(command) = self.desk.state().get(id).cloned() else { return };
        let Some(at) = self.position(&command.source) else { return };
        let slot = &self.sources[at];
        let turns = self.desk.sources.turns(&slot.id, self.parallel(at));
        // Nobody closes it: without a permit it is sent all the same, which is only one more at a time.
        let _turn = turns.acquire().await.ok();
        if self.desk.is_closing() {
            // Nothing was sent yet, so nothing is uncertain but what was before.
            let waits = Step::Waits { next_at: None, reason: command.reason, uncertain };
            self.settle(|_| Ok((vec![What::Step(id, waits)], vec![id]))).await;
            return;
        }
        if uncertain {
            match self.look(slot, &command).await {
                None => {}
                Some(Ok(current)) => {
                    if let Some(steps) = self.with_surroundings(&command, at, |around| looked(&command, &current, around)) {
                        return self.end(&command, at, steps, OfSource::Answers).await;
                    }
                }
                Some(Err(error)) => {
                    let outcome = Delivery::Unavailable { error, maybe_applied: true };
                    let (steps, of) = self.with_surroundings(&command, at, |around| after(&command, &outcome, around));
                    return self.end(&command, at, steps, of).await;
                }
            }
        }
        let outcome = self.attempt(slot, &command).await;
        let (steps, of) = self.with_surroundings(&command, at, |around| after(&command, &outcome, around));
        self.end(&command, at, steps, of).await;
    }

    /// What the target holds now; none where nobody can look.
    async fn look(&self, slot: &SourceSlot, command: &Command) -> Option<Result<Base, SourceError>> {
        let reading = slot.source.reread(&command.key)?;
        let bound = slot.config.timeout.saturating_add(GRACE);
        Some(match tokio::time::timeout(bound, AssertUnwindSafe(reading).catch_unwind()).await {
            Ok(Ok(found)) => found.map(Base::found),
            Ok(Err(_panic)) => Err(fault(&slot.id)),
            Err(_elapsed) => Err(slow(bound)),
        })
    }

    async fn attempt(&self, slot: &SourceSlot, command: &Command) -> Delivery {
        let rule = self.rules.rule(&command.key);
        let secret = ClassOfValue::of(&command.key, rule) == ClassOfValue::Secret;
        let guard = self.desk.state().guard(command);
        let mut change = Change {
            id: command.id.to_string().into(),
            idempotency_key: command.id.idempotency_key().into(),
            key: command.key.clone(),
            value: command.value.clone(),
            base: command.base.clone(),
            guard,
            intended: command.intended.clone(),
            compare: rule.map(|rule| rule.compare.clone()).unwrap_or_default(),
            secret,
            attempt: command.tries + 1,
        };
        let bound = slot.config.timeout.saturating_add(GRACE);
        let prepared = match slot.source.prepare(&change) {
            Some(prepare) => Some(tokio::time::timeout(bound, prepare).await),
            None => None,
        };
        if let Some(prepared) = prepared {
            match prepared {
                Ok(Ok(Prepared { digest })) => {
                    if change.intended.as_ref() != Some(&digest) {
                        let step = What::Step(command.id, Step::Intended(Arc::clone(&digest)));
                        if !self.settle(|_| Ok((vec![step], Vec::new()))).await {
                            return Delivery::Unprepared;
                        }
                    }
                    change.intended = Some(digest);
                }
                Ok(Err(outcome)) => return outcome,
                Err(_elapsed) => return Delivery::Unavailable { error: slow(bound), maybe_applied: false },
            }
        }
        let Some(delivery) = slot.source.deliver(&change) else {
            return Delivery::Refused { answer: Answer::new(None, "the source takes no change of this key") };
        };
        // A look and a write may each take as long as the source allows.
        let bound = slot.config.timeout.saturating_mul(2).saturating_add(GRACE);
        match tokio::time::timeout(bound, AssertUnwindSafe(delivery).catch_unwind()).await {
            Ok(Ok(outcome)) => outcome,
            Ok(Err(_panic)) => Delivery::Poison { answer: Answer::new(None, &fault(&slot.id).message), maybe_applied: true },
            Err(_elapsed) => Delivery::Unavailable { error: slow(bound), maybe_applied: true },
        }
    }

    fn with_surroundings<T>(&self, command: &Command, at: usize, with: impl FnOnce(&Surroundings<'_>) -> T) -> T {
        let rule = self.rules.rule(&command.key);
        let (compare, policy) = rule.map(|rule| (rule.compare.clone(), rule.policy.clone())).unwrap_or_default();
        let own: Vec<Base> = self.desk.state().own_values(command).cloned().collect();
        let mut random = [0; 8];
        self.options.rng.fill(&mut random);
        let mono = self.options.clock.monotonic();
        with(&Surroundings {
            config: &self.options.config.queue,
            now: self.now(),
            answers_others: self.desk.sources.answered_within(&self.sources[at].id, mono, ANSWERS_OTHERS),
            random: u64::from_le_bytes(random),
            compare: &compare,
            policy: if rule.is_some() { &policy } else { &Policy::Auto },
            own: &own,
        })
    }

    /// Writes down what came of an attempt, then lets it be seen.
    async fn end(self: &Arc<Self>, command: &Command, at: usize, steps: Vec<Step>, of: OfSource) {
        let (now, mono) = (self.now(), self.options.clock.monotonic());
        self.learn(at, of, mono).await;
        let delivered =
            steps.iter().find_map(|step| if let Step::Delivered { revision, .. } = step { Some(revision.clone()) } else { None });
        if delivered.is_some() {
            self.desk.sources.remember_written(&command.source, &command.key, &command.value, mono);
        }
        for step in &steps {
            if let Step::Waits { next_at: Some(next), .. } = step {
                self.desk.sources.put_off(command.id, mono + next.since(now));
            }
        }
        let id = command.id;
        let decide = |state: &QueueState| {
            // It may have been decided otherwise meanwhile only where it is not in flight any more.
            let flying = state.get(id).is_some_and(|command| command.state == CommandState::InFlight);
            Ok(if flying { (steps.into_iter().map(|step| What::Step(id, step)).collect(), vec![id]) } else { (Vec::new(), Vec::new()) })
        };
        if !self.settle(decide).await {
            return;
        }
        if let Some(revision) = delivered {
            self.write_through(command, revision, now);
            if self.desk.state().line(&command.source, &command.key).next().is_none() {
                self.read_back_soon(at);
            }
        }
    }

    /// What the target accepted is what it says from now on, until it says otherwise.
    fn write_through(self: &Arc<Self>, command: &Command, revision: Option<Arc<str>>, now: Timestamp) {
        if let Err(error) = self.load() {
            self.events.emit(now, EngineEvent::Fault(error.to_string()));
            return;
        }
        let observation = Observation {
            key: command.key.clone(),
            source: command.source.clone(),
            content: Content::Value(command.value.clone()),
            observed_at: now,
            changed_at: now,
            fetched_at: now,
            revision,
            live: false,
            same_origin: None,
        };
        // In memory at once, on disk with the next write: the log has it, so the cache may be behind.
        let op = StoreOp::Put(observation);
        self.adopt(vec![op.clone()], false);
        self.desk.accepted(op);
        self.tell_changes(std::slice::from_ref(&command.key), now);
    }

    /// When nothing more goes to the source its answer is fetched once, so that what it accepted is read back.
    fn read_back_soon(&self, at: usize) {
        let id = &self.sources[at].id;
        if !self.desk.state().heads().any(|head| head.source == *id && head.state != CommandState::Blocked) {
            self.desk.sources.read_back(at);
        }
    }
}

fn slow(bound: Duration) -> SourceError {
    let message = format!("no answer within {bound:?}; raise timeout in its [[source]] if it is slow by nature");
    SourceError { code: "timeout", message, retry_after: None }
}

fn fault(source: &SourceId) -> SourceError {
    let message = format!("sending to {source} failed inside stellar. This is a bug worth reporting");
    SourceError { code: "fault", message, retry_after: None }
}
