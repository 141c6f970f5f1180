//! A reading with a value, scored: what competes for belief, and in which order.
//!
//! Every comparison ends at the source's name, and last at the value's text, so that no two entries of one key are equal.

use std::{borrow::Cow, cmp::Ordering};

use super::{confidence::Confidence, normal::Normal, reading::Reading, time::Timestamp, value::Value};

/// A reading with a value, scored.
pub(super) struct Entry<'a> {
    pub(super) reading: &'a Reading<'a>,
    pub(super) value: &'a Value,
    pub(super) normal: Cow<'a, Normal>,
    pub(super) confidence: Confidence,
    pub(super) points: u32,
    /// Not after now: a clock that runs ahead must not win by it.
    pub(super) changed: Timestamp,
    /// Where its source stands among those whose likeness is known.
    pub(super) alike: Option<usize>,
    /// Which of the different forms it has.
    pub(super) form: usize,
}

impl<'a> Entry<'a> {
    pub(super) fn new(reading: &'a Reading<'a>, value: &'a Value, normal: Cow<'a, Normal>, confidence: Confidence, now: Timestamp) -> Self {
        let changed = reading.observation.changed_at.min(now);
        Self { reading, value, normal, points: confidence.points(), confidence, changed, alike: None, form: 0 }
    }

    pub(super) fn trust(&self) -> f64 {
        self.reading.trust
    }

    /// Trust, then the newer change, then the name; better is less.
    pub(super) fn by_standing(&self, other: &Self) -> Ordering {
        other
            .trust()
            .total_cmp(&self.trust())
            .then_with(|| other.changed.cmp(&self.changed))
            .then_with(|| self.reading.observation.source.cmp(&other.reading.observation.source))
            .then_with(|| self.value.cmp(other.value))
    }

    /// Score, then standing; better is less.
    pub(super) fn by_score(&self, other: &Self) -> Ordering {
        other.points.cmp(&self.points).then_with(|| self.by_standing(other))
    }
}
