//! `chaos run --live`: faults on the engine that is running here.

use std::time::Duration;

use crate::{
    action::args::ChaosRunArgs,
    engine::{
        Deed, LONGEST_LIVE, LiveError, Note, Progress, USUAL_LIVE,
        chaos::{BUILT_IN, ChaosProfile},
    },
    wire::ChaosLivePayload,
};

use super::{
    answer::{Answer, Failed},
    commands::author,
};

/// Tries a built-in profile; ends early when nobody waits for it any more.
pub async fn live(answer: &mut Answer<'_>, args: &ChaosRunArgs) -> Result<(), Failed> {
    let bad = |message: String| Failed::new("bad_arguments", format!("core.chaos.run: {message}"));
    if !args.yes {
        return Err(Failed::new("decision_needed", "faults on the running engine are tried when yes is given; nothing was done"));
    }
    let found = BUILT_IN.iter().find(|(name, _)| *name == args.profile);
    let (name, text) = found.ok_or_else(|| {
        let names = BUILT_IN.map(|(name, _)| name).join(", ");
        bad(format!("with live the profile is a built-in one of the network: one of {names}"))
    })?;
    let profile = ChaosProfile::parse(name, text).map_err(|error| bad(error.to_string()))?;
    let span = args.for_ms.map_or(USUAL_LIVE, Duration::from_millis);
    if span < Duration::from_secs(1) || span > LONGEST_LIVE {
        return Err(bad("for is from 1s to 10m".to_owned()));
    }
    let may = |error: LiveError| match error {
        LiveError::Irreversible(_) | LiveError::NoNetwork => Failed::new("bad_arguments", format!("core.chaos.run: {error}")),
        LiveError::NotRunning => Failed::new("engine_unavailable", error.to_string()).hint("stellar serve runs one"),
        LiveError::UnderWay => Failed::new("engine_unavailable", error.to_string()),
        LiveError::Engine(error) => error.into(),
    };
    answer.handle.may_try_faults(&profile).map_err(may)?;
    // Known of also where this process does not come to its end.
    let begun = Note::new(Deed::ChaosRun).about(*name).detail(format!("begun on the running engine, for {} s", span.as_secs()));
    answer.handle.record(begun.by(&author(answer))).await?;
    let mut told = answer.progress();
    let total = span.as_secs();
    let replies = answer.waited_for();
    let mut goes_on = |left: Duration| {
        told(Progress { step: "trying faults", done: total.saturating_sub(left.as_secs()), total });
        !replies.is_closed()
    };
    let report = answer.handle.try_faults(&profile, span, &mut goes_on).await.map_err(may)?;
    let payload = ChaosLivePayload::of(&report);
    let _ = answer.line_of("core.chaos.live", answer.handle.now(), &payload).await;
    if report.passed() { Ok(()) } else { Err(Failed::new("chaos_failed", format!("{name} broke a promise"))) }
}
