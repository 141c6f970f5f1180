//! The one that keeps the view: takes what was resolved anew, and hands out moments.

use std::{sync::Arc, time::Duration};

use tokio::sync::{Notify, watch};

use crate::{
    engine::api::SourceStatus,
    fact::{ConflictEntry, ConflictId, Insight, Key, SOURCES_HELD, Timestamp},
};

use super::{
    contested::{Contested, InOrder},
    fact_map::FactMap,
};

/// What the engine knows at one moment: cheap to clone, shared with the next.
#[derive(Clone, Debug)]
pub struct EngineView {
    /// Every fact, by key, with the first of those who speak of it ([`Insight::shortened`]).
    pub facts: FactMap,
    /// Every source, in configured order.
    pub sources: Arc<[SourceStatus]>,
    /// Conflicts that wait for a person, the one whose answer teaches most first.
    pub conflicts: Arc<[Arc<ConflictEntry>]>,
}

impl Default for EngineView {
    fn default() -> Self {
        Self { facts: FactMap::default(), sources: Arc::from([]), conflicts: Arc::from([]) }
    }
}

/// A fact that differs in what an event tells of, and the conflict it had before.
pub struct Difference {
    /// With everyone who speaks of it.
    pub insight: Arc<Insight>,
    pub had: Option<Arc<ConflictEntry>>,
    /// Whether the fact itself differs, and not its conflict alone.
    pub is_news: bool,
}

impl Difference {
    /// The conflict, where it is of other values than before or stands otherwise.
    pub fn changed(&self) -> Option<&Arc<ConflictEntry>> {
        let (now, before) = (self.insight.conflict.as_ref()?, self.had.as_ref()?);
        (now.digest != before.digest || now.resolution != before.resolution).then_some(now)
    }
}

/// Keeps the view while anybody looks.
pub struct Keeper {
    view: EngineView,
    contested: Contested,
    sender: watch::Sender<EngineView>,
    /// Nothing is handed out while this is not 0.
    held_back: u32,
    /// How often anything moved that the order of questions depends on, and how often it had when the order was begun that stands.
    moves: u64,
    ordered_of: u64,
    /// When they were put in order last, by the monotonic clock, how long that took, and of how many.
    ordered: (Duration, Duration, usize),
    /// Somebody waits for the next order.
    is_urgent: bool,
    /// Wakes whoever puts in order what the moment does not wait for.
    wake: Arc<Notify>,
}

/// Questions that are to be put in order, as they stood when that was begun.
pub struct Unordered {
    /// Those that wait.
    pub waiting: Arc<[Arc<ConflictEntry>]>,
    of: u64,
}

impl Keeper {
    /// Begins with these facts.
    pub fn new(facts: FactMap, sources: Arc<[SourceStatus]>) -> Self {
        let mut contested = Contested::default();
        facts.iter().filter(|insight| insight.conflict.is_some()).for_each(|insight| contested.take(insight));
        let view = EngineView { facts, sources, conflicts: Arc::from([]) };
        let sender = watch::Sender::new(view.clone());
        let ordered = (Duration::ZERO, Duration::ZERO, 0);
        Self { sender, view, contested, held_back: 0, moves: 1, ordered_of: 0, ordered, is_urgent: false, wake: Arc::default() }
    }

    /// Every moment from now on.
    pub fn subscribe(&self) -> watch::Receiver<EngineView> {
        self.sender.subscribe()
    }

    /// Whether anybody looks at it.
    pub fn is_watched(&self) -> bool {
        self.sender.receiver_count() > 0
    }

    /// Takes what was resolved of a key, with the moment from which it may change by itself; none when nobody speaks of it any more. Gives
    /// back whether value, state, marks or conflict differ.
    pub fn take(&mut self, key: &Key, resolved: Option<(Insight, Option<Timestamp>)>) -> Option<Difference> {
        let Some((insight, turns)) = resolved else {
            self.view.facts.remove(key);
            self.contested.forget(key);
            return None;
        };
        let insight = Arc::new(insight);
        let shown = if insight.sources.len() > SOURCES_HELD { Arc::new((*insight).clone().shortened()) } else { Arc::clone(&insight) };
        // What is the same stays the same piece of memory, so that nobody draws it anew.
        let shown = self.view.facts.find(key).filter(|before| **before == shown).map_or(shown, Arc::clone);
        self.contested.take(&shown);
        let before = self.view.facts.put_until(shown, turns);
        let is_news = before.as_ref().is_none_or(|before| differs(before, &insight));
        let difference = Difference { insight, had: before.and_then(|before| before.conflict.clone()), is_news };
        (is_news || difference.changed().is_some()).then_some(difference)
    }

    /// How the sources stand now.
    pub fn stand(&mut self, sources: Vec<SourceStatus>) {
        if *self.view.sources != *sources {
            self.view.sources = sources.into();
        }
    }

    /// Hands out this moment, unless it is held back.
    pub fn publish(&mut self) {
        if self.held_back == 0 {
            self.view.conflicts = self.contested.waiting();
            self.sender.send_replace(self.view.clone());
        }
    }

    /// Hands nothing out until [`Keeper::let_go`] was called as often.
    pub const fn hold_back(&mut self) {
        self.held_back += 1;
    }

    /// Whether everything that was held back may go.
    pub const fn let_go(&mut self) -> bool {
        self.held_back = self.held_back.saturating_sub(1);
        self.held_back == 0
    }

    /// What answers teach moved.
    pub const fn disorder(&mut self) {
        self.moves += 1;
    }

    /// Where the order of what waits may be another by now, how long it is until that is worth looking at: a rest of some times as long as
    /// the last time took, and none where somebody waits for it.
    pub fn unordered(&mut self, now: Duration, rest: u32) -> Option<Duration> {
        self.moves += u64::from(self.contested.has_moved());
        if self.held_back > 0 || self.moves == self.ordered_of {
            return None;
        }
        let (at, took, _) = self.ordered;
        let until = at.saturating_add(took.saturating_mul(rest)).saturating_sub(now);
        Some(if self.is_urgent { Duration::ZERO } else { until })
    }

    /// How long it would take to put in order what waits, going by the last time.
    pub fn would_take(&mut self) -> Duration {
        let (_, took, many) = self.ordered;
        let count = |many: usize| u32::try_from(many).unwrap_or(u32::MAX);
        took.saturating_mul(count(self.contested.waiting().len())) / count(many).max(1)
    }

    /// Begins to put in order what waits.
    pub fn begin_order(&mut self) -> Unordered {
        self.is_urgent = false;
        Unordered { waiting: self.contested.begin(), of: self.moves }
    }

    /// Asks about them in this order from now on, unless one stands already that knows as much. Gives back what nobody needs any more, to be
    /// let go where nobody waits.
    pub fn end_order(&mut self, begun: &Unordered, ordered: InOrder, at: Duration, took: Duration) -> InOrder {
        if begun.of <= self.ordered_of {
            return ordered;
        }
        self.ordered_of = begun.of;
        self.ordered = (at, took, begun.waiting.len());
        self.contested.take_over(ordered)
    }

    /// The order is left to whoever waits for [`Keeper::wake`]: at once where somebody waits for it.
    pub fn order_later(&mut self, is_urgent: bool) {
        self.is_urgent |= is_urgent;
        self.wake.notify_one();
    }

    /// Wakes whoever puts in order what was left for later, and says that the keeper is gone.
    pub const fn wake(&self) -> &Arc<Notify> {
        &self.wake
    }

    /// The key of a conflict that is asked about.
    pub fn key_of(&self, id: &ConflictId) -> Option<&Key> {
        self.contested.key_of(id)
    }

    /// The keys that are asked about, as far as a moment was handed out, what is asked first before all others.
    pub fn asked(&self) -> impl Iterator<Item = &Key> {
        self.contested.asked()
    }

    /// The keys that may have changed by themselves until `now`; each is to be resolved and taken.
    pub fn due(&mut self, now: Timestamp) -> Vec<Key> {
        self.view.facts.due(now)
    }

    /// The first moment at which a fact may change by itself.
    pub fn next_turn(&self) -> Option<Timestamp> {
        self.view.facts.next_turn()
    }

    /// Every fact that is shown, as of now.
    pub fn facts(&self) -> FactMap {
        self.view.facts.clone()
    }

    /// The keys that have a conflict: which value wins can change with time alone.
    pub fn contested(&self) -> impl Iterator<Item = &Key> {
        self.contested.keys()
    }
}

impl Drop for Keeper {
    fn drop(&mut self) {
        self.wake.notify_one();
    }
}

fn differs(before: &Insight, now: &Insight) -> bool {
    let conflict = |insight: &Insight| insight.conflict.as_ref().map(|conflict| conflict.id.clone());
    before.value != now.value || before.state != now.state || before.marks != now.marks || conflict(before) != conflict(now)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{engine::view::tests::fact, fact::FactState};

    /// One that shows so many facts with a conflict each.
    fn keeper(count: u16) -> Keeper {
        let contested = |at| {
            let fact = fact(at, FactState::Fresh);
            let conflict = ConflictEntry::example(fact.key.clone(), 0.0, &[&["a"], &["b"]]);
            (Arc::new(Insight { conflict: Some(Arc::new(conflict)), ..(*fact).clone() }), None)
        };
        Keeper::new((0..count).map(contested).collect(), Arc::from([]))
    }

    fn settle(keeper: &mut Keeper, at: u16) {
        let fact = fact(at, FactState::Fresh);
        keeper.take(&fact.key, Some(((*fact).clone(), None)));
    }

    fn turned(begun: &Unordered, by: usize) -> InOrder {
        let mut list = begun.waiting.to_vec();
        list.rotate_left(by);
        InOrder::new(list)
    }

    fn asked(keeper: &mut Keeper) -> Vec<Key> {
        keeper.publish();
        keeper.asked().cloned().collect()
    }

    fn second(count: u64) -> Duration {
        Duration::from_secs(count)
    }

    #[test]
    fn an_older_order_never_takes_the_place_of_a_newer_one() {
        let mut keeper = keeper(4);
        let keys: Vec<Key> = asked(&mut keeper);
        let older = keeper.begin_order();
        keeper.disorder();
        let newer = keeper.begin_order();
        keeper.end_order(&newer, turned(&newer, 1), second(1), second(1));
        let expected = [&keys[1..], &keys[..1]].concat();
        assert_eq!(asked(&mut keeper), expected);
        keeper.end_order(&older, turned(&older, 2), second(2), second(1));
        assert_eq!(asked(&mut keeper), expected);
        assert!(keeper.unordered(second(9), 9).is_none(), "what stands knows of everything");
    }

    #[test]
    fn an_order_that_was_begun_before_something_moved_is_followed_by_another() {
        let mut keeper = keeper(4);
        let begun = keeper.begin_order();
        settle(&mut keeper, 2);
        assert_eq!(keeper.unordered(second(0), 9), Some(Duration::ZERO), "none was ever put in order");
        keeper.end_order(&begun, turned(&begun, 1), second(0), second(1));
        let shown = asked(&mut keeper);
        assert_eq!(shown, [1, 3, 0].map(|at| fact(at, FactState::Fresh).key.clone()), "what was settled meanwhile is asked about no more");
        assert_eq!(keeper.unordered(second(2), 9), Some(second(7)), "nine times as long as it took");
        let begun = keeper.begin_order();
        keeper.end_order(&begun, turned(&begun, 0), second(10), second(1));
        assert!(keeper.unordered(second(11), 9).is_none());
        settle(&mut keeper, 3);
        assert_eq!(keeper.unordered(second(30), 9), Some(Duration::ZERO), "it has rested");
    }

    #[test]
    fn who_answered_waits_for_no_rest_and_what_is_held_back_for_all_that_comes_of_it() {
        let mut keeper = keeper(4);
        let begun = keeper.begin_order();
        keeper.end_order(&begun, turned(&begun, 0), second(0), second(8));
        assert_eq!(keeper.would_take(), second(8));
        keeper.disorder();
        assert_eq!(keeper.unordered(second(0), 9), Some(second(72)));
        keeper.order_later(true);
        keeper.order_later(false);
        assert_eq!(keeper.unordered(second(0), 9), Some(Duration::ZERO), "somebody still waits for it");
        keeper.hold_back();
        assert!(keeper.unordered(second(0), 9).is_none() && keeper.let_go());
        let begun = keeper.begin_order();
        assert_eq!(keeper.unordered(second(0), 9), Some(second(72)), "whoever waited is served by what was begun");
        keeper.end_order(&begun, turned(&begun, 0), second(0), second(8));
        settle(&mut keeper, 0);
        settle(&mut keeper, 1);
        assert_eq!(keeper.would_take(), second(4), "of half as many");
    }
}
