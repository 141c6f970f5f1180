//! Every screen at 120x36, 80x24 and 40x12, and in monochrome.

use ratatui::{buffer::Buffer, layout::Rect, style::Modifier};

use crate::{
    app::{
        ask::{Answer, Told, Trouble},
        fixture::{blank, failing, press, queue, screen, send, shortened, snapshot, source, theme, widely_contested, writable},
        layout::layout,
        model::{JobId, Model},
        msg::Msg,
        snapshot::Snapshot,
        view::view,
    },
    engine::{SourceStatus, source::SourceError},
    fact::{ConflictEntry, SourceState},
    theme::{ColorDepth, Theme},
};

const SIZES: [(u16, u16); 3] = [(120, 36), (80, 24), (40, 12)];

fn drawn(model: &Model, theme: &Theme) -> Buffer {
    let regions = layout(model);
    let mut buf = Buffer::empty(Rect::new(0, 0, model.size.0, model.size.1));
    view(model, &regions, theme, &mut buf);
    buf
}

/// The characters of a buffer; a cell that a wide one covers is left out.
fn text(buf: &Buffer) -> String {
    let mut out = String::new();
    for y in 0..buf.area.height {
        let mut covered = 0;
        let mut line = String::new();
        for x in 0..buf.area.width {
            if covered > 0 {
                covered -= 1;
                continue;
            }
            let symbol = buf[(x, y)].symbol();
            covered = stellar_widgets::text_width(symbol).saturating_sub(1);
            line.push_str(symbol);
        }
        out.push_str(line.trim_end());
        out.push('\n');
    }
    out
}

/// The same with what is bold, underlined and reversed on each line.
fn text_and_modifiers(buf: &Buffer) -> String {
    let mut out = text(buf);
    out.push_str("---\n");
    for y in 0..buf.area.height {
        let mut runs: Vec<(u16, u16, Modifier)> = Vec::new();
        for x in 0..buf.area.width {
            let modifier = buf[(x, y)].modifier;
            match runs.last_mut() {
                Some((_, end, held)) if *end == x && *held == modifier => *end = x + 1,
                _ if !modifier.is_empty() => runs.push((x, x + 1, modifier)),
                _ => {}
            }
        }
        for (from, to, modifier) in runs {
            out.push_str(&format!("{y:>2} {from:>3}..{to:<3} {modifier:?}\n"));
        }
    }
    out
}

/// One snapshot a size in words and signs, and one in monochrome.
fn check(name: &str, make: impl Fn((u16, u16)) -> Model) {
    let settings = || {
        let mut settings = insta::Settings::clone_current();
        settings.set_snapshot_path(concat!(env!("CARGO_MANIFEST_DIR"), "/snapshots"));
        settings.set_prepend_module_to_snapshot(false);
        settings.set_omit_expression(true);
        settings
    };
    let coloured = theme("default", ColorDepth::True);
    for size in SIZES {
        let model = make(size);
        let regions = layout(&model);
        let body = format!("{}cursor {:?}\n", text(&drawn(&model, &coloured)), regions.cursor);
        settings().bind(|| insta::assert_snapshot!(format!("{name}_{}x{}", size.0, size.1), body));
    }
    let mono = text_and_modifiers(&drawn(&make((80, 24)), &theme("monochrome", ColorDepth::None)));
    settings().bind(|| insta::assert_snapshot!(format!("{name}_monochrome"), mono));
}

fn with(size: (u16, u16), snapshot: Snapshot) -> Model {
    let mut model = blank(size);
    send(&mut model, Msg::Snapshot(snapshot));
    model
}

fn after(size: (u16, u16), keys: &str) -> Model {
    let mut model = screen(size);
    press(&mut model, keys);
    model
}

/// Moves to the fact that everybody disagrees on.
const TO_CONTESTED: &str = "Down Down Down Down";

#[test]
fn list() {
    check("list", |size| after(size, TO_CONTESTED));
}

#[test]
fn canvas() {
    check("canvas", |size| after(size, &format!("{TO_CONTESTED} Enter")));
}

#[test]
fn filter() {
    check("filter", |size| after(size, "/ r e p"));
}

#[test]
fn filter_without_a_fit() {
    check("filter_empty", |size| after(size, "/ z z z"));
}

#[test]
fn palette() {
    check("palette", |size| after(size, "Ctrl+K"));
    check("palette_typed", |size| after(size, "Ctrl+K c o n f"));
}

#[test]
fn help() {
    check("help", |size| after(size, "?"));
}

#[test]
fn conflicts() {
    check("conflicts", |size| after(size, &format!("{TO_CONTESTED} c")));
}

#[test]
fn deciding() {
    let at_it = |size: (u16, u16)| {
        let mut model = with(size, writable(snapshot()));
        press(&mut model, &format!("{TO_CONTESTED} c"));
        model
    };
    check("conflict_chosen", |size| {
        let mut model = at_it(size);
        press(&mut model, "2");
        model
    });
    check("conflict_moved", |size| {
        let mut model = at_it(size);
        let moved = |conflict: &std::sync::Arc<ConflictEntry>| {
            std::sync::Arc::new(ConflictEntry { digest: "ffff223344556677".into(), ..ConflictEntry::clone(conflict) })
        };
        let conflicts = snapshot().conflicts.iter().map(moved).collect();
        send(&mut model, Msg::Snapshot(writable(Snapshot { conflicts, ..snapshot() })));
        model
    });
    check("conflict_edit", |size| {
        let mut model = at_it(size);
        press(&mut model, "e");
        model
    });
    check("conflict_sent_where", |size| {
        let mut model = at_it(size);
        let mut all = snapshot();
        all.sources = all.sources.iter().map(|source| SourceStatus { writable: true, ..source.clone() }).collect();
        send(&mut model, Msg::Snapshot(all));
        press(&mut model, "s Down");
        model
    });
    check("conflict_decided", |size| {
        let mut model = at_it(size);
        press(&mut model, "2 Enter");
        let told = Told::Conflict { id: model.conflict().unwrap().id.clone(), key: model.conflict().unwrap().key.clone(), decided: true };
        let job = model.shared.last_job;
        send(&mut model, Msg::Snapshot(writable(Snapshot { conflicts: std::sync::Arc::from([]), ..snapshot() })));
        send(&mut model, Msg::Answered(job, Answer { told: vec![told], trouble: None }));
        model
    });
}

#[test]
fn more_sources_than_are_held() {
    let whole = widely_contested(9);
    let at_it = |size, told: bool, keys: &str| {
        let mut model = with(size, shortened(&whole));
        press(&mut model, &format!("{TO_CONTESTED} {keys}"));
        if told {
            send(&mut model, Msg::Looked(whole.key.clone(), Ok(Some(std::sync::Arc::new(whole.clone())))));
        }
        model
    };
    check("canvas_being_read", |size| at_it(size, false, "Enter End"));
    check("canvas_read", |size| at_it(size, true, "Enter End"));
    check("conflict_being_read", |size| at_it(size, false, "c"));
    check("conflict_read", |size| at_it(size, true, "c"));
}

#[test]
fn no_conflicts() {
    check("conflicts_none", |size| {
        let mut model = with(size, Snapshot { conflicts: std::sync::Arc::from([]), ..snapshot() });
        press(&mut model, "c");
        model
    });
}

/// The screen with a change in every state.
fn changing(size: (u16, u16), keys: &str) -> Model {
    let mut model = with(size, writable(snapshot().with_queue(queue::every())));
    press(&mut model, keys);
    model
}

#[test]
fn pending_change() {
    check("pending", |size| changing(size, "End Up Enter"));
}

#[test]
fn change_prompt() {
    check("prompt", |size| changing(size, &format!("{TO_CONTESTED} = 4")));
    check("prompt_choice", |size| {
        let mut model = changing(size, &format!("{TO_CONTESTED} = 4 Enter"));
        let trouble =
            Trouble { code: "several_sources".to_owned(), message: String::new(), choices: vec!["cluster".to_owned(), "wiki".to_owned()] };
        send(&mut model, Msg::Answered(JobId(1), Answer { told: Vec::new(), trouble: Some(trouble) }));
        press(&mut model, "Down");
        model
    });
}

#[test]
fn queue_of_changes() {
    check("queue", |size| changing(size, "Q"));
    check("queue_given_up", |size| changing(size, "Q Home Down Down"));
    check("queue_empty", |size| {
        let mut model = with(size, snapshot().with_queue(queue::delivered()));
        press(&mut model, "Q");
        model
    });
}

#[test]
fn change_conflict() {
    check("conflict_of_change", |size| changing(size, &format!("{TO_CONTESTED} c")));
}

#[test]
fn questions() {
    check("leaving", |size| changing(size, "q"));
    check("leaving_delivered", |size| {
        let mut model = changing(size, "q");
        send(&mut model, Msg::Snapshot(snapshot().with_queue(queue::delivered())));
        model
    });
    check("undo_delivered", |size| {
        let mut model = with(size, snapshot().with_queue(queue::delivered()));
        press(&mut model, "u");
        model
    });
}

#[test]
fn starting() {
    check("starting", blank);
}

/// The first facts of the sketches, while the others are read.
fn first_facts(size: (u16, u16)) -> Model {
    let all = snapshot();
    let facts = all.facts.iter().take(5).cloned().collect();
    with(size, Snapshot { partial: true, facts, conflicts: std::sync::Arc::from([]), ..all })
}

#[test]
fn reading() {
    check("reading", first_facts);
    check("reading_filtered", |size| {
        let mut model = first_facts(size);
        press(&mut model, "/ z z z");
        model
    });
    check("reading_conflicts", |size| {
        let mut model = first_facts(size);
        press(&mut model, "c");
        model
    });
}

#[test]
fn asking() {
    check("asking", |size| {
        let mut waiting = source("prom", "prometheus");
        waiting.complete_at = None;
        waiting.state = SourceState::Unknown;
        let sources = vec![source("host", "host"), waiting, source("git", "file")];
        with(size, Snapshot { sources: sources.into(), ..Snapshot::default() })
    });
}

#[test]
fn nobody_answers() {
    check("nobody_answers", |size| {
        let mut silent = failing("cluster");
        silent.complete_at = None;
        let hostile = "certificate of \u{1b}]0;evil\u{7}\u{202e}host has expired".to_owned();
        silent.error = Some(SourceError { code: "tls", message: hostile, retry_after: None });
        with(size, Snapshot { sources: vec![silent].into(), ..Snapshot::default() })
    });
}

#[test]
fn first_run() {
    check("first_run", |size| {
        let mut all = snapshot();
        all.facts = all.facts.iter().filter(|insight| insight.key.as_str().starts_with("host/")).cloned().collect();
        with(size, Snapshot { sources: vec![source("host", "host")].into(), facts: all.facts, ..Snapshot::default() })
    });
}

#[test]
fn healed_store() {
    check("healed", |size| {
        let note = "The cache was damaged and was rebuilt (0 facts lost, 3 refetched).".to_owned();
        with(size, Snapshot { sources: vec![source("git", "file")].into(), notes: vec![note].into(), ..snapshot() })
    });
}

#[test]
fn engine_gone() {
    check("engine_gone", |size| {
        let mut model = screen(size);
        send(&mut model, Msg::EngineGone("the disk is gone".to_owned()));
        model
    });
}

#[test]
fn plain_borders() {
    check("plain_borders", |size| {
        let mut model = after(size, "?");
        model.shared.plain_borders = true;
        model
    });
}

#[test]
fn too_small() {
    for size in [(39, 24), (80, 9), (1, 1), (0, 0), (12, 3)] {
        let model = screen(size);
        let shown = text(&drawn(&model, &theme("default", ColorDepth::True)));
        let joined: String = shown.split_whitespace().collect();
        if size.0 >= 39 {
            assert!(joined.contains(&format!("Toosmall:{}x{}", size.0, size.1)), "{shown}");
        }
    }
}
