//! Taking in what a fetch changes: disk first, then memory, in pieces small enough that room can be made between them.

use std::{
    collections::HashMap,
    sync::{Arc, PoisonError},
};

use crate::{
    config::CacheConfig,
    fact::{Key, SourceId, Timestamp},
};

use super::{
    api::{EngineEvent, RefreshReport},
    cache::{Hot, Slot, Table},
    core::{Core, Facts, POLLED_DOCUMENT},
    health::SourceHealth,
    keeping::Document,
    store::{CacheStore, StoreOp},
};

/// The smallest piece that is worth a sync of its own, in sealed bytes.
const SMALLEST_PIECE: u64 = 64 * 1024;

/// No decoded key takes less than so many bytes of memory.
const LEAST: u64 = 1024;

/// What one member's fetch changes, before any of it is taken.
pub(super) struct Taken {
    pub at: usize,
    pub report: RefreshReport,
    pub health: SourceHealth,
    pub ops: Vec<StoreOp>,
    pub changed: Vec<Key>,
}

impl Core {
    /// Disk first, then memory. A disk that refuses does not keep a fresh value from being shown, but it is said. What fits in one piece is
    /// seen all at once; a larger one comes in piece by piece, so that the disk never holds much more than it may.
    pub(super) async fn commit(self: &Arc<Self>, mut taken: Vec<Taken>, now: Timestamp) -> Vec<RefreshReport> {
        let again: Vec<_> = self.read_facts().unwritten.values().flatten().cloned().map(StoreOp::Put).collect();
        let mut pieces = self.pieces(again.into_iter().chain(taken.iter_mut().flat_map(|one| std::mem::take(&mut one.ops))));
        let last = pieces.pop().unwrap_or_default();
        for piece in pieces {
            {
                let _shared = self.keeping.gate.read().await;
                let piece = self.not_overtaken(piece);
                let written = self.write(piece.clone(), Vec::new(), now).await;
                self.adopt_fetched(piece, written);
            }
            self.make_room(now).await;
        }
        let mut moved = Vec::new();
        let mut reports = Vec::new();
        let mut vouched = Vec::new();
        {
            let _shared = self.keeping.gate.read().await;
            let last = self.not_overtaken(last);
            let documents = self.documents(&taken, &last, now);
            let written = self.write(last.clone(), documents, now).await;
            self.keep_fresh(&last);
            self.adopt_fetched(last, written);
            let facts = self.read_facts();
            for one in taken {
                let slot = &self.sources[one.at];
                let turned = slot.health().failing_since.is_some() != one.health.failing_since.is_some();
                *slot.health() = one.health;
                *slot.held.lock().unwrap_or_else(PoisonError::into_inner) = None;
                if one.report.error.is_none() && !slot.is_live() {
                    vouched.push(one.at);
                }
                if turned {
                    moved.extend(facts.table.held_by(&slot.id).map(|(key, _)| key.clone()));
                } else {
                    moved.extend(one.changed);
                }
                reports.push(one.report);
            }
        }
        self.epoch.end();
        if !moved.is_empty() {
            self.acquaintance.is_outdated();
        }
        self.tell_store();
        for at in vouched {
            self.redate(at, &mut moved);
        }
        moved.sort_unstable();
        moved.dedup();
        self.tell_changes(&moved, now);
        // Of two answers at a time the other reads what it brought.
        *self.fresh.lock().unwrap_or_else(PoisonError::into_inner) = HashMap::new();
        self.make_room(now).await;
        reports
    }

    /// Keeps at hand what is just taken in, until it was told. Whoever takes it from there holds it against the table first.
    fn keep_fresh(&self, ops: &[StoreOp]) {
        let value = |op: &StoreOp| match op {
            StoreOp::Put(observation) if observation.value().is_some() => Some((observation.key.clone(), observation.clone())),
            _ => None,
        };
        self.fresh.lock().unwrap_or_else(PoisonError::into_inner).extend(ops.iter().filter_map(value));
    }

    /// Has the writer write; a failure is said. Answers whether the store has it now.
    pub(super) async fn write(&self, ops: Vec<StoreOp>, documents: Vec<Document>, now: Timestamp) -> bool {
        let written = match self.writer() {
            Ok(writer) => writer.write(ops, documents).await,
            Err(error) => Err(error),
        };
        if let Err(error) = &written {
            self.events.emit(now, EngineEvent::Fault(format!("the cache could not be written, values are kept in memory only: {error}")));
        }
        written.is_ok()
    }

    /// Without what a target accepted meanwhile has overtaken.
    fn not_overtaken(&self, mut ops: Vec<StoreOp>) -> Vec<StoreOp> {
        let facts = self.read_facts();
        ops.retain(|op| !facts.is_overtaken(op));
        ops
    }

    /// As [`Core::adopt`], of answers: while they were written a target may have accepted something that they do not know of.
    pub(super) fn adopt_fetched(&self, mut ops: Vec<StoreOp>, written: bool) {
        let mut facts = self.write_facts();
        ops.retain(|op| !facts.is_overtaken(op));
        self.adopt_into(&mut facts, ops, written);
    }

    /// Brings into memory what is on disk, or what the disk did not take.
    pub(super) fn adopt(&self, ops: Vec<StoreOp>, written: bool) {
        self.adopt_into(&mut self.write_facts(), ops, written);
    }

    fn adopt_into(&self, facts: &mut Facts, mut ops: Vec<StoreOp>, written: bool) {
        if ops.is_empty() {
            return;
        }
        // What comes of a key comes together, and in the order it came in.
        ops.sort_by(|one, other| key_of(one).cmp(key_of(other)));
        let mut room = self.keeping.room();
        let mut ops = ops.into_iter().peekable();
        while let Some(op) = ops.next() {
            let key = key_of(&op).clone();
            let mut of_key = vec![facts.take(op, written, self.store.as_ref())];
            while let Some(op) = ops.next_if(|op| *key_of(op) == key) {
                of_key.push(facts.take(op, written, self.store.as_ref()));
            }
            room.set(&key, facts.table.weight(&key));
            self.warm(&facts.table, key, of_key);
        }
    }

    /// Brings the tier to what was just noted of a key.
    fn warm(&self, table: &Table, key: Key, ops: Vec<StoreOp>) {
        let noted = table.notes(&key).len();
        let before = self.hot.peek(&key);
        if noted == 0 {
            return self.hot.forget(&key);
        }
        // What nobody asked for comes in when all of it is at hand, and there is room.
        if before.is_none() && (ops.len() < noted || !self.hot.has_room(LEAST)) {
            return;
        }
        let is_held = before.is_some();
        let mut slots = before.map(|hot| hot.slots().to_vec()).unwrap_or_default();
        for op in ops {
            match op {
                StoreOp::Put(observation) => {
                    let slot = Arc::new(Slot::beside(&slots, observation, &self.rules));
                    match slots.iter_mut().find(|held| held.observation.source == slot.observation.source) {
                        Some(held) => *held = slot,
                        None => slots.push(slot),
                    }
                }
                StoreOp::Evict(_, source) => slots.retain(|held| held.observation.source != source),
            }
        }
        if slots.len() != noted {
            self.hot.forget(&key);
        } else if is_held {
            self.hot.replace(key, Hot::new(slots));
        } else {
            self.hot.fill(key, Hot::new(slots));
        }
    }

    fn pieces(&self, ops: impl Iterator<Item = StoreOp>) -> Vec<Vec<StoreOp>> {
        let CacheConfig { high_watermark, .. } = self.options.config.cache;
        let limit = (high_watermark / 64).max(SMALLEST_PIECE);
        let mut pieces: Vec<Vec<StoreOp>> = vec![Vec::new()];
        let mut size = 0;
        for op in ops {
            let weight = if let StoreOp::Put(observation) = &op { self.store.weight(observation) } else { 0 };
            if size + weight > limit && size > 0 {
                pieces.push(Vec::new());
                size = 0;
            }
            size += weight;
            if let Some(piece) = pieces.last_mut() {
                piece.push(op);
            }
        }
        pieces
    }

    fn documents(&self, taken: &[Taken], last: &[StoreOp], now: Timestamp) -> Vec<Document> {
        let mut documents = self.keeping.with(self.store.as_ref(), super::keeping::Ledgers::documents);
        documents.extend(self.window_document(last));
        documents.extend(self.head_document());
        documents.extend(self.lasting.document(now, false));
        for one in taken {
            if let Ok(bytes) = postcard::to_stdvec(&one.health) {
                documents.push((self.sources[one.at].document_name(), bytes));
            }
        }
        if self.options.polling {
            *self.polled_at.lock().unwrap_or_else(PoisonError::into_inner) = Some(now);
            if let Ok(bytes) = postcard::to_stdvec(&now) {
                documents.push((POLLED_DOCUMENT.to_owned(), bytes));
            }
        }
        documents
    }
}

impl Facts {
    /// Takes note of a change that the store has, or that is in memory alone; gives it back with shared names.
    fn take(&mut self, op: StoreOp, written: bool, store: &dyn CacheStore) -> StoreOp {
        match op {
            StoreOp::Put(observation) => {
                let weight = store.weight(&observation);
                let observation = self.table.put(observation, weight);
                self.forget_unwritten(&observation.key, &observation.source);
                if !written {
                    self.unwritten.entry(observation.key.clone()).or_default().push(observation.clone());
                }
                StoreOp::Put(observation)
            }
            StoreOp::Evict(key, source) => {
                self.table.evict(&key, &source);
                self.forget_unwritten(&key, &source);
                StoreOp::Evict(key, source)
            }
        }
    }

    /// Whether memory alone has something else that is as new. An answer is judged, then written, then taken: what its source accepted
    /// in between is newer, whatever the answer says.
    fn is_overtaken(&self, op: &StoreOp) -> bool {
        let StoreOp::Put(fetched) = op else { return false };
        self.unwritten
            .get(&fetched.key)
            .into_iter()
            .flatten()
            .any(|held| held.source == fetched.source && held.fetched_at >= fetched.fetched_at && held.content != fetched.content)
    }

    /// The store has it, or nobody says it any more.
    pub(super) fn forget_unwritten(&mut self, key: &Key, source: &SourceId) {
        if let Some(waiting) = self.unwritten.get_mut(key) {
            waiting.retain(|observation| observation.source != *source);
            if waiting.is_empty() {
                self.unwritten.remove(key);
            }
        }
    }
}

pub(super) fn key_of(op: &StoreOp) -> &Key {
    match op {
        StoreOp::Put(observation) => &observation.key,
        StoreOp::Evict(key, _) => key,
    }
}
