//! JSON lines that cannot drive a terminal.

use std::borrow::Cow;

use super::escape::is_hostile;

/// Rewrites one compact JSON text so that it is one harmless line of the same meaning: hostile characters, which in JSON can stand only
/// inside strings, become `\uXXXX`; raw C0, which can stand only between tokens, becomes a space.
#[must_use]
pub fn json_line(json: &str) -> Cow<'_, str> {
    if json.bytes().all(|byte| matches!(byte, 0x20..=0x7e)) || !json.chars().any(is_hostile) {
        return Cow::Borrowed(json);
    }
    let mut out = String::with_capacity(json.len() + 32);
    for char in json.chars() {
        match u32::from(char) {
            0..0x20 => out.push(' '),
            code if is_hostile(char) => {
                out.push_str("\\u");
                for place in (0..4).rev() {
                    out.push(char::from_digit((code >> (4 * place)) & 0xf, 16).unwrap_or('0'));
                }
            }
            _ => out.push(char),
        }
    }
    Cow::Owned(out)
}
