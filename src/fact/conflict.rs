//! Disagreements between live observed values, named so that everybody names the same one alike.

use std::{fmt, str::FromStr, sync::Arc};

use serde::{Deserialize, Serialize};

use super::{command::CommandId, confidence::Confidence, key::Key, reason::ReasonCode, source::SourceId, time::Timestamp, value::Value};

/// What disagrees with what. Variants are only ever added, at the end: it is written down.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum ConflictClass {
    /// Two live observed values.
    Value,
    /// A queued change and a target that changed meanwhile.
    Change,
    /// A deletion and an edit.
    Delete,
}

impl ConflictClass {
    /// The stable code.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Value => "value",
            Self::Change => "change",
            Self::Delete => "delete",
        }
    }
}

/// `c-` and 10 base32 characters from a hash of key and class: the same everywhere and always.
///
/// The characters are digits and small letters without `i l o u`, so that it can be read out.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ConflictId(Arc<str>);

/// A text that is no conflict id.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a conflict id is c- and 10 of 0-9 a-z without i l o u; the first few are enough where only one begins so")]
pub struct ConflictIdError;

/// Digits and letters that are not taken for each other.
const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";
/// Characters of an id after `c-`.
const ID_LENGTH: usize = 10;

impl ConflictId {
    /// The id of the conflict that `key` has in this class.
    #[must_use]
    pub fn of(key: &Key, class: ConflictClass) -> Self {
        let mut bits = hash_of(key, class, &mut Vec::new());
        let mut text = String::with_capacity(2 + ID_LENGTH);
        text.push_str("c-");
        for _ in 0..ID_LENGTH {
            let letter = ALPHABET.get(usize::try_from(bits >> 59).unwrap_or_default()).copied().unwrap_or(b'0');
            text.push(char::from(letter));
            bits <<= 5;
        }
        Self(text.into())
    }

    /// Reads a whole id, in either case.
    ///
    /// # Errors
    /// [`ConflictIdError`] when it is none.
    pub fn parse(text: &str) -> Result<Self, ConflictIdError> {
        match Self::tidy_prefix(text) {
            Some(whole) if whole.len() == 2 + ID_LENGTH => Ok(Self(whole.into())),
            _ => Err(ConflictIdError),
        }
    }

    /// Whether the id begins with this text: in either case, with or without its `c-`. An empty text begins none.
    #[must_use]
    pub fn has_prefix(&self, text: &str) -> bool {
        Self::tidy_prefix(text).is_some_and(|prefix| prefix.len() > 2 && self.0.starts_with(&prefix))
    }

    /// `c-` and small letters, when nothing else is in it.
    fn tidy_prefix(text: &str) -> Option<String> {
        let lower = text.to_ascii_lowercase();
        // No id has a dash but in its `c-`, so a text without one is the part after it.
        let rest = lower.strip_prefix("c-").unwrap_or(&lower);
        (rest.len() <= ID_LENGTH && rest.bytes().all(|byte| ALPHABET.contains(&byte))).then(|| format!("c-{rest}"))
    }

    /// The id as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The first 64 bits of the hash that an id is made of; the buffer is for whoever makes many.
fn hash_of(key: &Key, class: ConflictClass, buffer: &mut Vec<u8>) -> u64 {
    buffer.clear();
    for part in [b"stellar conflict 1\0", class.code().as_bytes(), b"\0", key.as_str().as_bytes()] {
        buffer.extend_from_slice(part);
    }
    blake3::hash(buffer).as_bytes().iter().take(8).fold(0, |bits, byte| bits << 8 | u64::from(*byte))
}

/// Finds keys by the beginning of the id of the conflict that they would have, without making the ids.
#[derive(Clone, Debug)]
pub struct ConflictIdSearch {
    class: ConflictClass,
    bits: u64,
    mask: u64,
    buffer: Vec<u8>,
}

impl ConflictIdSearch {
    /// A search for ids of a class that begin so, as for [`ConflictId::has_prefix`]; none when no id does.
    #[must_use]
    pub fn new(class: ConflictClass, text: &str) -> Option<Self> {
        let prefix = ConflictId::tidy_prefix(text).filter(|prefix| prefix.len() > 2)?;
        let (mut bits, mut mask) = (0, 0);
        for (at, letter) in prefix.bytes().skip(2).enumerate() {
            let digit = ALPHABET.iter().position(|known| *known == letter)?;
            let shift = 64 - 5 * (u32::try_from(at).ok()? + 1);
            bits |= u64::try_from(digit).ok()? << shift;
            mask |= 0b1_1111 << shift;
        }
        Some(Self { class, bits, mask, buffer: Vec::new() })
    }

    /// Whether the id of the key's conflict begins so.
    pub fn finds(&mut self, key: &Key) -> bool {
        hash_of(key, self.class, &mut self.buffer) & self.mask == self.bits
    }
}

impl FromStr for ConflictId {
    type Err = ConflictIdError;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::parse(text)
    }
}

impl fmt::Display for ConflictId {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

/// How far a conflict is decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ResolutionState {
    /// Nobody and no rule has decided.
    Pending,
    /// A rule decided.
    AutoResolved,
    /// A person accepted a value.
    UserAccepted,
    /// A person said none is right.
    UserRejected,
}

impl ResolutionState {
    /// Whether a person said it, and no rule.
    #[must_use]
    pub fn is_by_a_person(self) -> bool {
        matches!(self, Self::UserAccepted | Self::UserRejected)
    }

    /// The stable code.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::AutoResolved => "auto_resolved",
            Self::UserAccepted => "user_accepted",
            Self::UserRejected => "user_rejected",
        }
    }
}

/// One competing value and who stands for it.
#[derive(Clone, Debug, PartialEq)]
pub struct Candidate {
    /// The value as its best-scoring source gave it.
    pub value: Value,
    /// Everyone who stands for it, best first.
    pub sources: Vec<SourceId>,
    /// The best score among them.
    pub score: f64,
}

/// A key whose live observed values differ after normalisation.
#[derive(Clone, Debug, PartialEq)]
pub struct ConflictEntry {
    /// Its name, the same everywhere.
    pub id: ConflictId,
    /// Where.
    pub key: Key,
    /// What sort.
    pub class: ConflictClass,
    /// 16 hex characters over the competing value classes; moves when they do.
    pub digest: Arc<str>,
    /// How far it is decided.
    pub resolution: ResolutionState,
    /// The competing values, winner first.
    pub candidates: Vec<Candidate>,
    /// The source whose observation wins.
    pub winner: SourceId,
    /// How much stronger the winner's value is than the strongest other one; between single sources the difference of their scores.
    pub margin: f64,
    /// The winner's arithmetic.
    pub confidence: Confidence,
    /// Why it stands as it does.
    pub reason_codes: Vec<ReasonCode>,
    /// The newest `changed_at` among the competing observations.
    pub last_updated: Timestamp,
    /// The queued change it is about, for one of class `change`.
    pub change: Option<CommandId>,
}

#[cfg(test)]
impl ConflictEntry {
    /// One that waits, with null values of these sources each; the first is believed.
    pub(crate) fn example(key: Key, margin: f64, sides: &[&[&str]]) -> Self {
        let basis = super::ScoreBasis {
            age: std::time::Duration::ZERO,
            half_life: std::time::Duration::ZERO,
            trust: 0.5,
            validity: super::Validity::NoSchema,
            alignment: None,
            accepts: 0,
            rejects: 0,
        };
        let ids = |side: &[&str]| side.iter().map(|name| SourceId::new(name).unwrap()).collect::<Vec<_>>();
        let candidates: Vec<_> = sides.iter().map(|side| Candidate { value: Value::null(), sources: ids(side), score: 0.5 }).collect();
        Self {
            id: ConflictId::of(&key, ConflictClass::Value),
            key,
            class: ConflictClass::Value,
            digest: "".into(),
            resolution: ResolutionState::Pending,
            winner: candidates[0].sources[0].clone(),
            candidates,
            margin,
            confidence: Confidence::score(&super::Weights::default(), &basis),
            reason_codes: Vec::new(),
            last_updated: Timestamp::default(),
            change: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(text: &str) -> Key {
        Key::new(text).unwrap()
    }

    #[test]
    fn ids_do_not_move_between_builds() {
        let id = ConflictId::of(&key("service/checkout/replicas"), ConflictClass::Value);
        assert_eq!(id.as_str(), "c-wxhxctrcs7");
        assert_ne!(id, ConflictId::of(&key("service/checkout/replicas"), ConflictClass::Change));
        assert_ne!(id, ConflictId::of(&key("service/checkout/replica"), ConflictClass::Value));
        assert_eq!(ConflictId::parse(id.as_str()), Ok(id.clone()));
        assert_eq!(ConflictId::parse(&id.as_str().to_uppercase()), Ok(id));
    }

    #[test]
    fn prefixes() {
        let id = ConflictId::parse("c-7f3ak2m9qd").unwrap();
        for prefix in ["c-7", "7f3", "C-7F3AK2M9QD", "7f3ak2m9qd"] {
            assert!(id.has_prefix(prefix), "{prefix}");
        }
        for other in ["", "c-", "c-8", "f3", "7f3ak2m9qdd", "c-7f3ak2m9qd0", "7-f", "ü"] {
            assert!(!id.has_prefix(other), "{other}");
        }
        for text in ["", "c-", "c-7f3", "c-7f3ak2m9qi", "x-7f3ak2m9qd", "c-7f3ak2m9qd0"] {
            assert_eq!(ConflictId::parse(text), Err(ConflictIdError), "{text}");
        }
    }

    #[test]
    fn a_search_finds_what_begins_so_and_nothing_else() {
        let keys: Vec<Key> = (0..200).map(|at| Key::new(&format!("service/s{at}/gate")).unwrap()).collect();
        let ids: Vec<ConflictId> = keys.iter().map(|key| ConflictId::of(key, ConflictClass::Value)).collect();
        for id in &ids[..20] {
            for length in 0..=id.as_str().len() {
                let text = id.as_str()[..length].to_uppercase();
                let mut search = ConflictIdSearch::new(ConflictClass::Value, &text);
                for (key, other) in keys.iter().zip(&ids) {
                    let found = search.as_mut().is_some_and(|search| search.finds(key));
                    assert_eq!(found, other.has_prefix(&text), "{text} {other}");
                }
            }
        }
        let other_class = ConflictIdSearch::new(ConflictClass::Delete, ids[0].as_str());
        assert!(!other_class.unwrap().finds(&keys[0]));
    }
}
