//! A conflict from a ranking: how far the rule decides it, its digest, its candidates.

use std::sync::Arc;

use super::{
    confidence::{Band, points},
    conflict::{Candidate, ConflictClass, ConflictEntry, ConflictId, ResolutionState},
    decision::{Decision, Verdict},
    key::Key,
    ranking::Ranking,
    reason::ReasonCode,
    rule::Policy,
    value::Value,
};

/// The conflict of a ranking of live observed values; none when all stand for the winner's value.
pub(super) fn of(key: &Key, ranking: &Ranking<'_>, policy: &Policy, auto_margin: f64, standing: Standing<'_>) -> Option<ConflictEntry> {
    let winner = ranking.winning()?;
    let rival = ranking.best_rival()?;
    // Numbers alone decide no question: the best score must lead by the margin as well.
    let lead = ranking.lead.min(winner.points.saturating_sub(rival));
    let (resolution, mut reason_codes) = match standing {
        Standing::Holds(decision) => (decision.resolution(), vec![reason_of(decision)]),
        Standing::Ended | Standing::Undecided => decide(ranking, policy, winner.confidence.band(), lead >= points(auto_margin)),
    };
    reason_codes.extend(matches!(standing, Standing::Ended).then_some(ReasonCode::Reopened));
    // Where a person knows what no source says nobody came first.
    reason_codes.extend(ranking.tie.filter(|_| known(ranking, standing).is_none()));
    Some(ConflictEntry {
        id: ConflictId::of(key, ConflictClass::Value),
        key: key.clone(),
        class: ConflictClass::Value,
        digest: digest(ranking),
        resolution,
        candidates: candidates(ranking, standing),
        winner: winner.reading.observation.source.clone(),
        margin: f64::from(ranking.lead) / 10_000.0,
        confidence: winner.confidence,
        reason_codes,
        last_updated: ranking.entries.iter().map(|entry| entry.reading.observation.changed_at).max().unwrap_or_default(),
        change: None,
    })
}

/// How a decision stands to what is said now.
#[derive(Clone, Copy)]
pub(super) enum Standing<'a> {
    /// Nobody decided.
    Undecided,
    /// Somebody did, and a value has moved since.
    Ended,
    /// What was decided holds.
    Holds(&'a Decision),
}

impl<'a> Standing<'a> {
    /// The decision, where it holds.
    pub(super) fn held(self) -> Option<&'a Decision> {
        if let Self::Holds(decision) = self { Some(decision) } else { None }
    }
}

fn reason_of(decision: &Decision) -> ReasonCode {
    match decision.verdict {
        Verdict::Accepted(_) => ReasonCode::UserAccepted,
        Verdict::Rejected => ReasonCode::UserRejected,
        Verdict::ByRule(_) => ReasonCode::DecidedByRule,
    }
}

fn decide(ranking: &Ranking<'_>, policy: &Policy, band: Band, is_ahead: bool) -> (ResolutionState, Vec<ReasonCode>) {
    match policy {
        Policy::Ask => (ResolutionState::Pending, vec![ReasonCode::PolicyAsk]),
        Policy::Merge => (ResolutionState::Pending, vec![ReasonCode::PolicyMerge]),
        Policy::Prefer(_) if ranking.by_policy => (ResolutionState::AutoResolved, vec![ReasonCode::PolicyPrefer]),
        Policy::Newest => (ResolutionState::AutoResolved, vec![ReasonCode::PolicyNewest]),
        // Where the preferred source has no value the key is decided like any other.
        Policy::Auto | Policy::Prefer(_) => match (is_ahead, band) {
            (true, Band::High) => (ResolutionState::AutoResolved, vec![ReasonCode::ClearMargin]),
            (true, _) => (ResolutionState::Pending, vec![ReasonCode::WinnerNotHigh]),
            (false, Band::High) => (ResolutionState::Pending, vec![ReasonCode::NarrowMargin]),
            (false, _) => (ResolutionState::Pending, vec![ReasonCode::NarrowMargin, ReasonCode::WinnerNotHigh]),
        },
    }
}

/// What a person knows and no source says: it is believed all the same.
fn known<'a>(ranking: &Ranking<'_>, standing: Standing<'a>) -> Option<&'a Value> {
    standing.held().and_then(|decision| decision.verdict.value()).filter(|_| !ranking.is_chosen)
}

fn candidates(ranking: &Ranking<'_>, standing: Standing<'_>) -> Vec<Candidate> {
    let of_class = |(at, class): (usize, &_)| {
        let best = ranking.members(class).next()?;
        // The winner leads its class even where a value within tolerance scored a little better.
        let lead = if at == 0 { ranking.winning()? } else { best };
        let mut sources = Vec::with_capacity(class.members.len());
        sources.push(lead.reading.observation.source.clone());
        sources.extend(
            ranking.members(class).filter(|entry| !std::ptr::eq(*entry, lead)).map(|entry| entry.reading.observation.source.clone()),
        );
        Some(Candidate { value: lead.value.clone(), sources, score: best.confidence.score })
    };
    let known = known(ranking, standing).map(|value| Candidate { value: value.clone(), sources: Vec::new(), score: 0.0 });
    known.into_iter().chain(ranking.classes.iter().enumerate().filter_map(of_class)).collect()
}

/// Over the different forms that compete, in no order, whoever holds them: it moves when one comes, goes or changes, and with nothing else.
fn digest(ranking: &Ranking<'_>) -> Arc<str> {
    let mut forms: Vec<_> = ranking.entries.iter().map(|entry| &*entry.normal).collect();
    forms.sort_unstable();
    forms.dedup();
    let mut hasher = blake3::Hasher::new();
    for form in forms {
        hasher.update(blake3::hash(form.canonical().as_bytes()).as_bytes());
    }
    hasher.finalize().to_hex().get(..16).unwrap_or_default().into()
}
