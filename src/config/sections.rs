//! `[app]` to `[log]`: everything that is neither a source nor a key rule.

use std::{path::Path, time::Duration};

use crate::{fact::Weights, text::duration_exact};

use super::{
    address::{absolute, fault_in_path, is_loopback_listener},
    default::WEIGHTS,
    model::{
        AccessibilityMode, AppConfig, CacheConfig, CacheKey, ConfidenceConfig, HttpConfig, LogConfig, PrefetchConfig, QueueConfig,
        TelemetryConfig,
    },
    reader::{Entry, Section},
    settings::{ACCESSIBILITY, BACKENDS, LEVELS, PERSONAS, keys_of},
    source_tables::read_url,
};

/// Shortest and longest duration a setting takes.
pub(super) const INSTANT: Duration = Duration::from_millis(1);
/// As above.
pub(super) const CENTURY: Duration = Duration::from_secs(36_500 * 86_400);
const KIB: u64 = 1 << 10;
const TIB: u64 = 1 << 40;

/// Puts what was read over the default; a mistake was noted and leaves the default.
pub(super) fn put<T>(slot: &mut T, read: Option<T>) {
    if let Some(value) = read {
        *slot = value;
    }
}

/// `[app]`
pub(super) fn read_app(root: &Section<'_>) -> AppConfig {
    let mut app = AppConfig::default();
    let Some(section) = root.section("app", &keys_of("app")) else { return app };
    put(&mut app.persona, section.get("persona").and_then(|entry| entry.choice(PERSONAS)).map(str::to_owned));
    put(&mut app.theme, section.get("theme").and_then(|entry| read_look(&entry)));
    put(&mut app.keymap, section.get("keymap").and_then(|entry| read_look(&entry)));
    let mode = section.get("accessibility").and_then(|entry| entry.choice(ACCESSIBILITY));
    put(&mut app.accessibility, mode.and_then(accessibility));
    put(&mut app.mouse, section.get("mouse").and_then(|entry| entry.boolean()));
    app
}

fn read_look(entry: &Entry<'_>) -> Option<String> {
    let name = entry.text()?;
    if !is_look(name) {
        entry.unfit("bad_name", LOOK, "");
        return None;
    }
    Some(name.to_owned())
}

/// What the name of a theme or keymap may be.
pub(super) const LOOK: &str = "a name of 1 to 64 of a-z 0-9 - _";

/// Whether a text may name a theme or a keymap; it becomes part of a file name.
pub(super) fn is_look(name: &str) -> bool {
    (1..=64).contains(&name.len()) && name.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_'))
}

/// The mode of that name.
pub(super) fn accessibility(name: &str) -> Option<AccessibilityMode> {
    Some(match name {
        "auto" => AccessibilityMode::Auto,
        "full" => AccessibilityMode::Full,
        "announce" => AccessibilityMode::Announce,
        "linear" => AccessibilityMode::Linear,
        "off" => AccessibilityMode::Off,
        _ => return None,
    })
}

/// `[cache]`
pub(super) fn read_cache(root: &Section<'_>, base: &Path) -> CacheConfig {
    let mut cache = CacheConfig::default();
    let Some(section) = root.section("cache", &keys_of("cache")) else { return cache };
    put(&mut cache.backend, section.get("backend").and_then(|entry| read_backend(&entry)));
    put(&mut cache.ttl, section.get("ttl").and_then(|entry| entry.duration(INSTANT, CENTURY)));
    put(&mut cache.high_watermark, section.get("high_watermark").and_then(|entry| entry.size(1 << 20, TIB)));
    put(&mut cache.low_watermark, section.get("low_watermark").and_then(|entry| entry.number(0.1, 1.0)));
    put(&mut cache.hot_tier, section.get("hot_tier").and_then(|entry| entry.size(0, TIB)));
    put(&mut cache.history, section.get("history").and_then(|entry| entry.duration(Duration::ZERO, CENTURY)));
    put(&mut cache.snapshot_every, section.get("snapshot_every").and_then(|entry| entry.duration(Duration::from_secs(1), CENTURY)));
    put(&mut cache.snapshots_kept, section.get("snapshots_kept").and_then(|entry| entry.whole(0, 1_000)));
    put(&mut cache.key, section.get("key").and_then(|entry| read_cache_key(&entry, base)));
    cache
}

fn read_backend(entry: &Entry<'_>) -> Option<String> {
    let backend = entry.choice(BACKENDS)?;
    if backend == "redb" && !cfg!(feature = "redb") {
        entry.problem("not_in_this_build", "The backend \"redb\" is not in this build; use \"sled\" or \"memory\".", "sled memory");
        return None;
    }
    Some(backend.to_owned())
}

fn read_cache_key(entry: &Entry<'_>, base: &Path) -> Option<CacheKey> {
    match entry.text()? {
        "auto" => Some(CacheKey::Auto),
        "keyring" => Some(CacheKey::Keyring),
        "passphrase" => Some(CacheKey::Passphrase),
        text => match text.strip_prefix("file:") {
            Some(path) if fault_in_path(path).is_none() => Some(CacheKey::File(absolute(base, path))),
            _ => {
                entry.unfit("bad_choice", "one of: auto keyring passphrase file:PATH", "");
                None
            }
        },
    }
}

/// `[queue]`; whether `submit_to` names a source is checked with the sources.
pub(super) fn read_queue(root: &Section<'_>) -> QueueConfig {
    let mut queue = QueueConfig::default();
    let Some(section) = root.section("queue", &keys_of("queue")) else { return queue };
    put(&mut queue.submit_to, section.get("submit_to").and_then(|entry| entry.text()).map(str::to_owned));
    put(&mut queue.base_delay, section.get("base_delay").and_then(|entry| entry.duration(INSTANT, CENTURY)));
    put(&mut queue.factor, section.get("factor").and_then(|entry| entry.number(1.0, 100.0)));
    put(&mut queue.max_delay, section.get("max_delay").and_then(|entry| entry.duration(INSTANT, CENTURY)));
    put(&mut queue.max_attempts, section.get("max_attempts").and_then(|entry| entry.whole(1, 1_000)));
    put(&mut queue.max_staleness, section.get("max_staleness").and_then(|entry| entry.duration(Duration::from_secs(1), CENTURY)));
    put(&mut queue.parallel, section.get("parallel").and_then(|entry| entry.whole(1, 64)));
    if queue.max_delay < queue.base_delay
        && let Some(entry) = section.get("max_delay").or_else(|| section.get("base_delay"))
    {
        let (least, most) = (duration_exact(queue.base_delay), duration_exact(queue.max_delay));
        let message =
            format!("The longest delay ({most}) is below the first one ({least}); raise `queue.max_delay` or lower `queue.base_delay`.");
        entry.problem("out_of_range", message, format!("queue.max_delay of at least {least}"));
    }
    queue
}

/// `[confidence]` and its weights.
pub(super) fn read_confidence(root: &Section<'_>) -> ConfidenceConfig {
    let mut confidence = ConfidenceConfig::default();
    let Some(section) = root.section("confidence", &keys_of("confidence")) else { return confidence };
    put(&mut confidence.auto_margin, section.get("auto_margin").and_then(|entry| entry.number(0.0, 1.0)));
    let decay = section.get("trust_half_life").and_then(|entry| entry.duration(Duration::from_secs(1), CENTURY));
    put(&mut confidence.trust_half_life, decay);
    confidence.half_life = section.get("half_life").and_then(|entry| entry.duration(INSTANT, CENTURY));
    put(&mut confidence.weights, section.section("weights", &keys_of("confidence.weights")).and_then(|weights| read_weights(&weights)));
    confidence
}

fn read_weights(section: &Section<'_>) -> Option<Weights> {
    let mut weights = WEIGHTS;
    for (slot, key) in weights.iter_mut().zip(keys_of("confidence.weights")) {
        put(slot, section.get(key).and_then(|entry| entry.number(0.0, 1e6)));
    }
    let sum: f64 = weights.iter().sum();
    if sum <= 0.0 {
        let message = "All five confidence weights are 0; at least one must be above it.".to_owned();
        section.note_at_head("bad_weights", "", message, "0 0 0 0 0".to_owned(), "a weight above 0".to_owned());
        return None;
    }
    // Weights that sum to 1 but for rounding stay as they are written.
    let scale = if (sum - 1.0).abs() < 1e-9 { 1.0 } else { sum };
    Some(Weights(weights.map(|weight| weight / scale)))
}

/// `[prefetch]`
pub(super) fn read_prefetch(root: &Section<'_>) -> PrefetchConfig {
    let mut prefetch = PrefetchConfig::default();
    let Some(section) = root.section("prefetch", &keys_of("prefetch")) else { return prefetch };
    put(&mut prefetch.enabled, section.get("enabled").and_then(|entry| entry.boolean()));
    put(&mut prefetch.min_precision, section.get("min_precision").and_then(|entry| entry.number(0.0, 1.0)));
    let requests = section.get("budget_requests_per_minute").and_then(|entry| entry.whole(0, 100_000));
    put(&mut prefetch.budget_requests_per_minute, requests);
    put(&mut prefetch.budget_bytes_per_minute, section.get("budget_bytes_per_minute").and_then(|entry| entry.size(0, TIB)));
    prefetch
}

/// `[http]`
pub(super) fn read_http(root: &Section<'_>) -> HttpConfig {
    let mut http = HttpConfig::default();
    let Some(section) = root.section("http", &keys_of("http")) else { return http };
    put(&mut http.max_body, section.get("max_body").and_then(|entry| entry.size(KIB, 1 << 30)));
    put(&mut http.redirects, section.get("redirects").and_then(|entry| entry.whole(0, 20)));
    http
}

/// `[telemetry]`
pub(super) fn read_telemetry(root: &Section<'_>) -> TelemetryConfig {
    let mut telemetry = TelemetryConfig::default();
    let Some(section) = root.section("telemetry", &keys_of("telemetry")) else { return telemetry };
    put(&mut telemetry.otlp_endpoint, section.get("otlp_endpoint").and_then(|entry| read_optional_url(&entry)));
    if let Some(entry) = section.get("prometheus_listen")
        && let Some(text) = entry.text()
    {
        if text.is_empty() || is_loopback_listener(text) {
            telemetry.prometheus_listen = text.to_owned();
        } else {
            entry.unfit("not_loopback", "empty, or ADDRESS:PORT on this machine only, such as \"127.0.0.1:9464\"", "");
        }
    }
    put(&mut telemetry.keys, section.get("keys").and_then(|entry| entry.boolean()));
    telemetry
}

fn read_optional_url(entry: &Entry<'_>) -> Option<String> {
    let text = entry.text()?;
    if text.is_empty() { Some(String::new()) } else { read_url(entry).map(|(url, _)| url) }
}

/// `[log]`
pub(super) fn read_log(root: &Section<'_>) -> LogConfig {
    let mut log = LogConfig::default();
    let Some(section) = root.section("log", &keys_of("log")) else { return log };
    put(&mut log.level, section.get("level").and_then(|entry| entry.choice(LEVELS)).map(str::to_owned));
    put(&mut log.max_size, section.get("max_size").and_then(|entry| entry.size(64 * KIB, TIB)));
    log
}
