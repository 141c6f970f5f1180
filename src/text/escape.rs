//! Which characters are hostile, and the visible form each is given.

/// Whether a character may drive a terminal, or reorder or hide what stands beside it: C0, DEL, C1, bidi controls, line and paragraph
/// separators, deprecated format characters, annotations, the byte order mark. So may one that is never seen and joins or shapes nothing,
/// with which two texts look alike that are not: soft hyphen, zero width space, word joiner. Newline and tab are among them; callers that
/// allow those say so.
#[must_use]
pub fn is_hostile(char: char) -> bool {
    char.is_control()
        || matches!(
            char,
            '\u{ad}'
                | '\u{061c}'
                | '\u{180e}'
                | '\u{200b}'
                | '\u{200e}'
                | '\u{200f}'
                | '\u{2028}'..='\u{202e}'
                | '\u{2060}'..='\u{206f}'
                | '\u{feff}'
                | '\u{fff9}'..='\u{fffb}'
        )
}

/// Writes the visible, ASCII form of a hostile character: `\n \t \r \x1b \u202e`.
pub(super) fn push_visible(out: &mut String, char: char) {
    match char {
        '\n' => out.push_str("\\n"),
        '\t' => out.push_str("\\t"),
        '\r' => out.push_str("\\r"),
        _ => {
            let code = u32::from(char);
            let (lead, digits) = if code < 0x100 { ("\\x", 2) } else { ("\\u", 4) };
            out.push_str(lead);
            for place in (0..digits).rev() {
                out.push(char::from_digit((code >> (4 * place)) & 0xf, 16).unwrap_or('0'));
            }
        }
    }
}
