//! The cache: how it stands.

use crate::action::spec::{ActionSpec, Danger, Offline, Right, Scope, Surface};

pub(super) const ACTIONS: &[ActionSpec] = &[ActionSpec {
    id: "core.cache.read",
    title: "Cache status",
    doc: "Shows the cache in numbers: facts, bytes, what its encryption protects against and what not.",
    args: &[],
    right: Right::Read,
    offline: Offline::Works,
    danger: Danger::None,
    surface: Surface::Both,
    scope: Scope::Engine,
    command: &["cache", "status"],
    alias: &[],
    emits: &["core.cache.read"],
}];
