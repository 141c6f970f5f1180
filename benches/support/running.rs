//! An engine over a store that is already filled: what a process holds in memory, and how fast it answers.

use std::{
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
};

use stellar::{
    config::{Config, FileSource, SourceConfig, SourceKind},
    engine::Engine,
    fact::{Key, SourceId, Timestamp, Value},
};

use super::{
    peers::fresh,
    started::started,
    stored::{open, said},
};

fn source(at: usize) -> SourceId {
    SourceId::new(&format!("source-{at}")).expect("a name")
}

/// Fills a store in this directory: of each key as many sources say the same value of this length.
pub fn fill(dir: &Path, keys: &[Key], sources: usize, length: usize) {
    let store = open(dir).store;
    let names: Vec<_> = (0..sources).map(source).collect();
    let now = Timestamp::from_millis(1_767_607_200_000);
    let mut count = 0;
    for keys in keys.chunks(100) {
        let mut ops = Vec::new();
        for key in keys {
            let value = Value::string(&String::from_utf8_lossy(&fresh(&mut count, length)));
            ops.extend(names.iter().map(|source| said(key, source, value.clone(), now)));
        }
        store.apply(&ops).expect("room on the disk");
    }
    store.close().expect("room on the disk");
}

/// An engine over it that asks nobody, with so much memory for decoded facts. Needs a runtime.
pub fn engine(dir: &Path, sources: usize, hot_tier: u64) -> Engine {
    let file = FileSource { path: dir.join("nothing.json"), depth: 0 };
    let of = |at| SourceConfig::new(source(at), SourceKind::File(file.clone()));
    roomy(dir, (0..sources).map(of).collect(), hot_tier, true)
}

/// An engine whose every source is a file, `source-N.json` in this directory. Needs a runtime.
pub fn reading(dir: &Path, sources: usize, hot_tier: u64) -> Engine {
    let of = |at| {
        let path = said_by(dir, at);
        SourceConfig::new(source(at), SourceKind::File(FileSource { path, depth: 0 }))
    };
    roomy(dir, (0..sources).map(of).collect(), hot_tier, false)
}

/// The file of this source.
fn said_by(dir: &Path, at: usize) -> PathBuf {
    dir.join(format!("source-{at}.json"))
}

/// Has a source say of `keys` keys, from the first on and around, the number of each; of the first `other` of them another one.
pub fn say_of(dir: &Path, at: usize, all: usize, from: usize, keys: usize, other: usize) {
    let mut text = String::from("{\"fact\":{");
    for key in 0..keys {
        let (number, other) = ((from + key) % all, u64::from(key < other));
        let comma = if key > 0 { "," } else { "" };
        let _ = write!(text, "{comma}\"k{number}\":\"{:040}\"", number as u64 * 10 + other);
    }
    text.push_str("}}");
    fs::write(said_by(dir, at), text).expect("room on the disk");
}

/// The name of a source, as the engine knows it.
pub fn source_name(at: usize) -> SourceId {
    source(at)
}

fn roomy(dir: &Path, sources: Vec<SourceConfig>, hot_tier: u64, offline: bool) -> Engine {
    let mut config = Config { sources, ..Config::bare(dir.to_owned()) };
    config.cache.hot_tier = hot_tier;
    config.cache.high_watermark = 8 << 30;
    started(dir, config, offline)
}

/// A line of this process's status, in MiB: `VmRSS` is what is resident now.
pub fn memory(what: &str) -> f64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix(what)?.strip_prefix(':')).unwrap_or_default();
    line.split_whitespace().next().and_then(|kib| kib.parse::<f64>().ok()).unwrap_or(f64::NAN) / 1024.0
}
