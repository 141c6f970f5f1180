//! From the text of a file to a configuration, or to everything that is wrong with it. Touches nothing outside its arguments.

use std::{collections::BTreeMap, path::PathBuf};

use sha2::{Digest as _, Sha256};
use toml::de::DeTable;

use crate::fact::KeyRule;

use super::{
    key_rule::{Surroundings, read_rules, read_writable_source},
    model::Config,
    problem::{ConfigProblem, phrase},
    reader::{Document, Section},
    sections::{read_app, read_cache, read_confidence, read_http, read_log, read_prefetch, read_queue, read_telemetry},
    settings::keys_of,
    source_reader::{Sources, read_sources},
};

/// The newest format this build reads.
const VERSION: u32 = 1;

/// What a file's text came to.
#[derive(Debug)]
pub(super) struct Parsed {
    /// The configuration, without built-in rules; trusted.
    pub config: Config,
    /// The line of every setting that was given, by dotted path.
    pub lines: BTreeMap<String, usize>,
    /// Schema files that were read.
    pub schema_files: Vec<PathBuf>,
}

/// Reads a text.
///
/// # Errors
/// All problems, in file order; only those of the syntax while that is wrong, only the version while that is newer.
pub(super) fn parse(text: &str, around: &Surroundings<'_>) -> Result<Parsed, Vec<ConfigProblem>> {
    let document = Document::new(text);
    let (table, errors) = DeTable::parse_recoverable(text);
    for error in &errors {
        let at = error.span().map_or(0, |span| span.start);
        let message = format!("This is not TOML: {}.", phrase(error.message()));
        document.note(at, ConfigProblem::outside("syntax", "", message).with("", "TOML"));
    }
    if !document.is_sound() {
        return Err(document.finish().0);
    }
    let parsed = read(&document, table.get_ref(), text, around);
    let (problems, lines) = document.finish();
    match parsed {
        Some((config, schema_files)) if problems.is_empty() => Ok(Parsed { config, lines, schema_files }),
        _ => Err(problems),
    }
}

fn read<'d>(document: &'d Document<'d>, table: &'d DeTable<'d>, text: &str, around: &Surroundings<'_>) -> Option<(Config, Vec<PathBuf>)> {
    // A newer format has settings unknown here; naming each of them would bury the one thing that is wrong.
    let any: Vec<&str> = table.keys().map(|key| key.get_ref().as_ref()).collect();
    if let Some(entry) = Section::root(document, table, &any).get("version") {
        let version = entry.whole(1, u32::MAX)?;
        if version > VERSION {
            let message = format!(
                "This file has version = {version}; this Stellar reads up to version {VERSION}. Use a newer Stellar, or write the file anew with `stellar config init`."
            );
            entry.problem("newer_version", message, VERSION.to_string());
            return None;
        }
    }
    let root = Section::root(document, table, &keys_of(""));
    let sources = read_sources(&root, around.base);
    let (rules, schema_files) = read_rules(&root, around, &sources);
    let queue = read_queue(&root);
    note_submit_to(&root, &sources);
    let digest = digest_with(text, &schema_files, &rules);
    let config = Config {
        app: read_app(&root),
        cache: read_cache(&root, around.base),
        queue,
        confidence: read_confidence(&root),
        prefetch: read_prefetch(&root),
        http: read_http(&root),
        telemetry: read_telemetry(&root),
        log: read_log(&root),
        sources: sources.configs,
        rules,
        base_dir: around.base.to_owned(),
        trusted: true,
        digest,
    };
    Some((config, schema_files))
}

fn note_submit_to(root: &Section<'_>, sources: &Sources) {
    // Its mistakes were noted when the queue was read; here only whom it names is of interest.
    let entry = root
        .get("queue")
        .filter(|entry| matches!(entry.raw(), toml::de::DeValue::Table(_)))
        .and_then(|entry| entry.any_section()?.get("submit_to"));
    if let Some(entry) = entry
        && matches!(entry.raw(), toml::de::DeValue::String(name) if !name.is_empty())
    {
        read_writable_source(&entry, sources);
    }
}

/// Of the text, and of the schemas that stand elsewhere: with another of those it is another configuration.
fn digest_with(text: &str, schema_files: &[PathBuf], rules: &[KeyRule]) -> String {
    let mut all = text.as_bytes().to_vec();
    if !schema_files.is_empty() {
        for schema in rules.iter().filter_map(|rule| rule.schema.as_ref()) {
            all.push(0);
            all.extend_from_slice(schema.as_json_text().as_bytes());
        }
    }
    digest_of(&all)
}

/// SHA-256 in hex.
pub(super) fn digest_of(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}
