//! The window of a store that nobody has opened yet.
//!
//! Invariants: no lock is taken, nothing is changed, nobody is asked - where the wrapping key takes a question, there is none; a directory
//! that is to be healed, or that another version has, is left to whoever opens it.

use super::{
    format,
    keys::{self, Keys},
    keyslots::Wrapping,
    manifest, marker,
    open::{StoreOptions, key_place},
    slotfiles, swap, window,
};

/// What the next start shows first, if it is what the database holds.
#[must_use]
pub fn read_window(options: &StoreOptions) -> Option<Vec<u8>> {
    let data_dir = options.data_dir.as_path();
    let sound = || window::is_there(data_dir) && !marker::is_set(data_dir) && data_dir.join(swap::CURRENT).exists();
    if !sound() || format::found(data_dir).ok()? != Some(format::FORMAT) {
        return None;
    }
    let keys = keys_without_asking(options)?;
    let manifest::Found::Held(held) = manifest::read(data_dir, &keys.manifest, &keys.store).ok()? else { return None };
    window::read(data_dir, &keys.snapshot_keys(), &held).ok()?
}

fn keys_without_asking(options: &StoreOptions) -> Option<Keys> {
    let slotfiles::Found::Slots { slots, .. } = slotfiles::read(&options.data_dir).ok()? else { return None };
    if matches!(slots.wrapping, Wrapping::Passphrase(_) | Wrapping::Keyring(_)) {
        return None;
    }
    keys::open(&key_place(options), slots, &options.key, &mut Vec::new()).ok()
}
