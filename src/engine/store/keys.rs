//! The keys of a store: made once, found again, changed when asked, never made anew while there is anything they would open.
//!
//! A random data key seals records, a random naming key hides names; both are wrapped by a key that [`super::outer`] reaches. The key of
//! the manifest is derived from the naming key, which outlives every data key. A change is on disk in both copies of the keyslots before
//! anything is sealed with it.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use zeroize::Zeroizing;

use super::{
    error::StoreError,
    key_keeper::{KeyChange, OuterChange},
    keyslots::{self, Keyslots, Part, WrappedKey, Wrapping},
    names::Namer,
    outer::{self, KeyPlace},
    protection,
    seal::Sealer,
    slotfiles,
    snapshot_key::{SnapshotKey, SnapshotKeys},
};
use crate::{
    config::CacheKey,
    engine::world::{Passphrase, Rng},
};

/// A store's keys, ready for use.
pub struct Keys {
    /// Names the store.
    pub store: [u8; 16],
    /// Seals and opens records; the log of record does with it too.
    pub sealer: Arc<Sealer>,
    /// Hides names.
    pub namer: Namer,
    /// Authenticates the manifest.
    pub manifest: Zeroizing<[u8; 64]>,
    place: KeyPlace,
    kept: Mutex<Kept>,
}

/// What a change of keys starts from.
struct Kept {
    slots: Keyslots,
    wrapping: Sealer,
    snapshot: SnapshotKeys,
}

/// Makes new keys, and the key file unless a person named one; writes the keyslots last.
///
/// # Errors
/// [`StoreError::KeyUnavailable`] when the key asked for cannot be had; [`StoreError::Unwritable`].
pub fn create(place: &KeyPlace, asked: &CacheKey, passphrase: Option<Passphrase>) -> Result<Keys, StoreError> {
    let rng = place.rng.as_ref();
    let mut store = [0; 16];
    rng.fill(&mut store);
    let told_passphrase = passphrase.clone();
    let (wrapping, sealer) = outer::make(place, &store, asked, passphrase)?;
    if let Some(passphrase) = &told_passphrase {
        place.vault.remember(passphrase);
    }
    let [data, naming] = [random(rng), random(rng)];
    let slots = Keyslots {
        store,
        generation: 1,
        wrapping,
        data: vec![WrappedKey { id: 1, sealed: keyslots::wrap(&sealer, rng, &data_label(1), &data)?, part: Part::Live }],
        naming: keyslots::wrap(&sealer, rng, NAMING, &naming)?,
    };
    slotfiles::write(&place.data_dir, &slots)?;
    assemble(place, slots, sealer, &[(1, data)], naming)
}

/// Opens the keys that `slots` hold. What they were made with counts, not what is asked for now; a note says where the two differ.
///
/// # Errors
/// [`StoreError::KeyUnavailable`]: which key, what is wrong with it, what to do.
pub fn open(place: &KeyPlace, slots: Keyslots, asked: &CacheKey, notes: &mut Vec<String>) -> Result<Keys, StoreError> {
    let (wrapping, (data, naming)) = outer::unlock(place, &slots, asked, |wrapping| {
        let data = slots.data.iter().map(|key| Some((key.id, keyslots::unwrap(wrapping, &data_label(key.id), &key.sealed).ok()?)));
        let data: Vec<_> = data.collect::<Option<_>>()?;
        let naming = keyslots::unwrap(wrapping, NAMING, &slots.naming).ok()?;
        (!data.is_empty()).then_some((data, naming))
    })?;
    notes.extend(protection::difference(&slots.wrapping, asked));
    assemble(place, slots, wrapping, &data, naming)
}

const NAMING: &[u8] = b"naming key";

fn data_label(id: u32) -> Vec<u8> {
    [b"data key ".as_slice(), &id.to_le_bytes()].concat()
}

fn random(rng: &dyn Rng) -> Zeroizing<[u8; 32]> {
    let mut key = Zeroizing::new([0; 32]);
    rng.fill(&mut *key);
    key
}

fn assemble(
    place: &KeyPlace,
    slots: Keyslots,
    wrapping: Sealer,
    data: &[(u32, Zeroizing<[u8; 32]>)],
    naming: Zeroizing<[u8; 32]>,
) -> Result<Keys, StoreError> {
    let manifest = outer::derive(&*naming, &slots.store, b"stellar 1 manifest")?;
    let none = || StoreError::KeyUnavailable("the keyslots hold no data key".to_owned());
    let ((id, last), older) = data.split_last().ok_or_else(none)?;
    let sealer = Arc::new(Sealer::new(*id, last));
    older.iter().for_each(|(id, key)| sealer.also_open(*id, key));
    let store = slots.store;
    let snapshot = data.iter().map(|(id, key)| SnapshotKey::derive(*id, &store, key)).collect::<Result<_, _>>()?;
    let kept = Kept { slots, wrapping, snapshot: SnapshotKeys { store, keys: snapshot } };
    Ok(Keys { store, sealer, namer: Namer::new(naming), manifest, place: place.clone(), kept: Mutex::new(kept) })
}

impl Keys {
    /// What the sealing protects against and what not, in a sentence.
    pub fn protection(&self) -> String {
        let slots = &self.kept().slots;
        let own = match &slots.wrapping {
            Wrapping::KeyFile(path) => Some(path.clone()),
            other => outer::key_file(&self.place, &slots.store_name(), other),
        };
        protection::sentence(&slots.wrapping, own.as_deref())
    }

    /// Where the wrapping key is, in the configuration's word.
    pub fn kind(&self) -> &'static str {
        protection::kind(&self.kept().slots.wrapping)
    }

    /// Records a data key may seal before another takes over.
    pub fn limit(&self) -> u64 {
        self.place.policy.seals_per_key
    }

    /// Data keys on their way out of the database.
    pub fn draining(&self) -> Vec<u32> {
        self.kept().slots.draining()
    }

    /// Data keys that only files beside the database were sealed with.
    pub fn retired(&self) -> Vec<u32> {
        self.kept().slots.data.iter().filter(|key| key.part == Part::Retired).map(|key| key.id).collect()
    }

    /// Every data key, the one that seals last.
    pub fn ids(&self) -> Vec<u32> {
        self.kept().slots.data.iter().map(|key| key.id).collect()
    }

    /// What seals snapshots and opens them: of every data key there is.
    pub fn snapshot_keys(&self) -> SnapshotKeys {
        self.kept().snapshot.clone()
    }

    /// Writes both copies of the keyslots again.
    ///
    /// # Errors
    /// [`StoreError::Unwritable`].
    pub fn rewrite(&self) -> Result<(), StoreError> {
        slotfiles::write(&self.place.data_dir, &self.kept().slots)
    }

    /// Changes where the wrapping key is, or makes a new data key that seals from now on, or both; answers notes about what stayed behind.
    /// Records sealed before still open; [`Keys::drained`] ends that.
    ///
    /// # Errors
    /// [`StoreError::KeyUnavailable`] and [`StoreError::Unwritable`]: nothing was changed.
    pub fn change(&self, change: KeyChange) -> Result<Vec<String>, StoreError> {
        let mut kept = self.kept();
        let rng = self.place.rng.as_ref();
        let mut slots = kept.slots.clone();
        let (asked, passphrase) = match change.outer {
            OuterChange::Keep => (None, None),
            OuterChange::Renew => (outer::same_again(&slots.wrapping), None),
            OuterChange::To(asked, passphrase) => (Some(asked), passphrase),
        };
        let told_passphrase = passphrase.clone();
        let made = match &asked {
            Some(asked) => Some(outer::make(&self.place, &self.store, asked, passphrase)?),
            None => None,
        };
        let wrapper = made.as_ref().map_or(&kept.wrapping, |(_, sealer)| sealer);
        if made.is_some() {
            rewrap(&mut slots, &kept.wrapping, wrapper, rng)?;
        }
        let mut fresh = None;
        if change.reseal {
            let id = slots.data.iter().map(|key| key.id).max().unwrap_or(0).saturating_add(1);
            let key = random(rng);
            slots.data.push(WrappedKey { id, sealed: keyslots::wrap(wrapper, rng, &data_label(id), &key)?, part: Part::Live });
            fresh = Some((id, SnapshotKey::derive(id, &self.store, &key)?, key));
        }
        let former = kept.slots.wrapping.clone();
        if let Some((wrapping, _)) = &made {
            slots.wrapping = wrapping.clone();
        }
        let told = match self.put(&mut kept, slots) {
            Ok(told) => told,
            Err(error) => {
                // Only what was made just now, and only where the keyslots on disk are known to be the former ones.
                if let (Some((wrapping, _)), Some(CacheKey::Auto | CacheKey::Keyring), true) = (&made, &asked, self.is_on_disk(&kept.slots))
                {
                    let _ = outer::discard(&self.place, &self.store, wrapping);
                }
                return Err(error);
            }
        };
        if let Some((id, snapshot, key)) = fresh {
            self.sealer.promote(id, &key);
            kept.snapshot.keys.push(snapshot);
        }
        let mut notes = Vec::new();
        if let Some(passphrase) = &told_passphrase {
            self.place.vault.remember(passphrase);
        }
        if let Some((_, sealer)) = made {
            kept.wrapping = sealer;
            // Where a copy of the keyslots may still need it, it stays.
            if told.is_none() && former != kept.slots.wrapping {
                notes.extend(outer::discard(&self.place, &self.store, &former).err());
            }
        }
        notes.extend(told);
        Ok(notes)
    }

    /// Ends the use of these data keys in the database: kept as retired where `needed`, else removed for good.
    ///
    /// # Errors
    /// [`StoreError::Unwritable`]: nothing was changed.
    pub fn drained(&self, ids: &[u32], needed: &dyn Fn(u32) -> bool) -> Result<(), StoreError> {
        let mut kept = self.kept();
        let mut slots = kept.slots.clone();
        let last = slots.data.last().map(|key| key.id);
        slots.data.retain(|key| Some(key.id) == last || !ids.contains(&key.id) || needed(key.id));
        slots.data.iter_mut().filter(|key| ids.contains(&key.id) && Some(key.id) != last).for_each(|key| key.part = Part::Retired);
        if slots == kept.slots {
            return Ok(());
        }
        self.put(&mut kept, slots)?;
        let left: Vec<u32> = kept.slots.data.iter().map(|key| key.id).collect();
        ids.iter().filter(|id| !left.contains(id)).for_each(|id| self.sealer.forget(*id));
        kept.snapshot.keys.retain(|key| left.contains(&key.id));
        Ok(())
    }

    /// Writes `slots` as the next generation; a note when only one of the two copies could be written.
    fn put(&self, kept: &mut Kept, mut slots: Keyslots) -> Result<Option<String>, StoreError> {
        slots.generation = kept.slots.generation + 1;
        match slotfiles::write(&self.place.data_dir, &slots) {
            Ok(()) => {
                kept.slots = slots;
                Ok(None)
            }
            // Whatever failed: what the next open would find decides.
            Err(error) if self.is_on_disk(&slots) => {
                kept.slots = slots;
                Ok(Some(format!("one of the two copies of the keyslots could not be written, the next start tries again: {error}")))
            }
            Err(error) => {
                // What may have reached a disk that does not answer must not outrank what is written next.
                kept.slots.generation = slots.generation;
                Err(error)
            }
        }
    }

    fn is_on_disk(&self, slots: &Keyslots) -> bool {
        matches!(slotfiles::read(&self.place.data_dir), Ok(slotfiles::Found::Slots { slots: found, .. }) if found.data == slots.data && found.wrapping == slots.wrapping)
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Seals every key in `slots` with `to` instead of `from`.
fn rewrap(slots: &mut Keyslots, from: &Sealer, to: &Sealer, rng: &dyn Rng) -> Result<(), StoreError> {
    let again = |label: &[u8], sealed: &[u8]| {
        let key = keyslots::unwrap(from, label, sealed)
            .map_err(|_| StoreError::KeyUnavailable("a key in the keyslots does not open; nothing was changed".to_owned()))?;
        keyslots::wrap(to, rng, label, &key)
    };
    for key in &mut slots.data {
        key.sealed = again(&data_label(key.id), &key.sealed)?;
    }
    slots.naming = again(NAMING, &slots.naming)?;
    Ok(())
}

#[cfg(test)]
mod tests;
