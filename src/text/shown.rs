//! A JSON value as a person wants to read it.

use std::time::Duration;

use super::{
    amount::{age_words, bytes_words},
    safe::SafeText,
};

/// One line for a person: numbers with their unit (`12.4 GiB`, `42 %`), strings without quotes unless they would then read as something
/// else (`"3"`, `""`), everything else as compact JSON. `json` is one JSON value; anything else is shown as the text it is.
#[must_use]
pub fn shown_value(json: &str, unit: &str) -> SafeText {
    if json.starts_with('"') {
        return match serde_json::from_str::<String>(json) {
            Ok(text) if reads_as_itself(&text) => SafeText::line(&text),
            _ => SafeText::line(json),
        };
    }
    let number = json.parse::<f64>().ok().filter(|number| number.is_finite());
    match (number, unit) {
        (None, _) | (Some(_), "") => SafeText::line(json),
        (Some(size), "bytes") => SafeText::line(&bytes_words(size)),
        // Beyond thirty years it is no span but a moment, and days would say nothing.
        (Some(seconds), "seconds") if (60.0..1e9).contains(&seconds) => SafeText::line(&age_words(Duration::from_secs_f64(seconds))),
        (Some(_), "seconds") => SafeText::line(&format!("{json} s")),
        (Some(_), "percent") => SafeText::line(&format!("{json} %")),
        (Some(_), other) => SafeText::line(&format!("{json} {other}")),
    }
}

/// The bare value for `--value`: a string without its quotes (its own newlines and tabs stay), everything else as compact JSON.
#[must_use]
pub fn bare_value(json: &str) -> SafeText {
    match serde_json::from_str::<String>(json) {
        Ok(text) => SafeText::block(&text),
        Err(_) => SafeText::block(json),
    }
}

fn reads_as_itself(text: &str) -> bool {
    !text.is_empty() && text.trim() == text && serde_json::from_str::<serde::de::IgnoredAny>(text).is_err()
}
