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
    pub body: Result<&'a [u8], Unopened>,
}

/// The rows of one record, in buffers that serve again for the next.
#[derive(Default)]
struct Gathered {
    rows: Vec<SealedRow>,
    used: usize,
    plain: Vec<u8>,
}

impl Gathered {
    fn push(&mut self, row: &[u8], sealed: &[u8]) {
        if self.used == self.rows.len() {
            self.rows.push(SealedRow::default());
        }
        let (name, bytes) = &mut self.rows[self.used];
        name.clear();
        name.extend_from_slice(row);
        bytes.clear();
        bytes.extend_from_slice(sealed);
        self.used += 1;
    }

    /// Whether this row is of another record than those gathered.
    fn ends_before(&self, row: &[u8]) -> bool {
        self.rows[..self.used].first().is_some_and(|(first, _)| name_of(first) != name_of(row))
    }

    /// Gives the record to `each` and begins anew.
    fn emit(&mut self, keys: &Keys, each: &mut dyn FnMut(Found<'_>)) {
        let Self { rows, used, plain } = self;
        let rows = &rows[..std::mem::take(used)];
        let body = match rows {
            [] => return,
            [(row, sealed)] => pieces::open_single(&keys.sealer, row, sealed, plain),
            _ => pieces::open(&keys.sealer, rows.iter().map(|(row, sealed)| (row.as_slice(), sealed.as_slice()))).map(|body| {
                *plain = body;
                plain.as_slice()
            }),
        };
        each(Found { name: name_of(&rows[0].0), rows, body });
    }
}

/// Gives every record whose name starts with `prefix` to `each`.
///
/// # Errors
/// The backend's; what came before it was given.
pub fn scan(keys: &Keys, rows: &dyn Rows, prefix: &[u8], each: &mut dyn FnMut(Found<'_>)) -> Result<(), StoreError> {
    let mut record = Gathered::default();
    let outcome = rows.scan(prefix, &mut |row, sealed| {
        if record.ends_before(row) {
            record.emit(keys, each);
        }
        record.push(row, sealed);
        ControlFlow::Continue(())
    });
    record.emit(keys, each);
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
    let mut record = Gathered::default();
    let mut emit_back = |record: &mut Gathered| {
        record.rows[..record.used].reverse();
        record.emit(keys, each);
    };
    let backward = rows.scan_back(prefix, &mut |row, sealed| {
        if record.ends_before(row) {
            emit_back(&mut record);
        }
        if name_of(row) <= last.as_slice() {
            return ControlFlow::Break(());
        }
        record.push(row, sealed);
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

impl Found<'_> {
    /// The observation in it, if it is whole and stands under its own name.
    pub fn observation(&self, keys: &Keys) -> Result<Observation, Unopened> {
        let observation = record::decode_observation(self.body?).ok_or(Unopened::Damaged)?;
        self.stands_under(&keys.namer.of_observation(&observation.key, &observation.source))?;
        Ok(observation)
    }

    /// As [`Found::observation`], where `prefix` is what every observation of `key` begins with: saves hashing the name again.
    pub fn observation_of(&self, keys: &Keys, key: &Key, prefix: &[u8]) -> Result<Observation, Unopened> {
        let observation = record::decode_observation(self.body?).ok_or(Unopened::Damaged)?;
        let own = observation.key == *key && names::is_by(prefix, self.name, &observation.source);
        if !own {
            self.stands_under(&keys.namer.of_observation(&observation.key, &observation.source))?;
        }
        Ok(observation)
    }

    /// Name and bytes of the document in it, if it is whole and stands under its own name.
    pub fn document(&self, keys: &Keys) -> Result<(&str, &[u8]), Unopened> {
        let (name, bytes) = record::decode_document(self.body?).ok_or(Unopened::Damaged)?;
        self.stands_under(&keys.namer.of_document(name))?;
        Ok((name, bytes))
    }

    /// Whether it is a whole record of this tree under its own name.
    pub fn check(&self, keys: &Keys, tree: Tree) -> Result<(), Unopened> {
        if tree == Tree::Documents { self.document(keys).map(drop) } else { self.observation(keys).map(drop) }
    }

    fn stands_under(&self, own: &[u8]) -> Result<(), Unopened> {
        if own == self.name { Ok(()) } else { Err(Unopened::Damaged) }
    }
}
