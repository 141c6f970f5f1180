//! From an answer's status and body to what it means for a change. Pure: every row of the table is in the tests.

use reqwest::header::{CONTENT_TYPE, ETAG, RETRY_AFTER};
use serde_json::Value as Json;

use crate::fact::{Timestamp, parse_json};

use super::{
    super::{Answer, SourceError, fail::fail},
    fresh,
    send::Sent,
};

/// What an answer means.
#[derive(Debug, PartialEq)]
pub(super) enum Verdict {
    /// 2xx that can be read and says no error.
    Taken,
    /// 2xx that nobody can make sense of, or whose body says an error: only a look can tell.
    Doubtful,
    /// 409, 412: somebody was faster, or so the target says.
    Contended,
    /// Other 4xx.
    Refused,
    /// 401, 403, 407.
    Denied,
    /// The source's own trouble.
    Unavailable { maybe_applied: bool },
    /// The command may be to blame.
    Poison { maybe_applied: bool },
}

/// What the answer means.
pub(super) fn verdict(sent: &Sent) -> Verdict {
    match sent.status.as_u16() {
        200..=299 if sent.is_cut || sent.is_html() => Verdict::Doubtful,
        200..=299 => said(sent),
        // Followed before, where they may be. 301 and 307 say that nothing was done; after a 302 or 303 it may have been.
        301 | 307 | 308 => Verdict::Poison { maybe_applied: false },
        401 | 403 | 407 => Verdict::Denied,
        409 | 412 => Verdict::Contended,
        429 => Verdict::Unavailable { maybe_applied: false },
        // 511 is a network that wants somebody to log in first; from 520 on they are a proxy's words for an origin it cannot reach.
        408 | 502..=504 | 511 | 520..=530 => Verdict::Unavailable { maybe_applied: true },
        400..=499 => Verdict::Refused,
        501 | 505 => Verdict::Poison { maybe_applied: false },
        _ => Verdict::Poison { maybe_applied: true },
    }
}

/// A body can be read when there is none, when it is JSON, or when it says it is plain text and is.
fn said(sent: &Sent) -> Verdict {
    if sent.body.iter().all(u8::is_ascii_whitespace) {
        return Verdict::Taken;
    }
    match parse_json(&sent.body) {
        Ok(body) if says_error(&body) => Verdict::Doubtful,
        Ok(_) => Verdict::Taken,
        Err(_) if is_plain_text(sent) => Verdict::Taken,
        Err(_) => Verdict::Doubtful,
    }
}

/// A member `error` or `errors` that holds something.
fn says_error(body: &Json) -> bool {
    ["error", "errors"].into_iter().filter_map(|name| body.get(name)).any(|said| match said {
        Json::Null | Json::Bool(false) => false,
        Json::String(text) => !text.is_empty(),
        Json::Array(items) => !items.is_empty(),
        Json::Object(members) => !members.is_empty(),
        Json::Number(number) => number.as_f64() != Some(0.0),
        Json::Bool(true) => true,
    })
}

fn is_plain_text(sent: &Sent) -> bool {
    let says = sent.headers.get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).is_some_and(|kind| kind.starts_with("text/plain"));
    says && std::str::from_utf8(&sent.body).is_ok_and(|text| !text.chars().any(|char| char.is_control() && !char.is_ascii_whitespace()))
}

/// What is kept of an answer. With a secret value nothing of the body is, because it may repeat the value.
pub(super) fn answer(sent: &Sent, is_secret: bool) -> Answer {
    let reason = sent.status.canonical_reason().unwrap_or_default();
    // Cut between two characters at the latest: a broken one is shown as the mark for that.
    let head = sent.body.get(..sent.body.len().min(4 * Answer::MAX_CHARS)).unwrap_or_default();
    let words = String::from_utf8_lossy(head);
    let words: Vec<&str> = words.split_whitespace().collect();
    let text = match (is_secret || words.is_empty(), sent.is_html()) {
        (true, _) => reason.to_owned(),
        (false, true) => format!("{reason}: a web page, not an answer; is there a login page before it?"),
        (false, false) => format!("{reason}: {}", sent.without_secrets(&words.join(" "))),
    };
    Answer::new(Some(sent.status.as_u16()), &text)
}

/// The error of a source that is in trouble itself.
pub(super) fn trouble(sent: &Sent, place: &str, now: Timestamp) -> SourceError {
    let reason = sent.status.canonical_reason().map(|reason| format!(" {reason}")).unwrap_or_default();
    let mut error = fail("http_status", format!("{place} answered {}{reason}", sent.status.as_u16()));
    let after = sent.headers.get(RETRY_AFTER).and_then(|after| after.to_str().ok());
    error.retry_after = after.and_then(|after| fresh::retry_after(after, now));
    error
}

/// The tag of what is there, if it is one a write can be guarded with: a weak one never matches.
pub(super) fn strong_tag(sent: &Sent) -> Option<&str> {
    sent.headers.get(ETAG).and_then(|tag| tag.to_str().ok()).filter(|tag| tag.starts_with('"') && tag.len() > 1 && tag.ends_with('"'))
}
