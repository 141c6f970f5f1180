//! `.env`: which names are set. No value is read into a signal at all, so none can be suggested, shown or kept.

use super::{
    super::file::Format,
    block::{Block, segment},
    signal::Signal,
    suggestion::Suggestion,
};

pub(super) fn detect(signal: &Signal) -> Vec<Suggestion> {
    let Some(path) = signal.path().filter(|path| Format::of(path) == Some(Format::Env)) else { return Vec::new() };
    if signal.body.as_object().is_none_or(serde_json::Map::is_empty) {
        return Vec::new();
    }
    let home = segment(&signal.home());
    let own = signal.file_name().trim_start_matches(".env").trim_end_matches(".env").trim_matches('.');
    let tail = if own.is_empty() { home.clone() } else { format!("{home}-{}", segment(own)) };
    let block = Block::file(&format!("env-{tail}"), path).text("prefix", &format!("env/{tail}"));
    vec![block.suggest("dotenv", signal, 0.9).because("file_name").because("values_left_out")]
}
