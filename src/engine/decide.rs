//! Deciding what is true: from a person's word to the log of record.
//!
//! A decision is answered when it is on disk. It changes what is believed and sends nothing.

use std::{
    borrow::Cow,
    sync::{Arc, PoisonError},
};

use crate::fact::{
    Author, CommandId, ConflictClass, ConflictEntry, ConflictId, ConflictIdSearch, Decision, Found, Insight, Key, Normal, Now, Policy,
    Role, SourceId, Value, Verdict, majority_of, millionths, said_of, same,
};

use super::{
    api::{DecisionEvent, DecisionStep, EngineError, EngineEvent},
    cache::{Slot, may_differ},
    core::Core,
    queue::{QueueError, QueueState, What},
    store::StoreError,
};

/// What a person says of a conflict of values.
#[derive(Clone, Debug, PartialEq)]
pub enum Choice {
    /// What this source says is right.
    Accept(SourceId),
    /// This is right, whoever says it.
    Value(Value),
    /// None is right.
    Reject,
    /// What the rule believes most is to hold.
    ByRule,
}

/// A decision that is asked for.
#[derive(Clone, Debug, PartialEq)]
pub struct DecisionRequest {
    /// Minted by whoever asks: asking again with it is the same decision.
    pub id: CommandId,
    /// What is said.
    pub choice: Choice,
    /// What was looked at; none: whatever competes now.
    pub digest: Option<String>,
    /// Who says it.
    pub author: Author,
}

/// Why a decision was not made.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DecideError {
    /// No values compete under this id.
    #[error("there is no conflict {0}")]
    NoSuchConflict(ConflictId),
    /// Nothing was decided there.
    #[error("nothing was decided on {0}")]
    Undecided(String),
    /// Decisions on several conflicts begin so.
    #[error("{count} decided conflicts begin with {text}; give more of the id")]
    Ambiguous {
        /// What was given.
        text: String,
        /// How many begin so.
        count: usize,
    },
    /// The source that was named has no value that competes.
    #[error("{source_name} has no value of {key} that competes: {}", list(.candidates))]
    NoValueOf {
        /// Which fact.
        key: Key,
        /// Who was named.
        source_name: SourceId,
        /// Who has one.
        candidates: Vec<SourceId>,
    },
    /// As for changes.
    #[error(transparent)]
    Queue(#[from] QueueError),
    /// As for reads.
    #[error(transparent)]
    Engine(#[from] EngineError),
}

impl From<StoreError> for DecideError {
    fn from(error: StoreError) -> Self {
        Self::Engine(error.into())
    }
}

impl DecideError {
    /// The stable code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::NoSuchConflict(_) => "conflict_not_found",
            Self::Undecided(_) => "nothing_to_undo",
            Self::Ambiguous { .. } => "conflict_ambiguous",
            Self::NoValueOf { .. } => "no_such_candidate",
            Self::Queue(error) => error.code(),
            Self::Engine(error) => error.code(),
        }
    }
}

fn list(sources: &[SourceId]) -> String {
    let names: Vec<&str> = sources.iter().map(SourceId::as_str).collect();
    format!("name one of {}", names.join(", "))
}

/// A key whose values compete, looked at to be decided.
struct Looked {
    key: Key,
    slots: Vec<Arc<Slot>>,
    /// What would be believed without any decision, `p_true` uncorrected.
    plain: Insight,
    conflict: Arc<ConflictEntry>,
    /// `p_true` as it is shown.
    shown: f64,
    one_of: u32,
    /// The newest decision there is, and whether it holds.
    before: Option<(CommandId, bool)>,
}

impl Core {
    /// The keys of conflicts of values whose id begins so. Where it is one, it is known from then on by its whole id: whoever names a conflict
    /// goes on to decide on it.
    pub(super) fn contested_keys(&self, prefix: &str) -> Result<Vec<Key>, StoreError> {
        self.load()?;
        // Who looks at a question knows it by its whole id.
        if let Some(key) = self.asked_by(prefix).or_else(|| self.named_by(prefix)) {
            return Ok(vec![key]);
        }
        let Some(mut search) = ConflictIdSearch::new(ConflictClass::Value, prefix) else { return Ok(Vec::new()) };
        let mut keys: Vec<Key> = {
            let facts = self.read_facts();
            facts.table.matching(None).filter(|(key, notes)| may_differ(notes) && search.finds(key)).map(|(key, _)| key.clone()).collect()
        };
        keys.extend(self.kept_keys().into_iter().filter(|key| search.finds(key)));
        keys.sort_unstable();
        keys.dedup();
        if let [key] = keys.as_slice() {
            self.name(key);
        }
        Ok(keys)
    }

    /// Keeps in mind where the conflict of values of this key is.
    fn name(&self, key: &Key) {
        let named = (ConflictId::of(key, ConflictClass::Value), key.clone());
        *self.named.lock().unwrap_or_else(PoisonError::into_inner) = Some(named);
    }

    /// The key of the conflict of this whole id, where it was the last one that was named.
    fn named_by(&self, id: &str) -> Option<Key> {
        let id = ConflictId::parse(id).ok()?;
        let named = self.named.lock().unwrap_or_else(PoisonError::into_inner);
        named.as_ref().filter(|(of, _)| *of == id).map(|(_, key)| key.clone())
    }

    /// The key of the question of this whole id, where somebody looks at it: found without going through all that there are.
    fn asked_by(&self, id: &str) -> Option<Key> {
        let id = ConflictId::parse(id).ok()?;
        let key = self.keeper().as_ref()?.key_of(&id)?.clone();
        (id == ConflictId::of(&key, ConflictClass::Value)).then_some(key)
    }

    fn look_at(&self, id: &ConflictId) -> Result<Looked, DecideError> {
        let missing = || DecideError::NoSuchConflict(id.clone());
        let key = self.contested_keys(id.as_str())?.pop().ok_or_else(missing)?;
        let mut slots = self.recall(&key)?.slots().to_vec();
        if slots.is_empty() {
            slots = self.kept_slots(&key);
        }
        let now = self.now();
        let standings = self.standings(now);
        let plain = self.weigh(&key, &slots, &standings, now, None).ok_or_else(missing)?;
        let conflict = plain.conflict.clone().ok_or_else(missing)?;
        let belief = &standings.belief;
        let shown = belief.correction.map_or(plain.p_true, |correction| correction.correct(plain.p_true));
        let before = belief.decisions.newest(&key, ConflictClass::Value).map(|decision| (decision.id, self.holds(decision, &slots)));
        Ok(Looked { one_of: belief.strata.like(plain.p_true).max(1), key, slots, plain, conflict, shown, before })
    }

    fn holds(&self, decision: &Decision, slots: &[Arc<Slot>]) -> bool {
        let compare = self.rules.rule(&decision.key).map(|rule| rule.compare.clone()).unwrap_or_default();
        let now: Vec<Now<'_>> =
            self.competing(slots).map(|(slot, value)| Now { source: &slot.observation.source, value, normal: &slot.normal }).collect();
        decision.holds(&now, &compare)
    }

    /// Who competes, with what.
    fn competing<'a>(&'a self, slots: &'a [Arc<Slot>]) -> impl Iterator<Item = (&'a Arc<Slot>, &'a Value)> {
        let is_observed = |slot: &&Arc<Slot>| {
            let at = self.position(&slot.observation.source);
            at.is_some_and(|at| self.sources[at].config.role == Role::Observed)
        };
        slots.iter().filter(is_observed).filter_map(|slot| Some((slot, slot.value()?)))
    }

    /// Says what is true of a conflict of values; answered when it is on disk.
    ///
    /// # Errors
    /// [`DecideError`]: then nothing was decided.
    pub(super) async fn decide(self: &Arc<Self>, id: &ConflictId, request: &DecisionRequest) -> Result<Arc<Decision>, DecideError> {
        let known = self.desk.state().decisions().get(request.id).cloned();
        if let Some(known) = known {
            return Ok(known);
        }
        let answering = self.answering();
        let looked = self.look_at(id)?;
        let decision = Arc::new(self.decision(&looked, request)?);
        let seen = looked.before.map(|(id, _)| id);
        let decide = |state: &QueueState| {
            if state.lock(&decision.key).is_some() {
                return Err(QueueError::Locked(decision.key.clone()));
            }
            let newest = state.decisions().newest(&decision.key, decision.class).map(|decision| decision.id);
            if state.decisions().get(decision.id).is_some() {
                return Ok((Vec::new(), ()));
            }
            // Somebody else decided meanwhile: this one was not meant to take its place.
            if newest != seen {
                return Err(QueueError::Moved { id: id.to_string(), digest: decision.digest.to_string() });
            }
            Ok((vec![What::Decided(Box::new((*decision).clone()))], ()))
        };
        self.desk.change(self.now(), decide).await?;
        self.tell_decision(&decision, DecisionStep::Made, &decision.author);
        drop(answering);
        Ok(decision)
    }

    /// What a decision would be.
    ///
    /// # Errors
    /// Why there can be none.
    fn decision(&self, looked: &Looked, request: &DecisionRequest) -> Result<Decision, DecideError> {
        let Looked { key, conflict, plain, .. } = looked;
        if request.digest.as_ref().is_some_and(|seen| **seen != *conflict.digest) {
            return Err(QueueError::Moved { id: conflict.id.to_string(), digest: conflict.digest.to_string() }.into());
        }
        let (verdict, from) = match &request.choice {
            Choice::Accept(source) => {
                let own = self.competing(&looked.slots).find(|(slot, _)| slot.observation.source == *source);
                let candidates = || conflict.candidates.iter().flat_map(|candidate| candidate.sources.clone()).collect();
                let missing = || DecideError::NoValueOf { key: key.clone(), source_name: source.clone(), candidates: candidates() };
                let (_, value) = own.ok_or_else(missing)?;
                (Verdict::Accepted(value.clone()), Some(source.clone()))
            }
            Choice::Value(value) => {
                if let Some(why) = self.rules.violation(key, value) {
                    return Err(QueueError::BreaksSchema { key: key.clone(), why }.into());
                }
                (Verdict::Accepted(value.clone()), None)
            }
            Choice::Reject => (Verdict::Rejected, None),
            Choice::ByRule => {
                let best = plain.value.clone().ok_or_else(|| DecideError::NoSuchConflict(conflict.id.clone()))?;
                (Verdict::ByRule(best), Some(conflict.winner.clone()))
            }
        };
        let rule = self.rules.rule(key);
        let compare = rule.map(|rule| rule.compare.clone()).unwrap_or_default();
        let accepted = verdict.value().map(|value| Normal::of(value, &compare));
        let is_right = |value: Option<&Value>| match (&accepted, value) {
            (Some(accepted), Some(value)) => same(accepted, &Normal::of(value, &compare), &compare),
            _ => false,
        };
        let found = Found {
            p_true: millionths(plain.p_true),
            shown: millionths(looked.shown),
            is_right: is_right(plain.value.as_ref()),
            majority_is_right: is_right(majority_of(conflict).map(|candidate| &candidate.value)),
            one_of: looked.one_of,
            policy: policy_code(rule.map_or(&Policy::Auto, |rule| &rule.policy)).into(),
        };
        let said = said_of(
            self.competing(&looked.slots).map(|(slot, value)| (&slot.observation.source, Cow::Borrowed(value))),
            &verdict,
            &compare,
        );
        Ok(Decision {
            id: request.id,
            at: self.now(),
            key: key.clone(),
            class: ConflictClass::Value,
            digest: Arc::clone(&conflict.digest),
            field: self.field_of(key),
            verdict,
            from,
            said,
            found,
            replaces: looked.before.filter(|(_, holds)| *holds).map(|(id, _)| id),
            author: request.author.clone(),
        })
    }

    /// What a decision would be, without making it.
    ///
    /// # Errors
    /// Why there can be none.
    pub(super) fn would_decide(&self, id: &ConflictId, request: &DecisionRequest) -> Result<Decision, DecideError> {
        let looked = self.look_at(id)?;
        if self.desk.state().lock(&looked.key).is_some() {
            return Err(QueueError::Locked(looked.key).into());
        }
        self.decision(&looked, request)
    }

    /// Takes the newest decision on a conflict back; what it taught goes with it.
    ///
    /// # Errors
    /// [`DecideError::Undecided`] when there is none.
    pub(super) async fn undo_decision(self: &Arc<Self>, prefix: &str, author: &Author) -> Result<Arc<Decision>, DecideError> {
        let decide = |state: &QueueState| {
            let named: Vec<Arc<Decision>> = state.decisions().named(prefix).into_iter().cloned().collect();
            match named.as_slice() {
                [one] => Ok((vec![What::Undecided { decision: one.id, by: author.clone() }], Ok(Arc::clone(one)))),
                [] => Ok((Vec::new(), Err(DecideError::Undecided(prefix.to_owned())))),
                several => Ok((Vec::new(), Err(DecideError::Ambiguous { text: prefix.to_owned(), count: several.len() }))),
            }
        };
        let answering = self.answering();
        let decision = self.desk.change(self.now(), decide).await??;
        if decision.class == ConflictClass::Value {
            self.name(&decision.key);
        }
        self.tell_decision(&decision, DecisionStep::TakenBack, author);
        drop(answering);
        Ok(decision)
    }

    fn tell_decision(self: &Arc<Self>, decision: &Arc<Decision>, step: DecisionStep, by: &Author) {
        self.epoch.end();
        // So that whoever looks sees what is asked next with what was decided, and not a moment between.
        let _held = self.hold_back();
        let now = self.now();
        let event = DecisionEvent { step, decision: Arc::clone(decision), secret: self.is_secret(&decision.key), by: by.clone() };
        self.events.emit(now, EngineEvent::Decision(event));
        self.tell_changes(std::slice::from_ref(&decision.key), now);
        self.show_reweighed(Some(&decision.field));
    }
}

/// As in the configuration, without the source that is preferred.
fn policy_code(policy: &Policy) -> &'static str {
    match policy {
        Policy::Auto => "auto",
        Policy::Ask => "ask",
        Policy::Newest => "newest",
        Policy::Merge => "merge",
        Policy::Prefer(_) => "prefer",
    }
}
