//! The queue as it stands: a pure fold over the entries of the log.
//!
//! Invariants: the same entries give the same queue; what is asked for twice under one id is one command; a step of a command that is not there
//! changes nothing; a command that is under way is never forgotten.

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

use serde::{Deserialize, Serialize};

use crate::fact::{
    Author, Base, Command, CommandId, CommandReason, CommandState, DecisionBook, Key, Operation, SourceId, StoredBook, Timestamp,
};

use super::{
    entry::{Asked, Entry, Lock, Step, What, decode, encode},
    log::Logged,
};

/// Answers kept of one command: the first, and the last of the rest.
const ANSWERS: usize = 20;
/// How long a command is kept after its end, in milliseconds: a week.
const KEPT_FOR: u64 = 7 * 24 * 3600 * 1000;
/// How many are kept after their end at the most.
const KEPT: usize = 2_000;

/// Every command, in the order in which they were asked for, and what else the log says.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct QueueState {
    commands: BTreeMap<u64, Command>,
    order: HashMap<CommandId, u64>,
    /// Under way, by key and source, in order. Neither a key nor a source without any is in it.
    lines: HashMap<Key, BTreeMap<SourceId, Vec<u64>>>,
    /// What was delivered last, by key.
    written: HashMap<Key, u64>,
    held: Option<Author>,
    locks: BTreeMap<Key, Lock>,
    next: u64,
    /// Shared with who weighs by it; another piece of memory whenever it moved.
    decisions: Arc<DecisionBook>,
}

#[derive(Serialize, Deserialize)]
struct Stored {
    commands: Vec<(u64, Command)>,
    held: Option<Author>,
    locks: Vec<Lock>,
    next: u64,
}

/// The version of a checkpoint in two parts, each with a version of its own: the queue, and what was decided. Before there was the queue alone.
const PARTS: u8 = 2;

fn encode_parts(queue: &[u8], decisions: &[u8]) -> Vec<u8> {
    let length = u64::try_from(queue.len()).unwrap_or(u64::MAX);
    [&[PARTS], &length.to_le_bytes()[..], queue, decisions].concat()
}

/// The queue, and what was decided, if there was such a thing.
fn decode_parts(bytes: &[u8]) -> Option<(&[u8], Option<&[u8]>)> {
    let Some(rest) = bytes.strip_prefix(&[PARTS]) else { return Some((bytes, None)) };
    let (length, rest) = rest.split_first_chunk::<8>()?;
    let (queue, decisions) = rest.split_at_checked(usize::try_from(u64::from_le_bytes(*length)).ok()?)?;
    Some((queue, Some(decisions)))
}

impl QueueState {
    /// Everything there is, to begin a segment of the log with; what ended long ago is left out.
    #[must_use]
    pub fn checkpoint(&self, now: Timestamp) -> Vec<u8> {
        let ended = self.commands.values().filter(|command| !is_kept_for_good(command)).count();
        let mut surplus = ended.saturating_sub(KEPT);
        let commands = self.commands.iter().filter(|(_, command)| {
            if is_kept_for_good(command) {
                return true;
            }
            let old = u64::try_from(now.since(command.since).as_millis()).unwrap_or(u64::MAX) > KEPT_FOR;
            let over = surplus > 0;
            surplus = surplus.saturating_sub(1);
            !old && !over
        });
        let queue = encode(&Stored {
            commands: commands.map(|(order, command)| (*order, command.clone())).collect(),
            held: self.held.clone(),
            locks: self.locks.values().cloned().collect(),
            next: self.next,
        });
        encode_parts(&queue, &encode(&self.decisions.store()))
    }

    /// What [`QueueState::checkpoint`] wrote; none when it is no checkpoint of this version.
    #[must_use]
    pub fn restore(bytes: &[u8]) -> Option<Self> {
        let (queue, decisions) = decode_parts(bytes)?;
        let stored: Stored = decode(queue)?;
        let decisions = match decisions {
            Some(decisions) => DecisionBook::restore(decode::<StoredBook>(decisions)?),
            None => DecisionBook::default(),
        };
        let mut state = Self {
            decisions: Arc::new(decisions),
            held: stored.held,
            locks: stored.locks.into_iter().map(|lock| (lock.key.clone(), lock)).collect(),
            next: stored.next,
            ..Self::default()
        };
        for (order, command) in stored.commands {
            state.order.insert(command.id, order);
            if command.state.is_under_way() {
                state.line_mut(&command.source, &command.key).push(order);
            }
            let key = command.key.clone();
            state.commands.insert(order, command);
            state.note_written(order, &key);
        }
        Some(state)
    }

    /// Takes one entry of the log: a checkpoint stands for everything before it. An entry of a later version is left out.
    pub fn take(&mut self, logged: Logged<'_>) {
        match logged {
            Logged::Checkpoint(bytes) => {
                if let Some(state) = Self::restore(bytes) {
                    *self = state;
                }
            }
            Logged::Entry(bytes) => {
                if let Some(entry) = Entry::decode(bytes) {
                    self.apply(&entry);
                }
            }
        }
    }

    /// Takes one entry.
    pub fn apply(&mut self, entry: &Entry) {
        match &entry.what {
            What::Asked(asked) => self.ask(asked, entry.at),
            What::Step(id, step) => self.step(*id, step, entry.at),
            What::Held(held, author) => self.held = held.then(|| author.clone()),
            What::Locked(lock) => {
                self.locks.insert(lock.key.clone(), (**lock).clone());
            }
            What::Unlocked(key, _) => {
                self.locks.remove(key);
            }
            What::Decided(decision) => {
                Arc::make_mut(&mut self.decisions).decide(Arc::new((**decision).clone()));
            }
            What::Undecided { decision, .. } => {
                Arc::make_mut(&mut self.decisions).undo(*decision);
            }
            What::TrustReset(reset, _) => Arc::make_mut(&mut self.decisions).reset(reset.clone()),
            // It says what was done; it does nothing.
            What::Audit(_) => {}
        }
    }

    /// What was decided.
    #[must_use]
    pub fn decisions(&self) -> &Arc<DecisionBook> {
        &self.decisions
    }

    fn ask(&mut self, asked: &Asked, at: Timestamp) {
        if self.order.contains_key(&asked.id) {
            return;
        }
        let order = self.next;
        self.next += 1;
        self.order.insert(asked.id, order);
        let state = if asked.kept_here { CommandState::Confirmed } else { CommandState::Queued };
        if state.is_under_way() {
            self.line_mut(&asked.source, &asked.key).push(order);
        }
        self.commands.insert(
            order,
            Command {
                id: asked.id,
                key: asked.key.clone(),
                source: asked.source.clone(),
                operation: asked.operation,
                value: asked.value.clone(),
                base: asked.base.clone(),
                author: asked.author.clone(),
                created_at: at,
                deadline: asked.deadline,
                state,
                since: at,
                reason: asked.kept_here.then_some(CommandReason::KeptHere),
                attempts: Vec::new(),
                tries: 0,
                charged: 0,
                next_at: None,
                uncertain: false,
                theirs: Base::Unknown,
                intended: None,
                revision: None,
                guarded: None,
                undoes: asked.undoes,
            },
        );
    }

    /// A command of this key moved: the one that was accepted last may be another now.
    fn note_written(&mut self, order: u64, key: &Key) {
        let accepted = |order: u64| {
            let command = self.commands.get(&order).filter(|one| one.state.is_delivered() && one.operation == Operation::Set)?;
            Some((command.accepted_at(), order))
        };
        let last = match self.written.get(key).copied() {
            // Of one that was the last and moved itself it is not known whether it still is.
            Some(before) if before == order => {
                self.commands.iter().filter(|(_, command)| command.key == *key).filter_map(|(order, _)| accepted(*order)).max()
            }
            Some(before) => accepted(order).max(accepted(before)),
            None => accepted(order),
        };
        match last {
            Some((_, order)) => self.written.insert(key.clone(), order),
            None => self.written.remove(key),
        };
    }

    fn step(&mut self, id: CommandId, step: &Step, at: Timestamp) {
        let Some(order) = self.order.get(&id).copied() else { return };
        let Some(command) = self.commands.get_mut(&order) else { return };
        match step {
            Step::Leased => {
                // Until its outcome is written down nobody knows it.
                (command.state, command.uncertain) = (CommandState::InFlight, true);
                command.since = at;
                command.next_at = None;
            }
            Step::Intended(digest) => command.intended = Some(digest.clone()),
            Step::Attempted { attempt, charged } => {
                command.tries += 1;
                command.charged += u32::from(*charged);
                if command.attempts.len() >= ANSWERS {
                    command.attempts.remove(1);
                }
                command.attempts.push(attempt.clone());
            }
            Step::Waits { next_at, reason, uncertain } => {
                (command.state, command.since) = (CommandState::Queued, at);
                (command.next_at, command.reason, command.uncertain) = (*next_at, *reason, *uncertain);
            }
            Step::Delivered { revision, guarded, confirmed } => {
                command.state = if *confirmed { CommandState::Confirmed } else { CommandState::Delivered };
                command.since = at;
                (command.reason, command.next_at, command.uncertain) = (None, None, false);
                (command.revision, command.guarded, command.intended) = (revision.clone(), Some(*guarded), None);
            }
            Step::Confirmed => {
                if command.state == CommandState::Delivered {
                    (command.state, command.since) = (CommandState::Confirmed, at);
                }
            }
            Step::Stopped { state, reason, .. } => {
                (command.state, command.since, command.reason) = (*state, at, Some(*reason));
                command.next_at = None;
            }
            Step::Blocked { theirs } => {
                (command.state, command.since) = (CommandState::Blocked, at);
                (command.reason, command.next_at) = (Some(CommandReason::BaseMoved), None);
                (command.theirs, command.uncertain, command.intended) = (theirs.clone(), false, None);
            }
            Step::GoesOn { base, value, deadline, .. } => {
                (command.state, command.since) = (CommandState::Queued, at);
                (command.base, command.deadline) = (base.clone(), *deadline);
                if let Some(value) = value {
                    command.value = value.clone();
                }
                (command.reason, command.next_at, command.charged, command.intended) = (None, None, 0, None);
                command.theirs = Base::Unknown;
            }
        }
        let (source, key, under_way) = (command.source.clone(), command.key.clone(), command.state.is_under_way());
        let gives = command.state.is_delivered().then(|| command.leaves());
        let (starts_from, stopped) = (command.base.clone(), matches!(step, Step::Stopped { .. }));
        self.note_written(order, &key);
        let waiting = self.line_mut(&source, &key);
        match (waiting.binary_search(&order), under_way) {
            (Err(at), true) => waiting.insert(at, order),
            (Ok(at), false) => {
                waiting.remove(at);
                // The next in line starts from what this one left behind: its value, or what it started from itself.
                let next = waiting.get(at).copied();
                let left = gives.or(stopped.then_some(starts_from));
                if let (Some(next), Some(left)) = (next.and_then(|next| self.commands.get_mut(&next)), left)
                    && !next.uncertain
                {
                    next.base = left;
                }
            }
            _ => {}
        }
        self.close_line(&source, &key);
    }

    fn line_mut(&mut self, source: &SourceId, key: &Key) -> &mut Vec<u64> {
        self.lines.entry(key.clone()).or_default().entry(source.clone()).or_default()
    }

    /// Forgets a line in which nothing is under way.
    fn close_line(&mut self, source: &SourceId, key: &Key) {
        let Some(of_key) = self.lines.get_mut(key) else { return };
        if of_key.get(source).is_some_and(Vec::is_empty) {
            of_key.remove(source);
        }
        if of_key.is_empty() {
            self.lines.remove(key);
        }
    }

    fn every_line(&self) -> impl Iterator<Item = &Vec<u64>> {
        self.lines.values().flat_map(BTreeMap::values)
    }

    /// The command of this id.
    #[must_use]
    pub fn get(&self, id: CommandId) -> Option<&Command> {
        self.commands.get(self.order.get(&id)?)
    }

    /// Every command, in the order in which they were asked for.
    pub fn all(&self) -> impl DoubleEndedIterator<Item = &Command> {
        self.commands.values()
    }

    /// The first of each line that is under way: what may be sent next.
    pub fn heads(&self) -> impl Iterator<Item = &Command> {
        self.every_line().filter_map(|line| self.commands.get(line.first()?))
    }

    /// What is under way for a key, by source, in order.
    pub fn under_way(&self, key: &Key) -> impl DoubleEndedIterator<Item = &Command> {
        let mut orders: Vec<u64> = self.lines.get(key).into_iter().flat_map(BTreeMap::values).flatten().copied().collect();
        orders.sort_unstable();
        orders.into_iter().filter_map(|order| self.commands.get(&order))
    }

    /// What is under way at one target, in order.
    pub fn line<'a>(&'a self, source: &SourceId, key: &Key) -> impl DoubleEndedIterator<Item = &'a Command> {
        let line = self.lines.get(key).and_then(|of_key| of_key.get(source)).map(Vec::as_slice).unwrap_or_default();
        line.iter().filter_map(|order| self.commands.get(order))
    }

    /// A command's id as it is shown: as short as tells it from the others.
    #[must_use]
    pub fn shown(&self, id: CommandId) -> String {
        id.short(self.order.keys().copied())
    }

    /// The mark of the version that holds what the command starts from: what its target gave for the change before.
    #[must_use]
    pub fn guard(&self, command: &Command) -> Option<Arc<str>> {
        let before =
            self.commands.values().rev().find(|other| other.is_delivered_to(&command.source, &command.key) && other.id != command.id)?;
        before.revision.clone().filter(|_| command.base.is(&before.value))
    }

    /// What was delivered to a target last, and when.
    #[must_use]
    pub fn last_delivered(&self, source: &SourceId, key: &Key) -> Option<&Command> {
        self.commands.values().rev().find(|command| command.is_delivered_to(source, key))
    }

    /// The change of a key that a target accepted last.
    #[must_use]
    pub fn last_written(&self, key: &Key) -> Option<&Command> {
        self.commands.get(self.written.get(key)?)
    }

    /// Whether what goes before it in its line waits for a person.
    #[must_use]
    pub fn is_behind_a_question(&self, command: &Command) -> bool {
        self.line(&command.source, &command.key).next().is_some_and(|head| head.id != command.id && head.state.needs_a_person())
    }

    /// What was delivered to each target last, and when its target had it at the latest that is known. In no promised order.
    pub fn last_accepted(&self) -> impl Iterator<Item = (&Command, Timestamp)> {
        // A note gives no value.
        let delivered = self.commands.values().filter(|command| command.state.is_delivered() && command.operation == Operation::Set);
        let last: HashMap<(&SourceId, &Key), &Command> = delivered.map(|command| ((&command.source, &command.key), command)).collect();
        last.into_values().map(|command| (command, command.accepted_at()))
    }

    /// How many are under way.
    #[must_use]
    pub fn depth(&self) -> usize {
        self.every_line().map(Vec::len).sum()
    }

    /// Keys with something under way, each once.
    #[must_use]
    pub fn keys_under_way(&self) -> Vec<Key> {
        let mut keys: Vec<Key> = self.lines.keys().cloned().collect();
        keys.sort_unstable();
        keys
    }

    /// Whether anything is under way for any key at all: most of the time nothing is.
    #[must_use]
    pub fn is_idle(&self) -> bool {
        self.lines.is_empty()
    }

    /// Who stopped all sending, if somebody did.
    #[must_use]
    pub fn held(&self) -> Option<&Author> {
        self.held.as_ref()
    }

    /// What is believed of a key while it is locked.
    #[must_use]
    pub fn lock(&self, key: &Key) -> Option<&Lock> {
        self.locks.get(key)
    }

    /// Every lock, by key.
    pub fn locks(&self) -> impl Iterator<Item = &Lock> {
        self.locks.values()
    }

    /// What this command's target may hold by our own doing: its base, and what was there before changes that were not read back yet. Once
    /// one was read back, a return to what was there before is somebody else's.
    pub fn own_values<'a>(&'a self, command: &'a Command) -> impl Iterator<Item = &'a Base> {
        let before = self.commands.values().filter(|other| {
            other.state == CommandState::Delivered && other.id != command.id && other.key == command.key && other.source == command.source
        });
        std::iter::once(&command.base).chain(before.map(|other| &other.base))
    }
}

/// Whether it may not be left out of a checkpoint: not at its end, or waiting for a person.
fn is_kept_for_good(command: &Command) -> bool {
    command.state.is_under_way() || command.state == CommandState::Dead
}

#[cfg(test)]
#[path = "state_tests.rs"]
mod tests;
