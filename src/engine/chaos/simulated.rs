//! How the simulated sources of a rehearsal are configured.

use std::{path::PathBuf, sync::Arc};

use super::network::TIMEOUT;
use crate::{
    config::{FileSource, SourceConfig, SourceKind},
    engine::source::{BuiltSource, Source},
    fact::{Role, SourceId},
};

/// A source of this name as the engine takes it.
pub fn built(id: &SourceId, writable: bool, source: Arc<dyn Source>) -> BuiltSource {
    let config = SourceConfig {
        name: id.clone(),
        kind: SourceKind::File(FileSource { path: PathBuf::from(id.as_str()), depth: 0 }),
        role: Role::Observed,
        trust: 0.7,
        authority: false,
        enabled: true,
        writable,
        prefix: String::new(),
        keys: Vec::new(),
        interval: None,
        // Nothing is waited for in real time; the network says when it took too long.
        timeout: TIMEOUT * 12,
        ttl: None,
        apdex_target: TIMEOUT / 25,
        maps: Vec::new(),
        reads: Vec::new(),
        writes: Vec::new(),
    };
    BuiltSource { id: id.clone(), config, source, kind: "simulated", group: None }
}
