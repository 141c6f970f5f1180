//! The themes that are compiled in, and what is said of bad ones.

use ratatui::style::{Color, Modifier};

use super::*;

fn builtin(name: &str) -> ThemeFile {
    ThemeFile::parse(&format!("themes/{name}.toml"), builtin_text(name).unwrap()).unwrap()
}

#[test]
fn every_builtin_theme_reads_and_bears_its_name() {
    for name in builtin_names() {
        assert_eq!(builtin(name).name, name);
    }
    assert_eq!(builtin_text("nightfall"), None);
}

#[test]
fn every_pair_a_builtin_theme_can_draw_is_readable() {
    for name in builtin_names() {
        let bad: Vec<_> = check(&builtin(name)).into_iter().filter(|pair| !pair.passes()).collect();
        let lines: Vec<String> = bad.iter().map(|p| format!("{:?} {:?} on {:?}: {:.2}", p.variant, p.role, p.surface, p.ratio)).collect();
        assert!(bad.is_empty(), "{name}:\n{}", lines.join("\n"));
    }
    let high = check(&builtin("high-contrast"));
    assert!(high.first().is_some_and(|worst| worst.ratio >= 7.0), "high contrast keeps 7:1, worst is {:?}", high.first());
    assert!(check(&builtin("monochrome")).is_empty());
    let drawn: usize = DRAWN.iter().map(|(_, roles)| roles.len()).sum();
    assert_eq!(check(&builtin("default")).len(), 2 * drawn);
    assert!(DRAWN.iter().map(|(surface, _)| *surface).eq(Surface::ALL), "every surface has its line");
}

#[test]
fn a_bad_pair_is_found() {
    let text = builtin_text("default").unwrap().replacen("rgb = \"#dde3ec\"", "rgb = \"#3a3a3a\"", 1);
    let pairs = check(&ThemeFile::parse("x", &text).unwrap());
    assert!(!pairs[0].passes());
    assert!(pairs[0].ratio <= pairs[1].ratio);
}

#[test]
fn without_colours_nothing_is_coloured_and_the_selection_can_be_seen() {
    for name in builtin_names() {
        for light in [false, true] {
            let theme = Theme::resolve(&builtin(name), light, ColorDepth::None);
            for surface in Surface::ALL {
                for role in Role::ALL {
                    let style = theme.on(surface, role);
                    assert_eq!((style.fg, style.bg), (None, None), "{name} {role:?}");
                }
            }
            assert!(theme.surface(Surface::Selected).add_modifier.contains(Modifier::REVERSED));
            assert!(theme.role(Role::Match).add_modifier.contains(Modifier::UNDERLINED));
        }
    }
}

#[test]
fn depth_decides_how_a_colour_is_said() {
    let file = builtin("default");
    let fg = |depth| Theme::resolve(&file, false, depth).role(Role::Text).fg;
    assert!(matches!(fg(ColorDepth::True), Some(Color::Rgb(..))));
    assert!(matches!(fg(ColorDepth::Ansi256), Some(Color::Indexed(16..))));
    assert!(matches!(fg(ColorDepth::Ansi16), Some(Color::Gray | Color::White | Color::Reset)));
    let light = Theme::resolve(&file, true, ColorDepth::True);
    assert_ne!(light, Theme::resolve(&file, false, ColorDepth::True));
}

#[test]
fn errors_name_file_line_and_what_would_be_right() {
    let good = builtin_text("monochrome").unwrap();
    let said = |text: &str| ThemeFile::parse("mine.toml", text).unwrap_err().to_string();
    let cases = [
        ("version = 1\nname = \"x\"\n[drak]\n".to_owned(), "mine.toml, line 3: \"drak\" is not known here; did you mean dark?"),
        ("version = 2\n".to_owned(), "mine.toml, line 1: version 2 is not known here; this program reads version 1"),
        ("name = 7".to_owned(), "mine.toml, line 1: a text is needed here, not integer"),
        ("version = 1\n".to_owned(), "mine.toml, line 1: a theme needs a name: name = \"...\""),
        ("name = \"x\"\n\n[any.role]\ntext = { bold = 1 }".to_owned(), "mine.toml, line 4: bold is true or false"),
        ("name = \"x\"\n[any.role]\ntext = { fg = \"ink\" }".to_owned(), "mine.toml, line 3: \"ink\" is not known here"),
        (
            "name = \"x\"\n[any.palette]\nink = { rgb = \"red\", ansi = \"red\" }".to_owned(),
            "mine.toml, line 3: \"red\" is no colour; write it as \"#rrggbb\"",
        ),
        ("name = \"x\"\n[any.palette]\nink = { rgb = \"#000000\" }".to_owned(), "line 3: a colour needs both"),
        (good.replace("text = {}", ""), "missing: text"),
        ("name = \"x".to_owned(), "mine.toml, line 1: "),
        (String::new(), "a theme needs a name"),
    ];
    for (text, wanted) in cases {
        let said = said(&text);
        assert!(said.contains(wanted), "{said:?} should contain {wanted:?}");
    }
}
