//! Rules of the user's: `detectors.toml` beside the configuration, read again when it changes.
//!
//! A rule that is wrong is left out and said; a file that is wrong as a whole keeps the rules there were. A rule suggests and runs nothing.

use std::{
    fs,
    os::unix::fs::{MetadataExt as _, PermissionsExt as _},
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
};

use regex::{Regex, RegexBuilder};
use serde::Deserialize;
use serde_json::Value as Json;

use super::{
    super::path::{One, Path as JsonPath},
    block::{segment, slug},
    signal::Signal,
    suggestion::Suggestion,
};

/// The largest file of rules.
const LARGEST: u64 = 256 * 1024;
/// Rules that are taken.
const MOST: usize = 200;
/// Bytes that a compiled pattern may take.
const LARGEST_PATTERN: usize = 1 << 20;

/// A rule as it is written.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    name: String,
    #[serde(default)]
    file: Option<String>,
    #[serde(default)]
    url: Option<String>,
    #[serde(default)]
    text: Option<String>,
    #[serde(default)]
    has: Vec<String>,
    #[serde(default = "usual")]
    confidence: f64,
    source: toml::Table,
}

fn usual() -> f64 {
    0.8
}

/// A rule that can be applied.
#[derive(Debug)]
pub(super) struct Rule {
    name: String,
    file: Option<Regex>,
    url: Option<Regex>,
    text: Option<Regex>,
    has: Vec<JsonPath>,
    confidence: f64,
    source: toml::Table,
}

/// The rules of one state of the file.
#[derive(Debug, Default)]
pub(super) struct Rules {
    pub(super) rules: Vec<Rule>,
    /// What is wrong with the file, a sentence each.
    pub(super) problems: Vec<String>,
    /// Tells one state from another.
    pub(super) digest: String,
}

/// The file, and what was read of it.
pub(super) struct RuleFile {
    path: PathBuf,
    last: Mutex<Arc<Rules>>,
}

impl RuleFile {
    pub(super) fn new(path: PathBuf) -> Self {
        Self { path, last: Mutex::default() }
    }

    /// The rules in force now, and what is wrong with the file. It is small, so it is read every time: no change can be missed.
    pub(super) fn current(&self) -> (Arc<Rules>, Vec<String>) {
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        let why = match read(&self.path) {
            Ok(None) => {
                *last = Arc::default();
                None
            }
            Ok(Some(text)) => {
                let digest = blake3::hash(text.as_bytes()).to_hex().to_string();
                match if last.digest == digest { Ok(None) } else { parse(&text).map(Some) } {
                    Ok(Some(rules)) => {
                        *last = Arc::new(Rules { digest, ..rules });
                        None
                    }
                    Ok(None) => None,
                    Err(why) => Some(why),
                }
            }
            Err(why) => Some(why),
        };
        let count = last.rules.len();
        let kept = why.map(|why| format!("{}: {why}; the {count} rules that were read before stay in force", self.path.display()));
        (Arc::clone(&last), kept.into_iter().chain(last.problems.iter().cloned()).collect())
    }
}

fn read(path: &Path) -> Result<Option<String>, String> {
    let metadata = match fs::metadata(path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        metadata => metadata.map_err(|error| error.to_string())?,
    };
    if !metadata.is_file() || metadata.size() > LARGEST {
        return Err(format!("it is no regular file of at most {LARGEST} bytes"));
    }
    if metadata.permissions().mode() & 0o022 != 0 {
        return Err("others may write it, who could suggest what Stellar should run; chmod go-w it".to_owned());
    }
    let bytes = fs::read(path).map_err(|error| error.to_string())?;
    String::from_utf8(bytes).map(Some).map_err(|_| "it is not UTF-8".to_owned())
}

/// Reads the rules; one that is wrong is a problem and costs no other.
pub(super) fn parse(text: &str) -> Result<Rules, String> {
    let mut table: toml::Table = text.parse().map_err(|error: toml::de::Error| {
        let line = error.span().and_then(|span| text.get(..span.start)).map_or(1, |before| before.matches('\n').count() + 1);
        format!("it is not TOML at line {line}: {}", error.message().lines().next().unwrap_or_default())
    })?;
    match table.remove("version") {
        None | Some(toml::Value::Integer(1)) => {}
        Some(_) => return Err("this Stellar reads version = 1".to_owned()),
    }
    let written = match table.remove("detector") {
        None => Vec::new(),
        Some(toml::Value::Array(written)) if written.len() <= MOST => written,
        Some(_) => return Err(format!("detector is no list of at most {MOST} tables; write [[detector]]")),
    };
    if let Some(key) = table.keys().next() {
        return Err(format!("it has {key:?}, and takes version and [[detector]]"));
    }
    let mut rules = Rules::default();
    for (index, one) in written.into_iter().enumerate() {
        let name = one.get("name").and_then(toml::Value::as_str).unwrap_or_default().to_owned();
        match one.try_into::<Written>().map_err(|error| error.message().lines().next().unwrap_or_default().to_owned()).and_then(compile) {
            Ok(rule) if rules.rules.iter().any(|other| other.name == rule.name) => {
                rules.problems.push(format!("detectors.toml, rule {name:?} is there twice; the first one counts"));
            }
            Ok(rule) => rules.rules.push(rule),
            Err(why) => rules.problems.push(format!("detectors.toml, rule {} {name:?} is left out: {why}", index + 1)),
        }
    }
    Ok(rules)
}

fn compile(written: Written) -> Result<Rule, String> {
    let pattern = |what: &str, text: &str| {
        let built = RegexBuilder::new(text).size_limit(LARGEST_PATTERN).build();
        built.map_err(|error| {
            let whole = error.to_string();
            format!("{what} = {text:?} is no pattern: {}", whole.lines().last().unwrap_or_default().trim_start_matches("error: "))
        })
    };
    if written.file.is_none() && written.url.is_none() {
        return Err("it needs file or url, to know what it is about".to_owned());
    }
    if !(0.0..=1.0).contains(&written.confidence) {
        return Err("confidence is from 0 to 1".to_owned());
    }
    let is_name = |text: &str| {
        !text.is_empty() && text.len() <= 64 && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
    };
    if !is_name(&written.name) {
        return Err("name is 1 to 64 of a-z 0-9 -".to_owned());
    }
    Ok(Rule {
        file: written.file.as_deref().map(|text| pattern("file", &globbed(text))).transpose()?,
        url: written.url.as_deref().map(|text| pattern("url", &globbed(text))).transpose()?,
        text: written.text.as_deref().map(|text| pattern("text", text)).transpose()?,
        has: written.has.iter().map(|text| JsonPath::compile("has", text)).collect::<Result<_, _>>()?,
        name: written.name,
        confidence: written.confidence,
        source: written.source,
    })
}

/// `*` is any number of characters, `?` one; everything else is itself.
fn globbed(text: &str) -> String {
    let inside: String = text
        .chars()
        .map(|char| match char {
            '*' => ".*".to_owned(),
            '?' => ".".to_owned(),
            other => regex::escape(other.encode_utf8(&mut [0; 4])),
        })
        .collect();
    format!("(?s)^{inside}$")
}

impl Rule {
    /// Whether a file of this name may be about this rule.
    pub(super) fn wants(&self, path: &Path) -> bool {
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        self.file.as_ref().is_some_and(|file| file.is_match(name))
    }

    /// What it suggests; an `Err` says why it fits and still suggests nothing.
    pub(super) fn look(&self, signal: &Signal) -> Option<Result<Suggestion, String>> {
        let fits = match (signal.path(), signal.url()) {
            (Some(path), _) => self.wants(path),
            (None, Some(url)) => self.url.as_ref().is_some_and(|pattern| pattern.is_match(url.as_str())),
            (None, None) => false,
        };
        let fits = fits
            && self.text.as_ref().is_none_or(|text| text.is_match(&signal.text))
            && self.has.iter().all(|path| !path.all(&signal.body).is_empty());
        fits.then(|| self.suggest(signal).map_err(|why| format!("detectors.toml, rule {:?} suggests nothing: {why}", self.name)))
    }

    fn suggest(&self, signal: &Signal) -> Result<Suggestion, String> {
        let mut source = toml::Table::new();
        for (key, inner) in &self.source {
            source.insert(key.clone(), filled(inner, signal)?);
        }
        let text = |source: &toml::Table, key: &str| source.get(key).and_then(toml::Value::as_str).map(str::to_owned);
        let name = slug(&text(&source, "name").unwrap_or_else(|| format!("{}-{}", self.name, signal.home())));
        let kind = text(&source, "kind").unwrap_or_else(|| if signal.url().is_some() { "http" } else { "file" }.to_owned());
        source.insert("name".to_owned(), name.clone().into());
        source.insert("kind".to_owned(), kind.clone().into());
        let own = match kind.as_str() {
            "file" => Some("path"),
            "http" | "prometheus" => Some("url"),
            _ => None,
        };
        if let Some(own) = own.filter(|own| !source.contains_key(*own)) {
            source.insert(own.to_owned(), signal.shown().into());
        }
        let whole = toml::Table::from_iter([("source".to_owned(), toml::Value::Array(vec![source.into()]))]);
        let block = toml::to_string(&whole).map_err(|error| error.to_string())?;
        let made = Suggestion {
            detector: self.name.clone(),
            name,
            kind,
            place: signal.shown(),
            confidence: self.confidence,
            reasons: Vec::new(),
            block,
        };
        Ok(made.because("user_rule"))
    }
}

fn filled(here: &toml::Value, signal: &Signal) -> Result<toml::Value, String> {
    Ok(match here {
        toml::Value::String(text) => fill(text, signal)?.into(),
        toml::Value::Array(items) => toml::Value::Array(items.iter().map(|item| filled(item, signal)).collect::<Result<_, _>>()?),
        toml::Value::Table(table) => {
            let inner = table.iter().map(|(key, item)| Ok((key.clone(), filled(item, signal)?)));
            toml::Value::Table(inner.collect::<Result<_, String>>()?)
        }
        other => other.clone(),
    })
}

/// A text with `{{path}}`, `{{url}}`, `{{file}}`, `{{stem}}`, `{{dir}}` and `{{$.a.json.path}}` put in. The last five come as one tame
/// segment, because they may become part of a key.
fn fill(text: &str, signal: &Signal) -> Result<String, String> {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, inside)) = rest.split_once("{{") {
        let (word, after) = inside.split_once("}}").ok_or_else(|| format!("{text:?} has a {{{{ that is never closed"))?;
        out.push_str(before);
        let stem = || signal.path().and_then(Path::file_stem).and_then(|stem| stem.to_str()).unwrap_or_default();
        match word.trim() {
            "path" | "url" => out.push_str(&signal.shown()),
            "file" => out.push_str(&segment(signal.file_name())),
            "stem" => out.push_str(&segment(stem())),
            "dir" => out.push_str(&segment(&signal.home())),
            path if path.starts_with('$') => match JsonPath::compile("placeholder", path)?.one(&signal.body) {
                One::Found(Json::String(found)) => out.push_str(&segment(found)),
                One::Found(found @ (Json::Number(_) | Json::Bool(_))) => out.push_str(&segment(&found.to_string())),
                One::Found(_) => return Err(format!("{path} is no text, number or bool")),
                One::Nothing => return Err(format!("{path} finds nothing")),
                One::Many => return Err(format!("{path} finds more than one")),
            },
            other => return Err(format!("{{{{{other}}}}} is none of path url file stem dir and a JSONPath")),
        }
        rest = after;
    }
    out.push_str(rest);
    Ok(out)
}
