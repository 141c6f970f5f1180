//! One attempt at a change: from the lease to what is written down of it, and to what is believed of it from then on.
//!
//! Invariants: where the outcome of an attempt is not known the target is looked at before it is sent to again; what is intended is in the
//! log before it is done; what a target accepted is believed as soon as the change is found delivered.

use std::{panic::AssertUnwindSafe, sync::Arc, time::Duration};

use futures_util::FutureExt as _;

use crate::fact::{Base, ClassOfValue, Command, CommandId, CommandState, Key, Operation, Policy, SourceId};

use super::{
    accepted::accepted,
    api::EngineEvent,
    commit::key_of,
    core::{Core, SourceSlot},
    queue::{OfSource, QueueState, Step, Surroundings, What, after, looked},
    source::{Answer, Change, Delivery, Prepared, SourceError},
    store::StoreOp,
};

/// What is added to a source's own bound before an attempt is given up.
const GRACE: Duration = Duration::from_millis(500);
/// A source that answered something this recently is up: what fails meanwhile fails by itself.
const ANSWERS_OTHERS: Duration = Duration::from_secs(30);

/// An attempt that ended: at what, what follows from it, what it says of the source.
struct Ended {
    command: Command,
    steps: Vec<Step>,
    of: OfSource,
}

impl Core {
    /// One attempt at each of these, all of one source, from the lease to what is written down of it; whether an earlier one may have reached
    /// the target stands beside each.
    pub(super) async fn fly(self: &Arc<Self>, leased: Vec<(CommandId, bool)>) {
        let commands: Vec<(Command, bool)> = {
            let state = self.desk.state();
            leased.into_iter().filter_map(|(id, uncertain)| Some((state.get(id)?.clone(), uncertain))).collect()
        };
        let Some(at) = commands.first().and_then(|(command, _)| self.position(&command.source)) else { return };
        let slot = &self.sources[at];
        let turns = self.desk.sources.turns(&slot.id, self.parallel(at));
        // Nobody closes it: without a permit it is sent all the same, which is only one more at a time.
        let _turn = turns.acquire().await.ok();
        if self.desk.is_closing() {
            // Nothing was sent yet, so nothing is uncertain but what was before.
            let waits = |(command, uncertain): &(Command, bool)| {
                What::Step(command.id, Step::Waits { next_at: None, reason: command.reason, uncertain: *uncertain })
            };
            let ids = commands.iter().map(|(command, _)| command.id).collect();
            self.settle(|_| Ok((commands.iter().map(waits).collect(), ids))).await;
            return;
        }
        let (mut left, mut ended) = (Vec::with_capacity(commands.len()), Vec::new());
        for (command, uncertain) in commands {
            let found = if uncertain { self.look_first(slot, at, &command).await } else { None };
            match found {
                Some((steps, of)) => ended.push(Ended { command, steps, of }),
                None => left.push(command),
            }
        }
        for (command, outcome) in self.attempt_all(slot, left).await {
            let (steps, of) = self.with_surroundings(&command, at, |around| after(&command, &outcome, around));
            ended.push(Ended { command, steps, of });
        }
        self.end(at, ended).await;
    }

    /// What follows from looking at the target where an earlier attempt may have reached it; none: it may be sent.
    async fn look_first(&self, slot: &SourceSlot, at: usize, command: &Command) -> Option<(Vec<Step>, OfSource)> {
        match self.look(slot, command).await? {
            Ok(current) => {
                let steps = self.with_surroundings(command, at, |around| looked(command, &current, around))?;
                Some((steps, OfSource::Answers))
            }
            Err(error) => {
                let outcome = Delivery::Unavailable { error, maybe_applied: true };
                Some(self.with_surroundings(command, at, |around| after(command, &outcome, around)))
            }
        }
    }

    /// What the target holds now; none where nobody can look.
    async fn look(&self, slot: &SourceSlot, command: &Command) -> Option<Result<Base, SourceError>> {
        let reading = slot.source.reread(&command.key)?;
        let bound = slot.config.timeout.saturating_add(GRACE);
        let found = tokio::time::timeout(bound, AssertUnwindSafe(reading).catch_unwind()).await;
        if let (Ok(Ok(Ok(_))), Some(at)) = (&found, self.position(&slot.id)) {
            // Another request that was answered: what fails beside it fails by itself.
            self.learn(at, OfSource::Answers, self.options.clock.monotonic()).await;
        }
        Some(match found {
            Ok(Ok(found)) => found.map(Base::found),
            Ok(Err(_panic)) => Err(fault(&slot.id)),
            Err(_elapsed) => Err(slow(bound)),
        })
    }

    fn change_of(&self, command: &Command) -> Change {
        let rule = self.rules.rule(&command.key);
        Change {
            id: command.id.to_string().into(),
            idempotency_key: command.id.idempotency_key().into(),
            key: command.key.clone(),
            value: command.value.clone(),
            base: command.base.clone(),
            guard: self.desk.state().guard(command),
            intended: command.intended.clone(),
            compare: rule.map(|rule| rule.compare.clone()).unwrap_or_default(),
            secret: ClassOfValue::of(&command.key, rule) == ClassOfValue::Secret,
            attempt: command.tries + 1,
        }
    }

    /// Sends them: one by one, or as one where the source takes several at once.
    async fn attempt_all(&self, slot: &SourceSlot, commands: Vec<Command>) -> Vec<(Command, Delivery)> {
        let mut attempted = Vec::with_capacity(commands.len());
        if commands.len() > 1 {
            let changes: Vec<Change> = commands.iter().map(|command| self.change_of(command)).collect();
            if let Some(outcomes) = self.attempt_together(slot, &commands, changes).await {
                return commands.into_iter().zip(outcomes).collect();
            }
        }
        for command in commands {
            let outcome = self.attempt(slot, &command).await;
            attempted.push((command, outcome));
        }
        attempted
    }

    /// As [`Core::attempt`], of several at once: what is intended of all of them is one append to the log, and so is what came of it. None where
    /// they are to be taken one by one.
    async fn attempt_together(&self, slot: &SourceSlot, commands: &[Command], mut changes: Vec<Change>) -> Option<Vec<Delivery>> {
        let bound = slot.config.timeout.saturating_add(GRACE);
        let count = changes.len();
        let prepared = match tokio::time::timeout(bound, slot.source.prepare_all(&changes)?).await {
            Ok(prepared) => prepared,
            // What takes too long together may not take too long one by one.
            Err(_elapsed) => return None,
        };
        // What nothing is said of was not done.
        let mut outcomes = vec![Delivery::Unprepared; count];
        let (mut going, mut intents) = (Vec::with_capacity(count), Vec::new());
        for (at, prepared) in prepared.into_iter().enumerate().take(count) {
            match prepared {
                Err(outcome) => outcomes[at] = outcome,
                Ok(Prepared { digest }) => {
                    if changes[at].intended.as_ref() != Some(&digest) {
                        intents.push(What::Step(commands[at].id, Step::Intended(Arc::clone(&digest))));
                    }
                    changes[at].intended = Some(digest);
                    going.push(at);
                }
            }
        }
        if going.is_empty() || (!intents.is_empty() && !self.settle(|_| Ok((intents, Vec::new()))).await) {
            return Some(outcomes);
        }
        let sent: Vec<Change> = going.iter().map(|at| changes[*at].clone()).collect();
        // A look and a write may each take as long as the source allows.
        let bound = slot.config.timeout.saturating_mul(2).saturating_add(GRACE);
        let delivered = match slot.source.deliver_all(&sent) {
            Some(delivery) => tokio::time::timeout(bound, AssertUnwindSafe(delivery).catch_unwind()).await,
            None => return Some(outcomes),
        };
        let delivered = match delivered {
            Ok(Ok(delivered)) => delivered,
            Ok(Err(_panic)) => {
                vec![Delivery::Poison { answer: Answer::new(None, &fault(&slot.id).message), maybe_applied: true }; sent.len()]
            }
            Err(_elapsed) => vec![Delivery::Unavailable { error: slow(bound), maybe_applied: true }; sent.len()],
        };
        for (at, outcome) in going.into_iter().zip(delivered) {
            outcomes[at] = outcome;
        }
        Some(outcomes)
    }

    async fn attempt(&self, slot: &SourceSlot, command: &Command) -> Delivery {
        let mut change = self.change_of(command);
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

    /// Writes down what came of attempts at one source, then lets it be seen.
    async fn end(self: &Arc<Self>, at: usize, ended: Vec<Ended>) {
        let (now, mono) = (self.now(), self.options.clock.monotonic());
        // They were one attempt at the source, whatever came of each.
        let said = |of: fn(&OfSource) -> bool| ended.iter().map(|one| one.of).find(of);
        let of = said(|of| matches!(of, OfSource::Refuses))
            .or_else(|| said(|of| matches!(of, OfSource::Answers)))
            .or_else(|| said(|of| matches!(of, OfSource::Fails(_))));
        self.learn(at, of.unwrap_or(OfSource::Nothing), mono).await;
        let mut arrived: Vec<StoreOp> = Vec::new();
        for Ended { command, steps, .. } in &ended {
            for step in steps {
                match step {
                    Step::Waits { next_at: Some(next), .. } => self.desk.sources.put_off(command.id, mono + next.since(now)),
                    // A note is about a fact and gives it no value.
                    Step::Delivered { revision, .. } if command.operation == Operation::Set => {
                        self.desk.sources.remember_written(&command.source, &command.key, &command.value, mono);
                        arrived.push(StoreOp::Put(accepted(command.clone(), revision.clone(), now)));
                    }
                    _ => {}
                }
            }
        }
        if !arrived.is_empty()
            && let Err(error) = self.load()
        {
            // What was accepted is in the log; it is believed again when the source is asked.
            self.events.emit(now, EngineEvent::Fault(error.to_string()));
            arrived.clear();
        }
        let decide = |state: &QueueState| {
            let (mut whats, mut ids) = (Vec::new(), Vec::new());
            for Ended { command, steps, .. } in ended {
                // It may have been decided otherwise meanwhile only where it is not in flight any more.
                if state.get(command.id).is_some_and(|command| command.state == CommandState::InFlight) {
                    whats.extend(steps.into_iter().map(|step| What::Step(command.id, step)));
                    ids.push(command.id);
                }
            }
            // What the target accepted is what it says from now on, until it says otherwise. Whoever finds the change delivered waited for
            // this, so nobody finds it delivered and believes what was there before.
            self.adopt(arrived.clone(), false);
            Ok((whats, ids))
        };
        if !self.settle(decide).await || arrived.is_empty() {
            return;
        }
        let keys: Vec<Key> = arrived.iter().map(|op| key_of(op).clone()).collect();
        // In memory at once, on disk with the next write: the log has it, so the cache may be behind.
        arrived.into_iter().for_each(|op| self.desk.accepted(op));
        self.tell_changes(&keys, now);
        let source = &self.sources[at].id;
        if keys.iter().any(|key| self.desk.state().line(source, key).next().is_none()) {
            self.read_back_soon(at);
        }
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
