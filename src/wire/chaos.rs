//! Faults on purpose, on the wire.

use std::{collections::BTreeMap, time::Duration};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::engine::{
    LiveReport,
    chaos::{ChaosProfile, ChaosReport, FaultKind, Recovery},
};

/// A chaos profile: `core.chaos.read`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ChaosProfilePayload {
    /// Its name.
    pub profile: String,
    /// What it tries, in a sentence.
    pub about: String,
    /// Which kinds of faults: `network-drop flapping high-latency disk-corruption disk-full slow-disk clock-skew crash`.
    pub kinds: Vec<String>,
    /// What everything is drawn from.
    pub seed: u64,
    /// Simulated time it takes.
    pub duration_ms: u64,
    /// Share of the simulated seconds in which a fault begins.
    pub intensity: f64,
    /// Facts of the simulated source.
    pub facts: u32,
}

/// What came of a run: `core.chaos.run`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ChaosReportPayload {
    /// Which profile.
    pub profile: String,
    /// What everything was drawn from.
    pub seed: u64,
    /// Whether every promise was kept: nothing lost in silence, nothing wrong, every fault answered within three seconds, everything
    /// caught up with in the end; and every acknowledged change where it was to be, once.
    pub passed: bool,
    /// Simulated time that passed.
    pub simulated_ms: u64,
    /// How often each kind of fault was injected.
    pub faults: Vec<FaultCountPayload>,
    /// Reads asked for.
    pub reads: u64,
    /// Reads answered from the cache.
    pub served: u64,
    /// Answers nobody ever gave.
    pub wrong: u64,
    /// Times the source was asked.
    pub fetches: u64,
    /// Of these, failed because of the network.
    pub failed_fetches: u64,
    /// Facts that were not what the source said when it had been asked again after the last fault.
    pub behind: u64,
    /// How often memory took over from the disk.
    pub failovers: u64,
    /// How often the disk took over again.
    pub recovered: u64,
    /// Facts the disk acknowledged.
    pub acknowledged: u64,
    /// Of these, found after the last start.
    pub found: u64,
    /// Facts that were missing at some time and said to be; they are fetched again.
    pub said_missing: u64,
    /// Missing without a word.
    pub lost: u64,
    /// From a fault to the next answered read, measured.
    pub recovery: RecoveryPayload,
    /// What came of the changes that were asked for meanwhile.
    #[serde(default)]
    pub changes: ChangesPayload,
}

/// What came of faults on the running engine: `core.chaos.live`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ChaosLivePayload {
    /// Which profile.
    pub profile: String,
    /// What everything was drawn from.
    pub seed: u64,
    /// Whether every promise was kept: every read answered, within three seconds of a fault, every source back that answered before, no
    /// change lost.
    pub passed: bool,
    /// Whether it went on to its end; false: nobody waited for it any more.
    pub complete: bool,
    /// How long it took.
    pub took_ms: u64,
    /// How often each kind of fault was injected.
    pub faults: Vec<FaultCountPayload>,
    /// Reads asked for.
    pub reads: u64,
    /// Reads answered from the cache.
    pub served: u64,
    /// Times a source was asked over the network.
    pub fetches: u64,
    /// Of these, failed.
    pub failed_fetches: u64,
    /// Sources reached over a network that answered before.
    pub answered_before: u64,
    /// Of these, those that answered when everything was as before.
    pub answered_after: u64,
    /// Changes that waited when it began; none of them was sent meanwhile.
    pub waiting: u64,
    /// Of these, known of at its end.
    pub kept: u64,
    /// From a fault to the next answered read, measured.
    pub recovery: RecoveryPayload,
}

/// What came of changes, counted when everything was well again and after one more start.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ChangesPayload {
    /// Asked for.
    pub asked: u64,
    /// Refused, because they could not be kept.
    pub refused: u64,
    /// Acknowledged.
    pub acknowledged: u64,
    /// Of these, found at their target.
    pub found: u64,
    /// Of these, not there and still known of.
    pub waiting: u64,
    /// Of these, not there and not known of.
    pub lost: u64,
    /// Took effect more than once.
    pub applied_twice: u64,
    /// Took effect after one of the same key that was asked for later.
    pub out_of_order: u64,
}

/// How often a kind of fault was injected.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct FaultCountPayload {
    /// Which kind.
    pub kind: String,
    /// How often.
    pub count: u64,
}

impl FaultCountPayload {
    /// Several, for a person: `3 network-drop, 1 flapping`.
    #[must_use]
    pub fn list(all: &[Self]) -> String {
        let words: Vec<String> = all.iter().map(|fault| format!("{} {}", fault.count, fault.kind)).collect();
        if words.is_empty() { "none".to_owned() } else { words.join(", ") }
    }
}

/// Times from a fault to the next answered read, in milliseconds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct RecoveryPayload {
    /// How many.
    pub count: u64,
    /// Faults no read was answered after.
    pub unanswered: u64,
    /// Median.
    pub p50_ms: f64,
    /// 99 of 100 are at most this.
    pub p99_ms: f64,
    /// The longest.
    pub worst_ms: f64,
}

impl ChaosProfilePayload {
    /// Puts a profile on the wire.
    #[must_use]
    pub fn of(profile: &ChaosProfile) -> Self {
        Self {
            profile: profile.name.clone(),
            about: profile.about.clone(),
            kinds: profile.kinds.iter().map(|kind| kind.as_str().to_owned()).collect(),
            seed: profile.seed,
            duration_ms: whole_millis(profile.duration),
            intensity: profile.intensity,
            facts: profile.facts,
        }
    }
}

impl ChaosLivePayload {
    /// Puts a report on the wire.
    #[must_use]
    pub fn of(report: &LiveReport) -> Self {
        Self {
            profile: report.profile.clone(),
            seed: report.seed,
            passed: report.passed(),
            complete: report.complete,
            took_ms: whole_millis(report.took),
            faults: counts(&report.faults),
            reads: report.reads,
            served: report.served,
            fetches: report.fetches,
            failed_fetches: report.failed,
            answered_before: report.answered_before,
            answered_after: report.answered_after,
            waiting: report.waited,
            kept: report.kept,
            recovery: RecoveryPayload::of(&report.recovery),
        }
    }
}

fn counts(faults: &BTreeMap<FaultKind, u64>) -> Vec<FaultCountPayload> {
    faults.iter().map(|(kind, count)| FaultCountPayload { kind: kind.as_str().to_owned(), count: *count }).collect()
}

impl RecoveryPayload {
    fn of(recovery: &Recovery) -> Self {
        Self {
            count: recovery.count,
            unanswered: recovery.unanswered,
            p50_ms: millis(recovery.p50),
            p99_ms: millis(recovery.p99),
            worst_ms: millis(recovery.worst),
        }
    }
}

impl ChaosReportPayload {
    /// Puts a report on the wire.
    #[must_use]
    pub fn of(report: &ChaosReport) -> Self {
        Self {
            profile: report.profile.clone(),
            seed: report.seed,
            passed: report.passed(),
            simulated_ms: whole_millis(report.simulated),
            faults: counts(&report.faults),
            reads: report.reads,
            served: report.served,
            wrong: report.wrong,
            fetches: report.fetches,
            failed_fetches: report.failed_fetches,
            behind: report.behind,
            failovers: report.failovers,
            recovered: report.recovered,
            acknowledged: report.acknowledged,
            found: report.found,
            said_missing: report.said_missing,
            lost: report.lost,
            recovery: RecoveryPayload::of(&report.recovery),
            changes: ChangesPayload {
                asked: report.changes.asked,
                refused: report.changes.refused,
                acknowledged: report.changes.acknowledged,
                found: report.changes.found,
                waiting: report.changes.waiting,
                lost: report.changes.lost,
                applied_twice: report.changes.applied_twice,
                out_of_order: report.changes.out_of_order,
            },
        }
    }
}

fn whole_millis(span: Duration) -> u64 {
    u64::try_from(span.as_millis()).unwrap_or(u64::MAX)
}

/// To a thousandth.
fn millis(span: Duration) -> f64 {
    (span.as_secs_f64() * 1e6).round() / 1e3
}
