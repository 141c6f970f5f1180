//! What leaves for a person is harmless, whatever came in.

use std::time::Duration;

use proptest::prelude::*;

use super::{
    AmountError, SafeText, age_short, age_words, bare_value, bytes_words, duration_exact, fit, is_hostile, json_line, pad_left, pad_right,
    parse_duration, parse_size, shown_value, size_exact, truncate, width,
};

/// Text thick with what terminals react to.
fn hostile_text() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        any::<char>().prop_map(String::from),
        (0u32..0xa0).prop_map(|code| char::from_u32(code).map(String::from).unwrap_or_default()),
        prop::sample::select(vec![
            "\u{1b}[31m",
            "\u{1b}]0;title\u{7}",
            "\u{1b}P1$r\u{1b}\\",
            "\u{1b}_G\u{1b}\\",
            "\u{9b}2J",
            "\u{202e}",
            "\u{2066}",
            "\u{61c}",
            "\r\n",
            "\t",
            "e\u{301}",
            "\u{1f469}\u{200d}\u{1f680}",
            "漢字",
            "\\x1b",
        ])
        .prop_map(str::to_owned),
    ];
    prop::collection::vec(piece, 0..60).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn a_line_holds_nothing_hostile_and_is_made_once(text in hostile_text(), cap in 0usize..80) {
        let line = SafeText::line_capped(&text, cap);
        prop_assert!(!line.as_str().chars().any(is_hostile));
        prop_assert!(line.as_str().chars().count() <= cap);
        prop_assert_eq!(&SafeText::line_capped(line.as_str(), cap), &line);
    }

    #[test]
    fn a_block_keeps_only_newline_and_tab(text in hostile_text()) {
        let block = SafeText::block(&text);
        prop_assert!(!block.as_str().chars().any(|char| is_hostile(char) && char != '\n' && char != '\t'));
        prop_assert_eq!(&SafeText::block(block.as_str()), &block);
        prop_assert!(block.lines().all(|line| !line.as_str().chars().any(is_hostile)));
    }

    #[test]
    fn what_cannot_be_seen_is_made_visible(at in 0_usize..3, code in prop::sample::select(vec!['\u{ad}', '\u{180e}', '\u{200b}', '\u{2060}'])) {
        let mut text = "abc".to_owned();
        text.insert(at, code);
        let shown = SafeText::line(&text);
        prop_assert!(shown.as_str() != "abc" && shown.as_str().is_ascii(), "{}", shown);
        let json = format!("\"{text}\"");
        let line = json_line(&json);
        prop_assert!(line.is_ascii());
        prop_assert_eq!(serde_json::from_str::<String>(&line).unwrap(), text);
    }

    #[test]
    fn harmless_text_is_not_touched(text in "[ -~äßλ漢]{0,60}") {
        let line = SafeText::line(&text);
        prop_assert_eq!(line.as_str(), text.as_str());
    }

    #[test]
    fn fitting_is_exact_but_for_a_wide_last_cell(text in hostile_text(), cells in 0usize..40) {
        let line = SafeText::line(&text);
        prop_assert!(width(truncate(&line, cells).as_str()) <= cells);
        prop_assert!(width(fit(&line, cells).as_str()) == cells);
        prop_assert!(width(pad_left(&line, cells).as_str()) >= cells);
        prop_assert!(pad_right(&line, cells).as_str().starts_with(line.as_str()));
    }

    #[test]
    fn an_escaped_json_line_means_the_same_and_is_harmless(text in hostile_text()) {
        let json = serde_json::to_string(&text).unwrap();
        let line = json_line(&json);
        prop_assert!(!line.chars().any(is_hostile));
        prop_assert_eq!(serde_json::from_str::<String>(&line).unwrap(), text);
    }

    #[test]
    fn values_are_shown_without_hostile_characters(text in hostile_text(), unit in "[a-z]{0,7}") {
        let json = serde_json::to_string(&text).unwrap();
        prop_assert!(!shown_value(&json, &unit).as_str().chars().any(is_hostile));
        prop_assert!(!shown_value(&text, &unit).as_str().chars().any(is_hostile));
        prop_assert!(!bare_value(&json).as_str().chars().any(|char| is_hostile(char) && char != '\n' && char != '\t'));
    }

    #[test]
    fn an_exact_amount_reads_back(millis in 0u64..=36_500 * 86_400_000, bytes in any::<u64>(), noise in "\\PC*") {
        let span = Duration::from_millis(millis);
        prop_assert_eq!(parse_duration(&duration_exact(span)), Ok(span));
        prop_assert_eq!(parse_size(&size_exact(bytes)), Some(bytes));
        let _ = (parse_duration(&noise), parse_size(&noise));
    }
}

#[test]
fn a_terminal_sequence_becomes_its_letters() {
    assert_eq!(SafeText::line("\u{1b}[31mred\u{1b}[0m").as_str(), "\\x1b[31mred\\x1b[0m");
    assert_eq!(SafeText::line("a\u{202e}b\u{9b}\u{7f}").as_str(), "a\\u202eb\\x9b\\x7f");
    assert_eq!(SafeText::line("one\ntwo\tthree").as_str(), "one\\ntwo\\tthree");
    assert_eq!(SafeText::block("one\ntwo\r").as_str(), "one\ntwo\\r");
}

#[test]
fn a_cut_never_splits_an_escape() {
    assert_eq!(SafeText::line_capped("abc\u{1b}", 7).as_str(), "abc\\x1b");
    assert_eq!(SafeText::line_capped("abc\u{1b}", 6).as_str(), "abc…");
    assert_eq!(SafeText::line_capped("abc", 0).as_str(), "");
}

#[test]
fn raw_white_space_between_json_tokens_keeps_one_line() {
    assert_eq!(json_line("{\"a\":\n1,\t\"b\":\"\u{7f}\"}"), "{\"a\": 1, \"b\":\"\\u007f\"}");
}

#[test]
fn graphemes_are_cut_whole() {
    let family = SafeText::line("\u{1f469}\u{200d}\u{1f680}x");
    assert_eq!(width(family.as_str()), 3);
    assert_eq!(truncate(&family, 2).as_str(), "…");
    assert_eq!(truncate(&family, 3), family);
    assert_eq!(fit(&SafeText::line("漢字"), 3).as_str(), "漢…");
    assert_eq!(fit(&SafeText::line("漢字"), 0).as_str(), "");
}

#[test]
fn values_read_as_people_write_them() {
    for (json, unit, shown) in [
        ("3", "", "3"),
        ("0.420", "", "0.420"),
        ("\"on\"", "", "on"),
        ("\"3\"", "", "\"3\""),
        ("\"null\"", "", "\"null\""),
        ("\"\"", "", "\"\""),
        ("\" x\"", "", "\" x\""),
        ("{\"a\":[1]}", "bytes", "{\"a\":[1]}"),
        ("13314398618", "bytes", "12.4 GiB"),
        ("512", "bytes", "512 B"),
        ("42", "percent", "42 %"),
        ("7200", "seconds", "2 h"),
        ("1.5", "seconds", "1.5 s"),
        ("1795461418", "seconds", "1795461418 s"),
        ("8", "cores", "8 cores"),
        ("null", "bytes", "null"),
        ("\"\\u001b[2J\"", "", "\\x1b[2J"),
    ] {
        assert_eq!(shown_value(json, unit).as_str(), shown, "{json} {unit}");
    }
    assert_eq!(bare_value("\"a\\nb\"").as_str(), "a\nb");
    assert_eq!(bare_value("\"3\"").as_str(), "3");
}

#[test]
fn ages_use_one_unit() {
    for (seconds, words, short) in [
        (0, "0 s", "0s"),
        (59, "59 s", "59s"),
        (60, "60 s", "60s"),
        (119, "119 s", "119s"),
        (7_199, "119 min", "119m"),
        (172_800, "2 d", "2d"),
    ] {
        assert_eq!(age_words(Duration::from_secs(seconds)), words);
        assert_eq!(age_short(Duration::from_secs(seconds)), short);
    }
    assert_eq!(bytes_words(1024.0 * 1024.0 * 1.5), "1.5 MiB");
    assert_eq!(bytes_words(f64::MAX).split(' ').next_back(), Some("PiB"));
}

#[test]
fn what_is_no_duration_is_refused() {
    for text in ["", "5", "s", "-5s", "5 s", "5w", "99999999999999999999s", "18446744073709551615d", "1.5s"] {
        assert!(parse_duration(text).is_err(), "{text}");
    }
    assert_eq!(parse_duration("0"), Ok(Duration::ZERO));
}

#[test]
fn durations_take_one_whole_number_and_one_unit() {
    for (text, millis) in
        [("250ms", 250), ("30s", 30_000), ("15m", 900_000), ("24h", 86_400_000), ("7d", 604_800_000), ("0s", 0), ("007s", 7_000)]
    {
        assert_eq!(parse_duration(text), Ok(Duration::from_millis(millis)), "{text}");
    }
    for text in
        ["", "30", "s", "-1s", "+1s", "1.5h", "1h30m", "30 s", "30S", "1w", "99999999999999999999s", "36501d", "18446744073709551615d"]
    {
        assert_eq!(parse_duration(text), Err(AmountError), "{text}");
    }
}

#[test]
fn sizes_are_binary() {
    for (text, bytes) in [("64KiB", 65_536), ("256MiB", 268_435_456), ("1B", 1), ("2GiB", 2_147_483_648), ("0B", 0)] {
        assert_eq!(parse_size(text), Some(bytes), "{text}");
    }
    for text in ["64", "64KB", "64kib", "1.5MiB", "-1B", "", "16777216TiB"] {
        assert_eq!(parse_size(text), None, "{text}");
    }
}
