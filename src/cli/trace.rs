//! `cache replay`: a trace from a file or stdin, counted in this process.

use std::path::Path;

use serde_json::{Map, Value as Json};

use crate::{
    action::args::CacheReplayArgs,
    runtime::{TraceError, count_file, count_trace},
    wire::CacheReplayPayload,
};

use super::messages::Failure;

/// Counts the trace that the arguments name; `-` is stdin.
pub fn count(args: &Map<String, Json>) -> Result<CacheReplayPayload, Failure> {
    let args: CacheReplayArgs = serde_json::from_value(Json::Object(args.clone()))
        .map_err(|error| Failure::new("bad_arguments", format!("core.cache.replay: {error}")))?;
    let counted = match args.trace.as_str() {
        "-" => count_trace(&mut std::io::stdin().lock(), args.capacity),
        path => count_file(Path::new(path), args.capacity),
    };
    counted.map_err(|error| match error {
        TraceError::Malformed { .. } => Failure::new("bad_trace", format!("{}: {error}", args.trace)),
        TraceError::Unreadable(_) => Failure::new("io", format!("{}: {error}", args.trace)),
    })
}
