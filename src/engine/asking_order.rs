//! The order in which a screen asks about conflicts: that of `conflicts list`, the question whose answer teaches most first.
//!
//! It is worked out by whoever hands a moment out, never by a screen. After an answer it is there with the first moment that knows of the
//! answer. What moves by itself is put in order with the moment where few conflicts wait; where many do, that takes a tenth of a core at the
//! most, and until then they stand as before, with what is new behind them.

use std::{sync::Arc, time::Duration};

use crate::fact::Timestamp;

use super::{core::Core, view::Keeper};

/// After it was worked out, nothing is for so many times as long.
const REST: u32 = 9;

/// When what waits is to be put in order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Order {
    /// With this moment.
    Now,
    /// With this moment, or with a later one when it would take too much.
    InItsTime,
}

/// Holds moments back, so that all that comes of one answer is one of them; dropping it hands that out.
pub(super) struct HeldBack<'c>(&'c Arc<Core>);

impl Drop for HeldBack<'_> {
    fn drop(&mut self) {
        let now = self.0.now();
        if let Some(keeper) = self.0.keeper().as_mut()
            && keeper.let_go()
        {
            self.0.hand_out(keeper, now, Order::Now);
        }
    }
}

impl Core {
    /// Holds moments back until all that comes of an answer is known.
    pub(super) fn hold_back(self: &Arc<Self>) -> HeldBack<'_> {
        if let Some(keeper) = self.keeper().as_mut() {
            keeper.hold_back();
            keeper.disorder();
        }
        HeldBack(self)
    }

    /// Hands out this moment.
    pub(super) fn hand_out(&self, keeper: &mut Keeper, now: Timestamp, order: Order) {
        let clock = &self.options.clock;
        if let Some((waiting, until)) = keeper.unordered(clock.monotonic(), REST) {
            if order == Order::Now || until.is_zero() {
                let started = clock.monotonic();
                let ordered = self.most_teaching_first(&waiting, now);
                let done = clock.monotonic();
                keeper.order(&ordered, done, done.saturating_sub(started));
            } else {
                self.sooner.notify_one();
            }
        }
        keeper.publish();
    }

    /// Puts in order what waits for that, where its time has come; else says how long that is.
    pub(super) fn order_in_its_time(&self, now: Timestamp) -> Option<Duration> {
        let mut guard = self.keeper();
        let keeper = guard.as_mut()?;
        let (_, until) = keeper.unordered(self.options.clock.monotonic(), REST)?;
        if until.is_zero() {
            self.hand_out(keeper, now, Order::InItsTime);
        }
        Some(until).filter(|until| !until.is_zero())
    }
}
