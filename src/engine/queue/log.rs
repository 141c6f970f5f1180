//! What the queue needs of the log of record.

use crate::engine::{audit::Head, journal::ScanReport, source::BoxFuture, store::StoreError};

/// A piece of the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Logged<'a> {
    /// The whole state at one moment.
    Checkpoint(&'a [u8]),
    /// What happened since.
    Entry(&'a [u8]),
}

/// The log, as far as the queue knows it.
pub trait QueueLog: Send + Sync {
    /// Hands entries over, in the order of calls; the answer comes when they are on disk, all of them or none.
    fn submit(&self, entries: Vec<Vec<u8>>) -> BoxFuture<'static, Result<(), StoreError>>;

    /// Whether the state is to be written down as a whole soon.
    fn is_rotation_due(&self) -> bool;

    /// Begins anew with this state, which is what everything handed over so far comes to. Where that fails the log goes on as it is.
    fn rotate(&self, checkpoint: Vec<u8>);

    /// Something handed over was refused: what follows is numbered by what is on disk.
    fn realign(&self);

    /// Seals what a former key sealed anew, piece by piece; answers whether more is left. Waits for the disk.
    ///
    /// # Errors
    /// When the disk refuses; calling it again goes on.
    fn reseal_some(&self) -> Result<bool, StoreError>;

    /// Reads what is on disk, in order.
    ///
    /// # Errors
    /// When it cannot be read.
    fn fold(&self, each: &mut dyn FnMut(Logged<'_>)) -> Result<(), StoreError>;

    /// Reads every entry that is on disk, from the first segment on, with its number.
    ///
    /// # Errors
    /// When it cannot be read.
    fn scan(&self, each: &mut dyn FnMut(u64, &[u8])) -> Result<ScanReport, StoreError>;

    /// Where the chain of the audit begins, and how far it has come on disk.
    fn chain(&self) -> (Head, Head);

    /// Waits for what was handed over, and ends.
    fn close(&self);
}
