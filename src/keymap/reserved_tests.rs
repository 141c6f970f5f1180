//! Keys that terminals and Orca take for themselves, so that no assistive key is one of them.

use super::{Chord, KeyName, Mods, tests::builtin};

/// GNOME Terminal: tabs, windows, search, zoom, help, full screen, menu. The letters of its menu bar are off until they are turned on.
const GNOME_TERMINAL: &[&str] = &[
    "F1",
    "Ctrl+Shift+T",
    "Ctrl+Shift+N",
    "Ctrl+Shift+W",
    "Ctrl+Shift+Q",
    "Ctrl+Shift+C",
    "Ctrl+Shift+V",
    "Ctrl+Shift+A",
    "Ctrl+Shift+F",
    "Ctrl+Shift+G",
    "Ctrl+Shift+H",
    "Ctrl+Shift+J",
    "Ctrl+Shift+S",
    "Ctrl+Shift+P",
    "Ctrl+Shift+PageUp",
    "Ctrl+Shift+PageDown",
    "Ctrl+PageUp",
    "Ctrl+PageDown",
    "Ctrl+Plus",
    "Ctrl+-",
    "Ctrl+0",
    "F10",
    "Shift+F10",
    "F11",
    "Alt+1",
    "Alt+2",
    "Alt+3",
    "Alt+4",
    "Alt+5",
    "Alt+6",
    "Alt+7",
    "Alt+8",
    "Alt+9",
    "Alt+0",
    "Shift+PageUp",
    "Shift+PageDown",
    "Shift+Home",
    "Shift+End",
    "Shift+Insert",
    "Ctrl+Shift+Up",
    "Ctrl+Shift+Down",
];

/// Konsole: tabs, splits, search, scroll, full screen, help. The letters of its menu bar are off until they are turned on.
const KONSOLE: &[&str] = &[
    "F1",
    "Shift+F1",
    "Ctrl+Shift+T",
    "Ctrl+Shift+N",
    "Ctrl+Shift+W",
    "Ctrl+Shift+Q",
    "Ctrl+Shift+C",
    "Ctrl+Shift+V",
    "Ctrl+Shift+F",
    "Ctrl+Shift+S",
    "Ctrl+Shift+P",
    "Ctrl+Shift+M",
    "Ctrl+Shift+I",
    "Ctrl+Shift+O",
    "Ctrl+Shift+L",
    "Ctrl+Shift+K",
    "Ctrl+Shift+A",
    "Ctrl+Shift+R",
    "Ctrl+Shift+X",
    "Ctrl+Shift+H",
    "Ctrl+Shift+E",
    "Ctrl+Shift+D",
    "Ctrl+Shift+B",
    "Ctrl+Shift+,",
    "Ctrl+Shift+.",
    "Ctrl+(",
    "Ctrl+)",
    "Ctrl+Shift+Left",
    "Ctrl+Shift+Right",
    "Ctrl+Shift+Up",
    "Ctrl+Shift+Down",
    "Shift+Left",
    "Shift+Right",
    "Shift+Up",
    "Shift+Down",
    "Shift+PageUp",
    "Shift+PageDown",
    "Shift+Insert",
    "F11",
    "Ctrl+Plus",
    "Ctrl+-",
    "Ctrl+0",
    "Ctrl+Alt+S",
    "Ctrl+Alt+I",
    "Alt+1",
    "Alt+2",
    "Alt+3",
    "Alt+4",
    "Alt+5",
    "Alt+6",
    "Alt+7",
    "Alt+8",
    "Alt+9",
    "Ctrl+Tab",
    "Ctrl+Shift+Tab",
];

/// Windows Terminal: panes, tabs, palette, zoom.
const WINDOWS_TERMINAL: &[&str] = &[
    "Alt+F4",
    "Alt+Enter",
    "F11",
    "Ctrl+Shift+Space",
    "Ctrl+Shift+F",
    "Ctrl+Shift+T",
    "Ctrl+Shift+1",
    "Ctrl+Shift+D",
    "Ctrl+Shift+N",
    "Ctrl+Shift+W",
    "Ctrl+Shift+P",
    "Ctrl+Tab",
    "Ctrl+Shift+Tab",
    "Ctrl+Alt+1",
    "Ctrl+Alt+2",
    "Alt+Shift+D",
    "Alt+Shift+-",
    "Alt+Shift+Plus",
    "Alt+Up",
    "Alt+Down",
    "Alt+Left",
    "Alt+Right",
    "Alt+Shift+Up",
    "Alt+Shift+Down",
    "Alt+Shift+Left",
    "Alt+Shift+Right",
    "Ctrl+C",
    "Ctrl+V",
    "Ctrl+Insert",
    "Shift+Insert",
    "Ctrl+Shift+C",
    "Ctrl+Shift+V",
    "Ctrl+Shift+A",
    "Ctrl+Shift+M",
    "Ctrl+Shift+Up",
    "Ctrl+Shift+Down",
    "Ctrl+Shift+PageUp",
    "Ctrl+Shift+PageDown",
    "Ctrl+Shift+Home",
    "Ctrl+Shift+End",
    "Ctrl+Plus",
    "Ctrl+-",
    "Ctrl+0",
    "Ctrl+,",
    "Ctrl+Shift+,",
    "Alt+Space",
    "Ctrl+Shift+O",
];

/// Orca: everything with its own modifier (Insert or Caps Lock), which no chord here can name, and flat review on the keypad.
const ORCA: &[&str] = &["Insert", "Shift+Insert", "Ctrl+Insert", "Alt+Insert", "Ctrl+Alt+Shift+Left", "Ctrl+Alt+Shift+Right"];

/// Keys that are a terminal's own only for a while, and while what. Such a key may ask for an action only beside another one.
const FOR_A_WHILE: [(&str, &str, &str); 2] =
    [("Konsole", "F3", "its search bar is open: next hit"), ("Konsole", "Shift+F3", "its search bar is open: previous hit")];

/// Every assistive key of the contract, also of actions that are still to come.
const CONTRACT: [&str; 18] = [
    "Ctrl+Right",
    "Ctrl+Left",
    "Alt+X",
    "F2",
    "F6",
    "F9",
    "F8",
    "Enter",
    "Ctrl+Y",
    "u",
    "Alt+L",
    "F3",
    "/",
    "F5",
    "Alt+H",
    "Alt+A",
    "Ctrl+Q",
    "s",
];

const TABLES: [(&str, &[&str]); 4] =
    [("GNOME Terminal", GNOME_TERMINAL), ("Konsole", KONSOLE), ("Windows Terminal", WINDOWS_TERMINAL), ("Orca", ORCA)];

/// Whose key it is, if it is anybody's.
fn owner(chord: Chord) -> Option<&'static str> {
    TABLES.into_iter().find(|(_, table)| reserved(table).contains(&chord)).map(|(whose, _)| whose)
}

fn is_for_a_while(chord: Chord) -> bool {
    FOR_A_WHILE.iter().any(|(_, key, _)| key.parse() == Ok(chord))
}

fn reserved(table: &[&str]) -> Vec<Chord> {
    table.iter().filter_map(|text| text.parse().ok()).collect()
}

#[test]
fn every_reserved_key_can_be_read() {
    for (_, table) in TABLES {
        assert_eq!(reserved(table).len(), table.len());
    }
}

#[test]
fn no_assistive_key_belongs_to_a_terminal_or_to_orca() {
    for binding in builtin("assistive").bindings {
        for chord in &binding.chords {
            assert_eq!(owner(*chord), None, "{chord} asks for {} and is somebody else's", binding.action);
        }
        // One that is taken for a while does not count: without another the action could not be asked for then.
        let always = binding.chords.iter().any(|chord| !is_for_a_while(*chord) && !chord.needs_extras());
        assert!(always, "{} has no key that always arrives", binding.action);
    }
}

#[test]
fn a_key_that_is_taken_for_a_while_has_another_beside_it() {
    let assistive = builtin("assistive");
    let taken: Vec<_> = assistive.bindings.iter().filter(|binding| binding.chords.iter().any(|chord| is_for_a_while(*chord))).collect();
    assert_eq!(taken.iter().map(|binding| binding.action.as_ref()).collect::<Vec<_>>(), ["core.input.confidence"]);
    for (_, key, while_what) in FOR_A_WHILE {
        assert!(key.parse::<Chord>().is_ok_and(|chord| owner(chord).is_none()), "{key} is either always taken or while {while_what}");
    }
}

#[test]
fn no_key_the_contract_names_is_anybodys() {
    for key in CONTRACT {
        assert_eq!(owner(key.parse().unwrap()), None, "{key}");
    }
}

#[test]
fn no_assistive_key_but_the_search_is_a_single_letter() {
    for binding in builtin("assistive").bindings {
        for chord in binding.chords {
            let letter = matches!(chord.key(), KeyName::Char(char) if chord.mods() == Mods::NONE && char != '/');
            assert!(!letter, "{chord} asks for {}", binding.action);
        }
    }
}
