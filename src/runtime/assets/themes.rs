//! Themes: the one in force, and all there are.

use std::path::Path;

use crate::theme::{self, ThemeFile};

use super::{AssetProblem, own};

/// A theme that can be named.
#[derive(Clone, Debug)]
pub struct ThemeFound {
    /// The name by which the configuration asks for it.
    pub name: String,
    /// `themes/mine.toml` below the configuration directory, or `built-in`.
    pub origin: String,
    /// Whether the screen is drawn with it.
    pub in_force: bool,
    /// The theme, or what is wrong with it.
    pub theme: Result<ThemeFile, AssetProblem>,
}

/// The theme of this name, else the default one; what was wrong is said.
pub(super) fn in_force(name: &str, config_dir: &Path, problems: &mut Vec<AssetProblem>) -> ThemeFile {
    let found = find(name, config_dir, problems);
    let parsed = found.and_then(|found| found.theme.map_err(|problem| problems.push(problem)).ok());
    let default = || ThemeFile::parse("default", theme::builtin_text("default")?).ok();
    parsed.or_else(default).unwrap_or_else(ThemeFile::empty)
}

/// Every theme that can be named, the built-in ones first, and what is wrong with the name that is configured.
#[must_use]
pub fn themes(configured: &str, config_dir: &Path) -> (Vec<ThemeFound>, Vec<AssetProblem>) {
    let mut names: Vec<String> = theme::builtin_names().map(str::to_owned).into();
    names.extend(own::names(config_dir, "themes").into_iter().filter(|name| theme::builtin_text(name).is_none()));
    let mut problems = Vec::new();
    if !names.iter().any(|name| name == configured) {
        find(configured, config_dir, &mut problems);
    }
    let mut found: Vec<ThemeFound> = names.iter().filter_map(|name| find(name, config_dir, &mut problems)).collect();
    let sound = found.iter().any(|found| found.name == configured && found.theme.is_ok());
    let drawn = if sound { configured } else { "default" };
    found.iter_mut().for_each(|found| found.in_force = found.name == drawn);
    (found, problems)
}

fn find(name: &str, config_dir: &Path, problems: &mut Vec<AssetProblem>) -> Option<ThemeFound> {
    let before = problems.len();
    let (origin, file, text) = match (own::file(config_dir, "themes", name, problems), theme::builtin_text(name)) {
        (Some((file, text)), _) => (file.clone(), file, text),
        (None, Some(text)) => ("built-in".to_owned(), name.to_owned(), text.to_owned()),
        (None, None) => {
            if problems.len() == before {
                let built_in = theme::builtin_names().join(", ");
                let message = format!("there is no theme {name:?}: no themes/{name}.toml, and built in are {built_in}");
                problems.push(AssetProblem { file: String::new(), line: 0, message });
            }
            return None;
        }
    };
    let theme = ThemeFile::parse(&file, &text).map_err(|error| AssetProblem { file: error.file, line: error.line, message: error.message });
    Some(ThemeFound { name: name.to_owned(), origin, in_force: false, theme })
}
