//! The system's keyring, asked on a thread of its own: it may show a dialogue, and it may never answer.

use std::{
    sync::mpsc::{RecvTimeoutError, sync_channel},
    thread,
    time::Duration,
};

use keyring::{Entry, Error};
use zeroize::Zeroizing;

use super::SERVICE;

/// How long a person may take to unlock it.
const PATIENCE: Duration = Duration::from_secs(120);

/// What stands under this name.
pub fn load(entry: &str) -> Result<Option<Zeroizing<Vec<u8>>>, String> {
    with(entry, |entry| match entry.get_secret() {
        Ok(secret) => Ok(Some(Zeroizing::new(secret))),
        Err(Error::NoEntry) => Ok(None),
        Err(error) => Err(error),
    })
}

/// Puts a secret under this name.
pub fn save(entry: &str, secret: &[u8]) -> Result<(), String> {
    let secret = Zeroizing::new(secret.to_vec());
    with(entry, move |entry| entry.set_secret(&secret))
}

/// Removes what stands under this name.
pub fn remove(entry: &str) -> Result<(), String> {
    with(entry, |entry| match entry.delete_credential() {
        Err(Error::NoEntry) => Ok(()),
        outcome => outcome,
    })
}

fn with<T: Send + 'static>(name: &str, work: impl FnOnce(&Entry) -> Result<T, Error> + Send + 'static) -> Result<T, String> {
    let (answer, answered) = sync_channel(1);
    let name = name.to_owned();
    let worker = move || {
        // Nobody listens after the patience ran out.
        let _ = answer.send(Entry::new(SERVICE, &name).and_then(|entry| work(&entry)));
    };
    thread::Builder::new().name("keyring".to_owned()).spawn(worker).map_err(|error| format!("no thread to ask it on: {error}"))?;
    match answered.recv_timeout(PATIENCE) {
        Ok(outcome) => outcome.map_err(|error| words(&error)),
        Err(RecvTimeoutError::Timeout) => Err(format!("it did not answer within {} s", PATIENCE.as_secs())),
        Err(RecvTimeoutError::Disconnected) => Err("asking it failed".to_owned()),
    }
}

fn words(error: &Error) -> String {
    match error {
        Error::NoDefaultStore => match Entry::store_status() {
            Err(why) => format!("there is none: {why}"),
            Ok(()) => "there is none".to_owned(),
        },
        other => other.to_string(),
    }
}
