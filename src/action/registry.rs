//! The registry: every action, once.

mod app;
mod audit;
mod cache;
mod change;
mod chaos;
mod config;
mod conflict;
mod insight;
mod look;
mod queue;
mod screen;
mod source;
mod telemetry;

use super::spec::ActionSpec;

const TABLES: [&[ActionSpec]; 13] = [
    insight::ACTIONS,
    source::ACTIONS,
    change::ACTIONS,
    queue::ACTIONS,
    conflict::ACTIONS,
    cache::ACTIONS,
    audit::ACTIONS,
    telemetry::ACTIONS,
    chaos::ACTIONS,
    config::ACTIONS,
    look::ACTIONS,
    app::ACTIONS,
    screen::ACTIONS,
];

/// Every action, in the order of the documentation.
pub fn all() -> impl Iterator<Item = &'static ActionSpec> {
    TABLES.into_iter().flatten()
}

/// The action of this id.
#[must_use]
pub fn find(id: &str) -> Option<&'static ActionSpec> {
    all().find(|spec| spec.id == id)
}

/// The id most like this text, if any is like it.
#[must_use]
pub fn nearest(id: &str) -> Option<&'static str> {
    all()
        .map(|spec| (strsim::jaro_winkler(spec.id, id).max(last_words(spec.id, id)), spec.id))
        .filter(|(likeness, _)| *likeness > 0.8)
        .max_by(|left, right| left.0.total_cmp(&right.0))
        .map(|(_, near)| near)
}

/// Likeness without the leading `core.`, which everybody leaves out.
fn last_words(id: &str, text: &str) -> f64 {
    strsim::jaro_winkler(id.strip_prefix("core.").unwrap_or(id), text.strip_prefix("core.").unwrap_or(text))
}
