//! What goes over the socket: one JSON object per line, either way.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::engine::Caller;

use super::{context::Context, user};

/// Version of the socket protocol.
const PROTOCOL: u32 = 1;

/// Who speaks, and for what.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hello {
    protocol: u32,
    version: String,
    data_dir: String,
    config: String,
    #[serde(default)]
    caller: Caller,
}

impl Hello {
    /// What this process says of itself.
    #[must_use]
    pub fn of(context: &Context) -> Self {
        Self {
            protocol: PROTOCOL,
            version: env!("CARGO_PKG_VERSION").to_owned(),
            data_dir: context.data_dir.to_string_lossy().into_owned(),
            config: context.config.digest.clone(),
            caller: (*user::caller()).clone(),
        }
    }

    /// From where it is said. What a client says of itself is its word; only the number of its user is checked.
    #[must_use]
    pub fn caller(&self, uid: u32) -> Caller {
        Caller { uid: Some(uid), ..self.caller.clone() }
    }

    /// Whether both sides speak of the same thing.
    ///
    /// # Errors
    /// One sentence that says what differs and what to do.
    pub fn check(&self, ours: &Self) -> Result<(), String> {
        if self.protocol != ours.protocol || self.version != ours.version {
            Err(format!("the running stellar is version {} and this one {}; end the running one and try again", self.version, ours.version))
        } else if self.data_dir != ours.data_dir {
            Err(format!("the running stellar works on {}, not on {}", self.data_dir, ours.data_dir))
        } else if self.config == ours.config {
            Ok(())
        } else {
            Err("the running stellar uses another configuration; end it, or give both the same --config".to_owned())
        }
    }
}

/// One thing asked for, the same for every front.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Request {
    /// Minted by whoever asks; asking again with it is the same request.
    pub id: String,
    /// The action: `core.insight.read`.
    pub action: String,
    /// Its arguments, as the action's own type reads them.
    pub args: serde_json::Map<String, serde_json::Value>,
    /// Who asks: `tui cli socket engine assistive`.
    pub via: String,
    /// As whom.
    pub persona: String,
    /// Whether the answer goes on until the asker leaves.
    pub streaming: bool,
    /// Never fetch for this request.
    pub offline: bool,
    /// Values of class secret are shown.
    pub reveal: bool,
}

/// One piece of an answer.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reply {
    /// An envelope, as its JSON text.
    Line(Box<RawValue>),
    /// Something to say beside the answer, on stderr.
    Note(String),
    /// How far long work is. Comes at once, also within a finite answer, and may be left out.
    Progress {
        /// What is being done, in a word.
        step: String,
        /// Records done.
        done: u64,
        /// Records there are; 0 while that is not known.
        total: u64,
    },
}

/// From whoever asks.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FromClient {
    /// Always first.
    Hello(Hello),
    /// Any number, one after the other.
    Request(Request),
}

/// From whoever owns the data directory.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FromServer {
    /// Always first.
    Hello(Hello),
    /// The request cannot be taken at all.
    Refused {
        /// The sentence.
        message: String,
    },
    /// A piece of the answer.
    Reply(Reply),
    /// The answer is complete.
    End,
    /// The owner leaves; ask again.
    Bye,
}
