//! The one table of failures: stable code, exit code, and what a failure of each room is called.

use crate::{
    action::CallError,
    config::{ConfigError, InitError, TrustError},
    runtime::RuntimeError,
    wire::{ErrorBody, Outcome},
};

/// Every stable code that decides an exit code; any other is 1, or 2 when it comes from the configuration.
const CODES: &[(&str, u8)] = &[
    ("usage", 2),
    ("bad_arguments", 2),
    ("unknown_action", 2),
    ("not_an_engine_action", 2),
    ("not_in_this_build", 2),
    ("bad_source", 2),
    ("bad_target", 2),
    ("bad_block", 2),
    ("bad_profile", 2),
    ("bad_trace", 2),
    ("bad_keymap", 2),
    ("bad_theme", 2),
    ("instance_mismatch", 2),
    ("conflict_ambiguous", 2),
    ("command_ambiguous", 2),
    ("several_sources", 2),
    ("no_such_key", 3),
    ("no_such_source", 3),
    ("no_such_target", 3),
    ("no_suggestion", 3),
    ("no_such_profile", 3),
    ("no_such_copy", 3),
    ("copy_ambiguous", 2),
    ("no_such_theme", 3),
    ("no_history", 3),
    ("snapshot_not_found", 3),
    ("conflict_not_found", 3),
    ("command_not_found", 3),
    ("no_such_candidate", 3),
    ("conflict_undecided", 4),
    ("decision_needed", 4),
    ("would_send", 4),
    ("conflict_moved", 4),
    ("change_blocked", 4),
    ("too_old", 5),
    ("nothing_cached", 5),
    ("no_source_answered", 5),
    ("offline", 5),
    ("denied", 6),
    ("store_damaged", 7),
    ("audit_broken", 7),
    ("wait_expired", 8),
    ("store_busy", 1),
    ("not_writable", 1),
    ("locked", 1),
    ("not_locked", 1),
    ("schema_violation", 1),
    ("too_large", 1),
    ("wrong_state", 1),
    ("nothing_to_undo", 1),
    ("base_unknown", 1),
    ("change_dead", 1),
    ("queue_held", 1),
    ("service_failed", 1),
    ("not_our_unit", 1),
    ("store_newer_format", 1),
    ("store_unwritable", 1),
    ("key_unavailable", 1),
    ("wrong_key", 1),
    ("engine_unavailable", 1),
    ("engine_busy", 1),
    ("pins_full", 1),
    ("source_failed", 1),
    ("source_exists", 1),
    ("config_in_a_value", 1),
    ("config_moved", 1),
    ("unreadable", 1),
    ("not_a_snapshot", 1),
    ("snapshot_other_version", 1),
    ("snapshot_other_key", 1),
    ("snapshot_damaged", 1),
    ("snapshot_unreadable", 1),
    ("no_snapshot_of_memory", 1),
    ("cache_moved", 1),
    ("doctor_failed", 1),
    ("chaos_failed", 1),
    ("theme_contrast", 1),
    ("io", 1),
];

/// The exit code of a failure with this stable code.
#[must_use]
pub fn exit_code(code: &str) -> u8 {
    CODES.iter().find(|(known, _)| *known == code).map_or(1, |(_, exit)| *exit)
}

/// A failure on its way out.
#[derive(Debug)]
pub struct Failure {
    /// What the process ends with.
    pub exit: u8,
    /// `error` or `denied`.
    pub outcome: Outcome,
    /// What is said.
    pub body: ErrorBody,
}

impl Failure {
    /// A failure by its code.
    pub fn new(code: &str, message: impl Into<String>) -> Self {
        Self { exit: exit_code(code), outcome: Outcome::Error, body: ErrorBody::new(code, message) }
    }

    /// With what to do about it.
    pub fn hint(mut self, hint: &str) -> Self {
        self.body = self.body.hint(hint);
        self
    }

    /// A usage error.
    pub fn usage(message: impl Into<String>) -> Self {
        Self::new("usage", message)
    }
}

impl From<ConfigError> for Failure {
    fn from(error: ConfigError) -> Self {
        let hint =
            if error.file.is_some() { "stellar config check shows every fault with its place" } else { "stellar --help shows the flags" };
        Self { exit: 2, ..Self::new(error.code(), error.to_string()) }.hint(hint)
    }
}

impl From<InitError> for Failure {
    fn from(error: InitError) -> Self {
        let code = if matches!(error, InitError::Exists(_)) { "config_exists" } else { "io" };
        Self::new(code, error.to_string())
    }
}

impl From<TrustError> for Failure {
    fn from(error: TrustError) -> Self {
        match error {
            TrustError::File(error) => error.into(),
            error @ TrustError::Record { .. } => Self::new("io", error.to_string()),
        }
    }
}

impl From<CallError> for Failure {
    fn from(error: CallError) -> Self {
        let message = error.to_string();
        match error {
            CallError::UnknownAction { .. } => Self::new("unknown_action", message).hint("stellar action lists them"),
            CallError::NotHere(..) => Self::new("not_an_engine_action", message),
            CallError::BadArguments { .. } => Self::new("bad_arguments", message),
            CallError::Denied { .. } => Self { outcome: Outcome::Denied, ..Self::new("denied", message) },
        }
    }
}

impl From<RuntimeError> for Failure {
    fn from(error: RuntimeError) -> Self {
        let message = error.to_string();
        match error {
            RuntimeError::Engine(error) => match error.code() {
                "store_newer_format" => Self::new("store_newer_format", message),
                "store_busy" => Self::new("store_busy", message).hint("ask it instead: every subcommand does; or end it and try again"),
                "store_unwritable" => Self::new("store_unwritable", message).hint("stellar doctor shows which directory and why"),
                code => Self::new(code, message),
            },
            RuntimeError::Mismatch(_) => Self::new("instance_mismatch", message),
            RuntimeError::Io(_) => Self::new("io", message),
            RuntimeError::Busy(_) => Self::new("engine_busy", message),
        }
    }
}
