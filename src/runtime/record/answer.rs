//! What was answered to the screen, as one JSON object without what its values were.

use serde::{Deserialize, Serialize};

use crate::{
    app::{Answer, JobId, Msg, Told, Trouble},
    fact::{CommandId, CommandState, Key, SourceId, Value},
};

use super::redact::{letters, stand_in};

#[derive(Debug, Serialize, Deserialize)]
pub(super) struct RecordedAnswer {
    job: u64,
    told: Vec<RecordedTold>,
    code: Option<String>,
    message: String,
    choices: Vec<String>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum RecordedTold {
    Change { id: CommandId, key: Key, source: SourceId, value: String, state: CommandState, sentence: String },
    Lock { key: Key, locked: bool },
}

impl RecordedAnswer {
    pub fn of(job: JobId, answer: &Answer) -> Self {
        let told = |told: &Told| match told {
            Told::Change { id, key, source, value, state, sentence } => RecordedTold::Change {
                id: *id,
                key: key.clone(),
                source: source.clone(),
                value: stand_in(value),
                state: *state,
                sentence: sentence.clone(),
            },
            Told::Lock { key, locked } => RecordedTold::Lock { key: key.clone(), locked: *locked },
        };
        let trouble = answer.trouble.as_ref();
        Self {
            job: job.0,
            told: answer.told.iter().map(told).collect(),
            code: trouble.map(|trouble| trouble.code.clone()),
            // Why a value was refused may say what it was.
            message: trouble.map(|trouble| letters(&trouble.message)).unwrap_or_default(),
            choices: trouble.map(|trouble| trouble.choices.clone()).unwrap_or_default(),
        }
    }

    pub fn msg(self) -> Result<Msg, String> {
        let told = |told: RecordedTold| {
            Ok(match told {
                RecordedTold::Change { id, key, source, value, state, sentence } => {
                    let value = Value::parse(&value).map_err(|error| error.to_string())?;
                    Told::Change { id, key, source, value, state, sentence }
                }
                RecordedTold::Lock { key, locked } => Told::Lock { key, locked },
            })
        };
        let (message, choices) = (self.message, self.choices);
        let answer = Answer {
            told: self.told.into_iter().map(told).collect::<Result<_, String>>()?,
            trouble: self.code.map(|code| Trouble { code, message, choices }),
        };
        Ok(Msg::Answered(JobId(self.job), answer))
    }
}
