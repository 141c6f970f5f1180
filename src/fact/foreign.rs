//! Other formats (TOML, YAML) read into the same tree, without losing what JSON has no form for.

use std::fmt;

use serde::{
    Deserialize, Deserializer,
    de::{DeserializeSeed, Error, MapAccess, SeqAccess, Visitor},
};
use serde_json::{Map, Value as Tree};

use super::json::{MAX_DEPTH, json_number, json_string};

/// A tree as [`super::parse_json`] makes it, deserialised from any self-describing format: `toml::from_str::<JsonTree>(..)`.
///
/// NaN and infinite numbers, bytes, a member named twice and more than [`MAX_DEPTH`] levels are errors; integers of 128 bits stay exact;
/// a TOML date becomes its text.
#[derive(Clone, Debug, PartialEq)]
pub struct JsonTree(pub Tree);

impl<'de> Deserialize<'de> for JsonTree {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Level(0).deserialize(deserializer).map(Self)
    }
}

/// How the `toml` crate hands a date to whoever knows no dates.
const TOML_DATE: &str = "$__toml_private_datetime";

#[derive(Clone, Copy)]
struct Level(usize);

impl Level {
    fn deeper<E: Error>(self) -> Result<Self, E> {
        if self.0 < MAX_DEPTH {
            Ok(Self(self.0 + 1))
        } else {
            Err(E::custom(format!("more than {MAX_DEPTH} lists and maps inside each other")))
        }
    }
}

fn wide<E: Error>(whole: &str) -> Result<Tree, E> {
    json_number(whole).ok_or_else(|| E::custom("a number that JSON has no form for"))
}

impl<'de> DeserializeSeed<'de> for Level {
    type Value = Tree;
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Tree, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Level {
    type Value = Tree;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("a value that JSON has a form for")
    }

    fn visit_unit<E: Error>(self) -> Result<Tree, E> {
        Ok(Tree::Null)
    }

    fn visit_none<E: Error>(self) -> Result<Tree, E> {
        Ok(Tree::Null)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Tree, D::Error> {
        deserializer.deserialize_any(self)
    }

    fn visit_newtype_struct<D: Deserializer<'de>>(self, deserializer: D) -> Result<Tree, D::Error> {
        deserializer.deserialize_any(self)
    }

    fn visit_bool<E: Error>(self, bool: bool) -> Result<Tree, E> {
        Ok(Tree::Bool(bool))
    }

    fn visit_i64<E: Error>(self, whole: i64) -> Result<Tree, E> {
        Ok(Tree::from(whole))
    }

    fn visit_u64<E: Error>(self, whole: u64) -> Result<Tree, E> {
        Ok(Tree::from(whole))
    }

    fn visit_i128<E: Error>(self, whole: i128) -> Result<Tree, E> {
        wide(&whole.to_string())
    }

    fn visit_u128<E: Error>(self, whole: u128) -> Result<Tree, E> {
        wide(&whole.to_string())
    }

    fn visit_f64<E: Error>(self, float: f64) -> Result<Tree, E> {
        serde_json::Number::from_f64(float)
            .map(Tree::Number)
            .ok_or_else(|| E::custom("a number is NaN or infinite, which JSON has no form for"))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Tree, E> {
        Ok(json_string(text))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Tree, A::Error> {
        let inner = self.deeper()?;
        let mut items = Vec::new();
        while let Some(item) = list.next_element_seed(inner)? {
            items.push(item);
        }
        Ok(Tree::Array(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Tree, A::Error> {
        let inner = self.deeper()?;
        let mut members = Map::new();
        while let Some(name) = map.next_key::<String>()? {
            let value = map.next_value_seed(inner)?;
            if name == TOML_DATE && members.is_empty() {
                return Ok(value);
            }
            if members.insert(name, value).is_some() {
                return Err(A::Error::custom("a member stands twice in one map"));
            }
        }
        Ok(Tree::Object(members))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fact::Value;

    fn toml_value(text: &str) -> Result<Value, String> {
        toml::from_str::<JsonTree>(text).map(|tree| Value::from_json(&tree.0)).map_err(|error| error.to_string())
    }

    #[test]
    fn toml_becomes_json() {
        let text = "a = [1.5, \"x\", true]\nb = 1\n[t]\nwhen = 2026-01-05T10:00:00Z\n";
        let expected = r#"{"a":[1.5,"x",true],"b":1,"t":{"when":"2026-01-05T10:00:00Z"}}"#;
        assert_eq!(toml_value(text).unwrap().as_json_text(), expected);
    }

    #[test]
    fn what_json_has_no_form_for_is_an_error_and_not_null() {
        for text in ["a = nan", "a = inf", "a = [-inf]"] {
            assert!(toml_value(text).unwrap_err().contains("NaN or infinite"), "{text}");
        }
        for text in ["a: .nan", "a: -.inf"] {
            assert!(serde_saphyr::from_str::<JsonTree>(text).is_err(), "{text}");
        }
    }

    #[test]
    fn yaml_becomes_json() {
        let tree = serde_saphyr::from_str::<JsonTree>("a: [1, ~, yes, 'no']\nb: {c: 2.5}\n").unwrap();
        assert_eq!(tree.0["a"][0], 1);
        assert!(tree.0["a"][1].is_null());
        assert_eq!(tree.0["a"][3], "no");
        assert_eq!(tree.0["b"]["c"], 2.5);
        assert!(serde_saphyr::from_str::<JsonTree>("a: 1\na: 2\n").is_err());
    }

    #[test]
    fn a_text_cannot_pass_for_a_number() {
        let value = toml_value("a = \"\u{f8ff}12345678901234567890123\"").unwrap();
        assert_eq!(value.as_json_text(), "{\"a\":\"\u{f8ff}12345678901234567890123\"}");
    }
}
