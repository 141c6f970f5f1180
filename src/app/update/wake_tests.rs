//! A screen that is left alone is drawn when something on it changes with time, and else not.

use std::time::Duration;

use ratatui::{buffer::Buffer, layout::Rect};

use crate::{
    app::{
        fixture::{blank, failing, press, queue, send, snapshot, source, theme},
        layout::layout,
        model::Model,
        msg::Msg,
        queue::Queue,
        snapshot::Snapshot,
        update::next_wake,
        view::view,
    },
    engine::FactMap,
    fact::Timestamp,
    theme::ColorDepth,
};

/// What stands on the screen at a moment nobody was woken for.
fn drawn(model: &Model, at: Timestamp) -> Buffer {
    let mut model = model.clone();
    model.now = at;
    let mut buf = Buffer::empty(Rect::new(0, 0, model.size.0, model.size.1));
    view(&model, &layout(&model), &theme("default", ColorDepth::True), &mut buf);
    buf
}

/// A queue alone: the facts would wake it too.
fn only_queue(size: (u16, u16), queue: Queue) -> Model {
    let mut model = blank(size);
    let all = Snapshot { sources: vec![source("prom", "prometheus")].into(), facts: FactMap::default(), ..Snapshot::default() };
    send(&mut model, Msg::Snapshot(all.with_queue(queue)));
    model
}

/// Goes from wake to wake for a while; how often it was woken. What has no room in a small box may wake it too: `all` has room.
fn left_alone(mut model: Model, what: &str, all: bool) -> usize {
    let end = model.now.plus(Duration::from_secs(3 * 3600));
    let mut wakes = 0;
    while let Some(at) = next_wake(&model).filter(|at| *at < end) {
        let before = drawn(&model, model.now);
        assert!(at.since(model.now) >= Duration::from_secs(1), "{what}: more than once a second");
        let just_before = at.minus(Duration::from_millis(1));
        assert!(drawn(&model, just_before) == before, "{what}: it changed before {}", at.to_rfc3339());
        assert!(!all || drawn(&model, at) != before, "{what}: nothing changed at {}", at.to_rfc3339());
        model.now = at;
        wakes += 1;
    }
    assert!(drawn(&model, end) == drawn(&model, model.now) || wakes > 0, "{what}: it changes and is never drawn");
    wakes
}

#[test]
fn the_age_of_what_waits_moves_where_it_is_shown_and_only_when_its_text_does() {
    // From three minutes on once a minute, from two hours on once an hour.
    assert_eq!(left_alone(only_queue((120, 36), queue::waiting()), "the top line", true), 117 + 1);
    // Twenty-five hours old: once an hour.
    assert_eq!(left_alone(only_queue((120, 36), queue::every()), "the top line, one of a day", true), 2);
    for size in [(120, 36), (80, 24), (40, 12)] {
        let mut model = only_queue(size, queue::waiting());
        press(&mut model, "Q");
        assert!(left_alone(model, "the queue", size.1 > 12) >= 117);
    }
}

#[test]
fn what_has_no_room_wakes_nobody() {
    let mut model = only_queue((40, 12), queue::waiting());
    // What needs a person is said before how long something waits.
    model.shared.snapshot.conflicts = snapshot().conflicts;
    assert!(!layout(&model).segments.iter().any(|(segment, _)| segment.since.is_some()));
    assert_eq!(next_wake(&model), None);
}

#[test]
fn a_failing_source_wakes_with_the_text_that_says_since_when() {
    let mut model = blank((120, 36));
    let sources = vec![failing("cluster")].into();
    send(&mut model, Msg::Snapshot(Snapshot { sources, ..Snapshot::default() }));
    // Four minutes ago; the line above the hints and the top line say it alike.
    assert_eq!(next_wake(&model).map(|at| at.since(model.now).as_secs()), Some(60));
    assert_eq!(left_alone(model, "a failing source", true), 116 + 1);
}

#[test]
fn a_moment_that_comes_is_drawn_when_it_comes() {
    let mut model = only_queue((120, 36), queue::waiting());
    press(&mut model, "Q");
    // The breaker looks at its target in five seconds.
    assert_eq!(next_wake(&model).map(|at| at.since(model.now).as_secs()), Some(5));
}
