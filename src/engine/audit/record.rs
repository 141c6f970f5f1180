//! One record of the audit, and the note it is made from.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::{
    caller::Caller,
    hash::{Hash, digest, hex},
};
use crate::fact::{Author, Key};

/// Characters that a field of a record may have; what is longer is cut.
const LONGEST: usize = 512;
/// What the engine is called where no person did it.
const ENGINE: &str = "engine";

/// What was done. Variants are only ever added, at the end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Deed {
    /// A change was asked for.
    ChangeAsked,
    /// A note was handed in.
    NoteAsked,
    /// A change was let go on: edited, retried, rebased, decided for.
    ChangeGoesOn,
    /// A change was taken back, dropped, or given up in favour of its target.
    ChangeEnded,
    /// A change waits for a person.
    ChangeParked,
    /// The target of a change holds a third value.
    ChangeBlocked,
    /// A change was given up.
    ChangeDead,
    /// The target of a change has it.
    ChangeDelivered,
    /// All sending was stopped.
    SendingHeld,
    /// Sending goes on.
    SendingReleased,
    /// Belief in a key was frozen.
    KeyLocked,
    /// Belief in a key moves again.
    KeyUnlocked,
    /// A conflict was decided.
    ConflictDecided,
    /// A decision was taken back.
    DecisionUndone,
    /// What was learned of a source was forgotten.
    TrustReset,
    /// A persona or a policy refused something.
    Denied,
    /// A configuration is in force that was not before.
    ConfigLoaded,
    /// A configuration file of another place was trusted.
    ConfigTrusted,
    /// A secret value was shown.
    SecretRevealed,
    /// The keys of the cache were changed.
    CacheRekeyed,
    /// Facts were evicted on demand.
    CacheEvicted,
    /// A snapshot was written to a file.
    CacheSnapshot,
    /// A snapshot was taken in.
    CacheHydrated,
    /// Something that was set aside was removed for good.
    DamagedDropped,
    /// Faults were tried.
    ChaosRun,
}

impl Deed {
    /// Every deed, in the order of the documentation.
    pub const ALL: [Self; 25] = [
        Self::ChangeAsked,
        Self::NoteAsked,
        Self::ChangeGoesOn,
        Self::ChangeEnded,
        Self::ChangeParked,
        Self::ChangeBlocked,
        Self::ChangeDead,
        Self::ChangeDelivered,
        Self::SendingHeld,
        Self::SendingReleased,
        Self::KeyLocked,
        Self::KeyUnlocked,
        Self::ConflictDecided,
        Self::DecisionUndone,
        Self::TrustReset,
        Self::Denied,
        Self::ConfigLoaded,
        Self::ConfigTrusted,
        Self::SecretRevealed,
        Self::CacheRekeyed,
        Self::CacheEvicted,
        Self::CacheSnapshot,
        Self::CacheHydrated,
        Self::DamagedDropped,
        Self::ChaosRun,
    ];

    /// Its stable code.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::ChangeAsked => "change_asked",
            Self::NoteAsked => "note_asked",
            Self::ChangeGoesOn => "change_goes_on",
            Self::ChangeEnded => "change_ended",
            Self::ChangeParked => "change_parked",
            Self::ChangeBlocked => "change_blocked",
            Self::ChangeDead => "change_dead",
            Self::ChangeDelivered => "change_delivered",
            Self::SendingHeld => "sending_held",
            Self::SendingReleased => "sending_released",
            Self::KeyLocked => "key_locked",
            Self::KeyUnlocked => "key_unlocked",
            Self::ConflictDecided => "conflict_decided",
            Self::DecisionUndone => "decision_undone",
            Self::TrustReset => "trust_reset",
            Self::Denied => "denied",
            Self::ConfigLoaded => "config_loaded",
            Self::ConfigTrusted => "config_trusted",
            Self::SecretRevealed => "secret_revealed",
            Self::CacheRekeyed => "cache_rekeyed",
            Self::CacheEvicted => "cache_evicted",
            Self::CacheSnapshot => "cache_snapshot",
            Self::CacheHydrated => "cache_hydrated",
            Self::DamagedDropped => "damaged_dropped",
            Self::ChaosRun => "chaos_run",
        }
    }

    /// The deed of this code.
    #[must_use]
    pub fn of_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|deed| deed.code() == code)
    }
}

/// How it ended. Variants are only ever added, at the end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Ending {
    /// It was done.
    #[default]
    Done,
    /// It was refused.
    Denied,
    /// It failed.
    Failed,
}

impl Ending {
    /// Its stable code: `ok denied error`, the words of every answer.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Done => "ok",
            Self::Denied => "denied",
            Self::Failed => "error",
        }
    }

    /// The ending of this code.
    #[must_use]
    pub fn of_code(code: &str) -> Option<Self> {
        [Self::Done, Self::Denied, Self::Failed].into_iter().find(|ending| ending.code() == code)
    }
}

/// What is to be recorded. No field of it may hold a value of a fact.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    deed: Deed,
    ending: Ending,
    key: Option<String>,
    about: Option<String>,
    detail: Option<String>,
    author: Option<Author>,
}

impl Note {
    /// That this was done; by the engine itself, unless [`Note::by`] says who.
    #[must_use]
    pub const fn new(deed: Deed) -> Self {
        Self { deed, ending: Ending::Done, key: None, about: None, detail: None, author: None }
    }

    /// What it was done to: a key, or a pattern of keys.
    #[must_use]
    pub fn of_key(mut self, key: impl Into<String>) -> Self {
        self.key = Some(key.into());
        self
    }

    /// The id of the command, the conflict, the action, the profile it is about.
    #[must_use]
    pub fn about(mut self, about: impl Into<String>) -> Self {
        self.about = Some(about.into());
        self
    }

    /// What else is to be known: the source, the reason, the code of a failure.
    #[must_use]
    pub fn detail(mut self, detail: impl Into<String>) -> Self {
        self.detail = Some(detail.into());
        self
    }

    /// Who did it.
    #[must_use]
    pub fn by(mut self, author: &Author) -> Self {
        self.author = Some(author.clone());
        self
    }

    /// How it ended.
    #[must_use]
    pub const fn ended(mut self, ending: Ending) -> Self {
        self.ending = ending;
        self
    }
}

/// Who did it, from where.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Who {
    /// The system's user; `engine` where nobody did.
    pub user: String,
    /// `tui cli socket engine assistive`
    pub via: String,
    /// As whom.
    pub persona: String,
    /// The number of the system's user.
    pub uid: Option<u32>,
    /// The terminal.
    pub terminal: Option<String>,
    /// The remote end of the SSH session.
    pub ssh: Option<String>,
}

/// What ties a record to the entry right before it: that entry's digest, salted, because entries hold values that can be guessed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cover {
    salt: [u8; 16],
    digest: Hash,
}

impl Cover {
    /// Of an entry's bytes.
    #[must_use]
    pub fn of(salt: [u8; 16], entry: &[u8]) -> Self {
        Self { salt, digest: digest(&[b"stellar entry 1\0", &salt, entry]) }
    }

    /// Whether these are the entry's bytes.
    #[must_use]
    pub fn fits(&self, entry: &[u8]) -> bool {
        Self::of(self.salt, entry) == *self
    }

    /// The digest.
    #[must_use]
    pub const fn digest(&self) -> Hash {
        self.digest
    }

    /// The digest as it is shown.
    #[must_use]
    pub fn shown(&self) -> String {
        hex(&self.digest)
    }
}

/// One record, as it stands in the log. Its place in the chain is filled in by who writes it, in its last bytes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditRecord {
    /// What was done.
    pub deed: Deed,
    /// How it ended.
    pub ending: Ending,
    /// What it was done to.
    pub key: Option<String>,
    /// The id of what it is about.
    pub about: Option<String>,
    /// What else is to be known.
    pub detail: Option<String>,
    /// Who did it.
    pub who: Who,
    /// The entry it stands for.
    pub cover: Option<Cover>,
    seq: [u8; 8],
    hash: Hash,
}

/// Bytes at the end of an encoded record that say its place.
const PLACE: usize = 8 + 32;

impl AuditRecord {
    /// The record of a note; where a person is named, the caller is who asks for it.
    #[must_use]
    pub fn of(note: Note, caller: Option<&Arc<Caller>>, cover: Option<Cover>) -> Self {
        let text = |text: Option<String>| text.map(|text| tidy(&text));
        let who = match note.author {
            Some(Author { user, via, persona }) => {
                let Caller { uid, terminal, ssh } = caller.map(|caller| (**caller).clone()).unwrap_or_default();
                Who { user: tidy(&user), via: tidy(&via), persona: tidy(&persona), uid, terminal: text(terminal), ssh: text(ssh) }
            }
            None => Who { user: ENGINE.to_owned(), via: ENGINE.to_owned(), ..Who::default() },
        };
        let (key, about, detail) = (text(note.key), text(note.about), text(note.detail));
        Self { deed: note.deed, ending: note.ending, key, about, detail, who, cover, seq: [0; 8], hash: [0; 32] }
    }

    /// Its number, from 1.
    #[must_use]
    pub const fn seq(&self) -> u64 {
        u64::from_le_bytes(self.seq)
    }

    /// Its hash.
    #[must_use]
    pub const fn hash(&self) -> Hash {
        self.hash
    }

    /// Its hash as it is shown.
    #[must_use]
    pub fn shown(&self) -> String {
        hex(&self.hash)
    }

    /// Gives it its place.
    pub const fn place(&mut self, seq: u64, hash: Hash) {
        (self.seq, self.hash) = (seq.to_le_bytes(), hash);
    }

    /// Writes its place over the end of its bytes.
    pub fn write_place(&self, bytes: &mut [u8]) {
        if let Some(at) = bytes.len().checked_sub(PLACE)
            && let Some((seq, hash)) = bytes[at..].split_at_mut_checked(8)
        {
            seq.copy_from_slice(&self.seq);
            hash.copy_from_slice(&self.hash);
        }
    }

    /// The key, where it names one.
    #[must_use]
    pub fn named_key(&self) -> Option<Key> {
        self.key.as_deref().and_then(|key| Key::new(key).ok())
    }
}

/// One line without control characters, so that whoever recomputes a hash need not know how each tool escapes them.
fn tidy(text: &str) -> String {
    text.chars().take(LONGEST).map(|letter| if letter.is_control() { char::REPLACEMENT_CHARACTER } else { letter }).collect()
}
