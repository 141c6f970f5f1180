//! Changes, from the request to the log: who takes one, what it starts from, what a person does to it afterwards.
//!
//! Everything is decided on the queue as it stands at that moment and answered when it is in the log of record; nothing is sent here.

use std::{sync::Arc, time::Duration};

use crate::fact::{
    Author, Base, ClassOfValue, Command, CommandId, CommandReason, CommandState, Insight, Key, Mark, Operation, Pending, SourceId,
    Timestamp, Value,
};

use super::{
    api::EngineEvent,
    core::Core,
    queue::{Asked, ChangeRequest, Lock, Plan, QueueError, QueueEvent, QueueState, QueueStatus, SourceQueue, Step, Treatment, What},
};

/// The source of what stays here.
const HERE: &str = "local";
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
        let before = state.line(&source, &request.key).next_back().map(|command| Base::Value(command.value.clone()));
        let base = before.unwrap_or_else(|| self.held_by_target(state, &source, &request.key));
        Ok(Plan { source, base, deadline, behind, kept_here: false })
    }

    /// What the target held when it last said so.
    fn held_by_target(&self, state: &QueueState, source: &SourceId, key: &Key) -> Base {
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
    async fn look_at_target(self: &Arc<Self>, id: CommandId) {
        let source = self.desk.state().get(id).map(|command| command.source.clone());
        if let Some(at) = source.and_then(|source| self.position(&source)).filter(|_| self.may_send()) {
            self.refresh_unit(self.sources[at].unit).await;
        }
    }

    /// Keeps in the cache what is under way or locked; what there is no room to keep is said.
    fn pin_changes(&self) {
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

    /// What a person does to a command.
    ///
    /// # Errors
    /// [`QueueError::WrongState`], and what [`Core::ask_for`] may say of an edited value.
    pub(super) async fn treat(self: &Arc<Self>, id: CommandId, treatment: &Treatment, author: &Author) -> Result<Arc<Command>, QueueError> {
        if let Treatment::Rebase | Treatment::Mine = treatment {
            self.look_at_target(id).await;
        }
        let decide = |state: &QueueState| {
            let command = state.get(id).ok_or_else(|| QueueError::NoSuchCommand(id.to_string()))?;
            Ok((vec![What::Step(id, self.treated(state, command, treatment, author)?)], command.source.clone()))
        };
        let source = self.desk.change(self.now(), decide).await?;
        if matches!(treatment, Treatment::Retry | Treatment::Release) {
            self.desk.let_source_go_on(&source);
        }
        self.desk.wake.notify_one();
        self.tell_commands(&[id]).pop().ok_or_else(|| QueueError::NoSuchCommand(id.to_string()))
    }

    fn treated(&self, state: &QueueState, command: &Command, treatment: &Treatment, author: &Author) -> Result<Step, QueueError> {
        use CommandState::{Blocked, Cancelled, Dead, InFlight, Parked, Queued};
        let wrong = |why| QueueError::WrongState { id: state.shown(command.id), state: command.state, why };
        let stop = |reason| Step::Stopped { state: Cancelled, reason, by: Some(author.clone()) };
        let deadline = command.deadline.max(self.now().plus(self.options.config.queue.max_staleness));
        let goes_on = |base: Base, value: Option<Value>| Step::GoesOn { base, value, deadline, by: Some(author.clone()) };
        // What it starts from, when it goes on after others of its key may have been delivered.
        let now_there = || {
            let before = state.line(&command.source, &command.key).take_while(|other| other.id != command.id).last();
            before.map_or_else(|| self.held_by_target(state, &command.source, &command.key), |before| Base::Value(before.value.clone()))
        };
        match (treatment, command.state) {
            (Treatment::Cancel, Queued | Parked | Blocked) if !command.uncertain => Ok(stop(CommandReason::TakenBack)),
            (Treatment::Cancel, InFlight | Queued | Parked | Blocked) => {
                Err(wrong("an attempt may have reached its target; wait for its outcome, then undo it"))
            }
            (Treatment::Cancel, Dead) => Err(wrong("it is at its end; stellar queue drop forgets it")),
            (Treatment::Retry, Dead) => Ok(goes_on(now_there(), None)),
            (Treatment::Retry | Treatment::Release, Parked) => Ok(goes_on(command.base.clone(), None)),
            (Treatment::Retry, Queued) => Ok(Step::Waits { next_at: None, reason: None, uncertain: command.uncertain }),
            (Treatment::Retry | Treatment::Release, Blocked) => {
                Err(wrong("its target holds another value: decide with stellar conflicts resolve --mine or --theirs, or rebase it"))
            }
            (Treatment::Edit(value), Queued | Parked | Blocked | Dead) if !command.uncertain => {
                if let Some(why) = self.rules.violation(&command.key, value) {
                    return Err(QueueError::BreaksSchema { key: command.key.clone(), why });
                }
                let base = match (&command.theirs, command.state) {
                    (Base::Unknown, Dead) => now_there(),
                    (Base::Unknown, _) => command.base.clone(),
                    (theirs, _) => theirs.clone(),
                };
                Ok(goes_on(base, Some(value.clone())))
            }
            (Treatment::Edit(_), Queued | InFlight) => Err(wrong("it is being sent; wait for the outcome, then set another value")),
            (Treatment::Mine, Blocked) | (Treatment::Rebase, Queued | Parked | Blocked | Dead) if !command.uncertain => {
                let theirs = if matches!(command.theirs, Base::Unknown) { now_there() } else { command.theirs.clone() };
                Ok(goes_on(theirs, None))
            }
            (Treatment::Theirs, Blocked) => Ok(stop(CommandReason::TheirsStands)),
            (Treatment::Drop, Dead) => Ok(stop(CommandReason::TakenBack)),
            (Treatment::Drop, _) => Err(wrong("only a dead one can be dropped; stellar queue cancel takes one back")),
            (Treatment::Mine | Treatment::Theirs, _) => Err(wrong("only one whose target moved is to be decided")),
            _ => Err(wrong("nothing is left to do with it")),
        }
    }

    /// Takes back the newest undelivered command of this user, or the one that is named.
    ///
    /// # Errors
    /// [`QueueError::WouldSend`] for a delivered one without `agreed`.
    pub(super) async fn undo(
        self: &Arc<Self>,
        which: Option<CommandId>,
        agreed: bool,
        fresh: CommandId,
        author: &Author,
    ) -> Result<Arc<Command>, QueueError> {
        let command = {
            let state = self.desk.state();
            let own = |command: &&Command| command.author.user == author.user && command.operation == Operation::Set;
            match which {
                Some(id) => state.get(id).cloned(),
                None => {
                    // Where nothing waits any more it is the last one that was delivered, and that is asked about.
                    let undone =
                        |id: CommandId| state.all().any(|other| other.undoes == Some(id) && other.state != CommandState::Cancelled);
                    let newest = |fits: &dyn Fn(&Command) -> bool| state.all().rev().filter(own).find(|command| fits(command)).cloned();
                    newest(&|command| command.state.is_under_way())
                        .or_else(|| newest(&|command| command.state.is_delivered() && command.undoes.is_none() && !undone(command.id)))
                }
            }
        };
        let Some(command) = command else {
            return Err(QueueError::Nothing("there is no change of yours to take back"));
        };
        if !command.state.is_delivered() {
            return self.treat(command.id, &Treatment::Cancel, author).await;
        }
        let (shown, is_here) = (self.desk.state().shown(command.id), command.source.as_str() == HERE);
        let Base::Value(value) = command.base.clone() else { return Err(QueueError::NoBase(shown)) };
        if is_here {
            return Err(QueueError::Nothing("a note that stays here is part of the record and cannot be taken back"));
        }
        if !agreed {
            return Err(QueueError::WouldSend { id: shown, key: command.key, value, source_name: command.source });
        }
        self.again(&command, value, fresh, author).await
    }

    /// Makes the newest change that this user took back again.
    ///
    /// # Errors
    /// When there is none.
    pub(super) async fn redo(&self, fresh: CommandId, author: &Author) -> Result<Arc<Command>, QueueError> {
        let command = {
            let state = self.desk.state();
            let redone: Vec<CommandId> = state.all().filter_map(|command| command.undoes).collect();
            let taken_back = |command: &&Command| {
                command.author.user == author.user
                    && command.state == CommandState::Cancelled
                    && command.reason == Some(CommandReason::TakenBack)
                    && !redone.contains(&command.id)
            };
            // The one that was taken back last, not the one that was made last.
            state.all().filter(taken_back).max_by_key(|command| command.since).cloned()
        };
        let command = command.ok_or(QueueError::Nothing("there is no change of yours that was taken back"))?;
        let value = command.value.clone();
        self.again(&command, value, fresh, author).await
    }

    async fn again(&self, command: &Command, value: Value, fresh: CommandId, author: &Author) -> Result<Arc<Command>, QueueError> {
        let request = ChangeRequest {
            id: fresh,
            key: command.key.clone(),
            operation: command.operation,
            value,
            source: Some(command.source.clone()),
            expires: None,
            author: author.clone(),
            undoes: Some(command.id),
        };
        self.ask_for(&[request]).await?.pop().ok_or_else(|| QueueError::NoSuchCommand(fresh.to_string()))
    }

    /// Stops all sending, or lets it go on.
    ///
    /// # Errors
    /// When it cannot be written down.
    pub(super) async fn hold(&self, held: bool, author: &Author) -> Result<(), QueueError> {
        let decide = |state: &QueueState| {
            let moves = state.held().is_some() != held;
            Ok((if moves { vec![What::Held(held, author.clone())] } else { Vec::new() }, ()))
        };
        self.desk.change(self.now(), decide).await?;
        self.desk.wake.notify_one();
        Ok(())
    }

    /// Freezes belief in a key, or lets it move again.
    ///
    /// # Errors
    /// [`QueueError::NotLocked`], and when it cannot be written down. Locking twice keeps what was frozen first.
    pub(super) async fn lock_belief(&self, key: &Key, locked: bool, author: &Author) -> Result<(), QueueError> {
        let believed = if locked { self.insight(key, self.now())?.and_then(|insight| insight.value.clone()) } else { None };
        let decide = |state: &QueueState| match (locked, state.lock(key).is_some()) {
            (true, true) => Ok((Vec::new(), false)),
            (true, false) => {
                Ok((vec![What::Locked(Box::new(Lock { key: key.clone(), value: believed.clone(), author: author.clone() }))], true))
            }
            (false, true) => Ok((vec![What::Unlocked(key.clone(), author.clone())], true)),
            (false, false) => Err(QueueError::NotLocked(key.clone())),
        };
        let moved = self.desk.change(self.now(), decide).await?;
        if moved {
            self.pin_changes();
            self.tell_changes(std::slice::from_ref(key), self.now());
        }
        Ok(())
    }

    /// Whether a change or a lock is to be shown of the key.
    pub(super) fn is_marked(&self, key: &Key) -> bool {
        let state = self.desk.state();
        (!state.is_idle() && state.under_way(key).last().is_some()) || state.lock(key).is_some()
    }

    /// What is under way for a key and whether belief in it is frozen, put into what is believed.
    pub(super) fn mark_changes(&self, insight: &mut Insight) {
        let state = self.desk.state();
        if !state.is_idle()
            && let Some(last) = state.under_way(&insight.key).last()
        {
            insight.marks.insert(Mark::Pending);
            insight.pending = Some(Pending { value: last.value.clone(), command: last.id, since: last.created_at, state: last.state });
        }
        if let Some(lock) = state.lock(&insight.key) {
            insight.marks.insert(Mark::Locked);
            insight.marks.remove(Mark::Conflict);
            insight.value.clone_from(&lock.value);
        }
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
