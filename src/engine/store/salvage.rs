//! Reads what is still whole in a database that was set aside.

use std::path::Path;

use super::{
    keys::Keys,
    names::Tree,
    records,
    rows::{Backend, OPEN_LIMIT},
};

/// What was found.
#[derive(Default)]
pub struct Salvaged {
    /// Name on disk and body of every record that opened and stands under its own name.
    pub records: Vec<(Vec<u8>, Vec<u8>)>,
    /// How many did not.
    pub lost: u64,
    /// Whether there were pages that could not be read.
    pub partial: bool,
}

/// Reads the database in `dir`, around damaged pages.
pub fn read(keys: &Keys, backend: &dyn Backend, dir: &Path) -> Salvaged {
    let mut salvaged = Salvaged::default();
    // That it cannot be opened was already said when it was set aside.
    let Ok(rows) = backend.open_damaged(dir, OPEN_LIMIT) else { return salvaged };
    for tree in [Tree::Observations, Tree::Documents] {
        let Salvaged { records, lost, .. } = &mut salvaged;
        let all =
            records::scan_around_damage(keys, rows.as_ref(), &[tree as u8], &mut |found| match (found.check(keys, tree), found.body) {
                (Ok(()), Ok(body)) => records.push((found.name.to_vec(), body.to_vec())),
                _ => *lost += 1,
            });
        salvaged.partial |= all != Ok(true);
    }
    salvaged
}
