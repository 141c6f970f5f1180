//! What all values together say of sources, before anybody decides: who is alike, what authorities say of the others, how certain conflicts are.
//!
//! Counted over every key whose values may differ, and written down, so that whoever looks at one key weighs it as whoever looks at all. It is a
//! convenience: lost or old it is counted again, and until then nobody is alike.

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
};

use serde::{Deserialize, Serialize};

use crate::fact::{CompareRule, FieldName, Likeness, LikenessCounts, Normal, SourceId, StoredLikeness, Strata, TrustTable, same};

use super::{
    keeping::Document,
    store::{CacheStore, decode_body, encode_body},
};

/// The document's name.
pub(super) const DOCUMENT: &str = "acquaintance";

/// What was counted, as it is written down.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Stored {
    likeness: StoredLikeness,
    witnesses: Vec<(SourceId, FieldName, u32, u32)>,
    strata: [u32; 10],
}

/// Counts in the making.
#[derive(Default)]
pub(super) struct Counting {
    likeness: LikenessCounts,
    witnesses: BTreeMap<(SourceId, FieldName), (u32, u32)>,
}

/// One live observed value of a key.
pub(super) struct Heard<'a> {
    pub source: &'a SourceId,
    pub normal: &'a Normal,
    /// Its values count as answers.
    pub is_authority: bool,
}

impl Counting {
    /// Counts one key. Where authorities differ among themselves they say nothing.
    pub fn add(&mut self, heard: &[Heard<'_>], field: &FieldName, compare: &CompareRule) {
        let said: Vec<(&SourceId, &Normal)> = heard.iter().map(|one| (one.source, one.normal)).collect();
        self.likeness.add(&said, compare);
        let mut authorities = heard.iter().filter(|one| one.is_authority);
        let Some(first) = authorities.next() else { return };
        if !authorities.all(|other| same(first.normal, other.normal, compare)) {
            return;
        }
        for one in heard {
            let (right, wrong) = self.witnesses.entry((one.source.clone(), field.clone())).or_default();
            let count = if same(first.normal, one.normal, compare) { right } else { wrong };
            *count = count.saturating_add(1);
        }
    }

    /// Who is alike by what was counted.
    pub fn likeness(&self) -> Arc<Likeness> {
        Arc::new(self.likeness.likeness())
    }

    fn store(&self, strata: Strata) -> Stored {
        let witnesses =
            self.witnesses.iter().map(|((source, field), (right, wrong))| (source.clone(), field.clone(), *right, *wrong)).collect();
        Stored { likeness: self.likeness.store(), witnesses, strata: strata.counts() }
    }
}

/// What is known.
#[derive(Default)]
pub(super) struct Known {
    stored: Stored,
    /// Who is alike.
    pub likeness: Option<Arc<Likeness>>,
    /// How many conflicting facts there are, by tenths of `p_true`.
    pub strata: Strata,
}

impl Known {
    fn of(stored: Stored) -> Self {
        let likeness = LikenessCounts::restore(stored.likeness.clone()).likeness();
        Self { likeness: Some(Arc::new(likeness)), strata: Strata::from_counts(stored.strata), stored }
    }

    /// Puts what authorities say into trust.
    pub fn witness(&self, table: &mut TrustTable) {
        for (source, field, right, wrong) in &self.stored.witnesses {
            table.witness(source, field, *right, *wrong);
        }
    }
}

/// Keeps what is known, and whether it is out of date.
#[derive(Default)]
pub(super) struct Acquaintance {
    held: Mutex<Option<Arc<Known>>>,
    stale: AtomicBool,
    /// Another number whenever what is known is another.
    version: AtomicU64,
}

impl Acquaintance {
    fn held(&self) -> MutexGuard<'_, Option<Arc<Known>>> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What is known, read from the store the first time, and its number.
    pub fn known(&self, store: &dyn CacheStore) -> (u64, Arc<Known>) {
        let mut held = self.held();
        let known = held.get_or_insert_with(|| {
            let stored: Option<Stored> = store.get_meta(DOCUMENT).ok().flatten().and_then(|body| decode_body(&body));
            if stored.is_none() {
                self.stale.store(true, Ordering::SeqCst);
            }
            Arc::new(stored.map(Known::of).unwrap_or_default())
        });
        (self.version.load(Ordering::SeqCst), Arc::clone(known))
    }

    /// Values moved.
    pub fn is_outdated(&self) {
        self.stale.store(true, Ordering::SeqCst);
    }

    /// Begins to count again, where values moved.
    pub fn begin(&self) -> bool {
        self.stale.swap(false, Ordering::SeqCst)
    }

    /// What was counted is what is known from now on; the document to write, where it differs.
    pub fn take(&self, counting: &Counting, strata: Strata) -> Option<Document> {
        let stored = counting.store(strata);
        let mut held = self.held();
        if held.as_ref().is_some_and(|known| known.stored == stored && known.likeness.is_some()) {
            return None;
        }
        let document = (DOCUMENT.to_owned(), encode_body(&stored));
        *held = Some(Arc::new(Known::of(stored)));
        self.version.fetch_add(1, Ordering::SeqCst);
        Some(document)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{engine::store::MemoryStore, fact::Value};

    fn source(name: &str) -> SourceId {
        SourceId::new(name).unwrap()
    }

    fn counted(authorities: &[&str]) -> Counting {
        let compare = CompareRule::default();
        let normal = |text: &str| Normal::of(&Value::parse(text).unwrap(), &compare);
        let mut counting = Counting::default();
        for values in [["1", "1", "2"], ["4", "5", "5"], ["7", "8", "8"]] {
            let normals = values.map(normal);
            let sources = ["a", "b", "c"].map(source);
            let heard: Vec<_> = sources
                .iter()
                .zip(&normals)
                .map(|(source, normal)| Heard { source, normal, is_authority: authorities.contains(&source.as_str()) })
                .collect();
            counting.add(&heard, &FieldName::new("gate"), &compare);
        }
        counting
    }

    #[test]
    fn what_was_counted_is_read_again() {
        let (store, kept) = (MemoryStore::default(), Acquaintance::default());
        let (_, nothing) = kept.known(&store);
        assert!(nothing.likeness.is_none() && kept.begin() && !kept.begin());
        let (name, body) = kept.take(&counted(&["a"]), Strata::of([0.55, 0.56])).unwrap();
        assert!(kept.take(&counted(&["a"]), Strata::of([0.55, 0.56])).is_none(), "nothing moved");
        store.put_meta(&name, &body).unwrap();
        let again = Acquaintance::default();
        let ((_, known), (version, before)) = (again.known(&store), kept.known(&store));
        assert_eq!((&known.stored, version), (&before.stored, 1));
        assert_eq!(known.likeness, before.likeness);
        assert_eq!(known.strata.like(0.5), 2);
        assert!(!again.begin());
    }

    #[test]
    fn authorities_say_who_is_right_and_no_decision_is_counted() {
        let known = Known::of(counted(&["a"]).store(Strata::default()));
        let mut table = TrustTable::default();
        known.witness(&mut table);
        let standing = |name: &str| table.standing(&source(name), &FieldName::new("gate"), 0.5).field;
        assert_eq!((standing("a").right, standing("a").counted, standing("a").accepts), (3.0, 3.0, 0));
        assert_eq!((standing("b").right, standing("c").right), (1.0, 0.0));
        // Of two that differ each time neither teaches; where they agree, they do.
        let mut differ = TrustTable::default();
        Known::of(counted(&["a", "c"]).store(Strata::default())).witness(&mut differ);
        assert!(differ.is_empty());
        let mut often = TrustTable::default();
        Known::of(counted(&["a", "b"]).store(Strata::default())).witness(&mut often);
        let of_c = often.standing(&source("c"), &FieldName::new("gate"), 0.5).field;
        assert_eq!((of_c.right, of_c.counted), (0.0, 1.0), "of the one key on which they agree");
        let mut nobody = TrustTable::default();
        Known::of(counted(&[]).store(Strata::default())).witness(&mut nobody);
        assert!(nobody.is_empty());
    }

    #[test]
    fn golden() {
        let body = encode_body(&Stored { witnesses: vec![(source("a"), FieldName::new("g"), 3, 1)], ..Stored::default() });
        assert_eq!(body, [1, 0, 0, 1, 1, b'a', 1, b'g', 3, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
    }
}
