//! redb, the twin: the same rows, the same promises, another database. Behind the cargo feature `redb`.
//!
//! A batch is a commit that redb keeps in memory; a flush is one that it syncs, and with it all before. Every open checks the sums of all
//! pages: redb does not look at them when it reads, and a damaged page would hide rows.

use std::{ops::ControlFlow, path::Path, time::Duration};

use redb::{Builder, Database, Durability, ReadableDatabase as _, TableDefinition, TableError};

use super::{
    error::StoreError,
    files,
    guard::{guarded, guarded_within},
    rows::{Backend, EachRow, RowChange, Rows, after_all},
};

/// The one file.
const FILE: &str = "rows.redb";
const ROWS: TableDefinition<'static, &'static [u8], &'static [u8]> = TableDefinition::new("rows");
/// Memory redb may keep pages in.
const PAGE_CACHE: usize = 16 * 1024 * 1024;

/// redb as a kind of database.
pub struct Redb;

impl Backend for Redb {
    fn shared(&self) -> Option<std::sync::Arc<dyn Backend>> {
        Some(std::sync::Arc::new(Redb))
    }

    fn name(&self) -> &'static str {
        "redb"
    }

    fn open(&self, dir: &Path, limit: Duration) -> Result<Box<dyn Rows>, StoreError> {
        open(dir, limit, true)
    }

    fn open_damaged(&self, dir: &Path, limit: Duration) -> Result<Box<dyn Rows>, StoreError> {
        self.open(dir, limit).or_else(|error| open(dir, limit, false).map_err(|_| error))
    }
}

fn open(dir: &Path, limit: Duration, check: bool) -> Result<Box<dyn Rows>, StoreError> {
    let path = dir.join(FILE);
    let own = path.clone();
    let db = guarded_within(limit, move || {
        let mut builder = Builder::new();
        builder.set_cache_size(PAGE_CACHE).set_check_integrity_on_open(check);
        builder.create(&own).map_err(|error| explain(&own, error.into()))
    })?;
    files::close_to_others(&path).map_err(|error| StoreError::unwritable(&path, &error))?;
    let rows = RedbRows { db: Some(db), path };
    // Without a table there is nothing to read from.
    rows.commit(Durability::None, &[])?;
    Ok(Box::new(rows))
}

/// An open database of redb.
struct RedbRows {
    /// There until it is dropped.
    db: Option<Database>,
    path: std::path::PathBuf,
}

impl RedbRows {
    fn db(&self) -> Result<&Database, StoreError> {
        self.db.as_ref().ok_or(StoreError::Closed)
    }

    fn failed<E: Into<redb::Error>>(&self) -> impl Fn(E) -> StoreError + '_ {
        |error| explain(&self.path, error.into())
    }

    fn commit(&self, durability: Durability, changes: &[RowChange<'_>]) -> Result<(), StoreError> {
        guarded(|| {
            let mut transaction = self.db()?.begin_write().map_err(self.failed())?;
            transaction.set_durability(durability).map_err(self.failed())?;
            {
                let mut table = transaction.open_table(ROWS).map_err(self.failed())?;
                for RowChange { name, bytes, .. } in changes {
                    match bytes {
                        Some(bytes) => table.insert(*name, *bytes).map(drop),
                        None => table.remove(*name).map(drop),
                    }
                    .map_err(self.failed())?;
                }
            }
            transaction.commit().map_err(self.failed())
        })
    }

    /// Hands out rows until `each` has enough; only redb's own steps are guarded.
    fn walk(&self, prefix: &[u8], from: &[u8], back: bool, each: EachRow<'_>) -> Result<(), StoreError> {
        let opened = guarded(|| {
            let transaction = self.db()?.begin_read().map_err(self.failed())?;
            let table = match transaction.open_table(ROWS) {
                Ok(table) => table,
                Err(TableError::TableDoesNotExist(_)) => return Ok(None),
                Err(error) => return Err(self.failed()(error)),
            };
            let after = after_all(prefix);
            let start = prefix.max(from);
            let rows = match &after {
                Some(after) if start < after.as_slice() => table.range::<&[u8]>(start..after.as_slice()),
                Some(_) => return Ok(None),
                None => table.range::<&[u8]>(start..),
            };
            rows.map(Some).map_err(self.failed())
        })?;
        let Some(mut rows) = opened else { return Ok(()) };
        let mut step = || {
            guarded(|| {
                let next = if back { rows.next_back() } else { rows.next() };
                let owned = next.transpose().map_err(self.failed())?;
                Ok(owned.map(|(name, bytes)| (name.value().to_vec(), bytes.value().to_vec())))
            })
        };
        while let Some((name, bytes)) = step()? {
            if each(&name, &bytes) == ControlFlow::Break(()) {
                break;
            }
        }
        Ok(())
    }
}

impl Rows for RedbRows {
    fn get(&self, name: &[u8], see: &mut dyn FnMut(&[u8])) -> Result<bool, StoreError> {
        let found = guarded(|| {
            let transaction = self.db()?.begin_read().map_err(self.failed())?;
            match transaction.open_table(ROWS) {
                Ok(table) => table.get(name).map_err(self.failed()),
                Err(TableError::TableDoesNotExist(_)) => Ok(None),
                Err(error) => Err(self.failed()(error)),
            }
        })?;
        Ok(found.map(|bytes| see(bytes.value())).is_some())
    }

    fn scan_from(&self, prefix: &[u8], from: &[u8], each: EachRow<'_>) -> Result<(), StoreError> {
        self.walk(prefix, from, false, each)
    }

    fn scan_back(&self, prefix: &[u8], each: EachRow<'_>) -> Result<(), StoreError> {
        self.walk(prefix, prefix, true, each)
    }

    fn apply(&self, changes: &[RowChange<'_>]) -> Result<(), StoreError> {
        self.commit(Durability::None, changes)
    }

    fn flush(&self) -> Result<(), StoreError> {
        self.commit(Durability::Immediate, &[])
    }

    fn disk_bytes(&self) -> u64 {
        std::fs::metadata(&self.path).map_or(0, |metadata| metadata.len())
    }

    fn close(mut self: Box<Self>) -> Result<(), StoreError> {
        let db = self.db.take();
        let path = self.path.clone();
        guarded(move || db.map_or(Ok(()), |db| db.close().map_err(|error| explain(&path, error.into()))))
    }
}

impl Drop for RedbRows {
    fn drop(&mut self) {
        // redb writes what it still holds. What had to be durable was flushed before.
        let db = self.db.take();
        let _ = guarded(move || {
            drop(db);
            Ok(())
        });
    }
}

fn explain(path: &Path, error: redb::Error) -> StoreError {
    use std::io::ErrorKind;
    match error {
        redb::Error::Io(error) if matches!(error.kind(), ErrorKind::UnexpectedEof | ErrorKind::InvalidData) => {
            StoreError::Damaged(format!("{} cannot be read: {error}", path.display()))
        }
        redb::Error::Io(error) => StoreError::unwritable(path, &error),
        // An earlier error, told before; the database takes nothing more until it is opened again.
        redb::Error::PreviousIo => {
            StoreError::Unwritable { path: path.display().to_string(), cause: "an earlier write to it failed".to_owned() }
        }
        other => StoreError::Damaged(format!("{}: {other}", path.display())),
    }
}
