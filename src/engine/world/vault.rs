//! Where keys come from that are in no file: the system's keyring, and a person.

use std::fmt;

use zeroize::Zeroizing;

/// A passphrase, wiped from memory when it is dropped and shown to nobody.
#[derive(Clone, PartialEq, Eq)]
pub struct Passphrase(Zeroizing<String>);

impl Passphrase {
    /// Takes the text over.
    #[must_use]
    pub fn new(text: String) -> Self {
        Self(Zeroizing::new(text))
    }

    /// Its bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }

    /// Whether there is nothing in it.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Debug for Passphrase {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("(hidden)")
    }
}

/// Which passphrase is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asking {
    /// One for a cache that is being made.
    New,
    /// The one that opens the cache that is there.
    Known,
    /// The same once more: the last one was wrong.
    Again,
}

/// Gives and keeps what unlocks a cache without a key file.
pub trait KeyVault: Send + Sync {
    /// A passphrase; none when it was asked for again and there is no other to try.
    ///
    /// # Errors
    /// A sentence why none can be had here and what to do.
    fn passphrase(&self, asking: Asking) -> Result<Option<Passphrase>, String>;

    /// Is told the passphrase that opens the cache now, so that nobody is asked again while this process lives.
    fn remember(&self, _passphrase: &Passphrase) {}

    /// What the keyring holds under this name, if anything.
    ///
    /// # Errors
    /// A sentence why the keyring cannot be reached.
    fn load(&self, entry: &str) -> Result<Option<Zeroizing<Vec<u8>>>, String>;

    /// Keeps a secret in the keyring under this name.
    ///
    /// # Errors
    /// As for [`KeyVault::load`].
    fn save(&self, entry: &str, secret: &[u8]) -> Result<(), String>;

    /// Removes it from the keyring, if it is there.
    ///
    /// # Errors
    /// As for [`KeyVault::load`].
    fn remove(&self, entry: &str) -> Result<(), String>;
}

/// A vault with nothing in it, for where only key files are used.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoVault;

impl KeyVault for NoVault {
    fn passphrase(&self, _: Asking) -> Result<Option<Passphrase>, String> {
        Err("nobody can be asked for a passphrase here".to_owned())
    }

    fn load(&self, _: &str) -> Result<Option<Zeroizing<Vec<u8>>>, String> {
        Err("there is no keyring here".to_owned())
    }

    fn save(&self, _: &str, _: &[u8]) -> Result<(), String> {
        Err("there is no keyring here".to_owned())
    }

    fn remove(&self, _: &str) -> Result<(), String> {
        Err("there is no keyring here".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_passphrase_is_not_shown() {
        let passphrase = Passphrase::new("correct horse".to_owned());
        assert_eq!(format!("{passphrase:?}"), "(hidden)");
        assert_eq!(passphrase.as_bytes(), b"correct horse");
    }
}
