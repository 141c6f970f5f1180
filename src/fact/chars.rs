//! Which characters may not stand in a name, and are always written escaped in a value.

/// Control characters (C0, DEL, C1), line and paragraph separators, and everything that reorders or hides text.
pub(super) fn is_forbidden(char: char) -> bool {
    char.is_control()
        || matches!(char, '\u{061c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
}
