//! Keys made, found, changed, from every place they can be kept in.

use std::{
    collections::BTreeMap,
    fs::{self, Permissions},
    os::unix::fs::PermissionsExt,
    path::PathBuf,
    sync::{Arc, Mutex},
};

use super::*;
use crate::engine::{
    store::{outer::KeyPolicy, slotfiles::Found, stretch::Cost},
    world::{Asking, KeyVault, SystemRng},
};

/// A keyring in memory, and a person who types what is on the list.
#[derive(Default)]
struct Vault {
    typed: Mutex<Vec<&'static str>>,
    asked: Mutex<Vec<Asking>>,
    ring: Mutex<BTreeMap<String, Vec<u8>>>,
    broken: Mutex<bool>,
}

impl Vault {
    fn types(&self, words: &[&'static str]) {
        *self.typed.lock().unwrap() = words.iter().rev().copied().collect();
        self.asked.lock().unwrap().clear();
    }

    fn asked(&self) -> Vec<Asking> {
        self.asked.lock().unwrap().clone()
    }

    fn ring(&self) -> Result<std::sync::MutexGuard<'_, BTreeMap<String, Vec<u8>>>, String> {
        if *self.broken.lock().unwrap() { Err("no session bus".to_owned()) } else { Ok(self.ring.lock().unwrap()) }
    }
}

impl KeyVault for Vault {
    fn passphrase(&self, asking: Asking) -> Result<Option<Passphrase>, String> {
        self.asked.lock().unwrap().push(asking);
        match (self.typed.lock().unwrap().pop(), asking) {
            (Some(text), _) => Ok(Some(Passphrase::new(text.to_owned()))),
            (None, Asking::Again) => Ok(None),
            (None, _) => Err("nobody is there".to_owned()),
        }
    }

    fn load(&self, entry: &str) -> Result<Option<Zeroizing<Vec<u8>>>, String> {
        Ok(self.ring()?.get(entry).cloned().map(Zeroizing::new))
    }

    fn save(&self, entry: &str, secret: &[u8]) -> Result<(), String> {
        self.ring()?.insert(entry.to_owned(), secret.to_vec());
        Ok(())
    }

    fn remove(&self, entry: &str) -> Result<(), String> {
        self.ring()?.remove(entry);
        Ok(())
    }
}

struct Home {
    dir: tempfile::TempDir,
    vault: Arc<Vault>,
}

impl Home {
    fn new() -> Self {
        Self { dir: tempfile::tempdir().unwrap(), vault: Arc::default() }
    }

    fn place(&self) -> KeyPlace {
        KeyPlace {
            data_dir: self.dir.path().to_owned(),
            state_dir: self.dir.path().to_owned(),
            vault: self.vault.clone(),
            rng: SystemRng::shared(),
            policy: KeyPolicy { cost: Cost { memory_kib: 32, passes: 1, lanes: 1 }, ..KeyPolicy::default() },
        }
    }

    fn create(&self, asked: &CacheKey) -> Result<Keys, StoreError> {
        create(&self.place(), asked, None)
    }

    fn slots(&self) -> Keyslots {
        match slotfiles::read(self.dir.path()).unwrap() {
            Found::Slots { slots, .. } => slots,
            other => panic!("{other:?}"),
        }
    }

    fn open(&self, asked: &CacheKey) -> Result<(Keys, Vec<String>), StoreError> {
        let mut notes = Vec::new();
        open(&self.place(), self.slots(), asked, &mut notes).map(|keys| (keys, notes))
    }

    fn refused(&self, asked: &CacheKey) -> String {
        self.open(asked).err().unwrap().to_string()
    }

    fn key_files(&self) -> Vec<PathBuf> {
        let mut files: Vec<_> =
            fs::read_dir(self.dir.path().join("keys")).into_iter().flatten().map(|entry| entry.unwrap().path()).collect();
        files.sort();
        files
    }

    fn own_key(&self, name: &str) -> CacheKey {
        let path = self.dir.path().join(name);
        fs::write(&path, [7; 32]).unwrap();
        fs::set_permissions(&path, Permissions::from_mode(0o600)).unwrap();
        CacheKey::File(path)
    }
}

fn sealed(keys: &Keys) -> Vec<u8> {
    keys.sealer.seal(&SystemRng, b"n", b"x").unwrap()
}

fn opens(keys: &Keys, sealed: &[u8]) -> bool {
    keys.sealer.open(b"n", sealed).is_ok_and(|plain| plain == b"x")
}

fn to(key: Option<CacheKey>, reseal: bool) -> KeyChange {
    KeyChange { outer: key.map_or(OuterChange::Renew, |key| OuterChange::To(key, None)), reseal }
}

#[test]
fn made_keys_are_found_again_wherever_they_are_kept() {
    for asked in ["auto", "file", "passphrase", "keyring"] {
        let home = Home::new();
        home.vault.types(&["pass", "pass"]);
        let key = match asked {
            "auto" => CacheKey::Auto,
            "file" => home.own_key("own.key"),
            "passphrase" => CacheKey::Passphrase,
            _ => CacheKey::Keyring,
        };
        let made = home.create(&key).unwrap();
        let (found, notes) = home.open(&key).unwrap();
        assert!(opens(&found, &sealed(&made)), "{asked}");
        assert_eq!((&found.manifest, found.namer.of_document("d")), (&made.manifest, made.namer.of_document("d")));
        assert_eq!((notes.len(), found.kind()), (0, asked));
        assert!(found.protection().contains("not against"), "{}", found.protection());
        assert_eq!(home.key_files().len(), usize::from(asked == "auto"));
    }
}

#[test]
fn a_missing_or_another_key_file_is_refused_and_never_replaced() {
    let home = Home::new();
    home.create(&CacheKey::Auto).unwrap();
    let file = home.key_files().remove(0);
    fs::write(&file, [1; 32]).unwrap();
    let error = home.refused(&CacheKey::Auto);
    assert!(error.contains("is not the one this cache was made with"), "{error}");
    fs::remove_file(&file).unwrap();
    let error = home.refused(&CacheKey::Auto);
    assert!(error.contains("is missing") && error.contains(&*file.to_string_lossy()), "{error}");
    assert!(!file.exists());
}

#[test]
fn a_named_key_file_is_used_where_it_is_and_asked_for_where_it_is_not() {
    let home = Home::new();
    let path = home.dir.path().join("own.key");
    let error = home.create(&CacheKey::File(path.clone())).err().unwrap();
    assert!(error.to_string().contains("head -c 32 /dev/urandom"), "{error}");
    let asked = home.own_key("own.key");
    let made = home.create(&asked).unwrap();
    let moved = home.dir.path().join("moved.key");
    fs::rename(&path, &moved).unwrap();
    let (found, _) = home.open(&CacheKey::File(moved.clone())).unwrap();
    assert!(opens(&found, &sealed(&made)));
    fs::rename(&moved, &path).unwrap();
    let (_, notes) = home.open(&CacheKey::Auto).unwrap();
    assert!(notes.len() == 1 && notes[0].contains("still uses it"), "what is recorded counts, and the difference is said: {notes:?}");
}

#[test]
fn a_mistyped_passphrase_is_asked_for_again_three_times_in_all_and_changes_nothing() {
    let home = Home::new();
    home.vault.types(&["right"]);
    let made = home.create(&CacheKey::Passphrase).unwrap();
    let before = fs::read(home.dir.path().join("keyslots")).unwrap();
    home.vault.types(&["wrong", "wrnog", "right"]);
    assert!(opens(&home.open(&CacheKey::Passphrase).unwrap().0, &sealed(&made)));
    assert_eq!(home.vault.asked(), [Asking::Known, Asking::Again, Asking::Again]);
    home.vault.types(&["a", "b", "c", "right"]);
    let error = home.refused(&CacheKey::Passphrase);
    assert!(error.contains("not the passphrase") && error.contains("nothing was changed"), "{error}");
    assert_eq!(home.vault.asked().len(), 3);
    home.vault.types(&["a"]);
    assert!(home.refused(&CacheKey::Passphrase).contains("not the passphrase"), "one from a variable is tried once");
    home.vault.types(&[]);
    assert!(home.refused(&CacheKey::Passphrase).contains("nobody is there"));
    assert_eq!(fs::read(home.dir.path().join("keyslots")).unwrap(), before);
}

#[test]
fn an_empty_passphrase_makes_no_cache() {
    let home = Home::new();
    home.vault.types(&[""]);
    assert!(home.create(&CacheKey::Passphrase).err().unwrap().to_string().contains("protects nothing"));
    assert_eq!(slotfiles::read(home.dir.path()), Ok(Found::Nothing));
}

#[test]
fn a_keyring_that_cannot_be_reached_or_is_another_says_what_to_do() {
    let home = Home::new();
    *home.vault.broken.lock().unwrap() = true;
    let error = home.create(&CacheKey::Keyring).err().unwrap().to_string();
    assert!(error.contains("no session bus") && error.contains("[cache] key"), "{error}");
    *home.vault.broken.lock().unwrap() = false;
    home.create(&CacheKey::Keyring).unwrap();
    *home.vault.broken.lock().unwrap() = true;
    assert!(home.refused(&CacheKey::Keyring).contains("start or unlock it"));
    *home.vault.broken.lock().unwrap() = false;
    let held = std::mem::take(&mut *home.vault.ring.lock().unwrap());
    assert!(home.refused(&CacheKey::Keyring).contains("the keyring holds no key"));
    let forged = held.keys().map(|name| (name.clone(), vec![1; 32])).collect();
    *home.vault.ring.lock().unwrap() = forged;
    assert!(home.refused(&CacheKey::Keyring).contains("is not the one this cache was made with"));
    *home.vault.ring.lock().unwrap() = held.keys().map(|name| (name.clone(), vec![1; 5])).collect();
    assert!(home.refused(&CacheKey::Keyring).contains("is not the one"));
    *home.vault.ring.lock().unwrap() = held;
    home.open(&CacheKey::Keyring).unwrap();
}

#[test]
fn every_place_can_be_changed_for_every_other_at_once() {
    let home = Home::new();
    let own = home.own_key("own.key");
    let keys = home.create(&CacheKey::Auto).unwrap();
    let record = sealed(&keys);
    let manifest = keys.manifest.clone();
    for (asked, kind, files, entries) in [
        (CacheKey::Passphrase, "passphrase", 0, 0),
        (CacheKey::Keyring, "keyring", 0, 1),
        (own, "file", 0, 0),
        (CacheKey::Auto, "auto", 1, 0),
        (CacheKey::Auto, "auto", 1, 0),
        (CacheKey::Keyring, "keyring", 0, 1),
        (CacheKey::Keyring, "keyring", 0, 1),
    ] {
        home.vault.types(&["new one"]);
        assert_eq!(keys.change(to(Some(asked.clone()), false)).unwrap(), [""; 0]);
        assert_eq!(keys.kind(), kind);
        assert_eq!((home.key_files().len(), home.vault.ring.lock().unwrap().len()), (files, entries), "{kind}");
        home.vault.types(&["new one"]);
        let (found, notes) = home.open(&asked).unwrap();
        assert!(opens(&found, &record) && notes.is_empty() && found.manifest == manifest, "{kind}");
        assert_eq!(found.ids(), [1], "the data key is the same");
    }
}

#[test]
fn a_new_data_key_seals_and_the_former_one_opens_until_nothing_needs_it() {
    let home = Home::new();
    let keys = home.create(&CacheKey::Auto).unwrap();
    let first_file = home.key_files();
    let record = sealed(&keys);
    keys.change(to(None, true)).unwrap();
    assert_eq!((keys.ids(), keys.draining(), keys.sealer.id()), (vec![1, 2], vec![1], 2));
    assert_ne!(home.key_files(), first_file, "the file that wraps is new too");
    assert_eq!(home.key_files().len(), 1);
    let (again, _) = home.open(&CacheKey::Auto).unwrap();
    assert!(opens(&again, &record) && opens(&again, &sealed(&keys)));
    assert_eq!(again.draining(), [1], "a restart knows what is left to do");
    again.drained(&[1], &|_| true).unwrap();
    assert_eq!((again.draining().len(), again.retired()), (0, vec![1]));
    assert!(opens(&again, &record));
    again.drained(&[1], &|_| false).unwrap();
    assert_eq!(again.ids(), [2]);
    assert!(!opens(&again, &record), "removed for good");
    let (last, _) = home.open(&CacheKey::Auto).unwrap();
    assert!(!opens(&last, &record) && opens(&last, &sealed(&keys)));
    again.change(to(None, true)).unwrap();
    assert_eq!(again.ids(), [2, 3], "a number is not used twice while it is known");
    again.drained(&[2, 3], &|_| false).unwrap();
    assert_eq!(again.ids(), [3], "the one that seals stays whoever asks");
}

#[test]
fn a_change_that_cannot_be_written_changes_nothing_and_leaves_nothing() {
    let home = Home::new();
    let keys = home.create(&CacheKey::Auto).unwrap();
    let record = sealed(&keys);
    let before = (home.slots(), home.key_files());
    // A directory where the sibling is written: every replacement fails, for root too.
    let blocked = |name: &str| home.dir.path().join(format!("{name}.new"));
    fs::create_dir(blocked("keyslots.copy")).unwrap();
    for asked in [Some(CacheKey::Keyring), Some(CacheKey::Auto), None] {
        assert!(matches!(keys.change(to(asked, true)), Err(StoreError::Unwritable { .. })));
        assert_eq!((home.slots(), home.key_files()), before);
        assert!(home.vault.ring.lock().unwrap().is_empty());
        assert_eq!((keys.sealer.id(), keys.ids()), (1, vec![1]));
    }
    fs::remove_dir(blocked("keyslots.copy")).unwrap();
    fs::create_dir(blocked("keyslots")).unwrap();
    let notes = keys.change(to(None, true)).unwrap();
    assert!(notes.len() == 1 && notes[0].contains("one of the two copies"), "{notes:?}");
    assert_eq!((keys.sealer.id(), home.key_files().len()), (2, 2), "the copy that was not written may still need the former file");
    let (found, _) = home.open(&CacheKey::Auto).unwrap();
    assert!(opens(&found, &record) && opens(&found, &sealed(&keys)));
}

#[test]
fn a_named_file_or_passphrase_stays_when_only_the_data_key_is_new() {
    let home = Home::new();
    home.vault.types(&["p"]);
    let keys = home.create(&CacheKey::Passphrase).unwrap();
    keys.change(to(None, true)).unwrap();
    assert_eq!((keys.kind(), home.vault.asked().len()), ("passphrase", 1), "it was not asked for again");
    home.vault.types(&["p"]);
    assert_eq!(home.open(&CacheKey::Passphrase).unwrap().0.ids(), [1, 2]);
}
