//! From what changed to the view and the events: only the keys concerned are resolved anew.

use std::{
    collections::{BTreeSet, HashSet},
    sync::{Arc, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::sync::watch;

use crate::fact::{Insight, Key, Timestamp};

use super::{
    api::{EngineEvent, SourceStatus},
    asking_order::Order,
    cache::Slot,
    core::{Core, remembered},
    making_way::Patience,
    recall::all,
    source::Skipped,
    store::StoreError,
    view::{Difference, EngineView, FactMap, Keeper},
};

/// Facts of a source that are dated anew together with its answer; more in their turn, so that nobody waits.
const AT_ONCE: usize = 2_000;
/// Keys of a slice.
pub(super) const SLICE: usize = 1_000;
/// Keys for which what is shown is held at a time, while a slice is told: who answers comes in between.
const STEP: usize = 100;
/// What a slice counts as that was not told.
const SLICE_FAILED: Duration = Duration::from_millis(100);
/// Slices take a tenth of a core.
pub(super) const REST: u32 = 9;

/// Tells a slice, and how long that took without what it made way for. On the thread that resolved these facts before, as a rule: memory is given
/// back where it was taken, and what takes the place of a fact finds the room of the fact, in place of as much room again elsewhere.
pub(super) async fn tell_slice(core: Arc<Core>, slice: &[Key]) -> Duration {
    let tell = |core: &Core, slice: &[Key]| {
        let (mut took, mut patience) = (Duration::ZERO, Patience::default());
        let mut steps = slice.chunks(STEP).peekable();
        while let Some(step) = steps.next() {
            core.make_way(&mut patience);
            let started = core.options.clock.monotonic();
            core.tell_some(step, core.now(), steps.peek().is_none());
            took += core.options.clock.monotonic().saturating_sub(started);
        }
        took
    };
    if core.options.inline {
        return tell(&core, slice);
    }
    let slice = slice.to_vec();
    // One that failed is told by the panic itself; the next slice is not told of at once.
    tokio::task::spawn_blocking(move || tell(&core, &slice)).await.unwrap_or(SLICE_FAILED)
}

impl Core {
    pub(super) fn keeper(&self) -> MutexGuard<'_, Option<Keeper>> {
        self.keeper.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Keys that are shown: those with a conflict, and the others; none while nobody looks.
    pub fn shown_keys(&self) -> Option<(Vec<Key>, Vec<Key>)> {
        // Looked through with the lock given back.
        let facts = self.keeper().as_ref()?.facts();
        let (contested, others): (Vec<_>, Vec<_>) = facts.iter().partition(|insight| insight.conflict.is_some());
        let keys = |insights: Vec<&Arc<Insight>>| insights.into_iter().map(|insight| insight.key.clone()).collect();
        Some((keys(contested), keys(others)))
    }

    /// So many of the keys that are shown with a conflict, of those that are asked for; none while nobody looks.
    pub fn some_contested(&self, many: usize, which: impl Fn(&Key) -> bool) -> Option<Vec<Key>> {
        let guard = self.keeper();
        Some(guard.as_ref()?.contested().filter(|key| which(key)).take(many).cloned().collect())
    }

    /// The keys of so many of the questions that are shown first; none while nobody looks.
    pub fn asked_first(&self, many: usize) -> Option<Vec<Key>> {
        Some(self.keeper().as_ref()?.asked().take(many).cloned().collect())
    }

    /// Begins to keep the view, if nobody does; then hands it to `with`.
    fn with_keeper<T>(self: &Arc<Self>, with: impl FnOnce(&Keeper) -> T) -> Result<T, StoreError> {
        self.load()?;
        let mut guard = self.keeper();
        let keeper = match &mut *guard {
            Some(keeper) => keeper,
            none => {
                let now = self.now();
                let mut resolved = Vec::new();
                let standings = self.standings(now);
                self.walk(None, all, |key, slots| {
                    let turns = self.turns(slots, &standings, now);
                    resolved.extend(self.resolve(key, slots, &standings, now).map(|insight| (Arc::new(insight.shortened()), turns)));
                })?;
                let unheard_of = self.unheard_of_keys().into_iter().filter_map(|key| self.unheard_of(&key, now));
                resolved.extend(unheard_of.map(|insight| (Arc::new(insight), None)));
                let facts: FactMap = resolved.into_iter().collect();
                let keeper = none.insert(Keeper::new(facts, self.source_statuses(now).into()));
                self.hand_out(keeper, now, Order::First);
                self.order_beside(Arc::clone(keeper.wake()));
                keeper
            }
        };
        let answer = with(keeper);
        drop(guard);
        self.sooner.notify_one();
        Ok(answer)
    }

    /// Every moment of the view from now on.
    pub fn watch_view(self: &Arc<Self>) -> Result<watch::Receiver<EngineView>, StoreError> {
        self.with_keeper(Keeper::subscribe)
    }

    /// Takes everything as told, so that only what differs from now on is.
    pub fn take_as_told(self: &Arc<Self>) {
        // A store that cannot be read is named by whatever reads it next.
        let _ = self.with_keeper(|_| ());
    }

    /// Resolves these keys anew, shows them, and tells of what differs from what was last told - when anybody listens or looks.
    pub fn tell_changes(&self, keys: &[Key], now: Timestamp) {
        self.tell_some(keys, now, true);
    }

    /// The same; what is not to be shown yet is with the next moment.
    fn tell_some(&self, keys: &[Key], now: Timestamp, is_shown: bool) {
        let mut guard = self.keeper();
        let looked_at = guard.as_ref().is_some_and(|keeper| self.events.heard() || keeper.is_watched());
        let Some(keeper) = guard.as_mut().filter(|_| looked_at) else {
            *guard = None;
            drop(guard);
            return self.remember_keys(Some(keys), now);
        };
        let turned = keeper.next_turn();
        {
            let standings = self.standings(now);
            let mut take = |key: &Key, slots: &[Arc<Slot>]| {
                let turns = self.turns(slots, &standings, now);
                let resolved = self.resolve(key, slots, &standings, now);
                if let Some(insight) = resolved.as_ref().filter(|insight| !insight.is_unheard_of()) {
                    self.remember(insight, now);
                }
                // Told under the lock, so that events come in the order of the moments; and one by one, for all at length are many.
                if let Some(difference) = keeper.take(key, resolved.map(|insight| (insight, turns))) {
                    self.tell_of(difference, now);
                }
            };
            // Where much moved, the store is read once and not once for each.
            let mut together = HashSet::new();
            if keys.len() > SLICE {
                let _ = self.walk_keys(keys, None, |key, slots| {
                    if together.insert(key.clone()) {
                        take(key, slots);
                    }
                });
            }
            for key in keys.iter().filter(|key| !together.contains(*key)) {
                // What cannot be read stays as it was told: the store says so itself.
                if let Ok(hot) = self.recall(key) {
                    take(key, hot.slots());
                }
            }
        }
        keeper.stand(self.source_statuses(now));
        if is_shown {
            self.hand_out(keeper, now, Order::InItsTime);
        }
        let sooner = keeper.next_turn().is_some_and(|next| turned.is_none_or(|turned| next < turned));
        drop(guard);
        if sooner {
            self.sooner.notify_one();
        }
    }

    fn tell_of(&self, difference: Difference, now: Timestamp) {
        let secret = difference.insight.secret;
        let changed = difference.changed().cloned();
        let is = difference.insight.conflict.as_ref().map(|conflict| conflict.id.clone());
        let key = difference.insight.key.clone();
        if difference.is_news {
            self.events.emit(now, EngineEvent::InsightChanged(difference.insight));
        }
        match (difference.had.map(|had| had.id.clone()), is) {
            (None, Some(opened)) => self.events.emit(now, EngineEvent::ConflictOpened(opened, key)),
            (Some(_), Some(_)) => {
                if let Some(conflict) = changed {
                    self.events.emit(now, EngineEvent::ConflictChanged(conflict, secret));
                }
            }
            (Some(closed), None) => self.events.emit(now, EngineEvent::ConflictClosed(closed, key)),
            _ => {}
        }
    }

    /// As [`Core::tell_changes`], of every fact there is and every one that was shown: much may have moved at once. Where nobody looks, what is
    /// believed of it was noted as it moved.
    pub fn tell_everything(&self, now: Timestamp) {
        self.acquaintance.is_outdated();
        for slot in &self.sources {
            *slot.held.lock().unwrap_or_else(PoisonError::into_inner) = None;
        }
        let Some(shown) = self.keeper().as_ref().map(Keeper::facts) else { return };
        let mut keys: BTreeSet<Key> = self.read_facts().table.matching(None).map(|(key, _)| key.clone()).collect();
        keys.extend(shown.iter().map(|insight| insight.key.clone()));
        drop(shown);
        let keys: Vec<Key> = keys.into_iter().collect();
        for slice in keys.chunks(SLICE) {
            self.tell_changes(slice, now);
        }
    }

    /// A source vouched anew, or began or ceased to be live: its facts have another date. Few are told at once with what changed.
    pub fn redate(&self, at: usize, changed: &mut Vec<Key>) {
        if self.keeper().is_none() {
            return;
        }
        let keys: Vec<Key> = self.read_facts().table.held_by(&self.sources[at].id).map(|(key, _)| key.clone()).collect();
        if keys.len() <= AT_ONCE {
            changed.extend(keys);
        } else {
            self.tell_in_time(keys);
        }
    }

    /// How every source stands, in configured order.
    pub fn source_statuses(&self, now: Timestamp) -> Vec<SourceStatus> {
        let facts = self.read_facts();
        let count = |slot: &super::core::SourceSlot| {
            let mut held = slot.held.lock().unwrap_or_else(PoisonError::into_inner);
            *held.get_or_insert_with(|| facts.table.held_by(&slot.id).filter(|(_, note)| note.is_held()).count() as u64)
        };
        self.sources
            .iter()
            .map(|slot| {
                let keys = if facts.loaded { count(slot) } else { 0 };
                let health = slot.health();
                SourceStatus {
                    source: slot.id.clone(),
                    kind: slot.kind,
                    role: slot.config.role,
                    trust: slot.config.trust,
                    enabled: slot.config.enabled,
                    writable: slot.config.writable,
                    state: health.state(),
                    complete_at: health.complete_at,
                    asked_at: health.asked_at,
                    keys,
                    error: health.failure.as_ref().map(|failure| remembered(failure, now)),
                    skipped: health
                        .remarks
                        .skipped
                        .iter()
                        .map(|(reason, count)| Skipped { reason: reason.clone(), count: *count })
                        .collect(),
                    duplicates: health.remarks.duplicates.iter().filter_map(|key| Key::new(key).ok()).collect(),
                    rejected_keys: health.remarks.rejected_keys,
                    availability: health.availability(now),
                    interval: slot.config.interval,
                }
            })
            .collect()
    }
}
