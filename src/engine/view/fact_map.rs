//! Facts in the order of keys, in small shared pieces: a change copies one piece, a snapshot copies none.

use std::sync::Arc;

use crate::fact::{Insight, Key, Timestamp};

/// The most facts of one piece.
const MOST: usize = 64;
/// Facts of a piece when many are taken at once: room is left for more.
const FILL: usize = 48;
/// Of what never turns by itself.
const NEVER: Timestamp = Timestamp::from_millis(i64::MAX);

#[derive(Clone, Debug)]
struct Held {
    insight: Arc<Insight>,
    /// Not before this moment does it change by itself.
    turns: Timestamp,
}

#[derive(Clone, Debug)]
struct Piece {
    held: Vec<Held>,
    /// The least of the moments; may be earlier than that, never later.
    next: Timestamp,
}

#[derive(Clone, Debug, Default)]
struct Pieces {
    pieces: Vec<Arc<Piece>>,
    /// How many facts are before each piece.
    starts: Vec<usize>,
}

/// Facts by key, in key order, cheap to clone and cheap to change.
#[derive(Clone, Debug, Default)]
pub struct FactMap {
    all: Arc<Pieces>,
    len: usize,
    /// Another one whenever a key comes or goes.
    keys: Arc<()>,
}

impl Piece {
    fn new(held: Vec<Held>) -> Arc<Self> {
        let next = held.iter().map(|held| held.turns).min().unwrap_or(NEVER);
        Arc::new(Self { held, next })
    }

    fn find(&self, key: &Key) -> Result<usize, usize> {
        self.held.binary_search_by(|held| held.insight.key.cmp(key))
    }
}

impl Pieces {
    /// The piece a key is in or belongs into; none when there is no piece.
    fn piece(&self, key: &Key) -> Option<usize> {
        let after = self.pieces.partition_point(|piece| piece.held.first().is_some_and(|held| held.insight.key <= *key));
        if self.pieces.is_empty() { None } else { Some(after.saturating_sub(1)) }
    }

    fn count(&mut self, from: usize) {
        self.starts.truncate(from);
        let mut before = match from.checked_sub(1) {
            Some(last) => self.starts.get(last).copied().unwrap_or(0) + self.pieces.get(last).map_or(0, |piece| piece.held.len()),
            None => 0,
        };
        for piece in self.pieces.iter().skip(from) {
            self.starts.push(before);
            before += piece.held.len();
        }
    }
}

impl FactMap {
    /// How many facts there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The fact at a place in the order of keys.
    #[must_use]
    pub fn get(&self, at: usize) -> Option<&Arc<Insight>> {
        let piece = self.all.starts.partition_point(|start| *start <= at).checked_sub(1)?;
        let held = &self.all.pieces.get(piece)?.held;
        held.get(at - self.all.starts.get(piece)?).map(|held| &held.insight)
    }

    /// The fact of a key.
    #[must_use]
    pub fn find(&self, key: &Key) -> Option<&Arc<Insight>> {
        let piece = self.all.pieces.get(self.all.piece(key)?)?;
        piece.held.get(piece.find(key).ok()?).map(|held| &held.insight)
    }

    /// The place of a key in the order.
    #[must_use]
    pub fn position(&self, key: &Key) -> Option<usize> {
        let at = self.all.piece(key)?;
        Some(self.all.starts.get(at)? + self.all.pieces.get(at)?.find(key).ok()?)
    }

    /// All of them, in the order of keys.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<Insight>> {
        self.all.pieces.iter().flat_map(|piece| piece.held.iter().map(|held| &held.insight))
    }

    /// Whether both are the same moment.
    #[must_use]
    pub fn is(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.all, &other.all)
    }

    /// Whether both surely have the same keys, so that every fact has the same place in both.
    #[must_use]
    pub fn same_keys(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.keys, &other.keys)
    }

    /// Puts a fact in place of what its key had; gives that back.
    pub fn put(&mut self, insight: Arc<Insight>) -> Option<Arc<Insight>> {
        self.put_until(insight, None)
    }

    /// The same, with the moment from which it may change by itself.
    pub(super) fn put_until(&mut self, insight: Arc<Insight>, turns: Option<Timestamp>) -> Option<Arc<Insight>> {
        let held = Held { turns: turns.unwrap_or(NEVER), insight };
        let all = Arc::make_mut(&mut self.all);
        let Some(at) = all.piece(&held.insight.key) else {
            all.pieces.push(Piece::new(vec![held]));
            all.count(0);
            self.len = 1;
            self.renamed();
            return None;
        };
        let last = at + 1 == all.pieces.len();
        let place = all.pieces[at].find(&held.insight.key);
        match place {
            Ok(place) => {
                let piece = Arc::make_mut(&mut all.pieces[at]);
                piece.next = piece.next.min(held.turns);
                let before = std::mem::replace(&mut piece.held[place], held);
                return Some(before.insight);
            }
            // Keys that come in order fill one piece after the other.
            Err(place) if last && place == MOST => all.pieces.push(Piece::new(vec![held])),
            Err(place) => {
                let piece = Arc::make_mut(&mut all.pieces[at]);
                piece.next = piece.next.min(held.turns);
                piece.held.insert(place, held);
                if piece.held.len() > MOST {
                    let second = piece.held.split_off(MOST / 2);
                    all.pieces.insert(at + 1, Piece::new(second));
                }
            }
        }
        all.count(at);
        self.len += 1;
        self.renamed();
        None
    }

    /// Takes a fact away.
    pub fn remove(&mut self, key: &Key) -> Option<Arc<Insight>> {
        let at = self.all.piece(key)?;
        let place = self.all.pieces.get(at)?.find(key).ok()?;
        let all = Arc::make_mut(&mut self.all);
        let removed = Arc::make_mut(&mut all.pieces[at]).held.remove(place);
        if all.pieces[at].held.is_empty() {
            all.pieces.remove(at);
        }
        all.count(at);
        self.len -= 1;
        self.renamed();
        Some(removed.insight)
    }

    fn renamed(&mut self) {
        if Arc::get_mut(&mut self.keys).is_none() {
            self.keys = Arc::new(());
        }
    }

    /// The keys that may have changed by themselves until `now`. Each is to be put again, or it comes again.
    pub(super) fn due(&mut self, now: Timestamp) -> Vec<Key> {
        let mut due = Vec::new();
        if self.all.pieces.iter().all(|piece| piece.next > now) {
            return due;
        }
        for piece in Arc::make_mut(&mut self.all).pieces.iter_mut().filter(|piece| piece.next <= now) {
            due.extend(piece.held.iter().filter(|held| held.turns <= now).map(|held| held.insight.key.clone()));
            let next = piece.held.iter().map(|held| held.turns).filter(|turns| *turns > now).min().unwrap_or(NEVER);
            Arc::make_mut(piece).next = next;
        }
        due
    }

    /// The first moment at which one may change by itself.
    pub(super) fn next_turn(&self) -> Option<Timestamp> {
        self.all.pieces.iter().map(|piece| piece.next).min().filter(|next| *next < NEVER)
    }

    /// What is here and was not the same `before`, and the keys that are gone since. Pieces that are shared are not looked into.
    #[must_use]
    pub fn since(&self, before: &Self) -> (Vec<Arc<Insight>>, Vec<Key>) {
        let (mut changed, mut gone) = (Vec::new(), Vec::new());
        if self.is(before) {
            return (changed, gone);
        }
        let (old, new) = (&before.all.pieces, &self.all.pieces);
        // A place is a piece and a fact in it.
        let (mut was, mut is) = ((0, 0), (0, 0));
        loop {
            match (old.get(was.0), new.get(is.0)) {
                (None, None) => return (changed, gone),
                (Some(one), Some(other)) if was.1 == 0 && is.1 == 0 && Arc::ptr_eq(one, other) => {
                    was.0 += 1;
                    is.0 += 1;
                    continue;
                }
                (one, other) => {
                    let (one, other) = (one.and_then(|piece| piece.held.get(was.1)), other.and_then(|piece| piece.held.get(is.1)));
                    let order = match (one, other) {
                        (Some(one), Some(other)) => one.insight.key.cmp(&other.insight.key),
                        (Some(_), None) => std::cmp::Ordering::Less,
                        (None, _) => std::cmp::Ordering::Greater,
                    };
                    match (order, one, other) {
                        (std::cmp::Ordering::Less, Some(one), _) => gone.push(one.insight.key.clone()),
                        (std::cmp::Ordering::Equal, Some(one), Some(other)) if Arc::ptr_eq(&one.insight, &other.insight) => {}
                        (_, _, Some(other)) => changed.push(Arc::clone(&other.insight)),
                        _ => {}
                    }
                    was.1 += usize::from(order.is_le());
                    is.1 += usize::from(order.is_ge());
                }
            }
            let over = |place: &mut (usize, usize), pieces: &[Arc<Piece>]| {
                if pieces.get(place.0).is_some_and(|piece| place.1 >= piece.held.len()) {
                    *place = (place.0 + 1, 0);
                }
            };
            over(&mut was, old);
            over(&mut is, new);
        }
    }
}

impl FromIterator<Arc<Insight>> for FactMap {
    fn from_iter<I: IntoIterator<Item = Arc<Insight>>>(facts: I) -> Self {
        facts.into_iter().map(|insight| (insight, None)).collect()
    }
}

/// Each with the moment from which it may change by itself.
impl FromIterator<(Arc<Insight>, Option<Timestamp>)> for FactMap {
    fn from_iter<I: IntoIterator<Item = (Arc<Insight>, Option<Timestamp>)>>(facts: I) -> Self {
        let held = |(insight, turns): (Arc<Insight>, Option<Timestamp>)| Held { insight, turns: turns.unwrap_or(NEVER) };
        let mut facts: Vec<_> = facts.into_iter().map(held).collect();
        facts.sort_by(|a, b| a.insight.key.cmp(&b.insight.key));
        // Of two with one key the first stays.
        facts.dedup_by(|a, b| a.insight.key == b.insight.key);
        let len = facts.len();
        let mut all = Pieces::default();
        let mut facts = facts.into_iter();
        loop {
            let piece: Vec<_> = facts.by_ref().take(FILL).collect();
            if piece.is_empty() {
                break;
            }
            all.pieces.push(Piece::new(piece));
        }
        all.count(0);
        Self { all: Arc::new(all), len, keys: Arc::default() }
    }
}

impl From<Vec<Arc<Insight>>> for FactMap {
    fn from(facts: Vec<Arc<Insight>>) -> Self {
        facts.into_iter().collect()
    }
}
