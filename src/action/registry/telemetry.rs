//! How Stellar itself is doing.

use crate::action::spec::{ActionSpec, Scope, Surface};

pub(super) const ACTIONS: &[ActionSpec] = &[ActionSpec {
    id: "core.telemetry.read",
    title: "How Stellar is doing",
    doc: "Shows how Stellar itself is doing: how often what it believed was right by your decisions, beside what majority vote would have had, \
          how well p_true kept its word, and how cache, queue and sources are.",
    command: &["telemetry", "status"],
    emits: &["core.telemetry.read"],
    scope: Scope::Engine,
    surface: Surface::Command,
    ..ActionSpec::COMMAND
}];
