//! How a source has been answering: its state, its last answer's remarks, and the alignment factor over five minutes.
//!
//! Pure: the wall-clock `now` is an argument. Kept as a sealed document so that it survives the process.

use std::{collections::VecDeque, time::Duration};

use serde::{Deserialize, Serialize};

use crate::fact::{SourceState, Timestamp};

/// How far back answers count for availability and APDEX.
pub const WINDOW: Duration = Duration::from_secs(300);

/// How many answers are remembered at the most; a source asked more often forgets its oldest.
const REMEMBERED: usize = 512;

/// Every code a source fails with.
const CODES: &[&str] = &[
    "timeout",
    "refused",
    "dns",
    "tls",
    "http_status",
    "redirect",
    "too_large",
    "not_json",
    "not_utf8",
    "too_deep",
    "duplicate_member",
    "not_found",
    "denied",
    "untrusted",
    "exec_failed",
    "invalid_mapping",
    "unsupported",
    "store",
    "fault",
];

/// One time a source was asked.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
struct Asked {
    at: Timestamp,
    took_ms: u32,
    answered: bool,
}

/// A failure as it is remembered: the code is stable, the sentence is for a person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    /// As in [`super::source::SourceError`].
    pub code: String,
    /// The sentence; remote text in it is hostile.
    pub message: String,
    /// When the origin asked to be left alone until, if it did.
    pub not_before: Option<Timestamp>,
}

impl Failure {
    /// The code as the constant it was made from.
    #[must_use]
    pub fn known_code(&self) -> &'static str {
        CODES.iter().copied().find(|code| *code == self.code).unwrap_or("failed")
    }
}

/// What an answer left out.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Remarks {
    /// Items left out, by reason.
    pub skipped: Vec<(String, u64)>,
    /// Keys two items claimed.
    pub duplicates: Vec<String>,
    /// Malformed keys and keys it may not claim.
    pub rejected_keys: u64,
}

/// What is remembered of a source between processes.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct SourceHealth {
    /// When it was last asked.
    pub asked_at: Option<Timestamp>,
    /// When it last answered at all.
    pub answered_at: Option<Timestamp>,
    /// When it last answered completely.
    pub complete_at: Option<Timestamp>,
    /// When it last vouched for everything it holds.
    pub vouched_at: Option<Timestamp>,
    /// The first failure after the last success.
    pub failing_since: Option<Timestamp>,
    /// Why the last fetch failed.
    pub failure: Option<Failure>,
    /// What the last answer left out.
    pub remarks: Remarks,
    window: VecDeque<Asked>,
}

impl SourceHealth {
    /// Notes an answer that came after `took`.
    pub fn answered(&mut self, now: Timestamp, took: Duration, complete: bool, remarks: Option<Remarks>) {
        self.note(now, took, true);
        self.answered_at = Some(now);
        if complete {
            self.complete_at = Some(now);
            self.vouched_at = Some(now);
        }
        self.failing_since = None;
        self.failure = None;
        if let Some(remarks) = remarks {
            self.remarks = remarks;
        }
    }

    /// Notes that what it said is no longer all there: as if it had never been asked, until it answers again.
    pub fn lose_answers(&mut self) {
        self.asked_at = None;
        self.complete_at = None;
    }

    /// Notes a failure; the moment of the first of a row is kept.
    pub fn failed(&mut self, now: Timestamp, took: Duration, failure: Failure) {
        self.note(now, took, false);
        self.failing_since.get_or_insert(now);
        self.failure = Some(failure);
    }

    fn note(&mut self, now: Timestamp, took: Duration, answered: bool) {
        self.asked_at = Some(now);
        self.window.retain(|asked| now.since(asked.at) <= WINDOW && asked.at <= now);
        if self.window.len() == REMEMBERED {
            self.window.pop_front();
        }
        let took_ms = u32::try_from(took.as_millis()).unwrap_or(u32::MAX);
        self.window.push_back(Asked { at: now, took_ms, answered });
    }

    /// How its last fetch went.
    #[must_use]
    pub fn state(&self) -> SourceState {
        match (self.failing_since, self.answered_at) {
            (Some(since), _) => SourceState::Failing { since },
            (None, Some(_)) => SourceState::Reachable,
            (None, None) => SourceState::Unknown,
        }
    }

    /// Answered among asked over the window, 0 to 1; none when it was not asked.
    #[must_use]
    pub fn availability(&self, now: Timestamp) -> Option<f64> {
        let (asked, answered) =
            self.recent(now).fold((0_u32, 0_u32), |(asked, answered), one| (asked + 1, answered + u32::from(one.answered)));
        (asked > 0).then(|| f64::from(answered) / f64::from(asked))
    }

    /// APDEX (satisfied plus half the tolerated, over all answers; tolerated up to four times `target`) times availability,
    /// 0 to 1; none when it was not asked within the window. Formula: Apdex Technical Specification 1.1.
    #[must_use]
    pub fn alignment(&self, now: Timestamp, target: Duration) -> Option<f64> {
        let target_ms = u32::try_from(target.as_millis()).unwrap_or(u32::MAX);
        let mut score = 0.0;
        let mut answers = 0_u32;
        for one in self.recent(now).filter(|one| one.answered) {
            answers += 1;
            if one.took_ms <= target_ms {
                score += 1.0;
            } else if one.took_ms <= target_ms.saturating_mul(4) {
                score += 0.5;
            }
        }
        let availability = self.availability(now)?;
        if answers == 0 { Some(0.0) } else { Some(score / f64::from(answers) * availability) }
    }

    /// The first moment at which an answer leaves the window by itself.
    #[must_use]
    pub fn window_moves_at(&self, now: Timestamp) -> Option<Timestamp> {
        self.recent(now).map(|asked| asked.at.plus(WINDOW + Duration::from_millis(1))).min()
    }

    fn recent(&self, now: Timestamp) -> impl Iterator<Item = &Asked> {
        self.window.iter().filter(move |asked| now.since(asked.at) <= WINDOW)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_millis(seconds * 1000)
    }

    fn failure() -> Failure {
        Failure { code: "refused".into(), message: "connection refused".into(), not_before: None }
    }

    #[test]
    fn nothing_asked_is_unknown() {
        let health = SourceHealth::default();
        assert_eq!(health.state(), SourceState::Unknown);
        assert_eq!(health.alignment(at(0), Duration::from_millis(200)), None);
    }

    #[test]
    fn the_first_failure_of_a_row_is_kept_and_an_answer_ends_it() {
        let mut health = SourceHealth::default();
        health.failed(at(10), Duration::from_millis(5), failure());
        health.failed(at(20), Duration::from_millis(5), failure());
        assert_eq!(health.state(), SourceState::Failing { since: at(10) });
        assert_eq!(health.complete_at, None);
        health.answered(at(30), Duration::from_millis(5), true, None);
        assert_eq!(health.state(), SourceState::Reachable);
        assert_eq!(health.complete_at, Some(at(30)));
    }

    #[test]
    fn alignment_is_apdex_times_availability() {
        let mut health = SourceHealth::default();
        health.answered(at(1), Duration::from_millis(100), true, None);
        health.answered(at(2), Duration::from_millis(500), true, None);
        health.answered(at(3), Duration::from_millis(900), true, None);
        health.failed(at(4), Duration::from_millis(5), failure());
        let alignment = health.alignment(at(5), Duration::from_millis(200)).unwrap();
        assert!((alignment - (1.5 / 3.0) * 0.75).abs() < 1e-12, "{alignment}");
        assert_eq!(health.alignment(at(1000), Duration::from_millis(200)), None, "five minutes are over");
    }

    #[test]
    fn a_source_asked_often_keeps_a_bounded_memory() {
        let mut health = SourceHealth::default();
        for tick in 0..2000 {
            health.answered(Timestamp::from_millis(tick * 10), Duration::from_millis(1), true, None);
        }
        assert_eq!(health.window.len(), REMEMBERED);
    }
}
