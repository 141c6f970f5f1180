//! How long values last, as the engine keeps it: what was seen, what that came to, and when it is written down.
//!
//! What was seen is a sealed document of the cache, written with an answer about once a minute, and at the end. It is a convenience: lost, it is
//! learned again. A reset is in the log of record and is obeyed when the document is read.
//!
//! It does not know what a look is: that is worked out where answers are taken.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use crate::fact::{DecisionBook, FieldName, LearnedLifetime, Lifetimes, Look, SourceId, StoredLifetimes, Timestamp};

use super::{
    keeping::Document,
    store::{CacheStore, decode_body, encode_body},
};

/// The document's name.
pub(super) const DOCUMENT: &str = "lifetimes";
/// What values are weighed by follows what is seen this often, and is written down as often.
const FOLLOWS: Duration = Duration::from_secs(60);

/// What each field's values were seen to do, by its name.
pub(super) type HalfLives = HashMap<FieldName, LearnedLifetime>;

/// Where it comes from what is not in memory yet.
#[derive(Clone, Copy)]
pub(super) struct Origin<'a> {
    pub store: &'a dyn CacheStore,
    pub decisions: &'a DecisionBook,
}

/// Keeps what was seen.
#[derive(Default)]
pub(super) struct Lasting(Mutex<State>);

#[derive(Default)]
struct State {
    /// Read from the store the first time.
    seen: Option<Lifetimes>,
    /// What that came to, and when.
    learned: Option<(Arc<HalfLives>, Timestamp)>,
    unwritten: bool,
    written_at: Option<Timestamp>,
    /// Per place of a source how many values it holds of each field.
    counted: HashMap<usize, Counted>,
}

/// How many values a source holds of each field, as long as it speaks of so many keys.
pub(super) struct Counted {
    pub spoken: usize,
    pub of: HashMap<FieldName, u64>,
}

/// Where a half-life comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HalfLifeFrom {
    /// The key's rule says so.
    Rule,
    /// From what was seen.
    Learned,
    /// From `confidence.half_life`.
    Configured,
    /// The TTL in force, for want of anything better.
    Ttl,
}

impl HalfLifeFrom {
    /// The stable code.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Rule => "rule",
            Self::Learned => "learned",
            Self::Configured => "configured",
            Self::Ttl => "ttl",
        }
    }
}

/// The half-life of a source's word on a key.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct HalfLife {
    /// How long.
    pub half_life: Duration,
    /// Why.
    pub from: HalfLifeFrom,
    /// What was seen of the field, whether it counts or not.
    pub learned: Option<LearnedLifetime>,
}

impl Lasting {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What each field's values were seen to do: as of a minute ago at the most.
    pub fn learned(&self, origin: Origin<'_>, now: Timestamp) -> Arc<HalfLives> {
        let mut state = self.state();
        let held = state.learned.as_ref().filter(|(_, at)| *at <= now && now.since(*at) < FOLLOWS);
        if let Some((learned, _)) = held {
            return Arc::clone(learned);
        }
        let learned = Arc::new(state.seen(origin).learned());
        state.learned = Some((Arc::clone(&learned), now));
        learned
    }

    /// Does something with everything that was seen.
    pub fn with<T>(&self, origin: Origin<'_>, ask: impl FnOnce(&Lifetimes) -> T) -> T {
        ask(self.state().seen(origin))
    }

    /// What was counted of a source, if it still speaks of so many keys. Whoever takes it gives it back.
    pub fn counted(&self, at: usize, spoken: usize) -> Option<Counted> {
        self.state().counted.remove(&at).filter(|counted| counted.spoken == spoken)
    }

    /// Takes looks of a source in, and what it holds now; none: that is to be counted again.
    pub fn looked(&self, origin: Origin<'_>, (at, source): (usize, &SourceId), looks: Vec<(FieldName, Look)>, counted: Option<Counted>) {
        let mut state = self.state();
        if let Some(counted) = counted {
            state.counted.insert(at, counted);
        }
        let seen = state.seen(origin);
        let mut moved = false;
        for (field, look) in looks {
            moved |= seen.look(source, &field, &look);
        }
        state.unwritten |= moved;
    }

    /// Begins anew what was learned of a source, for one field or for all. What is not read yet obeys when it is.
    pub fn reset(&self, source: &SourceId, field: Option<&FieldName>, at: Timestamp) {
        let mut state = self.state();
        let reset = state.seen.as_mut().is_some_and(|seen| seen.reset(source, field, at));
        state.unwritten |= reset;
        state.learned = None;
    }

    /// The document to write, where it is another and due.
    pub fn document(&self, now: Timestamp, at_once: bool) -> Option<Document> {
        let mut state = self.state();
        let is_due = at_once || state.written_at.is_none_or(|at| at > now || now.since(at) >= FOLLOWS);
        if !(state.unwritten && is_due) {
            return None;
        }
        let body = encode_body(&state.seen.as_ref()?.store());
        state.unwritten = false;
        state.written_at = Some(now);
        Some((DOCUMENT.to_owned(), body))
    }
}

impl State {
    fn seen(&mut self, origin: Origin<'_>) -> &mut Lifetimes {
        self.seen.get_or_insert_with(|| {
            // Unreadable is as good as never written.
            let stored: Option<StoredLifetimes> = origin.store.get_meta(DOCUMENT).ok().flatten().and_then(|body| decode_body(&body));
            let mut seen = Lifetimes::restore(stored.unwrap_or_default());
            for reset in origin.decisions.resets() {
                seen.reset(&reset.source, reset.field.as_ref(), reset.at);
            }
            seen
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{engine::store::MemoryStore, fact::TrustReset};

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_millis(seconds * 1000)
    }

    fn look(from: i64) -> Look {
        Look { from: at(from), until: at(from + 60), values: 3, changed: 1, watched: false }
    }

    #[test]
    fn what_was_seen_is_read_again_unless_it_was_reset() {
        let (store, mut decisions) = (MemoryStore::default(), DecisionBook::default());
        let (source, field) = (SourceId::new("a").unwrap(), FieldName::new("gate"));
        let kept = Lasting::default();
        let origin = Origin { store: &store, decisions: &decisions };
        assert!(kept.learned(origin, at(0)).is_empty() && kept.document(at(0), true).is_none());
        kept.looked(origin, (0, &source), vec![(field.clone(), look(0))], Some(Counted { spoken: 3, of: HashMap::new() }));
        assert!(kept.learned(origin, at(59)).is_empty(), "a minute is not over");
        assert_eq!(kept.learned(origin, at(60)).len(), 1);
        assert!(kept.counted(0, 4).is_none() && kept.counted(0, 3).is_none(), "it is taken out, whatever comes of it");
        let (name, body) = kept.document(at(60), false).unwrap();
        assert!(kept.document(at(61), true).is_none(), "nothing moved");
        kept.looked(origin, (0, &source), vec![(field.clone(), look(60))], None);
        assert!(kept.document(at(61), false).is_none() && kept.document(at(120), false).is_some());
        store.put_meta(&name, &body).unwrap();
        assert_eq!(Lasting::default().learned(origin, at(60)), kept.learned(origin, at(61)));
        decisions.reset(TrustReset { source: source.clone(), field: None, at: at(61) });
        assert!(Lasting::default().learned(Origin { store: &store, decisions: &decisions }, at(60)).is_empty());
        kept.reset(&source, Some(&field), at(61));
        assert!(kept.learned(Origin { store: &store, decisions: &decisions }, at(61)).is_empty());
        assert!(kept.document(at(240), false).is_some(), "that there is nothing is written");
    }

    #[test]
    fn golden() {
        let mut seen = Lifetimes::default();
        seen.look(&SourceId::new("a").unwrap(), &FieldName::new("g"), &look(0));
        let body = encode_body(&seen.store());
        let three = 3.0_f64.to_le_bytes();
        let (one, seconds) = (1.0_f64.to_le_bytes(), 180.0_f64.to_le_bytes());
        let head = [1, 1, 1, b'a', 1, b'g', 0, 0, 0xC0, 0xA9, 7];
        let expected: Vec<u8> = [&head[..], &[0; 24], &[1, 15], &three, &one, &seconds].concat();
        assert_eq!(body, expected);
        assert_eq!(decode_body::<StoredLifetimes>(&expected), Some(seen.store()));
    }
}
