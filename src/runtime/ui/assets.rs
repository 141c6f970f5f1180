//! Theme and keys: a person's own files before those that are compiled in; a bad one is said and left out.

use std::{fs, path::Path, sync::Arc};

use crate::{
    action,
    config::{AccessibilityMode, AppConfig},
    keymap::{self, Keymap, KeymapFile, LayerName},
    theme::{self, ThemeFile},
};

/// What was loaded, and what is to be said about it.
#[derive(Debug)]
pub(super) struct Assets {
    pub theme: ThemeFile,
    pub keymap: Arc<Keymap>,
    pub problems: Vec<String>,
}

/// The longest file that is read.
const LONGEST: u64 = 1024 * 1024;

/// Loads what the configuration names.
pub(super) fn load(app: &AppConfig, config_dir: &Path) -> Assets {
    let mut problems = Vec::new();
    let theme = theme_of(&app.theme, config_dir, &mut problems);
    let keymap = keymap_of(app, config_dir, &mut problems);
    Assets { theme, keymap: Arc::new(keymap), problems }
}

/// A person's file of this name: its path as text and its content; none when there is none.
fn own(config_dir: &Path, folder: &str, name: &str, problems: &mut Vec<String>) -> Option<(String, String)> {
    // A name is no path: nothing outside the folder is read.
    if name.is_empty() || !name.chars().all(|char| char.is_ascii_alphanumeric() || matches!(char, '-' | '_')) {
        problems.push(format!("{name:?} is no name for a file in {folder}/: letters, digits, - and _ make one"));
        return None;
    }
    let path = config_dir.join(folder).join(format!("{name}.toml"));
    let shown = format!("{folder}/{name}.toml");
    match fs::metadata(&path) {
        Ok(about) if about.len() > LONGEST => {
            problems.push(format!("{shown} has more than 1 MiB; it is left out"));
            None
        }
        Ok(_) => match fs::read_to_string(&path) {
            Ok(text) => Some((shown, text)),
            Err(error) => {
                problems.push(format!("{shown} cannot be read: {error}"));
                None
            }
        },
        Err(_) => None,
    }
}

fn theme_of(name: &str, config_dir: &Path, problems: &mut Vec<String>) -> ThemeFile {
    let own = own(config_dir, "themes", name, problems);
    let text = match (own, theme::builtin_text(name)) {
        (Some(own), _) => Some(own),
        (None, Some(text)) => Some((name.to_owned(), text.to_owned())),
        (None, None) => {
            problems.push(format!("there is no theme {name:?}; there are {}", theme::builtin_names().join(", ")));
            None
        }
    };
    let parsed = text.and_then(|(file, text)| ThemeFile::parse(&file, &text).map_err(|error| problems.push(error.to_string())).ok());
    let default = || ThemeFile::parse("default", theme::builtin_text("default")?).ok();
    parsed.or_else(default).unwrap_or_else(ThemeFile::empty)
}

fn keymap_of(app: &AppConfig, config_dir: &Path, problems: &mut Vec<String>) -> Keymap {
    let known: Vec<&str> = action::all().map(|spec| spec.id).collect();
    let mut layers = Vec::new();
    let mut read = |layer: LayerName, file: &str, text: &str, problems: &mut Vec<String>| match KeymapFile::parse(file, text, &known) {
        Ok(parsed) => layers.push((layer, parsed)),
        Err(error) => problems.push(error.to_string()),
    };
    for (layer, name) in [(LayerName::Default, "default"), (LayerName::Assistive, "assistive")] {
        let wanted = layer == LayerName::Default
            || app.keymap == name
            || matches!(app.accessibility, AccessibilityMode::Full | AccessibilityMode::Announce);
        if let Some(text) = keymap::builtin_text(name).filter(|_| wanted) {
            read(layer, name, text, problems);
        }
    }
    if let Some((file, text)) = own(config_dir, "keymaps", &app.keymap, problems) {
        read(LayerName::User, &file, &text, problems);
    } else if keymap::builtin_text(&app.keymap).is_none() {
        problems.push(format!("there is no keymap {:?}; there are {}", app.keymap, keymap::builtin_names().join(", ")));
    }
    Keymap::new(layers.iter().map(|(layer, file)| (*layer, file)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::keymap::Context;

    fn app(theme: &str, keymap: &str) -> AppConfig {
        let accessibility = AccessibilityMode::Auto;
        AppConfig { persona: "sre".to_owned(), theme: theme.to_owned(), keymap: keymap.to_owned(), accessibility, mouse: true }
    }

    fn quits_with(assets: &Assets, key: &str) -> bool {
        let action = assets.keymap.action(&[Context::List, Context::Global], key.parse().unwrap());
        action.is_some_and(|action| action.as_ref() == "core.app.quit")
    }

    #[test]
    fn compiled_in_ones_load_without_a_word() {
        let dir = tempfile::tempdir().unwrap();
        for (theme, keymap) in [("default", "default"), ("monochrome", "assistive")] {
            let assets = load(&app(theme, keymap), dir.path());
            assert_eq!(assets.problems, Vec::<String>::new());
            assert_eq!(assets.theme.name, theme);
            assert!(quits_with(&assets, "Ctrl+Q"));
        }
    }

    #[test]
    fn a_persons_keys_lie_over_the_default_and_bad_files_are_said() {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir(dir.path().join("keymaps")).unwrap();
        fs::create_dir(dir.path().join("themes")).unwrap();
        fs::write(dir.path().join("keymaps/mine.toml"), "[global]\n\"core.app.quit\" = [\"x\"]").unwrap();
        fs::write(dir.path().join("themes/bad.toml"), "name = 7").unwrap();
        let assets = load(&app("bad", "mine"), dir.path());
        assert!(quits_with(&assets, "x") && !quits_with(&assets, "q"));
        assert_eq!(assets.problems.len(), 1);
        assert!(assets.problems[0].starts_with("themes/bad.toml, line 1:"), "{:?}", assets.problems);
        assert_eq!(assets.theme.name, "default");
        fs::write(dir.path().join("keymaps/mine.toml"), "[global]\n\"core.app.quit\" = [\"x\"]\n\"core.help.open\" = [\"x\"]").unwrap();
        let assets = load(&app("none", "mine"), dir.path());
        assert!(quits_with(&assets, "q"), "the default stays in force");
        assert!(assets.problems.iter().any(|problem| problem.contains("there is no theme \"none\"")));
        assert!(assets.problems.iter().any(|problem| problem.contains("core.app.quit") && problem.contains("core.help.open")));
    }

    #[test]
    fn a_name_is_no_path() {
        let dir = tempfile::tempdir().unwrap();
        let assets = load(&app("../secret", "default"), dir.path());
        assert!(assets.problems[0].contains("is no name for a file"));
    }
}
