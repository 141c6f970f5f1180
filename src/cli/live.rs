//! `stellar` without a subcommand: the facts as they change, in place on a terminal; once and done where nobody watches.

use std::{collections::BTreeMap, ops::ControlFlow};

use serde_json::Map;

use crate::{
    fact::Key,
    wire::{Envelope, InsightPayload},
};

use super::{
    ask::{Asker, Port, ask},
    line::{Line, Tone},
    print::{Printer, event_line, fact_table, printer_for},
    sink::Sink,
};

/// What a person may try next.
const NEXT: &str = "Next: stellar list --json   stellar why KEY   stellar conflicts list   stellar --help";

/// Runs it; returns the exit code.
pub fn live(port: &dyn Port, asker: &Asker, implied_host: bool, sink: &mut Sink) -> u8 {
    if sink.is_terminal() && !sink.is_json() {
        let request = asker.request("core.insight.watch", Map::new(), true);
        return ask(port, &request, &mut LivePrinter { implied_host, ..LivePrinter::default() }, sink);
    }
    let request = asker.request("core.insight.list", Map::new(), false);
    let exit = ask(port, &request, printer_for("core.insight.list", &Map::new()).as_mut(), sink);
    if !sink.is_json() {
        let _ = footer(implied_host, sink);
    }
    exit
}

fn footer(implied_host: bool, sink: &mut Sink) -> ControlFlow<()> {
    sink.line(&Line::default())?;
    if implied_host {
        sink.line(&Line::toned(Tone::Dim, "This is only this machine. stellar config init writes a file to add your systems to."))?;
    }
    sink.line(&Line::toned(Tone::Dim, NEXT))
}

/// Holds the facts and draws them all again when a source has answered: between two answers nothing else changes.
#[derive(Default)]
struct LivePrinter {
    facts: BTreeMap<Key, InsightPayload>,
    news: Vec<Line>,
    ready: bool,
    implied_host: bool,
}

/// How many of the last events stay in sight.
const NEWS: usize = 5;

impl Printer for LivePrinter {
    fn take(&mut self, envelope: &Envelope, sink: &mut Sink) -> ControlFlow<()> {
        match envelope.action.as_str() {
            "core.insight.read" | "core.insight.changed" => {
                if let Ok(fact) = envelope.payload_as::<InsightPayload>() {
                    self.facts.insert(fact.key.clone(), fact);
                }
                return ControlFlow::Continue(());
            }
            "core.watch.ready" => self.ready = true,
            _ => {
                if let Some(line) = event_line(envelope, sink) {
                    self.news.push(line);
                    let old = self.news.len().saturating_sub(NEWS);
                    self.news.drain(..old);
                }
            }
        }
        if self.ready { self.draw(sink) } else { ControlFlow::Continue(()) }
    }
}

impl LivePrinter {
    fn draw(&self, sink: &mut Sink) -> ControlFlow<()> {
        sink.clear()?;
        fact_table(self.facts.values()).iter().try_for_each(|line| sink.line(line))?;
        self.news.iter().try_for_each(|line| sink.line(line))?;
        footer(self.implied_host, sink)?;
        sink.line(&Line::toned(Tone::Dim, "Ctrl+C leaves."))
    }
}
