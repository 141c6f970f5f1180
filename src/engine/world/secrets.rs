//! Where secrets come from.

use crate::config::SecretRef;

/// Turns a reference into a secret, at the moment it is used.
pub trait Secrets: Send + Sync {
    /// The secret, or a sentence why it cannot be had.
    ///
    /// # Errors
    /// The sentence names the reference, never the secret.
    fn resolve(&self, reference: &SecretRef) -> Result<String, String>;
}
