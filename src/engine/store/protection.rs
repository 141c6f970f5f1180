//! What the sealing protects against and what not, in sentences: the same words in `cache status`, `doctor` and the answer of `rekey`.

use std::path::Path;

use super::keyslots::Wrapping;
use crate::config::CacheKey;

/// What a key of this kind protects against; `file` is where the key file is, if it is one.
pub fn sentence(wrapping: &Wrapping, file: Option<&Path>) -> String {
    match (wrapping, file) {
        (Wrapping::Passphrase(stretching), _) => format!(
            "sealed with AES-256-GCM under a passphrase (Argon2id, {} MiB, {} passes): against who gets this disk or any copy of it, as far as \
             the passphrase cannot be guessed; not against who can read this process's memory or listens while it is typed",
            stretching.cost.memory_kib / 1024,
            stretching.cost.passes
        ),
        (Wrapping::Keyring(entry), _) => format!(
            "sealed with AES-256-GCM, key {entry:?} in the system's keyring: against who gets the data directory, a backup of it, or this \
             disk while the keyring is locked; not against programs that run as you while it is unlocked"
        ),
        (_, file) => format!(
            "sealed with AES-256-GCM, key file {}: against who gets the data directory or a backup of it alone, not against who can read the \
             key file too, such as the thief of this disk",
            file.unwrap_or(Path::new("")).display()
        ),
    }
}

/// The kind in one word, as the configuration has it.
pub fn kind(wrapping: &Wrapping) -> &'static str {
    match wrapping {
        Wrapping::StateKeyFile | Wrapping::NumberedKeyFile(_) => "auto",
        Wrapping::KeyFile(_) => "file",
        Wrapping::Passphrase(_) => "passphrase",
        Wrapping::Keyring(_) => "keyring",
    }
}

/// A note where what is recorded and what is asked for differ: what is recorded counts.
pub fn difference(wrapping: &Wrapping, asked: &CacheKey) -> Option<String> {
    let recorded = match (wrapping, asked) {
        (Wrapping::StateKeyFile | Wrapping::NumberedKeyFile(_), CacheKey::Auto)
        | (Wrapping::KeyFile(_), CacheKey::File(_))
        | (Wrapping::Passphrase(_), CacheKey::Passphrase)
        | (Wrapping::Keyring(_), CacheKey::Keyring) => return None,
        (Wrapping::StateKeyFile | Wrapping::NumberedKeyFile(_), _) => "the key file in the state directory".to_owned(),
        (Wrapping::KeyFile(path), _) => format!("the key file {}", path.display()),
        (Wrapping::Passphrase(_), _) => "a passphrase".to_owned(),
        (Wrapping::Keyring(_), _) => "a key in the keyring".to_owned(),
    };
    let asked = match asked {
        CacheKey::Auto => "auto".to_owned(),
        CacheKey::Keyring => "keyring".to_owned(),
        CacheKey::Passphrase => "passphrase".to_owned(),
        CacheKey::File(path) => format!("file:{}", path.display()),
    };
    Some(format!(
        "the cache was made with {recorded} and still uses it; [cache] key asks for {asked:?}, and stellar cache rekey --key {asked} would change it"
    ))
}
