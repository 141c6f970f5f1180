//! What a person does to changes that were asked for: decided on the queue as it stands, answered when it is in the log of record.
//!
//! It sends nothing, and it asks for no change but those that undo or redo one.

use std::sync::Arc;

use crate::fact::{Author, Base, Command, CommandId, CommandReason, CommandState, Key, Operation, Value};

use super::{
    api::EngineEvent,
    changes::HERE,
    core::Core,
    queue::{ChangeRequest, Lock, QueueError, QueueState, Step, Treatment, What},
};

impl Core {
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
            before.map_or_else(|| self.held_by_target(state, &command.source, &command.key), Command::leaves)
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
            // It ends as what it was given up for: taken back is what can be made again.
            (Treatment::Drop, Dead) => Ok(stop(command.reason.unwrap_or(CommandReason::Refused))),
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
            Ok((if moves { vec![What::Held(held, author.clone())] } else { Vec::new() }, moves))
        };
        if self.desk.change(self.now(), decide).await? {
            self.events.emit(self.now(), EngineEvent::Held(held, author.clone()));
        }
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
}
