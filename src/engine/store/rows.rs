//! What a database must do for the store: rows of bytes by name, in the order of their names.
//!
//! Nothing here knows what a row means or that it is sealed. An implementation turns every failure and every panic of its database into a
//! [`StoreError`]; a panic of the caller's closure is the caller's. Closures are called outside of any lock, so that they may use the
//! rows again.

use std::{ops::ControlFlow, path::Path, sync::Arc, time::Duration};

use bytes::Bytes;

use super::{error::StoreError, ledger::Mark};

/// Called with a row's name and bytes, which are there for the time of the call; answers whether to go on.
pub type EachRow<'a> = &'a mut dyn FnMut(&[u8], &[u8]) -> ControlFlow<()>;

/// One row's change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RowChange<'a> {
    /// Which row.
    pub name: &'a [u8],
    /// What it is to hold; none removes it.
    pub bytes: Option<&'a [u8]>,
    /// The same, where whoever holds it for longer may share it.
    pub shared: Option<&'a Bytes>,
    /// That it is there and stays. No is always right, and may cost a look at it.
    pub stays: bool,
}

impl<'a> RowChange<'a> {
    /// Of which it is not known whether it is there.
    pub const fn new(name: &'a [u8], bytes: Option<&'a [u8]>) -> Self {
        Self { name, bytes, shared: None, stays: false }
    }
}

/// An open database. Dropped without [`Rows::close`] it is what a crash leaves, as far as the database can tell.
///
/// Errors of every call: [`StoreError::Damaged`] when the database says so, panics or hangs; [`StoreError::Unwritable`] when the disk
/// refuses.
pub trait Rows: Send + Sync {
    /// Shows the bytes of a row to `see`; answers whether there is such a row.
    ///
    /// # Errors
    /// As for every call here.
    fn get(&self, name: &[u8], see: &mut dyn FnMut(&[u8])) -> Result<bool, StoreError>;

    /// What a ledger counts of a row; none where there is no such row.
    ///
    /// # Errors
    /// As for every call here.
    fn mark(&self, name: &[u8]) -> Result<Option<Mark>, StoreError> {
        self.read_mark(name)
    }

    /// As [`Rows::mark`], always of the row as it is read.
    ///
    /// # Errors
    /// As for every call here.
    fn read_mark(&self, name: &[u8]) -> Result<Option<Mark>, StoreError> {
        let mut mark = None;
        self.get(name, &mut |bytes| mark = Some(Mark::of(bytes)))?;
        Ok(mark)
    }

    /// Gives the rows that start with `prefix` to `each`, in order, beginning with the first that is not before `from`.
    ///
    /// # Errors
    /// As for every call here; what came before it was given.
    fn scan_from(&self, prefix: &[u8], from: &[u8], each: EachRow<'_>) -> Result<(), StoreError>;

    /// As [`Rows::scan_from`], from the last to the first.
    ///
    /// # Errors
    /// As for every call here; what came before it was given.
    fn scan_back(&self, prefix: &[u8], each: EachRow<'_>) -> Result<(), StoreError>;

    /// Writes all of it or nothing, to memory. Of two changes to one row the later counts.
    ///
    /// # Errors
    /// As for every call here.
    fn apply(&self, changes: &[RowChange<'_>]) -> Result<(), StoreError>;

    /// Puts everything applied so far on disk, and waits for the disk.
    ///
    /// # Errors
    /// As for every call here.
    fn flush(&self) -> Result<(), StoreError>;

    /// Bytes on disk, everything the database keeps included.
    fn disk_bytes(&self) -> u64;

    /// Bytes that opening it may need on the disk where it was not closed.
    fn room_to_open(&self) -> u64 {
        0
    }

    /// Ends it, leaving the files as hard to damage as the database knows how to. Everything was flushed before.
    ///
    /// # Errors
    /// As for every call here; what was flushed is safe all the same.
    fn close(self: Box<Self>) -> Result<(), StoreError>;

    /// Takes every row of `from` into this database, which is empty, but those `without` says yes to, in whatever way leaves the smallest
    /// files. Rows that change in `from` meanwhile may be taken in either state, or empty.
    ///
    /// # Errors
    /// As for every call here, of either database.
    fn fill(&self, from: &dyn Rows, without: &dyn Fn(&[u8]) -> bool) -> Result<(), StoreError> {
        let mut batch: Vec<(Vec<u8>, Vec<u8>)> = Vec::new();
        let mut size = 0;
        let apply = |batch: &mut Vec<(Vec<u8>, Vec<u8>)>| {
            let changes: Vec<RowChange<'_>> = batch.iter().map(|(name, bytes)| RowChange::new(name, Some(bytes))).collect();
            let applied = self.apply(&changes);
            batch.clear();
            applied
        };
        let mut outcome = Ok(());
        from.scan(&[], &mut |name, bytes| {
            if !without(name) {
                size += name.len() + bytes.len();
                batch.push((name.to_vec(), bytes.to_vec()));
                if size >= FILL_BATCH {
                    size = 0;
                    outcome = apply(&mut batch);
                }
            }
            if outcome.is_ok() { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
        })?;
        outcome.and_then(|()| apply(&mut batch))
    }

    /// Gives every row that starts with `prefix` to `each`, in order.
    ///
    /// # Errors
    /// As for every call here; what came before it was given.
    fn scan(&self, prefix: &[u8], each: EachRow<'_>) -> Result<(), StoreError> {
        self.scan_from(prefix, prefix, each)
    }
}

/// A kind of database.
pub trait Backend: Send + Sync {
    /// As configured.
    fn name(&self) -> &'static str;

    /// Opens the database in `dir`, which exists, for at most `limit`; makes it if there is none.
    ///
    /// # Errors
    /// As for every call of [`Rows`].
    fn open(&self, dir: &Path, limit: Duration) -> Result<Box<dyn Rows>, StoreError>;

    /// Another handle of this kind, which a store compacts with; none where compaction is left to the database.
    fn shared(&self) -> Option<Arc<dyn Backend>> {
        None
    }

    /// Names in `dir` of what this kind makes anew from the rest where it is missing; each step is what to try without next, the least first.
    ///
    /// # Errors
    /// [`StoreError::Unwritable`] when the directory cannot be read.
    fn spare(&self, _dir: &Path) -> Result<Vec<Vec<String>>, StoreError> {
        Ok(Vec::new())
    }

    /// As [`Backend::open`] for a database that was set aside, trying what may be tried when nothing is left to lose but what can be made
    /// again.
    ///
    /// # Errors
    /// As for every call of [`Rows`].
    fn open_damaged(&self, dir: &Path, limit: Duration) -> Result<Box<dyn Rows>, StoreError> {
        self.open(dir, limit)
    }
}

/// Bytes that are copied at once.
const FILL_BATCH: usize = 1 << 20;

/// How long opening may take before the database counts as damaged.
pub const OPEN_LIMIT: Duration = Duration::from_secs(10);

/// The first name that does not start with `prefix` and comes after all that do; none when there is none.
pub fn after_all(prefix: &[u8]) -> Option<Vec<u8>> {
    let mut end = prefix.to_vec();
    while let Some(last) = end.last_mut() {
        if let Some(next) = last.checked_add(1) {
            *last = next;
            return Some(end);
        }
        end.pop();
    }
    None
}

#[cfg(test)]
mod tests {
    use super::after_all;

    #[test]
    fn the_end_of_a_prefix_is_the_next_name_that_has_it_not() {
        for (prefix, end) in [(&b"ab"[..], Some(&b"ac"[..])), (b"a\xFF", Some(b"b")), (b"", None), (b"\xFF\xFF", None)] {
            assert_eq!(after_all(prefix).as_deref(), end);
        }
    }
}
