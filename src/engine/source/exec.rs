//! `exec`: a command whose output is the answer.
//!
//! Invariants: no shell; the arguments are the configured ones; of the environment only what is listed; standard input is closed; output
//! is bounded; however it ends - time-out, too much output, a caller that no longer waits - its whole process group ends with it.

mod group;
mod run;

use std::path::PathBuf;

use serde_json::{Value as Json, json};

use crate::{
    config::{ExecSource as ExecConfig, OutputFormat, SourceConfig},
    fact::json_string,
};

use super::{
    BoxFuture, Fetched, Source, SourceError,
    collect::{Claims, Collector, Origin},
    fail::fail,
    json,
    map::Mapping,
};
use run::Run;

/// A command.
pub(super) struct ExecSource {
    run: Run,
    format: OutputFormat,
    claims: Claims,
    mapping: Mapping,
}

impl ExecSource {
    /// Compiles the maps and makes the environment.
    ///
    /// # Errors
    /// A sentence that says what is wrong.
    pub(super) fn new(
        config: &SourceConfig,
        exec: &ExecConfig,
        base_dir: PathBuf,
        environment: &[(String, String)],
    ) -> Result<Self, String> {
        let items = match exec.format {
            OutputFormat::Json => None,
            OutputFormat::Lines if config.maps.is_empty() => {
                return Err("format = \"lines\" needs a [[source.map]]: a line has no name of its own".to_owned());
            }
            OutputFormat::Lines => Some("$[*]"),
        };
        let (program, arguments) = exec.command.split_first().ok_or("command is empty")?;
        Ok(Self {
            run: Run {
                program: run::program(program, &base_dir),
                arguments: arguments.to_vec(),
                directory: base_dir,
                environment: run::environment(&exec.env, environment),
                timeout: config.timeout,
                max_output: exec.max_output,
            },
            format: exec.format,
            claims: Claims::of(config),
            mapping: Mapping::compile(&config.maps, exec.depth, items, &config.prefix)?,
        })
    }

    fn body(&self, output: &[u8]) -> Result<Json, SourceError> {
        match self.format {
            OutputFormat::Json => json::parse("the command's output", output),
            OutputFormat::Lines => lines(output),
        }
    }
}

impl Source for ExecSource {
    fn fetch(&self) -> BoxFuture<'_, Result<Fetched, SourceError>> {
        Box::pin(async move {
            let output = self.run.output().await?;
            let body = self.body(&output)?;
            let mut into = Collector::new(&self.claims);
            self.mapping.apply(&body, &Origin::default(), &mut into).map_err(|why| fail("invalid_mapping", why))?;
            Ok(into.finish(output.len() as u64))
        })
    }
}

/// Text lines as items `{"line": 1, "text": ".."}`; empty lines are counted but make no item.
fn lines(output: &[u8]) -> Result<Json, SourceError> {
    let text = std::str::from_utf8(output).map_err(|error| {
        let line = output.iter().take(error.valid_up_to()).filter(|byte| **byte == b'\n').count() + 1;
        fail("not_utf8", format!("the command's output is not UTF-8 at line {line}"))
    })?;
    let items = text.lines().enumerate().filter(|(_, line)| !line.is_empty());
    Ok(items.map(|(index, line)| json!({ "line": index + 1, "text": json_string(line) })).collect())
}

#[cfg(test)]
mod tests;
