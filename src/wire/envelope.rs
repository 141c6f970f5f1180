//! The line itself: [`Envelope`] around a payload.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::value::RawValue;

use crate::fact::Timestamp;

/// Version of the contract, `v` on every line.
pub const VERSION: u32 = 1;

/// One line: what was asked, by whom, how it went, and the payload.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Envelope<P = Box<RawValue>> {
    /// Version of the contract.
    pub v: u32,
    /// Counts from 1 per stream; a gap means missed lines.
    pub seq: u64,
    /// When, UTC, RFC 3339 with milliseconds.
    pub ts: String,
    /// What this line is: `core.insight.read`.
    pub action: String,
    /// Who asked.
    #[schemars(extend("enum" = ["tui", "cli", "socket", "engine", "assistive"]))]
    pub via: String,
    /// As whom.
    pub persona: String,
    /// How it went.
    pub outcome: Outcome,
    /// What the action says; always an object.
    pub payload: P,
    /// Why it failed; only with the outcome `error` or `denied`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<ErrorBody>,
}

/// How an action went.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// Done.
    Ok,
    /// On disk, to be delivered.
    Queued,
    /// The persona may not.
    Denied,
    /// It failed.
    Error,
}

/// Why something failed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ErrorBody {
    /// Stable: `no_such_key`.
    pub code: String,
    /// One sentence: what happened and why.
    pub message: String,
    /// What to do about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
    /// What there is to choose from, where one has to be chosen.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub choices: Vec<String>,
}

/// Who asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Via {
    /// The screen.
    Tui,
    /// A subcommand.
    Cli,
    /// Something else that speaks the socket.
    Socket,
    /// The engine by itself.
    Engine,
    /// An assistive client.
    Assistive,
}

impl Via {
    /// Its word on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Tui => "tui",
            Self::Cli => "cli",
            Self::Socket => "socket",
            Self::Engine => "engine",
            Self::Assistive => "assistive",
        }
    }
}

impl ErrorBody {
    /// A code and its sentence.
    #[must_use]
    pub fn new(code: &str, message: impl Into<String>) -> Self {
        Self { code: code.to_owned(), message: message.into(), hint: None, choices: Vec::new() }
    }

    /// With what to do about it.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}

impl<P> Envelope<P> {
    /// Puts a payload into a line.
    #[must_use]
    #[expect(clippy::too_many_arguments, reason = "they are the members of the line, in its order")]
    pub fn new(
        seq: u64,
        ts: Timestamp,
        action: &str,
        via: &str,
        persona: &str,
        outcome: Outcome,
        payload: P,
        error: Option<ErrorBody>,
    ) -> Self {
        Self {
            v: VERSION,
            seq,
            ts: ts.to_rfc3339(),
            action: action.to_owned(),
            via: via.to_owned(),
            persona: persona.to_owned(),
            outcome,
            payload,
            error,
        }
    }
}

impl Envelope {
    /// Reads a line.
    ///
    /// # Errors
    /// When it is no such line, or of a later version of the contract.
    pub fn read(line: &str) -> Result<Self, serde_json::Error> {
        serde_json::from_str(line)
    }

    /// Reads the payload as its type.
    ///
    /// # Errors
    /// When it is another payload.
    pub fn payload_as<T: DeserializeOwned>(&self) -> Result<T, serde_json::Error> {
        serde_json::from_str(self.payload.get())
    }

    /// When the line was made; the epoch when that is unreadable.
    #[must_use]
    pub fn at(&self) -> Timestamp {
        Timestamp::parse_rfc3339(&self.ts).unwrap_or_default()
    }
}
