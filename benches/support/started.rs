//! An engine with nothing in it but what a benchmark configures.

use std::{path::Path, sync::Arc};

use stellar::{
    config::{Config, SecretRef},
    engine::{
        Engine, EngineOptions, Secrets,
        world::{NoVault, SystemClock, SystemRng},
    },
};

struct NoSecrets;

impl Secrets for NoSecrets {
    fn resolve(&self, _: &SecretRef) -> Result<String, String> {
        Err("no secrets in a benchmark".to_owned())
    }
}

/// Starts an engine that polls nobody by itself, over the store in this directory. Needs a runtime.
pub fn started(dir: &Path, config: Config, offline: bool) -> Engine {
    Engine::start(EngineOptions {
        config: Arc::new(config),
        data_dir: dir.join("data"),
        state_dir: dir.join("state"),
        offline,
        polling: false,
        clock: SystemClock::shared(),
        rng: SystemRng::shared(),
        secrets: Arc::new(NoSecrets),
        vault: Arc::new(NoVault),
        environment: Arc::default(),
        inline: false,
    })
    .expect("the engine starts")
}
