//! One message as one JSON object.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::{
    app::{
        Arrange, Arranged, History, JobId, Model, Moment, Msg, Pointer, PointerKind, Queue, Snapshot,
        model::{Focus, Layer},
    },
    engine::{FactMap, QueueStatus, RefreshReport, SourceStatus},
    fact::{ConflictEntry, Key, SourceId, Timestamp, Value},
    keymap::{Chord, KeyName, Keyboard},
    runtime::queue_view,
    wire::{ViewConflict, ViewFact, ViewQueue, ViewSource, told_error},
};

use super::{
    answer::RecordedAnswer,
    redact::{letters, stand_in},
};

/// A message and when it came.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Line {
    at: i64,
    msg: Recorded,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Recorded {
    Key(String),
    Paste {
        text: String,
        dropped: usize,
    },
    Press(u16, u16),
    ScrollUp(u16, u16),
    ScrollDown(u16, u16),
    Resize(u16, u16),
    TerminalFocus(bool),
    Extras(bool),
    Action(String),
    Interrupt,
    /// Of version 1: everything, every time.
    Snapshot {
        facts: Vec<ViewFact>,
        sources: Vec<ViewSource>,
        conflicts: Vec<ViewConflict>,
        queue: u64,
        notes: Vec<String>,
    },
    Changed {
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        partial: bool,
        facts: Vec<ViewFact>,
        gone: Vec<Key>,
        sources: Option<Vec<ViewSource>>,
        conflicts: Option<Vec<ViewConflict>>,
        /// Before version 3: how many waited.
        #[serde(default, skip_serializing_if = "is_nothing")]
        queue: u64,
        /// The queue, if it stands otherwise.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        changes: Option<Box<ViewQueue>>,
        notes: Vec<String>,
    },
    Arranged {
        generation: u64,
        rows: Vec<u32>,
        position: Option<usize>,
    },
    Said(String),
    Refreshed {
        job: u64,
        reports: Vec<Report>,
        error: Option<String>,
    },
    Looked {
        key: Key,
        fact: Option<Box<ViewFact>>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        error: Option<String>,
    },
    History {
        key: String,
        moments: Vec<(i64, Option<String>, Option<f64>)>,
    },
    Answered(Box<RecordedAnswer>),
    Linked(bool),
    EngineGone(String),
    Fault(String),
    CacheTold {
        sentence: String,
        trouble: bool,
    },
    Wake,
}

#[derive(Debug, Serialize, Deserialize)]
struct Report {
    source: SourceId,
    keys: u64,
    changed: u64,
    failed: u64,
    error: Option<String>,
}

impl Line {
    /// A message that comes to a screen as a line; none for an answer that comes again by itself. `shown` is what was told before.
    pub fn of(msg: &Msg, model: &Model, shown: &mut Snapshot, now: Timestamp) -> Option<Self> {
        let msg = match msg {
            Msg::Key(chord) => Recorded::Key(typed(*chord, model).to_string()),
            Msg::Paste(text, dropped) => Recorded::Paste { text: letters(text), dropped: *dropped },
            Msg::Pointer(Pointer { kind, x, y }) => match kind {
                PointerKind::Press => Recorded::Press(*x, *y),
                PointerKind::ScrollUp => Recorded::ScrollUp(*x, *y),
                PointerKind::ScrollDown => Recorded::ScrollDown(*x, *y),
            },
            Msg::Resize(columns, rows) => Recorded::Resize(*columns, *rows),
            Msg::TerminalFocus(focused) => Recorded::TerminalFocus(*focused),
            Msg::KeyboardFound(keyboard) => Recorded::Extras(keyboard.extras),
            Msg::Action(id) => Recorded::Action(id.clone()),
            Msg::Interrupt => Recorded::Interrupt,
            Msg::Snapshot(snapshot) => changed(&std::mem::replace(shown, snapshot.clone()), snapshot),
            // What was typed is not written, so what it found is.
            Msg::Arranged(Arranged { generation, rows, position, .. }) if is_filtered(model.list.filter.text()) => {
                Recorded::Arranged { generation: *generation, rows: rows.to_vec(), position: *position }
            }
            Msg::Arranged(_) => return None,
            Msg::Said(text) => Recorded::Said(text.clone()),
            Msg::Refreshed(job, outcome) => Recorded::Refreshed {
                job: job.0,
                reports: outcome.iter().flatten().map(Report::of).collect(),
                error: outcome.as_ref().err().cloned(),
            },
            Msg::Looked(key, found) => Recorded::Looked {
                key: key.clone(),
                fact: found.as_ref().ok().and_then(Option::as_ref).map(|insight| Box::new(ViewFact::of(insight, &stand_in))),
                error: found.as_ref().err().cloned(),
            },
            Msg::History(past) => Recorded::History {
                key: past.key.to_string(),
                moments: past
                    .moments
                    .iter()
                    .map(|moment| (moment.at.as_millis(), moment.value.as_ref().map(stand_in), moment.score))
                    .collect(),
            },
            Msg::Answered(job, answer) => Recorded::Answered(Box::new(RecordedAnswer::of(*job, answer))),
            Msg::Linked(owns) => Recorded::Linked(*owns),
            Msg::EngineGone(why) => Recorded::EngineGone(why.clone()),
            Msg::Fault(why) => Recorded::Fault(why.clone()),
            Msg::CacheTold(sentence, trouble) => Recorded::CacheTold { sentence: sentence.clone(), trouble: *trouble },
            Msg::Wake => Recorded::Wake,
        };
        Some(Self { at: now.as_millis(), msg })
    }

    /// The message, and when it came. `shown` is what was told before, `asked` what the screen wanted arranged.
    pub fn msg(self, shown: &mut Snapshot, asked: Option<&Arrange>) -> Result<(Msg, Timestamp), String> {
        let point = |kind, x, y| Msg::Pointer(Pointer { kind, x, y });
        let msg = match self.msg {
            Recorded::Key(text) => Msg::Key(text.parse().map_err(|error: crate::keymap::ChordError| error.to_string())?),
            Recorded::Paste { text, dropped } => Msg::Paste(text, dropped),
            Recorded::Press(x, y) => point(PointerKind::Press, x, y),
            Recorded::ScrollUp(x, y) => point(PointerKind::ScrollUp, x, y),
            Recorded::ScrollDown(x, y) => point(PointerKind::ScrollDown, x, y),
            Recorded::Resize(columns, rows) => Msg::Resize(columns, rows),
            Recorded::TerminalFocus(focused) => Msg::TerminalFocus(focused),
            Recorded::Extras(extras) => Msg::KeyboardFound(Keyboard { extras }),
            Recorded::Action(id) => Msg::Action(id),
            Recorded::Interrupt => Msg::Interrupt,
            Recorded::Snapshot { facts, sources, conflicts, queue, notes } => {
                let facts = facts.into_iter().map(|fact| fact.insight().map(Arc::new)).collect::<Result<FactMap, _>>()?;
                let (sources, conflicts) = (standing(sources), entries(conflicts)?);
                *shown = Snapshot { partial: false, facts, sources, conflicts, queue: so_many(queue).into(), notes: notes.into() };
                Msg::Snapshot(shown.clone())
            }
            Recorded::Changed { partial, facts, gone, sources, conflicts, queue, changes, notes } => {
                for key in &gone {
                    shown.facts.remove(key);
                }
                for fact in facts {
                    shown.facts.put(Arc::new(fact.insight()?));
                }
                if let Some(sources) = sources {
                    shown.sources = standing(sources);
                }
                if let Some(conflicts) = conflicts {
                    shown.conflicts = entries(conflicts)?;
                }
                shown.partial = partial;
                match changes {
                    Some(changes) => shown.queue = queue_view::from_wire(*changes)?.into(),
                    None if queue > 0 => shown.queue = so_many(queue).into(),
                    None => {}
                }
                shown.notes = notes.into();
                Msg::Snapshot(shown.clone())
            }
            Recorded::Arranged { generation, rows, position } => {
                let facts = asked.map(|question| question.facts.clone()).unwrap_or_default();
                Msg::Arranged(Arranged { generation, facts, rows: rows.into(), position })
            }
            Recorded::Said(text) => Msg::Said(text),
            Recorded::Refreshed { job, reports, error } => {
                let reports = reports.into_iter().map(Report::report).collect();
                Msg::Refreshed(JobId(job), error.map_or(Ok(reports), Err))
            }
            Recorded::Looked { key, fact, error } => {
                let found = match error {
                    None => Ok(fact.map(|fact| fact.insight().map(Arc::new)).transpose()?),
                    Some(error) => Err(error),
                };
                Msg::Looked(key, found)
            }
            Recorded::History { key, moments } => {
                let moment = |(at, value, score): (i64, Option<String>, Option<f64>)| {
                    let value = value.map(|text| Value::parse(&text)).transpose().map_err(|error| error.to_string())?;
                    Ok(Moment { at: Timestamp::from_millis(at), value, score })
                };
                let moments = moments.into_iter().map(moment).collect::<Result<Vec<_>, String>>()?;
                Msg::History(History::new(Key::new(&key).map_err(|error| error.to_string())?, moments))
            }
            Recorded::Answered(told) => told.msg()?,
            Recorded::Linked(owns) => Msg::Linked(owns),
            Recorded::EngineGone(why) => Msg::EngineGone(why),
            Recorded::Fault(why) => Msg::Fault(why),
            Recorded::CacheTold { sentence, trouble } => Msg::CacheTold(sentence, trouble),
            Recorded::Wake => Msg::Wake,
        };
        Ok((msg, Timestamp::from_millis(self.at)))
    }
}

/// Whether a list is filtered by this text.
pub(super) fn is_filtered(text: &str) -> bool {
    !text.trim().is_empty()
}

/// A queue of which only its length was written.
fn so_many(depth: u64) -> Queue {
    Queue { status: QueueStatus { depth, ..QueueStatus::default() }, ..Queue::default() }
}

const fn is_nothing(count: &u64) -> bool {
    *count == 0
}

/// A key as it is written: what it types into the filter or the prompt is replaced.
fn typed(chord: Chord, model: &Model) -> Chord {
    let Some(char) = chord.typed().filter(|_| matches!(model.focus(), Focus::Layer(Layer::Filter | Layer::Prompt))) else { return chord };
    if model.shared.keymap.action(model.contexts(), chord).is_some() {
        return chord;
    }
    let stands = letters(char.encode_utf8(&mut [0; 4])).chars().next();
    let stands = stands.map_or(chord, |char| Chord::new(chord.mods(), KeyName::Char(char)));
    // One that acts would not be typed.
    if model.shared.keymap.action(model.contexts(), stands).is_some() { chord } else { stands }
}

/// What differs between two snapshots.
fn changed(before: &Snapshot, now: &Snapshot) -> Recorded {
    let (facts, gone) = now.facts.since(&before.facts);
    Recorded::Changed {
        partial: now.partial,
        facts: facts.iter().map(|insight| ViewFact::of(insight, &stand_in)).collect(),
        gone,
        sources: (before.sources != now.sources).then(|| now.sources.iter().map(ViewSource::of).collect()),
        conflicts: (before.conflicts != now.conflicts)
            .then(|| now.conflicts.iter().map(|conflict| ViewConflict::of(conflict, &stand_in)).collect()),
        queue: 0,
        changes: (before.queue != now.queue).then(|| Box::new(queue_view::to_wire(&now.queue, &stand_in, &stand_in))),
        notes: now.notes.to_vec(),
    }
}

fn standing(sources: Vec<ViewSource>) -> Arc<[SourceStatus]> {
    sources.into_iter().map(ViewSource::status).collect()
}

fn entries(conflicts: Vec<ViewConflict>) -> Result<Arc<[Arc<ConflictEntry>]>, String> {
    conflicts.into_iter().map(|conflict| conflict.entry().map(Arc::new)).collect()
}

impl Report {
    fn of(report: &RefreshReport) -> Self {
        Self {
            source: report.source.clone(),
            keys: report.keys,
            changed: report.changed,
            failed: report.failed,
            error: report.error.as_ref().map(ToString::to_string),
        }
    }

    fn report(self) -> RefreshReport {
        let Self { source, keys, changed, failed, error: why } = self;
        RefreshReport { source, keys, changed, failed, took: std::time::Duration::ZERO, error: why.map(told_error) }
    }
}
