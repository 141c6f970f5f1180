//! Text fields, as a client reads them and follows their caret.

use super::*;

/// What a client finds in the field that has the focus: its text, and where the caret is, in characters and on the screen.
fn read(model: &Model) -> (String, usize, (u16, u16)) {
    let platform = Platform::new(check(model));
    let focus = platform.tree.state().focus().unwrap();
    let (steps, place) = follow_caret(&focus).expect("a field");
    assert_eq!(Some(place), layout(model).cursor);
    (focus.document_range().text(), steps, place)
}

/// The words of the field as a client steps over them.
fn words(model: &Model) -> Vec<String> {
    let platform = Platform::new(check(model));
    let focus = platform.tree.state().focus().unwrap();
    let mut at = focus.document_start();
    let mut found = Vec::new();
    while at != focus.document_end() {
        let mut word = at.to_degenerate_range();
        at = at.forward_to_word_end();
        word.set_end(at);
        found.push(word.text());
    }
    found
}

#[test]
fn the_caret_is_followed_key_by_key() {
    for (open, size) in [("/", (120, 36)), ("Ctrl+K", (80, 24)), ("/", (40, 12))] {
        let mut model = screen(size);
        press(&mut model, open);
        let (text, caret, (left, _)) = read(&model);
        assert_eq!((text.as_str(), caret), ("", 0), "an empty field has a caret too");
        press(&mut model, "c a Space 語 e");
        let (text, caret, (x, _)) = read(&model);
        assert_eq!((text.as_str(), caret, x), ("ca 語e", 5, left + 6));
        for (key, caret, cells) in [("Left", 4, 5), ("Left", 3, 3), ("Alt+B", 0, 0), ("Right", 1, 1), ("Ctrl+E", 5, 6)] {
            press(&mut model, key);
            assert_eq!(read(&model), ("ca 語e".to_owned(), caret, (left + cells, layout(&model).cursor.unwrap().1)), "{key}");
        }
        press(&mut model, "Ctrl+W");
        assert_eq!((read(&model).0.as_str(), read(&model).1), ("ca ", 3));
    }
}

#[test]
fn words_begin_where_the_keys_for_words_stop() {
    let mut model = screen((120, 36));
    press(&mut model, "/");
    send(&mut model, Msg::Paste("one, two-three  語".to_owned(), 0));
    let told = words(&model);
    assert_eq!(told.concat(), "one, two-three  語");
    press(&mut model, "Ctrl+E");
    let mut stops = vec![read(&model).1];
    while stops.last() != Some(&0) {
        press(&mut model, "Alt+B");
        stops.push(read(&model).1);
    }
    let starts: Vec<usize> = told.iter().scan(0, |at, word| Some(std::mem::replace(at, *at + word.chars().count()))).collect();
    stops.reverse();
    assert_eq!(starts, stops[..stops.len() - 1]);
}

#[test]
fn a_text_longer_than_a_run_is_one_line_of_runs() {
    let mut model = screen((80, 24));
    press(&mut model, "/");
    send(&mut model, Msg::Paste("0123456789".repeat(60), 0));
    let tree = check(&model);
    assert_eq!(focused(&tree).children().len(), 3);
    assert_eq!(read(&model).1, 600);
    press(&mut model, "Home");
    assert_eq!(read(&model).1, 0);
    let after = check(&model);
    assert_eq!(focused(&after).children(), focused(&tree).children(), "runs keep their ids");
}

#[test]
fn a_character_of_a_thousand_bytes_is_passed_in_one_step_of_the_caret() {
    let mut model = screen((80, 24));
    press(&mut model, "/");
    send(&mut model, Msg::Paste(format!("a{}b", "\u{301}".repeat(500)), 0));
    press(&mut model, "Left");
    let before = read(&model).1;
    press(&mut model, "Left");
    assert_eq!((read(&model).1, before > 1), (0, true), "a client passes it in parts, for want of a way to say it is one");
}

#[test]
fn what_is_not_typed_into_has_its_text_and_no_caret() {
    let mut model = screen((120, 36));
    press(&mut model, "/ c a r Enter");
    let tree = check(&model);
    let field = tree.nodes.iter().map(|(_, node)| node).find(|node| node.label() == Some("Filter")).unwrap();
    assert_eq!((field.value(), field.text_selection()), (Some("car"), None));
    assert_eq!(field.children().len(), 1);
}
