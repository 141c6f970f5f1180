//! A configuration is sound or refused with problems that have places and harmless sentences.
#![no_main]

use libfuzzer_sys::fuzz_target;
use stellar::{config::check_text, text::is_hostile};

fuzz_target!(|bytes: &[u8]| {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    if let Err(error) = check_text(text, std::path::Path::new("/nonexistent")) {
        assert!(!error.problems.is_empty());
        assert!(!error.to_string().chars().any(|char| is_hostile(char) && char != '\n'));
    }
});
