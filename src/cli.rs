//! Subcommands, printing, exit codes.
//!
//! Every subcommand is an action of the registry; one that needs the engine becomes one request through the runtime, and what comes
//! back is printed from its lines, so that a local answer and one through the socket read the same.
//!
//! Invariants: stdout is written to in one file, `sink.rs`; plain text is made of `SafeText`; a JSON line is escaped; a closed stdout is
//! a quiet end. It knows no engine and keeps no state.

mod add;
mod ask;
mod audit;
mod changes;
mod chaos;
mod command;
mod config;
mod confirm;
mod demo;
mod doctor;
mod generate;
mod invocation;
mod line;
mod live;
mod look;
mod messages;
mod print;
mod run;
mod service;
mod sink;
mod trace;
mod upkeep;

#[cfg(test)]
mod queue_tests;
#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;

pub use command::command;
pub use messages::exit_code;
pub use run::run;
