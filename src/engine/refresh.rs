//! Asking sources and taking in what they answered. One fetch in flight per unit; who comes while it runs shares it.

use std::{
    panic::AssertUnwindSafe,
    sync::{Arc, PoisonError},
    time::Duration,
};

use futures_util::FutureExt as _;
use tokio::sync::SemaphorePermit;

use crate::{
    config::SourceKind,
    fact::{Key, Observation, SourceId, Timestamp},
};

use super::{
    api::{EngineEvent, RefreshReport, SourceTest},
    cache::{gone, ingest},
    commit::Taken,
    core::{Core, SourceSlot, Unit},
    health::{Failure, Remarks},
    queue::OfSource,
    source::{Fetched, LARGE, Reported, Skipped, SourceError},
    weather::is_reached_over_a_network,
};

/// How many items a test shows.
const SAMPLE: usize = 10;
/// How many pages' worth of time-outs a paginated answer may take.
const PAGES_OF_TIME: u32 = 20;
/// What is added to a source's own bound before the engine gives up on it.
const GRACE: Duration = Duration::from_millis(500);

impl Core {
    /// Asks one unit, or shares the fetch that is under way.
    pub async fn refresh_unit(self: &Arc<Self>, at: usize) -> Vec<RefreshReport> {
        let unit = &self.units[at];
        let ended = || unit.last.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let (before, _) = ended();
        let _flight = unit.flight.lock().await;
        let (after, reports) = ended();
        if after != before {
            return reports;
        }
        let reports = self.fetch_and_take(unit).await;
        *unit.last.lock().unwrap_or_else(PoisonError::into_inner) = (after + 1, reports.clone());
        let now = self.now();
        for report in &reports {
            self.events.emit(now, EngineEvent::SourceRefreshed(report.clone()));
        }
        reports
    }

    /// Fetches every member at once and takes their answers together: one's new reading never stands beside another's old one.
    async fn fetch_and_take(self: &Arc<Self>, unit: &Unit) -> Vec<RefreshReport> {
        let alone = self.alone_if_large(unit).await;
        let fetches = unit.members.iter().map(|at| async move {
            let started = self.options.clock.monotonic();
            let outcome = self.fetch_guarded(&self.sources[*at]).await;
            (*at, outcome, started, self.options.clock.monotonic().saturating_sub(started))
        });
        let outcomes = futures_util::future::join_all(fetches).await;
        let now = self.now();
        if let Err(error) = self.load() {
            let failed =
                |(at, _, _, took): (usize, _, _, Duration)| RefreshReport { error: Some(store_error(&error)), ..self.report(at, took) };
            return outcomes.into_iter().map(failed).collect();
        }
        self.reconcile(now).await;
        let mono = self.options.clock.monotonic();
        let asked: Vec<usize> = outcomes.iter().map(|(at, ..)| *at).collect();
        for (at, outcome, ..) in &outcomes {
            self.learn(*at, of_source(outcome.as_ref().err()), mono).await;
        }
        let taken: Vec<_> = outcomes.into_iter().map(|(at, outcome, began, took)| self.take(at, outcome, (began, took), now)).collect();
        let reports = self.commit(taken, now).await;
        drop(alone);
        for at in asked {
            self.confirm(at).await;
        }
        reports
    }

    /// Waits until no other large answer is under way, where the next one is large: before it is asked for, so that no time-out runs meanwhile.
    async fn alone_if_large(&self, unit: &Unit) -> Option<SemaphorePermit<'_>> {
        for at in &unit.members {
            let slot = &self.sources[*at];
            let Some(ahead) = slot.source.ahead() else { continue };
            // What does not even say how much there is has the fetch to say why.
            if tokio::time::timeout(slot.config.timeout, ahead).await.is_ok_and(|bytes| bytes >= LARGE) {
                return self.large.acquire().await.ok();
            }
        }
        None
    }

    fn report(&self, at: usize, took: Duration) -> RefreshReport {
        RefreshReport { source: self.sources[at].id.clone(), keys: 0, changed: 0, failed: 0, took, error: None }
    }

    /// Works out what an outcome changes; changes nothing.
    fn take(&self, at: usize, outcome: Result<Fetched, SourceError>, (began, took): (Duration, Duration), now: Timestamp) -> Taken {
        let slot = &self.sources[at];
        let mut taken = Taken { at, report: self.report(at, took), health: slot.health().clone(), ops: Vec::new(), changed: Vec::new() };
        match outcome {
            Ok(mut fetched) => {
                self.keep_written(&slot.id, began, &mut fetched);
                self.desk.sources.remember_asked(&slot.id, began);
                let remarks = (!fetched.unchanged).then(|| remarks_of(&fetched));
                let complete = fetched.complete;
                if !complete {
                    // Only an answer in full dates anew what an incomplete one names.
                    slot.source.forget();
                }
                let skipped: u64 = fetched.skipped.iter().map(|skipped| skipped.count).sum();
                taken.report.failed = skipped + fetched.duplicates.len() as u64;
                let unchanged = fetched.unchanged;
                let mut ingested = ingest(&self.read_facts().table, &slot.id, fetched, now);
                for key in std::mem::take(&mut ingested.vanished) {
                    let before = self.said_by(&slot.id, &key);
                    ingested.ops.push(gone(key, &slot.id, before, now));
                }
                if !unchanged {
                    self.admit(&slot.id, complete, &mut ingested);
                }
                if complete {
                    self.look_again(at, taken.health.vouched_at, &ingested, now);
                }
                taken.report.keys = ingested.held;
                taken.report.changed = ingested.changed.len() as u64;
                taken.ops = ingested.ops;
                taken.changed = ingested.changed;
                taken.health.answered(now, took, complete, remarks);
            }
            Err(error) => {
                let not_before = error.retry_after.map(|wait| now.plus(wait));
                taken.health.failed(now, took, Failure { code: error.code.to_owned(), message: error.message.clone(), not_before });
                taken.report.keys = self.read_facts().table.held_by(&slot.id).filter(|(_, note)| note.is_held()).count() as u64;
                taken.report.error = Some(error);
            }
        }
        taken
    }

    /// What a source last said of a key; none where that cannot be read any more.
    pub(super) fn said_by(&self, source: &SourceId, key: &Key) -> Option<Observation> {
        let hot = self.recall(key).ok()?;
        hot.slots().iter().find(|held| held.observation.source == *source).map(|held| held.observation.clone())
    }

    /// An answer that was begun before something was written to its source does not know of it yet: there what was written counts.
    fn keep_written(&self, source: &SourceId, began: Duration, fetched: &mut Fetched) {
        if fetched.unchanged {
            return;
        }
        for (key, value) in self.desk.sources.written_since(source, began) {
            match fetched.items.iter_mut().find(|item| item.key == key) {
                Some(item) => item.value = value,
                None => fetched.items.push(Reported::new(key, value)),
            }
        }
    }

    /// One fetch that stores nothing and is not remembered.
    pub async fn test_source(&self, at: usize) -> SourceTest {
        let slot = &self.sources[at];
        let started = self.options.clock.monotonic();
        let outcome = self.fetch_guarded(slot).await;
        let took = self.options.clock.monotonic().saturating_sub(started);
        // Nothing of it is kept, so the next fetch must bring everything again.
        slot.source.forget();
        let (fetched, error) = match outcome {
            Ok(fetched) => (fetched, None),
            Err(error) => (Fetched::default(), Some(error)),
        };
        SourceTest {
            source: slot.id.clone(),
            took,
            keys: fetched.items.len() as u64,
            complete: error.is_none() && fetched.complete,
            rejected_keys: rejected_keys(&fetched.skipped),
            skipped: fetched.skipped,
            duplicates: fetched.duplicates,
            sample: fetched.items.into_iter().take(SAMPLE).collect(),
            error,
        }
    }

    /// Bounded, and a panic in a source is a fault of that source.
    async fn fetch_guarded(&self, slot: &SourceSlot) -> Result<Fetched, SourceError> {
        let pages = match &slot.config.kind {
            SourceKind::Http(http) if http.next.is_some() => PAGES_OF_TIME,
            SourceKind::Prometheus(prometheus) => u32::try_from(prometheus.queries.len()).unwrap_or(PAGES_OF_TIME).clamp(1, PAGES_OF_TIME),
            _ => 1,
        };
        let bound = slot.config.timeout.saturating_mul(pages).saturating_add(GRACE);
        let networked = is_reached_over_a_network(&slot.config);
        let fetch = self.live.through(networked, slot.source.fetch());
        let outcome = match tokio::time::timeout(bound, AssertUnwindSafe(fetch).catch_unwind()).await {
            Ok(Ok(outcome)) => outcome,
            Ok(Err(_panic)) => {
                let message =
                    format!("reading {} failed inside stellar; what it last said is kept. This is a bug worth reporting", slot.id);
                self.events.emit(self.now(), EngineEvent::Fault(message.clone()));
                Err(SourceError { code: "fault", message, retry_after: None })
            }
            Err(_elapsed) => {
                let message = format!("no answer within {bound:?}; raise timeout in its [[source]] if it is slow by nature");
                Err(SourceError { code: "timeout", message, retry_after: None })
            }
        };
        self.live.count(networked, outcome.is_err());
        outcome
    }
}

/// What an outcome says of the source, for what waits to be sent to it: only what is no answer at all counts against it.
fn of_source(error: Option<&SourceError>) -> OfSource {
    match error {
        Some(error) if matches!(error.code, "timeout" | "refused" | "dns" | "tls") || error.retry_after.is_some() => {
            OfSource::Fails(error.retry_after)
        }
        Some(_) => OfSource::Nothing,
        None => OfSource::Answers,
    }
}

fn remarks_of(fetched: &Fetched) -> Remarks {
    Remarks {
        skipped: fetched.skipped.iter().map(|skipped| (skipped.reason.clone(), skipped.count)).collect(),
        duplicates: fetched.duplicates.iter().map(|key| key.as_str().to_owned()).collect(),
        rejected_keys: rejected_keys(&fetched.skipped),
    }
}

fn rejected_keys(skipped: &[Skipped]) -> u64 {
    skipped.iter().filter(|skipped| skipped.is_refused_key()).map(|skipped| skipped.count).sum()
}

fn store_error(error: &super::store::StoreError) -> SourceError {
    SourceError { code: "store", message: error.to_string(), retry_after: None }
}
