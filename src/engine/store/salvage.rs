//! Reads what is still whole in a database that was set aside.

use std::path::Path;

use super::{
    backend::{Backend, OPEN_LIMIT},
    error::StoreError,
    keys::Keys,
    names::Tree,
    records,
};

/// What was found.
#[derive(Default)]
pub struct Salvaged {
    /// Name on disk and body of every record that opened and stands under its own name.
    pub records: Vec<(Vec<u8>, Vec<u8>)>,
    /// How many did not.
    pub lost: u64,
}

/// Reads the database in `dir`; what it cannot give any more ends the reading, not the program.
pub fn read(keys: &Keys, dir: &Path) -> Salvaged {
    let mut salvaged = Salvaged::default();
    // What was read before a failure counts; that it failed was already said when the database was set aside.
    let _ = read_into(keys, dir, &mut salvaged);
    salvaged
}

fn read_into(keys: &Keys, dir: &Path, salvaged: &mut Salvaged) -> Result<(), StoreError> {
    let backend = Backend::open(dir, OPEN_LIMIT)?;
    for tree in [Tree::Observations, Tree::Documents] {
        records::scan(keys, &backend, &[tree as u8], &mut |found| match (found.check(keys, tree), found.body) {
            (Ok(()), Ok(body)) => salvaged.records.push((found.name.to_vec(), body)),
            _ => salvaged.lost += 1,
        })?;
    }
    Ok(())
}
