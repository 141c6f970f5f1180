//! `chaos list|run`.

use std::path::Path;

use serde_json::{Map, Value as Json};

use crate::{
    runtime::{ChaosError, Request, chaos_profiles, chaos_run},
    wire::{ChaosProfilePayload, ChaosReportPayload, FaultCountPayload, Outcome},
};

use super::{
    audit::Done,
    confirm::confirm,
    line::{Line, Tone},
    messages::Failure,
    sink::Sink,
};

/// The built-in profiles.
pub fn list() -> Result<Vec<ChaosProfilePayload>, Failure> {
    Ok(chaos_profiles()?)
}

/// Whether it is the running engine that faults are to be tried on.
pub fn is_live(args: &Map<String, Json>) -> bool {
    args.get("live").and_then(Json::as_bool) == Some(true)
}

/// The request once somebody said yes to it.
pub fn confirmed(request: &Request, sink: &mut Sink) -> Result<Request, Failure> {
    let mut request = request.clone();
    if request.args.get("yes").and_then(Json::as_bool) != Some(true) {
        let profile = request.args.get("profile").and_then(Json::as_str).unwrap_or_default();
        let what = "on the running engine makes its sources seem to be gone or slow for a while; nothing that waits is sent meanwhile";
        confirm(&format!("{profile} {what}"), sink)?;
        request.args.insert("yes".to_owned(), true.into());
    }
    Ok(request)
}

/// Tries one; the failure too when a promise was broken.
pub fn run(args: &Map<String, Json>, current_dir: Option<&Path>) -> Result<(ChaosReportPayload, Option<Failure>), Failure> {
    if args.contains_key("for_ms") || args.contains_key("yes") {
        return Err(Failure::new("bad_arguments", "--for and --yes go with --live; without it a profile says how long"));
    }
    let report = chaos_run(args.get("profile").and_then(Json::as_str).unwrap_or_default(), current_dir)?;
    let failure = (!report.passed).then(|| Failure::new("chaos_failed", format!("{} broke a promise", report.profile)));
    Ok((report, failure))
}

/// What the audit is to have of a run.
pub fn done(report: &ChaosReportPayload) -> Done<'_> {
    let outcome = if report.passed { Outcome::Ok } else { Outcome::Error };
    Done { what: "chaos_run", outcome, about: &report.profile, detail: format!("on a scratch directory, seed {}", report.seed) }
}

/// A profile, for a person.
pub fn profile_line(profile: &ChaosProfilePayload) -> Line {
    Line::toned(Tone::Strong, &format!("{:<16} ", profile.profile)).add(Tone::Plain, &profile.about)
}

/// A report, for a person.
pub fn report_lines(report: &ChaosReportPayload) -> Vec<Line> {
    let faults = FaultCountPayload::list(&report.faults);
    let (tone, verdict) = if report.passed { (Tone::Good, "passed") } else { (Tone::Bad, "failed") };
    let row = |name: &str, text: String| Line::toned(Tone::Dim, &format!("{name:<14} ")).add(Tone::Plain, &text);
    let (recovery, changes) = (&report.recovery, &report.changes);
    vec![
        Line::toned(Tone::Dim, &format!("{:<14} ", "profile"))
            .add(Tone::Strong, &report.profile)
            .add(Tone::Plain, &format!(", seed {}  ", report.seed))
            .add(tone, verdict),
        row("simulated", format!("{} s", report.simulated_ms / 1000)),
        row("faults", faults),
        row("reads", format!("{} of {} served, {} wrong", report.served, report.reads, report.wrong)),
        row(
            "fetches",
            format!("{}, {} failed by the network; {} facts behind in the end", report.fetches, report.failed_fetches, report.behind),
        ),
        row("memory", format!("took over {} times, gave back {} times", report.failovers, report.recovered)),
        row("acknowledged", format!("{}, {} found afterwards", report.acknowledged, report.found)),
        row(
            "changes",
            format!(
                "{} acknowledged, {} found afterwards, {} lost, {} applied twice, {} out of order; {} of {} refused",
                changes.acknowledged,
                changes.found,
                changes.lost,
                changes.applied_twice,
                changes.out_of_order,
                changes.refused,
                changes.asked
            ),
        ),
        row("missing", format!("{} said and fetched again, {} in silence", report.said_missing, report.lost)),
        row(
            "recovery",
            format!(
                "{} times, p50 {:.3} ms, p99 {:.3} ms, worst {:.3} ms, {} unanswered",
                recovery.count, recovery.p50_ms, recovery.p99_ms, recovery.worst_ms, recovery.unanswered
            ),
        ),
    ]
}

impl From<ChaosError> for Failure {
    fn from(error: ChaosError) -> Self {
        let message = error.to_string();
        match error {
            ChaosError::NoProfile(_) => Self::new("no_such_profile", message).hint("stellar chaos list shows what each tries"),
            ChaosError::BadProfile(_) => Self::new("bad_profile", message),
            ChaosError::Unreadable { .. } => Self::new("io", message),
            ChaosError::Runtime(error) => error.into(),
        }
    }
}
