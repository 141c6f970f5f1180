//! Commands: outgoing changes and notes, from the moment they are asked for to their end.
//!
//! Pure data with its rules of naming; what moves a command from state to state is the queue's work.

use std::{fmt, sync::Arc, time::Duration};

use serde::{Deserialize, Serialize};

use super::{
    key::Key,
    normal::{Normal, same},
    rule::CompareRule,
    source::SourceId,
    time::Timestamp,
    value::Value,
};

/// `q-` and 26 base32 characters of a `UUIDv7`, minted by whoever asks: asking again with it is the same command.
///
/// The last characters are random and the first are time, so it is the end that is shown and accepted.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct CommandId([u8; 16]);

/// Digits and small letters without `i l o u`, so that an id can be read out.
const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";
/// Characters of a whole id after `q-`.
const WHOLE: usize = 26;
/// Characters shown at the least.
const SHOWN: usize = 4;

/// A text that is no whole command id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a command id is q- and 26 of 0-9 a-z without i l o u; the last few are enough where only one ends so")]
pub struct CommandIdError;

impl CommandId {
    /// The id of these 128 bits, big end first.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    /// Its 128 bits.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }

    /// Reads a whole id, in either case.
    ///
    /// # Errors
    /// [`CommandIdError`] when it is none.
    pub fn parse(text: &str) -> Result<Self, CommandIdError> {
        let tidy = tidy(text).filter(|tidy| tidy.len() == WHOLE).ok_or(CommandIdError)?;
        let mut bits = 0_u128;
        for (at, letter) in tidy.bytes().enumerate() {
            let digit = ALPHABET.iter().position(|known| *known == letter).ok_or(CommandIdError)?;
            // 26 characters hold 130 bits: the first two are nothing.
            if at == 0 && digit > 7 {
                return Err(CommandIdError);
            }
            bits = bits << 5 | u128::try_from(digit).unwrap_or_default();
        }
        Ok(Self(bits.to_be_bytes()))
    }

    fn letters(&self) -> String {
        let bits = u128::from_be_bytes(self.0);
        let letter = |at: usize| ALPHABET.get(usize::try_from(bits >> (5 * at) & 31).unwrap_or_default()).copied().unwrap_or(b'0');
        (0..WHOLE).rev().map(|at| char::from(letter(at))).collect()
    }

    /// `q-` and the last characters, as many as tell it from each of `others`.
    #[must_use]
    pub fn short(&self, others: impl Iterator<Item = Self>) -> String {
        let own = self.letters();
        let alike = |other: &str| own.bytes().rev().zip(other.bytes().rev()).take_while(|(one, two)| one == two).count();
        let needed = others.filter(|other| other != self).map(|other| alike(&other.letters()) + 1).max().unwrap_or(0);
        format!("q-{}", &own[WHOLE - needed.clamp(SHOWN, WHOLE)..])
    }

    /// Whether it ends with this text: in either case, with or without its `q-`. An empty text ends none.
    #[must_use]
    pub fn has_suffix(&self, text: &str) -> bool {
        tidy(text).is_some_and(|suffix| !suffix.is_empty() && self.letters().ends_with(&suffix))
    }

    /// The same in the form that other systems know: 8-4-4-4-12 hexadecimal digits.
    #[must_use]
    pub fn idempotency_key(&self) -> String {
        let hex: String = self.0.iter().map(|byte| format!("{byte:02x}")).collect();
        format!("{}-{}-{}-{}-{}", &hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..])
    }
}

/// Small letters without `q-`, when nothing else is in it.
fn tidy(text: &str) -> Option<String> {
    let lower = text.to_ascii_lowercase();
    let rest = lower.strip_prefix("q-").unwrap_or(&lower);
    (rest.len() <= WHOLE && rest.bytes().all(|byte| ALPHABET.contains(&byte))).then(|| rest.to_owned())
}

impl fmt::Display for CommandId {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "q-{}", self.letters())
    }
}

impl fmt::Debug for CommandId {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{self}")
    }
}

/// Where a command stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum CommandState {
    /// Waits for its turn, for the network, for its next attempt.
    Queued,
    /// An attempt is under way, or was when the process ended.
    InFlight,
    /// Waits for a person: too old, or its source refuses us.
    Parked,
    /// Waits for a decision: its target holds a third value.
    Blocked,
    /// The target accepted it.
    Delivered,
    /// Accepted, and read back.
    Confirmed,
    /// Given up; kept with every answer until a person drops it.
    Dead,
    /// Taken back before it was delivered.
    Cancelled,
}

impl CommandState {
    /// Every state, in the order of a command's life.
    pub const ALL: [Self; 8] =
        [Self::Queued, Self::InFlight, Self::Parked, Self::Blocked, Self::Delivered, Self::Confirmed, Self::Dead, Self::Cancelled];

    /// The stable code.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::InFlight => "in_flight",
            Self::Parked => "parked",
            Self::Blocked => "blocked",
            Self::Delivered => "delivered",
            Self::Confirmed => "confirmed",
            Self::Dead => "dead",
            Self::Cancelled => "cancelled",
        }
    }

    /// The state of this code.
    #[must_use]
    pub fn of(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.code() == code)
    }

    /// Not at its end: something or somebody still moves it, and what comes after it on its key waits.
    #[must_use]
    pub const fn is_under_way(self) -> bool {
        matches!(self, Self::Queued | Self::InFlight | Self::Parked | Self::Blocked)
    }

    /// Waits for a person.
    #[must_use]
    pub const fn needs_a_person(self) -> bool {
        matches!(self, Self::Parked | Self::Blocked | Self::Dead)
    }

    /// The target has it.
    #[must_use]
    pub const fn is_delivered(self) -> bool {
        matches!(self, Self::Delivered | Self::Confirmed)
    }
}

impl fmt::Display for CommandState {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.code())
    }
}

/// What a fact is at the target, as far as somebody knows. `Debug` does not show it.
#[derive(Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum Base {
    /// Nobody knows: nothing is compared.
    #[default]
    Unknown,
    /// It is not there.
    Absent,
    /// This.
    Value(Value),
}

impl Base {
    /// What a re-read found.
    #[must_use]
    pub fn found(value: Option<Value>) -> Self {
        value.map_or(Self::Absent, Self::Value)
    }

    /// The value, if it is one.
    #[must_use]
    pub fn value(&self) -> Option<&Value> {
        match self {
            Self::Value(value) => Some(value),
            Self::Unknown | Self::Absent => None,
        }
    }

    /// Whether a change made on this base may be made on what is there now.
    #[must_use]
    pub fn holds(&self, current: &Self, rule: &CompareRule) -> bool {
        match (self, current) {
            (Self::Unknown, _) | (Self::Absent, Self::Absent) => true,
            (Self::Value(base), Self::Value(current)) => same(&Normal::of(base, rule), &Normal::of(current, rule), rule),
            _ => false,
        }
    }

    /// Whether it is exactly this value: 1 and 1.0 are, what is merely within a tolerance is not.
    #[must_use]
    pub fn is(&self, value: &Value) -> bool {
        let rule = CompareRule::default();
        self.value().is_some_and(|there| Normal::of(there, &rule) == Normal::of(value, &rule))
    }
}

impl fmt::Debug for Base {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Self::Unknown => "Unknown",
            Self::Absent => "Absent",
            Self::Value(_) => "Value(..)",
        })
    }
}

/// What a command does at its target.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Operation {
    /// Gives a key another value.
    Set,
    /// Hands over a note.
    Note,
}

impl Operation {
    /// The stable code.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Set => "set",
            Self::Note => "note",
        }
    }
}

/// Why a command stands where it stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum CommandReason {
    /// Its source cannot be reached.
    Unreachable,
    /// The target failed on it while answering others; it is tried again.
    TargetFailed,
    /// It is older than a change may become by itself.
    TooOld,
    /// The source refuses our credentials.
    AuthFailed,
    /// The target holds a third value.
    BaseMoved,
    /// The target refuses it for good.
    Refused,
    /// Every attempt was used up.
    AttemptsUsedUp,
    /// The source is not configured any more, or takes no change of this key.
    NoTarget,
    /// Nobody is configured to take notes.
    KeptHere,
    /// A person took it back.
    TakenBack,
    /// A person let the target's value stand.
    TheirsStands,
    /// Another change of the same key took its place.
    Replaced,
    /// An earlier change of the same key is not through yet.
    BehindAnother,
}

impl CommandReason {
    /// Every reason.
    pub const ALL: [Self; 13] = [
        Self::Unreachable,
        Self::TargetFailed,
        Self::TooOld,
        Self::AuthFailed,
        Self::BaseMoved,
        Self::Refused,
        Self::AttemptsUsedUp,
        Self::NoTarget,
        Self::KeptHere,
        Self::TakenBack,
        Self::TheirsStands,
        Self::Replaced,
        Self::BehindAnother,
    ];

    /// The stable code.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Unreachable => "unreachable",
            Self::TargetFailed => "target_failed",
            Self::TooOld => "too_old",
            Self::AuthFailed => "auth_failed",
            Self::BaseMoved => "base_moved",
            Self::Refused => "refused",
            Self::AttemptsUsedUp => "attempts_used_up",
            Self::NoTarget => "no_target",
            Self::KeptHere => "kept_here",
            Self::TakenBack => "taken_back",
            Self::TheirsStands => "theirs_stands",
            Self::Replaced => "replaced",
            Self::BehindAnother => "behind_another",
        }
    }

    /// What it means and what helps, in a sentence.
    #[must_use]
    pub const fn sentence(self) -> &'static str {
        match self {
            Self::Unreachable => "Its source cannot be reached; it is sent when it answers.",
            Self::TargetFailed => "The target failed on it while it answered others; it is tried again.",
            Self::TooOld => "It is older than a change may become by itself; retry it, edit it or drop it.",
            Self::AuthFailed => "The source refuses our credentials; mend them, then retry it.",
            Self::BaseMoved => "The target holds another value than it started from; decide with --mine or --theirs, or rebase it.",
            Self::Refused => "The target refuses it; edit it or drop it.",
            Self::AttemptsUsedUp => "The target failed on it every time; retry it, edit it or drop it.",
            Self::NoTarget => "No source takes this change any more; configure one and retry it, or drop it.",
            Self::KeptHere => "Nobody is configured to take notes (queue.submit_to), so it stays here.",
            Self::TakenBack => "It was taken back before it was delivered.",
            Self::TheirsStands => "The target's value was left standing.",
            Self::Replaced => "Another change of the same key took its place.",
            Self::BehindAnother => "An earlier change of the same key is not through yet.",
        }
    }
}

/// One attempt and what was answered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attempt {
    /// When it ended.
    pub at: Timestamp,
    /// A stable code: `accepted`, `moved`, `refused`, `denied`, `target_failed`, or why the source could not be reached.
    pub code: String,
    /// The status of an HTTP answer, the exit code of a command.
    pub status: Option<u16>,
    /// A short piece of what was said; hostile.
    pub said: String,
}

/// Who asked for it.
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Author {
    /// The operating system's user name.
    pub user: String,
    /// `tui cli socket engine assistive`.
    pub via: String,
    /// As whom.
    pub persona: String,
}

/// An outgoing change or note.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Command {
    /// Its name.
    pub id: CommandId,
    /// Which fact.
    pub key: Key,
    /// Who is to take it.
    pub source: SourceId,
    /// What it does.
    pub operation: Operation,
    /// The value it brings.
    pub value: Value,
    /// What the target held when it was made; what the change before it brings, where there is one.
    pub base: Base,
    /// Who asked for it.
    pub author: Author,
    /// When it was asked for.
    pub created_at: Timestamp,
    /// When it waits for a person instead of being sent.
    pub deadline: Timestamp,
    /// Where it stands.
    pub state: CommandState,
    /// When it came to stand there.
    pub since: Timestamp,
    /// Why it stands there.
    pub reason: Option<CommandReason>,
    /// What was answered so far, the newest last; of very many the first and the last.
    pub attempts: Vec<Attempt>,
    /// Attempts made in all.
    pub tries: u32,
    /// Attempts that count against it.
    pub charged: u32,
    /// Not before this moment.
    pub next_at: Option<Timestamp>,
    /// An attempt began whose outcome is not known: the target is read before it is sent again.
    pub uncertain: bool,
    /// What the target held when it was found to have moved.
    pub theirs: Base,
    /// The digest of the file that is being written.
    pub intended: Option<Arc<str>>,
    /// The target's mark of the version it accepted.
    pub revision: Option<Arc<str>>,
    /// Whether the target itself guarded against a change meanwhile; otherwise it was `checked, not guarded`.
    pub guarded: Option<bool>,
    /// The command that this one undoes.
    pub undoes: Option<CommandId>,
}

impl Command {
    /// What its target holds when it has arrived. A note is about a fact and gives it no value.
    #[must_use]
    pub fn leaves(&self) -> Base {
        match self.operation {
            Operation::Set => Base::Value(self.value.clone()),
            Operation::Note => self.base.clone(),
        }
    }

    /// Whether it gave this key at this target its value.
    #[must_use]
    pub fn is_delivered_to(&self, source: &SourceId, key: &Key) -> bool {
        self.state.is_delivered() && self.operation == Operation::Set && self.key == *key && self.source == *source
    }

    /// When its target accepted it, as far as that is known; of one that was not, when it came to stand where it stands.
    #[must_use]
    pub fn accepted_at(&self) -> Timestamp {
        // Being read back moves `since` on; the attempt that was accepted is the last one there is.
        let accepted = self.attempts.last().filter(|attempt| self.state == CommandState::Confirmed && attempt.code == "accepted");
        accepted.map_or(self.since, |attempt| attempt.at)
    }

    /// How long it has been waiting.
    #[must_use]
    pub fn age(&self, now: Timestamp) -> Duration {
        now.since(self.created_at)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn ids_do_not_move_between_builds() {
        let id = CommandId::from_bytes([0x01, 0x9b, 0x8f, 0, 0, 1, 0x70, 0, 0x80, 0, 0, 0, 0, 0x12, 0x34, 0x56]);
        assert_eq!(id.to_string(), "q-01ke7g0001e008000000014d2p");
        assert_eq!(CommandId::parse(&id.to_string().to_uppercase()), Ok(id));
        assert_eq!(id.idempotency_key(), "019b8f00-0001-7000-8000-000000123456");
    }

    #[test]
    fn the_end_of_an_id_is_enough_where_only_one_ends_so() {
        let one = CommandId::from_bytes([1; 16]);
        let mut near = [1; 16];
        near[12] = 9;
        let other = CommandId::from_bytes(near);
        assert_eq!(one.short(std::iter::empty()).len(), 6);
        let (short, long) = (one.short([other, one].into_iter()), other.short([one].into_iter()));
        assert!(short.len() > 6 && one.has_suffix(&short) && !other.has_suffix(&short), "{short} {long}");
        assert!(other.has_suffix(&long) && !one.has_suffix(&long));
        for none in ["", "q-", "u", "q-0000", "-"] {
            assert!(!one.has_suffix(none), "{none}");
        }
        for text in ["", "q-", "q-8w2k", "q-z0000000000000000000000000", "c-00000000000000000000000000"] {
            assert_eq!(CommandId::parse(text), Err(CommandIdError), "{text}");
        }
    }

    #[test]
    fn every_state_and_reason_has_its_own_code() {
        let states: HashSet<_> = CommandState::ALL.iter().map(|state| state.code()).collect();
        assert_eq!(states.len(), CommandState::ALL.len());
        assert!(CommandState::ALL.iter().all(|state| CommandState::of(state.code()) == Some(*state)));
        let reasons: HashSet<_> = CommandReason::ALL.iter().map(|reason| reason.code()).collect();
        assert_eq!(reasons.len(), CommandReason::ALL.len());
        for (at, reason) in CommandReason::ALL.into_iter().enumerate() {
            assert_eq!(reason as usize, at, "ALL is in order and leaves none out");
            assert!(reason.sentence().ends_with('.'));
        }
    }

    proptest! {
        #[test]
        fn an_id_is_read_back(bytes in any::<[u8; 16]>()) {
            let id = CommandId::from_bytes(bytes);
            prop_assert_eq!(CommandId::parse(&id.to_string()), Ok(id));
            prop_assert!(id.has_suffix(&id.to_string()));
        }

        #[test]
        fn no_text_panics(text in ".*") {
            let _ = CommandId::parse(&text);
            let _ = CommandId::from_bytes([7; 16]).has_suffix(&text);
        }
    }
}
