//! Keys that terminals and Orca take for themselves, so that no assistive key is one of them.

use super::{Chord, KeyName, Mods, tests::builtin};

/// GNOME Terminal: tabs, windows, search, zoom, help, full screen, menu.
const GNOME_TERMINAL: &[&str] = &[
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

/// Konsole: tabs, splits, search, scroll, full screen. F3 and Shift+F3 (next and previous hit) act only while its search bar is open.
const KONSOLE: &[&str] = &[
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

fn reserved(table: &[&str]) -> Vec<Chord> {
    table.iter().filter_map(|text| text.parse().ok()).collect()
}

#[test]
fn every_reserved_key_can_be_read() {
    for table in [GNOME_TERMINAL, KONSOLE, WINDOWS_TERMINAL, ORCA] {
        assert_eq!(reserved(table).len(), table.len());
    }
}

#[test]
fn no_assistive_key_belongs_to_a_terminal_or_to_orca() {
    let assistive = builtin("assistive");
    for (whose, table) in [("GNOME Terminal", GNOME_TERMINAL), ("Konsole", KONSOLE), ("Windows Terminal", WINDOWS_TERMINAL), ("Orca", ORCA)]
    {
        let taken = reserved(table);
        for binding in &assistive.bindings {
            for chord in &binding.chords {
                assert!(!taken.contains(chord), "{chord} asks for {} and belongs to {whose}", binding.action);
            }
        }
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
