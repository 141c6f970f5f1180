//! Layers, contexts, hints, and what is said of bad files.

use super::*;

const KNOWN: [&str; 6] =
    ["core.app.quit", "core.palette.open", "core.search.open", "core.canvas.toggle", "core.input.undo", "core.input.submit"];
const LIST: [Context; 2] = [Context::List, Context::Global];
const FIELD: [Context; 3] = [Context::Field, Context::Overlay, Context::Global];
const CONFLICT: [Context; 3] = [Context::Conflict, Context::Overlay, Context::Global];
const QUEUE: [Context; 3] = [Context::Queue, Context::Overlay, Context::Global];

fn file(text: &str) -> KeymapFile {
    KeymapFile::parse("test.toml", text, &KNOWN).unwrap()
}

fn chord(text: &str) -> Chord {
    text.parse().unwrap()
}

fn asked<'k>(keymap: &'k Keymap, contexts: &[Context], key: &str) -> Option<&'k str> {
    keymap.action(contexts, chord(key)).map(AsRef::as_ref)
}

/// Every action that a compiled-in file names.
pub(super) fn named_actions() -> Vec<String> {
    let texts = builtin_names().map(|name| builtin_text(name).unwrap());
    let lines = texts.iter().flat_map(|text| text.lines());
    lines.filter_map(|line| line.strip_prefix('"')?.split('"').next().map(str::to_owned)).collect()
}

/// A compiled-in keymap, read with every action it names known.
pub(super) fn builtin(name: &str) -> KeymapFile {
    let actions = named_actions();
    let known: Vec<&str> = actions.iter().map(String::as_str).collect();
    KeymapFile::parse(name, builtin_text(name).unwrap(), &known).unwrap()
}

#[test]
fn later_layers_win_and_earlier_keys_go_on_acting_where_they_are_free() {
    let default = file("[global]\n\"core.app.quit\" = [\"q\", \"Ctrl+Q\"]\n\"core.palette.open\" = [\":\"]");
    let user = file("[global]\n\"core.palette.open\" = [\"q\"]");
    let keymap = Keymap::new([(LayerName::User, &user), (LayerName::Default, &default)]);
    assert_eq!(asked(&keymap, &LIST, "q"), Some("core.palette.open"));
    assert_eq!(asked(&keymap, &LIST, "Ctrl+Q"), Some("core.app.quit"));
    assert_eq!(asked(&keymap, &LIST, ":"), None, "a layer that names an action says all its keys");
    assert_eq!(keymap.keys("core.app.quit", &LIST), [chord("Ctrl+Q")]);
}

#[test]
fn the_order_of_layers_is_user_assistive_persona_default() {
    let bind = |action: &str| file(&format!("[global]\n\"{action}\" = [\"x\"]"));
    let files = ["core.app.quit", "core.palette.open", "core.search.open", "core.input.undo"].map(bind);
    let names = [LayerName::Default, LayerName::Persona, LayerName::Assistive, LayerName::User];
    for last in 0..4 {
        let keymap = Keymap::new((0..=last).rev().map(|index| (names[index], &files[index])));
        assert_eq!(asked(&keymap, &LIST, "x"), Some(files[last].bindings[0].action.as_ref()));
    }
}

#[test]
fn an_empty_list_takes_the_keys_away() {
    let default = file("[global]\n\"core.app.quit\" = [\"q\"]");
    let user = file("[global]\n\"core.app.quit\" = []");
    let keymap = Keymap::new([(LayerName::Default, &default), (LayerName::User, &user)]);
    assert_eq!(asked(&keymap, &LIST, "q"), None);
    assert_eq!(keymap.rows(), []);
}

#[test]
fn inner_contexts_come_first() {
    let keymap = file("[global]\n\"core.app.quit\" = [\"u\"]\n[list]\n\"core.input.undo\" = [\"u\"]");
    let keymap = Keymap::new([(LayerName::Default, &keymap)]);
    assert_eq!(asked(&keymap, &LIST, "u"), Some("core.input.undo"));
    assert_eq!(asked(&keymap, &[Context::Overlay, Context::Global], "u"), Some("core.app.quit"));
    assert_eq!(keymap.keys("core.app.quit", &LIST), [], "a key that another action has there is no key for it");
}

#[test]
fn in_a_field_only_its_own_keys_and_function_keys_act() {
    let keymap = file("[global]\n\"core.app.quit\" = [\"q\", \"Ctrl+Q\", \"F9\"]\n[field]\n\"core.input.submit\" = [\"Enter\"]");
    let keymap = Keymap::new([(LayerName::Default, &keymap)]);
    assert_eq!(asked(&keymap, &FIELD, "q"), None);
    assert_eq!(asked(&keymap, &FIELD, "Ctrl+Q"), None);
    assert_eq!(asked(&keymap, &FIELD, "F9"), Some("core.app.quit"));
    assert_eq!(asked(&keymap, &FIELD, "Enter"), Some("core.input.submit"));
    assert_eq!(keymap.hint("core.app.quit", &FIELD, Keyboard::default()), Some(chord("F9")));
}

#[test]
fn a_hint_is_a_key_that_works_here() {
    let keymap = Keymap::new([(LayerName::Default, &file("[global]\n\"core.canvas.toggle\" = [\"Ctrl+I\", \"Alt+I\"]"))]);
    let hint = |extras| keymap.hint("core.canvas.toggle", &LIST, Keyboard { extras });
    assert_eq!(hint(false), Some(chord("Alt+I")));
    assert_eq!(hint(true), Some(chord("Ctrl+I")));
    assert_eq!(keymap.hint("core.input.undo", &LIST, Keyboard { extras: true }), None);
    assert!(keymap.rows().iter().any(|row| row.extras) && keymap.rows().iter().any(|row| !row.extras));
}

#[test]
fn errors_name_file_line_and_both_actions() {
    let said = |text: &str| KeymapFile::parse("mine.toml", text, &KNOWN).unwrap_err().to_string();
    let cases = [
        (
            "[global]\n\"core.app.quit\" = [\"q\"]\n\"core.palette.open\" = [\"Ctrl+K\", \"q\"]",
            "mine.toml, line 3: q asks for core.palette.open and for core.app.quit (line 2); a key has one action",
        ),
        ("[global]\n\"core.app.quit\" = [\"q\", \"q\"]", "mine.toml, line 2: q asks for core.app.quit and for core.app.quit"),
        ("[global]\n\"core.app.quitt\" = \"q\"", "mine.toml, line 2: \"core.app.quitt\" is not known here; did you mean core.app.quit?"),
        ("[globe]\n", "mine.toml, line 1: \"globe\" is not known here; did you mean global?"),
        ("[global]\n\"core.app.quit\" = [\"Ctrl+\"]", "mine.toml, line 2: \"Ctrl+\" is no key"),
        ("[global]\n\"core.app.quit\" = 7", "mine.toml, line 2: keys are texts"),
        ("global = 7", "mine.toml, line 1: a context is a table of actions"),
        ("version = 9", "version 9 is not known here"),
        ("[global", "mine.toml, line 1: "),
    ];
    for (text, wanted) in cases {
        assert!(said(text).contains(wanted), "{:?} should contain {wanted:?}", said(text));
    }
}

#[test]
fn the_builtin_keymaps_read_and_every_action_has_a_key_that_works_anywhere() {
    let (default, assistive) = (builtin("default"), builtin("assistive"));
    assert_eq!((default.name.as_str(), assistive.name.as_str()), ("default", "assistive"));
    for keymap in
        [Keymap::new([(LayerName::Default, &default)]), Keymap::new([(LayerName::Default, &default), (LayerName::Assistive, &assistive)])]
    {
        for action in named_actions() {
            let reached = [&LIST[..], &FIELD[..], &CONFLICT[..], &QUEUE[..]]
                .iter()
                .any(|contexts| keymap.hint(&action, contexts, Keyboard::default()).is_some());
            assert!(reached, "{action}");
        }
    }
}
