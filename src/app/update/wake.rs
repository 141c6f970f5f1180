//! When something that is shown changes by itself next: no free tick.

use std::time::Duration;

use crate::{
    app::{
        layout::{ListBody, layout},
        model::Model,
        words::{age, is_live, until_next_step},
    },
    fact::Timestamp,
};

/// The moment at which an age that is shown rolls over; none when nothing shown ages. Never less than a second from now.
#[must_use]
pub fn next_wake(model: &Model) -> Option<Timestamp> {
    if model.too_small() {
        return None;
    }
    let regions = layout(model);
    let now = model.now;
    let mut least: Option<Duration> = None;
    let mut offer = |age: Duration| {
        let wait = until_next_step(age);
        least = Some(least.map_or(wait, |held| held.min(wait)));
    };
    if let Some(ListBody::Rows(rows)) = regions.list.as_ref().map(|list| &list.body) {
        for (row, _) in rows {
            if let Some(insight) = model.list.fact(*row).filter(|insight| !is_live(insight) && !insight.sources.is_empty()) {
                offer(age(insight, now));
            }
        }
    }
    let shown = regions.canvas.is_some() || regions.layer.is_some();
    for view in model.current().filter(|_| shown).iter().flat_map(|insight| &insight.sources) {
        if !view.live {
            offer(now.since(view.observed_at));
        }
    }
    for (_, since) in model.shared.snapshot.failing() {
        offer(now.since(since));
    }
    least.map(|wait| now.plus(wait))
}
