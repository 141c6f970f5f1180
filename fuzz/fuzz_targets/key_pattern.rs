//! A key or a pattern is refused or means what it says; matching ends.
#![no_main]

use libfuzzer_sys::fuzz_target;
use stellar::{
    fact::{Key, Pattern},
    text::is_hostile,
};

fuzz_target!(|bytes: &[u8]| {
    let text = String::from_utf8_lossy(bytes);
    let (left, right) = text.split_once('\n').unwrap_or((&text, "a/b"));
    if let Ok(key) = Key::new(left) {
        assert!(!key.as_str().chars().any(is_hostile));
        assert!(key.as_str().len() <= Key::MAX_BYTES);
        if let Ok(pattern) = Pattern::new(right) {
            let matched = pattern.matches(&key);
            assert_eq!(matched, pattern.captures(&key).is_some());
        }
    }
});
