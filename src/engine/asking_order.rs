//! The order in which a screen asks about conflicts: that of `conflicts list`, the question whose answer teaches most first.
//!
//! It is worked out by whoever hands a moment out, never by a screen. Where few conflicts wait, it is there with the first moment that knows
//! of an answer. Where that would take longer than [`AT_ONCE`], the moment does not wait: what is left is asked in the order that stood, and
//! the new one follows with a moment of its own. It is worked out beside everything else, with no lock held, as soon as somebody answered.
//!
//! What moves by itself is put in order with the moment where few conflicts wait; where many do, that takes a tenth of a core at the most, and
//! until then they stand as before, with what is new behind them.
//!
//! Invariants: what was decided is asked about in no moment that knows of the decision, whatever the order; an order that was begun before
//! something moved is followed by another one, so that the last one knows of everything; an older one never takes the place of a newer one.

use std::{
    sync::{Arc, Weak},
    time::Duration,
};

use tokio::sync::Notify;

use crate::fact::Timestamp;

use super::{
    core::Core,
    making_way::Patience,
    view::{InOrder, Keeper, Unordered},
};

/// After it was worked out, nothing is for so many times as long.
const REST: u32 = 9;
/// A moment is held up for its order no longer than this.
const AT_ONCE: Duration = Duration::from_millis(20);
/// After an order that could not be worked out, by a fault in here.
const ANEW: Duration = Duration::from_secs(5);

/// When what waits is to be put in order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Order {
    /// With this moment, however long it takes: nobody has seen another one.
    First,
    /// With this moment, or right after it when it would hold it up: somebody answered.
    Soon,
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
            self.0.hand_out(keeper, now, Order::Soon);
        }
    }
}

/// What is to be done about the order beside everything else.
enum Next {
    /// Those that wait are to be put in order.
    Begun(Unordered),
    /// Nothing before that long, or before something moves.
    In(Option<Duration>),
    /// Nobody looks any more.
    Gone,
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
        if let Some(until) = keeper.unordered(self.options.clock.monotonic(), REST) {
            let is_due = order == Order::Soon || until.is_zero();
            if order == Order::First || (is_due && keeper.would_take() <= AT_ONCE) {
                let begun = keeper.begin_order();
                let (ordered, took) = self.put_in_order(&begun, now);
                keeper.end_order(&begun, ordered, self.options.clock.monotonic(), took);
            } else {
                keeper.order_later(order == Order::Soon);
            }
        }
        keeper.publish();
    }

    fn put_in_order(&self, begun: &Unordered, now: Timestamp) -> (InOrder, Duration) {
        let started = self.options.clock.monotonic();
        let ordered = InOrder::new(self.most_teaching_first(&begun.waiting, now));
        (ordered, self.options.clock.monotonic().saturating_sub(started))
    }

    /// The same on a thread of its own: whoever answers goes first.
    fn put_in_order_beside(&self, begun: &Unordered) -> (InOrder, Duration) {
        let mut patience = Patience::default();
        self.make_way(&mut patience);
        let (started, before) = (self.options.clock.monotonic(), patience.waited());
        let between = || self.make_way(&mut patience);
        let ordered = InOrder::new(self.most_teaching_first_in_steps(&begun.waiting, self.now(), between));
        let took = self.options.clock.monotonic().saturating_sub(started);
        let waited = patience.waited().saturating_sub(before);
        self.make_way(&mut patience);
        (ordered, took.saturating_sub(waited))
    }

    /// Puts in order what no moment waits for, as long as the keeper keeps that is woken so.
    pub(super) fn order_beside(self: &Arc<Self>, wake: Arc<Notify>) {
        tokio::spawn(order(Arc::downgrade(self), wake));
    }

    fn next_order(&self, wake: &Arc<Notify>) -> Next {
        let mut guard = self.keeper();
        let Some(keeper) = guard.as_mut().filter(|keeper| Arc::ptr_eq(keeper.wake(), wake)) else { return Next::Gone };
        match keeper.unordered(self.options.clock.monotonic(), REST) {
            Some(Duration::ZERO) => Next::Begun(keeper.begin_order()),
            until => Next::In(until),
        }
    }

    fn hand_out_ordered(&self, wake: &Arc<Notify>, begun: &Unordered, (ordered, took): (InOrder, Duration)) {
        let mut guard = self.keeper();
        let Some(keeper) = guard.as_mut().filter(|keeper| Arc::ptr_eq(keeper.wake(), wake)) else { return };
        let unneeded = keeper.end_order(begun, ordered, self.options.clock.monotonic(), took);
        keeper.publish();
        drop(guard);
        drop(unneeded);
    }
}

/// Works out one order after the other, until the keeper or the engine is gone.
async fn order(core: Weak<Core>, wake: Arc<Notify>) {
    while let Some(core) = core.upgrade() {
        match core.next_order(&wake) {
            Next::Gone => return,
            Next::Begun(begun) => {
                if order_once(core, &wake, begun).await.is_none() {
                    tokio::time::sleep(ANEW).await;
                }
            }
            Next::In(until) => {
                drop(core);
                let moved = wake.notified();
                match until {
                    Some(until) => {
                        let _ = tokio::time::timeout(until, moved).await;
                    }
                    None => moved.await,
                }
            }
        }
    }
}

/// Off the threads that answer; none when it failed, which its panic has told.
async fn order_once(core: Arc<Core>, wake: &Arc<Notify>, begun: Unordered) -> Option<()> {
    let wake = Arc::clone(wake);
    let work = move |core: &Core| core.hand_out_ordered(&wake, &begun, core.put_in_order_beside(&begun));
    if core.options.inline {
        work(&core);
        return Some(());
    }
    tokio::task::spawn_blocking(move || work(&core)).await.ok()
}
