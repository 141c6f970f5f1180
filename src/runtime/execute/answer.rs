//! The answer under way: numbers lines, stamps them, sends them.

use std::{
    collections::HashSet,
    ops::ControlFlow,
    time::{Duration, Instant},
};

use serde::Serialize;
use serde_json::value::{RawValue, to_raw_value};
use tokio::sync::mpsc;

use crate::{
    action::{CallError, find},
    engine::{Deed, EngineError, EngineHandle, Note, Progress, QueueError, Told},
    fact::{Author, Key, Timestamp},
    wire::{Envelope, ErrorBody, Outcome},
};

use super::{
    super::{
        context::Context,
        message::{Reply, Request},
    },
    shown::keys_shown,
};

/// Between two words on how far long work is; what is done sooner says nothing.
const PROGRESS: Duration = Duration::from_millis(200);

/// Why a request ends badly: a stable code and its sentence.
pub struct Failed {
    code: &'static str,
    message: String,
    hint: Option<String>,
    choices: Vec<String>,
}

impl Failed {
    pub fn new(code: &'static str, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), hint: None, choices: Vec::new() }
    }

    /// With something before its sentence.
    #[must_use]
    pub fn before(mut self, text: &str) -> Self {
        self.message.insert_str(0, text);
        self
    }

    /// With what could have been named instead.
    pub fn offer(&mut self, choices: Vec<String>) {
        self.choices = choices;
    }

    /// The stable code.
    pub const fn code(&self) -> &'static str {
        self.code
    }

    fn body(self) -> ErrorBody {
        ErrorBody { code: self.code.to_owned(), message: self.message, hint: self.hint, choices: self.choices }
    }

    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}

impl From<EngineError> for Failed {
    fn from(error: EngineError) -> Self {
        Self::new(error.code(), error.to_string())
    }
}

impl From<QueueError> for Failed {
    fn from(error: QueueError) -> Self {
        let mut failed = Self::new(error.code(), error.to_string());
        if let QueueError::SeveralSources { sources, .. } = &error {
            failed.choices = sources.iter().map(ToString::to_string).collect();
        }
        if matches!(error, QueueError::Store(_)) {
            failed.hint("nothing was queued; stellar doctor shows which directory and why")
        } else {
            failed
        }
    }
}

/// What every action gets: whom to ask, what was asked, where to answer.
pub struct Answer<'a> {
    pub handle: &'a EngineHandle,
    pub context: &'a Context,
    pub request: &'a Request,
    replies: mpsc::Sender<Reply>,
    seq: u64,
    /// Secret keys whose values this answer has shown.
    revealed: HashSet<Key>,
}

impl<'a> Answer<'a> {
    pub fn new(handle: &'a EngineHandle, context: &'a Context, request: &'a Request, replies: mpsc::Sender<Reply>) -> Self {
        Self { handle, context, request, replies, seq: 0, revealed: HashSet::new() }
    }

    /// Whether nothing may be fetched for this request.
    pub fn offline(&self) -> bool {
        self.request.offline || self.context.offline
    }

    /// One line of what the request's action answers with; a failing line names what was asked for.
    pub async fn line(&mut self, payload: &impl Serialize) -> ControlFlow<()> {
        let action = find(&self.request.action).map_or_else(|| self.request.action.clone(), |spec| spec.answers_with().to_owned());
        self.line_of(&action, self.handle.now(), payload).await
    }

    /// One line of another action: an event, a reading within a watch.
    pub async fn line_of(&mut self, action: &str, ts: Timestamp, payload: &impl Serialize) -> ControlFlow<()> {
        self.send(action, ts, Outcome::Ok, payload, None).await
    }

    /// One line that says how something stands: done, queued, or failed and why.
    pub async fn line_told(&mut self, action: &str, outcome: Outcome, payload: &impl Serialize, failed: Option<Failed>) -> ControlFlow<()> {
        let error = failed.map(Failed::body);
        self.send(action, self.handle.now(), outcome, payload, error).await
    }

    /// A line that says what went wrong with one part, or with all of it.
    pub async fn fail(&mut self, failed: Failed) {
        let action = self.request.action.clone();
        let _ = self.send(&action, self.handle.now(), Outcome::Error, &serde_json::Map::new(), Some(failed.body())).await;
    }

    /// Says that the request cannot be carried out as it stands.
    pub async fn refuse(&mut self, error: &CallError) {
        let (outcome, code) = match error {
            CallError::Denied { .. } => (Outcome::Denied, "denied"),
            CallError::UnknownAction { .. } => (Outcome::Error, "unknown_action"),
            CallError::NotHere(..) => (Outcome::Error, "not_an_engine_action"),
            CallError::BadArguments { .. } => (Outcome::Error, "bad_arguments"),
        };
        let body = ErrorBody::new(code, error.to_string());
        let action = self.request.action.clone();
        let _ = self.send(&action, self.handle.now(), outcome, &serde_json::Map::new(), Some(body)).await;
    }

    /// Whom long work tells how far it is: a line now and then to whoever asked, never waited for.
    pub fn progress(&self) -> Told {
        let replies = self.replies.clone();
        let mut last = Instant::now();
        Box::new(move |Progress { step, done, total }| {
            if last.elapsed() >= PROGRESS {
                last = Instant::now();
                let _ = replies.try_send(Reply::Progress { step: step.to_owned(), done, total });
            }
        })
    }

    /// Whether anybody waits for the answer any more, for long work.
    pub fn waited_for(&self) -> mpsc::Sender<Reply> {
        self.replies.clone()
    }

    /// Something to say beside the answer.
    pub async fn note(&mut self, text: &str) {
        let _ = self.replies.send(Reply::Note(text.to_owned())).await;
    }

    async fn send(
        &mut self,
        action: &str,
        ts: Timestamp,
        outcome: Outcome,
        payload: &impl Serialize,
        error: Option<ErrorBody>,
    ) -> ControlFlow<()> {
        if self.request.reveal {
            self.record_revealed(payload).await;
        }
        self.seq += 1;
        let envelope = Envelope::new(self.seq, ts, action, &self.request.via, &self.request.persona, outcome, payload, error);
        match to_raw_value(&envelope) {
            Ok(line) => self.put(line).await,
            // Every payload is plain data; one that is not is a bug, told like any other failure.
            Err(error) => {
                self.note(&format!("an answer could not be written as JSON: {error}")).await;
                ControlFlow::Break(())
            }
        }
    }

    /// Puts into the audit, before it is shown, which secret values a line shows. That it cannot be is said, and stops nothing.
    async fn record_revealed(&mut self, payload: &impl Serialize) {
        for key in keys_shown(payload) {
            if !self.handle.is_secret(&key) || !self.revealed.insert(key.clone()) {
                continue;
            }
            let Request { via, persona, action, .. } = self.request;
            let author = Author { user: self.context.user.clone(), via: via.clone(), persona: persona.clone() };
            let note = Note::new(Deed::SecretRevealed).of_key(key.as_str()).about(action.clone()).by(&author);
            if let Err(error) = self.handle.record(note).await {
                self.note(&format!("this could not be put into the audit: {error}")).await;
            }
        }
    }

    async fn put(&mut self, line: Box<RawValue>) -> ControlFlow<()> {
        if self.replies.send(Reply::Line(line)).await.is_ok() { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    }
}
