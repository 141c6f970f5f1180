//! A session that is recorded and fed back.

use std::{os::unix::fs::PermissionsExt as _, sync::Arc};

use ratatui::{buffer::Buffer, layout::Rect};

use super::*;
use crate::{
    app::{
        History, Moment, Pointer, PointerKind, Snapshot,
        fixture::{NOW, blank, send, snapshot, theme, widely_contested},
        layout::layout,
        view,
    },
    fact::{Insight, Key, Timestamp, Value},
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
    let mut messages = vec![
        Msg::KeyboardFound(crate::keymap::Keyboard { extras: true }),
        Msg::Snapshot(Snapshot { partial: true, ..snapshot() }),
        Msg::Snapshot(snapshot()),
    ];
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

/// As the loop does: what is asked is answered, and the answer comes as a message too.
fn follow(recorder: &mut Recorder, model: &mut Model, msg: Msg) {
    recorder.write(&msg, model, NOW).unwrap();
    for effect in update(model, msg, NOW) {
        if let Effect::Arrange(question) = effect {
            follow(recorder, model, Msg::Arranged(arrange(&question)));
        }
    }
}

/// What a recording says of a session: values that are their own stand-ins, keys that are.
fn redacted(messages: &[Msg]) -> Vec<Msg> {
    let (mut model, mut shown, mut told) = (blank((120, 36)), Snapshot::default(), Snapshot::default());
    let redacted = messages.iter().map(|msg| {
        let line = Line::of(msg, &model, &mut shown, NOW).unwrap();
        send(&mut model, msg.clone());
        line.msg(&mut told, None).unwrap().0
    });
    redacted.collect()
}

fn recorded(messages: &[Msg]) -> (Model, String, u32) {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("session.jsonl");
    std::fs::write(&path, "what was there before").unwrap();
    let mut model = blank((120, 36));
    let mut recorder = Recorder::new(&path, &model).unwrap();
    for msg in messages {
        follow(&mut recorder, &mut model, msg.clone());
    }
    let mode = std::fs::metadata(&path).unwrap().permissions().mode() & 0o777;
    (model, std::fs::read_to_string(&path).unwrap(), mode)
}

#[test]
fn a_session_of_two_hundred_messages_replays_to_the_same_screen() {
    // Values that are their own stand-ins, so that the screens can be the same to the last cell.
    let redacted = redacted(&session());
    assert!(redacted.len() > 200, "{}", redacted.len());
    let (model, text, _) = recorded(&redacted);
    let (replayed, count) = replay(&text).unwrap();
    assert!(count >= redacted.len(), "answers about the filtered list are written too");
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
    let Msg::Snapshot(Snapshot { facts, sources, conflicts, queue, .. }) = redacted(&[Msg::Snapshot(original.clone())]).remove(0) else {
        panic!("no snapshot")
    };
    assert_eq!(
        (facts.len(), sources.len(), conflicts.len(), queue.status.depth),
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
    assert!(said(text.replacen("\"v\":4", "\"v\":9", 1)).contains("version 9"));
    assert!(said(format!("{text}{{\"at\":1,\"msg\":{{\"key\":\"Hyper+K\"}}}}\n")).starts_with("line 3: \"Hyper+K\" is no key"));
}

#[test]
fn a_told_past_keeps_its_times_and_loses_its_values() {
    let moment = |at, value: &str| Moment { at: Timestamp::from_millis(at), value: Some(Value::parse(value).unwrap()), score: Some(0.5) };
    let past = History::new(Key::new("a/b").unwrap(), vec![moment(1, "\"ada\""), moment(2, "42")]);
    let line =
        serde_json::to_string(&Line::of(&Msg::History(past.clone()), &blank((120, 36)), &mut Snapshot::default(), NOW).unwrap()).unwrap();
    assert!(!line.contains("ada") && !line.contains("42"), "{line}");
    let (Msg::History(read), _) = serde_json::from_str::<Line>(&line).unwrap().msg(&mut Snapshot::default(), None).unwrap() else {
        panic!("no history")
    };
    assert_eq!((read.key.clone(), read.changes()), (past.key.clone(), 1));
    assert!(read.moments.iter().map(|moment| (moment.at, moment.score)).eq(past.moments.iter().map(|moment| (moment.at, moment.score))));
}

#[test]
fn a_fact_that_was_told_at_length_names_its_sources_and_loses_its_values() {
    let whole = Insight { value: Some(Value::string("hunter2")), ..widely_contested(9) };
    let carried = |found| {
        let msg = Msg::Looked(whole.key.clone(), found);
        let line = serde_json::to_string(&Line::of(&msg, &blank((120, 36)), &mut Snapshot::default(), NOW).unwrap()).unwrap();
        assert!(!line.contains("hunter2"), "{line}");
        match serde_json::from_str::<Line>(&line).unwrap().msg(&mut Snapshot::default(), None).unwrap() {
            (Msg::Looked(key, found), _) if key == whole.key => found,
            (other, _) => panic!("{other:?}"),
        }
    };
    let read = carried(Ok(Some(Arc::new(whole.clone())))).unwrap().unwrap();
    let names = |insight: &Insight| insight.sources.iter().map(|view| view.source.clone()).collect::<Vec<_>>();
    assert_eq!((names(&read), read.left_out), (names(&whole), None));
    let short = whole.clone().shortened();
    assert_eq!(carried(Ok(Some(Arc::new(short.clone())))).unwrap().unwrap().left_out, short.left_out);
    assert_eq!(carried(Ok(None)).unwrap(), None);
    assert_eq!(carried(Err("the disk is full".to_owned())).unwrap_err(), "the disk is full");
}

#[test]
fn what_was_typed_into_the_filter_is_not_written_and_the_screen_is_the_same() {
    let session: Vec<Msg> = [Msg::Snapshot(snapshot())]
        .into_iter()
        .chain("/ r e p l i c a s Down Enter Down".split(' ').map(|key| Msg::Key(key.parse().unwrap())))
        .collect();
    let (model, text, _) = recorded(&session);
    assert!(!text.contains("\"key\":\"r\"") && text.contains("\"key\":\"x\""));
    let (replayed, _) = replay(&text).unwrap();
    assert_eq!(replayed.list.filter.text(), "xxxxxxxx");
    assert_eq!((&replayed.list.rows, &replayed.shared.selected), (&model.list.rows, &model.shared.selected));
    assert!(model.list.rows.len() < model.list.facts.len());
}

#[test]
fn the_keys_in_force_are_recorded() {
    let mine = KeymapFile::parse(
        "mine",
        "[list]\n\"core.navigate.down\" = [\"n\"]\n[global]\n\"core.help.open\" = [\"x\"]",
        &action::all().map(|spec| spec.id).collect::<Vec<_>>(),
    )
    .unwrap();
    let default =
        KeymapFile::parse("default", builtin_text("default").unwrap(), &action::all().map(|spec| spec.id).collect::<Vec<_>>()).unwrap();
    let mut model = blank((120, 36));
    model.shared.keymap = Arc::new(Keymap::new([(LayerName::Default, &default), (LayerName::User, &mine)]));
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("session.jsonl");
    let mut recorder = Recorder::new(&path, &model).unwrap();
    for msg in [Msg::Snapshot(snapshot()), Msg::Key("n".parse().unwrap()), Msg::Key("n".parse().unwrap()), Msg::Key("x".parse().unwrap())] {
        follow(&mut recorder, &mut model, msg);
    }
    let (replayed, _) = replay(&std::fs::read_to_string(&path).unwrap()).unwrap();
    assert_eq!((replayed.list.cursor, replayed.layers.len()), (2, 1));
    assert_eq!(replayed.shared.selected, model.shared.selected);
    for action in action::all() {
        assert_eq!(replayed.shared.keymap.keys(action.id, model.contexts()), model.shared.keymap.keys(action.id, model.contexts()));
    }
}
