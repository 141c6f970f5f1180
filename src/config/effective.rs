//! What is in force, setting by setting, each with where it came from. Literal secrets are masked.

use std::time::Duration;

use serde::{Serialize, Serializer};
use serde_json::{Value as Json, json};

use crate::{
    fact::{ClassOfValue, KeyRule, Pattern, Policy, Role, Tolerance},
    text::{duration_exact, size_exact},
};

use super::{
    load::Loaded,
    model::{
        AccessibilityMode, CacheKey, Config, MapConfig, OutputFormat, ReadConfig, SecretRef, SourceConfig, SourceKind, TlsConfig,
        WriteConfig,
    },
    origin::{Origin, Origins},
    settings::keys_of,
};

/// One setting in force.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct EffectiveValue {
    /// Dotted path; sources and rules by their place, `source[0].url`.
    pub path: String,
    /// The value as the file would have it: durations and sizes as text; null where nothing is set.
    pub value: Json,
    /// Where it came from: `default`, `built-in`, `FILE:LINE`, `env NAME`, `flag --NAME`.
    #[serde(serialize_with = "as_text")]
    pub origin: Origin,
}

fn as_text<S: Serializer>(origin: &Origin, out: S) -> Result<S::Ok, S::Error> {
    out.collect_str(origin)
}

/// Every setting in force: the sections in the order of the file, then sources, then rules.
#[must_use]
pub fn effective(loaded: &Loaded) -> Vec<EffectiveValue> {
    let config = &loaded.config;
    let mut list = List { origins: &loaded.origins, values: Vec::new() };
    list.put("version", json!(1));
    list.put("data_dir", json!(loaded.dirs.data_dir.display().to_string()));
    list.put("offline", json!(loaded.switches.offline));
    put_sections(&mut list, config);
    for (index, source) in config.sources.iter().enumerate() {
        put_source(&mut list, &format!("source[{index}]"), source);
    }
    for (index, rule) in config.rules.iter().enumerate() {
        put_rule(&mut list, &format!("key[{index}]"), rule);
    }
    list.values
}

struct List<'a> {
    origins: &'a Origins,
    values: Vec<EffectiveValue>,
}

impl List<'_> {
    fn put(&mut self, path: &str, value: Json) {
        let origin = self.origins.of(path);
        self.values.push(EffectiveValue { path: path.to_owned(), value, origin });
    }

    /// The settings of one table; a setting without a note of its own comes from where its built-in table does.
    fn put_all<const N: usize>(&mut self, table: &str, settings: [(&str, Json); N]) {
        let table_origin = self.origins.of(table);
        for (key, value) in settings {
            let path = format!("{table}.{key}");
            let origin = match (self.origins.of(&path), &table_origin) {
                (Origin::Default, Origin::BuiltIn) => Origin::BuiltIn,
                (origin, _) => origin,
            };
            self.values.push(EffectiveValue { path, value, origin });
        }
    }
}

fn put_sections(list: &mut List<'_>, config: &Config) {
    let app = &config.app;
    list.put_all(
        "app",
        [
            ("persona", json!(app.persona)),
            ("theme", json!(app.theme)),
            ("keymap", json!(app.keymap)),
            ("accessibility", json!(accessibility(app.accessibility))),
            ("mouse", json!(app.mouse)),
        ],
    );
    let cache = &config.cache;
    list.put_all(
        "cache",
        [
            ("backend", json!(cache.backend)),
            ("ttl", duration(cache.ttl)),
            ("high_watermark", size(cache.high_watermark)),
            ("low_watermark", json!(cache.low_watermark)),
            ("hot_tier", size(cache.hot_tier)),
            ("history", duration(cache.history)),
            ("snapshot_every", duration(cache.snapshot_every)),
            ("snapshots_kept", json!(cache.snapshots_kept)),
            ("key", json!(cache_key(&cache.key))),
        ],
    );
    let queue = &config.queue;
    list.put_all(
        "queue",
        [
            ("submit_to", json!(queue.submit_to)),
            ("base_delay", duration(queue.base_delay)),
            ("factor", json!(queue.factor)),
            ("max_delay", duration(queue.max_delay)),
            ("max_attempts", json!(queue.max_attempts)),
            ("max_staleness", duration(queue.max_staleness)),
            ("parallel", json!(queue.parallel)),
        ],
    );
    let confidence = &config.confidence;
    list.put_all(
        "confidence",
        [
            ("auto_margin", json!(confidence.auto_margin)),
            ("trust_half_life", duration(confidence.trust_half_life)),
            ("half_life", optional(confidence.half_life)),
        ],
    );
    for (key, weight) in keys_of("confidence.weights").into_iter().zip(confidence.weights.0) {
        list.put(&format!("confidence.weights.{key}"), json!(weight));
    }
    let prefetch = &config.prefetch;
    list.put_all(
        "prefetch",
        [
            ("enabled", json!(prefetch.enabled)),
            ("min_precision", json!(prefetch.min_precision)),
            ("budget_requests_per_minute", json!(prefetch.budget_requests_per_minute)),
            ("budget_bytes_per_minute", size(prefetch.budget_bytes_per_minute)),
        ],
    );
    list.put_all("http", [("max_body", size(config.http.max_body)), ("redirects", json!(config.http.redirects))]);
    let telemetry = &config.telemetry;
    list.put_all(
        "telemetry",
        [
            ("otlp_endpoint", json!(telemetry.otlp_endpoint)),
            ("prometheus_listen", json!(telemetry.prometheus_listen)),
            ("keys", json!(telemetry.keys)),
        ],
    );
    list.put_all("log", [("level", json!(config.log.level)), ("max_size", size(config.log.max_size))]);
}

fn put_source(list: &mut List<'_>, path: &str, source: &SourceConfig) {
    list.put_all(
        path,
        [
            ("name", json!(source.name.as_str())),
            ("kind", json!(source.kind.name())),
            (
                "role",
                json!(match source.role {
                    Role::Observed => "observed",
                    Role::Declared => "declared",
                }),
            ),
            ("trust", json!(source.trust)),
            ("authority", json!(source.authority)),
            ("enabled", json!(source.enabled)),
            ("writable", json!(source.writable)),
            ("prefix", json!(source.prefix)),
            ("keys", json!(source.keys.iter().map(Pattern::as_str).collect::<Vec<_>>())),
            ("interval", optional(source.interval)),
            ("timeout", duration(source.timeout)),
            ("ttl", optional(source.ttl)),
            ("apdex_target", duration(source.apdex_target)),
        ],
    );
    match &source.kind {
        SourceKind::Host => {}
        SourceKind::File(file) => list.put_all(path, [("path", json!(file.path.display().to_string())), ("depth", json!(file.depth))]),
        SourceKind::Exec(exec) => list.put_all(
            path,
            [
                ("command", json!(exec.command)),
                (
                    "format",
                    json!(match exec.format {
                        OutputFormat::Json => "json",
                        OutputFormat::Lines => "lines",
                    }),
                ),
                ("env", json!(exec.env)),
                ("max_output", size(exec.max_output)),
                ("depth", json!(exec.depth)),
            ],
        ),
        SourceKind::Http(http) => list.put_all(
            path,
            [
                ("url", json!(http.url)),
                ("headers", headers(&http.headers)),
                ("tls", tls(&http.tls)),
                ("proxy", json!(http.proxy)),
                ("next", json!(http.next)),
                ("depth", json!(http.depth)),
            ],
        ),
        SourceKind::Prometheus(server) => {
            list.put_all(path, [("url", json!(server.url)), ("headers", headers(&server.headers)), ("tls", tls(&server.tls))]);
            for (index, query) in server.queries.iter().enumerate() {
                list.put_all(&format!("{path}.query[{index}]"), [("expr", json!(query.expr)), ("key", json!(query.key))]);
            }
        }
    }
    for (index, map) in source.maps.iter().enumerate() {
        let MapConfig { items, key, value, at, changed } = map;
        let settings =
            [("items", json!(items)), ("key", json!(key)), ("value", json!(value)), ("at", json!(at)), ("changed", json!(changed))];
        list.put_all(&format!("{path}.map[{index}]"), settings);
    }
    for (index, ReadConfig { pattern, url, value }) in source.reads.iter().enumerate() {
        let settings = [("match", json!(pattern.as_str())), ("url", json!(url)), ("value", json!(value))];
        list.put_all(&format!("{path}.read[{index}]"), settings);
    }
    for (index, WriteConfig { pattern, method, url, body, command }) in source.writes.iter().enumerate() {
        let path = format!("{path}.write[{index}]");
        list.put_all(&path, [("match", json!(pattern.as_str()))]);
        if command.is_empty() {
            list.put_all(&path, [("method", json!(method)), ("url", json!(url)), ("body", json!(body))]);
        } else {
            list.put_all(&path, [("command", json!(command))]);
        }
    }
}

fn put_rule(list: &mut List<'_>, path: &str, rule: &KeyRule) {
    let schema = rule.schema.as_ref().map_or(Json::Null, |schema| serde_json::from_str(schema.as_json_text()).unwrap_or(Json::Null));
    list.put_all(
        path,
        [
            ("match", json!(rule.pattern.as_str())),
            ("schema", schema),
            (
                "policy",
                json!(match &rule.policy {
                    Policy::Auto => "auto".to_owned(),
                    Policy::Ask => "ask".to_owned(),
                    Policy::Newest => "newest".to_owned(),
                    Policy::Merge => "merge".to_owned(),
                    Policy::Prefer(source) => format!("prefer:{source}"),
                }),
            ),
            (
                "tolerance",
                match rule.compare.tolerance {
                    Tolerance::Absolute(by) => json!(by),
                    Tolerance::Relative(by) => json!(format!("{}%", by * 100.0)),
                },
            ),
            ("trim", json!(rule.compare.trim)),
            ("ignore_case", json!(rule.compare.ignore_case)),
            ("unordered", json!(rule.compare.unordered)),
            ("ignore", json!(rule.compare.ignore)),
            ("unit", json!(rule.unit)),
            ("ttl", optional(rule.ttl)),
            ("half_life", optional(rule.half_life)),
            ("write_to", json!(rule.write_to.as_ref().map(crate::fact::SourceId::as_str))),
            (
                "class",
                json!(rule.class.map(|class| match class {
                    ClassOfValue::Internal => "internal",
                    ClassOfValue::Secret => "secret",
                })),
            ),
        ],
    );
}

fn duration(duration: Duration) -> Json {
    json!(duration_exact(duration))
}

fn optional(duration: Option<Duration>) -> Json {
    json!(duration.map(duration_exact))
}

fn size(bytes: u64) -> Json {
    json!(size_exact(bytes))
}

fn headers(headers: &[(String, SecretRef)]) -> Json {
    Json::Object(headers.iter().map(|(name, value)| (name.clone(), json!(value.to_string()))).collect())
}

fn tls(tls: &TlsConfig) -> Json {
    let path = |path: &Option<std::path::PathBuf>| path.as_ref().map(|path| path.display().to_string());
    json!({ "ca": path(&tls.ca), "cert": path(&tls.cert), "key": tls.key.as_ref().map(SecretRef::to_string) })
}

fn cache_key(key: &CacheKey) -> String {
    match key {
        CacheKey::Auto => "auto".to_owned(),
        CacheKey::Keyring => "keyring".to_owned(),
        CacheKey::Passphrase => "passphrase".to_owned(),
        CacheKey::File(path) => format!("file:{}", path.display()),
    }
}

fn accessibility(mode: AccessibilityMode) -> &'static str {
    match mode {
        AccessibilityMode::Auto => "auto",
        AccessibilityMode::Full => "full",
        AccessibilityMode::Announce => "announce",
        AccessibilityMode::Linear => "linear",
        AccessibilityMode::Off => "off",
    }
}
