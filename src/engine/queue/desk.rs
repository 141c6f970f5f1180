//! The queue at work: the log it is written to, the state it folds to, and who sends from it.
//!
//! Decisions are made on the state and handed to the log under one lock, so that the order in the log is the order of the decisions; whoever
//! asked waits for the disk outside of it. What the log refuses is folded away again.

use std::{
    collections::HashSet,
    sync::{
        Arc, Mutex, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard,
        atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering},
    },
    time::Duration,
};

use tokio::sync::Notify;

use crate::{
    engine::{
        audit::{AuditRecord, Head, Note, caller},
        journal::ScanReport,
        store::{StoreError, StoreOp},
    },
    fact::{CommandId, CommandReason, Key, SourceId, Timestamp},
};

use super::{api::QueueError, audited::Recorder, entry::What, log::QueueLog, rules::OfSource, sources::OfSources, state::QueueState};

/// The queue at work.
pub struct Desk {
    log: Result<Box<dyn QueueLog>, StoreError>,
    state: RwLock<QueueState>,
    /// How often somebody began to change the state.
    moves: AtomicU64,
    /// Changes that were handed to the log and are not on disk yet.
    handed_over: AtomicUsize,
    stale: AtomicBool,
    settled: Notify,
    /// Something may be due.
    pub wake: Notify,
    /// Held by who sends: one at a time.
    pub sender: tokio::sync::Mutex<()>,
    /// What is known of sources.
    pub sources: OfSources,
    active: Arc<Mutex<HashSet<CommandId>>>,
    pinned: Mutex<HashSet<Key>>,
    /// What targets accepted and the cache has not kept yet, and whether somebody has it kept.
    accepted: Mutex<(Vec<StoreOp>, bool)>,
    strays: AtomicBool,
    closing: AtomicBool,
    /// How many have asked for nothing to be sent for now.
    paused: AtomicUsize,
    recorder: Recorder,
    /// What is done before the first change or decision reaches the log, until it was done.
    first: Mutex<Option<Before>>,
}

/// Done before something else; where it fails, that is not done either.
pub type Before = Box<dyn Fn() -> Result<(), StoreError> + Send + Sync>;

/// In flight until it is dropped.
pub struct Flight {
    id: CommandId,
    active: Arc<Mutex<HashSet<CommandId>>>,
}

impl Drop for Flight {
    fn drop(&mut self) {
        self.active.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.id);
    }
}

/// Nothing is sent until it is dropped.
pub struct Paused<'d>(&'d Desk);

impl Drop for Paused<'_> {
    fn drop(&mut self) {
        self.0.paused.fetch_sub(1, Ordering::SeqCst);
        self.0.wake.notify_one();
    }
}

impl Desk {
    /// A desk over this log, folded to `state`; or over none, with why there is none.
    #[must_use]
    pub fn new(log: Result<Box<dyn QueueLog>, StoreError>, state: QueueState) -> Self {
        let refused = state.all().filter(|command| command.state.is_under_way() && command.reason == Some(CommandReason::AuthFailed));
        let sources = OfSources::refused_by(refused.map(|command| &command.source));
        Self {
            log,
            state: RwLock::new(state),
            moves: AtomicU64::new(0),
            handed_over: AtomicUsize::new(0),
            stale: AtomicBool::new(false),
            settled: Notify::new(),
            wake: Notify::new(),
            sender: tokio::sync::Mutex::new(()),
            sources,
            active: Arc::default(),
            pinned: Mutex::default(),
            accepted: Mutex::default(),
            strays: AtomicBool::new(false),
            closing: AtomicBool::new(false),
            paused: AtomicUsize::new(0),
            recorder: Recorder::default(),
            first: Mutex::default(),
        }
    }

    /// Has this done before the first change or decision reaches the log.
    pub fn before_the_first(&self, before: Before) {
        *self.first.lock().unwrap_or_else(PoisonError::into_inner) = Some(before);
    }

    fn begin(&self) -> Result<(), StoreError> {
        let mut first = self.first.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(before) = first.as_ref() {
            before()?;
            *first = None;
        }
        Ok(())
    }

    /// Salts what records say of entries with this from now on.
    pub fn salt(&self, secret: [u8; 32]) {
        self.recorder.salt(secret);
    }

    /// The queue as it stands.
    pub fn state(&self) -> RwLockReadGuard<'_, QueueState> {
        self.state.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn state_mut(&self) -> RwLockWriteGuard<'_, QueueState> {
        let state = self.state.write().unwrap_or_else(PoisonError::into_inner);
        // With the lock in hand: whoever reads the state after this number reads what comes of the change.
        self.moves.fetch_add(1, Ordering::SeqCst);
        state
    }

    /// Another number whenever the queue may have moved: what was read of the state before holds while it is the same.
    pub fn moves(&self) -> u64 {
        self.moves.load(Ordering::Acquire)
    }

    /// Why changes cannot be kept, if they cannot.
    pub fn closed(&self) -> Option<String> {
        self.log.as_ref().err().map(ToString::to_string)
    }

    /// Decides on the queue as it stands, and answers when what was decided is on disk. It comes about also when nobody waits for it.
    ///
    /// # Errors
    /// What `decide` says; [`QueueError::Store`] when the disk refuses: then nothing was decided.
    pub async fn change<T>(
        self: &Arc<Self>,
        now: Timestamp,
        decide: impl FnOnce(&QueueState) -> Result<(Vec<What>, T), QueueError>,
    ) -> Result<T, QueueError> {
        let log = self.log.as_ref().map_err(Clone::clone)?;
        let (durable, made) = loop {
            let settled = self.settled.notified();
            let mut state = self.state_mut();
            if self.is_stale() {
                // Some of what it shows was refused: nothing is decided on that.
                if self.handed_over.load(Ordering::SeqCst) > 0 {
                    drop(state);
                    settled.await;
                    continue;
                }
                self.fold_again(&mut state)?;
            }
            let (whats, made) = decide(&state)?;
            if whats.is_empty() {
                return Ok(made);
            }
            if whats.iter().any(|what| !matches!(what, What::Audit(_))) {
                self.begin()?;
            }
            // Each with its record in the audit right behind it: both are on disk, or neither.
            let entries = self.recorder.with_records(now, whats, &mut state);
            let durable = log.submit(entries);
            if log.is_rotation_due() {
                // What it begins with is what is decided up to here, in the order of the log.
                log.rotate(state.checkpoint(now));
            }
            self.handed_over.fetch_add(1, Ordering::SeqCst);
            break (durable, made);
        };
        let (told, outcome) = tokio::sync::oneshot::channel();
        let desk = Arc::clone(self);
        tokio::spawn(async move {
            let written = durable.await;
            desk.settle(written.is_ok());
            // Whoever asked may have left; what was decided holds all the same.
            let _ = told.send(written);
        });
        outcome.await.unwrap_or(Err(StoreError::Closed))?;
        Ok(made)
    }

    /// Puts something into the audit that is no entry of the log otherwise; answered when it is on disk.
    ///
    /// # Errors
    /// [`QueueError::Store`] when the disk refuses.
    pub async fn record(self: &Arc<Self>, now: Timestamp, note: Note) -> Result<(), QueueError> {
        let record = AuditRecord::of(note, caller().as_ref(), None);
        self.change(now, |_| Ok((vec![What::Audit(Box::new(record))], ()))).await
    }

    /// Reads every entry that is on disk, with its number.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn scan(&self, each: &mut dyn FnMut(u64, &[u8])) -> Result<ScanReport, StoreError> {
        self.log.as_ref().map_err(Clone::clone)?.scan(each)
    }

    /// Where the chain of the audit begins, and how far it has come on disk; none where nothing is kept.
    pub fn chain(&self) -> Option<(Head, Head)> {
        self.log.as_ref().ok().map(|log| log.chain())
    }

    /// Whether some of what the state shows was refused by the log.
    pub fn is_stale(&self) -> bool {
        self.stale.load(Ordering::SeqCst)
    }

    /// What was handed over is on disk, or was refused: then it is as if it never was, and the state is what the log holds, as soon as nothing
    /// else is on its way there.
    fn settle(&self, written: bool) {
        let mut state = self.state_mut();
        let last = self.handed_over.fetch_sub(1, Ordering::SeqCst) == 1;
        if !written {
            self.stale.store(true, Ordering::SeqCst);
        }
        if !(last && self.is_stale()) {
            return;
        }
        // A disk that cannot even be read leaves it stale: who comes next tries again.
        let _ = self.fold_again(&mut state);
        drop(state);
        self.settled.notify_waiters();
    }

    /// The state is what the log holds. Nothing may be on its way there.
    fn fold_again(&self, state: &mut QueueState) -> Result<(), StoreError> {
        let log = self.log.as_ref().map_err(Clone::clone)?;
        let mut fresh = QueueState::default();
        log.fold(&mut |entry| fresh.take(entry))?;
        log.realign();
        *state = fresh;
        self.stale.store(false, Ordering::SeqCst);
        self.note_strays();
        Ok(())
    }

    /// Seals what a former key sealed anew. Waits for the disk.
    ///
    /// # Errors
    /// When the disk refuses; calling it again goes on.
    pub fn reseal(&self) -> Result<(), StoreError> {
        if let Ok(log) = &self.log {
            while log.reseal_some()? {}
        }
        Ok(())
    }

    /// Ends the log: what was handed to it is on disk.
    pub fn close(&self) {
        if let Ok(log) = &self.log {
            log.close();
        }
    }

    /// Nothing more is to be sent.
    pub fn stop(&self) {
        self.closing.store(true, Ordering::SeqCst);
        self.wake.notify_one();
    }

    /// Nothing more is to be sent until what is given back is dropped.
    pub fn pause(&self) -> Paused<'_> {
        self.paused.fetch_add(1, Ordering::SeqCst);
        self.wake.notify_one();
        Paused(self)
    }

    /// Whether nothing more is to be sent, for now or for good.
    pub fn is_closing(&self) -> bool {
        self.is_stopped() || self.paused.load(Ordering::SeqCst) > 0
    }

    /// Whether nothing more is to be sent for good.
    pub fn is_stopped(&self) -> bool {
        self.closing.load(Ordering::SeqCst)
    }

    /// A command is in flight until what is given back is dropped.
    pub fn fly(&self, id: CommandId) -> Flight {
        self.active.lock().unwrap_or_else(PoisonError::into_inner).insert(id);
        Flight { id, active: Arc::clone(&self.active) }
    }

    /// What is in flight.
    pub fn active(&self) -> Vec<CommandId> {
        self.active.lock().unwrap_or_else(PoisonError::into_inner).iter().copied().collect()
    }

    /// Whether it is in flight.
    pub fn is_active(&self, id: CommandId) -> bool {
        self.active.lock().unwrap_or_else(PoisonError::into_inner).contains(&id)
    }

    /// Learns of a source from an answer or a failure; gives back whether what waits is due now.
    pub fn learn(&self, source: &SourceId, of: OfSource, mono: Duration) -> bool {
        let due = self.sources.learn(source, of, mono);
        if due {
            self.all_due(source);
        }
        due
    }

    fn all_due(&self, source: &SourceId) {
        let state = self.state();
        self.sources.are_due(state.heads().filter(|head| head.source == *source && head.next_at.is_some()).map(|head| head.id));
    }

    /// A person says that the source is to be tried again.
    pub fn let_source_go_on(&self, source: &SourceId) {
        self.sources.let_in(source);
        self.all_due(source);
    }

    /// A person says that everything is to be tried now: breakers are probed at once, nothing waits for its moment.
    pub fn flush(&self) {
        let waiting: Vec<SourceId> = self.state().heads().map(|head| head.source.clone()).collect();
        for source in self.sources.probe_all().iter().chain(&waiting) {
            self.all_due(source);
        }
        self.wake.notify_one();
    }

    /// Something is in flight that nobody brings to an end.
    pub fn note_strays(&self) {
        self.strays.store(true, Ordering::SeqCst);
    }

    /// Something may be in flight that nobody flies: its lease came to disk while something before it was refused. Said once.
    pub fn take_strays(&self) -> bool {
        !self.is_stale() && self.strays.swap(false, Ordering::SeqCst)
    }

    /// A target accepted this: the cache is to keep it.
    pub fn accepted(&self, op: StoreOp) {
        self.accepted.lock().unwrap_or_else(PoisonError::into_inner).0.push(op);
    }

    /// Begins to have the cache keep it; false when there is nothing, or somebody does already.
    pub fn begin_keeping(&self) -> bool {
        let mut accepted = self.accepted.lock().unwrap_or_else(PoisonError::into_inner);
        !accepted.0.is_empty() && !std::mem::replace(&mut accepted.1, true)
    }

    /// What is to be kept; with nothing left, nobody keeps any more.
    pub fn take_accepted(&self) -> Vec<StoreOp> {
        let mut accepted = self.accepted.lock().unwrap_or_else(PoisonError::into_inner);
        accepted.1 = !accepted.0.is_empty();
        std::mem::take(&mut accepted.0)
    }

    /// Which keys are to be pinned and which to be let go, so that what is under way or locked stays in the cache.
    pub fn pins(&self) -> (Vec<Key>, Vec<Key>) {
        let wanted: HashSet<Key> = {
            let state = self.state();
            state.keys_under_way().into_iter().chain(state.locks().map(|lock| lock.key.clone())).collect()
        };
        let mut pinned = self.pinned.lock().unwrap_or_else(PoisonError::into_inner);
        let add = wanted.difference(&pinned).cloned().collect();
        let remove = pinned.difference(&wanted).cloned().collect();
        *pinned = wanted;
        (add, remove)
    }
}
