//! The themes that are compiled in.

const DEFAULT: &str = include_str!("../../themes/default.toml");
const HIGH_CONTRAST: &str = include_str!("../../themes/high-contrast.toml");
const MONOCHROME: &str = include_str!("../../themes/monochrome.toml");

/// Their names, the default first.
#[must_use]
pub const fn builtin_names() -> [&'static str; 3] {
    ["default", "high-contrast", "monochrome"]
}

/// The text of a theme that is compiled in.
#[must_use]
pub fn builtin_text(name: &str) -> Option<&'static str> {
    match name {
        "default" => Some(DEFAULT),
        "high-contrast" => Some(HIGH_CONTRAST),
        "monochrome" => Some(MONOCHROME),
        _ => None,
    }
}
