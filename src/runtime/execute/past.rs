//! `history`, `get --at`: what was believed before.

use std::time::Duration;

use crate::{
    action::args::{HistoryArgs, ReadArgs},
    fact::Timestamp,
    text::parse_duration,
    wire::HistoryPayload,
};

use super::answer::{Answer, Failed};

/// `history`
pub async fn history(answer: &mut Answer<'_>, args: &HistoryArgs) -> Result<(), Failed> {
    let since = args.since_ms.map(|span| answer.handle.now().minus(Duration::from_millis(span)));
    let found = answer.handle.history(&args.key, since)?;
    if found.is_empty() {
        return Err(Failed::new("no_history", format!("nothing of {} is remembered", args.key))
            .hint("history is kept of what an engine sees change: stellar serve, or an open screen"));
    }
    let secret = answer.handle.is_secret(&args.key);
    for believed in &found {
        if answer.line(&HistoryPayload::of(&args.key, believed, secret, answer.request.reveal)).await.is_break() {
            break;
        }
    }
    Ok(())
}

/// `get --at`
pub async fn read_at(answer: &mut Answer<'_>, args: &ReadArgs, at: &str) -> Result<(), Failed> {
    let now = answer.handle.now();
    let asked = moment(at, now)?;
    for key in &args.keys {
        match answer.handle.believed_at(key, asked)? {
            Some(believed) => {
                let payload = HistoryPayload::of(key, &believed, answer.handle.is_secret(key), answer.request.reveal).asked_at(asked);
                if answer.line_of("core.insight.past", now, &payload).await.is_break() {
                    return Ok(());
                }
            }
            None => {
                let why = format!("nothing is remembered of what {key} was at {}", asked.to_rfc3339());
                answer.fail(Failed::new("no_history", why).hint("stellar history KEY shows how far it goes back")).await;
            }
        }
    }
    Ok(())
}

/// A time of day, or how long ago.
fn moment(text: &str, now: Timestamp) -> Result<Timestamp, Failed> {
    let asked = Timestamp::parse_rfc3339(text).ok().or_else(|| parse_duration(text).ok().map(|span| now.minus(span)));
    let asked = asked
        .ok_or_else(|| Failed::new("bad_arguments", format!("{text:?} is no time: write 2026-01-05T10:00:00Z, or 2h for two hours ago")))?;
    if asked > now { Err(Failed::new("bad_arguments", format!("{} has not been yet", asked.to_rfc3339()))) } else { Ok(asked) }
}
