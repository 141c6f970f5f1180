//! The short way to one record: its only row found by name and opened into a buffer that serves every read of its thread.
//!
//! What is longer than a piece, damaged, of another key or of another name is left to those who look at all rows.

use std::cell::RefCell;

use super::{error::StoreError, keys::Keys, pieces, rows::Rows};

thread_local! {
    static PLAIN: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

/// What the short way led to.
#[derive(Debug, PartialEq, Eq)]
pub enum Looked<T> {
    /// There is no such row.
    Nothing,
    /// There is, and this is what was read from it.
    Found(T),
    /// There may be, but not for this way.
    Unusual,
}

/// Opens the record that is this row and reads its body; `read` answers none for a body that does not belong there.
///
/// # Errors
/// The database's, other than damage.
pub fn record<T>(keys: &Keys, rows: &dyn Rows, row: &[u8], read: impl Fn(&[u8]) -> Option<T>) -> Result<Looked<T>, StoreError> {
    let mut looked = Looked::Nothing;
    let outcome = PLAIN.with_borrow_mut(|plain| {
        rows.get(row, &mut |sealed| {
            let whole = !pieces::has_next(sealed.len());
            let opened = if whole { pieces::open_single(&keys.sealer, row, sealed, plain).ok() } else { None };
            looked = opened.and_then(&read).map_or(Looked::Unusual, Looked::Found);
        })
    });
    match outcome {
        Ok(_) => Ok(looked),
        Err(StoreError::Damaged(_)) => Ok(Looked::Unusual),
        Err(error) => Err(error),
    }
}
