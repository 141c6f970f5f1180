//! Whatever bytes arrive, what leaves for a person is harmless.
#![no_main]

use libfuzzer_sys::fuzz_target;
use stellar::text::{SafeText, bare_value, fit, is_hostile, json_line, shown_value, width};

fuzz_target!(|bytes: &[u8]| {
    let text = String::from_utf8_lossy(bytes);
    let line = SafeText::line(&text);
    assert!(!line.as_str().chars().any(is_hostile));
    assert_eq!(SafeText::line(line.as_str()), line);
    let block = SafeText::block(&text);
    assert!(!block.as_str().chars().any(|char| is_hostile(char) && char != '\n' && char != '\t'));
    let cells = bytes.len() % 97;
    assert_eq!(width(fit(&line, cells).as_str()), cells);
    assert!(!shown_value(&text, "bytes").as_str().chars().any(is_hostile));
    assert!(!bare_value(&text).as_str().chars().any(|char| is_hostile(char) && char != '\n' && char != '\t'));
    assert!(!json_line(&text).chars().any(is_hostile));
});
