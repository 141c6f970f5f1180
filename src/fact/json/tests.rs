//! What is read, what is refused, and that nothing panics.

use proptest::prelude::*;

use super::*;
use crate::fact::Value;

fn refused(text: &str) -> (ValueErrorKind, String) {
    let error = parse_json(text.as_bytes()).unwrap_err();
    (error.kind, error.to_string())
}

#[test]
fn bodies_that_are_refused_say_what_and_where() {
    use ValueErrorKind::{DuplicateMember, NotJson, TooDeep, TooLarge};
    for (text, kind, sentence) in [
        ("<html>", NotJson, "a value was expected at line 1, column 1"),
        ("", NotJson, "the text ends where a value was expected at line 1, column 1"),
        ("{\"a\":1,\n \"a\":2}", DuplicateMember, "the member \"a\" stands twice in one object at line 2, column 2"),
        ("{\"a\":1,\"\\u0061\":2}", DuplicateMember, "the member \"a\" stands twice in one object at line 1, column 8"),
        ("[1] x", NotJson, "something follows the value at line 1, column 5"),
        ("[1,]", NotJson, "a value was expected at line 1, column 4"),
        ("{\"a\" 1}", NotJson, "':' was expected at line 1, column 6"),
        ("{a:1}", NotJson, "a member's name in double quotes was expected at line 1, column 2"),
        ("\"ab", NotJson, "the text ends inside a string at line 1, column 4"),
        ("\"\\ud800\"", NotJson, "half of a surrogate pair stands alone in a string at line 1, column 4"),
        ("\"\\ud800\\u0041\"", NotJson, "half of a surrogate pair stands alone in a string at line 1, column 4"),
        ("\"\\x\"", NotJson, "there is no such escape in a string at line 1, column 3"),
        ("\"\u{1}\"", NotJson, "a control character stands unescaped in a string at line 1, column 2"),
        ("01", NotJson, "a number has no leading zero at line 1, column 2"),
        ("1.", NotJson, "a digit was expected at line 1, column 3"),
        ("NaN", NotJson, "a value was expected at line 1, column 1"),
        ("-Infinity", NotJson, "a digit was expected at line 1, column 2"),
        ("nul", NotJson, "a value was expected at line 1, column 1"),
        ("[\"日本\",1e9999999999]", TooLarge, "the exponent of a number has more than 9 digits at line 1, column 7"),
    ] {
        assert_eq!(refused(text), (kind, sentence.to_owned()), "{text}");
    }
    assert_eq!(refused(&"[".repeat(100_000)).0, TooDeep);
    assert_eq!(refused(&"{\"a\":".repeat(129)).0, TooDeep);
    assert!(parse_json(format!("{}{}", "[".repeat(128), "]".repeat(128)).as_bytes()).is_ok());
    assert_eq!(refused(&format!("[{}0]", "0,".repeat(MAX_VALUES))).0, TooLarge);
}

#[test]
fn encodings() {
    assert_eq!(parse_json(b"\xef\xbb\xbf{\"a\":1}").unwrap()["a"], 1);
    for bytes in [&b"\xff\xfe[\x00"[..], b"[\"\xff\"]", b"\xc3", b"\xed\xa0\x80"] {
        assert_eq!(parse_json(bytes).unwrap_err().kind, ValueErrorKind::NotUtf8);
    }
    assert_eq!(parse_json(b"[\n\"\xe6\x97\xa5\xff\"]").unwrap_err().to_string(), "this is not UTF-8 at line 2, column 3");
}

#[test]
fn a_hostile_member_name_is_short_and_harmless_in_the_sentence() {
    let name = format!("\u{202e}\\u001b[2J{}", "x".repeat(10_000));
    let (_, sentence) = refused(&format!("{{\"{name}\":1,\"{name}\":2}}"));
    assert!(sentence.len() < 160, "{sentence}");
    assert!(!sentence.contains(['\u{202e}', '\u{1b}']), "{sentence}");
}

#[test]
fn numbers_stay_exact() {
    for text in [
        "9007199254740993",
        "18446744073709551615",
        "18446744073709551616",
        "-9223372036854775809",
        "123456789012345678901234567890123456789012345678901234567890",
        "0.1000000000000000055511151231257827021181583404541015625",
        "3.141592653589793238462643",
        "1e400",
        "1e-400",
        "1.2345e-320",
        "0.1",
        "-1.5",
        "5e-324",
        // Halfway between two shortest spellings: writers differ.
        "6000000000000003E-1",
    ] {
        let value = Value::parse(text).unwrap();
        assert_eq!(value.as_json_text(), text);
        assert_eq!(Value::from_json(&parse_json(format!("[{text}]").as_bytes()).unwrap()).as_json_text(), format!("[{text}]"));
    }
    for (text, shortest) in [("1.50", "1.5"), ("1e2", "100.0"), ("1.0", "1.0"), ("0.30000000000000004", "0.30000000000000004")] {
        assert_eq!(Value::parse(text).unwrap().as_json_text(), shortest);
    }
    assert!(parse_json(b"1.5").unwrap().is_number());
    assert!(parse_json(b"1.50").unwrap().is_number(), "a JSON path can still compare it");
}

#[test]
fn no_string_passes_for_a_number() {
    for text in ["\u{f8ff}12345678901234567890123", "\u{f8ff}", "\u{f8ff}\u{f8ff}1", "\u{f8ff}x", "\u{f8ff}\u{f8ff}\u{f8ff}"] {
        for json in [format!("\"{text}\""), format!("\"{}\"", text.replace('\u{f8ff}', "\\uf8FF"))] {
            let value = Value::from_json(&parse_json(json.as_bytes()).unwrap());
            assert_eq!(value.as_str().as_deref(), Some(text), "{json}");
        }
        assert_eq!(Value::from_json(&json_string(text)).as_str().as_deref(), Some(text));
    }
}

/// Any JSON document as text, with numbers and strings of every sort.
fn document() -> impl Strategy<Value = String> {
    let string =
        prop_oneof!["\\PC{0,8}", any::<String>(), Just("\u{f8ff}1".to_owned())].prop_map(|text| serde_json::to_string(&text).unwrap());
    let leaf = prop_oneof![
        Just("null".to_owned()),
        Just("true".to_owned()),
        "-?(0|[1-9][0-9]{0,40})(\\.[0-9]{1,30})?([eE][-+]?[0-9]{1,3})?",
        string.clone(),
    ];
    leaf.prop_recursive(4, 40, 6, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(|items| format!("[{}]", items.join(" , "))),
            prop::collection::btree_map("[a-z\u{f8ff}]{0,3}", inner, 0..6).prop_map(|members| {
                let members: Vec<_> = members.into_iter().map(|(name, value)| format!("\"{name}\" :{value}")).collect();
                format!("{{\n{}}}", members.join(",\t"))
            }),
        ]
    })
}

proptest! {
    #[test]
    fn a_round_trip_is_exact(text in document()) {
        let tree = parse_json(text.as_bytes()).unwrap();
        let value = Value::from_json(&tree);
        prop_assert_eq!(Value::parse(value.as_json_text()).unwrap(), value.clone(), "the text is a fixed point");
        prop_assert_eq!(value.to_json(), tree);
        let through_serde: Value = serde_json::from_str(&serde_json::to_string(&value).unwrap()).unwrap();
        prop_assert_eq!(through_serde, value);
    }

    #[test]
    fn a_number_keeps_its_value(text in "-?(0|[1-9][0-9]{0,40})(\\.[0-9]{1,30})?([eE][-+]?[0-9]{1,3})?") {
        let value = Value::parse(&text).unwrap();
        prop_assert_eq!(Decimal::parse(value.as_json_text()), Decimal::parse(&text));
        prop_assert!(Decimal::parse(&text).is_some());
    }

    #[test]
    fn a_text_of_a_value_is_harmless(text in any::<String>()) {
        let value = Value::string(&text);
        prop_assert!(!value.as_json_text().contains(super::super::chars::is_forbidden));
        prop_assert_eq!(value.as_str().unwrap(), text.as_str());
        prop_assert_eq!(Value::parse(&serde_json::to_string(&text).unwrap()).unwrap(), value);
    }

    #[test]
    fn what_serde_json_refuses_is_refused(text in "[\\[\\]{}\",:0-9eE.+\\-a-f\\\\ntrul ]{0,24}") {
        let ours = parse_json(text.as_bytes());
        let theirs = serde_json::from_str::<Tree>(&text);
        match ours {
            Ok(_) => prop_assert!(theirs.is_ok() || text.contains(['e', 'E']), "{}", text),
            Err(error) => prop_assert!(theirs.is_err() || error.kind != ValueErrorKind::NotJson, "{} {}", text, error),
        }
    }

    #[test]
    fn no_bytes_panic(bytes in prop::collection::vec(any::<u8>(), 0..64), text in any::<String>()) {
        let _ = parse_json(&bytes);
        let _ = parse_json(text.as_bytes());
        if let Err(error) = parse_json(&bytes) {
            prop_assert!(error.line >= 1 && error.column >= 1);
        }
    }
}
