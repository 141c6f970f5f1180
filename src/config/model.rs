//! The effective configuration as plain data, every default filled in.

use std::{path::PathBuf, time::Duration};

use crate::fact::{KeyRule, Pattern, Role, SourceId, Weights};

/// Everything in force.
#[derive(Clone, Debug, PartialEq)]
pub struct Config {
    /// `[app]`
    pub app: AppConfig,
    /// `[cache]`
    pub cache: CacheConfig,
    /// `[queue]`
    pub queue: QueueConfig,
    /// `[confidence]`
    pub confidence: ConfidenceConfig,
    /// `[prefetch]`
    pub prefetch: PrefetchConfig,
    /// `[http]`
    pub http: HttpConfig,
    /// `[telemetry]`
    pub telemetry: TelemetryConfig,
    /// `[log]`
    pub log: LogConfig,
    /// `[[source]]`, in file order; `host` is implied when there is none.
    pub sources: Vec<SourceConfig>,
    /// `[[key]]`, in file order, then the built-in ones (`host/**`); the first match counts.
    pub rules: Vec<KeyRule>,
    /// Where relative paths start and `exec` runs: the directory of the config file.
    pub base_dir: PathBuf,
    /// Whether `exec`, secret references and sending are allowed: false for a file that is not ours and not trusted.
    pub trusted: bool,
    /// SHA-256 in hex of the config file's bytes, and of the schemas of files it names; of nothing when there is no file.
    pub digest: String,
}

/// How much assistive behaviour is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum AccessibilityMode {
    /// Decide by what is found.
    #[default]
    Auto,
    /// Full tree.
    Full,
    /// Announcements only.
    Announce,
    /// The linear reader.
    Linear,
    /// Nothing.
    Off,
}

/// `[app]`
#[derive(Clone, Debug, PartialEq)]
pub struct AppConfig {
    /// Name of the persona.
    pub persona: String,
    /// Name of the theme.
    pub theme: String,
    /// Name of the keymap.
    pub keymap: String,
    /// Assistive mode.
    pub accessibility: AccessibilityMode,
    /// Whether the mouse is captured.
    pub mouse: bool,
}

/// Where the key that wraps the data key comes from.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub enum CacheKey {
    /// The key file in the state directory.
    #[default]
    Auto,
    /// The system's keyring.
    Keyring,
    /// A passphrase.
    Passphrase,
    /// This key file.
    File(PathBuf),
}

/// `[cache]`
#[derive(Clone, Debug, PartialEq)]
pub struct CacheConfig {
    /// `sled redb memory`
    pub backend: String,
    /// Default TTL.
    pub ttl: Duration,
    /// Live sealed bytes at which eviction starts.
    pub high_watermark: u64,
    /// Fraction of the high watermark at which it stops.
    pub low_watermark: f64,
    /// Bytes of decoded entries kept.
    pub hot_tier: u64,
    /// How long history is kept.
    pub history: Duration,
    /// How often a snapshot is made.
    pub snapshot_every: Duration,
    /// How many are kept.
    pub snapshots_kept: u32,
    /// Who wraps the data key.
    pub key: CacheKey,
}

/// `[queue]`
#[derive(Clone, Debug, PartialEq)]
pub struct QueueConfig {
    /// Source that takes notes; empty: none.
    pub submit_to: String,
    /// First retry delay.
    pub base_delay: Duration,
    /// Growth per attempt.
    pub factor: f64,
    /// Longest delay.
    pub max_delay: Duration,
    /// Charged attempts before a command is dead.
    pub max_attempts: u32,
    /// Age at which a command waits for a person.
    pub max_staleness: Duration,
    /// Commands in flight per source.
    pub parallel: u32,
}

/// `[confidence]`
#[derive(Clone, Debug, PartialEq)]
pub struct ConfidenceConfig {
    /// Lead a winner needs to be decided by rule, 0 to 1.
    pub auto_margin: f64,
    /// Decay of learned trust.
    pub trust_half_life: Duration,
    /// Default half-life of freshness; none: the TTL in force.
    pub half_life: Option<Duration>,
    /// Normalised weights.
    pub weights: Weights,
}

/// `[prefetch]`
#[derive(Clone, Debug, PartialEq)]
pub struct PrefetchConfig {
    /// On or off.
    pub enabled: bool,
    /// Rolling precision below which it stops.
    pub min_precision: f64,
    /// Requests per minute.
    pub budget_requests_per_minute: u32,
    /// Bytes per minute.
    pub budget_bytes_per_minute: u64,
}

/// `[http]`
#[derive(Clone, Debug, PartialEq)]
pub struct HttpConfig {
    /// Largest body taken, in bytes.
    pub max_body: u64,
    /// Redirects followed, same origin only.
    pub redirects: u32,
}

/// `[telemetry]`
#[derive(Clone, Debug, PartialEq, Default)]
pub struct TelemetryConfig {
    /// OTLP endpoint; empty: none.
    pub otlp_endpoint: String,
    /// Loopback address for Prometheus text; empty: none.
    pub prometheus_listen: String,
    /// Whether key names may leave the machine.
    pub keys: bool,
}

/// `[log]`
#[derive(Clone, Debug, PartialEq)]
pub struct LogConfig {
    /// `error warn info debug trace`
    pub level: String,
    /// Bytes before the oldest file goes.
    pub max_size: u64,
}

/// A secret, or where to get one when it is needed. Never logged; `Debug` shows the reference, never a literal.
#[derive(Clone, PartialEq, Eq)]
pub enum SecretRef {
    /// Written into the file as it is.
    Literal(String),
    /// An environment variable.
    Env(String),
    /// The trimmed content of a file.
    File(PathBuf),
    /// An entry of the system's keyring.
    Keyring(String),
}

impl std::fmt::Debug for SecretRef {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Literal(_) => out.write_str("(literal)"),
            Self::Env(name) => write!(out, "env:{name}"),
            Self::File(path) => write!(out, "file:{}", path.display()),
            Self::Keyring(name) => write!(out, "keyring:{name}"),
        }
    }
}

/// One `[[source]]`.
#[derive(Clone, Debug, PartialEq)]
pub struct SourceConfig {
    /// Its name.
    pub name: SourceId,
    /// What it is.
    pub kind: SourceKind,
    /// Observed or declared.
    pub role: Role,
    /// Configured trust, 0 to 1; default 0.7.
    pub trust: f64,
    /// Whether its values count as decisions.
    pub authority: bool,
    /// Whether it is asked at all.
    pub enabled: bool,
    /// Whether it takes changes.
    pub writable: bool,
    /// Segments put before every key, without a trailing slash; or empty.
    pub prefix: String,
    /// What it may claim; empty: everything but `host/**` (and for the `host` kind: everything).
    pub keys: Vec<Pattern>,
    /// How often it is asked; none: watched.
    pub interval: Option<Duration>,
    /// Bound on one request or command.
    pub timeout: Duration,
    /// TTL of its values, if set.
    pub ttl: Option<Duration>,
    /// Latency that counts as satisfied.
    pub apdex_target: Duration,
    /// `[[source.map]]`; empty: the whole body, by `depth`.
    pub maps: Vec<MapConfig>,
    /// `[[source.read]]`
    pub reads: Vec<ReadConfig>,
    /// `[[source.write]]`
    pub writes: Vec<WriteConfig>,
}

/// What sort of source.
#[derive(Clone, Debug, PartialEq)]
pub enum SourceKind {
    /// This machine. One `[[source]]` of this kind registers two: `host.sysinfo` and `host.proc`.
    Host,
    /// A file or a directory of files.
    File(FileSource),
    /// A command.
    Exec(ExecSource),
    /// An HTTP API that answers JSON.
    Http(HttpSource),
    /// A Prometheus server.
    Prometheus(PrometheusSource),
}

/// `kind = "file"`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileSource {
    /// Absolute path of a file or a directory.
    pub path: PathBuf,
    /// 0: down to scalars and arrays; n: objects below level n stay values.
    pub depth: u32,
}

/// How a command's output is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum OutputFormat {
    /// One JSON document.
    #[default]
    Json,
    /// Text lines; an item each: `{"line": 1, "text": ".."}`.
    Lines,
}

/// `kind = "exec"`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExecSource {
    /// Program and arguments; no shell.
    pub command: Vec<String>,
    /// How to read stdout.
    pub format: OutputFormat,
    /// Variables passed on besides `HOME PATH LANG`.
    pub env: Vec<String>,
    /// Bytes of stdout taken.
    pub max_output: u64,
    /// As for files, when there is no map.
    pub depth: u32,
}

/// TLS options; secrets by reference.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct TlsConfig {
    /// PEM of extra roots.
    pub ca: Option<PathBuf>,
    /// PEM of the client certificate.
    pub cert: Option<PathBuf>,
    /// Its key.
    pub key: Option<SecretRef>,
}

/// `kind = "http"`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HttpSource {
    /// Where.
    pub url: String,
    /// Extra headers.
    pub headers: Vec<(String, SecretRef)>,
    /// TLS options.
    pub tls: TlsConfig,
    /// Proxy URL; empty: none.
    pub proxy: String,
    /// JSONPath to the next page's URL.
    pub next: Option<String>,
    /// As for files, when there is no map.
    pub depth: u32,
}

/// One `[[source.query]]`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PrometheusQuery {
    /// PromQL.
    pub expr: String,
    /// Key template over labels.
    pub key: String,
}

/// `kind = "prometheus"`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PrometheusSource {
    /// Base URL.
    pub url: String,
    /// Extra headers.
    pub headers: Vec<(String, SecretRef)>,
    /// TLS options.
    pub tls: TlsConfig,
    /// What to ask.
    pub queries: Vec<PrometheusQuery>,
}

/// One `[[source.map]]`: texts as written; compiled by the source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MapConfig {
    /// JSONPath (RFC 9535) to the items; none: the body is one item.
    pub items: Option<String>,
    /// Key template with `{$..}` placeholders.
    pub key: String,
    /// JSONPath to the value inside an item; none: the item.
    pub value: Option<String>,
    /// JSONPath to `observed_at`.
    pub at: Option<String>,
    /// JSONPath to `changed_at`.
    pub changed: Option<String>,
}

/// One `[[source.read]]`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReadConfig {
    /// Which keys.
    pub pattern: Pattern,
    /// URL template with `{1}`..`{9}`.
    pub url: String,
    /// JSONPath to the value; none: the body.
    pub value: Option<String>,
}

/// One `[[source.write]]`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WriteConfig {
    /// Which keys.
    pub pattern: Pattern,
    /// HTTP method; empty for exec.
    pub method: String,
    /// URL template; empty for exec.
    pub url: String,
    /// Body template.
    pub body: String,
    /// Command template; empty for http.
    pub command: Vec<String>,
}
