//! What is known of sources while a process lives: who cannot be reached or refuses us, what waits until when, what was written to them.
//!
//! None of it is in the log: a process that knows nothing of a source tries it. It knows no log and decides nothing.

use std::{
    collections::{BTreeSet, HashMap},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::sync::Semaphore;

use crate::fact::{Command, CommandId, CommandReason, Key, SourceId, Timestamp, Value};

use super::{
    breaker::Breaker,
    entry::{decode, encode},
    rules::OfSource,
};

/// What is kept of a write that a fetch begun before it may contradict.
const WRITTEN_FOR: Duration = Duration::from_secs(120);
/// The longest wait that a moment written down may ask for: a clock that was set back must not stop the queue for good.
const LONGEST_WAIT: Duration = Duration::from_secs(3600);

/// What is known of a source for the queue's purposes.
#[derive(Debug, Default)]
struct Line {
    breaker: Breaker,
    /// It refuses our credentials.
    parked: bool,
    answered_at: Option<Duration>,
    /// Whether it was open when it was last written down.
    noted_open: bool,
}

/// What this process knows of sources.
#[derive(Default)]
pub struct OfSources {
    lines: Mutex<HashMap<SourceId, Line>>,
    due: Mutex<HashMap<CommandId, Duration>>,
    written: Mutex<HashMap<(SourceId, Key), (Duration, Value)>>,
    read_backs: Mutex<BTreeSet<usize>>,
    turns: Mutex<HashMap<SourceId, Arc<Semaphore>>>,
    /// When the last fetch that was answered began.
    asked: Mutex<HashMap<SourceId, Duration>>,
}

impl OfSources {
    /// Nothing is known but that these refuse our credentials.
    pub fn refused_by<'a>(sources: impl Iterator<Item = &'a SourceId>) -> Self {
        let lines = sources.map(|source| (source.clone(), Line { parked: true, ..Line::default() })).collect();
        Self { lines: Mutex::new(lines), ..Self::default() }
    }

    fn lines(&self) -> MutexGuard<'_, HashMap<SourceId, Line>> {
        self.lines.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Not before this moment of the monotonic clock.
    pub fn put_off(&self, id: CommandId, until: Duration) {
        self.due.lock().unwrap_or_else(PoisonError::into_inner).insert(id, until);
    }

    /// These are due now.
    pub fn are_due(&self, ids: impl Iterator<Item = CommandId>) {
        self.due.lock().unwrap_or_else(PoisonError::into_inner).extend(ids.map(|id| (id, Duration::ZERO)));
    }

    /// How long a command still waits. What was written down counts only where this process does not know better.
    pub fn waits(&self, command: &Command, now: Timestamp, mono: Duration) -> Duration {
        let Some(next) = command.next_at else { return Duration::ZERO };
        let mut due = self.due.lock().unwrap_or_else(PoisonError::into_inner);
        let until = due.entry(command.id).or_insert_with(|| mono + next.since(now).min(LONGEST_WAIT));
        let wait = until.saturating_sub(mono);
        if wait.is_zero() {
            due.remove(&command.id);
        }
        wait
    }

    /// How long a source is to be left alone; none when it is not. Zero: a probe is due.
    pub fn hold_off(&self, source: &SourceId, mono: Duration) -> Option<Duration> {
        let mut lines = self.lines();
        let line = lines.entry(source.clone()).or_default();
        line.breaker.give_up_probe(mono);
        if line.parked { Some(LONGEST_WAIT) } else { line.breaker.hold_off(mono) }
    }

    /// Takes the probe that is due, so that nobody else does.
    pub fn take_probe(&self, source: &SourceId, mono: Duration) -> bool {
        self.lines().entry(source.clone()).or_default().breaker.take_probe(mono)
    }

    /// Learns from an answer or a failure; gives back whether what waits is due now.
    pub fn learn(&self, source: &SourceId, of: OfSource, mono: Duration) -> bool {
        let mut lines = self.lines();
        let line = lines.entry(source.clone()).or_default();
        match of {
            OfSource::Answers => {
                line.answered_at = Some(mono);
                return line.breaker.success(mono);
            }
            OfSource::Fails(retry_after) => line.breaker.failure(mono, retry_after),
            OfSource::Refuses => (line.answered_at, line.parked) = (Some(mono), true),
            OfSource::Nothing => {}
        }
        false
    }

    /// The breaker, to be kept over a restart, where it opened or closed since this was last asked.
    pub fn breaker_news(&self, source: &SourceId) -> Option<Vec<u8>> {
        let mut lines = self.lines();
        let line = lines.get_mut(source).filter(|line| line.noted_open != line.breaker.is_open())?;
        line.noted_open = line.breaker.is_open();
        Some(encode(&line.breaker))
    }

    /// What another process knew of the source.
    pub fn remember_breaker(&self, source: &SourceId, bytes: &[u8]) {
        if let Some(breaker) = decode::<Breaker>(bytes) {
            let mut lines = self.lines();
            let line = lines.entry(source.clone()).or_default();
            line.breaker = breaker.remembered();
            line.noted_open = line.breaker.is_open();
        }
    }

    /// It does not refuse us any more, as far as anybody knows.
    pub fn let_in(&self, source: &SourceId) {
        self.lines().entry(source.clone()).or_default().parked = false;
    }

    /// Nobody refuses us any more, and who is left alone is probed at once.
    pub fn probe_all(&self) -> Vec<SourceId> {
        let mut lines = self.lines();
        lines.values_mut().for_each(|line| {
            line.parked = false;
            line.breaker.probe_now();
        });
        lines.keys().cloned().collect()
    }

    /// Whether the source answered anything within this time.
    pub fn answered_within(&self, source: &SourceId, mono: Duration, within: Duration) -> bool {
        self.lines().get(source).and_then(|line| line.answered_at).is_some_and(|at| mono.saturating_sub(at) <= within)
    }

    /// `closed open half_open parked`, how long until the next probe, why nothing goes on.
    pub fn breaker_of(&self, source: &SourceId, mono: Duration) -> (&'static str, Option<Duration>, Option<CommandReason>) {
        let mut lines = self.lines();
        let line = lines.entry(source.clone()).or_default();
        if line.parked {
            return ("parked", None, Some(CommandReason::AuthFailed));
        }
        let wait = line.breaker.hold_off(mono);
        (line.breaker.code(), wait, wait.map(|_| CommandReason::Unreachable))
    }

    /// Who has a permit sends to the source; there are as many as may at a time.
    pub fn turns(&self, source: &SourceId, parallel: usize) -> Arc<Semaphore> {
        let mut turns = self.turns.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(turns.entry(source.clone()).or_insert_with(|| Arc::new(Semaphore::new(parallel))))
    }

    /// The source at this place is to be read back.
    pub fn read_back(&self, at: usize) {
        self.read_backs.lock().unwrap_or_else(PoisonError::into_inner).insert(at);
    }

    /// Sources that are to be read back, each once.
    pub fn take_read_backs(&self) -> BTreeSet<usize> {
        std::mem::take(&mut self.read_backs.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// A fetch that began before this moment does not know of this write.
    pub fn remember_written(&self, source: &SourceId, key: &Key, value: &Value, mono: Duration) {
        let mut written = self.written.lock().unwrap_or_else(PoisonError::into_inner);
        written.retain(|_, (at, _)| mono.saturating_sub(*at) < WRITTEN_FOR);
        written.insert((source.clone(), key.clone()), (mono, value.clone()));
    }

    /// A fetch that began then was answered.
    pub fn remember_asked(&self, source: &SourceId, began: Duration) {
        self.asked.lock().unwrap_or_else(PoisonError::into_inner).insert(source.clone(), began);
    }

    /// Whether what a source last answered was asked for before this key was written to `target`: its answer may be younger than the write
    /// and does not know of it.
    pub fn was_asked_before(&self, source: &SourceId, target: &SourceId, key: &Key) -> bool {
        let written = self.written.lock().unwrap_or_else(PoisonError::into_inner);
        let Some((at, _)) = written.get(&(target.clone(), key.clone())) else { return false };
        self.asked.lock().unwrap_or_else(PoisonError::into_inner).get(source).is_some_and(|began| began <= at)
    }

    /// Whether it is known that nothing can be sent to it now: it refuses us, or could not be reached and no probe is due.
    pub fn is_left_alone(&self, source: &SourceId, mono: Duration) -> bool {
        let lines = self.lines();
        let Some(line) = lines.get(source) else { return false };
        line.parked || (line.breaker.code() == "open" && line.breaker.hold_off(mono).is_some_and(|wait| !wait.is_zero()))
    }

    /// What was written to a source after a fetch began.
    pub fn written_since(&self, source: &SourceId, began: Duration) -> Vec<(Key, Value)> {
        let written = self.written.lock().unwrap_or_else(PoisonError::into_inner);
        let since = written.iter().filter(|((of, _), (at, _))| of == source && *at >= began);
        since.map(|((_, key), (_, value))| (key.clone(), value.clone())).collect()
    }
}
