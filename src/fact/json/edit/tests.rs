//! Edits by table, and over random documents against a plain tree.

use proptest::prelude::*;
use serde_json::{Map, Value as Tree};

use super::*;
use crate::fact::Value;

fn way(text: &str) -> Vec<JsonStep> {
    let step = |part: &str| match part.strip_prefix('#') {
        Some(index) => JsonStep::Item(index.parse().unwrap()),
        None => JsonStep::Member(part.to_owned()),
    };
    text.split('/').filter(|part| !part.is_empty()).map(step).collect()
}

fn set(text: &str, to: &str, value: &str) -> Result<String, JsonEditError> {
    set_in_json(text.as_bytes(), &way(to), value).map(|bytes| String::from_utf8(bytes).unwrap())
}

#[test]
fn a_value_is_changed_and_nothing_else() {
    let table = [
        ("{\"a\" :1 , \"b\":[ 1,2 ] }\n", "a", "22", "{\"a\" :22 , \"b\":[ 1,2 ] }\n"),
        ("{\"a\" :1 , \"b\":[ 1,2 ] }\n", "b", "[3]", "{\"a\" :1 , \"b\":[3] }\n"),
        ("{\"a\" :1 , \"b\":[ 1,2 ] }\n", "b/#1", "\"x\"", "{\"a\" :1 , \"b\":[ 1,\"x\" ] }\n"),
        ("\u{feff}{\"a\":1.50}", "a", "2", "\u{feff}{\"a\":2}"),
        ("{\"\\u0061\":1,\"n\":1.0e3}", "a", "2", "{\"\\u0061\":2,\"n\":1.0e3}"),
        (" 7 ", "", "8", " 8 "),
        ("{\"a\":{\"b\":{\"c\": null}}}", "a/b/c", "true", "{\"a\":{\"b\":{\"c\": true}}}"),
    ];
    for (text, to, value, expected) in table {
        assert_eq!(set(text, to, value).as_deref(), Ok(expected));
    }
}

#[test]
fn a_new_member_is_spaced_like_the_ones_before() {
    let table = [
        ("{\"a\":1}", "b", "{\"a\":1,\"b\":2}"),
        ("{\"a\": 1}", "b", "{\"a\": 1, \"b\": 2}"),
        ("{ \"a\" : 1 }", "b", "{ \"a\" : 1, \"b\" : 2 }"),
        ("{}", "b", "{\"b\":2}"),
        ("{}", "b/c", "{\"b\":{\"c\":2}}"),
        ("{\n  \"a\": 1\n}\n", "b", "{\n  \"a\": 1,\n  \"b\": 2\n}\n"),
        ("{\r\n\t\"a\": 1\r\n}\r\n", "b/c", "{\r\n\t\"a\": 1,\r\n\t\"b\": {\r\n\t\t\"c\": 2\r\n\t}\r\n}\r\n"),
        (
            "{\n    \"a\": {},\n    \"z\": []\n}",
            "a/b/c",
            "{\n    \"a\": {\n        \"b\": {\n            \"c\": 2\n        }\n    },\n    \"z\": []\n}",
        ),
        ("{\n  \"a\": {\"x\": 1}\n}", "a/y", "{\n  \"a\": {\"x\": 1, \"y\": 2}\n}"),
        ("{\n  \"a\": {\"x\": 1}\n}", "a/y/z", "{\n  \"a\": {\"x\": 1, \"y\": {\"z\": 2}}\n}"),
        ("[{\"a\":1}]", "#0/q\"", "[{\"a\":1,\"q\\\"\":2}]"),
    ];
    for (text, to, expected) in table {
        assert_eq!(set(text, to, "2").as_deref(), Ok(expected), "{text}");
    }
}

#[test]
fn what_stands_in_the_way_is_not_pushed_aside() {
    for (text, to) in [("{\"a\":1}", "a/b"), ("[1]", "a"), ("[1]", "#1"), ("[]", "#0"), ("{}", "#0"), ("{}", "a/#0"), ("[[1],2]", "#1/#0")]
    {
        assert_eq!(set(text, to, "2"), Err(JsonEditError::InTheWay), "{text} {to}");
    }
    assert!(matches!(set("{\"a\":1,}", "a", "2"), Err(JsonEditError::NotJson(_))));
    assert!(matches!(set("{\"a\":1,\"a\":2}", "a", "2"), Err(JsonEditError::NotJson(_))));
}

/// A document and its tree.
#[derive(Clone, Debug)]
struct Document {
    text: String,
    tree: Tree,
}

const SPACES: [&str; 6] = ["", "", " ", "\n", "\n  ", "\r\n\t"];

fn document() -> impl Strategy<Value = Document> {
    let leaf = prop_oneof![
        "null|true|false|-?[1-9][0-9]{0,3}",
        "[ab\u{e9}\\\\\"]{0,3}".prop_map(|text| Value::string(&text).as_json_text().to_owned())
    ];
    let leaf = leaf.prop_map(|text| Document { tree: parse_json(text.as_bytes()).unwrap(), text });
    leaf.prop_recursive(4, 24, 4, |inner| {
        let spaces = || proptest::collection::vec(0..SPACES.len(), 16);
        let list = (proptest::collection::vec(inner.clone(), 0..4), spaces()).prop_map(|(items, spaces)| {
            let mut space = spaces.into_iter().cycle().map(|at| SPACES[at]);
            let mut text = format!("[{}", space.next().unwrap());
            for (at, item) in items.iter().enumerate() {
                let comma = if at == 0 { "" } else { "," };
                text += &format!("{comma}{}{}{}", space.next().unwrap(), item.text, space.next().unwrap());
            }
            Document { text: text + "]", tree: Tree::Array(items.into_iter().map(|item| item.tree).collect()) }
        });
        let object = (proptest::collection::btree_map("[abc\"]{1,2}", inner, 0..4), spaces()).prop_map(|(members, spaces)| {
            let mut space = spaces.into_iter().cycle().map(|at| SPACES[at]);
            let mut text = format!("{{{}", space.next().unwrap());
            let mut tree = Map::new();
            for (at, (name, member)) in members.into_iter().enumerate() {
                let comma = if at == 0 { "" } else { "," };
                let mut next = || space.next().unwrap();
                text += &format!("{comma}{}{}{}:{}{}{}", next(), Value::string(&name).as_json_text(), next(), next(), member.text, next());
                tree.insert(name, member.tree);
            }
            Document { text: text + "}", tree: Tree::Object(tree) }
        });
        prop_oneof![1 => list, 2 => object]
    })
}

fn steps() -> impl Strategy<Value = Vec<JsonStep>> {
    let step = prop_oneof![3 => "[abc\"]{1,2}".prop_map(JsonStep::Member), 1 => (0_usize..3).prop_map(JsonStep::Item)];
    proptest::collection::vec(step, 0..4)
}

/// Sets a place of a tree; the old value, or none where the way is blocked.
fn set_in_tree(tree: &mut Tree, way: &[JsonStep], value: &Tree) -> Option<Option<Tree>> {
    match (way.split_first(), tree) {
        (None, tree) => Some(Some(std::mem::replace(tree, value.clone()))),
        (Some((JsonStep::Item(index), rest)), Tree::Array(items)) => set_in_tree(items.get_mut(*index)?, rest, value),
        (Some((JsonStep::Member(name), rest)), Tree::Object(members)) => {
            if let Some(member) = members.get_mut(name) {
                return set_in_tree(member, rest, value);
            }
            let mut made = value.clone();
            for step in rest.iter().rev() {
                let JsonStep::Member(name) = step else { return None };
                made = Tree::Object(Map::from_iter([(name.clone(), made)]));
            }
            members.insert(name.clone(), made);
            Some(None)
        }
        _ => None,
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 600, ..ProptestConfig::default() })]
    #[test]
    fn an_edited_text_is_the_edited_tree_and_all_else_stays(document in document(), steps in steps(), new in document()) {
        let value = Value::from_json(&new.tree);
        let mut model = document.tree.clone();
        let edited = set_in_json(document.text.as_bytes(), &steps, value.as_json_text());
        match (set_in_tree(&mut model, &steps, &new.tree), edited) {
            (None, edited) => prop_assert_eq!(edited, Err(JsonEditError::InTheWay)),
            (Some(old), edited) => {
                let edited = edited.unwrap();
                prop_assert_eq!(parse_json(&edited).unwrap(), model);
                let before = document.text.as_bytes();
                let head = before.iter().zip(&edited).take_while(|(one, other)| one == other).count();
                let tail = before.iter().rev().zip(edited.iter().rev()).take_while(|(one, other)| one == other).count();
                match old {
                    // Put back as it was spelled, the old bytes are all there again.
                    Some(old) if !old.is_array() && !old.is_object() => {
                        prop_assert_eq!(set_in_json(&edited, &steps, Value::from_json(&old).as_json_text()).unwrap(), before);
                    }
                    Some(_) => {
                        let again = set_in_json(&edited, &steps, "null").unwrap();
                        prop_assert_eq!(again, set_in_json(before, &steps, "null").unwrap());
                    }
                    // Something was added in one place; only white space of an empty object may have gone for it.
                    None => {
                        let gone = before.get(head..before.len().saturating_sub(tail)).unwrap_or_default();
                        prop_assert!(gone.iter().all(u8::is_ascii_whitespace), "{:?}", String::from_utf8_lossy(gone));
                    }
                }
            }
        }
    }
}
