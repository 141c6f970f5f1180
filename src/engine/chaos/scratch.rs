//! What the engines of a run are started with beside their faults: no secret, and nothing configured.

use crate::{
    config::{Config, SecretRef},
    engine::world::Secrets,
};

/// What is in force without a configuration.
pub fn bare_config() -> Config {
    Config::bare("/".into())
}

/// Who knows no secret.
pub struct NoSecrets;

impl Secrets for NoSecrets {
    fn resolve(&self, _: &SecretRef) -> Result<String, String> {
        Err("a rehearsal has no secrets".to_owned())
    }
}
