//! `exec`: a command whose output is the answer.
//!
//! Invariants: no shell; the arguments are the configured ones; of the environment only what is listed; standard input is closed, or holds
//! the value of a change; output is bounded; however it ends - time-out, too much output, a caller that no longer waits - its whole process group ends with it.

mod group;
mod run;
mod send;

use std::{path::PathBuf, sync::Arc};

use serde_json::{Value as Json, json};

use crate::{
    config::{ExecSource as ExecConfig, OutputFormat, SourceConfig},
    fact::{Base, Key, Value, json_string},
};

use super::{
    Answer, BoxFuture, Change, Confirmed, Delivery, Fetched, Source, SourceError,
    apart::aside,
    collect::{Claims, Collector, Origin},
    fail::fail,
    json,
    map::Mapping,
    outcome,
};
use run::Run;
use send::WriteRoute;

/// A command.
pub(super) struct ExecSource {
    run: Run,
    reading: Arc<Reading>,
    writes: Vec<WriteRoute>,
}

/// How an output is made into facts, wherever that is done.
struct Reading {
    format: OutputFormat,
    claims: Arc<Claims>,
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
        let run = Run {
            program: run::program(program, &base_dir),
            arguments: arguments.to_vec(),
            directory: base_dir,
            environment: run::environment(&exec.env, environment),
            timeout: config.timeout,
            max_output: exec.max_output,
            input: None,
        };
        let routes = config.writes.iter().filter(|_| config.writable);
        let writes = routes.map(|write| WriteRoute::compile(write, &run, |name| run::program(name, &run.directory)));
        let writes = writes.collect::<Result<_, _>>()?;
        let reading = Reading {
            format: exec.format,
            claims: Claims::of(config),
            mapping: Mapping::compile(&config.maps, exec.depth, items, &config.prefix)?,
        };
        Ok(Self { run, reading: Arc::new(reading), writes })
    }
}

impl ExecSource {
    async fn ask(&self) -> Result<Fetched, SourceError> {
        let output = self.run.output().await?;
        let reading = Arc::clone(&self.reading);
        aside(move || reading.facts_of(&output)).await
    }

    fn write_route(&self, key: &Key) -> Option<&WriteRoute> {
        self.writes.iter().find(|route| self.reading.claims.allows(key) && route.is_for(key))
    }

    async fn value_now(&self, key: &Key) -> Result<Option<Value>, SourceError> {
        outcome::value_in(self.ask().await?, key)
    }

    /// Checked, never guarded: between the look and the command anybody may come.
    async fn attempt(&self, route: &WriteRoute, change: &Change) -> Delivery {
        if change.base != Base::Unknown {
            let current = match self.value_now(&change.key).await {
                Ok(value) => Base::found(value),
                Err(error) => return outcome::of_error(&error),
            };
            if current.is(&change.value) {
                return Delivery::Accepted { revision: None, guarded: false, confirmed: Some(Confirmed(change.value.clone())) };
            }
            if !change.base.holds(&current, &change.compare) {
                let answer = Answer::new(None, "the value at the target is no longer the one this change was made on");
                return Delivery::Moved { current, answer };
            }
        }
        route.send(change).await
    }
}

impl Reading {
    fn facts_of(&self, output: &[u8]) -> Result<Fetched, SourceError> {
        let body = match self.format {
            OutputFormat::Json => json::parse("the command's output", output)?,
            OutputFormat::Lines => lines(output)?,
        };
        let mut into = Collector::new(&self.claims);
        self.mapping.apply(&body, &Origin::default(), &mut into).map_err(|why| fail("invalid_mapping", why))?;
        Ok(into.finish(output.len() as u64))
    }
}

impl Source for ExecSource {
    fn fetch(&self) -> BoxFuture<'_, Result<Fetched, SourceError>> {
        Box::pin(self.ask())
    }

    fn writes(&self, key: &Key) -> bool {
        self.write_route(key).is_some()
    }

    fn deliver<'a>(&'a self, change: &'a Change) -> Option<BoxFuture<'a, Delivery>> {
        let route = self.write_route(&change.key)?;
        Some(Box::pin(self.attempt(route, change)))
    }

    fn reread<'a>(&'a self, key: &'a Key) -> Option<BoxFuture<'a, Result<Option<Value>, SourceError>>> {
        self.writes(key).then(|| -> BoxFuture<'a, _> { Box::pin(self.value_now(key)) })
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
