//! `watch`: the current facts, then everything that changes, until the asker leaves.

use tokio::sync::broadcast::error::RecvError;

use crate::{
    action::args::WatchArgs,
    engine::{CacheEvent, EngineEvent, FactQuery, StampedEvent},
    fact::{Key, Pattern},
    wire::{EventPayload, InsightPayload},
};

use super::{
    answer::{Answer, Failed},
    read::{READ, ask_the_never_asked},
};

/// `watch`
pub async fn watch(answer: &mut Answer<'_>, args: WatchArgs) -> Result<(), Failed> {
    // Subscribed before the facts are read: what changes in between comes as an event, never not at all.
    let mut events = answer.handle.subscribe();
    let sources = answer.handle.sources_for(args.pattern.as_ref());
    ask_the_never_asked(answer, &sources).await?;
    let mut listing = answer.handle.listing(&FactQuery { pattern: args.pattern.clone(), ..FactQuery::default() })?;
    while let Some(facts) = listing.next_part()? {
        for fact in facts {
            if answer.line_of(READ, answer.handle.now(), &InsightPayload::of(&fact, answer.request.reveal)).await.is_break() {
                return Ok(());
            }
        }
    }
    if answer.line_of("core.watch.ready", answer.handle.now(), &serde_json::Map::new()).await.is_break() {
        return Ok(());
    }
    loop {
        let event = match events.recv().await {
            Ok(event) => event,
            Err(RecvError::Lagged(missed)) => StampedEvent { seq: 0, at: answer.handle.now(), event: EngineEvent::Missed(missed) },
            Err(RecvError::Closed) => return Ok(()),
        };
        if concerns(&event.event, args.pattern.as_ref()) {
            let (action, payload) = EventPayload::of(&event.event, answer.request.reveal);
            if answer.line_of(action, event.at, &payload).await.is_break() {
                return Ok(());
            }
        }
    }
}

fn concerns(event: &EngineEvent, pattern: Option<&Pattern>) -> bool {
    let matches = |key: &Key| pattern.is_none_or(|pattern| pattern.matches(key));
    match event {
        EngineEvent::InsightChanged(fact) => matches(&fact.key),
        EngineEvent::ConflictOpened(_, key) | EngineEvent::ConflictClosed(_, key) => matches(key),
        EngineEvent::ConflictChanged(conflict, _) => matches(&conflict.key),
        EngineEvent::Decision(event) => matches(&event.decision.key),
        EngineEvent::Cache(CacheEvent::Quarantined { key: Some(key), .. }) => matches(key),
        _ => true,
    }
}
