//! What stands in the log of record: who did what when, in a form that later versions can read.
//!
//! An entry is a version byte and postcard. Variants are only ever added, at the end.

use std::sync::{Arc, LazyLock};

use serde::{Deserialize, Serialize};

use crate::engine::audit::{AuditRecord, Deed, Note};
use crate::fact::{
    Attempt, Author, Base, CommandId, CommandReason, CommandState, Decision, Key, Operation, SourceId, Timestamp, TrustReset, Value,
};

/// The version of an entry.
const VERSION: u8 = 1;

/// One thing that happened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// When, by the wall clock.
    pub at: Timestamp,
    /// What.
    pub what: What,
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum What {
    /// A change or a note was asked for.
    Asked(Box<Asked>),
    /// A command took a step.
    Step(CommandId, Step),
    /// All sending was stopped, or goes on.
    Held(bool, Author),
    /// Belief in a key was frozen.
    Locked(Box<Lock>),
    /// Belief in a key moves again.
    Unlocked(Key, Author),
    /// Somebody said what is true.
    Decided(Box<Decision>),
    /// A decision was taken back.
    Undecided {
        /// Which.
        decision: CommandId,
        /// Who did it.
        by: Author,
    },
    /// What was learned of a source begins anew.
    TrustReset(TrustReset, Author),
    /// Something stands in the audit: the entry right before it, or what is no entry otherwise.
    Audit(Box<AuditRecord>),
}

/// The number of [`What::Audit`] in front of its bytes.
static AUDIT: LazyLock<Option<u8>> = LazyLock::new(|| {
    let record = AuditRecord::of(Note::new(Deed::Denied), None, None);
    postcard::to_stdvec(&What::Audit(Box::new(record))).ok().and_then(|bytes| bytes.first().copied())
});

/// A command as it was asked for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Asked {
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
    /// What it starts from.
    pub base: Base,
    /// Who asked.
    pub author: Author,
    /// When it waits for a person instead of being sent.
    pub deadline: Timestamp,
    /// The command that it undoes.
    pub undoes: Option<CommandId>,
    /// Notes that nobody takes are at their end at once.
    pub kept_here: bool,
}

/// A step of a command.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Step {
    /// It is about to be sent: whatever happens from here on, its outcome is uncertain until it is written down.
    Leased,
    /// The file it writes will have this digest.
    Intended(Arc<str>),
    /// An attempt ended; what is charged counts against it.
    Attempted {
        /// What was answered.
        attempt: Attempt,
        /// Whether it counts against the command.
        charged: bool,
    },
    /// It goes on waiting: not before this moment.
    Waits {
        /// When it is due again.
        next_at: Option<Timestamp>,
        /// Why it waits.
        reason: Option<CommandReason>,
        /// Whether the last attempt may have reached the target.
        uncertain: bool,
    },
    /// The target has it.
    Delivered {
        /// The target's mark of the version.
        revision: Option<Arc<str>>,
        /// Whether the target guarded it.
        guarded: bool,
        /// Whether it was read back.
        confirmed: bool,
    },
    /// It was read back.
    Confirmed,
    /// It waits for a person, or it is at its end.
    Stopped {
        /// Where it stands now.
        state: CommandState,
        /// Why.
        reason: CommandReason,
        /// Who did it; nobody, when a rule did.
        by: Option<Author>,
    },
    /// The target holds a third value.
    Blocked {
        /// What it holds.
        theirs: Base,
    },
    /// A person has it go on, from this base, with this value, until this moment.
    GoesOn {
        /// What it starts from now.
        base: Base,
        /// The value it brings now; none: as before.
        value: Option<Value>,
        /// Until when it may be sent by itself.
        deadline: Timestamp,
        /// Who did it; nobody, when a rule did.
        by: Option<Author>,
    },
}

/// Belief in a key that was frozen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lock {
    /// Which fact.
    pub key: Key,
    /// What was believed then; none when nothing was.
    pub value: Option<Value>,
    /// Who did it.
    pub author: Author,
}

impl Entry {
    /// The entry's bytes.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        encode(self)
    }

    /// Whether these bytes are a record of the audit, without reading all of them.
    #[must_use]
    pub fn is_audit(bytes: &[u8]) -> bool {
        let Some((&VERSION, rest)) = bytes.split_first() else { return false };
        let after = postcard::take_from_bytes::<Timestamp>(rest).ok();
        after.is_some_and(|(_, what)| what.first().copied() == *AUDIT)
    }

    /// What [`Entry::encode`] made; none for another version or for bytes that are none.
    #[must_use]
    pub fn decode(bytes: &[u8]) -> Option<Self> {
        decode(bytes)
    }
}

/// A version byte and postcard.
pub fn encode(stored: &impl Serialize) -> Vec<u8> {
    // Plain numbers and texts into a growing vector: there is no way to fail, and an empty entry would not decode.
    postcard::to_extend(stored, vec![VERSION]).unwrap_or_default()
}

/// What [`encode`] made; none for another version or trailing bytes.
pub fn decode<'a, T: Deserialize<'a>>(bytes: &'a [u8]) -> Option<T> {
    let (version, rest) = bytes.split_first()?;
    let (stored, after) = postcard::take_from_bytes(rest).ok()?;
    (*version == VERSION && after.is_empty()).then_some(stored)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fact::{ConflictClass, FieldName, Found, Said, Verdict};

    fn hex(bytes: &[u8]) -> String {
        bytes.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    #[test]
    fn golden() {
        let author = Author { user: "u".to_owned(), via: "cli".to_owned(), persona: "sre".to_owned() };
        let asked = Asked {
            id: CommandId::from_bytes([1; 16]),
            key: Key::new("a/b").unwrap(),
            source: SourceId::new("s").unwrap(),
            operation: Operation::Set,
            value: Value::parse("9").unwrap(),
            base: Base::Value(Value::parse("4").unwrap()),
            author: author.clone(),
            deadline: Timestamp::from_millis(64),
            undoes: None,
            kept_here: false,
        };
        let entry = Entry { at: Timestamp::from_millis(1), what: What::Asked(Box::new(asked)) };
        assert_eq!(hex(&entry.encode()), GOLDEN);
        assert_eq!(Entry::decode(&entry.encode()), Some(entry));
        let step = |step| Entry { at: Timestamp::from_millis(1), what: What::Step(CommandId::from_bytes([2; 16]), step) };
        let id = "02".repeat(16);
        for (what, golden) in [
            (step(Step::Leased), format!("010201{id}00")),
            (step(Step::Confirmed), format!("010201{id}05")),
            (step(Step::Stopped { state: CommandState::Dead, reason: CommandReason::Refused, by: None }), format!("010201{id}06060500")),
            (Entry { at: Timestamp::from_millis(1), what: What::Held(true, author) }, "01020201017503636c6903737265".to_owned()),
        ] {
            assert_eq!(hex(&what.encode()), golden, "{what:?}");
            assert_eq!(Entry::decode(&what.encode()), Some(what));
        }
    }

    #[test]
    fn golden_of_decisions() {
        let author = Author { user: "u".to_owned(), via: "cli".to_owned(), persona: "sre".to_owned() };
        let (at, source) = (Timestamp::from_millis(1), SourceId::new("s").unwrap());
        let decision = Decision {
            id: CommandId::from_bytes([3; 16]),
            at,
            key: Key::new("a/gate").unwrap(),
            class: ConflictClass::Value,
            digest: "d".into(),
            field: FieldName::new("gate"),
            verdict: Verdict::Accepted(Value::parse("9").unwrap()),
            from: Some(source.clone()),
            said: vec![Said { source: source.clone(), value: Value::parse("9").unwrap(), is_right: true }],
            found: Found { p_true: 500_000, shown: 480_000, is_right: true, majority_is_right: false, one_of: 7, policy: "auto".into() },
            replaces: None,
            author: author.clone(),
        };
        let by = author.clone();
        let reset = TrustReset { source, field: Some(FieldName::new("gate")), at };
        for (what, golden) in [
            (What::Decided(Box::new(decision)), DECIDED),
            (What::Undecided { decision: CommandId::from_bytes([3; 16]), by }, UNDECIDED),
            (What::TrustReset(reset, author), TRUST_RESET),
        ] {
            let entry = Entry { at, what };
            assert_eq!(hex(&entry.encode()), golden, "{entry:?}");
            assert_eq!(Entry::decode(&entry.encode()), Some(entry));
        }
    }

    const DECIDED: &str = concat!(
        "010205030303030303030303030303030303030206612f676174650001640467617465000139010173010173013901a0",
        "c21e80a61d010007046175746f00017503636c6903737265"
    );
    const UNDECIDED: &str = "01020603030303030303030303030303030303017503636c6903737265";
    const TRUST_RESET: &str = "010207017301046761746502017503636c6903737265";
    const GOLDEN: &str = "0102000101010101010101010101010101010103612f620173000139020134017503636c690373726580010000";

    #[test]
    fn no_bytes_panic_and_a_newer_version_is_none_of_ours() {
        assert_eq!(Entry::decode(&[]), None);
        assert_eq!(Entry::decode(&[2, 2, 1]), None);
        for length in 0..60 {
            let _ = Entry::decode(&vec![1; length]);
        }
    }
}
