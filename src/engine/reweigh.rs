//! Weighing anew: who is alike is counted again when values moved, and what is shown follows when trust moves.
//!
//! Whoever asks for a fact gets it weighed by what counts now; this is for what is already shown. What the answer is about comes at once, the rest
//! in slices with rests between them.

use std::{
    collections::{HashMap, HashSet},
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use crate::fact::{CompareRule, FieldName, Key, Role, Strata};

use super::{
    acquaintance::{Counting, Heard},
    cache::{Slot, may_differ},
    core::Core,
    keeping::Document,
    making_way::Patience,
    store::StoreError,
    tell::tell_slice,
};

/// Conflicts that are shown anew at once, those of the field that was decided on first.
const AT_ONCE: usize = 2_000;
/// Keys that are shown anew before it is looked how long that took.
const STEP: usize = 100;
/// No longer than that: whoever decided waits for it.
const AT_ONCE_FOR: Duration = Duration::from_millis(30);
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

    /// Trust moved: what is shown follows. With a field, conflicts come at once, those of it first, as many as whoever decided can wait for.
    pub(super) fn show_reweighed(self: &Arc<Self>, field: Option<&FieldName>) {
        let _held = self.hold_back();
        let turn = self.reweighed.fetch_add(1, Ordering::Relaxed) + 1;
        let is_of = |key: &Key, field: &FieldName| field.as_str() == FieldName::text_of(key, self.rules.rule(key));
        let is_of_it = |key: &Key| field.is_some_and(|field| is_of(key, field));
        // What is asked next is what is looked at next.
        let Some(mut first) = self.asked_first(if field.is_some() { STEP } else { 0 }) else { return };
        first.extend(self.some_contested(AT_ONCE, is_of_it).unwrap_or_default());
        // What an answer teaches of a source moves its other fields a little, and with them what is asked next.
        let others = AT_ONCE.saturating_sub(first.len());
        first.extend(self.some_contested(others, |key| field.is_some() && !is_of_it(key)).unwrap_or_default());
        let mut told = HashSet::new();
        first.retain(|key| told.insert(key.clone()));
        let began = self.options.clock.monotonic();
        let mut shown = 0;
        for step in first.chunks(STEP) {
            self.tell_changes(step, self.now());
            shown += step.len();
            if self.options.clock.monotonic().saturating_sub(began) >= AT_ONCE_FOR {
                break;
            }
        }
        let mut shown: Vec<Key> = first.into_iter().take(shown).collect();
        shown.sort_unstable();
        let (core, field, inline) = (Arc::downgrade(self), field.cloned(), self.options.inline);
        tokio::spawn(async move {
            let Some(held) = core.upgrade() else { return };
            let left = move |core: &Core| {
                // Going through everything that is shown takes a core for a while.
                core.make_way(&mut Patience::default());
                let is_newest = core.reweighed.load(Ordering::Relaxed) == turn;
                if is_newest { core.left_to_show(&shown, field.as_ref()) } else { Vec::new() }
            };
            // Held no longer than that: between slices the engine may end.
            let work = move || left(&held);
            let rest = match inline {
                true => work(),
                // One that failed is told by the panic itself; what is shown follows with the next weighing.
                false => tokio::task::spawn_blocking(work).await.unwrap_or_default(),
            };
            for slice in rest.chunks(SLICE) {
                let Some(core) = core.upgrade() else { return };
                // A later answer weighs them all again.
                if core.reweighed.load(Ordering::Relaxed) != turn {
                    return;
                }
                let took = tell_slice(core, slice).await;
                tokio::time::sleep(took.saturating_mul(REST)).await;
            }
        });
    }

    /// Everything else that is shown: conflicts of the field first, then other conflicts, then the rest.
    fn left_to_show(&self, shown: &[Key], field: Option<&FieldName>) -> Vec<Key> {
        let Some((mut contested, others)) = self.shown_keys() else { return Vec::new() };
        // Both are in the order of keys.
        let mut next = shown.iter().peekable();
        contested.retain(|key| {
            while next.next_if(|shown| *shown < key).is_some() {}
            next.next_if(|shown| *shown == key).is_none()
        });
        let is_of_it = |key: &Key| field.is_some_and(|field| field.as_str() == FieldName::text_of(key, self.rules.rule(key)));
        let (mut rest, later): (Vec<Key>, Vec<Key>) = contested.into_iter().partition(is_of_it);
        rest.extend(later);
        rest.extend(others);
        rest
    }
}
