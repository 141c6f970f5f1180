//! Sending: takes what is due from the queue, has its source deliver it, and writes down what came of it.
//!
//! Invariants: a lease is on disk before anything is sent, so an outcome that was not written down is known to be unknown; then the target is
//! looked at before it is sent to again. One command of a key is in flight at a time. A source that cannot be reached is probed by reads,
//! never by commands.

use std::{panic::AssertUnwindSafe, sync::Arc, time::Duration};

use futures_util::FutureExt as _;
use tokio::task::JoinSet;

use crate::{
    config::SourceKind,
    fact::{Base, ClassOfValue, Command, CommandId, CommandReason, CommandState, Content, Key, Observation, Policy, SourceId, Timestamp},
};

use super::{
    api::EngineEvent,
    core::{Core, SourceSlot},
    queue::{OfSource, QueueError, QueueState, SourceQueue, Step, Surroundings, What, after, looked},
    source::{Answer, Change, Delivery, Prepared, SourceError},
    store::StoreOp,
};

/// What is added to a source's own bound before an attempt is given up.
const GRACE: Duration = Duration::from_millis(500);
/// A source that answered something this recently is up: what fails meanwhile fails by itself.
const ANSWERS_OTHERS: Duration = Duration::from_secs(30);
/// How many times as many are leased as are sent at once.
const AHEAD: usize = 4;
/// How long a dispatcher sleeps at the most.
const LONGEST: Duration = Duration::from_secs(60);
/// How long deliveries may take to end when the engine stops.
const LAST: Duration = Duration::from_secs(2);

/// What one look at the queue comes to.
struct Due {
    /// To be sent now: which, and whether an earlier attempt may have reached the target.
    now: Vec<(CommandId, bool)>,
    /// To be stopped instead: too old, or nobody takes it any more.
    stop: Vec<(CommandId, CommandReason)>,
    /// Sources to be probed.
    probe: Vec<usize>,
    /// How long nothing more is due.
    wait: Duration,
}

impl Core {
    /// Whether this engine sends at all.
    pub(super) fn sends(&self) -> bool {
        self.options.polling && self.may_send()
    }

    /// Whether this engine may send: not when offline was asked for, nor for a configuration that is not trusted.
    pub(super) fn may_send(&self) -> bool {
        !self.options.offline && self.options.config.trusted
    }

    /// Sends what is due, for good.
    pub(super) async fn run_sending(self: Arc<Self>) {
        self.drain(|_| false).await;
    }

    /// Sends what is due until `enough` of the queue; what is in flight then is brought to its end.
    pub(super) async fn drain(self: &Arc<Self>, enough: impl Fn(&QueueState) -> bool) {
        let _alone = self.desk.sender.lock().await;
        self.recover_leases().await;
        let mut flights: JoinSet<()> = JoinSet::new();
        loop {
            if enough(&self.desk.state()) || self.desk.is_closing() {
                break;
            }
            if self.desk.take_strays() {
                self.recover_leases().await;
            }
            let due = self.due();
            let wait = due.wait;
            self.launch(due, &mut flights).await;
            self.keep_accepted(&mut flights);
            tokio::select! {
                () = self.desk.wake.notified() => {}
                Some(_) = flights.join_next(), if !flights.is_empty() => {}
                () = tokio::time::sleep(wait) => {}
            }
        }
        self.keep_accepted(&mut flights);
        let ended = async {
            while flights.join_next().await.is_some() {
                self.keep_accepted(&mut flights);
            }
        };
        // What does not end in time is uncertain, and is looked at before it is sent again.
        let _ = tokio::time::timeout(LAST, ended).await;
    }

    /// What was in flight when a process ended goes on, with its outcome unknown.
    async fn recover_leases(&self) {
        let decide = |state: &QueueState| {
            let flying = state.all().filter(|command| command.state == CommandState::InFlight && !self.desk.is_active(command.id));
            let ids: Vec<CommandId> = flying.map(|command| command.id).collect();
            let waits = || Step::Waits { next_at: None, reason: None, uncertain: true };
            Ok((ids.iter().map(|id| What::Step(*id, waits())).collect(), ids))
        };
        self.settle(decide).await;
    }

    /// Writes steps down and tells of them; a log that refuses is said, and what it refused is as if it never was.
    async fn settle(&self, decide: impl FnOnce(&QueueState) -> Result<(Vec<What>, Vec<CommandId>), QueueError>) -> bool {
        match self.desk.change(self.now(), decide).await {
            Ok(ids) => {
                if !ids.is_empty() {
                    self.tell_commands(&ids);
                }
                true
            }
            Err(error) => {
                let said = format!("the queue could not be written, nothing is sent until it can: {error}");
                self.events.emit(self.now(), EngineEvent::Fault(said));
                false
            }
        }
    }

    fn due(&self) -> Due {
        let (now, mono) = (self.now(), self.options.clock.monotonic());
        let state = self.desk.state();
        let mut due = Due { now: Vec::new(), stop: Vec::new(), probe: Vec::new(), wait: LONGEST };
        if state.held().is_some() || self.desk.is_stale() {
            return due;
        }
        let mut heads: Vec<&Command> = state.heads().collect();
        heads.sort_by_key(|head| (head.created_at, head.id));
        let mut flying = self.desk.active();
        let mut keys: Vec<Key> = flying.iter().filter_map(|id| state.get(*id)).map(|command| command.key.clone()).collect();
        let busy =
            |ids: &[CommandId], source: &SourceId| ids.iter().filter_map(|id| state.get(*id)).filter(|one| one.source == *source).count();
        for head in heads {
            if head.state != CommandState::Queued || flying.contains(&head.id) {
                continue;
            }
            let Some(at) = self.position(&head.source).filter(|at| self.takes(*at, &head.key)) else {
                due.stop.push((head.id, CommandReason::NoTarget));
                continue;
            };
            if head.deadline <= now && !head.uncertain {
                due.stop.push((head.id, CommandReason::TooOld));
                continue;
            }
            if let Some(wait) = self.desk.hold_off(&head.source, mono) {
                due.wait = due.wait.min(wait);
                if wait.is_zero() && !due.probe.contains(&at) && self.desk.take_probe(&head.source, mono) {
                    due.probe.push(at);
                }
                continue;
            }
            let wait = self.desk.waits(head, now, mono);
            if !wait.is_zero() {
                due.wait = due.wait.min(wait);
                continue;
            }
            // Leases are written down for some ahead of those that are sent: one sync for all of them.
            if busy(&flying, &head.source) >= self.parallel(at) * AHEAD || keys.contains(&head.key) {
                continue;
            }
            flying.push(head.id);
            keys.push(head.key.clone());
            due.now.push((head.id, head.uncertain));
        }
        due
    }

    /// How many are sent to one source at a time. A file is written as a whole, so there it is one: two at once would spoil each other's work.
    fn parallel(&self, at: usize) -> usize {
        match self.sources[at].config.kind {
            SourceKind::File(_) => 1,
            _ => usize::try_from(self.options.config.queue.parallel).unwrap_or(1).max(1),
        }
    }

    fn takes(&self, at: usize, key: &Key) -> bool {
        let slot = &self.sources[at];
        slot.config.enabled && slot.config.writable && slot.source.writes(key)
    }

    /// Writes the leases down, all at once, and starts what was leased.
    async fn launch(self: &Arc<Self>, due: Due, flights: &mut JoinSet<()>) {
        // A probe and a look at what was written ask the same.
        for at in due.probe.into_iter().chain(self.desk.take_read_backs()) {
            let core = Arc::clone(self);
            flights.spawn(async move {
                // What it says of the source is learned where every fetch is taken in.
                core.refresh_unit(core.sources[at].unit).await;
                core.desk.wake.notify_one();
            });
        }
        if due.now.is_empty() && due.stop.is_empty() {
            return;
        }
        let decide = |state: &QueueState| {
            let waits = |id: &CommandId| state.get(*id).is_some_and(|command| command.state == CommandState::Queued);
            let stop = |reason| Step::Stopped { state: CommandState::Parked, reason, by: None };
            let mut whats: Vec<What> = Vec::new();
            whats.extend(due.stop.iter().filter(|(id, _)| waits(id)).map(|(id, reason)| What::Step(*id, stop(*reason))));
            whats.extend(due.now.iter().filter(|(id, _)| waits(id)).map(|(id, _)| What::Step(*id, Step::Leased)));
            let moved = whats.iter().filter_map(|what| if let What::Step(id, _) = what { Some(*id) } else { None }).collect();
            Ok((whats, moved))
        };
        // Of what stands behind something refused nobody knows yet whether it is there at all.
        if !self.settle(decide).await || self.desk.is_stale() {
            return;
        }
        for (id, uncertain) in due.now {
            if self.desk.state().get(id).is_none_or(|command| command.state != CommandState::InFlight) {
                continue;
            }
            let core = Arc::clone(self);
            let active = self.desk.fly(id);
            flights.spawn(async move {
                core.fly(id, uncertain).await;
                drop(active);
                core.desk.wake.notify_one();
            });
        }
    }

    /// Has the cache keep what targets accepted, as much at once as there is.
    fn keep_accepted(self: &Arc<Self>, flights: &mut JoinSet<()>) {
        if !self.desk.begin_keeping() {
            return;
        }
        let core = Arc::clone(self);
        flights.spawn(async move {
            loop {
                let ops = core.desk.take_accepted();
                if ops.is_empty() {
                    break;
                }
                let _shared = core.keeping.gate.read().await;
                core.write(ops, Vec::new(), core.now()).await;
            }
        });
    }

    /// One attempt, from the lease to what is written down of it.
    async fn fly(self: &Arc<Self>, id: CommandId, uncertain: bool) {
        let Some(command) = self.desk.state().get(id).cloned() else { return };
        let Some(at) = self.position(&command.source) else { return };
        let slot = &self.sources[at];
        let turns = self.desk.turns(&slot.id, self.parallel(at));
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
            answers_others: self.desk.answered_within(&self.sources[at].id, mono, ANSWERS_OTHERS),
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
            self.desk.remember_written(&command.source, &command.key, &command.value, mono);
        }
        for step in &steps {
            if let Step::Waits { next_at: Some(next), .. } = step {
                self.desk.put_off(command.id, mono + next.since(now));
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
            self.write_through(command, revision, now).await;
            if self.desk.state().line(&command.source, &command.key).next().is_none() {
                self.read_back_soon(at);
            }
        }
    }

    /// What the target accepted is what it says from now on, until it says otherwise.
    async fn write_through(self: &Arc<Self>, command: &Command, revision: Option<Arc<str>>, now: Timestamp) {
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
            self.desk.read_back(at);
        }
    }

    /// A source was asked something: what that says of it, for the queue.
    pub(super) async fn learn(&self, at: usize, of: OfSource, mono: Duration) {
        let source = &self.sources[at].id;
        if self.desk.learn(source, of, mono) {
            self.desk.wake.notify_one();
        }
        if let Some(bytes) = self.desk.breaker_news(source).filter(|_| self.sources[at].config.writable) {
            let _shared = self.keeping.gate.read().await;
            self.write(Vec::new(), vec![(breaker_document(source), bytes)], self.now()).await;
        }
    }

    /// What the last process knew of sources that could not be reached. A convenience: without it they are tried anew.
    pub(super) fn remember_breakers(&self) {
        for slot in self.sources.iter().filter(|slot| slot.config.writable) {
            if let Ok(Some(bytes)) = self.store.get_meta(&breaker_document(&slot.id)) {
                self.desk.remember_breaker(&slot.id, &bytes);
            }
        }
    }

    /// Changes whose value the source shows now were read back.
    pub(super) async fn confirm(&self, at: usize) {
        let source = &self.sources[at].id;
        let shown: Vec<CommandId> = {
            let state = self.desk.state();
            let waiting: Vec<&Command> =
                state.all().filter(|command| command.state == CommandState::Delivered && command.source == *source).collect();
            if waiting.is_empty() {
                return;
            }
            let value = |key: &Key| self.said_by(source, key).and_then(|observation| observation.value().cloned());
            waiting.into_iter().filter(|command| Base::found(value(&command.key)).is(&command.value)).map(|command| command.id).collect()
        };
        let decide = |state: &QueueState| {
            let still = |id: &CommandId| state.get(*id).is_some_and(|command| command.state == CommandState::Delivered);
            let ids: Vec<CommandId> = shown.into_iter().filter(still).collect();
            Ok((ids.iter().map(|id| What::Step(*id, Step::Confirmed)).collect(), ids))
        };
        self.settle(decide).await;
    }

    /// How the queue of one source stands.
    pub(super) fn source_queue(&self, source: &SourceId, now: Timestamp) -> SourceQueue {
        let mono = self.options.clock.monotonic();
        let (breaker, wait, reason) = self.desk.breaker_of(source, mono);
        SourceQueue { source: source.clone(), depth: 1, breaker, next_at: wait.map(|wait| now.plus(wait)), reason }
    }
}

fn breaker_document(source: &SourceId) -> String {
    format!("breaker/{source}")
}

fn slow(bound: Duration) -> SourceError {
    let message = format!("no answer within {bound:?}; raise timeout in its [[source]] if it is slow by nature");
    SourceError { code: "timeout", message, retry_after: None }
}

fn fault(source: &SourceId) -> SourceError {
    let message = format!("sending to {source} failed inside stellar. This is a bug worth reporting");
    SourceError { code: "fault", message, retry_after: None }
}
