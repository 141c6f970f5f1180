//! What a screen is shown, as differences: the first one is everything. For screens behind the socket, and for recordings.
//!
//! Both ends are of one version (their greeting says so); a recording carries its own version.

mod fact;
mod queue;
mod source;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::{
    engine::{Contested, EngineView, FactMap},
    fact::{ConflictId, Key, Value},
};

pub use fact::{ViewConflict, ViewFact};
pub use queue::{ViewCommand, ViewQueue};
pub use source::{ViewSource, told_error};

/// How a value is written: as it is, masked, or with something that stands for it.
pub type Veil<'v> = &'v dyn Fn(&Value) -> String;

/// What differs from what was shown before: `core.view.changed`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ViewPayload {
    /// Facts that are new or differ.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub facts: Vec<ViewFact>,
    /// Keys that are no more.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub gone: Vec<Key>,
    /// Every source, if one stands otherwise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sources: Option<Vec<ViewSource>>,
    /// The queue, if it stands otherwise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub queue: Option<ViewQueue>,
    /// The conflicts between sources that wait, as they are to be asked about, if that is another order; of many a part, and more follow.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub order: Vec<String>,
    /// Whether this moment is told with it; else more of it follows.
    pub complete: bool,
}

/// About how many bytes of values one line holds.
const LINE: usize = 256 * 1024;
/// How many facts one line holds.
const FACTS: usize = 256;
/// How many places of the order of conflicts one line holds.
const ORDERED: usize = 10_000;

impl ViewPayload {
    /// What differs between two moments, in pieces of a bearable length; the last one completes it. Secret values are masked.
    #[must_use]
    pub fn between(before: &EngineView, now: &EngineView) -> Vec<Self> {
        let (changed, gone) = now.facts.since(&before.facts);
        let mut pieces = vec![Self::default()];
        let mut bytes = 0;
        for insight in changed {
            let readings = insight.sources.len() + 2;
            bytes += readings * insight.value.as_ref().map_or(0, |value| value.as_json_text().len());
            if let Some(piece) = pieces.last_mut() {
                piece.facts.push(ViewFact::masked(&insight));
                if piece.facts.len() == FACTS || bytes > LINE {
                    pieces.push(Self::default());
                    bytes = 0;
                }
            }
        }
        let mut order = order(before, now);
        while order.len() > ORDERED {
            let rest = order.split_off(ORDERED);
            if let Some(piece) = pieces.last_mut() {
                piece.order = std::mem::replace(&mut order, rest);
            }
            pieces.push(Self::default());
        }
        if let Some(last) = pieces.last_mut() {
            last.order = order;
            last.gone = gone;
            last.sources = (now.sources != before.sources).then(|| now.sources.iter().map(ViewSource::of).collect());
            last.complete = true;
        }
        pieces
    }

    /// Whether it says nothing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.facts.is_empty() && self.gone.is_empty() && self.order.is_empty() && self.sources.is_none() && self.queue.is_none()
    }

    /// Takes it over what was shown before; whether that is a moment now.
    ///
    /// # Errors
    /// A sentence, when it holds a word or a value that is not known here; what came before it in the piece is taken.
    pub fn apply(self, facts: &mut FactMap, contested: &mut Contested) -> Result<(Option<Vec<ViewSource>>, bool), String> {
        for key in &self.gone {
            facts.remove(key);
            contested.forget(key);
        }
        for fact in self.facts {
            let insight = fact.insight()?;
            contested.take(&insight);
            facts.put(Arc::new(insight));
        }
        let ids = self.order.iter().map(|id| ConflictId::parse(id).map_err(|error| error.to_string())).collect::<Result<_, _>>()?;
        contested.order_some(ids, self.complete);
        Ok((self.sources, self.complete))
    }
}

/// The order in which conflicts are asked about, where whoever was told `before` does not know it: what some went from is the same order.
fn order(before: &EngineView, now: &EngineView) -> Vec<String> {
    let mut known = before.conflicts.iter();
    if now.conflicts.iter().all(|conflict| known.any(|known| known.id == conflict.id)) {
        return Vec::new();
    }
    now.conflicts.iter().map(|conflict| conflict.id.to_string()).collect()
}
