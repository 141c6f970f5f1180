//! Whole records out of rows: pieces put together, opened, and held against their names.

use std::ops::ControlFlow;

use super::{
    error::StoreError,
    keys::Keys,
    names::{self, Tree},
    pieces::{self, SealedRow},
    record,
    rows::Rows,
    seal::Unopened,
};
use crate::fact::{Key, Observation};

/// A record as found: its name without a piece's number, its rows, and its body if it opened.
pub struct Found<'a> {
    /// On disk.
    pub name: &'a [u8],
    /// Every row of that name, sealed as they are.
    pub rows: &'a [SealedRow],
    /// What is inside.
    pub body: Result<Vec<u8>, Unopened>,
}

/// Gives every record whose name starts with `prefix` to `each`.
///
/// # Errors
/// The backend's; what came before it was given.
pub fn scan(keys: &Keys, rows: &dyn Rows, prefix: &[u8], each: &mut dyn FnMut(Found<'_>)) -> Result<(), StoreError> {
    let mut record: Vec<SealedRow> = Vec::new();
    let outcome = rows.scan(prefix, &mut |row, sealed| {
        if record.first().is_some_and(|(first, _)| name_of(first) != name_of(row)) {
            emit(keys, &record, each);
            record.clear();
        }
        record.push((row.to_vec(), sealed.to_vec()));
        ControlFlow::Continue(())
    });
    emit(keys, &record, each);
    outcome
}

/// As [`scan`], but a damaged page ends only the way to it: what is behind it is read from the other end. Answers whether all was read;
/// what lies between two damaged pages is not.
///
/// # Errors
/// The backend's, other than damage.
pub fn scan_around_damage(keys: &Keys, rows: &dyn Rows, prefix: &[u8], each: &mut dyn FnMut(Found<'_>)) -> Result<bool, StoreError> {
    let mut last = Vec::new();
    let forward = scan(keys, rows, prefix, &mut |found| {
        last.clear();
        last.extend_from_slice(found.name);
        each(found);
    });
    if !matches!(forward, Err(StoreError::Damaged(_))) {
        return forward.map(|()| true);
    }
    let mut record: Vec<SealedRow> = Vec::new();
    let mut emit_back = |record: &mut Vec<SealedRow>| {
        record.reverse();
        emit(keys, record, each);
        record.clear();
    };
    let backward = rows.scan_back(prefix, &mut |row, sealed| {
        if record.first().is_some_and(|(first, _)| name_of(first) != name_of(row)) {
            emit_back(&mut record);
        }
        if name_of(row) <= last.as_slice() {
            return ControlFlow::Break(());
        }
        record.push((row.to_vec(), sealed.to_vec()));
        ControlFlow::Continue(())
    });
    emit_back(&mut record);
    match backward {
        Ok(()) | Err(StoreError::Damaged(_)) => Ok(false),
        Err(error) => Err(error),
    }
}

fn name_of(row: &[u8]) -> &[u8] {
    names::split_piece(row).map_or(&[], |(name, _)| name)
}

fn emit(keys: &Keys, rows: &[SealedRow], each: &mut dyn FnMut(Found<'_>)) {
    if let Some((first, _)) = rows.first() {
        let body = pieces::open(&keys.sealer, rows.iter().map(|(row, sealed)| (row.as_slice(), sealed.as_slice())));
        each(Found { name: name_of(first), rows, body });
    }
}

impl Found<'_> {
    /// The observation in it, if it is whole and stands under its own name.
    pub fn observation(&self, keys: &Keys) -> Result<Observation, Unopened> {
        let observation = record::decode_observation(self.whole()?).ok_or(Unopened::Damaged)?;
        self.stands_under(&keys.namer.of_observation(&observation.key, &observation.source))?;
        Ok(observation)
    }

    /// As [`Found::observation`], where `prefix` is what every observation of `key` begins with: saves hashing the name again.
    pub fn observation_of(&self, keys: &Keys, key: &Key, prefix: &[u8]) -> Result<Observation, Unopened> {
        let observation = record::decode_observation(self.whole()?).ok_or(Unopened::Damaged)?;
        let own = observation.key == *key && names::is_by(prefix, self.name, &observation.source);
        if !own {
            self.stands_under(&keys.namer.of_observation(&observation.key, &observation.source))?;
        }
        Ok(observation)
    }

    /// Name and bytes of the document in it, if it is whole and stands under its own name.
    pub fn document(&self, keys: &Keys) -> Result<(&str, &[u8]), Unopened> {
        let (name, bytes) = record::decode_document(self.whole()?).ok_or(Unopened::Damaged)?;
        self.stands_under(&keys.namer.of_document(name))?;
        Ok((name, bytes))
    }

    /// Whether it is a whole record of this tree under its own name.
    pub fn check(&self, keys: &Keys, tree: Tree) -> Result<(), Unopened> {
        if tree == Tree::Documents { self.document(keys).map(drop) } else { self.observation(keys).map(drop) }
    }

    fn whole(&self) -> Result<&[u8], Unopened> {
        self.body.as_deref().map_err(|unopened| *unopened)
    }

    fn stands_under(&self, own: &[u8]) -> Result<(), Unopened> {
        if own == self.name { Ok(()) } else { Err(Unopened::Damaged) }
    }
}
