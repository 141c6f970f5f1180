//! The models of what changes facts: the prompt, the queue, the question that is asked before something is done.

use std::sync::Arc;

use crate::{
    app::{ask::Ask, field::Field},
    fact::{CommandId, ConflictId, Key, SourceId},
};

use super::{JobId, deciding::Deciding};

/// What the prompt is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PromptFor {
    /// Another value of a fact.
    Value(Key),
    /// A note, about a fact where one is selected.
    Note(Option<Key>),
    /// Another value of a change that was not delivered.
    Edit {
        /// Which.
        id: CommandId,
        /// The end of its id.
        shown: String,
        /// Of which fact.
        key: Key,
    },
    /// Another value in the place of mine and theirs.
    Decide {
        /// Which conflict.
        id: ConflictId,
        /// What was looked at.
        digest: Arc<str>,
        /// Of which fact.
        key: Key,
    },
}

impl PromptFor {
    /// The fact that it is about.
    #[must_use]
    pub const fn key(&self) -> Option<&Key> {
        match self {
            Self::Value(key) | Self::Edit { key, .. } | Self::Decide { key, .. } => Some(key),
            Self::Note(key) => key.as_ref(),
        }
    }
}

/// The prompt: one line.
#[derive(Clone, Debug, Default)]
pub struct PromptModel {
    /// What it is for; none while it is closed.
    pub what: Option<PromptFor>,
    /// What is typed.
    pub field: Field,
    /// Who could take it, where somebody has to be chosen.
    pub sources: Vec<SourceId>,
    /// Which of them is chosen.
    pub chosen: usize,
    /// The text that Enter was pressed for once, where it takes a second time.
    pub confirming: Option<String>,
    /// What is under way.
    pub job: Option<JobId>,
}

/// The queue.
#[derive(Clone, Debug, Default)]
pub struct QueueModel {
    /// Which change is selected.
    pub at: usize,
    /// Its id, by which it is found again.
    pub id: Option<CommandId>,
    /// The first row shown.
    pub offset: usize,
    /// Lines of what is said about it scrolled away.
    pub scroll: usize,
}

/// What is done when a question is answered with yes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Then {
    /// Leave.
    Quit,
    /// This is asked for.
    Ask(Ask),
    /// This is asked for of a conflict.
    Decide(Box<Deciding>),
    /// One of several is asked for of a conflict.
    OneOf {
        /// What each is called, and what is asked for.
        offers: Vec<(String, Deciding)>,
        /// Which of them is chosen.
        chosen: usize,
    },
}

/// Something that is asked before it is done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Question {
    /// Its title.
    pub title: &'static str,
    /// What would be done, a paragraph each. May hold remote text.
    pub says: Vec<String>,
    /// What Enter does, in a word or two.
    pub yes: &'static str,
    /// What Esc does.
    pub no: &'static str,
    /// What is done then.
    pub then: Then,
}
