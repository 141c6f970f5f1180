//! The cache's keys, end to end: every place they can be kept in, changing them, losing them, and what never reaches the disk.

mod files;
mod keyring;
mod marker;
mod marker_changes;
mod passphrase;
mod rekey;
mod wipe;
