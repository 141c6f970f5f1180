//! What is the same and what is not, and that it is so in both directions.

use proptest::prelude::*;

use super::*;

fn is_same(left: &str, right: &str, rule: &CompareRule) -> bool {
    let (one, other) = (Normal::of(&Value::parse(left).unwrap(), rule), Normal::of(&Value::parse(right).unwrap(), rule));
    let answer = same(&one, &other, rule);
    assert_eq!(answer, same(&other, &one, rule), "symmetric: {left} {right}");
    assert!(same(&one, &one, rule) && same(&other, &other, rule), "reflexive");
    answer
}

#[test]
fn equality_without_any_setting() {
    let rule = CompareRule::default();
    for (left, right, expected) in [
        ("1", "1.0", true),
        ("1", "1e0", true),
        ("100", "1e2", true),
        ("1", "\"1\"", false),
        ("0", "-0.0", true),
        ("9007199254740993", "9007199254740992", false),
        ("123456789012345678901234567890", "123456789012345678901234567891", false),
        ("123456789012345678901234567890", "123456789012345678901234567890.0", true),
        ("{\"a\":1,\"b\":2}", "{\"b\":2.0,\"a\":1}", true),
        ("{\"a\":1}", "{\"a\":1,\"b\":null}", false),
        ("[1,2]", "[2,1]", false),
        ("null", "false", false),
        ("\"a\"", "\"A\"", false),
        ("\"a\"", "\" a\"", false),
        ("[]", "{}", false),
        ("0", "null", false),
    ] {
        assert_eq!(is_same(left, right, &rule), expected, "{left} {right}");
    }
}

#[test]
fn tolerance_reaches_numbers_at_any_depth() {
    let absolute = |limit| CompareRule { tolerance: Tolerance::Absolute(limit), ..CompareRule::default() };
    let relative = |fraction| CompareRule { tolerance: Tolerance::Relative(fraction), ..CompareRule::default() };
    for (left, right, rule, expected) in [
        ("1.3", "1.2", absolute(0.1), true),
        ("1.31", "1.2", absolute(0.1), false),
        ("9007199254740993", "9007199254740992", absolute(0.5), false),
        ("9007199254740993", "9007199254740992", absolute(1.0), true),
        ("123456789012345678901234567890", "123456789012345678901234567891", absolute(1.0), true),
        ("123456789012345678901234567890", "123456789012345678901234567892", absolute(1.0), false),
        ("100", "98", relative(0.02), true),
        ("100", "97.9", relative(0.02), false),
        ("-1", "1", relative(0.5), false),
        ("0", "0.001", relative(0.5), false),
        ("{\"a\":[1,{\"b\":10}]}", "{\"a\":[1,{\"b\":10.5}]}", absolute(0.5), true),
        ("{\"a\":[1,{\"b\":10}]}", "{\"a\":[1,{\"c\":10}]}", absolute(0.5), false),
        ("\"1\"", "\"2\"", absolute(5.0), false),
        ("1", "2", absolute(f64::NAN), false),
        ("1", "2", absolute(-1.0), false),
        ("1e400", "2e400", absolute(1.0), false),
    ] {
        assert_eq!(is_same(left, right, &rule), expected, "{left} {right} {rule:?}");
    }
}

#[test]
fn tolerance_is_not_transitive() {
    let rule = CompareRule { tolerance: Tolerance::Absolute(1.0), ..CompareRule::default() };
    assert!(is_same("10", "11", &rule) && is_same("11", "12", &rule) && !is_same("10", "12", &rule));
}

#[test]
fn text_settings() {
    let rule = CompareRule { trim: true, ignore_case: true, ..CompareRule::default() };
    assert!(is_same("\" Ärger\\t\"", "\"äRGER\"", &rule));
    assert!(is_same("[\"A\"]", "[\"a \"]", &rule));
    assert!(!is_same("{\"A\":1}", "{\"a\":1}", &rule), "names keep their case");
}

#[test]
fn unordered_arrays_are_multisets() {
    let rule = CompareRule { unordered: true, ..CompareRule::default() };
    assert!(is_same("[1,\"a\",1]", "[\"a\",1.0,1]", &rule));
    assert!(!is_same("[1,1,2]", "[1,2,2]", &rule));
    let loose = CompareRule { unordered: true, tolerance: Tolerance::Absolute(1.0), ..CompareRule::default() };
    assert!(is_same("[1,5,9]", "[10,2,4]", &loose));
    assert!(!is_same("[1,1,9]", "[1,9,9]", &loose));
    assert!(
        is_same("[{\"a\":1,\"b\":5},{\"a\":2,\"b\":1}]", "[{\"a\":1,\"b\":1},{\"a\":2,\"b\":5}]", &loose),
        "sorted order pairs the wrong ones"
    );
    assert!(!is_same("[[1],[3]]", "[[1],[1]]", &loose));
    let many = |first: usize| format!("[{}]", (first..first + 200).map(|at| format!("[{}]", at * 10)).collect::<Vec<_>>().join(","));
    assert!(is_same(&many(0), &many(0), &loose) && !is_same(&many(0), &many(1), &loose));
}

#[test]
fn ignored_places() {
    let rule = CompareRule { ignore: vec!["/at".into(), "/list/1".into(), "/nowhere/x".into(), "/a~1b".into()], ..CompareRule::default() };
    assert!(is_same("{\"v\":1,\"at\":5}", "{\"v\":1,\"at\":6}", &rule));
    assert!(is_same("{\"v\":1,\"at\":5}", "{\"v\":1}", &rule));
    assert!(is_same("{\"list\":[1,2,3],\"a/b\":1}", "{\"list\":[1,9,3],\"a/b\":2}", &rule));
    assert!(!is_same("{\"list\":[1,2,3]}", "{\"list\":[1,2,4]}", &rule));
    let all = CompareRule { ignore: vec![String::new()], ..CompareRule::default() };
    assert!(is_same("1", "{\"a\":2}", &all));
}

#[test]
fn a_text_cannot_pass_for_an_ignored_place() {
    let rule = CompareRule { ignore: vec!["/x".into()], ..CompareRule::default() };
    assert!(!is_same("{\"a\":\"\u{f8ff}(ignored)\u{f8ff}(ignored)\"}", "{}", &rule));
}

#[test]
fn the_canonical_text_does_not_move_between_builds() {
    let rule = CompareRule { unordered: true, ..CompareRule::default() };
    let value = Value::parse("{\"b\":[2.50,1,\"x\"],\"a\":null}").unwrap();
    assert_eq!(Normal::of(&value, &rule).canonical(), "{\"a\":null,\"b\":<1e0,25e-1,\"x\",>,}");
}

fn tree() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        (-5_i32..5).prop_map(|n| n.to_string()),
        (-20_i32..20).prop_map(|n| format!("{}", f64::from(n) / 4.0)),
        "\"[ab ]{0,2}\"",
        Just("null".into())
    ];
    leaf.prop_recursive(3, 12, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(|items| format!("[{}]", items.join(","))),
            prop::collection::btree_map("[ab]", inner, 0..3).prop_map(|members| format!(
                "{{{}}}",
                members.iter().map(|(name, value)| format!("\"{name}\":{value}")).collect::<Vec<_>>().join(",")
            )),
        ]
    })
}

fn some_rule() -> impl Strategy<Value = CompareRule> {
    let tolerance = prop_oneof![
        (0_u8..5).prop_map(|n| Tolerance::Absolute(f64::from(n) / 4.0)),
        (0_u8..5).prop_map(|n| Tolerance::Relative(f64::from(n) / 8.0))
    ];
    (tolerance, any::<bool>(), any::<bool>(), any::<bool>()).prop_map(|(tolerance, trim, ignore_case, unordered)| CompareRule {
        tolerance,
        trim,
        ignore_case,
        unordered,
        ignore: vec!["/a".into()],
    })
}

proptest! {
    #[test]
    fn reflexive_and_symmetric(left in tree(), right in tree(), rule in some_rule()) {
        let exact = CompareRule { tolerance: Tolerance::default(), ..rule.clone() };
        let loosely = is_same(&left, &right, &rule);
        if is_same(&left, &right, &exact) {
            prop_assert!(loosely, "a tolerance never parts what is equal");
        }
    }

    #[test]
    fn the_order_of_items_and_members_is_no_difference(items in prop::collection::vec(tree(), 0..5), rule in some_rule()) {
        let rule = CompareRule { unordered: true, ..rule };
        let mut turned = items.clone();
        turned.reverse();
        let (one, other) = (format!("[{}]", items.join(",")), format!("[{}]", turned.join(",")));
        prop_assert!(is_same(&one, &other, &rule));
    }

    #[test]
    fn a_plain_tolerance_is_what_it_says(left in -1000_i64..1000, right in -1000_i64..1000, limit in 0_u16..50) {
        let rule = CompareRule { tolerance: Tolerance::Absolute(f64::from(limit) / 10.0), ..CompareRule::default() };
        let (one, other) = (Value::number(left as f64 / 10.0).unwrap(), Value::number(right as f64 / 10.0).unwrap());
        prop_assert_eq!(is_same(one.as_json_text(), other.as_json_text(), &rule), (left - right).abs() <= i64::from(limit));
    }
}
