//! The formats of files, all read into the same strict tree.

use std::path::Path;

use serde_json::Value as Json;

use crate::fact::JsonTree;

use super::{
    super::{
        SourceError,
        fail::{fail, refused},
        json,
    },
    dotenv, go_mod,
    load::shown,
    unit, yaml,
};

/// What a file is written in, told by its name alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::engine::source) enum Format {
    Json,
    Toml,
    Yaml,
    /// `.env`: names only, no value is taken.
    Env,
    GoMod,
    /// A unit of systemd.
    Unit,
}

impl Format {
    /// The format of a file of this name; none for any other.
    pub(in crate::engine::source) fn of(path: &Path) -> Option<Self> {
        let name = path.file_name()?.to_str()?;
        match path.extension().and_then(|ending| ending.to_str()) {
            Some("json") => Some(Self::Json),
            Some("toml") => Some(Self::Toml),
            Some("yaml" | "yml") => Some(Self::Yaml),
            _ if name == ".env" || name.starts_with(".env.") || name.ends_with(".env") => Some(Self::Env),
            _ if name == "go.mod" => Some(Self::GoMod),
            Some("service" | "timer" | "socket" | "mount" | "path" | "target" | "slice") => Some(Self::Unit),
            _ => is_kubeconfig(path, name).then_some(Self::Yaml),
        }
    }
}

/// The one YAML file everybody has that does not say so in its name.
fn is_kubeconfig(path: &Path, name: &str) -> bool {
    let in_kube = path.parent().and_then(Path::file_name).is_some_and(|parent| parent == ".kube");
    name == "kubeconfig" || (name == "config" && in_kube)
}

/// Reads a file's bytes by its name.
///
/// # Errors
/// The codes of [`json::parse`], or `unsupported` for another name; the sentence names file and line.
pub(in crate::engine::source) fn parse(path: &Path, bytes: &[u8]) -> Result<Json, SourceError> {
    let name = shown(path);
    let Some(format) = Format::of(path) else {
        return Err(fail("unsupported", format!("{name} ends in none of .json .toml .yaml, so its format is unknown")));
    };
    match format {
        Format::Json => json::parse(&name, bytes),
        Format::Toml => toml(&name, utf8(&name, bytes)?),
        Format::Yaml => yaml::parse(&name, utf8(&name, bytes)?),
        Format::Env => dotenv::parse(utf8(&name, bytes)?).map_err(|line| at(&name, "this is no NAME=value", line)),
        Format::GoMod => Ok(go_mod::parse(utf8(&name, bytes)?)),
        Format::Unit => unit::parse(utf8(&name, bytes)?).map_err(|line| at(&name, "this is neither [Section] nor Setting=value", line)),
    }
}

fn at(name: &str, what: &str, line: usize) -> SourceError {
    fail("not_json", format!("{name}: {what} at line {line}"))
}

fn utf8<'a>(name: &str, bytes: &'a [u8]) -> Result<&'a str, SourceError> {
    std::str::from_utf8(bytes).map_err(|error| {
        let line = bytes.iter().take(error.valid_up_to()).filter(|byte| **byte == b'\n').count() + 1;
        fail("not_utf8", format!("{name}: this is not UTF-8 at line {line}"))
    })
}

fn toml(name: &str, text: &str) -> Result<Json, SourceError> {
    toml::from_str::<JsonTree>(text).map(|tree| tree.0).map_err(|error| {
        let before = error.span().and_then(|span| text.get(..span.start)).unwrap_or_default();
        let line = before.bytes().filter(|byte| *byte == b'\n').count() + 1;
        refused(name, error.message(), Some(line))
    })
}
