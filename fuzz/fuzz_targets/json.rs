//! A remote body is a value or an error, and a value survives the way to its line and back.
#![no_main]

use libfuzzer_sys::fuzz_target;
use stellar::{
    fact::{Value, parse_json},
    text::{is_hostile, json_line},
};

fuzz_target!(|bytes: &[u8]| {
    let Ok(tree) = parse_json(bytes) else { return };
    let value = Value::from_json(&tree);
    assert_eq!(Value::parse(value.as_json_text()).as_ref(), Ok(&value));
    let line = json_line(value.as_json_text());
    assert!(!line.chars().any(is_hostile));
    assert_eq!(Value::parse(&line), Ok(value));
});
