//! Changes, from the request to the log: who takes one, what it starts from; and how the queue shows in facts and in numbers.
//!
//! Everything is decided on the queue as it stands at that moment and answered when it is in the log of record; nothing is sent here.

use std::{borrow::Borrow, sync::Arc, time::Duration};

use crate::fact::{
    Agreement, Base, ClassOfValue, Command, CommandId, CommandState, CompareRule, Content, FactState, Insight, Key, KeyRule, Mark,
    Operation, OwnWrite, Pending, Role, SourceId, Timestamp, Value,
};

use super::{
    api::EngineEvent,
    cache::Slot,
    core::Core,
    queue::{Asked, ChangeRequest, Plan, QueueError, QueueEvent, QueueState, QueueStatus, SourceQueue, What},
};

/// The source of what stays here.
pub(super) const HERE: &str = "local";
/// What a change may have, in bytes.
const LARGEST: usize = 4 * 1024 * 1024;

impl Core {
    /// What a change would do; changes nothing.
    ///
    /// # Errors
    /// Why it cannot be done.
    pub(super) fn plan(&self, request: &ChangeRequest) -> Result<Plan, QueueError> {
        let state = self.desk.state().clone();
        self.plan_on(&state, request)
    }

    fn plan_on(&self, state: &QueueState, request: &ChangeRequest) -> Result<Plan, QueueError> {
        let bytes = request.value.as_json_text().len();
        if bytes > LARGEST {
            return Err(QueueError::TooLarge { bytes, limit: LARGEST });
        }
        // A note is about a fact and gives it no value.
        let sets = request.operation == Operation::Set;
        if sets && state.lock(&request.key).is_some() {
            return Err(QueueError::Locked(request.key.clone()));
        }
        if let Some(why) = self.rules.violation(&request.key, &request.value).filter(|_| sets) {
            return Err(QueueError::BreaksSchema { key: request.key.clone(), why });
        }
        let queue = &self.options.config.queue;
        let deadline = self.now().plus(request.expires.unwrap_or(queue.max_staleness));
        let Some(source) = self.taker(request)? else {
            let here = SourceId::new(HERE).map_err(|_| QueueError::Unwritable(request.key.clone()))?;
            return Ok(Plan { source: here, base: Base::Unknown, deadline, behind: 0, kept_here: true });
        };
        let behind = state.line(&source, &request.key).count();
        // What goes before it leaves its value behind: that is what this one starts from.
        let before = state.line(&source, &request.key).next_back().map(Command::leaves);
        let base = before.unwrap_or_else(|| self.held_by_target(state, &source, &request.key));
        Ok(Plan { source, base, deadline, behind, kept_here: false })
    }

    /// What the target held when it last said so.
    pub(super) fn held_by_target(&self, state: &QueueState, source: &SourceId, key: &Key) -> Base {
        let observation = self.said_by(source, key).or_else(|| self.store.get_from(key, source).ok().flatten());
        match (state.last_delivered(source, key), observation) {
            // What it accepted after it was last asked; also where that did not reach the cache any more.
            (Some(command), Some(observation)) if command.since >= observation.fetched_at => Base::Value(command.value.clone()),
            (_, Some(observation)) => Base::found(observation.value().cloned()),
            (Some(command), None) => Base::Value(command.value.clone()),
            (None, None) => Base::Unknown,
        }
    }

    /// Asks the target what it holds, where it can be asked, so that what is decided now is decided on what is there now.
    pub(super) async fn look_at_target(self: &Arc<Self>, id: CommandId) {
        let source = self.desk.state().get(id).map(|command| command.source.clone());
        if let Some(at) = source.and_then(|source| self.position(&source)).filter(|_| self.may_send()) {
            self.refresh_unit(self.sources[at].unit).await;
        }
    }

    /// Keeps in the cache what is under way or locked; what there is no room to keep is said.
    pub(super) fn pin_changes(&self) {
        let (add, remove) = self.desk.pins();
        for key in &remove {
            self.keeping.room().unpin(key);
        }
        for key in &add {
            if let Err(error) = self.pin(key) {
                self.events.emit(self.now(), EngineEvent::Fault(error.to_string()));
            }
        }
    }

    /// Whether a key's values are to be masked.
    pub(super) fn is_secret(&self, key: &Key) -> bool {
        ClassOfValue::of(key, self.rules.rule(key)) == ClassOfValue::Secret
    }

    fn takers_of<'a>(&'a self, key: &'a Key) -> impl Iterator<Item = &'a super::core::SourceSlot> {
        self.sources
            .iter()
            .filter(|slot| slot.config.enabled && slot.config.writable && slot.claims.could_hold(key) && slot.source.writes(key))
    }

    /// Sources that take changes of a key.
    pub(super) fn takers(&self, key: &Key) -> Vec<SourceId> {
        self.takers_of(key).map(|slot| slot.id.clone()).collect()
    }

    /// Who is to take it; nobody, for a note that nobody is configured to take.
    fn taker(&self, request: &ChangeRequest) -> Result<Option<SourceId>, QueueError> {
        let key = &request.key;
        if let Some(named) = &request.source {
            let slot = self.takers_of(key).find(|slot| slot.id == *named);
            let not_by = || QueueError::NotBy { key: key.clone(), source_name: named.to_string() };
            return slot.map(|slot| Some(slot.id.clone())).ok_or_else(not_by);
        }
        if request.operation == Operation::Note {
            let to = self.options.config.queue.submit_to.as_str();
            let slot = self.sources.iter().find(|slot| !to.is_empty() && slot.id.as_str() == to);
            let writes = slot.filter(|slot| slot.config.writable && slot.source.writes(key));
            return match (to.is_empty(), writes) {
                (true, _) => Ok(None),
                (false, Some(slot)) => Ok(Some(slot.id.clone())),
                (false, None) => Err(QueueError::NotBy { key: key.clone(), source_name: to.to_owned() }),
            };
        }
        let could: Vec<&super::core::SourceSlot> = self.takers_of(key).collect();
        let rule = self.rules.rule(key).and_then(|rule| rule.write_to.as_ref());
        if let Some(slot) = could.iter().find(|slot| rule == Some(&slot.id)) {
            return Ok(Some(slot.id.clone()));
        }
        match could.as_slice() {
            [] => Err(QueueError::Unwritable(key.clone())),
            [one] => Ok(Some(one.id.clone())),
            several => Err(QueueError::SeveralSources { key: key.clone(), sources: several.iter().map(|slot| slot.id.clone()).collect() }),
        }
    }

    /// Queues changes; answered when they are on disk. All of them or none.
    ///
    /// # Errors
    /// The first that cannot be done.
    pub(super) async fn ask_for(&self, requests: &[ChangeRequest]) -> Result<Vec<Arc<Command>>, QueueError> {
        let decide = |state: &QueueState| {
            // Each is planned on the queue as the ones before it leave it.
            let mut ahead = std::borrow::Cow::Borrowed(state);
            let mut whats = Vec::new();
            for request in requests {
                if ahead.get(request.id).is_some() {
                    continue;
                }
                let plan = self.plan_on(&ahead, request)?;
                let what = What::Asked(Box::new(Asked {
                    id: request.id,
                    key: request.key.clone(),
                    source: plan.source,
                    operation: request.operation,
                    value: request.value.clone(),
                    base: plan.base,
                    author: request.author.clone(),
                    deadline: plan.deadline,
                    undoes: request.undoes,
                    kept_here: plan.kept_here,
                }));
                if requests.len() > 1 {
                    ahead.to_mut().apply(&super::queue::Entry { at: self.now(), what: what.clone() });
                }
                whats.push(what);
            }
            Ok((whats, ()))
        };
        self.desk.change(self.now(), decide).await?;
        let ids: Vec<CommandId> = requests.iter().map(|request| request.id).collect();
        self.desk.wake.notify_one();
        Ok(self.tell_commands(&ids))
    }

    /// Tells of commands that moved, and shows their facts anew; gives them back.
    pub(super) fn tell_commands(&self, ids: &[CommandId]) -> Vec<Arc<Command>> {
        let moved: Vec<Arc<Command>> = {
            let state = self.desk.state();
            ids.iter().filter_map(|id| state.get(*id)).map(|command| Arc::new(command.clone())).collect()
        };
        let now = self.now();
        for command in &moved {
            let secret = self.is_secret(&command.key);
            self.events.emit(now, EngineEvent::Queue(QueueEvent { command: Arc::clone(command), secret }));
        }
        self.pin_changes();
        let mut keys: Vec<Key> = moved.iter().map(|command| command.key.clone()).collect();
        keys.sort_unstable();
        keys.dedup();
        self.tell_changes(&keys, now);
        moved
    }

    /// The one command whose id ends so.
    pub(super) fn command_named(&self, text: &str) -> Result<CommandId, QueueError> {
        let state = self.desk.state();
        let found: Vec<CommandId> = state.all().map(|command| command.id).filter(|id| id.has_suffix(text)).collect();
        match found.as_slice() {
            [] => Err(QueueError::NoSuchCommand(text.to_owned())),
            [one] => Ok(*one),
            several => Err(QueueError::Ambiguous { text: text.to_owned(), count: several.len() }),
        }
    }

    /// The change of a key that its target accepted last and still shows; none where nobody else says anything of it.
    pub(super) fn own_write<S: Borrow<Slot>>(&self, key: &Key, rule: Option<&KeyRule>, slots: &[S]) -> Option<Command> {
        if slots.len() < 2 {
            return None;
        }
        let written = self.desk.state().last_written(key)?.clone();
        let compare = rule.map(|rule| rule.compare.clone()).unwrap_or_default();
        let shows = |slot: &S| of_write(&written).stands(&slot.borrow().observation, &compare);
        slots.iter().any(shows).then_some(written)
    }

    /// Whether what a source says of it is from before that change, and was replaced by it.
    pub(super) fn is_overtaken(
        &self,
        written: &Command,
        rule: Option<&KeyRule>,
        slot: &Slot,
        vouched_at: Option<Timestamp>,
        now: Timestamp,
    ) -> bool {
        let observation = &slot.observation;
        let write = of_write(written);
        // An answer may have come after the write and yet have been asked for before it.
        let asked_before = self.desk.sources.was_asked_before(&observation.source, &written.source, &written.key);
        let asked_at = if asked_before { write.at } else { observation.fetched_at.max(vouched_at.unwrap_or(observation.fetched_at)) };
        let compare = rule.map(|rule| rule.compare.clone()).unwrap_or_default();
        write.overtakes(observation, asked_at, &compare, now)
    }

    /// A key that no source has said anything of, while a change of it is under way.
    pub(super) fn unheard_of(&self, key: &Key, now: Timestamp) -> Option<Insight> {
        let (pending, source) = {
            let state = self.desk.state();
            if state.is_idle() {
                return None;
            }
            let last = state.under_way(key).rfind(|command| command.operation == Operation::Set)?;
            (pending_of(last), last.source.clone())
        };
        // Who has answered completely does not have it; of who has not, nobody knows.
        let answered = self.position(&source).is_some_and(|at| self.sources[at].health().complete_at.is_some());
        let state = if answered { FactState::Gone } else { FactState::Offline };
        Some(Insight::of_pending(key, pending, state, self.rules.rule(key), now))
    }

    /// Keys with a change under way that no source has said anything of.
    pub(super) fn unheard_of_keys(&self) -> Vec<Key> {
        let keys = self.desk.state().keys_under_way();
        let facts = self.read_facts();
        keys.into_iter().filter(|key| facts.table.notes(key).is_empty()).collect()
    }

    /// What is under way for a key and whether belief in it is frozen, put into what is believed.
    pub(super) fn mark_changes(&self, insight: &mut Insight) {
        let state = self.desk.state();
        if !state.is_idle()
            // A note gives no value.
            && let Some(last) = state.under_way(&insight.key).rfind(|command| command.operation == Operation::Set)
        {
            insight.marks.insert(Mark::Pending);
            insight.pending = Some(pending_of(last));
        }
        if let Some(lock) = state.lock(&insight.key) {
            insight.marks.insert(Mark::Locked);
            insight.marks.remove(Mark::Conflict);
            let compare = self.compare_of(&insight.key);
            if !Base::found(lock.value.clone()).holds(&Base::found(insight.value.clone()), &compare) {
                let_nobody_vouch(insight, lock.value.as_ref(), &compare);
            }
            insight.value.clone_from(&lock.value);
        }
    }

    fn compare_of(&self, key: &Key) -> CompareRule {
        self.rules.rule(key).map(|rule| rule.compare.clone()).unwrap_or_default()
    }

    /// How the queue stands.
    pub(super) fn queue_status(&self, now: Timestamp) -> QueueStatus {
        let state = self.desk.state();
        let mut states = Vec::new();
        let mut sources: Vec<SourceQueue> = Vec::new();
        let mut oldest: Option<Duration> = None;
        for of in CommandState::ALL {
            let count = state.all().filter(|command| command.state == of).count() as u64;
            if count > 0 {
                states.push((of, count));
            }
        }
        for command in state.all().filter(|command| command.state.is_under_way()) {
            oldest = oldest.max(Some(command.age(now)));
            match sources.iter_mut().find(|queue| queue.source == command.source) {
                Some(queue) => queue.depth += 1,
                None => sources.push(self.source_queue(&command.source, now)),
            }
        }
        for queue in &mut sources {
            let waiting = state.heads().filter(|head| head.source == queue.source);
            let first = waiting.min_by_key(|head| (head.next_at, head.created_at));
            queue.reason = queue.reason.or(first.and_then(|head| head.reason));
            queue.next_at = queue.next_at.or(first.and_then(|head| head.next_at));
        }
        QueueStatus {
            depth: state.depth() as u64,
            states,
            oldest,
            needs_a_person: state.all().filter(|command| command.state.needs_a_person()).count() as u64,
            held_by: state.held().cloned(),
            sources,
            closed: self.desk.closed(),
            sends: self.sends(),
        }
    }
}

/// Whoever wins says another value than the frozen one, and vouches for that; others may say the frozen one.
fn let_nobody_vouch(insight: &mut Insight, frozen: Option<&Value>, compare: &CompareRule) {
    let frozen = Base::found(frozen.cloned());
    insight.confidence = None;
    insight.p_true = 0.0;
    insight.agreement = Agreement::default();
    for view in &mut insight.sources {
        view.wins = false;
        let Content::Value(said) = &view.content else { continue };
        if view.role != Role::Observed {
            continue;
        }
        view.agrees = frozen.holds(&Base::Value(said.clone()), compare);
        let side = if view.agrees { &mut insight.agreement.supporting } else { &mut insight.agreement.opposing };
        *side += 1;
    }
}

fn pending_of(command: &Command) -> Pending {
    Pending { value: command.value.clone(), command: command.id, since: command.created_at, state: command.state }
}

fn of_write(command: &Command) -> OwnWrite<'_> {
    OwnWrite { source: &command.source, value: &command.value, base: &command.base, at: command.accepted_at() }
}
