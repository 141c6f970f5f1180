//! What holds for every screen that is drawn.

use ratatui::{buffer::Buffer, layout::Rect};

use crate::{
    app::{
        fixture::{blank, many, press, screen, send, theme},
        layout::layout,
        msg::Msg,
        view::view,
    },
    theme::{ColorDepth, Role, Surface},
};

const KEYS: [&str; 9] = ["", "Enter", "/ r e p", "Ctrl+K c", "?", "c", "o", "Tab", "Down Down Down Down Enter"];

#[test]
fn no_remote_text_reaches_a_cell_raw_and_no_secret_is_drawn() {
    let theme = theme("default", ColorDepth::True);
    let mut model = screen((120, 36));
    let rows = model.list.rows.len();
    for row in 0..rows {
        let mut buf = Buffer::empty(Rect::new(0, 0, 120, 36));
        view(&model, &layout(&model), &theme, &mut buf);
        let text: String = buf.content().iter().map(ratatui::buffer::Cell::symbol).collect();
        assert!(!text.chars().any(crate::text::is_hostile), "row {row}");
        assert!(!text.contains("s3cr3t"), "row {row}");
        press(&mut model, "Down");
    }
    assert!(model.current().is_some());
}

#[test]
fn any_size_is_drawn_without_panic() {
    let theme = theme("default", ColorDepth::True);
    for width in [0, 1, 13, 39, 40, 41, 63, 99, 100, 130] {
        for height in [0, 1, 9, 10, 11, 20, 21, 40] {
            for keys in KEYS {
                let mut model = screen((120, 36));
                press(&mut model, keys);
                send(&mut model, Msg::Resize(width, height));
                let mut buf = Buffer::empty(Rect::new(0, 0, width, height));
                view(&model, &layout(&model), &theme, &mut buf);
            }
        }
    }
}

#[test]
fn a_buffer_of_another_size_than_the_model_is_survived() {
    let theme = theme("default", ColorDepth::True);
    let mut model = screen((120, 36));
    for keys in KEYS {
        press(&mut model, keys);
        for (width, height) in [(10, 3), (200, 60), (0, 0)] {
            let mut buf = Buffer::empty(Rect::new(0, 0, width, height));
            view(&model, &layout(&model), &theme, &mut buf);
        }
    }
}

#[test]
fn drawing_many_facts_touches_only_those_that_show() {
    // Half a million rows would make this test time out if each were looked at for every frame.
    let mut model = blank((120, 36));
    send(&mut model, Msg::Snapshot(many(100_000)));
    let theme = theme("default", ColorDepth::True);
    for _ in 0..200 {
        press(&mut model, "PageDown");
        let mut buf = Buffer::empty(Rect::new(0, 0, 120, 36));
        view(&model, &layout(&model), &theme, &mut buf);
        assert_ne!(theme.on(Surface::Screen, Role::Text), ratatui::style::Style::default());
    }
    assert!(model.list.offset > 5_000);
}
