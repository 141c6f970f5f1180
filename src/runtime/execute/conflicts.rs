//! `conflicts list`, `conflicts show`.

use std::sync::Arc;

use crate::{
    action::args::{ConflictListArgs, ConflictShowArgs},
    fact::{ConflictClass, ConflictEntry},
    wire::{ConflictPayload, DecisionPayload},
};

use super::{
    answer::{Answer, Failed},
    read::ask_the_never_asked,
};

/// What a line about a conflict is called, whichever command asked.
pub const READ: &str = "core.conflict.read";

/// `conflicts list`
pub async fn list(answer: &mut Answer<'_>, args: &ConflictListArgs) -> Result<(), Failed> {
    let sources = answer.handle.sources_for(None);
    ask_the_never_asked(answer, &sources).await?;
    for conflict in answer.handle.conflicts(args.all)?.into_iter().take(args.limit.unwrap_or(usize::MAX)) {
        let payload = payload_of(answer, &conflict);
        if answer.line(&payload).await.is_break() {
            break;
        }
    }
    Ok(())
}

/// `conflicts show`
pub async fn show(answer: &mut Answer<'_>, args: &ConflictShowArgs) -> Result<(), Failed> {
    let sources = answer.handle.sources_for(None);
    ask_the_never_asked(answer, &sources).await?;
    let conflict = conflict_named(answer, &args.id)?;
    let payload = payload_of(answer, &conflict);
    let _ = answer.line_of(READ, answer.handle.now(), &payload).await;
    Ok(())
}

/// The one conflict whose id begins so.
pub fn conflict_named(answer: &Answer<'_>, id: &str) -> Result<Arc<ConflictEntry>, Failed> {
    let mut found = answer.handle.conflicts_named(id)?;
    match (found.pop(), found.len()) {
        (Some(conflict), 0) => Ok(conflict),
        (Some(_), more) => Err(Failed::new("conflict_ambiguous", format!("{} conflicts begin with {id}; give more of the id", more + 1))),
        (None, _) => {
            Err(Failed::new("conflict_not_found", format!("there is no conflict {id}")).hint("stellar conflicts list --all shows them"))
        }
    }
}

/// A conflict on the wire, with the change that waits for it.
pub fn payload_of(answer: &Answer<'_>, conflict: &ConflictEntry) -> ConflictPayload {
    let reveal = answer.request.reveal;
    let mut payload = ConflictPayload::of(conflict, answer.handle.is_secret(&conflict.key), reveal);
    if conflict.class == ConflictClass::Value {
        let decision = answer.handle.decision_on(&conflict.key, conflict.class);
        let secret = answer.handle.is_secret(&conflict.key);
        payload.decision = decision.map(|decision| DecisionPayload::of(&decision, secret, reveal));
    }
    let change = conflict.change.and_then(|id| answer.handle.command(&id.to_string()).ok());
    match change {
        Some(command) => payload.with_change(&command, reveal),
        None => payload,
    }
}
