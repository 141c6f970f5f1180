//! A session that is recorded and fed back.

use std::os::unix::fs::PermissionsExt as _;

use ratatui::{buffer::Buffer, layout::Rect};

use super::*;
use crate::{
    app::{
        Pointer, PointerKind, Snapshot,
        fixture::{NOW, blank, send, snapshot, theme},
        layout::layout,
        view,
    },
    theme::ColorDepth,
};

fn drawn(model: &Model) -> Buffer {
    let mut buf = Buffer::empty(Rect::new(0, 0, model.size.0, model.size.1));
    view(model, &layout(model), &theme("default", ColorDepth::True), &mut buf);
    buf
}

/// A session of many sorts of messages.
fn session() -> Vec<Msg> {
    let keys =
        "j j j Enter Down Esc / r e p Enter o o ? PageDown Esc c Down Esc Ctrl+K s o r t Enter R Tab Tab G g Alt+I Alt+I i Esc Esc j";
    let mut messages = vec![Msg::KeyboardFound(crate::keymap::Keyboard { extras: true }), Msg::Snapshot(snapshot())];
    for round in 0..5_u16 {
        messages.extend(keys.split(' ').map(|key| Msg::Key(key.parse().unwrap())));
        messages.push(Msg::Resize(100 + round * 5, 30));
        messages.push(Msg::Pointer(Pointer { kind: PointerKind::Press, x: 5, y: 5 }));
        messages.push(Msg::Snapshot(snapshot()));
        messages.push(Msg::CacheTold("3 records were taken from a snapshot".to_owned(), round > 2));
        messages.push(Msg::Wake);
    }
    messages
}

fn recorded(messages: &[Msg]) -> (Model, String, u32) {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("session.jsonl");
    std::fs::write(&path, "what was there before").unwrap();
    let mut model = blank((120, 36));
    let mut recorder = Recorder::new(&path, &model).unwrap();
    for msg in messages {
        recorder.write(msg, NOW).unwrap();
        send(&mut model, msg.clone());
    }
    let mode = std::fs::metadata(&path).unwrap().permissions().mode() & 0o777;
    (model, std::fs::read_to_string(&path).unwrap(), mode)
}

#[test]
fn a_session_of_two_hundred_messages_replays_to_the_same_screen() {
    // Values that are their own stand-ins, so that the screens can be the same to the last cell.
    let redacted: Vec<Msg> = session().iter().map(|msg| Line::of(msg, NOW).unwrap().msg().unwrap().0).collect();
    assert!(redacted.len() > 200, "{}", redacted.len());
    let (model, text, _) = recorded(&redacted);
    let (replayed, count) = replay(&text).unwrap();
    assert_eq!(count, redacted.len());
    assert_eq!(drawn(&replayed), drawn(&model));
    assert_eq!(replayed.shared.selected, model.shared.selected);
    assert_eq!(replayed.list.sort, model.list.sort);
}

#[test]
fn no_value_is_written_and_the_file_is_its_owners() {
    let (model, text, mode) = recorded(&session());
    assert_eq!(mode, 0o600);
    for value in ["s3cr3t", "13314398617", "93784", "正常", "before"] {
        assert!(!text.contains(value), "{value} was written");
    }
    let (replayed, _) = replay(&text).unwrap();
    assert_eq!(replayed.list.rows, model.list.rows, "the same rows in the same order");
    assert_eq!(replayed.focus(), model.focus());
}

#[test]
fn everything_but_values_survives() {
    let original = snapshot();
    let (msg, _) = Line::of(&Msg::Snapshot(original.clone()), NOW).unwrap().msg().unwrap();
    let Msg::Snapshot(Snapshot { facts, sources, conflicts, queue, .. }) = msg else { panic!("no snapshot") };
    assert_eq!(
        (facts.len(), sources.len(), conflicts.len(), queue),
        (original.facts.len(), original.sources.len(), original.conflicts.len(), 1)
    );
    for (fact, wanted) in facts.iter().zip(original.facts.iter()) {
        assert_eq!((&fact.key, fact.state, fact.marks, fact.confidence), (&wanted.key, wanted.state, wanted.marks, wanted.confidence));
        assert_eq!(
            (fact.observed_at, &fact.reason_codes, fact.sources.len()),
            (wanted.observed_at, &wanted.reason_codes, wanted.sources.len())
        );
    }
}

#[test]
fn a_bad_recording_is_said_with_its_line() {
    let (_, text, _) = recorded(&[Msg::Wake]);
    let said = |text: String| replay(&text).unwrap_err();
    assert_eq!(replay("").unwrap_err(), "the recording is empty");
    assert!(said("{}".to_owned()).starts_with("line 1:"));
    assert!(said(text.replacen("\"v\":1", "\"v\":9", 1)).contains("version 9"));
    assert!(said(format!("{text}{{\"at\":1,\"msg\":{{\"key\":\"Hyper+K\"}}}}\n")).starts_with("line 3: \"Hyper+K\" is no key"));
}
