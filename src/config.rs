//! The configuration file: loaded, layered, validated, explained, trusted.
//!
//! The types in `model` are plain data that every room may read. Loading never executes anything, never resolves a secret, and
//! never looks into the current directory.

mod model;

pub use model::{
    AccessibilityMode, AppConfig, CacheConfig, CacheKey, ConfidenceConfig, Config, ExecSource, FileSource, HttpConfig, HttpSource,
    LogConfig, MapConfig, OutputFormat, PrefetchConfig, PrometheusQuery, PrometheusSource, QueueConfig, ReadConfig, SecretRef,
    SourceConfig, SourceKind, TelemetryConfig, TlsConfig, WriteConfig,
};
