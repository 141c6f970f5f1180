//! Who waits for an answer goes first: what is shown anew by itself makes way meanwhile, between one step and the next.
//!
//! A decision needs the lock of what is shown a dozen times, and a core. Slices that hold the one and take the other would make it wait once for
//! each time.
//!
//! Invariants: nothing makes way for longer than [`LONGEST`] in all, so that answers without an end hold nothing up for good; nobody makes way on
//! a thread that answers.

use std::{
    sync::atomic::{AtomicUsize, Ordering},
    thread,
    time::Duration,
};

use super::core::Core;

/// Whoever makes way goes on after so long, whoever still waits.
const LONGEST: Duration = Duration::from_secs(1);
/// How long before it looks again.
const MOMENT: Duration = Duration::from_millis(1);

/// Somebody waits for an answer, as long as this is held.
pub(super) struct Answering<'c>(&'c AtomicUsize);

impl Drop for Answering<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

/// How long a piece of work may still make way.
pub(super) struct Patience(Duration);

impl Default for Patience {
    fn default() -> Self {
        Self(LONGEST)
    }
}

impl Patience {
    /// How long it made way.
    pub(super) fn waited(&self) -> Duration {
        LONGEST.saturating_sub(self.0)
    }
}

impl Core {
    /// Somebody waits for an answer, as long as what this gives is held.
    pub(super) fn answering(&self) -> Answering<'_> {
        self.answering.fetch_add(1, Ordering::SeqCst);
        Answering(&self.answering)
    }

    /// Waits until nobody waits for an answer, as long as there is patience. For threads of their own alone: where there are none, whoever is to
    /// be waited for could not go on.
    pub(super) fn make_way(&self, patience: &mut Patience) {
        while !self.options.inline && self.answering.load(Ordering::SeqCst) > 0 {
            let Some(left) = patience.0.checked_sub(MOMENT) else { return };
            patience.0 = left;
            thread::sleep(MOMENT);
        }
    }
}
