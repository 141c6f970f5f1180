//! What an error means for a change when it came up before anything was changed, and looking a key up in what a fetch brought.

use crate::fact::{Key, Value};

use super::{Answer, Delivery, Fetched, SourceError, fail::fail};

/// The outcome of an attempt that ended before the target could have changed anything.
pub(super) fn of_error(error: &SourceError) -> Delivery {
    let answer = Answer::new(None, &error.message);
    match error.code {
        // Nobody will let us in until something is configured, or given, anew.
        "denied" | "untrusted" => Delivery::Denied { answer },
        // An answer that cannot be read, a place that is no answer: the source may be well otherwise.
        "redirect" | "too_large" | "not_json" | "not_utf8" | "too_deep" | "duplicate_member" | "invalid_mapping" | "exec_failed"
        | "unsupported" => Delivery::Poison { answer, maybe_applied: false },
        _ => Delivery::Unavailable { error: error.clone(), maybe_applied: false },
    }
}

/// The value of a key in a full answer. That it is absent may only be said of a complete one.
///
/// # Errors
/// `duplicate_member` when two items claim the key, `invalid_mapping` when it is not there but items were left out.
pub(super) fn value_in(fetched: Fetched, key: &Key) -> Result<Option<Value>, SourceError> {
    if fetched.duplicates.contains(key) {
        return Err(fail("duplicate_member", format!("{key} is there twice, so nobody can say which one counts")));
    }
    let found = fetched.items.into_iter().find(|item| item.key == *key).map(|item| item.value);
    if found.is_none() && !fetched.complete {
        return Err(fail("invalid_mapping", "the value is not among what was taken, and items were left out"));
    }
    Ok(found)
}
