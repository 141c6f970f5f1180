//! Which key asks for which action, as data in layers.
//!
//! Invariants: the order is `user > assistive > persona > default`; a layer that names an action in a context says all its keys
//! there, an empty list takes them away; one chord with two actions in one layer and context is an error naming both; inside a
//! text field only the field's own keys and the function keys act, the rest is typed.
//!
//! It knows no terminal and reads no files: chords come in translated, text is handed in, the known actions too.

mod builtin;
mod chord;
mod file;
mod layered;
#[cfg(test)]
mod reserved_tests;
#[cfg(test)]
mod tests;

pub use builtin::{builtin_names, builtin_text};
pub use chord::{Chord, ChordError, KeyName, Keyboard, Mods};
pub use file::{Binding, Context, KeymapError, KeymapFile};
pub use layered::{Keymap, KeymapRow, LayerName};
