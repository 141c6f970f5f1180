//! When something that is shown changes by itself next: no free tick.

use std::time::Duration;

use crate::{
    app::{
        content::message_since,
        effect::Effect,
        layout::{LayerBody, ListBody, layout},
        model::{EngineLife, Focus, Layer, Model},
        queue::Listed,
        words::{age, is_live, until_next_step},
    },
    engine::SortBy,
    fact::{FactState, Insight, SourceState, SourceView, Timestamp},
};

use super::list;

/// How old what is said about a fact that shows may be.
const RENEWED_AFTER: Duration = Duration::from_secs(10);
/// A confidence that shows moves at least this often.
const LONGEST: Duration = Duration::from_secs(60);
/// The least time to the next wake.
const LEAST: Duration = Duration::from_secs(1);
/// Milliseconds of a day.
const DAY: i64 = 86_400_000;

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

/// The moment at which something that is shown changes by time alone; none when nothing does. Never less than a second from now.
#[must_use]
pub fn next_wake(model: &Model) -> Option<Timestamp> {
    if model.too_small() {
        return None;
    }
    let regions = layout(model);
    let mut next = Next { now: model.now, least: None };
    for since in regions.segments.iter().filter_map(|(segment, _)| segment.since).chain(message_since(model)) {
        next.age(since);
    }
    if let Some(ListBody::Rows(rows)) = regions.list.as_ref().map(|list| &list.body) {
        rows.iter().filter_map(|(row, _)| model.list.fact(*row)).for_each(|insight| next.row(insight));
    }
    if let Some(insight) = model.current().filter(|_| regions.canvas.is_some()) {
        next.at_length(model, insight);
    }
    match regions.layer.as_ref().map(|region| &region.body) {
        Some(LayerBody::Changes { visible, .. }) => {
            let rows = visible.iter().filter_map(|(row, _)| model.shared.snapshot.queue.commands.get(*row));
            rows.for_each(|listed| next.age(listed.command.created_at));
            model.change().into_iter().for_each(|listed| next.change(model, listed));
        }
        Some(LayerBody::Column(_)) if model.focus() == Focus::Layer(Layer::Queue) => {
            model.shared.snapshot.queue.ended.iter().for_each(|listed| next.age(listed.command.since));
        }
        Some(LayerBody::Column(_)) if model.focus() == Focus::Layer(Layer::Conflicts) => next.conflict(model),
        _ => {}
    }
    next.least.map(|wait| next.now.plus(wait))
}

/// The least of the times until something changes.
struct Next {
    now: Timestamp,
    least: Option<Duration>,
}

impl Next {
    fn wait_for(&mut self, wait: Duration) {
        let wait = wait.max(LEAST);
        self.least = Some(self.least.map_or(wait, |held| held.min(wait)));
    }

    /// An age that counts from a moment.
    fn age(&mut self, since: Timestamp) {
        self.wait_for(until_next_step(self.now.since(since)));
    }

    /// A moment that has come is said otherwise than one that is to come.
    fn moment(&mut self, at: Option<Timestamp>) {
        at.filter(|at| *at > self.now).into_iter().for_each(|at| self.wait_for(at.since(self.now)));
    }

    /// A row of the list: its age, and its confidence, which moves with it.
    fn row(&mut self, insight: &Insight) {
        if !is_live(insight) && !insight.sources.is_empty() {
            self.wait_for(until_next_step(age(insight, self.now)).min(LONGEST));
            turns_at(insight).into_iter().for_each(|at| self.wait_for(at.since(self.now)));
        }
    }

    /// Everyone who speaks of a fact that is shown at length.
    fn sources(&mut self, model: &Model, insight: &Insight) {
        model.shared.looked.at_length(insight).sources.iter().for_each(|view| self.source(view));
    }

    fn source(&mut self, view: &SourceView) {
        if !view.live {
            self.wait_for(until_next_step(self.now.since(view.observed_at)).min(LONGEST));
        }
        if let SourceState::Failing { since } = view.state {
            self.age(since);
        }
    }

    /// The canvas.
    fn at_length(&mut self, model: &Model, insight: &Insight) {
        self.sources(model, insight);
        if let Some(pending) = &insight.pending {
            self.age(pending.since);
            model.shared.snapshot.queue.find(pending.command).into_iter().for_each(|listed| self.standing(model, listed));
        }
    }

    /// How a change stands.
    fn standing(&mut self, model: &Model, listed: &Listed) {
        let command = &listed.command;
        self.age(command.since);
        let of_source = model.shared.snapshot.queue.of_source(&command.source);
        self.moment(command.next_at.or_else(|| of_source.and_then(|source| source.next_at)));
    }

    /// A change at length: its moments have the day beside them as soon as that is another.
    fn change(&mut self, model: &Model, listed: &Listed) {
        self.age(listed.command.created_at);
        self.standing(model, listed);
        self.moment(Some(listed.command.deadline));
        let of_today = u64::try_from(self.now.as_millis().rem_euclid(DAY)).unwrap_or(0);
        self.wait_for(Duration::from_millis(DAY.unsigned_abs() - of_today));
    }

    fn conflict(&mut self, model: &Model) {
        let Some(conflict) = model.conflict() else { return };
        match conflict.change.and_then(|id| model.shared.snapshot.queue.find(id)) {
            Some(listed) => self.age(listed.command.created_at),
            None => {
                let insight = model.shared.snapshot.facts.find(&conflict.key);
                insight.into_iter().for_each(|insight| self.sources(model, insight));
            }
        }
    }
}
