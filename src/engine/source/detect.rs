//! Suggesting sources: what a file, a directory or an address could be to Stellar, with how sure that is and why.
//!
//! Invariants: nothing is executed and nothing is written; a walk is bounded in depth, names, files and bytes and follows no link; an address
//! gets a few bounded GETs within its origin, without any secret; no value of a `.env` is ever looked at; whatever bytes come, a detector
//! answers.
//!
//! A suggestion is a text. Whoever takes it up checks it as any other configuration. To add a detector: a file beside these, and a line in
//! `DETECTORS`.

mod answer;
mod block;
mod compose;
mod dotenv;
mod kubeconfig;
mod kubernetes;
mod manifest;
mod memory;
mod openapi;
mod probe;
mod prometheus;
mod rules;
mod shape;
mod signal;
mod suggestion;
mod unit;
mod walk;

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    sync::Arc,
};

use reqwest::Url;
use serde_json::Value as Json;

use crate::engine::world::Clock;

use super::{
    SourceError,
    fail::fail,
    file::{Format, parse_file},
};
use memory::{Known, Memory, Which};
use rules::{RuleFile, Rules};
use signal::{Place, Signal};
pub use suggestion::{Reason, Suggestion};
use walk::{Found, Nowhere, Walked, walk};

/// Every built-in detector. The last resort, `answer::detect_file`, comes only where none of these and no rule has anything to say.
const DETECTORS: [fn(&Signal) -> Vec<Suggestion>; 11] = [
    compose::detect,
    kubernetes::detect,
    kubeconfig::detect,
    prometheus::detect_config,
    prometheus::detect_api,
    prometheus::detect_exposition,
    openapi::detect,
    dotenv::detect,
    manifest::detect,
    unit::detect,
    answer::detect_http,
];

/// Reasons that are told one by one; what is more is counted together.
const MOST_REASONS: usize = 20;

/// Looks at places, and remembers for a while what it saw.
pub struct Detector {
    inner: Arc<Inner>,
}

struct Inner {
    rules: RuleFile,
    memory: Memory,
    clock: Arc<dyn Clock>,
}

/// What looking at a place came to.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Detection {
    /// What could be configured, the surest first.
    pub suggestions: Vec<Suggestion>,
    /// Files that were looked into; an address counts as one.
    pub looked_into: u64,
    /// How many of these were remembered and not read again.
    pub remembered: u64,
    /// What was passed over, by reason.
    pub left_out: Vec<(String, u64)>,
    /// What is wrong with rules of the user's, a sentence each.
    pub problems: Vec<String>,
}

/// Why a place cannot be looked at.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DetectError {
    /// There is nothing.
    #[error("there is no {0:?}")]
    Missing(String),
    /// It may not be read, or is no file.
    #[error("{0:?} cannot be looked at: {1}")]
    Unreadable(String, String),
    /// It is none.
    #[error("{0}")]
    BadTarget(String),
    /// The address does not answer as one that could be a source.
    #[error(transparent)]
    Failed(#[from] SourceError),
}

impl std::fmt::Debug for Detector {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("Detector").finish_non_exhaustive()
    }
}

impl Detector {
    /// A detector with the rules of this file, which need not be there.
    #[must_use]
    pub fn new(rules: PathBuf, clock: Arc<dyn Clock>) -> Self {
        Self { inner: Arc::new(Inner { rules: RuleFile::new(rules), memory: Memory::default(), clock }) }
    }

    /// Whether a target is an address, not a path.
    #[must_use]
    pub fn is_address(target: &str) -> bool {
        target.split_once("://").is_some_and(|(scheme, _)| {
            !scheme.is_empty() && scheme.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte))
        })
    }

    /// Looks at a path or an address; `anew` is without what is remembered.
    ///
    /// # Errors
    /// [`DetectError`] with a sentence.
    pub async fn detect(&self, target: &str, anew: bool) -> Result<Detection, DetectError> {
        if Self::is_address(target) {
            return self.address(target, anew).await;
        }
        let (inner, target) = (Arc::clone(&self.inner), target.to_owned());
        let task = tokio::task::spawn_blocking(move || inner.path(&target, anew));
        task.await.unwrap_or_else(|_| Err(fail("not_found", "looking at it ended early").into()))
    }

    async fn address(&self, target: &str, anew: bool) -> Result<Detection, DetectError> {
        let mut url = Url::parse(target).map_err(|error| DetectError::BadTarget(format!("this is no URL: {error}")))?;
        if !matches!(url.scheme(), "http" | "https") || !url.has_host() {
            return Err(DetectError::BadTarget("only paths and http or https URLs can be looked at".to_owned()));
        }
        if !url.username().is_empty() || url.password().is_some() {
            let why = "user and password would stand in the configuration: give the URL without them, and a header with a reference such as env:NAME later";
            return Err(DetectError::BadTarget(why.to_owned()));
        }
        url.set_fragment(None);
        let inner = &self.inner;
        let (rules, problems) = inner.rules.current();
        let which = Which::Url(url.to_string());
        let now = inner.clock.monotonic();
        let (known, remembered) = match inner.memory.find(&which, None, &rules.digest, now).filter(|_| !anew) {
            Some(known) => (known, 1),
            None => {
                let signal = probe::probe(&url, inner.clock.as_ref()).await?;
                let known = look(&signal, &rules);
                inner.memory.keep(which, None, &rules.digest, now, inner.clock.now(), &known);
                (known, 0)
            }
        };
        Ok(whole(vec![known], Walked::default(), remembered, problems))
    }
}

impl Inner {
    fn path(&self, target: &str, anew: bool) -> Result<Detection, DetectError> {
        let (rules, problems) = self.rules.current();
        let wanted = |path: &Path| Format::of(path).is_some() || rules.rules.iter().any(|rule| rule.wants(path));
        let walked = walk(Path::new(target), &wanted).map_err(|nowhere| match nowhere {
            Nowhere::Missing => DetectError::Missing(target.to_owned()),
            Nowhere::Unreadable(why) => DetectError::Unreadable(target.to_owned(), why),
            Nowhere::NoFile => DetectError::Unreadable(target.to_owned(), "it is neither a file nor a directory".to_owned()),
        })?;
        let is_target = Path::new(target).is_file();
        let mut remembered = 0;
        let mut all = Vec::new();
        for found in &walked.files {
            let which = Which::File { path: found.path.clone(), is_target };
            let (print, now) = (Some(found.print), self.clock.monotonic());
            if let Some(known) = self.memory.find(&which, print, &rules.digest, now).filter(|_| !anew) {
                remembered += 1;
                all.push(known);
                continue;
            }
            let known = inspect(found, is_target, &rules);
            self.memory.keep(which, print, &rules.digest, now, self.clock.now(), &known);
            all.push(known);
        }
        Ok(whole(all, walked, remembered, problems))
    }
}

fn whole(all: Vec<Known>, walked: Walked, remembered: u64, mut problems: Vec<String>) -> Detection {
    let mut left_out: BTreeMap<String, u64> = walked.left_out;
    let looked_into = all.len() as u64;
    let mut suggestions = Vec::new();
    for known in all {
        suggestions.extend(known.suggestions);
        problems.extend(known.problems);
        if let Some(why) = known.left_out {
            let why = if left_out.len() < MOST_REASONS || left_out.contains_key(&why) { why } else { "other reasons".to_owned() };
            let count = left_out.entry(why).or_default();
            *count = count.saturating_add(1);
        }
    }
    problems.truncate(MOST_REASONS);
    let suggestions = suggestion::in_order(suggestions);
    Detection { suggestions, looked_into, remembered, left_out: left_out.into_iter().collect(), problems }
}

fn inspect(found: &Found, is_target: bool, rules: &Rules) -> Known {
    match walk::read(found) {
        Ok(bytes) => look_into(&found.path, &bytes, is_target, rules),
        Err(why) => Known { left_out: Some(why), ..Known::default() },
    }
}

/// What the bytes of a file could be.
fn look_into(path: &Path, bytes: &[u8], is_target: bool, rules: &Rules) -> Known {
    let format = Format::of(path);
    let body = match format.map(|_| parse_file(path, bytes)) {
        Some(Ok(body)) => body,
        Some(Err(error)) => return Known { left_out: Some(error.message), ..Known::default() },
        None => Json::Null,
    };
    // What is in a .env is not even there for a pattern of the user's to look at.
    let text = if format == Some(Format::Env) { Ok("") } else { std::str::from_utf8(bytes) };
    let Ok(text) = text else { return Known { left_out: Some("it is not UTF-8".to_owned()), ..Known::default() } };
    let place = Place::File(path.to_owned());
    let signal = Signal { place, body, text: text.to_owned(), prometheus: None, is_exposition: false, is_target };
    let mut known = look(&signal, rules);
    if known.suggestions.is_empty() && format.is_none() && is_target {
        known.left_out = Some("its format is unknown: neither JSON, TOML, YAML, .env, go.mod nor a unit of systemd by its name".to_owned());
    }
    known
}

fn look(signal: &Signal, rules: &Rules) -> Known {
    let mut known = Known::default();
    for rule in &rules.rules {
        match rule.look(signal) {
            Some(Ok(suggestion)) => known.suggestions.push(suggestion),
            Some(Err(problem)) => known.problems.push(problem),
            None => {}
        }
    }
    known.suggestions.extend(DETECTORS.iter().flat_map(|detect| detect(signal)));
    if known.suggestions.is_empty() {
        known.suggestions = answer::detect_file(signal);
    }
    known
}

#[cfg(test)]
mod tests;
