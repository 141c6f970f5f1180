//! Who runs what: one port to the engine, whether it lives in this process or behind the socket.
//!
//! Invariants: one process owns a data directory; whoever opens it first also answers the others through the socket; a request
//! and its answer are the same either way. A client mints the id of its request, so asking again after a lost answer is the
//! same request.
//!
//! It does not print and does not decide exit codes.

mod assets;
mod chaos;
mod client;
mod clock;
mod context;
mod demo;
mod execute;
mod follow;
mod inspect;
mod keyboard;
mod log;
mod message;
mod owner;
mod port;
mod private_dir;
mod queue_view;
mod record;
mod reload;
mod secrets;
mod server;
mod service;
mod signals;
mod trace;
mod ui;
mod user;
mod vault;
mod wipe;

pub use assets::{AssetProblem, KeyLayer, Keys, ThemeFound, keys, themes};
pub use chaos::{ChaosError, chaos_profiles, chaos_run};
pub use clock::{mint_command, mint_id, now};
pub use context::{Context, RuntimeError};
pub use demo::{Demo, serve_demo};
pub use execute::NOTE as AUDIT_NOTE;
pub use inspect::{Place, files_of, inspect};
pub use keyboard::keyboard;
pub use log::log_dir;
pub use message::{Reply, Request};
pub use owner::serve;
pub use port::call;
pub use record::replay;
pub use reload::Reloading;
pub use service::{Service, ServiceError, ServiceReport};
pub use trace::{count_file, count_trace};
pub use ui::{ScreenOptions, screen, screen_is_possible};
pub use user::user_name;
pub use vault::new_passphrase;
pub use wipe::{WipePlan, wipe_plan};

/// The key rules that are there without a configuration: what is known of this host's own facts.
#[must_use]
pub fn builtin_rules() -> Vec<crate::fact::KeyRule> {
    crate::engine::source::host_rules()
}

/// Why a trace cannot be counted.
pub use crate::engine::TraceError;
