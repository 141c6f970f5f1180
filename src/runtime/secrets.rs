//! Secrets, resolved when they are used: from the environment, from a file; a keyring is not in this build.

use std::{fs, io::Read as _};

use crate::{config::SecretRef, engine::Secrets};

/// A secret file is read up to this many bytes; a longer one is no secret.
const LONGEST: u64 = 64 * 1024;

/// Resolves references against this process's environment and file system.
#[derive(Debug, Default)]
pub struct ProcessSecrets;

impl Secrets for ProcessSecrets {
    fn resolve(&self, reference: &SecretRef) -> Result<String, String> {
        match reference {
            SecretRef::Literal(text) => Ok(text.clone()),
            SecretRef::Env(name) => {
                std::env::var(name).map_err(|_| format!("the environment variable {name} is not set; export it and try again"))
            }
            SecretRef::File(path) => {
                let shown = path.display();
                let mut text = String::new();
                let file = fs::File::open(path).map_err(|error| format!("the secret file {shown} cannot be opened: {error}"))?;
                file.take(LONGEST).read_to_string(&mut text).map_err(|error| format!("the secret file {shown} cannot be read: {error}"))?;
                Ok(text.trim().to_owned())
            }
            SecretRef::Keyring(name) => Err(format!("keyring:{name} needs the keyring, which is not in this build; use env: or file:")),
        }
    }
}
