//! Where a setting came from.

use std::{collections::BTreeMap, fmt, path::PathBuf};

use super::problem::clean;

/// The layer a value came from, lowest first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// Nobody said anything.
    Default,
    /// A rule that comes with Stellar.
    BuiltIn,
    /// This line of this file.
    File(PathBuf, usize),
    /// This variable.
    Env(String),
    /// This flag.
    Flag(String),
}

impl fmt::Display for Origin {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => out.write_str("default"),
            Self::BuiltIn => out.write_str("built-in"),
            Self::File(path, line) => write!(out, "{}:{line}", clean(&path.display().to_string())),
            Self::Env(name) => write!(out, "env {name}"),
            Self::Flag(name) => write!(out, "flag {name}"),
        }
    }
}

/// The origin of every setting that is not at its default, by dotted path.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Origins(BTreeMap<String, Origin>);

impl Origins {
    /// Notes where a setting came from; the last note counts.
    pub(super) fn set(&mut self, path: &str, origin: Origin) {
        self.0.insert(path.to_owned(), origin);
    }

    /// Where a setting came from.
    #[must_use]
    pub fn of(&self, path: &str) -> Origin {
        self.0.get(path).cloned().unwrap_or(Origin::Default)
    }
}
