//! When what is cached turns out to be incomplete: it is told, remembered of the sources it came from, and they are asked again.

use std::sync::{Arc, atomic::Ordering};

use crate::fact::SourceId;

use super::{
    api::EngineEvent,
    cache_event::{CacheEvent, HydratedFrom},
    core::{Core, SourceSlot},
    store::{Hydrated, Quarantined},
};

impl Core {
    /// Tells how the store was opened, when it was not simply opened.
    pub(super) fn tell_opening(&self, set_aside: bool, restored: Option<Hydrated>) {
        if !set_aside {
            return;
        }
        if let Some(restored) = restored {
            self.emit_cache(CacheEvent::Hydrated { entries: restored.taken, from: HydratedFrom::Rebuilt });
        }
        self.require_resync(None);
    }

    /// Tells what the store put aside as damaged since it was last asked, and has its sources asked again.
    pub(super) fn tell_quarantined(&self) {
        let found = self.store.take_quarantined();
        if found.is_empty() {
            return;
        }
        let mut sources: Vec<SourceId> = Vec::new();
        let mut any = false;
        for Quarantined { key, source } in found {
            match &source {
                Some(source) if !sources.contains(source) => sources.push(source.clone()),
                Some(_) => {}
                None => any = true,
            }
            self.emit_cache(CacheEvent::Quarantined { key, source });
        }
        // Whose record it was cannot be told, so it may have been anybody's.
        self.require_resync((!any).then_some(&sources));
    }

    /// What these sources said (none: all of them) is no longer known in full. Only a whole answer makes it whole again.
    pub(super) fn require_resync(&self, sources: Option<&[SourceId]>) {
        let concerned = |slot: &&SourceSlot| sources.is_none_or(|sources| sources.contains(&slot.id));
        for slot in self.sources.iter().filter(concerned) {
            slot.health().lose_answers();
            slot.source.forget();
        }
        self.epoch.end();
        // What memory knows of and the disk lost would not be written when its source says it again.
        self.rewrite.store(true, Ordering::Relaxed);
        self.emit_cache(CacheEvent::ResyncRequired { sources: sources.unwrap_or_default().to_vec() });
        self.resync.notify_one();
    }

    /// Asks again whoever has to be, each time there is somebody.
    pub(super) async fn run_resync(self: Arc<Self>) {
        loop {
            self.resync.notified().await;
            for (at, unit) in self.units.iter().enumerate() {
                let waiting = |member: &usize| self.sources[*member].config.enabled && self.sources[*member].health().asked_at.is_none();
                if unit.members.iter().any(waiting) {
                    self.refresh_unit(at).await;
                }
            }
        }
    }

    pub(super) fn emit_cache(&self, event: CacheEvent) {
        self.events.emit(self.now(), EngineEvent::Cache(event));
    }
}
