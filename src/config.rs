//! The configuration file: loaded, layered, validated, explained, trusted.
//!
//! The types in `model` are plain data that every room may read. Loading never executes anything, never resolves a secret, and
//! never looks into the current directory. Layers, lowest first: defaults, file, `STELLAR_*` variables, flags. All mistakes are found
//! in one run, each with its place; a configuration with a mistake is not used, not even in part.
//!
//! It does not resolve secrets, does not watch for changes and prints nothing: callers load again and keep what runs if that fails.

mod address;
mod default;
mod dirs;
mod document;
mod edit;
mod effective;
mod file;
mod init;
mod key_rule;
mod load;
mod model;
mod origin;
mod overrides;
mod problem;
mod reader;
mod reference;
mod secret;
mod sections;
mod setting;
mod settings;
mod source_reader;
mod source_tables;
mod template;
mod trust;
mod units;

pub use dirs::Dirs;
pub use edit::{EditError, SourceEdit, plan_sources, read_block};
pub use effective::{EffectiveValue, effective};
pub use init::{InitError, init_text, write_init};
pub use load::{LoadRequest, Loaded, check_text, load, resolve_dirs};
pub use model::{
    AccessibilityMode, AppConfig, CacheConfig, CacheKey, ConfidenceConfig, Config, ExecSource, FileSource, HttpConfig, HttpSource,
    LogConfig, MapConfig, OutputFormat, PrefetchConfig, PrometheusQuery, PrometheusSource, QueueConfig, ReadConfig, SecretRef,
    SourceConfig, SourceKind, TelemetryConfig, TlsConfig, WriteConfig,
};
pub use origin::{Origin, Origins};
pub use overrides::{Overrides, Switches};
pub use problem::{ConfigError, ConfigProblem};
pub use reference::reference_table;
pub use secret::is_secret_by_name;
pub use setting::{Fallback, SettingSpec};
pub use settings::{PERSONAS, SETTINGS, TABLES};
pub use trust::{TrustError, is_trusted, trust_file};

#[cfg(test)]
mod check_tests;
#[cfg(test)]
mod explain_tests;
#[cfg(test)]
mod load_tests;
