//! What was answered to the screen, as one JSON object without what its values were.

use serde::{Deserialize, Serialize};

use crate::{
    app::{Answer, JobId, Msg, Told, Trouble},
    fact::{CommandId, CommandState, ConflictId, Key, SourceId, Value},
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
    Conflict { id: String, key: Key, decided: bool },
    Plan { key: Key, source: SourceId, value: String, base: Option<String>, behind: u64 },
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
            Told::Conflict { id, key, decided } => RecordedTold::Conflict { id: id.to_string(), key: key.clone(), decided: *decided },
            Told::Plan { key, source, value, base, behind } => RecordedTold::Plan {
                key: key.clone(),
                source: source.clone(),
                value: stand_in(value),
                base: base.as_ref().map(stand_in),
                behind: *behind,
            },
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
        let value = |text: &str| Value::parse(text).map_err(|error| error.to_string());
        let told = |told: RecordedTold| {
            Ok(match told {
                RecordedTold::Change { id, key, source, value: text, state, sentence } => {
                    Told::Change { id, key, source, value: value(&text)?, state, sentence }
                }
                RecordedTold::Conflict { id, key, decided } => {
                    let id = ConflictId::parse(&id).map_err(|error| error.to_string())?;
                    Told::Conflict { id, key, decided }
                }
                RecordedTold::Plan { key, source, value: text, base, behind } => {
                    let base = base.as_deref().map(value).transpose()?;
                    Told::Plan { key, source, value: value(&text)?, base, behind }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_told_of_a_conflict_is_written_without_its_values() {
        let key = || Key::new("service/checkout/token").unwrap();
        let id = ConflictId::of(&key(), crate::fact::ConflictClass::Value);
        let value = |text: &str| Value::from_trusted_text(text);
        let source = SourceId::new("wiki").unwrap();
        let plan = Told::Plan { key: key(), source, value: value("\"s3cr3t\""), base: Some(value("4242")), behind: 1 };
        let answer = Answer { told: vec![Told::Conflict { id, key: key(), decided: true }, plan], trouble: None };
        let recorded = RecordedAnswer::of(JobId(3), &answer);
        let text = serde_json::to_string(&recorded).unwrap();
        assert!(!text.contains("s3cr3t") && !text.contains("4242"), "{text}");
        let read: RecordedAnswer = serde_json::from_str(&text).unwrap();
        let Msg::Answered(job, back) = read.msg().unwrap() else { panic!("another message") };
        assert_eq!((job, back.told.len(), &back.told[0]), (JobId(3), 2, &answer.told[0]));
        assert!(matches!(&back.told[1], Told::Plan { base: Some(_), behind: 1, .. }));
    }
}
