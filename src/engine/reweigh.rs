//! Weighing anew: who is alike is counted again when values moved, and what is shown follows when trust moves.
//!
//! Whoever asks for a fact gets it weighed by what counts now; this is for what is already shown. What the answer is about comes at once, the rest
//! in slices with rests between them.

use std::{
    collections::HashMap,
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use crate::fact::{CompareRule, FieldName, Key, Role, Strata};

use super::{
    acquaintance::{Counting, Heard},
    cache::{Slot, may_differ},
    core::Core,
    keeping::Document,
    store::StoreError,
};

/// Conflicts that are shown anew at once after an answer, those of its field first.
const AT_ONCE: usize = 2_000;
/// Keys of a slice.
const SLICE: usize = 1_000;
/// Slices take a tenth of a core.
const REST: u32 = 9;
/// Conflicts whose `p_true` is looked at: of more, every so many.
const LOOKED_AT: usize = 4_000;
/// How often it is looked whether values moved.
const LOOK: Duration = Duration::from_secs(5);

impl Core {
    /// Counts again what all values together say of sources, where they moved; gives the document to write, where that is another.
    pub(super) fn recount(&self) -> Result<Option<Document>, StoreError> {
        self.load()?;
        // What is known is read first, so that what comes to the same is not written again.
        self.acquaintance.known(self.store.as_ref());
        if !self.acquaintance.begin() {
            return Ok(None);
        }
        let mut counting = Counting::default();
        let mut kept: HashMap<Key, Vec<Arc<Slot>>> = HashMap::new();
        let contested = self.read_facts().table.matching(None).filter(|(_, notes)| may_differ(notes)).count();
        let every = contested.div_ceil(LOOKED_AT).max(1);
        let plain = CompareRule::default();
        let mut at = 0;
        let walked = self.walk(None, may_differ, |key, slots| {
            let rule = self.rules.rule(key);
            counting.add(&self.heard(slots), &FieldName::of(key, rule), rule.map_or(&plain, |rule| &rule.compare));
            if at % every == 0 {
                kept.insert(key.clone(), slots.to_vec());
            }
            at += 1;
        });
        if let Err(error) = walked {
            self.acquaintance.is_outdated();
            return Err(error);
        }
        let now = self.now();
        let mut standings = self.standings(now);
        standings.with_likeness(counting.likeness());
        let certain = kept.iter().filter_map(|(key, slots)| {
            let insight = self.weigh(key, slots, &standings, now, None)?;
            insight.conflict.is_some().then_some(insight.p_true)
        });
        let scale = u32::try_from(every).unwrap_or(u32::MAX);
        let strata = Strata::from_counts(Strata::of(certain).counts().map(|count| count.saturating_mul(scale)));
        let document = self.acquaintance.take(&counting, strata);
        if document.is_some() {
            self.epoch.end();
        }
        Ok(document)
    }

    /// Live observed values of one key.
    fn heard<'a>(&self, slots: &'a [Arc<Slot>]) -> Vec<Heard<'a>> {
        let one = |slot: &'a Arc<Slot>| {
            let source = &self.sources[self.position(&slot.observation.source)?].config;
            let is_heard = source.role == Role::Observed && slot.value().is_some();
            is_heard.then_some(Heard { source: &slot.observation.source, normal: &slot.normal, is_authority: source.authority })
        };
        slots.iter().filter_map(one).collect()
    }

    /// Counts again and writes it down, off the threads that answer.
    pub(super) async fn get_acquainted(self: &Arc<Self>) {
        let counted = if self.options.inline {
            self.recount()
        } else {
            let core = Arc::clone(self);
            tokio::task::spawn_blocking(move || core.recount()).await.unwrap_or(Ok(None))
        };
        // A cache that cannot be read is named by whatever reads it next.
        let Ok(Some(document)) = counted else { return };
        self.write(Vec::new(), vec![document], self.now()).await;
        self.show_reweighed(None);
    }

    /// Looks whether values moved as long as the engine runs.
    pub(super) async fn run_acquaintance(self: Arc<Self>) {
        loop {
            tokio::time::sleep(LOOK).await;
            let started = self.options.clock.monotonic();
            self.get_acquainted().await;
            tokio::time::sleep(self.options.clock.monotonic().saturating_sub(started).saturating_mul(REST)).await;
        }
    }

    /// Trust moved: what is shown follows. With a field, conflicts of it come at once.
    pub(super) fn show_reweighed(self: &Arc<Self>, field: Option<&FieldName>) {
        let _held = self.hold_back();
        let turn = self.reweighed.fetch_add(1, Ordering::Relaxed) + 1;
        let Some((contested, others)) = self.shown_keys() else { return };
        let (mut now, mut later): (Vec<Key>, Vec<Key>) = contested.into_iter().partition(|key| field == Some(&self.field_of(key)));
        // An answer moves the trust of a source in its other fields as well, and what is asked next depends on all of them.
        if field.is_some() {
            now.append(&mut later);
        }
        let mut rest: Vec<Key> = Vec::new();
        for (at, slice) in now.chunks(SLICE).enumerate() {
            if at * SLICE < AT_ONCE {
                self.tell_changes(slice, self.now());
            } else {
                rest.extend_from_slice(slice);
            }
        }
        rest.extend(later);
        rest.extend(others);
        let core = Arc::downgrade(self);
        tokio::spawn(async move {
            for slice in rest.chunks(SLICE) {
                let Some(core) = core.upgrade() else { return };
                // A later answer weighs them all again.
                if core.reweighed.load(Ordering::Relaxed) != turn {
                    return;
                }
                let started = core.options.clock.monotonic();
                core.tell_changes(slice, core.now());
                let took = core.options.clock.monotonic().saturating_sub(started);
                drop(core);
                tokio::time::sleep(took.saturating_mul(REST)).await;
            }
        });
    }
}
