//! Names on disk: hashes under a key of their own, so that the disk tells no names, built so that a scan on whole segments still works.
//!
//! ```text
//! [tree 1] [segment path 8]* [leaf 16] [source id] [its length 1] [piece 2, big endian]      an observation
//! [tree 1] [name 16] [0] [piece 2, big endian]                                            a document
//! ```
//! For `a/b/c` the segment paths are `a` and `a/b`, the leaf is `a/b/c`, each hashed whole: what lies under `a/b` starts with
//! `H8(a) H8(a/b)`, and the fact `a/b` itself, which has no `H8(a/b)`, with `H8(a) H16(a/b)`. Segment paths and leaves are hashed
//! apart, so one never begins like the other but by chance; a scan asks for both and the name inside the sealed record decides.

use std::{
    collections::HashMap,
    sync::{PoisonError, RwLock},
};

use zeroize::Zeroizing;

use crate::fact::{Key, SourceId};

/// The parts of the one tree in the database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Tree {
    /// The one row that counts the others.
    Ledger = 0,
    /// Observations.
    Observations = 1,
    /// Documents.
    Documents = 2,
    /// What would not open, under its old name.
    Quarantine = 3,
}

/// Pieces of a record are numbered with this many bytes at the end of its name.
const PIECE: usize = 2;

/// How many parents' hashes are remembered.
const PARENTS: usize = 1024;

/// Room for most names.
const ROOM: usize = 128;

/// Turns names into names on disk.
pub struct Namer {
    key: Zeroizing<[u8; 32]>,
    /// Hashes of the segment paths of keys seen lately, by the key's parent: keys have few of them, and hashing costs more than looking up.
    parents: RwLock<HashMap<Box<str>, Box<[u8]>>>,
}

impl Namer {
    /// A namer with this key, which outlives every data key.
    pub fn new(key: Zeroizing<[u8; 32]>) -> Self {
        Self { key, parents: RwLock::default() }
    }

    /// What every observation of this key begins with.
    pub fn of_key(&self, key: &Key) -> Vec<u8> {
        let text = key.as_str();
        let mut name = Vec::with_capacity(ROOM);
        name.push(Tree::Observations as u8);
        if let Some((parent, _)) = text.rsplit_once('/') {
            self.add_parents(parent, &mut name);
        }
        name.extend_from_slice(&self.hash(b'l', text)[..16]);
        name
    }

    /// The name of what this source says of this key, without a piece's number.
    pub fn of_observation(&self, key: &Key, source: &SourceId) -> Vec<u8> {
        let mut name = self.of_key(key);
        add_source(&mut name, source);
        name
    }

    /// What observations of the key made of these segments, and of those below it, begin with; for none, one prefix of all.
    pub fn under(&self, segments: &[&str]) -> Vec<Vec<u8>> {
        let mut path = String::new();
        let mut above = vec![Tree::Observations as u8];
        let mut exact = None;
        for (at, segment) in segments.iter().enumerate() {
            if at > 0 {
                path.push('/');
            }
            path.push_str(segment);
            if at + 1 == segments.len() {
                exact = Some([above.as_slice(), &self.hash(b'l', &path)[..16]].concat());
            }
            above.extend_from_slice(&self.segment(&path));
        }
        exact.into_iter().chain([above]).collect()
    }

    /// The name of a document, without a piece's number.
    pub fn of_document(&self, name: &str) -> Vec<u8> {
        [&[Tree::Documents as u8], &self.hash(b'd', name)[..16], &[0]].concat()
    }

    fn add_parents(&self, parent: &str, name: &mut Vec<u8>) {
        if let Some(known) = self.parents.read().unwrap_or_else(PoisonError::into_inner).get(parent) {
            name.extend_from_slice(known);
            return;
        }
        let start = name.len();
        for (at, _) in parent.match_indices('/') {
            name.extend_from_slice(&self.segment(&parent[..at]));
        }
        name.extend_from_slice(&self.segment(parent));
        let mut parents = self.parents.write().unwrap_or_else(PoisonError::into_inner);
        if parents.len() >= PARENTS {
            parents.clear();
        }
        parents.insert(parent.into(), name[start..].into());
    }

    fn segment(&self, path: &str) -> [u8; 8] {
        self.hash(b's', path).first_chunk().copied().unwrap_or_default()
    }

    fn hash(&self, what: u8, text: &str) -> [u8; 32] {
        // In one piece, which for most names costs half of what feeding a hasher does.
        let mut short = [what; 128];
        match short.get_mut(1..=text.len()) {
            Some(place) => {
                place.copy_from_slice(text.as_bytes());
                *blake3::keyed_hash(&self.key, &short[..=text.len()]).as_bytes()
            }
            None => *blake3::Hasher::new_keyed(&self.key).update(&[what]).update(text.as_bytes()).finalize().as_bytes(),
        }
    }
}

/// Adds to what a key's observations begin with whose this one is.
pub fn add_source(name: &mut Vec<u8>, source: &SourceId) {
    name.extend_from_slice(source.as_str().as_bytes());
    // At most 64; told at the end, it can be found without knowing how deep the key is.
    name.push(u8::try_from(source.as_str().len()).unwrap_or(0));
}

/// The hash of the whole key at the end of what its observations begin with.
pub fn leaf(prefix: &[u8]) -> u128 {
    prefix.last_chunk::<16>().map_or(0, |leaf| u128::from_le_bytes(*leaf))
}

/// As [`leaf`], of a whole name, this source's, without a piece's number.
pub fn leaf_in(name: &[u8], source: &SourceId) -> u128 {
    leaf(&name[..name.len().saturating_sub(1 + source.as_str().len())])
}

/// A name that begins like this, with room for the rest.
pub fn with_room(start: &[u8]) -> Vec<u8> {
    let mut name = Vec::with_capacity(start.len() + 64 + 1 + PIECE);
    name.extend_from_slice(start);
    name
}

/// Adds the number of a piece to a record's name.
pub fn add_piece(name: &mut Vec<u8>, number: u16) {
    name.extend_from_slice(&number.to_be_bytes());
}

/// Whether the first segments of the key are these.
pub fn starts_with(key: &Key, segments: &[&str]) -> bool {
    let mut own = key.segments();
    segments.iter().all(|segment| own.next() == Some(segment))
}

/// The name of one piece of a record.
pub fn piece(name: &[u8], number: u16) -> Vec<u8> {
    [name, &number.to_be_bytes()].concat()
}

/// The record's name and the piece's number again.
pub fn split_piece(row: &[u8]) -> Option<(&[u8], u16)> {
    row.split_last_chunk::<PIECE>().map(|(name, number)| (name, u16::from_be_bytes(*number)))
}

/// Whether `name` is that of this source's observation of the key that `prefix` stands for.
pub fn is_by(prefix: &[u8], name: &[u8], source: &SourceId) -> bool {
    let text = source.as_str().as_bytes();
    name.strip_prefix(prefix).and_then(<[u8]>::split_last).is_some_and(|(length, rest)| rest == text && usize::from(*length) == text.len())
}

/// Who said what is under this name, without its piece's number.
pub fn source_in(name: &[u8]) -> Option<SourceId> {
    let (length, rest) = name.split_last()?;
    let start = rest.len().checked_sub(usize::from(*length))?;
    SourceId::new(std::str::from_utf8(&rest[start..]).ok()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn namer() -> Namer {
        Namer::new(Zeroizing::new([7; 32]))
    }

    fn key(text: &str) -> Key {
        Key::new(text).unwrap()
    }

    fn covers(segments: &[&str], name: &str) -> bool {
        namer().under(segments).iter().any(|prefix| namer().of_key(&key(name)).starts_with(prefix))
    }

    #[test]
    fn a_scan_on_whole_segments_finds_the_key_and_what_is_below_and_nothing_beside() {
        for (segments, name, found) in [
            (&[][..], "a", true),
            (&["a"], "a", true),
            (&["a"], "a/b/c", true),
            (&["a", "b"], "a/b", true),
            (&["a", "b"], "a/b/c", true),
            (&["a", "b"], "a/bc", false),
            (&["a", "b"], "a", false),
            (&["a", "b", "c"], "a/b", false),
            (&["b"], "a/b", false),
        ] {
            assert_eq!(covers(segments, name), found, "{segments:?} over {name}");
        }
    }

    #[test]
    fn the_layout_is_the_documented_one() {
        let source = SourceId::new("host.proc").unwrap();
        let name = namer().of_observation(&key("a/b/c"), &source);
        assert_eq!(name.len(), 1 + 8 + 8 + 16 + 9 + 1);
        assert_eq!((name[0], name[name.len() - 1]), (1, 9));
        assert!(name.starts_with(&namer().of_key(&key("a/b/c"))));
        assert_eq!(name[1..9], namer().of_key(&key("a/x"))[1..9], "the same path, the same hash");
        assert!(is_by(&namer().of_key(&key("a/b/c")), &name, &source));
        assert!(!is_by(&namer().of_key(&key("a/b/c")), &name, &SourceId::new("host").unwrap()));
        assert!(!is_by(&namer().of_key(&key("a/b")), &name, &source));
        assert_eq!(source_in(&name), Some(source));
        assert_eq!(namer().of_document("source/a").len(), 18);
        assert_eq!(split_piece(&piece(&name, 513)), Some((name.as_slice(), 513)));
    }

    #[test]
    fn golden() {
        let name = namer().of_observation(&key("a/b"), &SourceId::new("s").unwrap());
        assert_eq!(
            name.iter().map(|byte| format!("{byte:02x}")).collect::<String>(),
            "014a53d2386631735f88d52d3c03585d317b87b6a78c9922207301"
        );
    }

    #[test]
    fn another_naming_key_gives_other_names_and_no_name_shows() {
        let other = Namer::new(Zeroizing::new([8; 32]));
        let name = namer().of_key(&key("service/payments"));
        assert_ne!(name[1..], other.of_key(&key("service/payments"))[1..]);
        assert!(!name.windows(8).any(|part| part == b"payments"));
    }
}
