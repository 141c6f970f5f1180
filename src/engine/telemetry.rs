//! How Stellar itself is doing: what decisions say of its estimates, its cache, its queue, its sources.
//!
//! Everything is looked up when it is asked for; nothing is measured here.

use crate::fact::{Scores, SourceId, Strata};

use super::{api::EngineError, cache::HotStatus, handle::EngineHandle, queue::QueueStatus, recall::all};

/// How it stands.
#[derive(Clone, Debug, PartialEq)]
pub struct Telemetry {
    /// How well `p_true` kept its word.
    pub scores: Scores,
    /// Decoded facts in memory.
    pub hot: HotStatus,
    /// What waits to be sent.
    pub queue: QueueStatus,
    /// Who was asked in the last five minutes, and the share of answers.
    pub sources: Vec<(SourceId, Option<f64>)>,
}

impl EngineHandle {
    /// How Stellar is doing. Resolves every fact.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn telemetry(&self) -> Result<Telemetry, EngineError> {
        self.core.load()?;
        let mut shown = Vec::new();
        self.core
            .resolve_matching(None, all, self.core.now(), |insight| shown.extend(insight.value.is_some().then_some(insight.p_true)))?;
        let judged = self.core.desk.state().decisions().shown();
        Ok(Telemetry {
            scores: Scores::of(judged, &Strata::of(shown)),
            hot: self.core.hot.status(),
            queue: self.queue_status(),
            sources: self.sources().into_iter().map(|status| (status.source, status.availability)).collect(),
        })
    }
}
