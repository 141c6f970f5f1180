//! Bytes in any pieces.

use proptest::prelude::*;

use super::*;
use crate::term::event::{Mouse, MouseKind};

fn events(pieces: &[&[u8]]) -> Vec<TermEvent> {
    let mut parser = Parser::default();
    for piece in pieces {
        parser.feed(piece);
    }
    parser.flush();
    std::iter::from_fn(|| parser.next_event()).collect()
}

fn keys(bytes: &[u8]) -> String {
    let name = |event: &TermEvent| match event {
        TermEvent::Key(chord) => chord.to_string(),
        other => format!("{other:?}"),
    };
    events(&[bytes]).iter().map(name).collect::<Vec<_>>().join(" ")
}

#[test]
fn keys_of_every_protocol_become_the_same_chords() {
    let cases: [(&[u8], &str); 44] = [
        (b"q", "q"),
        (b"G", "G"),
        ("語é".as_bytes(), "語 é"),
        (b" ", "Space"),
        (b"\r\t\x7f", "Enter Tab Backspace"),
        (b"\x00\x01\x0b\x1a\x1c\x1f", "Ctrl+Space Ctrl+A Ctrl+K Ctrl+Z Ctrl+\\ Ctrl+_"),
        (b"\x1b", "Esc"),
        (b"\x1b\x1b", "Esc Esc"),
        (b"\x1bx", "Alt+X"),
        (b"\x1bX", ""),
        (b"\x1b\r", "Alt+Enter"),
        (b"\x1b\x7f", "Alt+Backspace"),
        (b"\x1b\x01", "Ctrl+Alt+A"),
        (b"\x1b[A\x1b[B\x1b[C\x1b[D", "Up Down Right Left"),
        (b"\x1bOA\x1bOH\x1bOF", "Up Home End"),
        (b"\x1b[1;5C", "Ctrl+Right"),
        (b"\x1b[1;2D", "Shift+Left"),
        (b"\x1b[Z", "Shift+Tab"),
        (b"\x1b[H\x1b[F\x1b[1~\x1b[4~", "Home End Home End"),
        (b"\x1b[2~\x1b[3~\x1b[5~\x1b[6~", "Insert Delete PageUp PageDown"),
        (b"\x1bOP\x1bOQ\x1bOR\x1bOS", "F1 F2 F3 F4"),
        (b"\x1b[11~\x1b[15~\x1b[17~\x1b[21~\x1b[23~\x1b[24~", "F1 F5 F6 F10 F11 F12"),
        (b"\x1b[19;5~", "Ctrl+F8"),
        (b"\x1b[1;2P", "Shift+F1"),
        // kitty
        (b"\x1b[27u", "Esc"),
        (b"\x1b[105;5u", "Ctrl+I"),
        (b"\x1b[99;6u", "Ctrl+Shift+C"),
        (b"\x1b[97;7u", "Ctrl+Alt+A"),
        (b"\x1b[13;5u", "Ctrl+Enter"),
        (b"\x1b[9u\x1b[127u", "Tab Backspace"),
        (b"\x1b[97;1:3u", ""),
        (b"\x1b[97;5:1u", "Ctrl+A"),
        (b"\x1b[97;69u", "Ctrl+A"),
        (b"\x1b[97;9u", ""),
        (b"\x1b[57441u", ""),
        (b"\x1b[57400u", "1"),
        (b"\x1b[97:65;2u", "A"),
        // modifyOtherKeys
        (b"\x1b[27;5;105~", "Ctrl+I"),
        (b"\x1b[27;6;67~", "Ctrl+Shift+C"),
        (b"\x1b[27;2;65~", "A"),
        (b"\x1b[I\x1b[O", "Focus(true) Focus(false)"),
        (b"\x1bO", ""),
        (b"\x1b[", ""),
        (b"\x1bOj", "*"),
    ];
    for (bytes, wanted) in cases {
        assert_eq!(keys(bytes), wanted, "{:?}", String::from_utf8_lossy(bytes));
    }
}

#[test]
fn late_answers_and_unknown_sequences_type_nothing() {
    let noise: [&[u8]; 12] = [
        b"\x1b[?62;4c",
        b"\x1b[?1u",
        b"\x1b[?2026;2$y",
        b"\x1b]11;rgb:0000/1111/2222\x07",
        b"\x1b]11;rgb:0000/1111/2222\x1b\\",
        b"\x1bP>|some terminal 1.2\x1b\\",
        b"\x1b_Gi=1;OK\x1b\\",
        b"\x1b[>4;2m",
        b"\x1b[24;80R\x1b[8;24;80t".get(8..).unwrap_or_default(),
        b"\x1b[<35;4;5M",
        b"\x1b[999~",
        b"\x1b[M !!",
    ];
    for bytes in noise {
        let mut all = bytes.to_vec();
        all.push(b'c');
        assert_eq!(keys(&all), "c", "{:?}", String::from_utf8_lossy(bytes));
    }
}

#[test]
fn a_sequence_that_is_cut_off_loses_only_itself() {
    assert_eq!(keys(b"\x1b[1;\x1b[A"), "Up");
    assert_eq!(keys(b"\x1b]11;rgb\x1b[A"), "Up");
    assert_eq!(keys(b"\xe8\xaaq"), "q");
    assert_eq!(keys(b"\xff\xc0q"), "q");
    assert_eq!(keys(b"\x1b[3\x01q"), "Ctrl+A q");
}

#[test]
fn an_escape_waits_only_while_it_is_alone() {
    let mut parser = Parser::default();
    parser.feed(b"\x1b");
    assert!(parser.waits_for_escape() && parser.next_event().is_none());
    parser.feed(b"[A");
    assert!(!parser.waits_for_escape());
    assert_eq!(parser.next_event(), Some(TermEvent::Key(Chord::plain(KeyName::Up))));
    parser.feed(b"\x1b[1");
    parser.flush();
    parser.feed(b";5C");
    assert_eq!(parser.next_event(), Some(TermEvent::Key("Ctrl+Right".parse().unwrap())), "a split key survives a pause");
}

#[test]
fn a_paste_is_taken_as_it_comes_and_cut_at_the_cap() {
    let paste = |text: &str, dropped| vec![TermEvent::Paste(Paste { text: text.to_owned(), dropped })];
    assert_eq!(events(&[b"\x1b[200~a\x1b[Ab\r\nq\x1b[201~"]), paste("a\u{1b}[Ab\r\nq", 0));
    assert_eq!(events(&[b"\x1b[200~ab", b"c\x1b[20", b"1~"]), paste("abc", 0));
    let mut parser = Parser::new(5);
    parser.feed(b"\x1b[200~abc\xe8\xaa\x9e\xe8\xaa\x9e\x1b[201~x");
    assert_eq!(parser.next_event(), Some(TermEvent::Paste(Paste { text: "abc".to_owned(), dropped: 4 })));
    assert_eq!(parser.next_event(), Some(TermEvent::Key(Chord::plain(KeyName::Char('x')))));
}

#[test]
fn ten_mebibytes_pasted_hold_one() {
    let mut parser = Parser::default();
    parser.feed(PASTE_START);
    let chunk = vec![b'x'; 65_536];
    for _ in 0..160 {
        parser.feed(&chunk);
        assert!(parser.pending.len() + parser.paste_bytes.len() <= Parser::PASTE_CAP + 2 * chunk.len());
    }
    parser.feed(PASTE_END);
    let Some(TermEvent::Paste(paste)) = parser.next_event() else { panic!("no paste") };
    assert_eq!((paste.text.len(), paste.dropped), (Parser::PASTE_CAP, 9 * 1024 * 1024));
}

#[test]
fn a_string_without_end_is_forgotten() {
    let mut parser = Parser::default();
    parser.feed(b"\x1b]52;c;");
    for _ in 0..40 {
        parser.feed(&[b'A'; 8192]);
        assert!(parser.pending.len() <= LONGEST_SEQUENCE + 8192);
    }
    parser.feed(b"\x1b\\q");
    assert_eq!(parser.next_event(), Some(TermEvent::Key(Chord::plain(KeyName::Char('q')))));
    assert_eq!(parser.next_event(), None);
}

#[test]
fn the_mouse_is_told_by_cells_from_zero() {
    let mouse = |kind, x, y| TermEvent::Mouse(Mouse { kind, x, y });
    assert_eq!(events(&[b"\x1b[<0;1;1M\x1b[<0;3;4m"]), [mouse(MouseKind::Press, 0, 0), mouse(MouseKind::Release, 2, 3)]);
    assert_eq!(events(&[b"\x1b[<64;5;6M\x1b[<65;5;6M\x1b[<32;9;9M"]).len(), 3);
    assert_eq!(events(&[b"\x1b[<0;0;0M\x1b[<0;99999999999;1M\x1b[<2;1;1M"]), []);
}

proptest! {
    #[test]
    fn pieces_do_not_matter(pieces in proptest::collection::vec(proptest::sample::select(vec![
        &b"q"[..], b"\x1b[A", b"\x1bx", b"\x1b[105;5u", "語".as_bytes(), b"\x1b]11;rgb:00/11/22\x1b\\", b"\x1b[200~hi\x1b[201~", b"\x1b[<0;3;4M", b"\x1bOP", b"\r",
    ]), 0..20)) {
        let whole: Vec<u8> = pieces.concat();
        let single: Vec<&[u8]> = whole.chunks(1).collect();
        prop_assert_eq!(events(&[&whole]), events(&single));
    }

    #[test]
    fn any_bytes_give_events_and_no_control_characters(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        for event in events(&[&bytes]) {
            if let TermEvent::Key(chord) = event {
                let control = matches!(chord.key(), KeyName::Char(char) if char.is_control());
                prop_assert!(!control, "{:?}", chord);
            }
        }
    }
}
