//! A database that takes far more disk than what lives in it is compacted by whoever polls, in a quiet moment, however high the watermark is.
//!
//! Below the watermark nothing has to go, so nothing else would ever ask for it: sled gives back little of what it once took. No command
//! that ends by itself does this. It is not begun while an answer is taken in, while anybody waits for one or anything for its delivery, nor
//! where the copy might not find room. What is asked of sources once it has begun is taken in when it has ended; reads go on. Nothing goes by
//! it: what lives in such a database is far below the low watermark. What it came to is told like any other compaction.

use std::{
    sync::{Arc, PoisonError, atomic::Ordering},
    time::Duration,
};

use super::{
    api::EngineEvent,
    core::Core,
    store::{StoreStats, free_at},
};

/// How often it is looked.
const LOOK: Duration = Duration::from_secs(60);
/// So many times what lives in it a database may take,
const TIMES: u64 = 3;
/// and so much more than that: to copy for less is not worth it.
const SPARE: u64 = 256 << 20;
/// What is left free beside the copy.
const LEFT: u64 = 64 << 20;

/// Whether so much disk is far more than what lives there needs, and more than when a compaction last ended.
fn is_loose(stats: &StoreStats, floor: u64, spare: u64) -> bool {
    let disk = stats.disk_bytes;
    disk > stats.live_bytes.saturating_mul(TIMES) && disk - stats.live_bytes > spare && disk > floor + floor / 8
}

/// Whether a copy of so many sealed bytes surely fits: a database that is being filled takes up to twice that and a third.
fn fits(live: u64, free: u64) -> bool {
    free / TIMES >= live && free - live * TIMES >= LEFT
}

impl Core {
    /// Looks as long as the engine runs.
    pub(super) async fn run_tidying(self: Arc<Self>) {
        loop {
            tokio::time::sleep(LOOK).await;
            self.tidy(SPARE, || free_at(&self.options.data_dir)).await;
        }
    }

    /// Compacts the database if it is loose by so much, nothing is under way, and so much disk is free. Says whether it did.
    pub(super) async fn tidy(&self, spare: u64, free: impl Fn() -> Option<u64>) -> bool {
        let stats = self.store.stats();
        let floor = *self.keeping.floor.lock().unwrap_or_else(PoisonError::into_inner);
        let is_quiet = self.desk.state().is_idle() && self.answering.load(Ordering::SeqCst) == 0;
        if self.store.standing().is_some() || !is_loose(&stats, floor, spare) || !is_quiet {
            return false;
        }
        // Whoever takes in an answer has it; the next look is soon.
        let Ok(_alone) = self.keeping.gate.try_write() else { return false };
        if !free().is_some_and(|free| fits(stats.live_bytes, free)) {
            tracing::info!(
                live = stats.live_bytes,
                disk = stats.disk_bytes,
                "the cache is not compacted: too little disk is free for a copy"
            );
            return false;
        }
        let now = self.now();
        match self.compact_alone(false, now).await {
            Ok(_) => true,
            // What failed is not tried again before the database has grown.
            Err(error) => {
                self.events.emit(now, EngineEvent::Fault(error.to_string()));
                false
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MIB: u64 = 1 << 20;

    #[test]
    fn much_more_than_what_lives_there_is_loose_and_a_little_is_not() {
        let loose = |live: u64, disk: u64, floor: u64| {
            let stats = StoreStats { live_bytes: live * MIB, disk_bytes: disk * MIB, ..StoreStats::default() };
            is_loose(&stats, floor * MIB, SPARE)
        };
        assert!(loose(559, 2_645, 0));
        assert!(!loose(559, 1_677, 0) && loose(559, 1_678, 0), "three times");
        assert!(!loose(1, 257, 0) && loose(1, 258, 0), "and as much as is worth it");
        assert!(!loose(0, 0, 0) && !loose(559, 500, 0));
        assert!(!loose(559, 2_645, 2_400) && loose(559, 2_645, 2_351), "what a compaction left is no reason for the next");
    }

    #[test]
    fn a_copy_has_room_three_times_over_and_something_is_left() {
        assert!(fits(100 * MIB, 364 * MIB) && !fits(100 * MIB, 363 * MIB));
        assert!(!fits(100 * MIB, 0) && !fits(u64::MAX, u64::MAX) && fits(0, LEFT));
    }
}
