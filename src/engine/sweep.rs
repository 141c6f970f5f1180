//! What moves because time passes, with nothing else having happened.
//!
//! Facts that turn are told of when they do. Which of several values wins moves with time too, all the time: every conflict is weighed again each
//! [`WEIGH`], or, where many are, as fast as a tenth of a core goes. What a screen shows of them it asks for itself.

use std::{sync::Arc, time::Duration};

use crate::fact::{Key, Timestamp};

use super::{
    core::Core,
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
    /// Those that are still to be weighed, the last one first.
    left: Vec<Key>,
    /// Not before this moment of the monotonic clock.
    rests_until: Duration,
}

impl Sweep {
    /// Begins now.
    pub const fn new(now: Timestamp) -> Self {
        Self { weighed_at: now, left: Vec::new(), rests_until: Duration::ZERO }
    }
}

impl Core {
    /// Tells of facts that moved because time passed; says how long nothing more is to be done.
    pub(super) async fn sweep(self: &Arc<Self>, sweep: &mut Sweep) -> Duration {
        let due = self.keeper().as_mut().map(|keeper| keeper.due(self.now())).unwrap_or_default();
        for slice in due.chunks(SLICE) {
            tell_slice(Arc::clone(self), slice).await;
        }
        let weigh = self.weigh_some(sweep).await.unwrap_or(LONGEST);
        let turn = self.keeper().as_ref().and_then(Keeper::next_turn).map_or(LONGEST, |next| next.since(self.now()));
        turn.min(weigh).min(LONGEST)
    }

    /// Weighs the next of those whose values compete; says how long until there are more, none where there is none.
    async fn weigh_some(self: &Arc<Self>, sweep: &mut Sweep) -> Option<Duration> {
        let now = self.now();
        if sweep.left.is_empty() && now.since(sweep.weighed_at) >= WEIGH {
            sweep.left = self.keeper().as_ref().map(|keeper| keeper.contested().cloned().collect()).unwrap_or_default();
            sweep.weighed_at = now;
        }
        let clock = &self.options.clock;
        if !sweep.left.is_empty() && clock.monotonic() >= sweep.rests_until {
            let slice = sweep.left.split_off(sweep.left.len().saturating_sub(SLICE));
            let took = tell_slice(Arc::clone(self), &slice).await;
            sweep.rests_until = clock.monotonic().saturating_add(took.saturating_mul(REST));
        }
        if sweep.left.is_empty() {
            let competes = self.keeper().as_ref().is_some_and(|keeper| keeper.contested().next().is_some());
            return competes.then_some(WEIGH);
        }
        Some(sweep.rests_until.saturating_sub(clock.monotonic()))
    }
}
