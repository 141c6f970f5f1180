//! The defaults, as values. `settings` has the same ones as text; a test holds the two together.

use std::{path::PathBuf, time::Duration};

use crate::fact::{Role, SourceId, Weights};

use super::model::{
    AccessibilityMode, AppConfig, CacheConfig, CacheKey, ConfidenceConfig, Config, HttpConfig, LogConfig, PrefetchConfig, QueueConfig,
    SourceConfig, SourceKind, TelemetryConfig,
};

const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(3_600);
const DAY: Duration = Duration::from_secs(86_400);
const MIB: u64 = 1 << 20;

impl Default for AppConfig {
    fn default() -> Self {
        Self {
            persona: "sre".to_owned(),
            theme: "default".to_owned(),
            keymap: "default".to_owned(),
            accessibility: AccessibilityMode::Auto,
            mouse: true,
        }
    }
}

impl Default for CacheConfig {
    fn default() -> Self {
        Self {
            backend: "sled".to_owned(),
            ttl: 15 * MINUTE,
            high_watermark: 256 * MIB,
            low_watermark: 0.8,
            hot_tier: 32 * MIB,
            history: 7 * DAY,
            snapshot_every: HOUR,
            snapshots_kept: 3,
            key: CacheKey::Auto,
        }
    }
}

impl Default for QueueConfig {
    fn default() -> Self {
        Self {
            submit_to: String::new(),
            base_delay: Duration::from_millis(500),
            factor: 2.0,
            max_delay: MINUTE,
            max_attempts: 5,
            max_staleness: DAY,
            parallel: 4,
        }
    }
}

impl Default for ConfidenceConfig {
    fn default() -> Self {
        Self { auto_margin: 0.15, trust_half_life: 180 * DAY, half_life: None, weights: Weights(WEIGHTS) }
    }
}

/// The five weights in the order of `FactorKind`.
pub(super) const WEIGHTS: [f64; 5] = [0.35, 0.30, 0.20, 0.10, 0.05];

impl Default for PrefetchConfig {
    fn default() -> Self {
        Self { enabled: true, min_precision: 0.5, budget_requests_per_minute: 60, budget_bytes_per_minute: MIB }
    }
}

impl Default for HttpConfig {
    fn default() -> Self {
        Self { max_body: 16 * MIB, redirects: 5 }
    }
}

impl Default for LogConfig {
    fn default() -> Self {
        Self { level: "info".to_owned(), max_size: 50 * MIB }
    }
}

impl Config {
    /// Everything at its default and no source at all; relative paths start at `base_dir`. For tests and first steps.
    #[must_use]
    pub fn bare(base_dir: PathBuf) -> Self {
        Self {
            app: AppConfig::default(),
            cache: CacheConfig::default(),
            queue: QueueConfig::default(),
            confidence: ConfidenceConfig::default(),
            prefetch: PrefetchConfig::default(),
            http: HttpConfig::default(),
            telemetry: TelemetryConfig::default(),
            log: LogConfig::default(),
            sources: Vec::new(),
            rules: Vec::new(),
            base_dir,
            trusted: true,
            // SHA-256 of nothing.
            digest: "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855".to_owned(),
        }
    }

    /// The same, watching this host: what is in force without a file.
    #[must_use]
    pub fn without_file(base_dir: PathBuf) -> Self {
        let mut config = Self::bare(base_dir);
        config.sources.extend(SourceId::new("host").ok().map(|name| SourceConfig::new(name, SourceKind::Host)));
        config
    }
}

impl SourceConfig {
    /// Trust of a source that says nothing else.
    pub const DEFAULT_TRUST: f64 = 0.7;
    /// Time-out of a source that says nothing else.
    pub const DEFAULT_TIMEOUT: Duration = Duration::from_secs(5);
    /// Satisfying latency of a source that says nothing else.
    pub const DEFAULT_APDEX_TARGET: Duration = Duration::from_millis(200);

    /// A source of that name and kind with every setting at its default.
    #[must_use]
    pub fn new(name: SourceId, kind: SourceKind) -> Self {
        Self {
            name,
            interval: kind.default_interval(),
            kind,
            role: Role::Observed,
            trust: Self::DEFAULT_TRUST,
            authority: false,
            enabled: true,
            writable: false,
            prefix: String::new(),
            keys: Vec::new(),
            timeout: Self::DEFAULT_TIMEOUT,
            ttl: None,
            apdex_target: Self::DEFAULT_APDEX_TARGET,
            maps: Vec::new(),
            reads: Vec::new(),
            writes: Vec::new(),
        }
    }
}

impl SourceKind {
    /// How often this kind is asked when nothing is said; none: watched.
    #[must_use]
    pub fn default_interval(&self) -> Option<Duration> {
        match self {
            Self::Host => Some(Duration::from_secs(5)),
            Self::File(_) => None,
            Self::Exec(_) => Some(Duration::from_secs(60)),
            Self::Http(_) | Self::Prometheus(_) => Some(Duration::from_secs(30)),
        }
    }

    /// `host file exec http prometheus`
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Host => "host",
            Self::File(_) => "file",
            Self::Exec(_) => "exec",
            Self::Http(_) => "http",
            Self::Prometheus(_) => "prometheus",
        }
    }
}
