//! `keymap list`, `theme list`, `theme check`.

use crate::{
    cli::line::{Line, Tone},
    text::SafeText,
    wire::{ContrastPayload, KeyPayload, KeymapPayload, ThemePayload},
};

use super::table::{Table, left, right};

fn cell(tone: Tone, text: &str) -> (Tone, SafeText) {
    (tone, SafeText::line(text))
}

/// A line for each key; an action is named at its first.
pub fn keymap_table(actions: &[KeymapPayload]) -> Vec<Line> {
    let mut table = Table::new(vec![
        left("action", 40),
        left("key", 20),
        left("where", 8),
        left("layer", 10),
        left("written in", 40),
        left("sent by", 16),
    ]);
    for action in actions {
        if action.keys.is_empty() {
            table.row(vec![
                cell(Tone::Strong, &action.action),
                cell(Tone::Dim, "none"),
                cell(Tone::Dim, ""),
                cell(Tone::Dim, ""),
                cell(Tone::Dim, ""),
                cell(Tone::Dim, ""),
            ]);
        }
        for (at, key) in action.keys.iter().enumerate() {
            let (tone, works) = works(key);
            table.row(vec![
                cell(Tone::Strong, if at == 0 { &action.action } else { "" }),
                cell(Tone::Plain, &key.chord),
                cell(Tone::Dim, &key.context),
                cell(if key.layer == "default" { Tone::Dim } else { Tone::Plain }, &key.layer),
                cell(Tone::Dim, &key.origin),
                cell(tone, works),
            ]);
        }
    }
    table.lines()
}

const fn works(key: &KeyPayload) -> (Tone, &'static str) {
    match (key.here, key.anywhere) {
        (Some(true), _) => (Tone::Good, "this terminal"),
        (Some(false), _) => (Tone::Warn, "not this one"),
        (None, true) => (Tone::Dim, "any terminal"),
        (None, false) => (Tone::Warn, "some terminals"),
    }
}

/// A line for each theme.
pub fn theme_table(themes: &[ThemePayload]) -> Vec<Line> {
    let mut table = Table::new(vec![left("theme", 32), left("in force", 8), left("for", 12), left("written in", 40), left("about", 80)]);
    for theme in themes {
        let about = theme.problem.as_deref().map_or_else(|| cell(Tone::Plain, &theme.about), |problem| cell(Tone::Bad, problem));
        table.row(vec![
            cell(Tone::Strong, &theme.name),
            cell(Tone::Good, if theme.in_force { "yes" } else { "" }),
            cell(Tone::Dim, &theme.modes.join(", ")),
            cell(Tone::Dim, &theme.origin),
            about,
        ]);
    }
    table.lines()
}

/// A line for each pair, then a sentence for each theme and mode.
pub fn contrast_table(pairs: &[ContrastPayload]) -> Vec<Line> {
    let mut table = Table::new(vec![
        left("theme", 32),
        left("for", 5),
        left("text", 10),
        left("on", 13),
        right("contrast", 8),
        left("", 8),
        left("colours", 20),
    ]);
    for pair in pairs {
        let (tone, verdict) = if pair.passes { (Tone::Good, "passes") } else { (Tone::Bad, "fails") };
        table.row(vec![
            cell(Tone::Strong, &pair.theme),
            cell(Tone::Plain, &pair.mode),
            cell(Tone::Plain, &pair.role),
            cell(Tone::Plain, &pair.surface),
            cell(Tone::Plain, &format!("{:.2}", pair.ratio)),
            cell(tone, verdict),
            cell(Tone::Dim, &format!("{} on {}", pair.fg, pair.bg)),
        ]);
    }
    let mut lines = table.lines();
    for part in pairs.chunk_by(|one, next| (&one.theme, &one.mode) == (&next.theme, &next.mode)) {
        let Some(least) = part.first() else { continue };
        let below = part.iter().filter(|pair| !pair.passes).count();
        let said = if below == 0 { format!("all pass {}:1", least.least) } else { format!("{below} below {}:1", least.least) };
        let tone = if below == 0 { Tone::Good } else { Tone::Bad };
        let what = format!(
            "{} {}: {} pairs, least {:.2} ({} on {}), ",
            least.theme,
            least.mode,
            part.len(),
            least.ratio,
            least.role,
            least.surface
        );
        lines.push(Line::plain(&what).add(tone, &said));
    }
    lines
}
