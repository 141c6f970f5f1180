//! What the resolver is given: readings of one key, and the settings in force.

use std::{sync::Arc, time::Duration};

use super::{
    confidence::{ScoreBasis, Validity, Weights},
    insight::SourceState,
    likeness::Likeness,
    normal::Normal,
    observation::{Content, Observation},
    rule::KeyRule,
    source::Role,
    time::Timestamp,
    value::Value,
};

/// One observation with all that is known about who made it.
#[derive(Clone, Copy, Debug)]
pub struct Reading<'a> {
    /// What the source said.
    pub observation: &'a Observation,
    /// The observation's value, or the last one of an absent one, in the form of the key's compare rule. None: made while resolving,
    /// which costs a parse.
    pub normal: Option<&'a Normal>,
    /// When the origin last vouched for it: the observation's own stamp, or a later one its source vouched with as a whole.
    pub observed_at: Timestamp,
    /// Under a live watch: observed now, does not tick.
    pub live: bool,
    /// Observed or declared.
    pub role: Role,
    /// Trust of the source for this field, 0 to 1.
    pub trust: f64,
    /// Whether the value fits the key's schema.
    pub validity: Validity,
    /// Where and how it does not.
    pub violation: Option<&'a Arc<str>>,
    /// The source's APDEX times availability, if known.
    pub alignment: Option<f64>,
    /// Decisions of a person for this source here.
    pub accepts: u32,
    /// Decisions of a person against it here.
    pub rejects: u32,
    /// How the source's last fetch went.
    pub state: SourceState,
    /// How long its value counts as fresh: the TTL in force, already chosen from put, rule, source and default.
    pub ttl: Duration,
    /// The learned half-life, if any; a rule's own goes before it.
    pub half_life: Option<Duration>,
    /// Whether the source is configured and may claim the key; a reading that may not does not count at all.
    pub claims: bool,
    /// What it says was replaced by a change of our own since its source was asked: it competes with nothing until that is asked again.
    pub overtaken: bool,
}

impl<'a> Reading<'a> {
    /// A reading of an observed, configured source of which nothing else is known.
    #[must_use]
    pub fn new(observation: &'a Observation, trust: f64, ttl: Duration) -> Self {
        Self {
            observation,
            normal: None,
            observed_at: observation.observed_at,
            live: observation.live,
            role: Role::Observed,
            trust,
            validity: Validity::NoSchema,
            violation: None,
            alignment: None,
            accepts: 0,
            rejects: 0,
            state: SourceState::Unknown,
            ttl,
            half_life: None,
            claims: true,
            overtaken: false,
        }
    }

    /// The value it holds, or held last.
    pub(super) fn last_value(&self) -> Option<&'a Value> {
        match &self.observation.content {
            Content::Value(value) | Content::Absent(Some(value)) => Some(value),
            Content::Absent(None) => None,
        }
    }

    /// Its age at `now`; zero under a live watch that holds.
    pub(super) fn age(&self, now: Timestamp) -> Duration {
        let watch_holds = self.live && !matches!(self.state, SourceState::Failing { .. });
        if watch_holds { Duration::ZERO } else { now.since(self.observed_at) }
    }

    /// What it is scored from.
    pub(super) fn basis(&self, rule: Option<&KeyRule>, settings: &ResolveSettings, now: Timestamp) -> ScoreBasis {
        let half_life = rule.and_then(|rule| rule.half_life).or(self.half_life).or(settings.half_life).unwrap_or(self.ttl);
        ScoreBasis {
            age: self.age(now),
            half_life,
            trust: self.trust,
            validity: self.validity,
            alignment: self.alignment,
            accepts: self.accepts,
            rejects: self.rejects,
        }
    }
}

/// What is in force for every key.
#[derive(Clone, Debug, PartialEq)]
pub struct ResolveSettings {
    /// What each factor weighs.
    pub weights: Weights,
    /// The lead a winner needs to be decided by rule, 0 to 1.
    pub auto_margin: f64,
    /// The configured half-life; none: the TTL in force.
    pub half_life: Option<Duration>,
    /// Who is alike, by what all sources say; none: nobody is.
    pub likeness: Option<Arc<Likeness>>,
}

impl Default for ResolveSettings {
    fn default() -> Self {
        Self { weights: Weights::default(), auto_margin: 0.15, half_life: None, likeness: None }
    }
}
