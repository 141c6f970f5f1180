//! What messages do: tables of keys and what is seen after them.

use std::sync::Arc;

use crate::{
    app::{
        arrange::{Arrange, arrange},
        effect::Effect,
        fixture::{NOW, before, blank, fact, failing, id, many, press, screen, send, snapshot, source},
        history::{History, Moment},
        layout::{Part, layout},
        model::{EngineLife, Focus, JobId, Layer, Model, Pane},
        msg::{Msg, Pointer, PointerKind},
        snapshot::Snapshot,
        update::{next_wake, update},
    },
    engine::{RefreshReport, SortBy},
};

fn selected(model: &Model) -> &str {
    model.current().map_or("", |insight| insight.key.as_str())
}

fn shown(model: &Model) -> Vec<&str> {
    (0..model.list.rows.len()).filter_map(|row| model.list.fact(row)).map(|insight| insight.key.as_str()).collect()
}

fn said(model: &Model) -> String {
    model.spoken_message()
}

#[test]
fn keys_move_the_selection() {
    let cases = [
        ("", "host/load/1m"),
        ("Down", "host/memory/available"),
        ("j j k", "host/memory/available"),
        ("Up", "host/load/1m"),
        ("End", "サービス/注文/状態"),
        ("G g", "host/load/1m"),
        ("PageDown", "サービス/注文/状態"),
        ("PageDown PageUp", "host/load/1m"),
    ];
    for (keys, wanted) in cases {
        let mut model = screen((120, 36));
        press(&mut model, keys);
        assert_eq!(selected(&model), wanted, "{keys}");
        assert_eq!(model.shared.selected.as_ref().map(crate::fact::Key::as_str), Some(wanted));
    }
}

#[test]
fn layers_open_on_top_and_esc_closes_the_top_one() {
    let mut model = screen((120, 36));
    assert_eq!(model.focus(), Focus::Pane(Pane::List));
    press(&mut model, "c ?");
    assert_eq!(model.focus(), Focus::Layer(Layer::Help));
    press(&mut model, "Esc");
    assert_eq!(model.focus(), Focus::Layer(Layer::Conflicts));
    press(&mut model, "q");
    assert_eq!(model.focus(), Focus::Pane(Pane::List), "q closes a box, it does not leave");
    assert!(matches!(press(&mut model, "q Enter").as_slice(), [Effect::Quit]));
}

#[test]
fn the_filter_filters_as_it_is_typed_and_stays_when_kept() {
    let mut model = screen((120, 36));
    press(&mut model, "/ r e p l");
    assert_eq!(shown(&model).len(), 5);
    assert!(shown(&model).iter().all(|key| key.ends_with("replicas")));
    press(&mut model, "Enter");
    assert_eq!((model.focus(), shown(&model).len()), (Focus::Pane(Pane::List), 5));
    press(&mut model, "Esc");
    assert_eq!(shown(&model).len(), 11, "Esc in the list clears a kept filter");
    press(&mut model, "/ q Esc");
    assert_eq!((model.focus(), shown(&model).len()), (Focus::Pane(Pane::List), 11), "Esc in the field clears and closes");
}

#[test]
fn letters_in_a_field_are_typed_and_never_act() {
    let mut model = screen((120, 36));
    let left = press(&mut model, "/ q c ? R o Space Ctrl+Q");
    assert!(left.is_empty());
    assert_eq!(model.list.filter.text(), "qc?Ro ");
    press(&mut model, "F1");
    assert_eq!(model.focus(), Focus::Layer(Layer::Help), "function keys act everywhere");
}

#[test]
fn the_selected_fact_stays_selected_while_rows_move() {
    let mut model = screen((120, 36));
    press(&mut model, "Down Down Down Down");
    assert_eq!(selected(&model), "service/checkout/replicas");
    for wanted in [SortBy::Age, SortBy::Confidence, SortBy::Key] {
        press(&mut model, "o");
        assert_eq!((model.list.sort, selected(&model)), (wanted, "service/checkout/replicas"));
    }
    press(&mut model, "/ c h e c k Down Esc");
    assert!(selected(&model).starts_with("service/checkout/"), "what the filter found stays selected without it");
}

#[test]
fn where_the_selected_fact_is_gone_what_took_its_place_is_selected() {
    let mut model = screen((120, 36));
    press(&mut model, "Down Down");
    let mut fewer = snapshot();
    fewer.facts = fewer.facts.iter().filter(|insight| insight.key.as_str() != "host/uptime").cloned().collect();
    send(&mut model, Msg::Snapshot(fewer));
    assert_eq!(selected(&model), "service/cart/replicas");
    send(&mut model, Msg::Snapshot(Snapshot::default()));
    assert_eq!((selected(&model), model.shared.selected.clone()), ("", None));
}

#[test]
fn until_somebody_chooses_the_first_row_is_selected() {
    let mut model = blank((120, 36));
    let mut all = snapshot();
    let some: Vec<_> = all.facts.iter().filter(|insight| insight.key.as_str().starts_with("service/")).cloned().collect();
    send(&mut model, Msg::Snapshot(Snapshot { facts: some.into(), ..all.clone() }));
    assert_eq!(selected(&model), "service/cart/replicas");
    send(&mut model, Msg::Snapshot(all.clone()));
    assert_eq!(selected(&model), "host/load/1m");
    press(&mut model, "Down");
    all.facts = all.facts.iter().skip(1).cloned().collect();
    send(&mut model, Msg::Snapshot(all));
    assert_eq!(selected(&model), "host/memory/available");
}

/// The first facts of many, while the others are read.
fn first_of(all: &Snapshot, facts: usize) -> Snapshot {
    Snapshot { partial: true, facts: all.facts.iter().take(facts).cloned().collect(), ..all.clone() }
}

#[test]
fn what_was_done_among_the_first_facts_holds_when_all_are_there() {
    let all = many(1_000);
    for (keys, wanted) in [
        ("", "k/000000"),
        ("Down Down", "k/000002"),
        ("Down PageDown Down Up", "k/000031"),
        ("End", "k/000999"),
        ("End Up", "k/000062"),
        ("End / 4 2 Enter", "k/000042"),
        ("/ 9 9 9", "k/000999"),
        ("End o o o", "k/000999"),
    ] {
        let mut model = blank((120, 36));
        send(&mut model, Msg::Snapshot(first_of(&all, 64)));
        press(&mut model, keys);
        let offset = model.list.offset;
        send(&mut model, Msg::Snapshot(first_of(&all, 64)));
        send(&mut model, Msg::Snapshot(all.clone()));
        assert_eq!(selected(&model), wanted, "{keys}");
        assert!(wanted > "k/000064" || model.list.offset == offset, "{keys}: what was scrolled stays");
        // Later moments move nothing.
        send(&mut model, Msg::Snapshot(many(1_000)));
        assert_eq!(selected(&model), wanted, "{keys}");
    }
}

#[test]
fn orders_are_by_age_and_by_confidence() {
    let mut model = screen((120, 36));
    press(&mut model, "o");
    assert_eq!(shown(&model)[0], "service/legacy/replicas");
    press(&mut model, "o");
    assert_eq!(shown(&model)[0], "service/mail/replicas", "what nobody observed is believed least");
}

#[test]
fn an_answer_to_an_older_question_is_dropped() {
    let mut model = screen((120, 36));
    let old = Arrange {
        generation: model.list.generation - 1,
        facts: many(3).facts,
        now: NOW,
        query: String::new(),
        sort: SortBy::Key,
        selected: None,
    };
    let rev = model.rev;
    update(&mut model, Msg::Arranged(arrange(&old)), NOW);
    assert_eq!((shown(&model).len(), model.rev), (11, rev));
    update(&mut model, Msg::Refreshed(JobId(77), Ok(Vec::new())), NOW);
    assert_eq!(model.rev, rev);
}

#[test]
fn what_did_not_change_is_not_drawn_again() {
    let mut model = screen((120, 36));
    let same = model.shared.snapshot.clone();
    let rev = model.rev;
    assert!(send(&mut model, Msg::Snapshot(same)).is_empty());
    send(&mut model, Msg::TerminalFocus(false));
    assert_eq!(model.rev, rev);
    send(&mut model, Msg::Wake);
    assert_ne!(model.rev, rev);
}

#[test]
fn enter_opens_the_canvas_and_esc_goes_back() {
    for size in [(120, 36), (80, 24), (40, 12)] {
        let mut model = screen(size);
        press(&mut model, "Enter");
        assert_eq!(model.focus(), Focus::Pane(Pane::Canvas));
        press(&mut model, "Down Down");
        assert!(model.canvas.scroll <= 2);
        press(&mut model, "Esc");
        assert_eq!(model.focus(), Focus::Pane(Pane::List));
        press(&mut model, "Tab");
        assert_eq!(model.focus(), Focus::Pane(Pane::Canvas));
        assert!(layout(&model).canvas.is_some());
    }
}

#[test]
fn conflicts_are_walked_through_and_led_to() {
    let mut model = screen((120, 36));
    press(&mut model, "c");
    assert_eq!(model.conflict().map(|conflict| conflict.key.as_str()), Some("service/cart/replicas"));
    press(&mut model, "n");
    assert_eq!(model.conflicts.at, 1);
    press(&mut model, "n");
    assert_eq!(model.conflicts.at, 0, "after the last one comes the first");
    press(&mut model, "p w");
    assert_eq!((model.focus(), selected(&model)), (Focus::Pane(Pane::Canvas), "service/checkout/replicas"));
    press(&mut model, "Esc");
    press(&mut model, "c");
    assert_eq!(model.conflicts.at, 1, "the conflict of the selected fact is shown first");
    let mut fewer = snapshot();
    fewer.conflicts = fewer.conflicts.iter().skip(1).cloned().collect();
    send(&mut model, Msg::Snapshot(fewer));
    assert_eq!((model.conflicts.at, model.conflict().is_some()), (0, true), "it is found again where it stands now");
}

#[test]
fn the_palette_carries_out_what_it_can_and_says_why_not() {
    let mut model = screen((120, 36));
    press(&mut model, "Ctrl+K s o r t Enter");
    assert_eq!((model.focus(), model.list.sort), (Focus::Pane(Pane::List), SortBy::Age));
    press(&mut model, "Ctrl+K t e l e m e t r y Enter");
    assert_eq!(model.focus(), Focus::Layer(Layer::Palette));
    assert_eq!(said(&model), "Telemetry: not in this version.");
    press(&mut model, "Esc Ctrl+K d o c t o r Enter");
    assert!(said(&model).contains("in a shell: stellar doctor"), "{}", said(&model));
}

#[test]
fn a_refresh_is_asked_once_and_told() {
    let mut model = screen((120, 36));
    let effects = press(&mut model, "R");
    let [Effect::Refresh(job, sources)] = effects.as_slice() else { panic!("{effects:?}") };
    assert!(sources.is_empty());
    assert!(press(&mut model, "R").is_empty());
    assert_eq!(said(&model), "Refresh: already under way.");
    let report =
        |name, changed, error| RefreshReport { source: id(name), keys: 4, changed, failed: 0, took: std::time::Duration::ZERO, error };
    let reports = vec![report("host", 2, None), report("cluster", 0, failing("cluster").error)];
    send(&mut model, Msg::Refreshed(*job, Ok(reports)));
    assert_eq!(said(&model), "1 source answered, 2 facts changed. cluster: connection refused");
    assert_eq!(model.shared.refreshing, None);
}

#[test]
fn ctrl_c_twice_leaves_and_once_does_not() {
    let mut model = screen((120, 36));
    assert!(press(&mut model, "? Ctrl+C").is_empty());
    assert_eq!(model.focus(), Focus::Pane(Pane::List), "the first one closes a layer");
    let between = press(&mut model, "Down Ctrl+C");
    assert!(!between.iter().any(|effect| matches!(effect, Effect::Quit)), "another key in between begins anew");
    assert!(matches!(press(&mut model, "Ctrl+C").as_slice(), [Effect::Quit]));
}

#[test]
fn the_past_of_what_is_selected_is_asked_for_once() {
    let mut model = screen((120, 36));
    let asked = press(&mut model, "Down");
    let key = model.shared.selected.clone().unwrap();
    assert!(matches!(asked.as_slice(), [Effect::Past(of)] if *of == key), "{asked:?}");
    assert!(send(&mut model, Msg::Wake).iter().all(|effect| !matches!(effect, Effect::Past(_))));
    press(&mut model, "Alt+I");
    assert!(press(&mut model, "Down").iter().all(|effect| !matches!(effect, Effect::Past(_))), "nothing shows it");
}

#[test]
fn an_engine_that_died_is_said_and_what_was_known_stays() {
    let mut model = screen((120, 36));
    send(&mut model, Msg::EngineGone("disk \u{1b}[31mfull".to_owned()));
    assert!(matches!(model.shared.engine, EngineLife::Dead(_)));
    assert_eq!(shown(&model).len(), 11);
    assert_eq!(said(&model), "The engine stopped: disk \\x1b[31mfull. What is shown was told 0 s ago.");
    assert!(press(&mut model, "R").is_empty());
    assert_eq!(said(&model), "Refresh: the engine has stopped.");
    assert!(matches!(press(&mut model, "q Enter").as_slice(), [Effect::Quit]));
}

#[test]
fn what_happens_to_the_cache_is_said() {
    let mut model = screen((120, 36));
    send(&mut model, Msg::CacheTold("the record of a/\u{1b}[31m was damaged".to_owned(), true));
    assert_eq!(said(&model), "The record of a/\\x1b[31m was damaged.");
}

#[test]
fn a_paste_goes_into_the_field_and_what_is_cut_is_said() {
    let mut model = screen((120, 36));
    send(&mut model, Msg::Paste("q".to_owned(), 0));
    assert!(said(&model).starts_with("Nothing takes text here"));
    press(&mut model, "/");
    send(&mut model, Msg::Paste("check\nout".to_owned(), 9 << 20));
    assert_eq!(model.list.filter.text(), "check");
    assert!(said(&model).starts_with("Not all of what was pasted"));
    assert_eq!(shown(&model).len(), 2);
}

#[test]
fn the_mouse_selects_opens_scrolls_and_presses_hints() {
    let mut model = screen((120, 36));
    let at = |kind, x, y| Msg::Pointer(Pointer { kind, x, y });
    send(&mut model, at(PointerKind::Press, 10, 6));
    assert_eq!(selected(&model), "service/cart/replicas");
    send(&mut model, at(PointerKind::Press, 10, 6));
    assert_eq!(model.focus(), Focus::Pane(Pane::Canvas));
    send(&mut model, at(PointerKind::ScrollDown, 10, 6));
    assert_eq!(selected(&model), "service/checkout/replicas");
    let regions = layout(&model);
    let (hint, place) = &regions.hints[regions.hints.len() - 1];
    assert_eq!(hint.action, "core.app.quit");
    // Something waits to be sent: that is said first.
    assert!(send(&mut model, at(PointerKind::Press, place.x, place.y)).is_empty());
    assert_eq!(model.focus(), Focus::Layer(Layer::Question));
    press(&mut model, "Esc");
    press(&mut model, "?");
    send(&mut model, at(PointerKind::Press, 0, 0));
    assert!(model.layers.is_empty(), "a press beside a box closes it");
    assert!(matches!(press(&mut model, "Alt+M").as_slice(), [Effect::SetMouse(false)]));
}

#[test]
fn the_next_wake_is_when_an_age_that_shows_rolls_over() {
    let mut model = blank((120, 36));
    assert_eq!(next_wake(&model), None, "nothing shown ages");
    let mut at = |age: i64| {
        let facts = vec![Arc::new(fact("a", "1", "", "prom", age, 0.9))];
        send(
            &mut model,
            Msg::Snapshot(Snapshot { facts: facts.into(), sources: vec![source("prom", "http")].into(), ..Snapshot::default() }),
        );
        next_wake(&model).map(|wake| wake.since(NOW).as_secs())
    };
    assert_eq!(at(3), Some(7));
    assert_eq!(at(42), Some(8));
    assert_eq!(at(600), Some(60));
    let mut live = fact("a", "1", "", "prom", 3, 0.9);
    live.sources[0].live = true;
    send(&mut model, Msg::Snapshot(Snapshot { facts: vec![Arc::new(live)].into(), ..Snapshot::default() }));
    assert_eq!(next_wake(&model), None, "what is live does not tick");
}

#[test]
fn many_facts_are_moved_through_without_looking_at_each() {
    let mut model = blank((120, 36));
    send(&mut model, Msg::Snapshot(many(100_000)));
    press(&mut model, "End");
    assert_eq!(selected(&model), "k/099999");
    press(&mut model, "/ 0 0 4 2 4 2");
    assert_eq!(selected(&model), "k/004242");
    press(&mut model, "Esc");
    assert_eq!(selected(&model), "k/004242", "it stays selected among all");
    let regions = layout(&model);
    let Some(list) = regions.list else { panic!("no list") };
    let crate::app::layout::ListBody::Rows(rows) = list.body else { panic!("no rows") };
    assert!(rows.len() < 40 && rows.iter().any(|(row, _)| *row == model.list.cursor));
}

#[test]
fn the_series_follows_the_selected_fact() {
    let mut model = screen((120, 36));
    for _ in 0..100 {
        send(&mut model, Msg::Snapshot(snapshot()));
    }
    assert_eq!(model.canvas.series.len(), 64);
    press(&mut model, "Down");
    assert_eq!(model.canvas.series.len(), 1);
    assert!(before(1) < NOW);
}

#[test]
fn a_told_past_is_shown_instead_of_what_was_seen_and_goes_with_its_fact() {
    let mut model = screen((120, 36));
    press(&mut model, "Down Down Down Down");
    let key = model.current().unwrap().key.clone();
    let moment = |days: i64, value: &str, score| Moment {
        at: before(days * 86_400),
        value: Some(crate::fact::Value::parse(value).unwrap()),
        score: Some(score),
    };
    let past = History::new(key.clone(), vec![moment(7, "1", 0.2), moment(3, "2", 0.9)]);
    send(&mut model, Msg::History(History { key: crate::fact::Key::new("some/other").unwrap(), ..past.clone() }));
    assert_eq!(model.canvas.told, None, "another fact is selected");
    let rev = model.rev;
    send(&mut model, Msg::History(past));
    assert!(model.rev > rev);
    let shown = |model: &Model| {
        let parts = crate::app::content::canvas_parts(model);
        parts.into_iter().find_map(|part| match part {
            Part::Series { series, note, .. } => Some((series, note.to_string())),
            _ => None,
        })
    };
    let (series, note) = shown(&model).unwrap();
    assert_eq!((series.len(), series[0], note.as_str()), (32, Some(0.2), "confidence, 7 d, 1 change"));
    assert_eq!(*series.last().unwrap(), model.current().unwrap().confidence.as_ref().map(|confidence| confidence.score));
    press(&mut model, "Down Up");
    assert_eq!(model.canvas.told, None);
    assert_eq!(shown(&model), None, "one reading makes no series");
}

#[test]
fn a_canvas_that_has_no_room_beside_the_list_says_so() {
    let mut model = screen((40, 12));
    press(&mut model, "Alt+I");
    assert_eq!(said(&model), said(&screen((40, 12))), "it is hidden, and was not to be seen");
    press(&mut model, "Alt+I");
    assert_eq!(said(&model), "There is no room for both here; the fact opens by itself.");
    let mut wide = screen((120, 36));
    press(&mut wide, "Alt+I Alt+I");
    assert_ne!(said(&wide), said(&model));
}

#[test]
fn what_is_said_while_a_box_is_open_is_not_below_it() {
    for size in [(80, 24), (40, 12)] {
        let mut model = screen(size);
        press(&mut model, "Ctrl+K t e l e m e t r y Enter");
        assert_eq!(said(&model), "Telemetry: not in this version.");
        let regions = layout(&model);
        assert!(regions.layer.is_some_and(|layer| !layer.outer.intersects(regions.message)), "{size:?}");
    }
}
