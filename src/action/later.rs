//! Subcommands of the contract that this build does not have: known by name, so that asking for one gets a sentence.

/// A subcommand that is to come.
#[derive(Debug)]
pub struct LaterSpec {
    /// Its first word, or its first two where the first exists already.
    pub command: &'static [&'static str],
    /// What it will do, as the end of a sentence that starts with its name.
    pub what: &'static str,
}

const fn later(command: &'static [&'static str], what: &'static str) -> LaterSpec {
    LaterSpec { command, what }
}

/// Every subcommand that is to come.
pub const LATER: &[LaterSpec] = &[
    later(&["reader"], "reads facts line by line"),
    later(&["prefetch"], "shows what is fetched ahead"),
    later(&["telemetry", "export"], "hands measurements on"),
    later(&["runbook"], "runs a runbook"),
];
