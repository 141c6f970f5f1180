//! Merges by table, and the laws they keep for any values.

use proptest::prelude::*;

use super::*;
use crate::fact::Tolerance;

fn merged(base: &str, mine: &str, theirs: &str, rule: &CompareRule) -> Result<String, Vec<String>> {
    let [base, mine, theirs] = [base, mine, theirs].map(|text| Value::parse(text).unwrap());
    merge_values(&base, &mine, &theirs, rule).map(|value| value.as_json_text().to_owned())
}

type Outcome = Result<&'static str, &'static [&'static str]>;

#[test]
fn members_are_merged_and_clashes_named() {
    let table: [(&str, &str, &str, Outcome); 16] = [
        ("1", "2", "1", Ok("2")),
        ("1", "1", "2", Ok("2")),
        ("1", "2", "2.0", Ok("2")),
        ("1", "2", "3", Err(&[""])),
        (r#"{"a":1,"b":1}"#, r#"{"a":2,"b":1}"#, r#"{"a":1,"b":3}"#, Ok(r#"{"a":2,"b":3}"#)),
        (r#"{"a":1}"#, r#"{"a":1,"b":2}"#, r#"{"c":3,"a":1}"#, Ok(r#"{"c":3,"a":1,"b":2}"#)),
        (r#"{"a":1,"b":1}"#, r#"{"b":1}"#, r#"{"a":1,"b":2}"#, Ok(r#"{"b":2}"#)),
        (r#"{"a":1}"#, "{}", r#"{"a":2}"#, Err(&["/a"])),
        (r#"{"a":1}"#, r#"{"a":2}"#, "{}", Err(&["/a"])),
        (r#"{"a":1}"#, "{}", "{}", Ok("{}")),
        (r#"{"a":{"b":{"c":1}},"d":1}"#, r#"{"a":{"b":{"c":2}},"d":2}"#, r#"{"a":{"b":{"c":3}},"d":3}"#, Err(&["/a/b/c", "/d"])),
        (r#"{"a/b":{"~":1}}"#, r#"{"a/b":{"~":2}}"#, r#"{"a/b":{"~":3}}"#, Err(&["/a~1b/~0"])),
        ("[1,2]", "[1,2,3]", "[0,1,2]", Err(&[""])),
        (r#"{"l":[1]}"#, r#"{"l":[1,2]}"#, r#"{"l":[1],"n":null}"#, Ok(r#"{"l":[1,2],"n":null}"#)),
        (r#"{"x":0}"#, r#"{"x":0,"n":{"a":1}}"#, r#"{"x":0,"n":{"b":2}}"#, Ok(r#"{"x":0,"n":{"b":2,"a":1}}"#)),
        ("5", r#"{"a":1}"#, r#"{"b":1}"#, Err(&[""])),
    ];
    for (base, mine, theirs, expected) in table {
        let expected = expected.map(str::to_owned).map_err(|places| places.iter().map(ToString::to_string).collect());
        let found = merged(base, mine, theirs, &CompareRule::default());
        // A number has more than one spelling; which of two equal ones is taken does not matter.
        assert_eq!(found.map(|text| text.replace("2.0", "2")), expected, "{base} {mine} {theirs}");
    }
}

#[test]
fn what_the_rule_does_not_see_is_no_clash() {
    let near = CompareRule { tolerance: Tolerance::Absolute(1.0), ..CompareRule::default() };
    assert_eq!(merged("10", "20", "10.4", &near).as_deref(), Ok("20"), "theirs is noise");
    assert_eq!(merged("10", "10.4", "20", &near).as_deref(), Ok("20"));
    assert_eq!(merged("10", "20", "20.4", &near).as_deref(), Ok("20.4"), "the target has it already");
    assert_eq!(merged("10", "10.4", "10", &near).as_deref(), Ok("10.4"), "a small change of a person is still one");
    assert_eq!(merged(r#"{"a":10}"#, "{}", r#"{"a":10.4}"#, &near).as_deref(), Ok("{}"));
    let loose = CompareRule { unordered: true, ignore: vec!["/at".to_owned(), "/l/0".to_owned()], ..CompareRule::default() };
    assert_eq!(merged(r#"{"s":{"l":[1,2]}}"#, r#"{"s":{"l":[3]}}"#, r#"{"s":{"l":[2,1]}}"#, &loose).as_deref(), Ok(r#"{"s":{"l":[3]}}"#));
    assert_eq!(merged(r#"{"at":1}"#, r#"{"at":2}"#, r#"{"at":3}"#, &loose).as_deref(), Ok(r#"{"at":2}"#), "nobody looks there");
    assert_eq!(merged(r#"{"at":1}"#, "{}", r#"{"at":3}"#, &loose).as_deref(), Ok("{}"));
    assert_eq!(merged(r#"{"l":[1,2]}"#, r#"{"l":[1,3]}"#, r#"{"l":[9,2]}"#, &loose).as_deref(), Ok(r#"{"l":[1,3]}"#));
}

fn any_value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![Just("null".to_owned()), (0..4).prop_map(|n: i32| n.to_string()), Just("\"x\"".to_owned())];
    let tree = leaf.prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..3).prop_map(|items| format!("[{}]", items.join(","))),
            proptest::collection::btree_map("[abc/~]", inner, 0..4).prop_map(|members| {
                let members: Vec<String> = members.iter().map(|(name, value)| format!("{name:?}:{value}")).collect();
                format!("{{{}}}", members.join(","))
            }),
        ]
    });
    tree.prop_map(|text| Value::parse(&text).unwrap())
}

fn equal(one: &Value, other: &Value) -> bool {
    let form = |value| Normal::of(value, &CompareRule::default());
    form(one) == form(other)
}

proptest! {
    #[test]
    fn laws(base in any_value(), one in any_value(), other in any_value()) {
        let rule = CompareRule::default();
        let merge = |base: &Value, mine: &Value, theirs: &Value| merge_values(base, mine, theirs, &rule);
        prop_assert_eq!(merge(&base, &one, &one), Ok(one.clone()), "what both made is made");
        prop_assert_eq!(merge(&base, &base, &one), Ok(one.clone()), "what only they made is made");
        prop_assert_eq!(merge(&base, &one, &base), Ok(one.clone()), "what only we made is made");
        match (merge(&base, &one, &other), merge(&base, &other, &one)) {
            (Ok(one_way), Ok(other_way)) => prop_assert!(equal(&one_way, &other_way), "the sides do not matter"),
            (Err(mut one_way), Err(mut other_way)) => {
                one_way.sort();
                other_way.sort();
                prop_assert!(!one_way.is_empty());
                prop_assert_eq!(one_way, other_way, "the sides do not matter");
            }
            (one_way, other_way) => prop_assert!(false, "{one_way:?} {other_way:?}"),
        }
    }
}
