//! Sending: takes what is due from the queue and starts an attempt at each.
//!
//! Invariants: a lease is on disk before anything is sent, so an outcome that was not written down is known to be unknown. One command of a
//! key is in flight at a time. A source that cannot be reached is probed by reads, never by commands.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
    time::Duration,
};

use tokio::task::JoinSet;

use crate::{
    config::SourceKind,
    fact::{Base, Command, CommandId, CommandReason, CommandState, Key, SourceId, Timestamp},
};

use super::{
    api::EngineEvent,
    core::Core,
    queue::{OfSource, QueueError, QueueState, SourceQueue, Step, What},
};

/// How many times as many are leased as are sent at once.
const AHEAD: usize = 4;
/// How long a dispatcher sleeps at the most.
const LONGEST: Duration = Duration::from_secs(60);
/// How often it is looked whether sending goes on.
const PAUSED: Duration = Duration::from_millis(100);
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

    /// Sends what is due, for good; while sending is paused, nothing.
    pub(super) async fn run_sending(self: Arc<Self>) {
        while !self.desk.is_stopped() {
            self.drain(|_| false).await;
            while self.desk.is_closing() && !self.desk.is_stopped() {
                tokio::time::sleep(PAUSED).await;
            }
        }
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

    /// Sends what is due now and what becomes due by that: for rehearsals, where time stands still meanwhile.
    pub(super) async fn send_due(self: &Arc<Self>) {
        let _alone = self.desk.sender.lock().await;
        self.recover_leases().await;
        let mut flights: JoinSet<()> = JoinSet::new();
        loop {
            if self.desk.take_strays() {
                self.recover_leases().await;
            }
            let due = self.due();
            self.launch(due, &mut flights).await;
            self.keep_accepted(&mut flights);
            // With nothing under way nothing more becomes due: the log refuses, or all is done.
            if flights.join_next().await.is_none() {
                break;
            }
        }
    }

    /// What was in flight when a process ended goes on, with its outcome unknown; where the log refuses that, once it takes it.
    async fn recover_leases(&self) {
        let decide = |state: &QueueState| {
            let flying = state.all().filter(|command| command.state == CommandState::InFlight && !self.desk.is_active(command.id));
            let ids: Vec<CommandId> = flying.map(|command| command.id).collect();
            let waits = || Step::Waits { next_at: None, reason: None, uncertain: true };
            Ok((ids.iter().map(|id| What::Step(*id, waits())).collect(), ids))
        };
        if !self.settle(decide).await {
            self.desk.note_strays();
        }
    }

    /// Writes steps down and tells of them; a log that refuses is said, and what it refused is as if it never was.
    pub(super) async fn settle(&self, decide: impl FnOnce(&QueueState) -> Result<(Vec<What>, Vec<CommandId>), QueueError>) -> bool {
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
        let active: HashSet<CommandId> = self.desk.active().into_iter().collect();
        let mut keys: HashSet<&Key> = HashSet::new();
        let mut busy: HashMap<&SourceId, usize> = HashMap::new();
        for flying in active.iter().filter_map(|id| state.get(*id)) {
            keys.insert(&flying.key);
            *busy.entry(&flying.source).or_default() += 1;
        }
        for head in heads {
            if head.state != CommandState::Queued || active.contains(&head.id) {
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
            if let Some(wait) = self.desk.sources.hold_off(&head.source, mono) {
                due.wait = due.wait.min(wait);
                if wait.is_zero() && !due.probe.contains(&at) && self.desk.sources.take_probe(&head.source, mono) {
                    due.probe.push(at);
                }
                continue;
            }
            let wait = self.desk.sources.waits(head, now, mono);
            if !wait.is_zero() {
                due.wait = due.wait.min(wait);
                continue;
            }
            // Leases are written down for some ahead of those that are sent: one sync for all of them.
            let busy = busy.entry(&head.source).or_default();
            if *busy >= self.parallel(at) * AHEAD * self.sources[at].source.together() || !keys.insert(&head.key) {
                continue;
            }
            *busy += 1;
            due.now.push((head.id, head.uncertain));
        }
        due
    }

    /// How many are sent to one source at a time. A file is written as a whole, so there it is one: two at once would spoil each other's work.
    pub(super) fn parallel(&self, at: usize) -> usize {
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
        for at in due.probe.into_iter().chain(self.desk.sources.take_read_backs()) {
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
        for leased in self.flights_of(due.now) {
            let core = Arc::clone(self);
            let active: Vec<_> = leased.iter().map(|(id, _)| self.desk.fly(*id)).collect();
            flights.spawn(async move {
                core.fly(leased).await;
                drop(active);
                core.desk.wake.notify_one();
            });
        }
    }

    /// What is leased, put together where its source takes several at once; in their order.
    fn flights_of(&self, leased: Vec<(CommandId, bool)>) -> Vec<Vec<(CommandId, bool)>> {
        let state = self.desk.state();
        let mut flights: Vec<(usize, Vec<(CommandId, bool)>)> = Vec::new();
        for (id, uncertain) in leased {
            let Some(command) = state.get(id).filter(|command| command.state == CommandState::InFlight) else { continue };
            let Some(at) = self.position(&command.source) else { continue };
            let most = self.sources[at].source.together();
            match flights.iter_mut().find(|(of, flight)| *of == at && flight.len() < most) {
                Some((_, flight)) => flight.push((id, uncertain)),
                None => flights.push((at, vec![(id, uncertain)])),
            }
        }
        flights.into_iter().map(|(_, flight)| flight).collect()
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

    /// A source was asked something: what that says of it, for the queue.
    pub(super) async fn learn(&self, at: usize, of: OfSource, mono: Duration) {
        let source = &self.sources[at].id;
        if self.desk.learn(source, of, mono) {
            self.desk.wake.notify_one();
        }
        if let Some(bytes) = self.desk.sources.breaker_news(source).filter(|_| self.sources[at].config.writable) {
            let _shared = self.keeping.gate.read().await;
            self.write(Vec::new(), vec![(breaker_document(source), bytes)], self.now()).await;
        }
    }

    /// What the last process knew of sources that could not be reached. A convenience: without it they are tried anew.
    pub(super) fn remember_breakers(&self) {
        for slot in self.sources.iter().filter(|slot| slot.config.writable) {
            if let Ok(Some(bytes)) = self.store.get_meta(&breaker_document(&slot.id)) {
                self.desk.sources.remember_breaker(&slot.id, &bytes);
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
        let (breaker, wait, reason) = self.desk.sources.breaker_of(source, mono);
        SourceQueue { source: source.clone(), depth: 1, breaker, next_at: wait.map(|wait| now.plus(wait)), reason }
    }
}

fn breaker_document(source: &SourceId) -> String {
    format!("breaker/{source}")
}
