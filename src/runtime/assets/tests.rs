//! What is loaded from which files, and what is said of bad ones.

use std::fs;

use crate::keymap::Context;

use super::*;

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

#[test]
fn a_file_with_a_personas_name_lies_between_the_default_and_the_persons_own() {
    let dir = tempfile::tempdir().unwrap();
    fs::create_dir(dir.path().join("keymaps")).unwrap();
    fs::write(dir.path().join("keymaps/secops.toml"), "[global]\n\"core.app.quit\" = [\"x\"]\n\"core.help.open\" = [\"F4\"]").unwrap();
    let asked = |assets: &Assets, key: &str| {
        assets.keymap.action(&[Context::List, Context::Global], key.parse().unwrap()).map(ToString::to_string).unwrap_or_default()
    };
    let sre = load(&app("default", "default"), dir.path());
    assert_eq!((asked(&sre, "x").as_str(), asked(&sre, "q").as_str()), ("", "core.app.quit"), "it is another persona's");
    let secops = AppConfig { persona: "secops".to_owned(), ..app("default", "default") };
    let assets = load(&secops, dir.path());
    assert_eq!(assets.problems, Vec::<String>::new());
    assert_eq!(
        (asked(&assets, "x").as_str(), asked(&assets, "q").as_str(), asked(&assets, "F4").as_str()),
        ("core.app.quit", "", "core.help.open")
    );
    // Assistive keys and the person's own lie over it.
    fs::write(dir.path().join("keymaps/mine.toml"), "[global]\n\"core.palette.open\" = [\"x\"]").unwrap();
    let keys = keys(&AppConfig { keymap: "mine".to_owned(), accessibility: AccessibilityMode::Full, ..secops.clone() }, dir.path());
    let order: Vec<LayerName> = keys.layers.iter().map(|layer| layer.layer).collect();
    assert_eq!(order, [LayerName::Default, LayerName::Persona, LayerName::Assistive, LayerName::User]);
    let rows = |action: &str| -> Vec<(String, LayerName)> {
        let rows = keys.keymap.rows().iter().filter(|row| row.context == Context::Global && row.action.as_ref() == action);
        rows.map(|row| (row.chord.to_string(), row.layer)).collect()
    };
    assert_eq!(rows("core.palette.open"), [("x".to_owned(), LayerName::User)]);
    assert_eq!(rows("core.app.quit"), [("Ctrl+Q".to_owned(), LayerName::Assistive)]);
    // Named as one's own it is one's own, once.
    let own = super::keys(&AppConfig { keymap: "secops".to_owned(), ..secops }, dir.path());
    assert_eq!(own.layers.iter().map(|layer| layer.layer).collect::<Vec<_>>(), [LayerName::Default, LayerName::User]);
}

#[test]
fn every_theme_there_is_is_found_and_the_one_in_force_is_marked() {
    let dir = tempfile::tempdir().unwrap();
    fs::create_dir(dir.path().join("themes")).unwrap();
    let mine = crate::theme::builtin_text("monochrome").unwrap().replace("\"monochrome\"", "\"mine\"");
    fs::write(dir.path().join("themes/mine.toml"), mine).unwrap();
    fs::write(dir.path().join("themes/bad.toml"), "name = 7").unwrap();
    fs::write(dir.path().join("themes/no theme.toml"), "").unwrap();
    fs::create_dir(dir.path().join("themes/folder.toml")).unwrap();
    let state = |configured: &str| {
        let (found, problems) = themes(configured, dir.path());
        let names: Vec<_> = found.iter().map(|found| (found.name.clone(), found.theme.is_ok())).collect();
        let drawn: Vec<_> = found.into_iter().filter(|found| found.in_force).map(|found| found.name).collect();
        (names, drawn, problems.iter().map(ToString::to_string).collect::<Vec<_>>())
    };
    let (names, drawn, problems) = state("mine");
    let sound = |name: &str| names.iter().find(|(known, _)| known == name).map(|(_, sound)| *sound);
    assert_eq!(names.len(), 5, "{names:?}");
    assert_eq!((sound("default"), sound("mine"), sound("bad"), sound("folder")), (Some(true), Some(true), Some(false), None));
    assert_eq!((drawn, problems), (vec!["mine".to_owned()], vec!["themes/folder.toml is no file; it is left out".to_owned()]));
    assert_eq!(state("bad").1, ["default"], "what cannot be read is not in force");
    let (_, drawn, problems) = state("nowhere");
    assert_eq!(drawn, ["default"]);
    assert!(problems.iter().any(|problem| problem.contains("there is no theme \"nowhere\"")), "{problems:?}");
}
