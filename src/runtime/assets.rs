//! Theme and keys: a person's own files before those that are compiled in; a bad one is said and left out.

mod own;
mod themes;

use std::{fmt, path::Path, sync::Arc};

use crate::{
    action,
    config::{AccessibilityMode, AppConfig},
    keymap::{self, Keymap, KeymapFile, LayerName},
    theme::ThemeFile,
};

pub use themes::{ThemeFound, themes};

/// What was loaded, and what is to be said about it.
#[derive(Debug)]
pub(super) struct Assets {
    pub theme: ThemeFile,
    pub keymap: Arc<Keymap>,
    pub problems: Vec<String>,
}

/// What is wrong with a file or a name, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AssetProblem {
    /// The file below the configuration directory; empty when it is about a name.
    pub file: String,
    /// One-based; 0 when it has no place.
    pub line: usize,
    /// What is wrong and what would be right.
    pub message: String,
}

impl fmt::Display for AssetProblem {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.file.as_str(), self.line) {
            ("", _) => out.write_str(&self.message),
            (file, 0) => write!(out, "{file} {}", self.message),
            (file, line) => write!(out, "{file}, line {line}: {}", self.message),
        }
    }
}

/// A keymap that is in force.
#[derive(Clone, Debug)]
pub struct KeyLayer {
    /// Whose it is.
    pub layer: LayerName,
    /// Where it was read: `keymaps/mine.toml` below the configuration directory, or `built-in default`.
    pub origin: String,
    /// What it says.
    pub file: KeymapFile,
}

/// The keys in force, with where they come from.
#[derive(Clone, Debug)]
pub struct Keys {
    /// The layers, the weakest first.
    pub layers: Vec<KeyLayer>,
    /// All of them laid over each other.
    pub keymap: Keymap,
    /// What was left out, and why.
    pub problems: Vec<AssetProblem>,
}

/// Loads what the configuration names.
pub(super) fn load(app: &AppConfig, config_dir: &Path) -> Assets {
    let mut problems = Vec::new();
    let theme = themes::in_force(&app.theme, config_dir, &mut problems);
    let keys = keys(app, config_dir);
    problems.extend(keys.problems);
    Assets { theme, keymap: Arc::new(keys.keymap), problems: problems.iter().map(ToString::to_string).collect() }
}

/// Loads the keys that the configuration names: the default, the persona's file if there is one, the assistive ones where they are
/// wanted, and a person's own.
#[must_use]
pub fn keys(app: &AppConfig, config_dir: &Path) -> Keys {
    let known: Vec<&str> = action::all().map(|spec| spec.id).collect();
    let mut problems = Vec::new();
    let mut layers = Vec::new();
    let mut read = |layer: LayerName, file: &str, origin: &str, text: &str, problems: &mut Vec<AssetProblem>| match KeymapFile::parse(
        file, text, &known,
    ) {
        Ok(parsed) => layers.push(KeyLayer { layer, origin: origin.to_owned(), file: parsed }),
        Err(error) => problems.push(AssetProblem { file: error.file, line: error.line, message: error.message }),
    };
    let assistive = app.keymap == "assistive" || matches!(app.accessibility, AccessibilityMode::Full | AccessibilityMode::Announce);
    for (layer, name, wanted) in [(LayerName::Default, "default", true), (LayerName::Assistive, "assistive", assistive)] {
        if let Some(text) = keymap::builtin_text(name).filter(|_| wanted) {
            read(layer, name, &format!("built-in {name}"), text, &mut problems);
        }
    }
    // A file that bears a persona's name is that persona's; a person who names it as their own has it once, as their own.
    if app.persona != app.keymap
        && let Some((file, text)) = own::file(config_dir, "keymaps", &app.persona, &mut problems)
    {
        read(LayerName::Persona, &file, &file, &text, &mut problems);
    }
    let before = problems.len();
    if let Some((file, text)) = own::file(config_dir, "keymaps", &app.keymap, &mut problems) {
        read(LayerName::User, &file, &file, &text, &mut problems);
    } else if keymap::builtin_text(&app.keymap).is_none() && problems.len() == before {
        let message = format!(
            "there is no keymap {:?}: no keymaps/{}.toml, and built in are {}",
            app.keymap,
            app.keymap,
            keymap::builtin_names().join(", ")
        );
        problems.push(AssetProblem { file: String::new(), line: 0, message });
    }
    layers.sort_by_key(|layer| layer.layer);
    let keymap = Keymap::new(layers.iter().map(|layer| (layer.layer, &layer.file)));
    Keys { layers, keymap, problems }
}

#[cfg(test)]
mod tests;
