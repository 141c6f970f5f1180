//! What may leave for a person's eyes or ears.
//!
//! [`SafeText`] is the only text a terminal, a title, a log or a clipboard is given; it is made from whatever a source sent.
//! Invariants: a [`SafeText`] holds no control character but newline and tab, and no character that reorders or hides text; making one
//! from one changes nothing; its length is capped; making one never panics.
//!
//! It knows no facts, no colours and no terminal. Values are stored exactly as they came: this room is for the way out only.

mod amount;
mod escape;
mod json;
mod measure;
mod safe;
mod shown;

#[cfg(test)]
mod tests;

pub use amount::{AmountError, age_short, age_words, bytes_words, duration_exact, parse_duration, parse_size, size_exact};
pub use escape::is_hostile;
pub use json::json_line;
pub use measure::{fit, pad_left, pad_right, truncate, width};
pub use safe::SafeText;
pub use shown::{bare_value, shown_value};
