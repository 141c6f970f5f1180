//! One message as one JSON object.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::{
    app::{JobId, Model, Msg, Pointer, PointerKind, Snapshot},
    engine::RefreshReport,
    fact::{SourceId, Timestamp},
    keymap::Keyboard,
};

use super::{
    fact::{RecordedConflict, RecordedFact},
    redact::letters,
    source::{RecordedSource, error},
};

/// The first line: how the screen was set up.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Header {
    pub v: u32,
    pub size: (u16, u16),
    pub now: i64,
    pub persona: String,
    pub offline: bool,
    pub mouse: bool,
    pub plain_borders: bool,
}

impl Header {
    pub fn of(model: &Model) -> Self {
        let shared = &model.shared;
        Self {
            v: 1,
            size: model.size,
            now: model.now.as_millis(),
            persona: shared.persona.to_string(),
            offline: shared.offline,
            mouse: shared.mouse,
            plain_borders: shared.plain_borders,
        }
    }
}

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
    Paste { text: String, dropped: usize },
    Press(u16, u16),
    ScrollUp(u16, u16),
    ScrollDown(u16, u16),
    Resize(u16, u16),
    TerminalFocus(bool),
    Extras(bool),
    Action(String),
    Interrupt,
    Snapshot { facts: Vec<RecordedFact>, sources: Vec<RecordedSource>, conflicts: Vec<RecordedConflict>, queue: u64, notes: Vec<String> },
    Refreshed { job: u64, reports: Vec<Report>, error: Option<String> },
    EngineGone(String),
    Fault(String),
    CacheTold { sentence: String, trouble: bool },
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
    /// A message as a line; none for an answer that comes again by itself.
    pub fn of(msg: &Msg, now: Timestamp) -> Option<Self> {
        let msg = match msg {
            Msg::Key(chord) => Recorded::Key(chord.to_string()),
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
            Msg::Snapshot(snapshot) => Recorded::Snapshot {
                facts: snapshot.facts.iter().map(|insight| RecordedFact::of(insight)).collect(),
                sources: snapshot.sources.iter().map(RecordedSource::of).collect(),
                conflicts: snapshot.conflicts.iter().map(|conflict| RecordedConflict::of(conflict)).collect(),
                queue: snapshot.queue,
                notes: snapshot.notes.to_vec(),
            },
            Msg::Arranged(_) => return None,
            Msg::Refreshed(job, outcome) => Recorded::Refreshed {
                job: job.0,
                reports: outcome.iter().flatten().map(Report::of).collect(),
                error: outcome.as_ref().err().cloned(),
            },
            Msg::EngineGone(why) => Recorded::EngineGone(why.clone()),
            Msg::Fault(why) => Recorded::Fault(why.clone()),
            Msg::CacheTold(sentence, trouble) => Recorded::CacheTold { sentence: sentence.clone(), trouble: *trouble },
            Msg::Wake => Recorded::Wake,
        };
        Some(Self { at: now.as_millis(), msg })
    }

    /// The message, and when it came.
    pub fn msg(self) -> Result<(Msg, Timestamp), String> {
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
            Recorded::Snapshot { facts, sources, conflicts, queue, notes } => Msg::Snapshot(Snapshot {
                facts: facts.into_iter().map(|fact| fact.insight().map(Arc::new)).collect::<Result<Vec<_>, _>>()?.into(),
                sources: sources.into_iter().map(RecordedSource::status).collect(),
                conflicts: conflicts.into_iter().map(|conflict| conflict.entry().map(Arc::new)).collect::<Result<Vec<_>, _>>()?.into(),
                queue,
                notes: notes.into(),
            }),
            Recorded::Refreshed { job, reports, error } => {
                let reports = reports.into_iter().map(Report::report).collect();
                Msg::Refreshed(JobId(job), error.map_or(Ok(reports), Err))
            }
            Recorded::EngineGone(why) => Msg::EngineGone(why),
            Recorded::Fault(why) => Msg::Fault(why),
            Recorded::CacheTold { sentence, trouble } => Msg::CacheTold(sentence, trouble),
            Recorded::Wake => Msg::Wake,
        };
        Ok((msg, Timestamp::from_millis(self.at)))
    }
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
        RefreshReport { source, keys, changed, failed, took: std::time::Duration::ZERO, error: why.map(error) }
    }
}
