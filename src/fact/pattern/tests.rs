//! Tables and a naive reference for patterns.

use proptest::prelude::*;

use super::*;

fn pattern(text: &str) -> Pattern {
    Pattern::new(text).unwrap()
}

fn key(text: &str) -> Key {
    Key::new(text).unwrap()
}

#[test]
fn matching() {
    for (text, fits, not) in [
        (
            "service/*/replicas",
            vec!["service/a/replicas", "service/*/replicas"],
            vec!["service/replicas", "service/a/b/replicas", "Service/a/replicas"],
        ),
        ("**", vec!["a", "a/b/c"], vec![]),
        ("service/**", vec!["service", "service/a", "service/a/b"], vec!["services", "a/service"]),
        ("**/x", vec!["x", "a/x", "x/x"], vec!["a/xx", "x/a"]),
        ("a/**/b/**/c", vec!["a/b/c", "a/1/2/b/b/3/c", "a/b/c/b/c"], vec!["a/c", "a/b/c/d"]),
        ("host/cpu*", vec!["host/cpu", "host/cpu12"], vec!["host/xcpu", "host/cpu/1"]),
        ("*.*.conf", vec!["a.b.conf", "..conf"], vec!["a.conf"]),
        ("**/*{password,secret}*", vec!["db/my_password_1", "secret"], vec!["db/pass"]),
        ("{a,b/c}/d", vec!["a/d", "b/c/d"], vec!["b/d"]),
        ("a{,b}", vec!["a", "ab"], vec!["abb"]),
        ("{a,b{c,d}}", vec!["a", "bc", "bd"], vec!["b"]),
    ] {
        let pattern = pattern(text);
        for yes in fits {
            assert!(pattern.matches(&key(yes)), "{text} should match {yes}");
            assert!(pattern.captures(&key(yes)).is_some(), "{text} should capture {yes}");
        }
        for no in not {
            assert!(!pattern.matches(&key(no)), "{text} should not match {no}");
            assert!(pattern.captures(&key(no)).is_none(), "{text} should not capture {no}");
        }
    }
}

#[test]
fn captures_stand_in_the_order_of_the_stars() {
    let captured = |text: &str, of: &str| pattern(text).captures(&key(of)).map(|found| found.join("|"));
    assert_eq!(captured("service/*/*/replicas", "service/shop/web/replicas").as_deref(), Some("shop|web"));
    assert_eq!(captured("a/**/z", "a/b/c/z").as_deref(), Some("b/c"));
    assert_eq!(captured("a/**/z", "a/z").as_deref(), Some(""));
    assert_eq!(captured("**/*.toml", "etc/app/x.toml").as_deref(), Some("etc/app|x"));
    assert_eq!(captured("**/b/**", "a/b/c/b/d").as_deref(), Some("a|c/b/d"));
    assert_eq!(captured("{x,y}/*", "y/1").as_deref(), Some("1"));
    assert_eq!(captured("cpu*of*", "cpu3of8").as_deref(), Some("3|8"));
    assert_eq!(captured("up", "up").as_deref(), Some(""));
}

#[test]
fn what_is_no_pattern() {
    assert_eq!(Pattern::new("a{b"), Err(KeyError::Brace(1)));
    assert_eq!(Pattern::new("a}b"), Err(KeyError::Brace(1)));
    assert_eq!(Pattern::new("a//b"), Err(KeyError::EmptySegment));
    assert_eq!(Pattern::new("{a,}/b"), Err(KeyError::EmptySegment));
    assert_eq!(Pattern::new(""), Err(KeyError::EmptySegment));
    assert_eq!(Pattern::new("{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}"), Err(KeyError::TooManyAlternatives(64)));
    assert!(Pattern::new("{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}").is_ok());
    assert_eq!(Pattern::new(&"*".repeat(600)), Err(KeyError::TooLong(600)));
}

#[test]
fn literal_prefixes() {
    assert_eq!(pattern("service/shop/*").literal_prefix(), ["service", "shop"]);
    assert_eq!(pattern("**").literal_prefix(), [""; 0]);
    assert_eq!(pattern("host/cpu*").literal_prefix(), ["host"]);
    assert_eq!(pattern("a/{b,c}/d").literal_prefix(), ["a"]);
    assert_eq!(pattern("{a/b,a/b/c}").literal_prefix(), ["a", "b"]);
    assert_eq!(pattern("a/b").as_key(), Some(key("a/b")));
    assert_eq!(pattern("a/*").as_key(), None);
}

#[test]
fn overlaps() {
    for (left, right, expected) in [
        ("service/*/replicas", "service/**", true),
        ("service/**", "host/**", false),
        ("a*", "*b", true),
        ("a*c", "ab*", true),
        ("a*c", "*d", false),
        ("**/x", "y/**", true),
        ("*", "a/b", false),
        ("{a,b}", "{b,c}", true),
        ("{a,b}", "{c,d}", false),
    ] {
        assert_eq!(pattern(left).could_overlap(&pattern(right)), expected, "{left} {right}");
        assert_eq!(pattern(right).could_overlap(&pattern(left)), expected, "{right} {left}");
    }
}

#[test]
fn a_pattern_made_to_go_back_often_ends() {
    let stars = pattern(&format!("{}b", "*a".repeat(250)));
    assert!(!stars.matches(&key(&"a".repeat(512))));
    let deep = pattern(&format!("{}z", "**/a/".repeat(90)));
    assert!(!deep.matches(&key(&["a"; 256].join("/"))));
}

/// The definition, without any thought for speed.
fn reference(pattern: &[&str], key: &[&str]) -> bool {
    match pattern.split_first() {
        None => key.is_empty(),
        Some((&"**", rest)) => (0..=key.len()).any(|taken| reference(rest, &key[taken..])),
        Some((segment, rest)) => key.split_first().is_some_and(|(first, others)| {
            let (segment, first): (Vec<char>, Vec<char>) = (segment.chars().collect(), first.chars().collect());
            reference_text(&segment, &first) && reference(rest, others)
        }),
    }
}

fn reference_text(pattern: &[char], text: &[char]) -> bool {
    match pattern.split_first() {
        None => text.is_empty(),
        Some(('*', rest)) => (0..=text.len()).any(|taken| reference_text(rest, &text[taken..])),
        Some((char, rest)) => text.split_first().is_some_and(|(first, others)| first == char && reference_text(rest, others)),
    }
}

fn some_pattern() -> impl Strategy<Value = String> {
    prop::collection::vec("\\*\\*|\\*|[ab*]{1,4}", 1..6).prop_map(|segments| segments.join("/"))
}

fn some_key() -> impl Strategy<Value = String> {
    prop::collection::vec("[ab]{1,4}", 1..6).prop_map(|segments| segments.join("/"))
}

proptest! {
    #[test]
    fn agrees_with_the_definition(text in some_pattern(), name in some_key()) {
        let segments: Vec<_> = text.split('/').collect();
        let expected = reference(&segments, &name.split('/').collect::<Vec<_>>());
        prop_assert_eq!(pattern(&text).matches(&key(&name)), expected, "{} {}", text, name);
        prop_assert_eq!(pattern(&text).captures(&key(&name)).is_some(), expected);
    }

    #[test]
    fn captures_put_back_give_the_key(text in prop::collection::vec("\\*|[ab]\\*|[ab]{1,2}", 1..5), name in some_key()) {
        let text = text.join("/");
        let (name, pattern) = (key(&name), pattern(&text));
        if let Some(captures) = pattern.captures(&name) {
            let mut captures = captures.into_iter();
            let back: String = text.chars().map(|char| if char == '*' { captures.next().unwrap().to_owned() } else { char.to_string() }).collect();
            prop_assert_eq!(back, name.as_str());
        }
    }

    #[test]
    fn a_key_of_both_means_overlap(left in some_pattern(), right in some_pattern(), name in some_key()) {
        let (left, right, name) = (pattern(&left), pattern(&right), key(&name));
        if left.matches(&name) && right.matches(&name) {
            prop_assert!(left.could_overlap(&right));
        }
        prop_assert_eq!(left.could_overlap(&right), right.could_overlap(&left));
        if left.matches(&name) {
            let exact = pattern(name.as_str());
            prop_assert!(left.could_overlap(&exact));
            prop_assert!(name.as_str().starts_with(&left.literal_prefix().join("/")));
        }
    }

    #[test]
    fn no_text_panics(text in any::<String>(), braces in "[a{},*/]{0,24}") {
        let _ = Pattern::new(&text);
        if let Ok(pattern) = Pattern::new(&braces) {
            prop_assert!(pattern.alternatives.len() <= Pattern::MAX_ALTERNATIVES);
            let _ = pattern.matches(&key("a/a"));
        }
    }
}
