//! The manifest: what the database must still hold, kept outside it and authenticated, because rows that are missing or rolled back
//! together with their ledger pass every check inside.
//!
//! `[version 1][store 16][epoch 16][write 8][entries 8][rows 8][bytes 8][sum 16][MAC 32]`, numbers little endian, the MAC is
//! HMAC-SHA256 over what is before it. Written at checkpoints and at a clean close, after the database was synced: what it says was on
//! disk. Rows newer than it are no loss.

use std::path::Path;

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use zeroize::Zeroizing;

use super::{error::StoreError, files, ledger::Ledger};

const VERSION: u8 = 1;
const BODY: usize = 1 + 16 + 16 + 4 * 8 + 16;
const MAC: usize = 32;
/// Its name in the data directory.
pub const NAME: &str = "manifest";

/// What was found in place of a manifest.
#[derive(Debug, PartialEq, Eq)]
pub enum Found {
    /// No file.
    Nothing,
    /// A file that this store did not write, or that was changed since.
    Forged,
    /// What the database held at the last checkpoint; the count of seals is not part of it.
    Held(Ledger),
}

/// Writes the manifest.
///
/// # Errors
/// [`StoreError::Unwritable`].
pub fn write(data_dir: &Path, key: &Zeroizing<[u8; 64]>, store: &[u8; 16], ledger: &Ledger) -> Result<(), StoreError> {
    files::replace(&data_dir.join(NAME), &encode(key, store, ledger))
}

/// Reads it.
///
/// # Errors
/// [`StoreError::Unwritable`] when the file cannot be read.
pub fn read(data_dir: &Path, key: &Zeroizing<[u8; 64]>, store: &[u8; 16]) -> Result<Found, StoreError> {
    let bytes = files::read_small(&data_dir.join(NAME), 1024)?;
    Ok(bytes.map_or(Found::Nothing, |bytes| decode(key, store, &bytes).map_or(Found::Forged, Found::Held)))
}

fn encode(key: &Zeroizing<[u8; 64]>, store: &[u8; 16], ledger: &Ledger) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(BODY + MAC);
    bytes.push(VERSION);
    bytes.extend_from_slice(store);
    bytes.extend_from_slice(&ledger.epoch);
    for number in [ledger.write, ledger.entries, ledger.rows, ledger.bytes] {
        bytes.extend_from_slice(&number.to_le_bytes());
    }
    bytes.extend_from_slice(&ledger.sum);
    let mac = mac(key, &bytes).finalize().into_bytes();
    bytes.extend_from_slice(&mac);
    bytes
}

fn decode(key: &Zeroizing<[u8; 64]>, store: &[u8; 16], bytes: &[u8]) -> Option<Ledger> {
    let (body, tag) = bytes.split_last_chunk::<MAC>()?;
    mac(key, body).verify_slice(tag).ok()?;
    let mut rest = body;
    let [VERSION] = take(&mut rest)? else { return None };
    if take::<16>(&mut rest)? != *store {
        return None;
    }
    let epoch = take(&mut rest)?;
    let mut number = || take(&mut rest).map(u64::from_le_bytes);
    let (write, entries, rows, bytes) = (number()?, number()?, number()?, number()?);
    let sum = take(&mut rest)?;
    rest.is_empty().then_some(Ledger { epoch, write, entries, rows, bytes, sum, sealed: 0 })
}

fn take<const N: usize>(rest: &mut &[u8]) -> Option<[u8; N]> {
    let (head, tail) = rest.split_first_chunk()?;
    *rest = tail;
    Some(*head)
}

fn mac(key: &Zeroizing<[u8; 64]>, bytes: &[u8]) -> Hmac<Sha256> {
    Hmac::<Sha256>::new(&hmac::digest::Key::<Hmac<Sha256>>::from(**key)).chain_update(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key() -> Zeroizing<[u8; 64]> {
        Zeroizing::new([4; 64])
    }

    fn ledger() -> Ledger {
        Ledger { epoch: [1; 16], write: 300, entries: 2, rows: 3, bytes: 4, sum: [5; 16], sealed: 0 }
    }

    #[test]
    fn golden() {
        let bytes = encode(&key(), &[2; 16], &ledger());
        let mut expected = [&[1_u8][..], &[2; 16], &[1; 16]].concat();
        for number in [300_u64, 2, 3, 4] {
            expected.extend_from_slice(&number.to_le_bytes());
        }
        expected.extend_from_slice(&[5; 16]);
        assert_eq!(bytes[..BODY], expected);
        assert_eq!(
            bytes[BODY..].iter().map(|byte| format!("{byte:02x}")).collect::<String>(),
            "607d7a4c0b3bae615a72953b142649eae67762511f452c3c309aea27fc10ea0c"
        );
    }

    #[test]
    fn it_reads_back_and_every_changed_byte_another_key_and_another_store_are_seen() {
        let dir = tempfile::tempdir().unwrap();
        assert_eq!(read(dir.path(), &key(), &[2; 16]), Ok(Found::Nothing));
        write(dir.path(), &key(), &[2; 16], &ledger()).unwrap();
        assert_eq!(read(dir.path(), &key(), &[2; 16]), Ok(Found::Held(ledger())));
        assert_eq!(read(dir.path(), &Zeroizing::new([5; 64]), &[2; 16]), Ok(Found::Forged));
        assert_eq!(read(dir.path(), &key(), &[3; 16]), Ok(Found::Forged));
        let whole = std::fs::read(dir.path().join(NAME)).unwrap();
        for at in 0..whole.len() {
            let mut bytes = whole.clone();
            bytes[at] ^= 0x10;
            assert_eq!(decode(&key(), &[2; 16], &bytes), None, "byte {at}");
            assert_eq!(decode(&key(), &[2; 16], &whole[..at]), None, "cut at {at}");
        }
    }
}
