//! Learned trust as a front asks for it: by source and field, with the counts it comes from; and begun anew.

use std::{collections::BTreeSet, time::Duration};

use crate::fact::{Author, FieldName, Insight, LearnedLifetime, Role, SourceId, Tally, Timestamp, TrustReset, TrustStanding};

use super::{
    api::EngineError,
    core::Core,
    handle::EngineHandle,
    queue::{QueueError, What},
};

/// What is known of a source for one field.
#[derive(Clone, Debug, PartialEq)]
pub struct LearnedTrust {
    /// Who.
    pub source: SourceId,
    /// For what; none: the mean over all fields.
    pub field: Option<FieldName>,
    /// As configured.
    pub configured: f64,
    /// What it comes to, with its counts.
    pub standing: TrustStanding,
    /// When it was last begun anew.
    pub reset_at: Option<Timestamp>,
    /// What its own looks at the field came to, and the half-life that all of them give its values.
    pub lasts: Option<(LearnedLifetime, Duration)>,
}

impl LearnedTrust {
    /// The answers it comes from.
    #[must_use]
    pub fn tally(&self) -> &Tally {
        if self.field.is_some() { &self.standing.field } else { &self.standing.source }
    }

    /// The trust that readings are scored with; over all fields, the mean.
    #[must_use]
    pub fn trust(&self) -> f64 {
        if self.field.is_some() { self.standing.trust } else { self.standing.mean }
    }
}

impl Core {
    /// The mean of a source over all fields, with its counts.
    fn learned(&self, source: &SourceId, field: Option<&FieldName>, now: Timestamp) -> Option<LearnedTrust> {
        let slot = &self.sources[self.position(source)?];
        let belief = self.belief(now);
        // Of a field nobody ever heard of nothing is known but the mean.
        let standing = belief.table.standing_of(source, field.map_or("", FieldName::as_str), slot.config.trust);
        let reset_at = belief.decisions.resets().filter(|reset| reset.source == *source && reset.field.as_ref() == field);
        let reset_at = reset_at.map(|reset| reset.at).max();
        let lasts = field.and_then(|field| {
            let seen = self.lasting.with(self.origin(&belief.decisions), |all| all.of_source(source, Some(field)))?;
            let expected = self.options.config.confidence.half_life.or(slot.config.ttl).unwrap_or(self.options.config.cache.ttl);
            Some((seen, self.half_lives(now).get(field)?.half_life(expected)))
        });
        Some(LearnedTrust { source: source.clone(), field: field.cloned(), configured: slot.config.trust, standing, reset_at, lasts })
    }
}

impl EngineHandle {
    /// What was learned of a source (none: of all observed ones): its mean first, then each field anything was learned for, or the one that is
    /// named.
    ///
    /// # Errors
    /// [`EngineError::NoSuchSource`].
    pub fn trust(&self, source: Option<&SourceId>, field: Option<&FieldName>) -> Result<Vec<LearnedTrust>, EngineError> {
        let now = self.core.now();
        let belief = self.core.belief(now);
        let sources: Vec<SourceId> = match source {
            Some(source) => {
                self.position(source)?;
                vec![source.clone()]
            }
            None => self.core.sources.iter().filter(|slot| slot.config.role == Role::Observed).map(|slot| slot.id.clone()).collect(),
        };
        let mut found = Vec::new();
        for source in &sources {
            if let Some(field) = field {
                found.extend(self.core.learned(source, Some(field), now));
                continue;
            }
            found.extend(self.core.learned(source, None, now));
            let mut fields: BTreeSet<FieldName> = belief.table.fields(source).into_iter().cloned().collect();
            fields.extend(self.core.lasting.with(self.core.origin(&belief.decisions), |all| all.taught_by(source)));
            found.extend(fields.iter().filter_map(|field| self.core.learned(source, Some(field), now)));
        }
        Ok(found)
    }

    /// What decisions taught of the observed sources of a fact, for facts like it; nothing of those nobody decided on.
    #[must_use]
    pub fn trust_about(&self, insight: &Insight) -> Vec<LearnedTrust> {
        let (now, field) = (self.core.now(), self.core.field_of(&insight.key));
        let observed = insight.sources.iter().filter(|view| view.role == Role::Observed);
        let learned = observed.filter_map(|view| self.core.learned(&view.source, Some(&field), now));
        learned.filter(|learned| learned.standing.source.counted > 0.0).collect()
    }

    /// Begins anew what was learned of a source - trust, and how long its values last - for one field or for all; answered when that is on disk. Decisions stay.
    ///
    /// # Errors
    /// When there is no such source, or it cannot be written down.
    pub async fn reset_trust(&self, source: &SourceId, field: Option<&FieldName>, author: &Author) -> Result<(), QueueError> {
        let now = self.core.now();
        let reset = TrustReset { source: source.clone(), field: field.cloned(), at: now };
        self.core.desk.change(now, |_| Ok((vec![What::TrustReset(reset, author.clone())], ()))).await?;
        self.core.lasting.reset(source, field, now);
        self.core.epoch.end();
        self.core.show_reweighed(field);
        Ok(())
    }
}
