//! `keymap list`, `theme list|check`.

use crate::{
    action::{self, Surface},
    config::Loaded,
    keymap::{Keyboard, KeymapRow},
    runtime::{AssetProblem, Keys, ThemeFound, keys, themes},
    theme::{LEAST_CONTRAST, ThemeFile, check},
    wire::{ContrastPayload, KeyPayload, KeymapPayload, ThemePayload},
};

use super::messages::Failure;

/// Every action of the screen with its keys in force; what was wrong with a file. `here` is what this terminal can tell apart.
pub fn keymap(loaded: &Loaded, here: Option<Keyboard>) -> (Vec<KeymapPayload>, Option<Failure>) {
    let keys = keys(&loaded.config.app, &loaded.dirs.config_dir);
    let rows = |id: &str| -> Vec<KeyPayload> {
        keys.keymap.rows().iter().filter(|row| row.action.as_ref() == id).map(|row| key(row, &keys, here)).collect()
    };
    let listed = action::all().filter_map(|spec| {
        let keys = rows(spec.id);
        let on_screen = spec.surface == Surface::Screen;
        (on_screen || !keys.is_empty()).then(|| KeymapPayload { action: spec.id.to_owned(), title: spec.title.to_owned(), keys })
    });
    (listed.collect(), failure("bad_keymap", &keys.problems))
}

fn key(row: &KeymapRow, keys: &Keys, here: Option<Keyboard>) -> KeyPayload {
    let origin = keys.layers.iter().find(|layer| layer.layer == row.layer).map(|layer| layer.origin.clone());
    KeyPayload {
        chord: row.chord.to_string(),
        context: row.context.name().to_owned(),
        layer: row.layer.name().to_owned(),
        origin: origin.unwrap_or_default(),
        anywhere: !row.extras,
        here: here.map(|keyboard| row.chord.works_on(keyboard)),
    }
}

/// Every theme; what is wrong with the configured one.
pub fn theme_list(loaded: &Loaded) -> (Vec<ThemePayload>, Option<Failure>) {
    let configured = &loaded.config.app.theme;
    let (found, mut problems) = themes(configured, &loaded.dirs.config_dir);
    let broken = found.iter().filter(|found| found.name == *configured).filter_map(|found| found.theme.as_ref().err());
    problems.extend(broken.cloned());
    let listed = found.iter().map(|found| {
        let theme = found.theme.as_ref().ok();
        ThemePayload {
            name: found.name.clone(),
            about: theme.map(|theme| theme.about.clone()).unwrap_or_default(),
            origin: found.origin.clone(),
            modes: theme.map(modes).unwrap_or_default(),
            in_force: found.in_force,
            problem: found.theme.as_ref().err().map(ToString::to_string),
        }
    });
    (listed.collect(), failure("bad_theme", &problems))
}

fn modes(theme: &ThemeFile) -> Vec<String> {
    theme.variants.keys().map(|mode| mode.name().to_owned()).collect()
}

/// What a check found.
pub struct Checked {
    /// Each pair that is drawn, by theme and mode, the least contrast first.
    pub pairs: Vec<ContrastPayload>,
    /// Themes that leave the colours to the terminal.
    pub colourless: Vec<String>,
    /// What cannot be read or did not pass.
    pub failure: Option<Failure>,
}

/// The contrast of each pair that is drawn, of every theme or of one.
pub fn theme_check(loaded: &Loaded, only: Option<&str>) -> Result<Checked, Failure> {
    let (found, _) = themes(only.unwrap_or(&loaded.config.app.theme), &loaded.dirs.config_dir);
    let found: Vec<ThemeFound> = found.into_iter().filter(|found| only.is_none_or(|only| only == found.name)).collect();
    if let (Some(only), true) = (only, found.is_empty()) {
        return Err(Failure::new("no_such_theme", format!("there is no theme {only:?}")).hint("stellar theme list shows what there is"));
    }
    let (mut pairs, mut colourless, mut problems) = (Vec::new(), Vec::new(), Vec::new());
    for found in &found {
        match &found.theme {
            Err(problem) => problems.push(problem.clone()),
            Ok(theme) => {
                let of_theme = contrasts(&found.name, theme);
                if of_theme.is_empty() {
                    colourless.push(found.name.clone());
                }
                pairs.extend(of_theme);
            }
        }
    }
    let below = pairs.iter().filter(|pair| !pair.passes).count();
    let contrast = || {
        let message = format!("{below} of {} pairs are below {LEAST_CONTRAST}:1 and cannot be read by everybody", pairs.len());
        Failure::new("theme_contrast", message).hint("change the colours named above; bold does not help")
    };
    let failure = failure("bad_theme", &problems).or_else(|| (below > 0).then(contrast));
    Ok(Checked { pairs, colourless, failure })
}

fn contrasts(name: &str, theme: &ThemeFile) -> Vec<ContrastPayload> {
    let mut pairs: Vec<_> = check(theme);
    // Sorted by contrast already; this keeps that order within a mode.
    pairs.sort_by_key(|pair| pair.variant);
    let payload = pairs.iter().map(|pair| ContrastPayload {
        theme: name.to_owned(),
        mode: pair.variant.name().to_owned(),
        role: pair.role.name().to_owned(),
        surface: pair.surface.name().to_owned(),
        fg: pair.fg.to_string(),
        bg: pair.bg.to_string(),
        // Down, so that nothing below the least is shown as the least.
        ratio: (pair.ratio * 100.0).floor() / 100.0,
        least: LEAST_CONTRAST,
        passes: pair.passes(),
    });
    payload.collect()
}

/// What is wrong, in one failure; what is in force was listed before.
fn failure(code: &str, problems: &[AssetProblem]) -> Option<Failure> {
    let sentences: Vec<String> = problems.iter().map(ToString::to_string).collect();
    (!sentences.is_empty()).then(|| Failure::new(code, sentences.join("; ")).hint("it is left out; what is listed is in force"))
}
