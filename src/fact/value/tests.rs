//! Constructors, plain text, and the long and short ways of building a text.

use super::*;

#[test]
fn constructors() {
    assert_eq!(Value::null().as_json_text(), "null");
    assert_eq!(Value::from(true).as_json_text(), "true");
    assert_eq!(Value::from(-3_i64).as_json_text(), "-3");
    assert_eq!(Value::from(u64::MAX).as_json_text(), "18446744073709551615");
    assert_eq!(Value::from("a\"b").as_json_text(), "\"a\\\"b\"");
    assert_eq!(Value::number(0.25).unwrap().as_json_text(), "0.25");
    for float in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
        assert_eq!(Value::number(float).unwrap_err().kind, ValueErrorKind::NotFinite);
    }
}

#[test]
fn plain_text_is_what_a_person_writes() {
    assert_eq!(Value::from("up \"and\" run\n").plain_text(), "up \"and\" run\n");
    assert_eq!(Value::from("up").plain_text(), "up");
    assert_eq!(Value::from(5_i64).plain_text(), "5");
    assert_eq!(Value::parse("{\"a\" : [1, 2]}").unwrap().plain_text(), "{\"a\":[1,2]}");
    assert_eq!(Value::from(5_i64).as_str(), None);
}

#[test]
fn control_and_bidi_characters_never_stand_bare_in_the_text() {
    let value = Value::string("\u{1b}]0;x\u{7} \u{7f}\u{9b}\u{202e}\u{feff}é");
    assert_eq!(value.as_json_text(), "\"\\u001b]0;x\\u0007 \\u007f\\u009b\\u202e\\ufeffé\"");
    let member = Value::parse("{\"\u{202e}\":1}").unwrap();
    assert_eq!(member.as_json_text(), "{\"\\u202e\":1}");
}

#[test]
fn texts_longer_than_the_stack_buffer() {
    for length in [100, 117, 118, 119, 120, 121, 500, 1 << 20] {
        let text = "é\n".repeat(length / 2);
        assert_eq!(Value::string(&text).plain_text(), text, "{length}");
    }
    let items = format!("[{}]", vec!["1"; 500].join(","));
    assert_eq!(Value::parse(&items).unwrap().as_json_text(), items);
}

#[test]
fn member_order_is_kept() {
    let text = r#"{"z":1,"a":{"y":2,"b":3}}"#;
    assert_eq!(Value::parse(text).unwrap().as_json_text(), text);
}

#[test]
fn rounding_for_schemas_gives_numbers() {
    let value = Value::parse("[123456789012345678901234567890, 1e400, -1e400, \"\u{f8ff}5\", 1]").unwrap();
    let rounded = value.to_rounded_json();
    assert!(rounded[0].is_number() && rounded[1].is_number() && rounded[2].is_number());
    assert_eq!(rounded[3], "\u{f8ff}5");
    assert_eq!(rounded[4], 1);
}

#[test]
fn serde_goes_through_raw_json() {
    #[derive(Serialize, Deserialize, PartialEq, Debug)]
    struct Line {
        value: Value,
    }
    let line = Line { value: Value::parse("[123456789012345678901234567890,\"\u{f8ff}1\"]").unwrap() };
    let text = serde_json::to_string(&line).unwrap();
    assert_eq!(text, "{\"value\":[123456789012345678901234567890,\"\u{f8ff}1\"]}");
    assert_eq!(serde_json::from_str::<Line>(&text).unwrap(), line);
    assert!(serde_json::from_str::<Line>("{\"value\":{\"a\":1,\"a\":2}}").is_err());
    assert_eq!(Value::from(5_i64).as_f64(), Some(5.0));
    assert_eq!(Value::parse("1e400").unwrap().as_f64(), None);
    assert_eq!(Value::from("5").as_f64(), None);
}

#[test]
fn in_records_it_is_its_text() {
    let value = Value::parse("{\"a\":123456789012345678901234567890}").unwrap();
    let bytes = postcard::to_stdvec(&value).unwrap();
    assert_eq!(bytes[1..], *value.as_json_text().as_bytes());
    assert_eq!(postcard::from_bytes::<Value>(&bytes).unwrap(), value);
}
