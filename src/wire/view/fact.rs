//! Facts and conflicts as a screen needs them: with the arithmetic, so that nothing of it is computed twice.

use std::{sync::Arc, time::Duration};

use serde::{Deserialize, Serialize};

use crate::fact::{
    Agreement, Candidate, CommandId, CommandState, Confidence, ConflictClass, ConflictEntry, ConflictId, Content, FactState, Insight, Key,
    LeftOut, Mark, Marks, Pending, ReasonCode, ResolutionState, Role, ScoreBasis, SourceId, SourceView, Timestamp, Validity, Value,
    Weights,
};

use super::{super::mask::Mask, Veil, source::Standing};

fn millis(span: Duration) -> u64 {
    u64::try_from(span.as_millis()).unwrap_or(u64::MAX)
}

fn value(text: &str) -> Result<Value, String> {
    Value::parse(text).map_err(|error| error.to_string())
}

fn parsed<T: std::str::FromStr>(text: &str) -> Result<T, String>
where
    T::Err: std::fmt::Display,
{
    text.parse().map_err(|error: T::Err| error.to_string())
}

/// What a score is computed from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Basis {
    weights: [f64; 5],
    age_ms: u64,
    half_life_ms: u64,
    trust: f64,
    validity: String,
    alignment: Option<f64>,
    accepts: u32,
    rejects: u32,
}

fn validity(code: &str) -> Validity {
    [Validity::Valid, Validity::Invalid].into_iter().find(|validity| validity.code() == code).unwrap_or_default()
}

impl Basis {
    fn of(confidence: &Confidence) -> Self {
        let basis = &confidence.basis;
        Self {
            weights: confidence.weights.0,
            age_ms: millis(basis.age),
            half_life_ms: millis(basis.half_life),
            trust: basis.trust,
            validity: basis.validity.code().to_owned(),
            alignment: basis.alignment,
            accepts: basis.accepts,
            rejects: basis.rejects,
        }
    }

    fn confidence(&self) -> Confidence {
        let basis = ScoreBasis {
            age: Duration::from_millis(self.age_ms),
            half_life: Duration::from_millis(self.half_life_ms),
            trust: self.trust,
            validity: validity(&self.validity),
            alignment: self.alignment,
            accepts: self.accepts,
            rejects: self.rejects,
        };
        Confidence::score(&Weights(self.weights), &basis)
    }
}

/// One source's part in a fact.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct ViewReading {
    source: SourceId,
    role: Role,
    value: Option<String>,
    absent: bool,
    trust: f64,
    #[serde(default)]
    accepts: u32,
    #[serde(default)]
    rejects: u32,
    score: Option<f64>,
    state: Standing,
    validity: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    violation: Option<String>,
    observed_at: Timestamp,
    changed_at: Timestamp,
    fetched_at: Timestamp,
    live: bool,
    same_origin: Option<String>,
    wins: bool,
    agrees: bool,
}

impl ViewReading {
    fn of(view: &SourceView, veil: Veil<'_>) -> Self {
        let (held, absent) = match &view.content {
            Content::Value(held) => (Some(held), false),
            Content::Absent(last) => (last.as_ref(), true),
        };
        Self {
            source: view.source.clone(),
            role: view.role,
            value: held.map(veil),
            absent,
            trust: view.trust,
            accepts: view.accepts,
            rejects: view.rejects,
            score: view.score,
            state: Standing::of(view.state),
            validity: view.validity.code().to_owned(),
            // It names members of the value: whoever does not see the one does not see the other.
            violation: view.violation.as_ref().map(|text| veil(&Value::string(text))),
            observed_at: view.observed_at,
            changed_at: view.changed_at,
            fetched_at: view.fetched_at,
            live: view.live,
            same_origin: view.same_origin.as_deref().map(str::to_owned),
            wins: view.wins,
            agrees: view.agrees,
        }
    }

    fn view(self) -> Result<SourceView, String> {
        let held = self.value.as_deref().map(value).transpose()?;
        let content = match (held, self.absent) {
            (Some(held), false) => Content::Value(held),
            (last, _) => Content::Absent(last),
        };
        Ok(SourceView {
            source: self.source,
            role: self.role,
            content,
            trust: self.trust,
            accepts: self.accepts,
            rejects: self.rejects,
            score: self.score,
            state: self.state.state(),
            validity: validity(&self.validity),
            violation: self.violation.as_deref().map(value).transpose()?.and_then(|text| text.as_str().map(|text| text.as_ref().into())),
            observed_at: self.observed_at,
            changed_at: self.changed_at,
            fetched_at: self.fetched_at,
            revision: None,
            live: self.live,
            same_origin: self.same_origin.map(Into::into),
            wins: self.wins,
            agrees: self.agrees,
        })
    }
}

/// A conflict.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ViewConflict {
    key: Key,
    class: String,
    digest: String,
    resolution: String,
    candidates: Vec<(String, Vec<SourceId>, f64)>,
    winner: SourceId,
    margin: f64,
    confidence: Basis,
    reasons: Vec<String>,
    last_updated: Timestamp,
    change: Option<CommandId>,
}

impl ViewConflict {
    /// Puts a conflict on the wire, its values as `veil` shows them.
    #[must_use]
    pub fn of(entry: &ConflictEntry, veil: Veil<'_>) -> Self {
        let candidate = |candidate: &Candidate| (veil(&candidate.value), candidate.sources.clone(), candidate.score);
        Self {
            key: entry.key.clone(),
            class: entry.class.code().to_owned(),
            digest: entry.digest.as_ref().to_owned(),
            resolution: entry.resolution.code().to_owned(),
            candidates: entry.candidates.iter().map(candidate).collect(),
            winner: entry.winner.clone(),
            margin: entry.margin,
            confidence: Basis::of(&entry.confidence),
            reasons: entry.reason_codes.iter().map(ToString::to_string).collect(),
            last_updated: entry.last_updated,
            change: entry.change,
        }
    }

    /// The conflict it speaks of.
    ///
    /// # Errors
    /// A sentence, when it holds a word or a value that is not known here.
    pub fn entry(self) -> Result<ConflictEntry, String> {
        let classes = [ConflictClass::Value, ConflictClass::Change, ConflictClass::Delete];
        let class = classes.into_iter().find(|class| class.code() == self.class).ok_or_else(|| format!("no class {:?}", self.class))?;
        let states =
            [ResolutionState::Pending, ResolutionState::AutoResolved, ResolutionState::UserAccepted, ResolutionState::UserRejected];
        let resolution = states
            .into_iter()
            .find(|state| state.code() == self.resolution)
            .ok_or_else(|| format!("no resolution {:?}", self.resolution))?;
        let candidate = |(text, sources, score): (String, Vec<SourceId>, f64)| Ok(Candidate { value: value(&text)?, sources, score });
        Ok(ConflictEntry {
            id: ConflictId::of(&self.key, class),
            key: self.key,
            class,
            digest: self.digest.into(),
            resolution,
            candidates: self.candidates.into_iter().map(candidate).collect::<Result<_, String>>()?,
            winner: self.winner,
            margin: self.margin,
            confidence: self.confidence.confidence(),
            reason_codes: self.reasons.iter().map(|code| parsed::<ReasonCode>(code)).collect::<Result<_, _>>()?,
            last_updated: self.last_updated,
            change: self.change,
        })
    }
}

/// A fact.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ViewFact {
    key: Key,
    value: Option<String>,
    state: String,
    marks: Vec<String>,
    confidence: Option<Basis>,
    p_true: f64,
    agreement: (u32, u32),
    age_ms: u64,
    observed_at: Timestamp,
    changed_at: Timestamp,
    ttl_ms: u64,
    sources: Vec<ViewReading>,
    /// How many more there are, and the digest of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    left_out: Option<(usize, String)>,
    reasons: Vec<String>,
    conflict: Option<ViewConflict>,
    wanted: Option<String>,
    unit: String,
    secret: bool,
    pending: Option<(String, CommandId, Timestamp, CommandState)>,
}

fn left_out(count: usize, digest: &str) -> Result<LeftOut, String> {
    let digest = u128::from_str_radix(digest, 16).map_err(|_| format!("no digest {digest:?}"))?;
    Ok(LeftOut { count, digest })
}

impl ViewFact {
    /// Puts a fact on the wire, its values masked when they are secret.
    #[must_use]
    pub fn masked(insight: &Insight) -> Self {
        let mask = Mask::new(insight.secret, false);
        Self::of(insight, &|value| mask.value(value).as_json_text().to_owned())
    }

    /// Puts a fact on the wire, its values as `veil` shows them.
    #[must_use]
    pub fn of(insight: &Insight, veil: Veil<'_>) -> Self {
        Self {
            key: insight.key.clone(),
            value: insight.value.as_ref().map(veil),
            state: insight.state.to_string(),
            marks: insight.marks.iter().map(|mark| mark.to_string()).collect(),
            confidence: insight.confidence.as_ref().map(Basis::of),
            p_true: insight.p_true,
            agreement: (insight.agreement.supporting, insight.agreement.opposing),
            age_ms: millis(insight.age),
            observed_at: insight.observed_at,
            changed_at: insight.changed_at,
            ttl_ms: millis(insight.ttl),
            sources: insight.sources.iter().map(|view| ViewReading::of(view, veil)).collect(),
            left_out: insight.left_out.map(|left_out| (left_out.count, format!("{:032x}", left_out.digest))),
            reasons: insight.reason_codes.iter().map(ToString::to_string).collect(),
            conflict: insight.conflict.as_deref().map(|conflict| ViewConflict::of(conflict, veil)),
            wanted: insight.wanted.as_ref().map(veil),
            unit: insight.unit.as_ref().to_owned(),
            secret: insight.secret,
            pending: insight.pending.as_ref().map(|change| (veil(&change.value), change.command, change.since, change.state)),
        }
    }

    /// The fact it speaks of.
    ///
    /// # Errors
    /// A sentence, when it holds a word or a value that is not known here.
    pub fn insight(self) -> Result<Insight, String> {
        let mut marks = Marks::default();
        for mark in &self.marks {
            marks.insert(parsed::<Mark>(mark)?);
        }
        Ok(Insight {
            key: self.key,
            value: self.value.as_deref().map(value).transpose()?,
            state: parsed::<FactState>(&self.state)?,
            marks,
            confidence: self.confidence.as_ref().map(Basis::confidence),
            p_true: self.p_true,
            agreement: Agreement { supporting: self.agreement.0, opposing: self.agreement.1 },
            age: Duration::from_millis(self.age_ms),
            observed_at: self.observed_at,
            changed_at: self.changed_at,
            ttl: Duration::from_millis(self.ttl_ms),
            sources: self.sources.into_iter().map(ViewReading::view).collect::<Result<_, _>>()?,
            left_out: self.left_out.map(|(count, digest)| left_out(count, &digest)).transpose()?,
            reason_codes: self.reasons.iter().map(|code| parsed::<ReasonCode>(code)).collect::<Result<_, _>>()?,
            conflict: self.conflict.map(ViewConflict::entry).transpose()?.map(Arc::new),
            wanted: self.wanted.as_deref().map(value).transpose()?,
            unit: self.unit.into(),
            secret: self.secret,
            pending: match self.pending {
                Some((text, command, since, state)) => Some(Pending { value: value(&text)?, command, since, state }),
                None => None,
            },
        })
    }
}
