//! The pairs of meaning and surface that a check of themes computes are those that the views draw: no fewer and no more.

use std::{collections::BTreeSet, fmt::Write as _};

use ratatui::{buffer::Buffer, layout::Rect, style::Color};

use crate::{
    app::{
        Msg,
        fixture::{blank, press, screen, send, snapshot},
        layout::layout,
        model::Model,
        view::view,
    },
    fact::{FactState, Mark, Marks},
    theme::{ColorDepth, DRAWN, Role, Surface, Theme, ThemeFile},
};

/// A theme whose colours say what they stand for: red for the meaning, blue for the surface.
fn telling() -> Theme {
    let mut text = "name = \"telling\"\n[any.palette]\n".to_owned();
    let mut tables = String::new();
    for (channel, part, names) in
        [(0, "role", Role::ALL.map(Role::name).to_vec()), (1, "surface", Surface::ALL.map(Surface::name).to_vec())]
    {
        writeln!(tables, "[any.{part}]").unwrap();
        for (index, name) in names.iter().enumerate() {
            let rgb = if channel == 0 { format!("{:02x}0000", index + 1) } else { format!("0000{:02x}", index + 1) };
            writeln!(text, "{part}_{name} = {{ rgb = \"#{rgb}\", ansi = \"red\" }}").unwrap();
            let side = if channel == 0 { "fg" } else { "bg" };
            writeln!(tables, "{name} = {{ {side} = \"{part}_{name}\" }}").unwrap();
        }
    }
    Theme::resolve(&ThemeFile::parse("telling", &(text + &tables)).unwrap(), false, ColorDepth::True)
}

type Pairs = BTreeSet<(Surface, Role)>;

/// What stands in the cells of a screen.
fn look(model: &Model, theme: &Theme, pairs: &mut Pairs) {
    let mut buf = Buffer::empty(Rect::new(0, 0, model.size.0, model.size.1));
    view(model, &layout(model), theme, &mut buf);
    for cell in buf.content().iter().filter(|cell| !cell.symbol().trim().is_empty()) {
        let (Color::Rgb(role, 0, 0), Color::Rgb(0, 0, surface)) = (cell.fg, cell.bg) else {
            panic!("{:?} has the look of no meaning on no surface: {:?} on {:?}", cell.symbol(), cell.fg, cell.bg)
        };
        pairs.insert((Surface::ALL[usize::from(surface) - 1], Role::ALL[usize::from(role) - 1]));
    }
}

/// A screen with every mark and every state on some fact.
fn marked(size: (u16, u16)) -> Model {
    let mut all = snapshot();
    let facts: Vec<_> = all.facts.iter().cloned().collect();
    let looks = Mark::ALL.into_iter().map(|mark| (Some(mark), FactState::Fresh));
    let looks: Vec<_> = looks.chain(FactState::ALL.into_iter().map(|state| (None, state))).collect();
    let facts = facts.into_iter().enumerate().map(|(index, fact)| {
        let mut fact = std::sync::Arc::unwrap_or_clone(fact);
        let (mark, state) = looks[index % looks.len()];
        fact.marks = Marks::default();
        mark.into_iter().for_each(|mark| fact.marks.insert(mark));
        fact.state = state;
        std::sync::Arc::new(fact)
    });
    all.facts = facts.collect::<Vec<_>>().into();
    let conflicts = all.conflicts.iter().map(|conflict| {
        let mut conflict = std::sync::Arc::unwrap_or_clone(std::sync::Arc::clone(conflict));
        for (candidate, score) in conflict.candidates.iter_mut().zip([0.95, 0.1]) {
            candidate.score = score;
        }
        std::sync::Arc::new(conflict)
    });
    all.conflicts = conflicts.collect::<Vec<_>>().into();
    let mut model = blank(size);
    send(&mut model, Msg::Snapshot(all));
    model
}

fn walked() -> Pairs {
    let mut pairs = Pairs::new();
    let theme = telling();
    let mut look = |model: &Model| look(model, &theme, &mut pairs);
    for size in [(120, 36), (80, 24), (40, 12)] {
        look(&blank(size));
        for keys in
            ["", "Tab", "/ r", "/ r Enter Tab", "Ctrl+K", "Ctrl+K s", "Ctrl+K z z", "Ctrl+K Enter", "c", "?", "? End", "Alt+M", "R R"]
        {
            let mut model = screen(size);
            press(&mut model, keys);
            look(&model);
        }
        let mut conflict = marked(size);
        press(&mut conflict, "c");
        look(&conflict);
        press(&mut conflict, "2");
        look(&conflict);
        for below in 0..marked(size).list.rows.len() {
            for keys in ["", "Tab", "/ e Enter"] {
                let mut model = marked(size);
                press(&mut model, keys);
                for _ in 0..below {
                    press(&mut model, "Down");
                }
                look(&model);
                // The canvas beside the list takes the focus, and the chosen row is idle.
                press(&mut model, "Enter");
                look(&model);
            }
        }
        let mut palette = screen(size);
        press(&mut palette, "Ctrl+K");
        for _ in 0..80 {
            press(&mut palette, "Down");
            look(&palette);
        }
        press(&mut palette, "l o c k");
        look(&palette);
        let mut gone = screen(size);
        gone.shared.offline = true;
        send(&mut gone, Msg::EngineGone("the disk is full".to_owned()));
        look(&gone);
        let mut drawn_twice = screen(size);
        press(&mut drawn_twice, "Down Down Down Down");
        send(&mut drawn_twice, Msg::Snapshot(snapshot()));
        send(&mut drawn_twice, Msg::Snapshot(snapshot()));
        look(&drawn_twice);
    }
    look(&screen((30, 8)));
    pairs
}

#[test]
fn the_pairs_that_are_checked_are_those_that_are_drawn() {
    let walked = walked();
    let listed: Pairs = DRAWN.iter().flat_map(|(surface, roles)| roles.iter().map(|role| (*surface, *role))).collect();
    let unlisted: Vec<_> = walked.difference(&listed).collect();
    assert!(unlisted.is_empty(), "drawn and not in DRAWN: {unlisted:?}");
    let undrawn: Vec<_> = listed.difference(&walked).collect();
    assert!(undrawn.is_empty(), "in DRAWN and drawn nowhere: {undrawn:?}");
}
