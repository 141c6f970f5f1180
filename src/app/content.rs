//! What each screen says, as pieces without looks: pure functions of the model.

mod available;
mod canvas;
mod change;
mod conflicts;
mod deciding;
mod empty;
mod help;
mod palette;
mod prompt;
mod queue;
mod status;

pub use available::unavailable;
pub use canvas::canvas_parts;
pub use conflicts::{candidate_value, conflict_note, conflict_parts};
pub use deciding::{chosen, is_of_change, targets};
pub use empty::{empty_parts, small_sentence};
pub use help::{help_parts, help_title};
pub use palette::{PaletteRow, palette_rows};
pub use prompt::{PromptLine, prompt_line, prompt_says, question_parts};
pub use queue::{change_row, queue_note, queue_parts};
pub use status::{HintLine, Segment, header, header_right, hints, list_info, message_since, standing_message};
