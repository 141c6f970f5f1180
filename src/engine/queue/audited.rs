//! Which entries of the log stand in the audit, and what their records say.
//!
//! What is not here is either said by what is (a lease by its delivery) or decided by nobody (another attempt).

use std::sync::OnceLock;

use crate::{
    engine::audit::{AuditRecord, Cover, Deed, Ending, Note, caller},
    fact::{Author, CommandId, CommandState, ConflictId, Operation, Timestamp, Value},
};

use super::{
    entry::{Entry, Step, What},
    state::QueueState,
};

/// Makes records of entries.
#[derive(Debug, Default)]
pub struct Recorder {
    /// What salts are drawn from: a digest alone would give away values that can be guessed.
    secret: OnceLock<[u8; 32]>,
}

impl Recorder {
    /// Draws salts from this; the first time only.
    pub fn salt(&self, secret: [u8; 32]) {
        let _ = self.secret.set(secret);
    }

    /// The bytes of these, in order, each that is to be audited with its record behind it; and the state with all of them.
    pub fn with_records(&self, at: Timestamp, whats: Vec<What>, state: &mut QueueState) -> Vec<Vec<u8>> {
        let caller = caller();
        let mut written = Vec::with_capacity(whats.len() * 2);
        for what in whats {
            let note = note_of(&what, state);
            let entry = Entry { at, what };
            let bytes = entry.encode();
            state.apply(&entry);
            let record = note.map(|note| AuditRecord::of(note, caller.as_ref(), Some(self.cover(&bytes))));
            written.push(bytes);
            written.extend(record.map(|record| Entry { at, what: What::Audit(Box::new(record)) }.encode()));
        }
        written
    }

    fn cover(&self, entry: &[u8]) -> Cover {
        let mut salt = [0; 16];
        if let Some(secret) = self.secret.get() {
            let hash = blake3::keyed_hash(secret, entry);
            hash.as_bytes().iter().zip(&mut salt).for_each(|(byte, salt)| *salt = *byte);
        }
        Cover::of(salt, entry)
    }
}

/// Whether an entry is to have a record behind it.
pub fn is_audited(what: &What) -> bool {
    !matches!(
        what,
        What::Step(_, Step::Leased | Step::Intended(_) | Step::Attempted { .. } | Step::Waits { .. } | Step::Confirmed) | What::Audit(_)
    )
}

/// What the record of an entry says; none where it has none. `state` is as it was before the entry.
fn note_of(what: &What, state: &QueueState) -> Option<Note> {
    if !is_audited(what) {
        return None;
    }
    match what {
        What::Asked(asked) => {
            let deed = if asked.operation == Operation::Note { Deed::NoteAsked } else { Deed::ChangeAsked };
            let target = match asked.undoes {
                Some(undone) => format!("for {}, undoes {undone}", asked.source),
                None => format!("for {}", asked.source),
            };
            Some(Note::new(deed).of_key(asked.key.as_str()).about(asked.id.to_string()).detail(target).by(&asked.author))
        }
        What::Step(id, step) => of_step(*id, step, state),
        What::Held(held, author) => Some(Note::new(if *held { Deed::SendingHeld } else { Deed::SendingReleased }).by(author)),
        What::Locked(lock) => Some(Note::new(Deed::KeyLocked).of_key(lock.key.as_str()).by(&lock.author)),
        What::Unlocked(key, author) => Some(Note::new(Deed::KeyUnlocked).of_key(key.as_str()).by(author)),
        What::Decided(decision) => {
            let id = ConflictId::of(&decision.key, decision.class);
            let from = decision.from.as_ref().map(|from| format!(" what {from} says")).unwrap_or_default();
            let how = format!("{}{from}, decision {}", decision.verdict.code(), decision.id);
            Some(Note::new(Deed::ConflictDecided).of_key(decision.key.as_str()).about(id.to_string()).detail(how).by(&decision.author))
        }
        What::Undecided { decision, by } => {
            let note = Note::new(Deed::DecisionUndone).detail(format!("decision {decision}")).by(by);
            let of = state.decisions().get(*decision);
            Some(match of {
                Some(of) => note.of_key(of.key.as_str()).about(ConflictId::of(&of.key, of.class).to_string()),
                None => note,
            })
        }
        What::TrustReset(reset, by) => {
            let field = reset.field.as_ref().map_or_else(|| "every field".to_owned(), |field| format!("field {field}"));
            Some(Note::new(Deed::TrustReset).about(reset.source.to_string()).detail(field).by(by))
        }
        What::Audit(_) => None,
    }
}

fn of_step(id: CommandId, step: &Step, state: &QueueState) -> Option<Note> {
    let note = |deed, detail: String, by: Option<&Author>| {
        let note = Note::new(deed).about(id.to_string()).detail(detail);
        let note = match state.get(id) {
            Some(command) => note.of_key(command.key.as_str()),
            None => note,
        };
        match by {
            Some(author) => note.by(author),
            None => note,
        }
    };
    let target = state.get(id).map(|command| format!("for {}", command.source)).unwrap_or_default();
    match step {
        Step::Delivered { .. } => Some(note(Deed::ChangeDelivered, target, None)),
        Step::Stopped { state, reason, by } => {
            let (deed, ending) = match state {
                CommandState::Parked => (Deed::ChangeParked, Ending::Done),
                CommandState::Dead => (Deed::ChangeDead, Ending::Failed),
                _ => (Deed::ChangeEnded, Ending::Done),
            };
            Some(note(deed, format!("{target}, {}", reason.code()), by.as_ref()).ended(ending))
        }
        Step::Blocked { .. } => Some(note(Deed::ChangeBlocked, target, None)),
        Step::GoesOn { value, by, .. } => {
            let how = if value.is_some() { "with another value" } else { "as it is" };
            Some(note(Deed::ChangeGoesOn, format!("{target}, {how}"), by.as_ref()))
        }
        Step::Leased | Step::Intended(_) | Step::Attempted { .. } | Step::Waits { .. } | Step::Confirmed => None,
    }
}

/// The value that an entry brings, for whoever reads the audit where values may be shown.
#[must_use]
pub fn value_in(what: &What) -> Option<&Value> {
    match what {
        What::Asked(asked) => Some(&asked.value),
        What::Step(_, Step::GoesOn { value, .. }) => value.as_ref(),
        What::Decided(decision) => decision.verdict.value(),
        _ => None,
    }
}
