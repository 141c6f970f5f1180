//! When something that is shown changes by itself next: no free tick.

use std::time::Duration;

use crate::{
    app::{
        effect::Effect,
        layout::{ListBody, layout},
        model::{EngineLife, Layer, Model},
        words::{age, is_live, until_next_step},
    },
    engine::SortBy,
    fact::{FactState, Insight, Timestamp},
};

use super::list;

/// How old what is said about a fact that shows may be.
const RENEWED_AFTER: Duration = Duration::from_secs(10);
/// A confidence that shows moves at least this often.
const LONGEST: Duration = Duration::from_secs(60);
/// The least time to the next wake.
const LEAST: Duration = Duration::from_secs(1);

/// A visible change has come: ages are drawn anew, and what shows is resolved anew where that was long ago.
pub(super) fn wake(model: &mut Model) -> Vec<Effect> {
    model.touch();
    let mut effects: Vec<Effect> = renew(model, RENEWED_AFTER).into_iter().collect();
    // What is least believed moves with time alone.
    if model.list.sort == SortBy::Confidence && model.now.since(model.list.arranged_at) >= RENEWED_AFTER {
        effects.push(list::arrange(&mut model.list, &model.shared, model.now));
    }
    effects
}

/// Asks for what shows and was resolved longer ago than that.
pub(super) fn renew(model: &Model, than: Duration) -> Option<Effect> {
    if model.shared.engine != EngineLife::Running || model.too_small() {
        return None;
    }
    let long_ago = |insight: &Insight| {
        let resolved_at = insight.observed_at.plus(insight.age);
        !is_live(insight)
            && (model.now.since(resolved_at) >= than.max(Duration::from_millis(1)) || turns_at(insight).is_some_and(|at| at <= model.now))
    };
    let conflict = model.conflict().filter(|_| model.layers.contains(&Layer::Conflicts));
    let contested = conflict.and_then(|conflict| model.shared.snapshot.facts.find(&conflict.key));
    let rows = model.list.offset..model.list.offset + usize::from(model.size.1);
    let shown = rows.filter_map(|row| model.list.fact(row)).chain(model.current()).chain(contested);
    let mut keys: Vec<_> = shown.filter(|insight| long_ago(insight)).map(|insight| insight.key.clone()).collect();
    keys.sort_unstable();
    keys.dedup();
    if keys.is_empty() { None } else { Some(Effect::Renew(keys)) }
}

/// When a fact that is fresh ceases to be, by its date alone.
fn turns_at(insight: &Insight) -> Option<Timestamp> {
    let fresh = insight.state == FactState::Fresh && insight.confidence.is_some() && !is_live(insight);
    fresh.then(|| insight.observed_at.plus(insight.ttl + Duration::from_millis(1)))
}

/// The moment at which an age that is shown rolls over; none when nothing shown ages. Never less than a second from now.
#[must_use]
pub fn next_wake(model: &Model) -> Option<Timestamp> {
    if model.too_small() {
        return None;
    }
    let regions = layout(model);
    let now = model.now;
    let mut least: Option<Duration> = None;
    let mut wait_for = |wait: Duration| least = Some(least.map_or(wait, |held| held.min(wait)));
    let step = |age: Duration| until_next_step(age).min(LONGEST);
    if let Some(ListBody::Rows(rows)) = regions.list.as_ref().map(|list| &list.body) {
        for (row, _) in rows {
            if let Some(insight) = model.list.fact(*row).filter(|insight| !is_live(insight) && !insight.sources.is_empty()) {
                wait_for(step(age(insight, now)));
                turns_at(insight).into_iter().for_each(|at| wait_for(at.since(now).max(LEAST)));
            }
        }
    }
    let shown = regions.canvas.is_some() || regions.layer.is_some();
    for view in model.current().filter(|_| shown).iter().flat_map(|insight| &insight.sources) {
        if !view.live {
            wait_for(step(now.since(view.observed_at)));
        }
    }
    for (_, since) in model.shared.snapshot.failing() {
        wait_for(step(now.since(since)));
    }
    least.map(|wait| now.plus(wait))
}
