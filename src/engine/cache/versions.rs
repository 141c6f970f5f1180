//! The versions that one source gave, as they are told, remembered as long as anything that is noted has them.
//!
//! Invariants: what is remembered under a digest is what every note with that digest had, so two versions of one digest are not remembered;
//! of a file that is changed ten thousand times the version of what stayed is there. The first so many that are in use are remembered, of
//! others nothing is known: whoever needs one reads it.

use std::{
    collections::{HashMap, hash_map::Entry},
    sync::Arc,
};

/// Versions in use that are remembered of each source.
pub(super) const VERSIONS: usize = 1024;

/// The revision and the shared place, as they are told.
pub(super) type Texts = (Option<Arc<str>>, Option<Arc<str>>);

/// One version.
#[derive(Clone, Debug)]
struct Version {
    /// None where two have one digest.
    texts: Option<Texts>,
    /// How many notes have it.
    notes: u32,
}

/// Versions by the digests that notes have of them; 0 is none.
#[derive(Clone, Debug, Default)]
pub(super) struct Versions(HashMap<u32, Version>);

impl Versions {
    /// One more note has this version.
    pub(super) fn take(&mut self, digest: u32, revision: Option<&Arc<str>>, same_origin: Option<&Arc<str>>) {
        if digest == 0 {
            return;
        }
        let is_full = self.0.len() >= VERSIONS;
        match self.0.entry(digest) {
            Entry::Occupied(known) => {
                let known = known.into_mut();
                known.notes = known.notes.saturating_add(1);
                if known.texts.as_ref().is_some_and(|(one, other)| (one.as_ref(), other.as_ref()) != (revision, same_origin)) {
                    known.texts = None;
                }
            }
            Entry::Vacant(_) if is_full => {}
            Entry::Vacant(free) => {
                free.insert(Version { texts: Some((revision.cloned(), same_origin.cloned())), notes: 1 });
            }
        }
    }

    /// One note less has it.
    pub(super) fn let_go(&mut self, digest: u32) {
        if let Entry::Occupied(mut known) = self.0.entry(digest) {
            known.get_mut().notes -= 1;
            if known.get().notes == 0 {
                known.remove();
            }
        }
    }

    /// What the version of this digest is; none where it is not remembered.
    pub(super) fn texts(&self, digest: u32) -> Option<&Texts> {
        self.0.get(&digest)?.texts.as_ref()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(text: &str) -> Arc<str> {
        text.into()
    }

    #[test]
    fn what_is_in_use_stays_and_of_two_with_one_digest_nothing_is_known() {
        let mut versions = Versions::default();
        let (one, other) = (text("one"), text("other"));
        versions.take(0, None, None);
        assert_eq!(versions.texts(0), None);
        versions.take(7, Some(&one), None);
        versions.take(7, Some(&one), None);
        versions.let_go(7);
        assert_eq!(versions.texts(7), Some(&(Some(one.clone()), None)));
        versions.take(7, None, Some(&one));
        assert_eq!(versions.texts(7), None, "as a revision and as a place");
        versions.let_go(7);
        versions.let_go(7);
        versions.let_go(7);
        versions.take(7, Some(&other), Some(&one));
        assert_eq!(versions.texts(7), Some(&(Some(other), Some(one))));
    }

    #[test]
    fn no_more_are_remembered_than_may_be_and_the_first_are_not_pushed_out() {
        let mut versions = Versions::default();
        for digest in 1..=VERSIONS as u32 + 9 {
            versions.take(digest, Some(&text(&digest.to_string())), None);
        }
        let known = |versions: &Versions| (1..=VERSIONS as u32 + 9).filter(|digest| versions.texts(*digest).is_some()).collect::<Vec<_>>();
        assert_eq!(known(&versions), (1..=VERSIONS as u32).collect::<Vec<_>>());
        versions.let_go(1);
        versions.let_go(VERSIONS as u32 + 9);
        versions.take(VERSIONS as u32 + 1, Some(&text("r")), None);
        assert_eq!(known(&versions), (2..=VERSIONS as u32 + 1).collect::<Vec<_>>());
    }
}
