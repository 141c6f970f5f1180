//! What unlocks a cache without a key file: a passphrase from a variable, a file or the terminal, and the system's keyring.

mod keyring;
mod prompt;

use std::{
    fs::File,
    io::Read as _,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    sync::{Mutex, MutexGuard, PoisonError},
};

use zeroize::Zeroizing;

use crate::engine::world::{Asking, KeyVault, Passphrase};

/// The service under which entries stand in the keyring.
pub const SERVICE: &str = "stellar";

/// A longer passphrase is a mistake: another file was named.
const LONGEST: u64 = 4096;

/// How often two new ones may differ.
const TRIES: u32 = 3;

/// Reaches this process's environment, terminal and keyring.
#[derive(Debug, Default)]
pub struct ProcessVault {
    /// What opens the cache now: a store that is opened again, when its disk is well again, is not to ask on somebody's screen.
    known: Mutex<Option<Passphrase>>,
}

impl ProcessVault {
    fn known(&self) -> MutexGuard<'_, Option<Passphrase>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl KeyVault for ProcessVault {
    fn passphrase(&self, asking: Asking) -> Result<Option<Passphrase>, String> {
        match (self.known().clone(), asking) {
            (Some(known), Asking::Known) => return Ok(Some(known)),
            (Some(_), Asking::Again) => return Ok(None),
            _ => {}
        }
        match given("STELLAR_PASSPHRASE")? {
            // There is no other to try.
            Some(_) if asking == Asking::Again => Ok(None),
            Some(passphrase) => Ok(Some(passphrase)),
            None => ask(asking).map(Some),
        }
    }

    fn remember(&self, passphrase: &Passphrase) {
        *self.known() = Some(passphrase.clone());
    }

    fn load(&self, entry: &str) -> Result<Option<Zeroizing<Vec<u8>>>, String> {
        keyring::load(entry)
    }

    fn save(&self, entry: &str, secret: &[u8]) -> Result<(), String> {
        keyring::save(entry, secret)
    }

    fn remove(&self, entry: &str) -> Result<(), String> {
        keyring::remove(entry)
    }
}

/// The passphrase that a cache's key is to be changed to: from `STELLAR_NEW_PASSPHRASE`, its file, or the terminal.
///
/// # Errors
/// A sentence why there is none and what to do.
pub fn new_passphrase() -> Result<Passphrase, String> {
    let given = given("STELLAR_NEW_PASSPHRASE")?;
    let passphrase = given.map_or_else(|| ask_new("STELLAR_NEW_PASSPHRASE"), Ok)?;
    if passphrase.is_empty() { Err("an empty passphrase protects nothing: choose one".to_owned()) } else { Ok(passphrase) }
}

/// From the variable of this name, or from the file that the variable with `_FILE` behind it names.
fn given(variable: &str) -> Result<Option<Passphrase>, String> {
    if let Some(text) = std::env::var(variable).ok().filter(|text| !text.is_empty()) {
        return Ok(Some(Passphrase::new(text)));
    }
    let file = format!("{variable}_FILE");
    match std::env::var_os(&file).filter(|path| !path.is_empty()) {
        Some(path) => from_file(&PathBuf::from(path)).map(Some).map_err(|why| format!("{file} names {why}")),
        None => Ok(None),
    }
}

/// The first line's worth of a private file: one line end behind it is no part of the passphrase.
fn from_file(path: &Path) -> Result<Passphrase, String> {
    let shown = path.display();
    let file = File::open(path).map_err(|error| format!("{shown}, which cannot be opened: {error}"))?;
    let mode = file.metadata().map_err(|error| format!("{shown}, which cannot be examined: {error}"))?.permissions().mode() & 0o777;
    if mode & 0o077 != 0 {
        return Err(format!("{shown}, which is open to others (mode {mode:04o}): take that away with chmod 600"));
    }
    let mut text = Zeroizing::new(String::with_capacity(LONGEST as usize + 1));
    file.take(LONGEST + 1).read_to_string(&mut text).map_err(|error| format!("{shown}, which cannot be read: {error}"))?;
    if text.len() as u64 > LONGEST {
        return Err(format!("{shown}, which is longer than {LONGEST} bytes and so no passphrase"));
    }
    let line = text.strip_suffix('\n').unwrap_or(&text);
    Ok(Passphrase::new(line.strip_suffix('\r').unwrap_or(line).to_owned()))
}

fn ask(asking: Asking) -> Result<Passphrase, String> {
    match asking {
        Asking::New => ask_new("STELLAR_PASSPHRASE"),
        Asking::Known => prompt::ask("Passphrase of the cache: ", "STELLAR_PASSPHRASE"),
        Asking::Again => prompt::ask("That is not it. Passphrase of the cache: ", "STELLAR_PASSPHRASE"),
    }
}

/// Asks twice: what nobody can see is easily mistyped, and this one must be known again.
fn ask_new(variable: &str) -> Result<Passphrase, String> {
    let mut question = "New passphrase for the cache: ";
    for _ in 0..TRIES {
        let first = prompt::ask(question, variable)?;
        if first == prompt::ask("The same again: ", variable)? {
            return Ok(first);
        }
        question = "The two differ. New passphrase for the cache: ";
    }
    Err("the two differed each time".to_owned())
}

#[cfg(test)]
mod tests {
    use std::fs::{self, Permissions};

    use super::*;

    #[test]
    fn a_passphrase_file_is_private_short_and_one_line() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("pass");
        assert!(from_file(&path).unwrap_err().contains("cannot be opened"));
        for (text, passphrase) in [("a b", "a b"), ("a b\n", "a b"), ("a b\r\n", "a b"), ("a\n\n", "a\n"), (" a ", " a "), ("", "")] {
            fs::write(&path, text).unwrap();
            fs::set_permissions(&path, Permissions::from_mode(0o600)).unwrap();
            assert_eq!(from_file(&path), Ok(Passphrase::new(passphrase.to_owned())), "{text:?}");
        }
        fs::write(&path, "x".repeat(5000)).unwrap();
        assert!(from_file(&path).unwrap_err().contains("longer than"));
        fs::write(&path, [0xff, 0xfe]).unwrap();
        assert!(from_file(&path).unwrap_err().contains("cannot be read"));
        fs::set_permissions(&path, Permissions::from_mode(0o640)).unwrap();
        assert!(from_file(&path).unwrap_err().contains("open to others (mode 0640)"));
    }
}
