//! What things look like, by meaning: a view says "conflict", a theme says how that is drawn.
//!
//! Invariants: no colour is named outside the theme files; `DRAWN` says which role is drawn on which surface, and
//! `check` computes the contrast of each such pair; a style that only colour carries does not exist, because words and signs stand beside it.
//!
//! It reads no files and asks no terminal: text, depth and background are handed in.

mod builtin;
mod check;
mod color;
mod drawn;
mod file;
mod resolved;
mod role;
#[cfg(test)]
mod tests;

pub use builtin::{builtin_names, builtin_text};
pub use check::{Contrast, LEAST_CONTRAST, check};
pub use color::{ColorDepth, Rgb, contrast_ratio};
pub use drawn::{DRAWN, is_drawn};
pub use file::{Paint, PaletteColor, ThemeError, ThemeFile, Variant, VariantName};
pub use resolved::Theme;
pub use role::{Role, Surface};
