//! Reading: the short way where it is known which sources speak of a key, all rows of a prefix where it is not, and what is done about a
//! record that does not open.

use super::{
    super::{
        error::StoreError,
        known::{Known, Lesson},
        lookup::{self, Looked},
        names::{self, Tree},
        pieces::SealedRow,
        record, records,
        seal::Unopened,
    },
    Open, SealedStore,
};
use crate::fact::{Key, Observation, SourceId};

impl SealedStore {
    /// Looks again, while nothing writes, at a record that did not open. One whose pieces a write was just replacing is whole now and goes
    /// to `whole`; a damaged one is moved, as sealed as it is, to where nothing reads it.
    pub(super) fn settle(&self, name: &[u8], key: Option<&Key>, whole: &mut dyn FnMut(&records::Found<'_>)) -> Result<(), StoreError> {
        let mut books = self.books();
        self.with(|rows| {
            let tree = if name.first() == Some(&(Tree::Documents as u8)) { Tree::Documents } else { Tree::Observations };
            let mut damaged: Vec<SealedRow> = Vec::new();
            records::scan(&self.keys, rows, name, &mut |found| match found.check(&self.keys, tree) {
                // Longer names may begin like this one.
                _ if found.name != name => {}
                Ok(()) => whole(&found),
                Err(Unopened::WrongKey(_)) => {}
                Err(Unopened::Damaged) => damaged.extend_from_slice(found.rows),
            })?;
            if damaged.is_empty() {
                return Ok(());
            }
            self.write_with(rows, &mut books, |pending, _| {
                damaged.into_iter().try_for_each(|(row, sealed)| {
                    let aside = [&[Tree::Quarantine as u8], row.as_slice()].concat();
                    pending.set(row, None)?;
                    pending.set(aside, Some(sealed.into()))
                })
            })?;
            self.report(key, names::source_in(name).filter(|_| tree == Tree::Observations));
            Ok(())
        })
    }

    /// Gives every observation under these prefixes to `each`, and settles what did not open. That pages could not be read is reported; the
    /// next open sets the database aside and takes over what is whole. Answers what this read teaches, if nothing was wrong.
    pub(super) fn observations(
        &self,
        known: &Known,
        prefixes: &[Vec<u8>],
        key: Option<&Key>,
        each: &mut dyn FnMut(Observation),
    ) -> Result<Option<Lesson>, StoreError> {
        let mut suspect: Vec<Vec<u8>> = Vec::new();
        let mut lesson = known.lesson();
        let mut usual = true;
        for prefix in prefixes {
            let all = self.with(|rows| {
                records::scan_around_damage(&self.keys, rows, prefix, &mut |found| {
                    let observation = match key {
                        Some(key) => found.observation_of(&self.keys, key, prefix),
                        None => found.observation(&self.keys),
                    };
                    match observation {
                        Ok(observation) => {
                            lesson.note(names::leaf_in(found.name, &observation.source), &observation.source);
                            each(observation);
                        }
                        Err(Unopened::WrongKey(_)) => usual = false,
                        Err(Unopened::Damaged) => suspect.push(found.name.to_vec()),
                    }
                })
            })?;
            if !all {
                usual = false;
                self.condemn(&StoreError::Damaged("a part of it could not be read".to_owned()));
                self.report(key, None);
            }
        }
        suspect.iter().try_for_each(|name| {
            let mut whole = None;
            match self.settle(name, key, &mut |found| whole = found.observation(&self.keys).ok()) {
                Err(StoreError::Damaged(_)) => self.report(key, None),
                settled => settled?,
            }
            // Outside of the settling, so that `each` may use the store.
            whole.into_iter().for_each(&mut *each);
            Ok::<_, StoreError>(())
        })?;
        Ok((usual && suspect.is_empty()).then_some(lesson))
    }

    /// The observations of a key by the sources that are known to speak of it; none when that is not known or something is wrong.
    /// `prefix` is what they begin with.
    pub(super) fn of_known_sources(&self, open: &Open, key: &Key, prefix: &[u8]) -> Result<Option<Vec<Observation>>, StoreError> {
        let Some(sources) = open.known.sources(names::leaf(prefix)) else { return Ok(None) };
        let mut observations = Vec::new();
        for source in sources.iter() {
            match self.look_up(open, key, source, prefix)? {
                Looked::Found(observation) => observations.push(observation),
                Looked::Nothing => {}
                Looked::Unusual => return Ok(None),
            }
        }
        Ok(Some(observations))
    }

    pub(super) fn look_up(&self, open: &Open, key: &Key, source: &SourceId, prefix: &[u8]) -> Result<Looked<Observation>, StoreError> {
        let mut row = names::with_room(prefix);
        names::add_source(&mut row, source);
        names::add_piece(&mut row, 0);
        lookup::record(&self.keys, open.rows.as_ref(), &row, |body| record::decode_observation_of(body, key, source))
    }
}
