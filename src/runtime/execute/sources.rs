//! `refresh`, `source list`, `source test`.

use crate::{
    action::args::{RefreshArgs, SourceTestArgs},
    wire::{RefreshPayload, SourcePayload, SourceTestPayload, TrustPayload},
};

use super::answer::{Answer, Failed};

/// `refresh`
pub async fn refresh(answer: &mut Answer<'_>, args: &RefreshArgs) -> Result<(), Failed> {
    if answer.offline() {
        return Err(Failed::new("offline", "--offline was given: nothing is fetched"));
    }
    let sources = answer.handle.sources_for(args.pattern.as_ref());
    if sources.is_empty() {
        return Err(Failed::new("no_such_source", "no enabled source could hold such a key").hint("stellar source list shows them"));
    }
    let reports = answer.handle.refresh(&sources).await?;
    let answered = reports.iter().any(|report| report.error.is_none());
    for report in &reports {
        if answer.line(&RefreshPayload::of(report)).await.is_break() {
            return Ok(());
        }
    }
    if answered { Ok(()) } else { Err(Failed::new("no_source_answered", "none of the sources answered; what is cached stays")) }
}

/// `source list`
pub async fn list(answer: &mut Answer<'_>) -> Result<(), Failed> {
    let queue = answer.handle.queue_status();
    let trust = answer.handle.trust(None, None)?;
    for status in answer.handle.sources() {
        let waiting = queue.sources.iter().find(|waiting| waiting.source == status.source);
        let learned = trust.iter().find(|learned| learned.source == status.source && learned.field.is_none());
        let mut payload = SourcePayload::of(&status).waiting(waiting);
        payload.learned = learned.filter(|learned| learned.tally().counted > 0.0).map(TrustPayload::of);
        if answer.line(&payload).await.is_break() {
            break;
        }
    }
    Ok(())
}

/// `source test`
pub async fn test(answer: &mut Answer<'_>, args: &SourceTestArgs) -> Result<(), Failed> {
    if answer.offline() {
        return Err(Failed::new("offline", "--offline was given: nothing is fetched"));
    }
    let handle = answer.handle;
    let found = answer.handle.test_source(&args.name).await?;
    let _ = answer.line(&SourceTestPayload::of(&found, &|key| handle.is_secret(key), answer.request.reveal)).await;
    match found.error {
        Some(error) => Err(Failed::new("source_failed", format!("{}: {}", found.source, error.message))),
        None => Ok(()),
    }
}
