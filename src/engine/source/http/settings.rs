//! How requests of one source are made.

use std::time::Duration;

use crate::config::{SecretRef, TlsConfig};

/// How requests are made.
#[derive(Clone, Debug)]
pub(in crate::engine::source) struct Settings {
    pub(in crate::engine::source) headers: Vec<(String, SecretRef)>,
    pub(in crate::engine::source) tls: TlsConfig,
    pub(in crate::engine::source) proxy: String,
    pub(in crate::engine::source) timeout: Duration,
    pub(in crate::engine::source) max_body: u64,
    pub(in crate::engine::source) redirects: u32,
}
