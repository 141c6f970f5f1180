//! Tables for maps, key templates, flattening, claims and times.

use serde_json::Value as Json;

use super::{
    Fetched,
    collect::{Claims, Collector, Origin},
    key_template::{KeyTemplate, Placeholders},
    map::Mapping,
    moment::moment,
    path::Path,
    support::{config, lines, map},
};
use crate::{
    config::{MapConfig, SourceConfig, SourceKind},
    fact::{Pattern, Timestamp, parse_json},
};

fn tree(text: &str) -> Json {
    parse_json(text.as_bytes()).unwrap()
}

fn source(maps: Vec<MapConfig>, change: impl FnOnce(&mut SourceConfig)) -> SourceConfig {
    let file = crate::config::FileSource { path: "/x".into(), depth: 0 };
    let mut config = config("x", SourceKind::File(file));
    config.maps = maps;
    change(&mut config);
    config
}

fn apply(config: &SourceConfig, depth: u32, body: &str) -> Result<Fetched, String> {
    let claims = Claims::of(config);
    let mut into = Collector::new(&claims);
    Mapping::compile(&config.maps, depth, None, &config.prefix)?.apply(&tree(body), &Origin::default(), &mut into)?;
    Ok(into.finish(0))
}

fn reasons(fetched: &Fetched) -> Vec<(&str, u64)> {
    fetched.skipped.iter().map(|left| (left.reason.as_str(), left.count)).collect()
}

#[test]
fn flattening_goes_down_to_the_depth() {
    let body = r#"{"a":{"b":{"c":1,"e":{}},"d":[1,{"x":2}]},"s":"t","n":null}"#;
    let table: [(u32, &[&str]); 4] = [
        (0, &["a/b/c=1", "a/b/e={}", r#"a/d=[1,{"x":2}]"#, "n=null", r#"s="t""#]),
        (1, &[r#"a={"b":{"c":1,"e":{}},"d":[1,{"x":2}]}"#, "n=null", r#"s="t""#]),
        (2, &[r#"a/b={"c":1,"e":{}}"#, r#"a/d=[1,{"x":2}]"#, "n=null", r#"s="t""#]),
        (9, &["a/b/c=1", "a/b/e={}", r#"a/d=[1,{"x":2}]"#, "n=null", r#"s="t""#]),
    ];
    for (depth, expected) in table {
        let fetched = apply(&source(Vec::new(), |_| ()), depth, body).unwrap();
        assert_eq!(lines(&fetched), expected, "depth {depth}");
        assert!(fetched.complete);
    }
}

#[test]
fn member_names_are_segments_and_never_more() {
    let body = r#"{"../etc":{"a/b":1,"50%":2},"":3,"x\u0000":4,"bidi\u202e":5,"-n":6}"#;
    let fetched = apply(&source(Vec::new(), |_| ()), 0, body).unwrap();
    assert_eq!(lines(&fetched), ["-n=6", "..%2Fetc/50%25=2", "..%2Fetc/a%2Fb=1"]);
    assert_eq!(reasons(&fetched), [("key refused: a control or bidi character", 2), ("key refused: an empty segment", 1)]);
    assert!(!fetched.complete);
    let long = format!(r#"{{"{}":1,"ok":2}}"#, "x".repeat(10_000));
    let fetched = apply(&source(Vec::new(), |_| ()), 0, &long).unwrap();
    assert_eq!((lines(&fetched), reasons(&fetched)), (vec!["ok=2".to_owned()], vec![("key refused: more than 512 bytes", 1)]));
}

#[test]
fn a_body_that_is_no_object_needs_a_name() {
    assert!(apply(&source(Vec::new(), |_| ()), 0, "[1]").unwrap_err().contains("[[source.map]]"));
    let fetched = apply(&source(Vec::new(), |config| config.prefix = "a/b".to_owned()), 0, "[1]").unwrap();
    assert_eq!(lines(&fetched), ["a/b=[1]"]);
}

#[test]
fn claims_leave_out_what_belongs_to_others_without_making_the_answer_incomplete() {
    let body = r#"{"host":{"name":"x"},"service":{"a":1},"hosts":{"b":2}}"#;
    let fetched = apply(&source(Vec::new(), |_| ()), 0, body).unwrap();
    assert_eq!(lines(&fetched), ["hosts/b=2", "service/a=1"]);
    assert_eq!(reasons(&fetched), [("key refused: not among the keys this source may claim", 1)]);
    assert!(fetched.complete, "what it may claim is all there");
    let keys = |patterns: &[&str]| patterns.iter().map(|text| Pattern::new(text).unwrap()).collect::<Vec<_>>();
    let fetched = apply(&source(Vec::new(), |config| config.keys = keys(&["service/**", "host/**"])), 0, body).unwrap();
    assert_eq!(lines(&fetched), ["host/name=\"x\"", "service/a=1"]);
    let fetched = apply(&source(Vec::new(), |config| config.prefix = "host".to_owned()), 0, body).unwrap();
    assert!(fetched.items.is_empty(), "a prefix is no way around the claims");
}

#[test]
fn two_items_on_one_key_are_both_left_out() {
    let maps = vec![map("$[*]", "{$.n}", "$.v")];
    let fetched = apply(&source(maps, |_| ()), 0, r#"[{"n":"a","v":1},{"n":"b","v":2},{"n":"a","v":1},{"n":"a","v":3}]"#).unwrap();
    assert_eq!(lines(&fetched), ["b=2"]);
    assert_eq!(fetched.duplicates.iter().map(ToString::to_string).collect::<Vec<_>>(), ["a"]);
    assert!(!fetched.complete);
}

#[test]
fn an_item_that_fits_no_template_is_skipped_and_counted() {
    let maps = vec![map("$.items[*]", "service/{$.name}/{$.meta['na}me']}-x/n", "$.n")];
    let body = r#"{"items":[
        {"name":"a","meta":{"na}me":true},"n":1},
        {"name":7,"meta":{"na}me":"b/c%"},"n":2},
        {"name":18446744073709551616,"meta":{"na}me":1.50},"n":123456789012345678901234567890},
        {"name":null,"meta":{"na}me":1},"n":1},
        {"name":["a"],"meta":{"na}me":1},"n":1},
        {"meta":{"na}me":1},"n":1},
        {"name":"","meta":{"na}me":1},"n":1},
        {"name":"a\u001b[2J","meta":{"na}me":1},"n":1},
        {"name":"no-value","meta":{"na}me":1}}
    ]}"#;
    let fetched = apply(&source(maps, |_| ()), 0, body).unwrap();
    assert_eq!(
        lines(&fetched),
        ["service/18446744073709551616/1.5-x/n=123456789012345678901234567890", "service/7/b%2Fc%25-x/n=2", "service/a/true-x/n=1"]
    );
    assert_eq!(
        reasons(&fetched),
        [
            ("key refused: a control or bidi character", 1),
            ("key refused: an empty segment", 1),
            ("key: $.name finds nothing", 1),
            ("key: $.name is no string, number or bool", 2),
            ("value: $.n finds nothing", 1),
        ]
    );
    assert!(!fetched.complete);
}

#[test]
fn a_list_that_is_missing_is_not_an_empty_list() {
    let config = source(vec![map("$.items[*]", "{$.n}", "$.v")], |_| ());
    assert!(apply(&config, 0, r#"{"items":[]}"#).unwrap().complete);
    let fetched = apply(&config, 0, r#"{"error":"try later"}"#).unwrap();
    assert_eq!(reasons(&fetched), [("items: there is no $.items in the answer", 1)]);
    assert!(!fetched.complete, "nobody may conclude that everything is gone");
}

#[test]
fn times_of_items_are_taken_or_the_item_is_not() {
    let mut with_times = map("$[*]", "{$.n}", "$.v");
    (with_times.at, with_times.changed) = (Some("$.at".to_owned()), Some("$.changed".to_owned()));
    let body = r#"[{"n":"a","v":1,"at":"2026-01-05T10:00:00+01:00","changed":1767607200000},{"n":"b","v":1,"at":null},{"n":"c","v":1,"at":"yesterday"}]"#;
    let fetched = apply(&source(vec![with_times], |_| ()), 0, body).unwrap();
    assert_eq!(fetched.items[0].observed_at.unwrap().to_rfc3339(), "2026-01-05T09:00:00.000Z");
    assert_eq!(fetched.items[0].changed_at.unwrap().to_rfc3339(), "2026-01-05T10:00:00.000Z");
    assert_eq!((fetched.items[1].observed_at, fetched.items.len()), (None, 2));
    assert_eq!(reasons(&fetched), [("at: $.at is neither an RFC 3339 time nor a number of seconds or milliseconds", 1)]);
}

#[test]
fn moments_are_read_in_every_form_they_come_in() {
    let at = |millis: i64| Some(Timestamp::from_millis(millis));
    let table = [
        ("0", at(0)),
        ("1767607200", at(1_767_607_200_000)),
        ("1767607200.5", at(1_767_607_200_500)),
        ("1767607200123", at(1_767_607_200_123)),
        ("-1", at(-1000)),
        ("\"2026-01-05T10:00:00.123456Z\"", at(1_767_607_200_123)),
        ("1767607200000000000", None),
        ("1e300", None),
        ("true", None),
        ("\"1767607200\"", None),
    ];
    for (text, expected) in table {
        assert_eq!(moment(&tree(text)), expected, "{text}");
    }
}

#[test]
fn a_template_that_can_never_work_is_refused_when_it_is_compiled() {
    let table = [
        ("service/{$.name", "never closed"),
        ("service/}", "without a {"),
        ("service/{name}", "no placeholder"),
        ("service/{}", "no placeholder"),
        ("service/{$[}", "never closed"),
        ("service/{$.a[?]}", "JSONPath"),
        ("service//{$.a}", "can never be a key"),
        ("/{$.a}", "can never be a key"),
        ("{$.a}/", "can never be a key"),
        ("", "can never be a key"),
        ("a\u{7}", "can never be a key"),
    ];
    for (text, part) in table {
        let why = KeyTemplate::compile(text, Placeholders::Paths, "").unwrap_err();
        assert!(why.contains(part), "{text:?}: {why}");
    }
    assert!(KeyTemplate::compile("a/{$.b}", Placeholders::Paths, "x//y").is_err(), "the prefix counts");
    assert!(KeyTemplate::compile("a/{$.b}", Placeholders::Labels, "").is_err(), "labels are no paths");
    let labels = KeyTemplate::compile("up/{job}/{instance}", Placeholders::Labels, "").unwrap();
    assert_eq!(labels.fill(&tree(r#"{"job":"a/b","instance":"h:1"}"#)).unwrap(), "up/a%2Fb/h:1");
    assert_eq!(labels.fill(&tree(r#"{"job":"a"}"#)).unwrap_err(), "key: there is no label instance");
    let bad = source(vec![map("$.a", "ok", ""), map("items[*]", "ok", "")], |_| ());
    let why = apply(&bad, 0, "{}").unwrap_err();
    assert!(why.contains("number 2") && why.contains("items"), "{why}");
}

#[test]
fn the_parent_of_a_path_is_found_through_brackets_and_quotes() {
    let table = [
        ("$.items[*]", Some("$.items")),
        ("$.a.b", Some("$.a")),
        ("$.a['x.y'][*]", Some("$.a['x.y']")),
        ("$.a[?@.b == 'c]d'].e", Some("$.a[?@.b == 'c]d']")),
        ("$..items[*]", Some("$..items")),
        ("$.a..b", Some("$.a")),
        ("$[*]", None),
        ("$.a", None),
        ("$", None),
    ];
    for (text, expected) in table {
        let parent = Path::compile("items", text).unwrap().parent();
        assert_eq!(parent.as_ref().map(Path::text), expected, "{text}");
    }
}

proptest::proptest! {
    /// Whatever an origin names its things, a key keeps the shape its template gave it.
    #[test]
    fn no_name_adds_a_segment(name in "\\PC{0,12}|[./%{}$a-]{0,8}|[\u{0}-\u{ff}]{0,4}") {
        let template = KeyTemplate::compile("service/{$.name}/replicas", Placeholders::Paths, "").unwrap();
        let item = Json::Object(serde_json::Map::from_iter([("name".to_owned(), crate::fact::json_string(&name))]));
        if let Ok(key) = template.fill(&item) {
            let segments: Vec<&str> = key.split('/').collect();
            proptest::prop_assert_eq!(segments.len(), 3);
            proptest::prop_assert_eq!(crate::fact::Key::decode_segment(segments[1]), name.as_str());
        }
    }

    /// Whatever the body, applying a map or flattening neither panics nor reports a key twice or one it may not claim.
    #[test]
    fn no_body_breaks_the_collector(names in proptest::collection::vec("[a-c/%\u{7}]{0,3}|host", 0..8), depth in 0_u32..3) {
        let items: Vec<Json> = names.iter().map(|name| serde_json::json!({ "n": name, "v": { name: [name] } })).collect();
        for (maps, body) in [(vec![map("$[*]", "{$.n}", "$.v")], Json::Array(items.clone())), (Vec::new(), serde_json::json!({ "a": items.first(), "host": 1 }))] {
            let fetched = apply(&source(maps, |_| ()), depth, &body.to_string());
            if let Ok(fetched) = fetched {
                proptest::prop_assert!(fetched.items.windows(2).all(|pair| pair[0].key < pair[1].key));
                proptest::prop_assert!(fetched.items.iter().all(|item| item.key.segments().next() != Some("host")));
                proptest::prop_assert!(fetched.items.iter().all(|item| !fetched.duplicates.contains(&item.key)));
            }
        }
    }
}
