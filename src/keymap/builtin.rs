//! The keymaps that are compiled in.

const DEFAULT: &str = include_str!("../../keymaps/default.toml");
const ASSISTIVE: &str = include_str!("../../keymaps/assistive.toml");

/// Their names, the default first.
#[must_use]
pub const fn builtin_names() -> [&'static str; 2] {
    ["default", "assistive"]
}

/// The text of a keymap that is compiled in.
#[must_use]
pub fn builtin_text(name: &str) -> Option<&'static str> {
    match name {
        "default" => Some(DEFAULT),
        "assistive" => Some(ASSISTIVE),
        _ => None,
    }
}
