//! Every bad snapshot is refused in its own words, and the store stays as it is.

use std::io::Cursor;

use proptest::prelude::*;

use super::{
    super::{
        chunks::ChunkWriter,
        digest::{self, Sum},
        head::{HEAD, Head},
        reader::Verified,
    },
    *,
};
use crate::engine::store::record;

/// A file as somebody who holds the key could write it: any bodies, any claims.
fn forged(bodies: &[Vec<u8>], claim: impl FnOnce(&mut Head)) -> Vec<u8> {
    let keys = keys();
    let key = keys.current().unwrap();
    let mut sum = Sum::new(key);
    bodies.iter().for_each(|body| sum.add(&digest::of_record(key, body)));
    let bytes = bodies.iter().map(|body| 4 + body.len() as u64).sum();
    let mut head = Head { store: keys.store, key: key.id, digest: sum.finish(), entries: bodies.len() as u64, bytes };
    claim(&mut head);
    let encoded = head.encode();
    let mut writer = ChunkWriter::new(encoded.to_vec(), key.cipher(&head.digest).unwrap(), &encoded);
    for body in bodies {
        writer.write(&(body.len() as u32).to_le_bytes()).unwrap();
        writer.write(body).unwrap();
    }
    writer.finish().unwrap()
}

fn bodies(observations: &[Observation]) -> Vec<Vec<u8>> {
    observations.iter().map(record::encode_observation).collect()
}

fn good() -> Vec<u8> {
    forged(&bodies(&[seen("a", "s", "1", 10), seen("b", "s", "2", 10), seen("b", "t", "3", 10)]), |_| {})
}

/// What is said of these bytes; none when they are taken. A store is offered them both ways and must not move.
fn refusal(bytes: &[u8], keys: &SnapshotKeys) -> Option<SnapshotError> {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("s");
    fs::write(&path, bytes).unwrap();
    let ours = [seen("a", "s", "\"ours\"", 1), seen("x", "s", "1", 1)];
    let refused = [Mode::Merge, Mode::Replace].map(|mode| {
        let (store, mut told) = (filled(ours.clone()), false);
        let refused = hydrate(&store, keys, &path, mode, &mut |_| {}, &mut |_| told = true).err();
        assert!(refused.is_none() || (all_of(&store) == ours && !told));
        refused
    });
    assert_eq!(refused[0], refused[1]);
    refused[0].clone()
}

#[test]
fn each_has_its_own_sentence() {
    let (a, b) = (seen("a", "s", "1", 10), seen("b", "s", "2", 10));
    let two = || bodies(&[a.clone(), b.clone()]);
    let said = |bytes: Vec<u8>| refusal(&bytes, &keys()).unwrap();
    assert_eq!(said(b"# not one".to_vec()), SnapshotError::NotASnapshot);
    assert_eq!(said(Vec::new()), SnapshotError::NotASnapshot);
    let mut newer = good();
    newer[8] = 2;
    assert_eq!(said(newer), SnapshotError::OtherVersion(2));
    assert_eq!(said(forged(&two(), |head| head.store = [8; 16])), SnapshotError::OtherStore);
    assert_eq!(said(forged(&two(), |head| head.key = 2)), SnapshotError::OtherKey(2));
    assert_eq!(said(forged(&bodies(&[b.clone(), a.clone()]), |_| {})), SnapshotError::OutOfOrder(2));
    assert_eq!(said(forged(&bodies(&[a.clone(), b.clone(), b.clone()]), |_| {})), SnapshotError::Twice(3));
    assert_eq!(said(forged(&two(), |head| head.entries = 3)), SnapshotError::Miscounted { found: 2, said: 3 });
    assert_eq!(said(forged(&two(), |head| head.digest = [1; 32])), SnapshotError::WrongDigest);
    assert_eq!(said(forged(&[b"no record".to_vec()], |_| {})), SnapshotError::BadEntry(1));
    let tail = [good(), vec![0; 9]].concat();
    assert_eq!(said(tail), SnapshotError::Tail(9));
    let whole = good();
    let expected = whole.len() as u64;
    assert_eq!(said(whole[..whole.len() - 1].to_vec()), SnapshotError::Cut { found: expected - 1, expected });
    let mut flipped = whole;
    flipped[HEAD + 3] ^= 1;
    assert_eq!(said(flipped), SnapshotError::Damaged(1));
}

#[test]
fn a_length_that_leads_beyond_the_end_is_refused() {
    let keys = keys();
    let key = keys.current().unwrap();
    let head = Head { store: keys.store, key: 1, digest: [1; 32], entries: 1, bytes: 6 };
    let encoded = head.encode();
    for plain in [[0xFF, 0xFF, 0xFF, 0xFF, 0, 0], [3, 0, 0, 0, 0, 0], [1, 0, 0, 0, 9, 0]] {
        let mut writer = ChunkWriter::new(encoded.to_vec(), key.cipher(&head.digest).unwrap(), &encoded);
        writer.write(&plain).unwrap();
        assert_eq!(refusal(&writer.finish().unwrap(), &keys), Some(SnapshotError::BadEntry(1)));
    }
}

#[test]
fn another_data_key_under_the_same_number_opens_nothing() {
    let other = SnapshotKeys { store: [7; 16], keys: vec![SnapshotKey::derive(1, &[7; 16], &[10; 32]).unwrap()] };
    assert_eq!(refusal(&good(), &other), Some(SnapshotError::Damaged(1)));
    let both = SnapshotKeys { store: [7; 16], keys: vec![keys().keys.remove(0), SnapshotKey::derive(2, &[7; 16], &[10; 32]).unwrap()] };
    assert_eq!(refusal(&good(), &both), None, "a key that no longer seals still opens");
}

#[test]
fn every_cut_is_refused() {
    let whole = good();
    for at in 0..whole.len() {
        assert!(refusal(&whole[..at], &keys()).is_some(), "cut at {at}");
    }
    assert_eq!(refusal(&whole, &keys()), None);
}

#[test]
fn a_pipe_or_a_directory_is_no_snapshot_and_nobody_waits() {
    let dir = tempfile::tempdir().unwrap();
    let store = filled([]);
    assert_eq!(hydrated(&store, dir.path(), Mode::Merge), Err(SnapshotError::NotASnapshot));
    assert_eq!(hydrated(&store, &dir.path().join("none"), Mode::Merge), Err(SnapshotError::Missing));
    assert_eq!(hydrated(&store, Path::new("/dev/zero"), Mode::Merge), Err(SnapshotError::NotASnapshot));
}

#[test]
fn a_file_that_changes_after_it_was_verified_removes_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("s");
    fs::write(&path, good()).unwrap();
    let verified = Verified::open(&path, &keys(), &mut |_| {}).unwrap();
    let mut bytes = good();
    bytes[HEAD + 1] ^= 1;
    fs::write(&path, bytes).unwrap();
    let store = filled([seen("x", "s", "1", 1)]);
    let outcome = super::super::hydrate::take_in(&store, verified, Mode::Replace, &mut |_| {}, &mut |_| {});
    assert_eq!(outcome, Err(SnapshotError::Changed(0)));
    assert_eq!(all_of(&store).len(), 1);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn any_flipped_bit_is_refused_and_nothing_changes(at in any::<prop::sample::Index>(), bit in 0_u8..8) {
        let mut bytes = good();
        let at = at.index(bytes.len());
        bytes[at] ^= 1 << bit;
        prop_assert!(refusal(&bytes, &keys()).is_some(), "byte {at}");
    }

    #[test]
    fn any_bytes_are_refused_quietly(bytes in prop::collection::vec(any::<u8>(), 0..300), begin in any::<bool>()) {
        let bytes = if begin { [good()[..HEAD].to_vec(), bytes].concat() } else { bytes };
        let refused = Verified::verify(Cursor::new(bytes), &keys(), &mut |_| {}).is_err();
        prop_assert!(refused);
    }

    #[test]
    fn any_content_comes_back(facts in prop::collection::btree_map(("[a-z]{1,3}(/[a-z]{1,3}){0,2}", "[a-c]"), 0_i64..1000, 0..60)) {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("s");
        let before = filled(facts.iter().map(|((name, by), at)| seen(name, by, &at.to_string(), *at)));
        taken(&before, &path);
        let after = MemoryStore::default();
        hydrated(&after, &path, Mode::Merge).unwrap();
        prop_assert_eq!(all_of(&after), all_of(&before));
    }
}
