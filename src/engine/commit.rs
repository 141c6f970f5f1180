//! Taking in what a fetch changes: disk first, then memory, in pieces small enough that room can be made between them.

use std::sync::{Arc, PoisonError, atomic::Ordering};

use crate::{
    config::CacheConfig,
    fact::{Key, Timestamp},
};

use super::{
    api::{EngineEvent, RefreshReport},
    core::{Core, POLLED_DOCUMENT},
    health::SourceHealth,
    keeping::Document,
    store::StoreOp,
};

/// The smallest piece that is worth a sync of its own, in sealed bytes.
const SMALLEST_PIECE: u64 = 64 * 1024;

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
        let again = if self.rewrite.swap(false, Ordering::Relaxed) { self.read_facts().table.puts() } else { Vec::new() };
        let mut pieces = self.pieces(again.into_iter().chain(taken.iter_mut().flat_map(|one| std::mem::take(&mut one.ops))));
        let last = pieces.pop().unwrap_or_default();
        for piece in pieces {
            {
                let _shared = self.keeping.gate.read().await;
                self.write(piece.clone(), Vec::new(), now).await;
                self.adopt(piece);
            }
            self.make_room(now).await;
        }
        let documents = self.documents(&taken, &last, now);
        let mut moved = Vec::new();
        let mut reports = Vec::new();
        let mut vouched = Vec::new();
        {
            let _shared = self.keeping.gate.read().await;
            self.write(last.clone(), documents, now).await;
            self.adopt(last);
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
                    moved.extend(facts.table.held_by(&slot.id).map(|held| held.observation.key.clone()));
                } else {
                    moved.extend(one.changed);
                }
                reports.push(one.report);
            }
        }
        self.tell_store();
        for at in vouched {
            self.redate(at, &mut moved);
        }
        moved.sort_unstable();
        moved.dedup();
        self.tell_changes(&moved, now);
        self.make_room(now).await;
        reports
    }

    /// Has the writer write; a failure is said.
    pub(super) async fn write(&self, ops: Vec<StoreOp>, documents: Vec<Document>, now: Timestamp) {
        let written = match self.writer() {
            Ok(writer) => writer.write(ops, documents).await,
            Err(error) => Err(error),
        };
        if let Err(error) = written {
            self.events.emit(now, EngineEvent::Fault(format!("the cache could not be written, values are kept in memory only: {error}")));
        }
    }

    /// Brings into memory what is on disk.
    pub(super) fn adopt(&self, ops: Vec<StoreOp>) {
        if ops.is_empty() {
            return;
        }
        let mut facts = self.write_facts();
        let mut room = self.keeping.room();
        for op in ops {
            let key = match op {
                StoreOp::Put(observation) => {
                    let key = observation.key.clone();
                    facts.table.put(observation, &self.rules);
                    key
                }
                StoreOp::Evict(key, source) => {
                    facts.table.evict(&key, &source);
                    key
                }
            };
            room.set(&key, self.weight(facts.table.slots(&key)));
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
