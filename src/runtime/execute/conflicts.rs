//! `conflicts list`, `conflicts show`.

use crate::{
    action::args::{ConflictListArgs, ConflictShowArgs},
    wire::ConflictPayload,
};

use super::{
    answer::{Answer, Failed},
    read::ask_the_never_asked,
};

/// `conflicts list`
pub async fn list(answer: &mut Answer<'_>, args: &ConflictListArgs) -> Result<(), Failed> {
    let sources = answer.handle.sources_for(None);
    ask_the_never_asked(answer, &sources).await?;
    for conflict in answer.handle.conflicts(args.all)?.into_iter().take(args.limit.unwrap_or(usize::MAX)) {
        if answer.line(&ConflictPayload::of(&conflict, answer.handle.is_secret(&conflict.key), answer.request.reveal)).await.is_break() {
            break;
        }
    }
    Ok(())
}

/// `conflicts show`
pub async fn show(answer: &mut Answer<'_>, args: &ConflictShowArgs) -> Result<(), Failed> {
    let sources = answer.handle.sources_for(None);
    ask_the_never_asked(answer, &sources).await?;
    let mut found: Vec<_> = answer.handle.conflicts(true)?.into_iter().filter(|conflict| conflict.id.has_prefix(&args.id)).collect();
    match (found.pop(), found.len()) {
        (Some(conflict), 0) => {
            let _ = answer
                .line_of(
                    "core.conflict.read",
                    answer.handle.now(),
                    &ConflictPayload::of(&conflict, answer.handle.is_secret(&conflict.key), answer.request.reveal),
                )
                .await;
            Ok(())
        }
        (Some(_), more) => {
            Err(Failed::new("conflict_ambiguous", format!("{} conflicts begin with {}; give more of the id", more + 1, args.id)))
        }
        (None, _) => {
            Err(Failed::new("conflict_not_found", format!("there is no conflict {}", args.id))
                .hint("stellar conflicts list --all shows them"))
        }
    }
}
