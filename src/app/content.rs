//! What each screen says, as pieces without looks: pure functions of the model.

mod canvas;
mod conflicts;
mod empty;
mod help;
mod palette;
mod status;

pub use canvas::canvas_parts;
pub use conflicts::{conflict_note, conflict_parts};
pub use empty::{empty_parts, small_sentence};
pub use help::{help_parts, help_title};
pub use palette::{PaletteRow, palette_rows, unavailable};
pub use status::{HintLine, header, header_right, hints, list_info, standing_message};
