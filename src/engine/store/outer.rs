//! The key that wraps the others: made, found again, thrown away, wherever it is kept.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::Arc,
};

use hkdf::Hkdf;
use sha2::Sha256;
use zeroize::Zeroizing;

use super::{
    error::StoreError,
    keyfile,
    keyslots::{Keyslots, Wrapping},
    ledger::SEALS_PER_KEY,
    seal::Sealer,
    slotfiles,
    stretch::{Cost, Stretching},
};
use crate::{
    config::CacheKey,
    engine::world::{Asking, KeyVault, Passphrase, Rng},
};

/// How often a person may mistype a passphrase.
const TRIES: u32 = 3;

/// The numbers of keys that tests change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeyPolicy {
    /// What stretching a new passphrase costs.
    pub cost: Cost,
    /// Records a data key may seal before another takes over.
    pub seals_per_key: u64,
}

impl Default for KeyPolicy {
    fn default() -> Self {
        Self { cost: Cost::default(), seals_per_key: SEALS_PER_KEY }
    }
}

/// Where a store and its keys are, and who helps to reach them.
#[derive(Clone)]
pub struct KeyPlace {
    /// The keyslots are here.
    pub data_dir: PathBuf,
    /// Key files are in `keys/` here.
    pub state_dir: PathBuf,
    /// The keyring, and whoever knows the passphrase.
    pub vault: Arc<dyn KeyVault>,
    /// For keys, salts and nonces.
    pub rng: Arc<dyn Rng>,
    /// How dear a guess is and how long a key lasts.
    pub policy: KeyPolicy,
}

/// Whether a passphrase is needed to open what is in this directory, or to make it.
#[must_use]
pub fn needs_passphrase(data_dir: &Path, asked: &CacheKey) -> bool {
    match slotfiles::read(data_dir) {
        Ok(slotfiles::Found::Slots { slots, .. }) => matches!(slots.wrapping, Wrapping::Passphrase(_)),
        _ => *asked == CacheKey::Passphrase,
    }
}

/// Checks before anything is made that a key of this kind can be had for a new store; a passphrase is asked for now.
///
/// # Errors
/// [`StoreError::KeyUnavailable`]: which key, why not, what to do.
pub fn prepare(place: &KeyPlace, asked: &CacheKey) -> Result<Option<Passphrase>, StoreError> {
    match asked {
        CacheKey::Auto => Ok(None),
        CacheKey::File(path) => keyfile::read(path).map(|_| None).map_err(|error| how_to_make(path, error)),
        CacheKey::Keyring => place.vault.load("probe").map(|_| None).map_err(|why| no_keyring(&why)),
        CacheKey::Passphrase => new_passphrase(place).map(Some),
    }
}

/// Makes or finds the outer key that is asked for; answers where it is and the wrapping key made of it.
///
/// # Errors
/// [`StoreError::KeyUnavailable`] and [`StoreError::Unwritable`]; what was there before is as it was.
pub fn make(
    place: &KeyPlace,
    store: &[u8; 16],
    asked: &CacheKey,
    passphrase: Option<Passphrase>,
) -> Result<(Wrapping, Sealer), StoreError> {
    let name = hex(store);
    let (wrapping, outer) = match asked {
        CacheKey::Auto => {
            let wrapping = free_key_file(place, &name)?;
            let outer = keyfile::create(&key_file(place, &name, &wrapping).unwrap_or_default(), place.rng.as_ref())?;
            (wrapping, outer)
        }
        CacheKey::File(path) => (Wrapping::KeyFile(path.clone()), keyfile::read(path).map_err(|error| how_to_make(path, error))?),
        CacheKey::Passphrase => {
            let passphrase = passphrase.map_or_else(|| new_passphrase(place), Ok)?;
            if passphrase.is_empty() {
                return Err(StoreError::KeyUnavailable("an empty passphrase protects nothing: choose one; nothing was changed".to_owned()));
            }
            let stretching = Stretching::new(place.policy.cost, place.rng.as_ref());
            let outer = stretching.stretch(&passphrase)?;
            (Wrapping::Passphrase(stretching), outer)
        }
        CacheKey::Keyring => {
            let entry = free_entry(place, &name)?;
            let mut outer = Zeroizing::new([0; 32]);
            place.rng.fill(&mut *outer);
            place.vault.save(&entry, &*outer).map_err(|why| no_keyring(&why))?;
            (Wrapping::Keyring(entry), outer)
        }
    };
    Ok((wrapping, wrapping_key(&outer, store)?))
}

/// Finds the outer key of `slots` again; `fits` says whether a wrapping key opens them. A person may try a passphrase again.
///
/// # Errors
/// [`StoreError::KeyUnavailable`]: which key, what is wrong with it, what to do.
pub fn unlock<T>(
    place: &KeyPlace,
    slots: &Keyslots,
    asked: &CacheKey,
    fits: impl Fn(&Sealer) -> Option<T>,
) -> Result<(Sealer, T), StoreError> {
    let with = |outer: &Zeroizing<[u8; 32]>| {
        let wrapping = wrapping_key(outer, &slots.store)?;
        Ok(fits(&wrapping).map(|found| (wrapping, found)))
    };
    let wrong = |what: &str| {
        StoreError::KeyUnavailable(format!("{what} is not the one this cache was made with: put the right one back; nothing was changed"))
    };
    match (&slots.wrapping, asked) {
        (Wrapping::Passphrase(stretching), _) => {
            let mut asking = Asking::Known;
            for _ in 0..TRIES {
                let given = place.vault.passphrase(asking).map_err(|why| {
                    StoreError::KeyUnavailable(format!("this cache needs its passphrase, and {why}; nothing was changed"))
                })?;
                let Some(passphrase) = given else { break };
                if let Some(found) = with(&stretching.stretch(&passphrase)?)? {
                    place.vault.remember(&passphrase);
                    return Ok(found);
                }
                asking = Asking::Again;
            }
            Err(StoreError::KeyUnavailable(
                "that is not the passphrase of this cache: look for a slip of the keyboard and try again; nothing was changed".to_owned(),
            ))
        }
        (Wrapping::Keyring(entry), _) => {
            let secret = place.vault.load(entry).map_err(|why| no_keyring(&why))?.ok_or_else(|| {
                StoreError::KeyUnavailable(format!(
                    "the keyring holds no key {entry:?} of service \"stellar\", which opens this cache: unlock or bring back the keyring it was \
                     made with; nothing was changed"
                ))
            })?;
            let what = format!("the key {entry:?} in the keyring");
            let outer = secret.as_slice().try_into().map(Zeroizing::new).map_err(|_| wrong(&what))?;
            with(&outer)?.ok_or_else(|| wrong(&what))
        }
        // The file may have moved; whether it is the same key shows when it is used.
        (Wrapping::KeyFile(_), CacheKey::File(path)) | (Wrapping::KeyFile(path), _) => from_file(path, with, wrong),
        (wrapping, _) => from_file(&key_file(place, &slots.store_name(), wrapping).unwrap_or_default(), with, wrong),
    }
}

fn from_file<T>(
    path: &Path,
    with: impl Fn(&Zeroizing<[u8; 32]>) -> Result<Option<T>, StoreError>,
    wrong: impl Fn(&str) -> StoreError,
) -> Result<T, StoreError> {
    with(&keyfile::read(path)?)?.ok_or_else(|| wrong(&format!("the key file {}", path.display())))
}

/// Throws an outer key away that stellar made and that opens nothing any more; what a person made stays.
///
/// # Errors
/// A sentence that says what stays behind.
pub fn discard(place: &KeyPlace, store: &[u8; 16], wrapping: &Wrapping) -> Result<(), String> {
    match wrapping {
        Wrapping::Keyring(entry) => place
            .vault
            .remove(entry)
            .map_err(|why| format!("the former key {entry:?} stays in the keyring, where it opens nothing now: {why}")),
        other => match key_file(place, &hex(store), other) {
            None => Ok(()),
            Some(path) => fs::remove_file(&path)
                .map_err(|error| format!("the former key file {} stays, where it opens nothing now: {error}", path.display())),
        },
    }
}

/// What asking for the same kind again asks for; none where the key is a person's own and stays.
pub fn same_again(wrapping: &Wrapping) -> Option<CacheKey> {
    match wrapping {
        Wrapping::StateKeyFile | Wrapping::NumberedKeyFile(_) => Some(CacheKey::Auto),
        Wrapping::Keyring(_) => Some(CacheKey::Keyring),
        Wrapping::KeyFile(_) | Wrapping::Passphrase(_) => None,
    }
}

/// Where a store keeps a key file of its own making.
pub fn key_file(place: &KeyPlace, store_name: &str, wrapping: &Wrapping) -> Option<PathBuf> {
    let file = match wrapping {
        Wrapping::StateKeyFile => format!("{store_name}.key"),
        Wrapping::NumberedKeyFile(number) => format!("{store_name}.{number}.key"),
        Wrapping::KeyFile(_) | Wrapping::Passphrase(_) | Wrapping::Keyring(_) => return None,
    };
    Some(place.state_dir.join("keys").join(file))
}

fn free_key_file(place: &KeyPlace, store_name: &str) -> Result<Wrapping, StoreError> {
    let numbered = (2..=u32::MAX).map(Wrapping::NumberedKeyFile);
    [Wrapping::StateKeyFile]
        .into_iter()
        .chain(numbered)
        .find(|wrapping| key_file(place, store_name, wrapping).is_some_and(|path| !path.exists()))
        .ok_or_else(|| StoreError::KeyUnavailable("there is no free name for a key file".to_owned()))
}

fn free_entry(place: &KeyPlace, store_name: &str) -> Result<String, StoreError> {
    let names = [store_name.to_owned()].into_iter().chain((2..=u32::MAX).map(|number| format!("{store_name}.{number}")));
    for name in names {
        if place.vault.load(&name).map_err(|why| no_keyring(&why))?.is_none() {
            return Ok(name);
        }
    }
    Err(StoreError::KeyUnavailable("there is no free name in the keyring".to_owned()))
}

fn new_passphrase(place: &KeyPlace) -> Result<Passphrase, StoreError> {
    match place.vault.passphrase(Asking::New) {
        Ok(Some(passphrase)) if !passphrase.is_empty() => Ok(passphrase),
        Ok(_) => Err(StoreError::KeyUnavailable("an empty passphrase protects nothing: choose one; nothing was changed".to_owned())),
        Err(why) => Err(StoreError::KeyUnavailable(format!("[cache] key asks for a passphrase, and {why}; nothing was changed"))),
    }
}

fn no_keyring(why: &str) -> StoreError {
    StoreError::KeyUnavailable(format!(
        "the cache's key is to be in the system's keyring, which cannot be reached ({why}): start or unlock it and try again, or use another \
         kind of key ([cache] key for a new cache, stellar cache rekey --key where the keyring can be reached); nothing was changed"
    ))
}

fn how_to_make(path: &Path, error: StoreError) -> StoreError {
    if path.exists() {
        return error;
    }
    let shown = path.display();
    StoreError::KeyUnavailable(format!("there is no key file {shown}: make one with (umask 077; head -c 32 /dev/urandom > {shown})"))
}

fn wrapping_key(outer: &Zeroizing<[u8; 32]>, store: &[u8; 16]) -> Result<Sealer, StoreError> {
    let key: Zeroizing<[u8; 32]> = derive(&**outer, store, b"stellar 1 wrapping")?;
    Ok(Sealer::new(0, &key))
}

/// Bytes that only who has `key` can make.
///
/// # Errors
/// None for the lengths used here.
pub fn derive<const N: usize>(key: &[u8], store: &[u8; 16], label: &[u8]) -> Result<Zeroizing<[u8; N]>, StoreError> {
    let mut derived = Zeroizing::new([0; N]);
    Hkdf::<Sha256>::new(Some(store), key)
        .expand(label, &mut *derived)
        .map_err(|_| StoreError::KeyUnavailable("a key of this length cannot be derived".to_owned()))?;
    Ok(derived)
}

fn hex(store: &[u8; 16]) -> String {
    store.iter().map(|byte| format!("{byte:02x}")).collect()
}
