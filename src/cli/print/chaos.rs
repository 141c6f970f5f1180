//! `chaos run --live`.

use std::ops::ControlFlow;

use crate::{
    cli::{chaos::live_lines, sink::Sink},
    wire::{ChaosLivePayload, Envelope},
};

use super::{Printer, payload};

/// Prints the report when it comes.
pub struct ChaosLivePrinter;

impl Printer for ChaosLivePrinter {
    fn take(&mut self, envelope: &Envelope, sink: &mut Sink) -> ControlFlow<()> {
        let Some(report) = payload::<ChaosLivePayload>(envelope, sink) else { return ControlFlow::Continue(()) };
        live_lines(&report).iter().try_for_each(|line| sink.line(line))
    }
}
