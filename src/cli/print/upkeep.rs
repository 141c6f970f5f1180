//! `cache verify`, `cache rekey`, `cache damaged`.

use std::ops::ControlFlow;

use crate::{
    cli::{
        line::{Line, Tone},
        sink::Sink,
    },
    text::{SafeText, bytes_words},
    wire::{DamagedPayload, Envelope, RekeyPayload, VerifyPayload},
};

use super::{
    Printer, payload,
    table::{Column, Table},
};

/// Prints what was found.
pub struct VerifyPrinter;

impl Printer for VerifyPrinter {
    fn take(&mut self, envelope: &Envelope, sink: &mut Sink) -> ControlFlow<()> {
        let Some(found) = payload::<VerifyPayload>(envelope, sink) else { return ControlFlow::Continue(()) };
        let whole = found.checked.saturating_sub(found.damaged + found.wrong_key);
        let tone = if whole == found.checked && found.complete { Tone::Good } else { Tone::Warn };
        let text = format!(
            "{whole} of {} records are whole, {} damaged, {} of another key; {}",
            found.checked,
            found.damaged,
            found.wrong_key,
            if found.complete { "none is missing" } else { "some are missing or older than they should be" }
        );
        sink.line(&Line::toned(tone, &text))
    }
}

/// Prints what is so now.
pub struct RekeyPrinter;

impl Printer for RekeyPrinter {
    fn take(&mut self, envelope: &Envelope, sink: &mut Sink) -> ControlFlow<()> {
        let Some(done) = payload::<RekeyPayload>(envelope, sink) else { return ControlFlow::Continue(()) };
        let text = match done.resealed {
            true => format!("everything is sealed anew, with data key {}", done.data_key),
            false => format!("data key {} is wrapped anew; what it sealed is as it was", done.data_key),
        };
        sink.line(&Line::plain(&text))?;
        sink.line(&Line::plain(&done.protection))?;
        let word = if done.kind == "file" { "file:PATH" } else { &*done.kind };
        sink.line(&Line::toned(Tone::Dim, &format!("[cache] key = \"{word}\" in the configuration makes it the same for a new cache")))?;
        match done.retired.is_empty() {
            true => ControlFlow::Continue(()),
            false => sink.line(&Line::toned(
                Tone::Dim,
                "former keys stay for what was set aside or written as a snapshot: stellar cache damaged list",
            )),
        }
    }
}

/// Prints a table at the end.
#[derive(Default)]
pub struct DamagedPrinter {
    found: Vec<DamagedPayload>,
}

impl Printer for DamagedPrinter {
    fn take(&mut self, envelope: &Envelope, sink: &mut Sink) -> ControlFlow<()> {
        self.found.extend(payload::<DamagedPayload>(envelope, sink));
        ControlFlow::Continue(())
    }

    fn finish(&mut self, sink: &mut Sink) -> ControlFlow<()> {
        let column = |head, cap, right| Column { head, cap, right };
        let mut table = Table::new(vec![column("SET ASIDE", 40, false), column("SIZE", 12, true), column("HOLDS", 60, false)]);
        for copy in &self.found {
            let cells = [copy.id.clone(), size(copy.bytes), copy.holds.join(" ")];
            table.row(cells.iter().map(|cell| (Tone::Plain, SafeText::line(cell))).collect());
        }
        table.lines().iter().try_for_each(|line| sink.line(line))
    }
}

/// Prints what is gone.
pub struct DiscardPrinter;

impl Printer for DiscardPrinter {
    fn take(&mut self, envelope: &Envelope, sink: &mut Sink) -> ControlFlow<()> {
        let Some(copy) = payload::<DamagedPayload>(envelope, sink) else { return ControlFlow::Continue(()) };
        sink.line(&Line::plain(&format!("{} is gone, {} with it", copy.path, size(copy.bytes))))
    }
}

#[expect(clippy::cast_precision_loss, reason = "shown with one decimal")]
fn size(bytes: u64) -> String {
    bytes_words(bytes as f64)
}
