//! What values are weighed by at one moment: decisions, the trust they teach, who is alike.
//!
//! Made anew when one of them moves, or with the day; shared by everything that is weighed until then.

use std::{sync::Arc, time::Duration};

use crate::fact::{Correction, DecisionBook, Likeness, ResolveSettings, Strata, Timestamp, TrustTable};

use super::acquaintance::Known;

/// Trust moves once a day by itself.
const DAY_MS: i64 = 86_400_000;

/// What values are weighed by.
pub(super) struct Belief {
    pub decisions: Arc<DecisionBook>,
    pub table: TrustTable,
    /// What decisions correct of `p_true`; none while there are none.
    pub correction: Option<Correction>,
    pub settings: ResolveSettings,
    /// How many conflicting facts there are, by tenths of `p_true`.
    pub strata: Strata,
    day: i64,
    version: u64,
}

impl Belief {
    pub fn of(decisions: Arc<DecisionBook>, known: (u64, &Known), settings: &ResolveSettings, half_life: Duration, now: Timestamp) -> Self {
        let (version, known) = known;
        let mut table = if decisions.is_empty() { TrustTable::default() } else { decisions.trust(half_life).table(now) };
        known.witness(&mut table);
        let judged = decisions.judged();
        Self {
            correction: (!judged.is_empty()).then(|| Correction::of(&judged)),
            table,
            settings: ResolveSettings { likeness: known.likeness.clone(), ..settings.clone() },
            strata: known.strata,
            day: now.as_millis().div_euclid(DAY_MS),
            version,
            decisions,
        }
    }

    /// The same, with these sources alike: for weighing by what was just counted.
    pub fn with_likeness(&self, likeness: Arc<Likeness>) -> Self {
        Self {
            decisions: Arc::clone(&self.decisions),
            table: self.table.clone(),
            correction: self.correction,
            settings: ResolveSettings { likeness: Some(likeness), ..self.settings.clone() },
            strata: self.strata,
            day: self.day,
            version: self.version,
        }
    }

    /// Whether it is still that of these.
    pub fn is_of(&self, decisions: &Arc<DecisionBook>, version: u64, now: Timestamp) -> bool {
        Arc::ptr_eq(&self.decisions, decisions) && self.version == version && self.day == now.as_millis().div_euclid(DAY_MS)
    }
}
