//! Ratatui widgets for facts that can be believed more or less.
//!
//! Plain props in, cells out. The widgets know nothing of where a fact comes from: they take text, numbers, ranges and
//! styles, and name no colour of their own. Each is drawn by reference, clips itself to the area it is given, and may be
//! given any area, an empty one too. Text is drawn as it is handed in; control characters take no cell.
//!
//! - [`InsightList`]: rows with key, value, confidence, age and signs; costs what is visible.
//! - [`InsightCanvas`]: one fact at length, as a scrolled column of blocks.
//! - [`ConfidenceBar`], [`ConflictBadge`], [`FactorTable`], [`Sparkline`], [`Heatmap`]
//! - [`Overlay`], [`TabStrip`], [`HintFooter`]
//!
//! They hold no state, read no clock and handle no keys: scroll and selection are props.

mod cells;
mod charset;
mod confidence;
mod conflict_badge;
mod factor_table;
mod heatmap;
mod hint_footer;
mod insight_canvas;
mod insight_list;
mod overlay;
mod sparkline;
mod tab_strip;

#[cfg(test)]
mod every_tests;

pub use cells::{Cut, Fit, fit, text_width, wrap};
pub use charset::Charset;
pub use confidence::{Band, ConfidenceBar, ConfidenceStyles};
pub use conflict_badge::ConflictBadge;
pub use factor_table::{FactorRow, FactorStyles, FactorTable};
pub use heatmap::Heatmap;
pub use hint_footer::{Hint, HintFooter};
pub use insight_canvas::{Block, CanvasStyles, InsightCanvas, Placed};
pub use insight_list::{InsightList, InsightRow, ListStyles, RowSource, scroll_into_view};
pub use overlay::Overlay;
pub use sparkline::Sparkline;
pub use tab_strip::{Tab, TabStrip};
