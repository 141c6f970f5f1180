//! Stand-ins for values: the same kind, the same width, nothing of what was there.

use serde_json::Value as Json;

use crate::{fact::Value, text};

/// A value with every digit a 1 and every letter an x; wide characters stay wide. `true`, `false` and `null` say nothing.
#[must_use]
pub(super) fn stand_in(value: &Value) -> String {
    // Numbers beyond what a tree holds are treated as the text they are.
    match serde_json::from_str::<Json>(value.as_json_text()) {
        Ok(tree @ (Json::String(_) | Json::Array(_) | Json::Object(_))) => replaced(tree).to_string(),
        Ok(Json::Bool(_) | Json::Null) => value.as_json_text().to_owned(),
        Ok(Json::Number(_)) | Err(_) => value.as_json_text().chars().map(|char| if char.is_ascii_digit() { '1' } else { char }).collect(),
    }
}

fn replaced(tree: Json) -> Json {
    match tree {
        Json::String(text) => Json::String(letters(&text)),
        Json::Array(items) => Json::Array(items.into_iter().map(replaced).collect()),
        Json::Object(members) => {
            // Names are numbered, so that two that look alike now do not become one.
            let named =
                members.into_iter().enumerate().map(|(index, (name, value))| (format!("{}{index}", letters(&name)), replaced(value)));
            Json::Object(named.collect())
        }
        Json::Number(_) => Json::from(1),
        plain @ (Json::Bool(_) | Json::Null) => plain,
    }
}

/// Text of the same width without what it said.
#[must_use]
pub(super) fn letters(text: &str) -> String {
    let plain = |char: char| match char {
        '0'..='9' => '1',
        char if text::is_hostile(char) || char.is_ascii_punctuation() || char.is_whitespace() => char,
        char if text::width(char.encode_utf8(&mut [0; 4])) == 2 => '語',
        _ => 'x',
    };
    text.chars().map(plain).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_of_a_value_is_left_but_its_shape() {
        let cases = [
            ("42", "11"),
            ("-3.75e-2", "-1.11e-1"),
            ("true", "true"),
            ("null", "null"),
            ("\"ada lovelace\"", "\"xxx xxxxxxxx\""),
            ("\"正常 7\"", "\"語語 1\""),
            ("[1,\"a\"]", "[1,\"x\"]"),
            ("{\"name\":\"a\"}", "{\"xxxx0\":\"x\"}"),
            ("123456789012345678901234567890", "111111111111111111111111111111"),
        ];
        for (value, wanted) in cases {
            assert_eq!(stand_in(&Value::from_trusted_text(value)), wanted);
        }
    }
}
