//! Reads what is still whole in a database that was set aside.

use std::path::Path;

use super::{
    backend::{self, Backend, OPEN_LIMIT},
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
    /// Whether there were pages that could not be read.
    pub partial: bool,
}

/// Reads the database in `dir`, around damaged pages.
pub fn read(keys: &Keys, dir: &Path) -> Salvaged {
    let mut salvaged = Salvaged::default();
    // That it cannot be opened was already said when it was set aside. Without its snapshot and settings it may: the log has it all.
    let opened = Backend::open(dir, OPEN_LIMIT).or_else(|error| {
        backend::hide_what_can_be_made_again(dir)?;
        Backend::open(dir, OPEN_LIMIT).map_err(|_| error)
    });
    let Ok(backend) = opened else { return salvaged };
    for tree in [Tree::Observations, Tree::Documents] {
        let Salvaged { records, lost, .. } = &mut salvaged;
        let all = records::scan_around_damage(keys, &backend, &[tree as u8], &mut |found| match (found.check(keys, tree), found.body) {
            (Ok(()), Ok(body)) => records.push((found.name.to_vec(), body)),
            _ => *lost += 1,
        });
        salvaged.partial |= all != Ok(true);
    }
    salvaged
}
