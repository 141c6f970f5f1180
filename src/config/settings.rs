//! The one table of settings. The checker knows no other key, `config init` writes them, and the reference in
//! `docs/configuration.md` is drawn from them; tests hold the defaults here against the ones in force.

use super::setting::{
    Fallback::{Depends, Nothing, Required},
    SettingSpec,
};

/// Personas a configuration may name.
pub const PERSONAS: &[&str] = &["sre", "operator", "secops", "platform-engineer", "partner-developer", "assistive-bridge"];
/// Assistive modes.
pub(super) const ACCESSIBILITY: &[&str] = &["auto", "full", "announce", "linear", "off"];
/// Store backends there are, compiled in or not.
pub(super) const BACKENDS: &[&str] = &["sled", "redb", "memory"];
/// Log levels.
pub(super) const LEVELS: &[&str] = &["error", "warn", "info", "debug", "trace"];
/// Kinds of source there are, compiled in or not.
pub(super) const KINDS: &[&str] = &["host", "file", "exec", "http", "prometheus", "nats"];
/// Source names that mean something else.
pub(super) const RESERVED: &[&str] = &["local", "remote", "cache"];
/// The two sources a `kind = "host"` registers.
pub(super) const HOST_READINGS: &[&str] = &["host.sysinfo", "host.proc"];

/// The tables of the file with what each is for, in the order they are written; a dot goes one table down.
pub const TABLES: &[(&str, &str)] = &[
    ("", "The top level."),
    ("app", "What a person meets."),
    ("cache", "The encrypted local store."),
    ("queue", "Changes on their way out."),
    ("confidence", "How belief is computed."),
    ("confidence.weights", "What each factor weighs. Any five numbers from 0 up; they are scaled to sum to 1."),
    ("prefetch", "Fetching ahead what is likely read next."),
    ("http", "What every HTTP request keeps to."),
    ("telemetry", "What leaves this machine about Stellar itself. Nothing, unless set."),
    ("log", "The log file in the state directory."),
    ("source", "Where facts come from, one table each. With none of them Stellar watches this host."),
    ("source.tls", "TLS of a source, an inline table."),
    ("source.map", "How items of an answer become facts. Without a map the whole answer is taken apart, down to `depth`."),
    ("source.read", "How one key is fetched on demand."),
    ("source.write", "How a change is sent."),
    ("source.query", "A query and the keys of its answers."),
    ("key", "What is configured for the keys of a pattern. The first rule that matches counts; built-in rules for `host/**` come last."),
];

const WEIGHT: &str = "a number from 0 up";
const FRACTION: &str = "a number from 0 to 1";
const DURATION: &str = "a duration";
const SIZE: &str = "a size";
const SWITCH: &str = "true or false";
const PATH: &str = "JSONPath (RFC 9535)";
const PATTERN: &str = "a key pattern";

/// Every setting, in the order of [`TABLES`].
pub const SETTINGS: &[SettingSpec] = &[
    SettingSpec::given("", "version", "1", "1", "Version of this file's format. A newer one is refused."),
    SettingSpec::given(
        "app",
        "persona",
        "sre operator secops platform-engineer partner-developer assistive-bridge",
        "\"sre\"",
        "Which rights table applies. A guard rail against slips, not a boundary.",
    ),
    SettingSpec::given("app", "theme", "a theme's name", "\"default\"", "Colours."),
    SettingSpec::given("app", "keymap", "a keymap's name", "\"default\"", "Keys."),
    SettingSpec::given(
        "app",
        "accessibility",
        "auto full announce linear off",
        "\"auto\"",
        "Assistive behaviour: `auto` decides by what is found, `full` the whole tree, `announce` spoken changes only, `linear` the line-by-line reader, `off` none.",
    ),
    SettingSpec::given("app", "mouse", SWITCH, "true", "Whether the mouse is captured."),
    SettingSpec::given(
        "cache",
        "backend",
        "sled memory (redb: in builds with that feature)",
        "\"sled\"",
        "The store. `memory` forgets everything at the end.",
    ),
    SettingSpec::given(
        "cache",
        "ttl",
        DURATION,
        "\"15m\"",
        "How long a value counts as fresh, where neither its key rule nor its source says.",
    ),
    SettingSpec::given("cache", "high_watermark", SIZE, "\"256MiB\"", "Live sealed bytes at which the least recently used entries go."),
    SettingSpec::given("cache", "low_watermark", FRACTION, "0.8", "The fraction of the high watermark at which that stops."),
    SettingSpec::given("cache", "hot_tier", SIZE, "\"32MiB\"", "Memory for decoded facts; what has no room in it is read from the disk."),
    SettingSpec::given("cache", "history", DURATION, "\"7d\"", "How long earlier values are kept."),
    SettingSpec::given("cache", "snapshot_every", DURATION, "\"1h\"", "How often a snapshot is made."),
    SettingSpec::given("cache", "snapshots_kept", "0 to 1000", "3", "How many snapshots are kept."),
    SettingSpec::given(
        "cache",
        "key",
        "auto keyring passphrase file:PATH",
        "\"auto\"",
        "What wraps the data key: `auto` is a key file in the state directory. Decided when the store is made; `stellar cache rekey --key` changes it ([keys](keys.md)).",
    ),
    SettingSpec::given(
        "queue",
        "submit_to",
        "a source's name, or empty",
        "\"\"",
        "The source that takes notes. Empty: notes stay on this machine.",
    ),
    SettingSpec::given("queue", "base_delay", DURATION, "\"500ms\"", "Delay before the first retry."),
    SettingSpec::given("queue", "factor", "1 to 100", "2.0", "Growth of the delay per attempt."),
    SettingSpec::given("queue", "max_delay", DURATION, "\"60s\"", "The longest delay; not below `base_delay`."),
    SettingSpec::given(
        "queue",
        "max_attempts",
        "1 to 1000",
        "5",
        "Attempts a change is charged with before it is given up. An unreachable source charges nothing.",
    ),
    SettingSpec::given("queue", "max_staleness", DURATION, "\"24h\"", "The age at which a queued change waits for a person."),
    SettingSpec::given("queue", "parallel", "1 to 64", "4", "Changes under way per source; never two for one key."),
    SettingSpec::given("confidence", "auto_margin", FRACTION, "0.15", "The lead a winner needs to be decided by rule."),
    SettingSpec::given("confidence", "trust_half_life", DURATION, "\"180d\"", "How fast learned trust fades."),
    SettingSpec::other(
        "confidence",
        "half_life",
        DURATION,
        Nothing("\"15m\""),
        "The age at which freshness is one half, where neither the key rule nor learning says. Not set: the TTL in force.",
    ),
    SettingSpec::given("confidence.weights", "freshness", WEIGHT, "0.35", "Age of the reading."),
    SettingSpec::given("confidence.weights", "source_trust", WEIGHT, "0.30", "Trust in the source for this field."),
    SettingSpec::given("confidence.weights", "schema_validity", WEIGHT, "0.20", "Whether the value fits its schema."),
    SettingSpec::given("confidence.weights", "telemetry_alignment", WEIGHT, "0.10", "Whether the source answers fast and reliably."),
    SettingSpec::given("confidence.weights", "user_overrides", WEIGHT, "0.05", "Decisions of a person for or against the source."),
    SettingSpec::given("prefetch", "enabled", SWITCH, "true", "On or off."),
    SettingSpec::given("prefetch", "min_precision", FRACTION, "0.5", "Share of useful guesses below which it stops itself."),
    SettingSpec::given("prefetch", "budget_requests_per_minute", "0 to 100000", "60", "Requests it may make per minute."),
    SettingSpec::given("prefetch", "budget_bytes_per_minute", SIZE, "\"1MiB\"", "Bytes it may fetch per minute."),
    SettingSpec::given("http", "max_body", SIZE, "\"16MiB\"", "The largest answer taken."),
    SettingSpec::given("http", "redirects", "0 to 20", "5", "Redirects followed; only within the same origin."),
    SettingSpec::given(
        "telemetry",
        "otlp_endpoint",
        "a URL, or empty",
        "\"\"",
        "Where traces, metrics and logs go over OTLP. Empty: nowhere.",
    ),
    SettingSpec::given(
        "telemetry",
        "prometheus_listen",
        "ADDRESS:PORT on loopback, or empty",
        "\"\"",
        "Where Prometheus text is served. Empty: nowhere.",
    ),
    SettingSpec::given("telemetry", "keys", SWITCH, "false", "Whether names of keys may leave the machine. Values never do."),
    SettingSpec::given(
        "log",
        "level",
        "error warn info debug trace",
        "\"info\"",
        "How much is written. Only `debug` and `trace` write names and values.",
    ),
    SettingSpec::given("log", "max_size", SIZE, "\"50MiB\"", "Size of all log files together before the oldest goes."),
    SettingSpec::other(
        "source",
        "name",
        "1 to 64 of a-z 0-9 - .",
        Required("\"git\""),
        "Its name. `local`, `remote` and `cache` are reserved.",
    ),
    SettingSpec::other("source", "kind", "host file exec http prometheus (nats: not in this build)", Required("\"file\""), "What it is."),
    SettingSpec::given(
        "source",
        "role",
        "observed declared",
        "\"observed\"",
        "`observed` says what is; `declared` says what is wanted: never ages, is never believed, and where it differs the fact drifts.",
    ),
    SettingSpec::given("source", "trust", FRACTION, "0.7", "Trust to begin with."),
    SettingSpec::given("source", "authority", SWITCH, "false", "Whether its values count as decisions."),
    SettingSpec::given("source", "enabled", SWITCH, "true", "Whether it is asked at all."),
    SettingSpec::other(
        "source",
        "writable",
        SWITCH,
        Depends("http, exec: true where there is a `[[source.write]]`; else false", "true"),
        "Whether it takes changes. A JSON or TOML file may; other files, host and Prometheus are read-only.",
    ),
    SettingSpec::given("source", "prefix", "segments with `/`, or empty", "\"\"", "Put before every key."),
    SettingSpec::other(
        "source",
        "keys",
        "a list of key patterns",
        Depends("everything; all but host: without `host/**`", "[\"service/**\"]"),
        "What it may claim; anything else it reports is rejected and counted.",
    ),
    SettingSpec::other(
        "source",
        "interval",
        DURATION,
        Depends("host 5s, http and prometheus 30s, exec 60s, file: watched", "\"30s\""),
        "How often it is asked.",
    ),
    SettingSpec::given("source", "timeout", DURATION, "\"5s\"", "Bound on one request or command."),
    SettingSpec::other(
        "source",
        "ttl",
        DURATION,
        Depends("`cache.ttl`", "\"5m\""),
        "How long its values count as fresh, where no key rule says.",
    ),
    SettingSpec::given("source", "apdex_target", DURATION, "\"200ms\"", "The latency that counts as satisfying."),
    SettingSpec::other(
        "source",
        "path",
        "a path",
        Required("\"facts/\""),
        "A file, or a directory of `*.json *.toml *.yaml`, merged; a key in two of them is an error. A single file may also be a `.env` (names only), a `go.mod` or a systemd unit.",
    )
    .only(&["file"]),
    SettingSpec::given(
        "source",
        "depth",
        "0 to 64",
        "0",
        "Without a map: 0 goes down to scalars and arrays; n keeps objects below level n as values.",
    )
    .only(&["file", "exec", "http"]),
    SettingSpec::other(
        "source",
        "command",
        "a list of texts",
        Required("[\"kubectl\", \"get\", \"deploy\", \"-o\", \"json\"]"),
        "Program and arguments. No shell; it runs in the directory of the config file.",
    )
    .only(&["exec"]),
    SettingSpec::given(
        "source",
        "format",
        "json lines",
        "\"json\"",
        "`json`: one document. `lines`: an item `{line, text}` for each line.",
    )
    .only(&["exec"]),
    SettingSpec::given("source", "env", "a list of variable names", "[]", "Variables passed on besides `HOME PATH LANG`.").only(&["exec"]),
    SettingSpec::given("source", "max_output", SIZE, "\"4MiB\"", "The most output taken.").only(&["exec"]),
    SettingSpec::other(
        "source",
        "url",
        "a URL",
        Required("\"http://127.0.0.1:8080/services\""),
        "Where. For Prometheus the server's base URL.",
    )
    .only(&["http", "prometheus", "nats"]),
    SettingSpec::given(
        "source",
        "headers",
        "a table of texts or secrets",
        "{}",
        "Extra headers. Secrets go over plain HTTP only to loopback.",
    )
    .only(&["http", "prometheus"]),
    SettingSpec::given("source", "tls", "a table", "{}", "See below.").only(&["http", "prometheus"]),
    SettingSpec::given("source", "proxy", "a URL, or empty", "\"\"", "An HTTP proxy.").only(&["http"]),
    SettingSpec::other("source", "next", PATH, Nothing("\"$.next\""), "Where an answer names the next page.").only(&["http"]),
    SettingSpec::other("source", "bucket", "a name", Required("\"facts\""), "The key-value bucket.").only(&["nats"]),
    SettingSpec::other("source", "map", "tables", Nothing("[]"), "See below.").only(&["file", "exec", "http"]),
    SettingSpec::other("source", "read", "tables", Nothing("[]"), "See below.").only(&["http"]),
    SettingSpec::other("source", "write", "tables", Nothing("[]"), "See below.").only(&["http", "exec"]),
    SettingSpec::other("source", "query", "tables", Required("[]"), "See below.").only(&["prometheus"]),
    SettingSpec::other("source.tls", "ca", "a path", Nothing("\"ca.pem\""), "Extra roots, PEM."),
    SettingSpec::other("source.tls", "cert", "a path", Nothing("\"me.pem\""), "Client certificate, PEM; needs `key`."),
    SettingSpec::other("source.tls", "key", "a secret", Nothing("\"file:me.key\""), "Its private key; needs `cert`."),
    SettingSpec::other("source.map", "items", PATH, Nothing("\"$.items[*]\""), "The items. Not set: the answer is one item."),
    SettingSpec::other(
        "source.map",
        "key",
        "a template",
        Required("\"service/{$.name}/replicas\""),
        "The key. `{$..}` must give one text, number or boolean; else the item is skipped and counted.",
    ),
    SettingSpec::other("source.map", "value", PATH, Nothing("\"$.replicas\""), "The value inside an item. Not set: the whole item."),
    SettingSpec::other("source.map", "at", PATH, Nothing("\"$.sampled_at\""), "When the origin last vouched for it, RFC 3339."),
    SettingSpec::other("source.map", "changed", PATH, Nothing("\"$.updated_at\""), "When it last changed there, RFC 3339."),
    SettingSpec::other("source.read", "match", PATTERN, Required("\"service/*/replicas\""), "The keys this can fetch."),
    SettingSpec::other(
        "source.read",
        "url",
        "a URL template",
        Required("\"http://127.0.0.1:8080/services/{1}\""),
        "`{1}` to `{9}` stand for what the wildcards matched, percent-encoded.",
    ),
    SettingSpec::other("source.read", "value", PATH, Nothing("\"$.replicas\""), "The value in the answer. Not set: the whole answer."),
    SettingSpec::other("source.write", "match", PATTERN, Required("\"service/*/replicas\""), "The keys this can change."),
    SettingSpec::given("source.write", "method", "POST PUT PATCH DELETE", "\"PUT\"", "HTTP method. http only."),
    SettingSpec::other(
        "source.write",
        "url",
        "a URL template",
        Required("\"http://127.0.0.1:8080/services/{1}/replicas\""),
        "Where. http only.",
    ),
    SettingSpec::given(
        "source.write",
        "body",
        "a template",
        "\"{value}\"",
        "`{value}` and `{base}` as JSON, `{key}`, `{id}`, `{1}` to `{9}`; any other `{word}` is an error, any other brace is itself. http only.",
    ),
    SettingSpec::other(
        "source.write",
        "command",
        "a list of templates",
        Required("[\"scale\", \"{1}\", \"{value}\"]"),
        "Program and arguments; the value also comes on standard input. exec only.",
    ),
    SettingSpec::other("source.query", "expr", "PromQL", Required("\"up\""), "What to ask."),
    SettingSpec::other(
        "source.query",
        "key",
        "a template",
        Required("\"up/{job}/{instance}\""),
        "The key; `{label}` stands for a label's value.",
    ),
    SettingSpec::other("key", "match", PATTERN, Required("\"service/**\""), "Which keys."),
    SettingSpec::other(
        "key",
        "schema",
        "a table, or file:PATH",
        Nothing("{ type = \"integer\", minimum = 0 }"),
        "JSON Schema that values must fit.",
    ),
    SettingSpec::given("key", "policy", "auto ask newest merge prefer:SOURCE", "\"auto\"", "Who decides when values differ."),
    SettingSpec::given(
        "key",
        "tolerance",
        "a number from 0 up, or a percentage in quotes",
        "0",
        "How far numbers may be apart and be the same.",
    ),
    SettingSpec::given("key", "trim", SWITCH, "false", "Compare texts without surrounding white space."),
    SettingSpec::given("key", "ignore_case", SWITCH, "false", "Compare texts without regard to case."),
    SettingSpec::given("key", "unordered", SWITCH, "false", "Compare lists without regard to order."),
    SettingSpec::given("key", "ignore", "a list of JSON pointers", "[]", "Parts left out of comparison."),
    SettingSpec::given("key", "unit", "a unit, or empty", "\"\"", "Display unit: `bytes`, `seconds`, `percent`, or any other word."),
    SettingSpec::other("key", "ttl", DURATION, Depends("the source's, then `cache.ttl`", "\"5m\""), "How long a value counts as fresh."),
    SettingSpec::other(
        "key",
        "half_life",
        DURATION,
        Depends("learned, then `confidence.half_life`, then the TTL", "\"1h\""),
        "The age at which freshness is one half.",
    ),
    SettingSpec::other(
        "key",
        "write_to",
        "a source's name",
        Depends("the only writable source", "\"cluster\""),
        "Which source takes changes.",
    ),
    SettingSpec::other(
        "key",
        "class",
        "internal secret",
        Depends("secret where the last segment has password, secret, token or credential in it, else internal", "\"internal\""),
        "A secret is masked and never exported.",
    ),
];

/// The keys of a table, in the order of [`SETTINGS`], and for the top level the tables as well.
pub(super) fn keys_of(table: &str) -> Vec<&'static str> {
    let own = SETTINGS.iter().filter(|spec| spec.table == table).map(|spec| spec.key);
    let below = TABLES.iter().map(|(name, _)| *name).filter_map(|name| match name.rsplit_once('.') {
        None => (table.is_empty() && !name.is_empty()).then_some(name),
        Some((parent, child)) => (parent == table && parent != "source").then_some(child),
    });
    own.chain(below).collect()
}

/// The kinds of source that have a setting; empty: all.
pub(super) fn kinds_of(key: &str) -> &'static [&'static str] {
    SETTINGS.iter().find(|spec| spec.table == "source" && spec.key == key).map_or(&[], |spec| spec.kinds)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_setting_stands_once_in_a_table_that_is_described() {
        let mut seen = BTreeSet::new();
        for spec in SETTINGS {
            assert!(TABLES.iter().any(|(table, _)| *table == spec.table), "{}", spec.path());
            assert!(seen.insert(spec.path()), "{} stands twice", spec.path());
        }
    }

    #[test]
    fn tables_below_a_table_are_keys_of_it() {
        assert!(keys_of("").contains(&"confidence"));
        assert!(keys_of("confidence").contains(&"weights"));
        assert_eq!(keys_of("source").iter().filter(|key| **key == "map").count(), 1);
    }
}
