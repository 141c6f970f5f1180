//! `conflicts resolve`: which sort of conflict it is about.

use crate::{action::args::ResolveArgs, fact::ConflictClass};

use super::{
    answer::{Answer, Failed},
    conflicts::conflict_named,
    decide, queue,
};

/// `conflicts resolve`
pub async fn resolve(answer: &mut Answer<'_>, args: &ResolveArgs) -> Result<(), Failed> {
    let conflict = conflict_named(answer, &args.id)?;
    match conflict.class {
        ConflictClass::Value => decide::values(answer, &conflict, args).await,
        ConflictClass::Change | ConflictClass::Delete => queue::resolve(answer, &conflict, args).await,
    }
}
