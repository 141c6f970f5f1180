//! Which kinds of databases there are, by their names in the configuration and by the file that only they make.

use std::{path::Path, sync::Arc};

#[cfg(feature = "redb")]
use super::redb_rows::Redb;
use super::{error::StoreError, rows::Backend, sled_rows::Sled};

/// Name and file of every kind, in this build or not.
const KINDS: &[(&str, &str)] = &[("sled", "db"), ("redb", "rows.redb")];

/// The kind of this name.
///
/// # Errors
/// [`StoreError::NoBackend`] when there is none, or not in this build.
pub fn named(name: &str) -> Result<Arc<dyn Backend>, StoreError> {
    match name {
        "sled" => Ok(Arc::new(Sled)),
        #[cfg(feature = "redb")]
        "redb" => Ok(Arc::new(Redb)),
        other => Err(StoreError::NoBackend(other.to_owned())),
    }
}

/// What made the database in `dir`; none when there is none, or of no kind known.
pub fn maker_of(dir: &Path) -> Option<&'static str> {
    KINDS.iter().find(|(_, file)| dir.join(file).exists()).map(|(name, _)| *name)
}
