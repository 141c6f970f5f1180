//! `host`: this machine, read twice in one tick: through the `sysinfo` crate and straight from `/proc` and `statvfs`.
//!
//! Invariants: both sources of a pair are given the readings of one tick, so that a moving figure does not look like a disagreement;
//! readings that come out of the same file, or the same call to the kernel, say so in `same_origin` - two of those agreeing proves no more
//! than that two parsers agree. Where there is no `/proc` (macOS) there is one source, not two.
//!
//! It runs no program and looks at no other process but to count them.

#[cfg(target_os = "linux")]
mod direct;
mod facts;
mod library;
mod mounts;
#[cfg(target_os = "linux")]
mod near;
mod rules;
mod sampler;
mod shared;
mod side;

use std::{sync::Arc, time::Duration};

use crate::{config::SourceConfig, engine::world::Clock};

use super::{
    BoxFuture, Fetched, Source, SourceError,
    collect::{Claims, Collector, Origin},
};

pub use rules::host_rules;
use shared::Shared;
use side::Side;

/// One of the sources of a `host`.
pub(super) struct HostSource {
    side: Side,
    claims: Arc<Claims>,
    shared: Arc<Shared>,
}

impl HostSource {
    /// The names of a host's sides.
    pub(super) fn sides() -> impl Iterator<Item = &'static str> {
        Side::ALL.iter().map(|(_, name)| *name)
    }

    /// The sources of one `[[source]]`, with their sides' names, sharing their ticks.
    pub(super) fn pair(config: &SourceConfig, clock: &Arc<dyn Clock>) -> Vec<(&'static str, Self)> {
        // Half an interval: long enough for the second of the pair, too short for a reading to be given out in two rounds.
        let shared = Arc::new(Shared::new(Arc::clone(clock), config.interval.unwrap_or(Duration::from_secs(5)) / 2));
        let one =
            |(side, name): &(Side, &'static str)| (*name, Self { side: *side, claims: Claims::of(config), shared: Arc::clone(&shared) });
        Side::ALL.iter().map(one).collect()
    }
}

impl Source for HostSource {
    fn fetch(&self) -> BoxFuture<'_, Result<Fetched, SourceError>> {
        Box::pin(async move {
            let tick = self.shared.tick(self.side).await?;
            let mut into = Collector::new(&self.claims);
            for reading in tick.facts(self.side).report() {
                let origin = Origin { same_origin: reading.same_origin.map(Arc::from), ..Origin::default() };
                match reading.key {
                    Ok(key) => into.take(&key, reading.value, origin),
                    Err(reason) => into.skip(&reason),
                }
            }
            Ok(into.finish(0))
        })
    }
}

#[cfg(test)]
mod tests;
