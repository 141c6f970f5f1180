//! Asking a source and taking in what it answered. One fetch in flight per source; who comes while it runs shares it.

use std::{
    panic::AssertUnwindSafe,
    sync::{Arc, PoisonError},
    time::Duration,
};

use futures_util::FutureExt as _;

use crate::fact::{Key, SourceState, Timestamp};

use super::{
    api::{EngineEvent, RefreshReport, SourceTest},
    cache::ingest,
    core::{Core, POLLED_DOCUMENT, SourceSlot},
    health::{Failure, Remarks},
    source::{Fetched, SourceError},
    store::StoreOp,
};

/// How many items a test shows.
const SAMPLE: usize = 10;
/// How many pages' worth of time-outs a paginated answer may take.
const PAGES_OF_TIME: u32 = 20;
/// What is added to a source's own bound before the engine gives up on it.
const GRACE: Duration = Duration::from_millis(500);

impl Core {
    /// Asks one source, or shares the fetch that is under way.
    pub async fn refresh_source(self: &Arc<Self>, at: usize) -> RefreshReport {
        let slot = &self.sources[at];
        let ended = |slot: &SourceSlot| slot.last.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let (before, _) = ended(slot);
        let _flight = slot.flight.lock().await;
        if let (after, Some(report)) = ended(slot)
            && after != before
        {
            return report;
        }
        let report = self.fetch_and_take(slot).await;
        let mut last = slot.last.lock().unwrap_or_else(PoisonError::into_inner);
        *last = (last.0 + 1, Some(report.clone()));
        drop(last);
        self.events.emit(self.now(), EngineEvent::SourceRefreshed(report.clone()));
        report
    }

    async fn fetch_and_take(self: &Arc<Self>, slot: &SourceSlot) -> RefreshReport {
        let started = self.options.clock.monotonic();
        let outcome = self.fetch_guarded(slot).await;
        let took = self.options.clock.monotonic().saturating_sub(started);
        let mut report = RefreshReport { source: slot.id.clone(), keys: 0, changed: 0, failed: 0, took, error: None };
        if let Err(error) = self.load() {
            report.error = Some(store_error(&error));
            return report;
        }
        let now = self.now();
        let state_before = slot.health().state();
        let mut health = slot.health().clone();
        let mut ops = Vec::new();
        let mut changed = Vec::new();
        match outcome {
            Ok(fetched) => {
                let remarks = (!fetched.unchanged).then(|| remarks_of(&fetched));
                report.failed = fetched.skipped.iter().map(|skipped| skipped.count).sum::<u64>() + fetched.duplicates.len() as u64;
                let complete = fetched.complete || fetched.unchanged;
                let ingested = ingest(&self.read_facts().table, &slot.id, fetched, now);
                report.keys = ingested.held;
                report.changed = ingested.changed.len() as u64;
                ops = ingested.ops;
                changed = ingested.changed;
                health.answered(now, took, complete, remarks);
            }
            Err(error) => {
                let not_before = error.retry_after.map(|wait| now.plus(wait));
                health.failed(now, took, Failure { code: error.code.to_owned(), message: error.message.clone(), not_before });
                report.keys = self.read_facts().table.held_by(&slot.id).filter(|held| held.value().is_some()).count() as u64;
                report.error = Some(error);
            }
        }
        let mut documents = Vec::new();
        if let Ok(bytes) = postcard::to_stdvec(&health) {
            documents.push((slot.document_name(), bytes));
        }
        if self.options.polling {
            *self.polled_at.lock().unwrap_or_else(PoisonError::into_inner) = Some(now);
            if let Ok(bytes) = postcard::to_stdvec(&now) {
                documents.push((POLLED_DOCUMENT.to_owned(), bytes));
            }
        }
        self.commit(ops, documents, now).await;
        *slot.health() = health;
        self.tell_what_moved(slot, state_before, &changed, now);
        report
    }

    /// One fetch that stores nothing and is not remembered.
    pub async fn test_source(&self, at: usize) -> SourceTest {
        let slot = &self.sources[at];
        let started = self.options.clock.monotonic();
        let outcome = self.fetch_guarded(slot).await;
        let took = self.options.clock.monotonic().saturating_sub(started);
        let (fetched, error) = match outcome {
            Ok(fetched) => (fetched, None),
            Err(error) => (Fetched::default(), Some(error)),
        };
        SourceTest {
            source: slot.id.clone(),
            took,
            keys: fetched.items.len() as u64,
            complete: error.is_none() && (fetched.complete || fetched.unchanged),
            skipped: fetched.skipped,
            duplicates: fetched.duplicates,
            rejected_keys: fetched.rejected_keys,
            sample: fetched.items.into_iter().take(SAMPLE).collect(),
            error,
        }
    }

    /// Bounded, and a panic in a source is a fault of that source.
    async fn fetch_guarded(&self, slot: &SourceSlot) -> Result<Fetched, SourceError> {
        let pages = if matches!(&slot.config.kind, crate::config::SourceKind::Http(http) if http.next.is_some()) { PAGES_OF_TIME } else { 1 };
        let bound = slot.config.timeout.saturating_mul(pages).saturating_add(GRACE);
        match tokio::time::timeout(bound, AssertUnwindSafe(slot.source.fetch()).catch_unwind()).await {
            Ok(Ok(outcome)) => outcome,
            Ok(Err(_panic)) => {
                let message = format!("reading {} failed inside stellar; what it last said is kept. This is a bug worth reporting", slot.id);
                self.events.emit(self.now(), EngineEvent::Fault(message.clone()));
                Err(SourceError { code: "fault", message, retry_after: None })
            }
            Err(_elapsed) => {
                let message = format!("no answer within {bound:?}; raise timeout in its [[source]] if it is slow by nature");
                Err(SourceError { code: "timeout", message, retry_after: None })
            }
        }
    }

    /// Disk first, then memory. A disk that refuses does not keep a fresh value from being shown, but it is said.
    async fn commit(&self, ops: Vec<StoreOp>, documents: Vec<(String, Vec<u8>)>, now: Timestamp) {
        let written = match self.writer() {
            Ok(writer) => writer.write(ops.clone(), documents).await,
            Err(error) => Err(error),
        };
        if let Err(error) = written {
            self.events.emit(now, EngineEvent::Fault(format!("the cache could not be written, values are kept in memory only: {error}")));
        }
        let mut facts = self.write_facts();
        for op in ops {
            match op {
                StoreOp::Put(observation) => facts.table.put(observation, &self.rules),
                StoreOp::Evict(key, source) => facts.table.evict(&key, &source),
            }
        }
    }

    fn tell_what_moved(&self, slot: &SourceSlot, before: SourceState, changed: &[Key], now: Timestamp) {
        if !self.events.heard() {
            return;
        }
        let failing = |state: SourceState| matches!(state, SourceState::Failing { .. });
        if failing(before) == failing(slot.health().state()) {
            self.tell_changes(Some(changed), now);
        } else {
            let all: Vec<Key> = self.read_facts().table.held_by(&slot.id).map(|held| held.observation.key.clone()).collect();
            self.tell_changes(Some(&all), now);
        }
    }
}

pub(super) fn remarks_of(fetched: &Fetched) -> Remarks {
    Remarks {
        skipped: fetched.skipped.iter().map(|skipped| (skipped.reason.clone(), skipped.count)).collect(),
        duplicates: fetched.duplicates.iter().map(|key| key.as_str().to_owned()).collect(),
        rejected_keys: fetched.rejected_keys,
    }
}

fn store_error(error: &super::store::StoreError) -> SourceError {
    SourceError { code: "store", message: error.to_string(), retry_after: None }
}
