//! Memory brought after a disk that takes much at once, on a thread of its own: the disk does not wait for it.
//!
//! Invariants: what came is taken in that order, and all of it is in memory once [`Follower::end`] answered. How far memory may be behind is
//! bounded: then the disk does wait.

use std::{
    sync::{Arc, mpsc},
    thread::JoinHandle,
};

use super::{
    cache::{Hot, Slot},
    commit::key_of,
    core::Core,
    store::StoreOp,
};
use crate::fact::Key;

/// Batches by which memory may be behind.
const BEHIND: usize = 4;

/// Takes into memory what the disk took.
pub(super) struct Follower {
    core: Arc<Core>,
    /// None: whoever gives takes it in, on virtual time and where the system has no thread to spare.
    beside: Option<(mpsc::SyncSender<Vec<StoreOp>>, JoinHandle<()>)>,
}

impl Follower {
    /// One that has nothing to do yet.
    pub fn new(core: &Arc<Core>) -> Self {
        let beside = (!core.options.inline).then(|| Self::beside(Arc::clone(core))).and_then(Result::ok);
        Self { core: Arc::clone(core), beside }
    }

    fn beside(core: Arc<Core>) -> std::io::Result<(mpsc::SyncSender<Vec<StoreOp>>, JoinHandle<()>)> {
        let (batches, inbox) = mpsc::sync_channel::<Vec<StoreOp>>(BEHIND);
        let follow = move || inbox.iter().for_each(|ops| core.follow(&ops));
        let thread = std::thread::Builder::new().name("store-follower".to_owned()).spawn(follow)?;
        Ok((batches, thread))
    }

    /// What the disk took.
    pub fn take(&self, ops: Vec<StoreOp>) {
        let left = match &self.beside {
            Some((batches, _)) => batches.send(ops).err().map(|unsent| unsent.0),
            None => Some(ops),
        };
        if let Some(ops) = left {
            self.core.follow(&ops);
        }
    }

    /// Waits until memory has it all; answers whether it has.
    pub fn end(self) -> bool {
        let Some((batches, thread)) = self.beside else { return true };
        drop(batches);
        thread.join().is_ok()
    }
}

impl Core {
    /// Brings memory to what the disk took, and notes what is believed of it while it is at hand.
    fn follow(&self, ops: &[StoreOp]) {
        self.adopt(ops.to_vec(), true);
        let now = self.now();
        let standings = self.standings(now);
        let mut elsewhere = Vec::new();
        for of_key in ops.chunk_by(|one, other| key_of(one) == key_of(other)) {
            let Some(key) = of_key.first().map(key_of) else { continue };
            match self.hot.peek(key).or_else(|| self.at_hand(key, of_key)) {
                Some(hot) => self.remember_said(key, hot.slots(), &standings, now),
                None => elsewhere.push(key.clone()),
            }
        }
        self.remember_keys(Some(&elsewhere), now);
    }

    /// What is said of a key, where these puts are all of it.
    fn at_hand(&self, key: &Key, ops: &[StoreOp]) -> Option<Arc<Hot>> {
        let facts = self.read_facts();
        if facts.table.notes(key).len() != ops.len() || facts.unwritten.contains_key(key) {
            return None;
        }
        let noted = |op: &StoreOp| match op {
            StoreOp::Put(observation) if facts.table.is_noted(observation) => Some(observation.clone()),
            _ => None,
        };
        Some(Hot::new(Slot::of_key(ops.iter().map(noted).collect::<Option<Vec<_>>>()?, &self.rules)))
    }
}
