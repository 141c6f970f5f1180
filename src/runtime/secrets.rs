//! Secrets, resolved when they are used: from the environment, from a file, from the keyring.

use std::{fs, io::Read as _};

use super::vault::ProcessVault;
use crate::{
    config::SecretRef,
    engine::{Secrets, world::KeyVault as _},
};

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
            SecretRef::Keyring(name) => match ProcessVault::default().load(name) {
                Ok(Some(secret)) => String::from_utf8(secret.to_vec()).map_err(|_| format!("keyring:{name} holds no text")),
                Ok(None) => Err(format!("the keyring holds no {name:?} of service \"stellar\"; put it there, or use env: or file:")),
                Err(why) => Err(format!("keyring:{name} cannot be had, because the keyring cannot be reached: {why}; use env: or file:")),
            },
        }
    }
}
