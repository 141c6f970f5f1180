//! `demo`: what is said of the made-up system.

use serde_json::{Map, Value as Json};

use crate::{
    runtime::Demo,
    wire::{DemoPayload, UpstreamPayload},
};

use super::{
    invocation::Invocation,
    line::{Line, Tone},
    messages::Failure,
};

/// The seed of who gives none.
const SEED: u64 = 1;

/// Refuses what would lead out of the demo.
pub fn has_its_own(invocation: &Invocation) -> Result<(), Failure> {
    let given = [
        ("--config", invocation.config.is_some()),
        ("--profile", invocation.profile.is_some()),
        ("--data-dir", invocation.overrides.data_dir.is_some()),
    ];
    match given.iter().find(|(_, given)| *given) {
        None => Ok(()),
        Some((flag, _)) => {
            Err(Failure::usage(format!("{flag} does not go with demo, which has a configuration and a data directory of its own")))
        }
    }
}

/// What everything is drawn from.
pub fn seed(args: &Map<String, Json>) -> u64 {
    args.get("seed").and_then(Json::as_u64).unwrap_or(SEED)
}

/// What is running, and where.
pub fn payload(demo: &Demo) -> DemoPayload {
    let upstream = |(name, address): (&str, String)| UpstreamPayload { name: name.to_owned(), address };
    DemoPayload {
        address: demo.address(),
        config: demo.config_file().display().to_string(),
        directory: demo.directory().display().to_string(),
        command: demo.command().display().to_string(),
        seed: demo.seed(),
        upstreams: demo.upstreams().into_iter().map(upstream).collect(),
    }
}

/// For who only serves it.
pub fn lines(payload: &DemoPayload) -> Vec<Line> {
    let row = |name: &str, text: &str| Line::toned(Tone::Dim, &format!("{name:<10} ")).add(Tone::Plain, text);
    let mut lines = vec![
        row("serving", &format!("{}, seed {}; /script says what happens when, /effects what was changed", payload.address, payload.seed)),
        row("config", &payload.config),
        row("command", &format!("{} list", payload.command)),
    ];
    lines.extend(payload.upstreams.iter().map(|upstream| row(&upstream.name, &upstream.address)));
    lines.push(row("directory", &format!("{}, removed at the end: Ctrl+C", payload.directory)));
    lines
}

/// For who sees the screen next, and these lines when it is gone.
pub fn words(payload: &DemoPayload) -> Vec<String> {
    vec![
        format!("a made-up system at {}, seed {}; its configuration is {}", payload.address, payload.seed, payload.config),
        format!("in another terminal: {} conflicts list; all of it is removed when you leave", payload.command),
    ]
}
