//! What the list draws, and what it does not ask for.

use std::cell::Cell;

use ratatui_core::style::Modifier;

use super::*;

struct Counted {
    len: usize,
    asked: Cell<usize>,
}

impl RowSource for Counted {
    fn len(&self) -> usize {
        self.len
    }

    fn row(&self, index: usize) -> InsightRow<'_> {
        self.asked.set(self.asked.get() + 1);
        InsightRow { key: format!("key/{index}").into(), value: index.to_string().into(), score: Some(0.5), ..InsightRow::default() }
    }
}

fn row<'a>(key: &'a str, value: &'a str) -> InsightRow<'a> {
    InsightRow {
        key: key.into(),
        value: value.into(),
        score: Some(0.66),
        age: "12m".into(),
        signs: "!~".into(),
        words: "conflict, stale".into(),
        ..InsightRow::default()
    }
}

fn drawn(rows: &[InsightRow<'_>], width: u16, height: u16) -> Buffer {
    let mut buf = Buffer::empty(Rect::new(0, 0, width, height));
    (&InsightList::new(rows).charset(Charset::Ascii)).render(buf.area, &mut buf);
    buf
}

#[test]
fn only_visible_rows_are_asked_for() {
    let rows = Counted { len: 100_000, asked: Cell::new(0) };
    let mut buf = Buffer::empty(Rect::new(0, 0, 80, 24));
    (&InsightList::new(&rows).offset(99_990)).render(buf.area, &mut buf);
    assert_eq!(rows.asked.get(), 10);
    rows.asked.set(0);
    (&InsightList::new(&rows).offset(500)).render(buf.area, &mut buf);
    assert_eq!(rows.asked.get(), 23);
}

#[test]
fn columns_go_one_by_one_as_room_goes() {
    let rows = [row("service/checkout/replicas", "3")];
    let line = |width| {
        let buf = drawn(&rows, width, 2);
        (0..width).map(|x| buf[(x, 1)].symbol().to_owned()).collect::<String>()
    };
    assert_eq!(line(80), "  !~ service/checkout/replicas           3  medium ###-  12m  conflict, stale   ");
    assert_eq!(line(58), "  !~ service/checkout/replicas         3  medium ###-  12m");
    assert_eq!(line(46), "  !~ service/c..t/replicas         3 ###-  12m");
    assert_eq!(line(40), "  !~ service/c../replicas         3  12m");
}

#[test]
fn wide_joined_and_right_to_left_text_stays_in_its_columns() {
    let family = "👩‍👩‍👧";
    let rows = [row("サービス/注文/複製数/とても長い名前", "三つ"), row("חנות/מלאי/כמות", "שלוש"), row(family, family)];
    for width in 0..90 {
        let buf = drawn(&rows, width, 5);
        assert_eq!(buf.area, Rect::new(0, 0, width, 5));
    }
    let buf = drawn(&rows, 60, 5);
    for y in 1..4 {
        assert_eq!(buf[(59, y)].symbol(), "m", "the age ends at the right edge in row {y}");
    }
}

#[test]
fn tiny_areas_draw_something_or_nothing_without_panic() {
    let rows = [row("k", "v")];
    drawn(&rows, 0, 0);
    assert_eq!(drawn(&rows, 1, 1), Buffer::with_lines([" "]));
    let mut buf = Buffer::empty(Rect::new(0, 0, 4, 1));
    (&InsightList::new(rows.as_slice()).selected(Some(0))).render(Rect::new(2, 0, 40, 9), &mut buf);
    assert_eq!(buf[(2, 0)].symbol(), "▸");
}

#[test]
fn matches_are_marked_where_they_are_still_shown() {
    let mut wanted = row("abcdef", "1");
    wanted.matches.push(1..3);
    let rows = [wanted];
    let styles = ListStyles { matched: Style::new().add_modifier(Modifier::UNDERLINED), ..ListStyles::default() };
    let mut buf = Buffer::empty(Rect::new(0, 0, 40, 1));
    (&InsightList::new(rows.as_slice()).styles(styles).header(false)).render(buf.area, &mut buf);
    let marked: String =
        (0..40).filter(|x| buf[(*x, 0)].modifier.contains(Modifier::UNDERLINED)).map(|x| buf[(x, 0)].symbol().to_owned()).collect();
    assert_eq!(marked, "bc");
}

#[test]
fn scrolling_moves_no_further_than_needed() {
    assert_eq!(scroll_into_view(0, Some(0), 10, 100), 0);
    assert_eq!(scroll_into_view(0, Some(10), 10, 100), 1);
    assert_eq!(scroll_into_view(50, Some(20), 10, 100), 20);
    assert_eq!(scroll_into_view(50, Some(55), 10, 100), 50);
    assert_eq!(scroll_into_view(95, None, 10, 100), 90, "no empty rows below");
    assert_eq!(scroll_into_view(5, Some(2), 10, 3), 0);
    assert_eq!(scroll_into_view(0, Some(9), 0, 10), 0);
    assert_eq!(scroll_into_view(7, None, 5, 0), 0);
}
