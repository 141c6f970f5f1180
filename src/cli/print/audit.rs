//! `audit list`, `audit verify`, `audit head`, `audit export`.

use std::ops::ControlFlow;

use crate::{
    cli::{
        line::{Line, Tone},
        sink::Sink,
    },
    text::SafeText,
    wire::{AuditHeadPayload, AuditPayload, AuditVerifyPayload, Envelope},
};

use super::{Printer, payload, words::value};

/// Prints a line per record.
#[derive(Default)]
pub struct AuditPrinter {
    some: bool,
}

impl Printer for AuditPrinter {
    fn take(&mut self, envelope: &Envelope, sink: &mut Sink) -> ControlFlow<()> {
        self.some = true;
        let Some(record) = payload::<AuditPayload>(envelope, sink) else { return ControlFlow::Continue(()) };
        let tone = match &*record.outcome {
            "ok" => Tone::Plain,
            "denied" => Tone::Warn,
            _ => Tone::Bad,
        };
        let mut line = Line::toned(Tone::Dim, &format!("{:>5}  {}  ", record.record, record.at))
            .add(tone, &format!("{:<16} ", record.what))
            .add(Tone::Strong, &who(&record));
        for part in [&record.key, &record.about, &record.detail].into_iter().flatten() {
            line = line.add(Tone::Plain, "  ").add(Tone::Plain, part);
        }
        if let Some(brought) = &record.value {
            line = line.add(Tone::Dim, "  value ").add_safe(Tone::Plain, value(Some(brought), ""));
        }
        if record.outcome != "ok" {
            line = line.add(tone, &format!("  {}", record.outcome));
        }
        sink.line(&line)
    }

    fn finish(&mut self, sink: &mut Sink) -> ControlFlow<()> {
        if self.some { ControlFlow::Continue(()) } else { sink.line(&Line::plain("no records")) }
    }
}

/// `anna (1000) as sre via cli, /dev/pts/3, from 192.0.2.7 50022`
fn who(record: &AuditPayload) -> String {
    let mut text = record.user.clone();
    if let Some(uid) = record.uid {
        text.push_str(&format!(" ({uid})"));
    }
    if !record.persona.is_empty() {
        text.push_str(&format!(" as {} via {}", record.persona, record.via));
    }
    if let Some(terminal) = &record.terminal {
        text.push_str(&format!(", {terminal}"));
    }
    if let Some(ssh) = &record.ssh {
        text.push_str(&format!(", from {ssh}"));
    }
    text
}

/// Prints what was found.
pub struct AuditVerifyPrinter;

impl Printer for AuditVerifyPrinter {
    fn take(&mut self, envelope: &Envelope, sink: &mut Sink) -> ControlFlow<()> {
        let Some(found) = payload::<AuditVerifyPayload>(envelope, sink) else { return ControlFlow::Continue(()) };
        for finding in &found.findings {
            sink.line(&Line::toned(Tone::Bad, &finding.message))?;
        }
        if found.more > 0 {
            sink.line(&Line::toned(Tone::Bad, &format!("and {} more", found.more)))?;
        }
        if found.whole {
            let text = format!("{} records, each goes on from the one before it; the last is {}", found.records, found.head);
            sink.line(&Line::toned(Tone::Good, &text))?;
        }
        match found.expected_at {
            Some(0) => sink.line(&Line::plain("the expected head is where the audit begins")),
            Some(at) => {
                sink.line(&Line::plain(&format!("the expected head is record {at}; {} came after it", found.records.saturating_sub(at))))
            }
            None => ControlFlow::Continue(()),
        }
    }
}

/// Prints the head.
pub struct AuditHeadPrinter;

impl Printer for AuditHeadPrinter {
    fn take(&mut self, envelope: &Envelope, sink: &mut Sink) -> ControlFlow<()> {
        let Some(head) = payload::<AuditHeadPayload>(envelope, sink) else { return ControlFlow::Continue(()) };
        sink.line(&Line::toned(Tone::Strong, &head.head))?;
        let text =
            format!("{} records; noted down elsewhere, stellar audit verify --expect HASH shows whether any was cut off", head.records);
        sink.line(&Line::toned(Tone::Dim, &text))
    }
}

/// Prints each record as the line of JSON that it is.
pub struct AuditExportPrinter;

impl Printer for AuditExportPrinter {
    fn take(&mut self, envelope: &Envelope, sink: &mut Sink) -> ControlFlow<()> {
        let Some(record) = payload::<AuditPayload>(envelope, sink) else { return ControlFlow::Continue(()) };
        match serde_json::to_string(&record) {
            Ok(text) => sink.json(&text),
            Err(error) => {
                sink.line(&Line::default().add_safe(Tone::Bad, SafeText::line(&format!("a record could not be written: {error}"))))
            }
        }
    }
}
