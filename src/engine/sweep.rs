//! What moves because time passes, with nothing else having happened; and what is told anew in its turn.
//!
//! Facts that turn are told of when they do. Which of several values wins moves with time too, all the time: every conflict is weighed again each
//! [`WEIGH`]. Whatever is to be told anew and is much is so in slices that take a tenth of a core, each fact once, however many sources it is
//! told for. What a screen shows of it it asks for itself.

use std::{
    sync::{Arc, MutexGuard, PoisonError},
    time::Duration,
};

use crate::fact::{Key, Timestamp};

use super::{
    core::Core,
    outdated::Outdated,
    tell::{REST, SLICE, tell_slice},
    view::Keeper,
};

/// How often a conflict is weighed again.
const WEIGH: Duration = Duration::from_secs(30);
/// How long the sweep sleeps at the most.
const LONGEST: Duration = Duration::from_secs(60);

/// Where the sweep is.
pub(super) struct Sweep {
    /// When it was last begun to weigh conflicts.
    weighed_at: Timestamp,
    /// Nothing is told anew before this moment of the monotonic clock.
    rests_until: Duration,
}

impl Sweep {
    /// Begins now.
    pub const fn new(now: Timestamp) -> Self {
        Self { weighed_at: now, rests_until: Duration::ZERO }
    }
}

impl Core {
    fn outdated(&self) -> MutexGuard<'_, Outdated> {
        self.outdated.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Tells these anew in their turn.
    pub(super) fn tell_in_time(&self, keys: Vec<Key>) {
        self.outdated().add(keys);
        self.sooner.notify_one();
    }

    /// Tells of facts that moved because time passed; says how long nothing more is to be done.
    pub(super) async fn sweep(self: &Arc<Self>, sweep: &mut Sweep) -> Duration {
        let due = self.keeper().as_mut().map(|keeper| keeper.due(self.now())).unwrap_or_default();
        for slice in due.chunks(SLICE) {
            tell_slice(Arc::clone(self), slice).await;
        }
        let next = self.tell_next(sweep).await.unwrap_or(LONGEST);
        let turn = self.keeper().as_ref().and_then(Keeper::next_turn).map_or(LONGEST, |next| next.since(self.now()));
        turn.min(next).min(LONGEST)
    }

    /// Tells the next of those that are to be told anew; says how long until there are more, none where there will be none.
    async fn tell_next(self: &Arc<Self>, sweep: &mut Sweep) -> Option<Duration> {
        let (now, clock) = (self.now(), &self.options.clock);
        let weighs = now.since(sweep.weighed_at) >= WEIGH;
        // What nobody looks at is not told.
        let Some(contested) = self.some_contested(if weighs { usize::MAX } else { 0 }, |_| true) else {
            self.outdated().clear();
            return None;
        };
        if weighs {
            sweep.weighed_at = now;
            self.outdated().add(contested);
        }
        if clock.monotonic() >= sweep.rests_until {
            let slice = self.outdated().next(SLICE);
            if !slice.is_empty() {
                let took = tell_slice(Arc::clone(self), &slice).await;
                sweep.rests_until = clock.monotonic().saturating_add(took.saturating_mul(REST));
            }
        }
        if !self.outdated().is_empty() {
            return Some(sweep.rests_until.saturating_sub(clock.monotonic()));
        }
        let competes = self.some_contested(1, |_| true).is_some_and(|some| !some.is_empty());
        competes.then_some(WEIGH)
    }
}
