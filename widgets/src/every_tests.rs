//! What holds for every widget in any area with any script: it stays in its area, takes no cluster apart, and draws in the order of the text.

use ratatui_core::{buffer::Buffer, layout::Rect, style::Style, widgets::Widget};
use unicode_segmentation::UnicodeSegmentation;

use crate::{
    Block, ConfidenceBar, ConflictBadge, FactorRow, FactorTable, Heatmap, Hint, HintFooter, InsightCanvas, InsightList, InsightRow,
    Overlay, Sparkline, Tab, TabStrip, text_width,
};

/// Wide, joined, combining, from right to left, mixed, and with controls that reorder.
const TEXTS: [&str; 10] = [
    "service/checkout/replicas",
    "サービス/注文/状態",
    "👩‍👩‍👧 family 🇩🇪 flag",
    "שירות/הזמנות/מצב",
    "خدمة/الطلبات/الحالة",
    "e\u{301}le\u{300}ve नमस्ते",
    "abc שלום def",
    "شَارِع 12 شارع",
    "a\u{202e}b\u{2066}c\u{7}d",
    "",
];

const AREAS: [(u16, u16); 12] = [(0, 0), (1, 1), (0, 3), (3, 0), (2, 1), (3, 2), (5, 3), (8, 1), (13, 4), (20, 2), (40, 6), (81, 3)];

type Draw = Box<dyn Fn(&str, Rect, &mut Buffer)>;

fn widgets() -> Vec<(&'static str, Draw)> {
    vec![
        (
            "list",
            Box::new(|text, area, buf| {
                let row = || InsightRow {
                    key: text.into(),
                    value: text.into(),
                    score: Some(0.74),
                    age: "9s".into(),
                    signs: "!".into(),
                    words: text.into(),
                    matches: text.grapheme_indices(true).take(1).map(|(at, cluster)| at..at + cluster.len()).collect(),
                    ..InsightRow::default()
                };
                let rows = [row(), row(), row()];
                (&InsightList::new(&rows[..]).selected(Some(1)).focused(true)).render(area, buf);
            }),
        ),
        (
            "canvas",
            Box::new(|text, area, buf| {
                let factor = FactorRow { name: text.into(), weight: 0.35, value: 0.99, contribution: 0.347, why: text.into() };
                let blocks = [
                    Block::Heading(text.into()),
                    Block::Value { value: text.into(), says: text.into(), score: Some(0.5), believed: true },
                    Block::Badges(vec![("!".into(), text.into(), Style::new())]),
                    Block::Pair { label: text.into(), text: text.into(), style: Style::new() },
                    Block::Text(text.into(), Style::new()),
                    Block::Factors { rows: vec![factor], sum: 0.347 },
                    Block::Series { label: text.into(), series: vec![Some(1.0), None], bounds: Some((0.5, 1.0)), note: text.into() },
                ];
                for offset in 0..6 {
                    (&InsightCanvas::new(&blocks).offset(offset)).render(area, buf);
                }
            }),
        ),
        (
            "factor table",
            Box::new(|text, area, buf| {
                let rows = [FactorRow { name: text.into(), weight: 0.35, value: -0.99, contribution: -0.347, why: text.into() }];
                (&FactorTable::new(&rows, 0.5)).render(area, buf);
            }),
        ),
        ("bar", Box::new(|_, area, buf| (&ConfidenceBar::new(0.74)).render(area, buf))),
        ("badge", Box::new(|text, area, buf| (&ConflictBadge::new("!", text)).render(area, buf))),
        ("badge with a wide sign", Box::new(|text, area, buf| (&ConflictBadge::new(text, "drift")).render(area, buf))),
        ("overlay", Box::new(|text, area, buf| (&Overlay::new(text).note(text).size(30, 5)).render(area, buf))),
        ("sparkline", Box::new(|_, area, buf| (&Sparkline::new(&[Some(1.0), None, Some(2.0)])).render(area, buf))),
        ("heatmap", Box::new(|_, area, buf| (&Heatmap::new(&[vec![1, 2, 3], vec![]])).render(area, buf))),
        (
            "footer",
            Box::new(|text, area, buf| {
                let hints = [Hint { key: text.into(), label: text.into() }, Hint { key: "q".into(), label: text.into() }];
                (&HintFooter::new(&hints)).render(area, buf);
            }),
        ),
        (
            "tabs",
            Box::new(|text, area, buf| {
                let tabs = [Tab { title: text.into() }, Tab { title: text.into() }];
                (&TabStrip::new(&tabs, 1)).render(area, buf);
            }),
        ),
    ]
}

/// Draws into a part of a larger buffer that is full of dots.
fn drawn(draw: &Draw, text: &str, (width, height): (u16, u16)) -> (Rect, Buffer) {
    let area = Rect::new(2, 1, width, height);
    let mut buf = Buffer::with_lines(vec!["·".repeat(usize::from(width) + 4); usize::from(height) + 2]);
    draw(text, area, &mut buf);
    (area, buf)
}

#[test]
fn nothing_is_drawn_outside_the_area() {
    for (name, draw) in widgets() {
        for text in TEXTS {
            for size in AREAS {
                let (area, buf) = drawn(&draw, text, size);
                for position in buf.area.positions().filter(|position| !area.contains(*position)) {
                    assert_eq!(buf[position].symbol(), "·", "{name} with {text:?} in {size:?} at {position}");
                }
                for y in area.top()..area.bottom() {
                    let last = buf[(area.right() - 1, y)].symbol();
                    assert!(size.0 == 0 || text_width(last) <= 1, "{name}: {last:?} spills over the edge of {size:?}");
                }
            }
        }
    }
}

#[test]
fn no_cluster_is_taken_apart_and_no_control_takes_a_cell() {
    for (name, draw) in widgets() {
        for text in TEXTS {
            let clusters: Vec<&str> = text.graphemes(true).collect();
            for size in AREAS {
                let (area, buf) = drawn(&draw, text, size);
                for position in area.positions() {
                    let symbol = buf[position].symbol();
                    let whole = symbol.chars().count() == 1 || clusters.contains(&symbol);
                    assert!(whole, "{name} with {text:?} in {size:?}: {symbol:?} is a part of a cluster, or more than one");
                    let one = symbol.chars().next().unwrap_or(' ');
                    assert!(!one.is_control() && !matches!(one, '\u{202e}' | '\u{2066}'), "{name}: {symbol:?} has a cell");
                }
            }
        }
    }
}

/// The text of a row of cells, a cell that a wide one covers left out.
fn row(buf: &Buffer, y: u16) -> String {
    let mut out = String::new();
    let mut x = 0;
    while x < buf.area.width {
        let symbol = buf[(x, y)].symbol();
        out.push_str(symbol);
        x += text_width(symbol).max(1);
    }
    out
}

#[test]
fn text_from_right_to_left_stands_in_the_order_it_is_read() {
    // Bidi is the terminal's work: who reorders cells as well would have it reordered twice.
    for text in ["שירות/הזמנות/מצב", "خدمة/الطلبات/الحالة", "abc שלום def"] {
        let wide = (81, 6);
        for (name, draw) in widgets().into_iter().filter(|(name, _)| !["bar", "sparkline", "heatmap", "overlay"].contains(name)) {
            let (_, buf) = drawn(&draw, text, wide);
            let rows: Vec<String> = (0..buf.area.height).map(|y| row(&buf, y)).collect();
            assert!(rows.iter().any(|row| row.contains(text)), "{name} does not show {text:?} as it is: {rows:#?}");
        }
        let mut buf = Buffer::empty(Rect::new(0, 0, 60, 3));
        (&Overlay::new(text)).render(buf.area, &mut buf);
        assert!(row(&buf, 0).contains(text));
    }
}

#[test]
fn text_from_right_to_left_is_cut_where_it_is_read_last() {
    let row = |text: &str, width| {
        let mut buf = Buffer::empty(Rect::new(0, 0, width, 3));
        (&Overlay::new(text)).render(buf.area, &mut buf);
        row(&buf, 0)
    };
    assert_eq!(row("שירות הזמנות", 12), "┌ שירות ה… ┐");
    assert_eq!(row("سَلَامٌ عليكم", 10), "┌ سَلَامٌ … ┐", "marks stay with their letters");
}
