//! What commands without an engine answer with.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

/// One check of `stellar doctor`: `core.app.doctor`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct DoctorPayload {
    /// What was checked: `config data_dir state_dir log key socket store source:NAME queue`.
    pub check: String,
    /// How it is.
    pub verdict: Verdict,
    /// What was found, in a sentence.
    pub message: String,
    /// What to do about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
}

/// How a check ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// As it should be.
    Ok,
    /// It works, and should be looked at.
    Warn,
    /// It does not work.
    Fail,
}

/// Where things are: `core.config.path`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ConfigPathPayload {
    /// The configuration file.
    pub config: String,
    /// Whether it is there.
    pub exists: bool,
    /// The data directory.
    pub data_dir: String,
    /// The state directory.
    pub state_dir: String,
    /// The socket.
    pub socket: String,
}

/// A file that was written, checked or trusted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct FilePayload {
    /// Which.
    pub file: String,
    /// What happened to it or what was found, in a sentence.
    pub message: String,
}

/// What a check of the configuration found: `core.config.check`. The line carries an error too when it is not sound.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ConfigCheckPayload {
    /// Which file.
    pub file: String,
    /// Whether it can be used.
    pub sound: bool,
    /// What was found, in a sentence; one per fault when there are faults.
    pub message: String,
    /// Everything that is wrong, in file order.
    pub problems: Vec<ConfigProblemPayload>,
}

/// One fault of a configuration.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ConfigProblemPayload {
    /// Stable.
    pub code: String,
    /// One-based; 0 when it has no place.
    pub line: usize,
    /// One-based; 0 when it has no place.
    pub column: usize,
    /// Which setting: `cache.ttl`.
    pub setting: String,
    /// What is wrong, in a sentence.
    pub message: String,
    /// What stands there.
    pub found: String,
    /// What could.
    pub expected: String,
}

/// One effective setting: `core.config.show`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct SettingPayload {
    /// Its path: `cache.ttl`, `source[0].path`.
    pub setting: String,
    /// What is in force.
    pub value: Json,
    /// Where it comes from: `default`, `built-in`, `FILE:12`, `env NAME`, `flag --NAME`.
    pub origin: String,
}

/// An owner that answers from now on: `core.app.serve`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ServePayload {
    /// The data directory it owns.
    pub data_dir: String,
    /// Where it answers.
    pub socket: String,
}

/// A made-up system that is running: `core.app.demo`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct DemoPayload {
    /// Where it tells its script, and what every change came to: `/script`, `/effects`.
    pub address: String,
    /// The configuration for it.
    pub config: String,
    /// The directory that everything is in, data and state too; removed at the end.
    pub directory: String,
    /// A command that runs Stellar on that configuration and data.
    pub command: String,
    /// What its troubles are drawn from.
    pub seed: u64,
    /// The upstreams, by name.
    pub upstreams: Vec<UpstreamPayload>,
}

/// One upstream of the demo.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct UpstreamPayload {
    /// Its name, as that of the source.
    pub name: String,
    /// Where it answers, when it does.
    pub address: String,
}

/// The systemd user unit that serves: `core.app.service`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ServicePayload {
    /// Its file.
    pub unit: String,
    /// Whether one of ours is there now.
    pub installed: bool,
    /// What systemd says of it; null where it cannot be asked.
    pub active: Option<String>,
    /// What happened or how it stands, in a sentence.
    pub message: String,
    /// What is left for a person to run.
    pub run: Vec<String>,
}

/// Text for a program: completions, a manual page.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TextPayload {
    /// The text.
    pub text: String,
}

/// An action that can be asked for: `core.action.describe`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ActionPayload {
    /// Its id.
    pub id: String,
    /// A few words.
    pub title: String,
    /// What it does.
    pub doc: String,
    /// Its subcommand, word by word; empty when it has none.
    pub command: Vec<String>,
    /// The names of its arguments.
    pub args: Vec<String>,
}
