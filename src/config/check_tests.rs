//! What is accepted, and what is refused with which place, code and sentence.

use std::{path::Path, time::Duration};

use proptest::prelude::*;

use super::*;
use crate::fact::{ClassOfValue, Policy, Role, Tolerance};

fn check(text: &str) -> Result<Config, ConfigError> {
    check_text(text, Path::new("/c"))
}

/// One source that is right, to put a wrong line after.
const HTTP: &str = "[[source]]\nname = \"web\"\nkind = \"http\"\nurl = \"http://127.0.0.1/\"\n";
const FILE: &str = "[[source]]\nname = \"git\"\nkind = \"file\"\npath = \"facts\"\n";
const EXEC: &str = "[[source]]\nname = \"df\"\nkind = \"exec\"\ncommand = [\"df\"]\n";
const KEY: &str = "[[key]]\nmatch = \"a/**\"\n";

/// Text before, the wrong text, line, code, a piece of the sentence.
const BAD: &[(&str, &str, usize, &str, &str)] = &[
    // syntax
    ("", "a = ", 1, "syntax", "not TOML"),
    ("", "[app\n", 1, "syntax", "not TOML"),
    ("[app]\nmouse = true\n", "mouse = false\n", 3, "syntax", "duplicate"),
    (
        "",
        "x = [[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[",
        1,
        "syntax",
        "not TOML",
    ),
    // version
    ("", "version = 2\n[new]\nthing = 1", 1, "newer_version", "version = 2; this Stellar reads up to version 1"),
    ("", "version = \"1\"", 1, "wrong_type", "whole number"),
    ("", "version = 0", 1, "out_of_range", "the number 0"),
    // unknown keys
    ("", "[aap]\n", 1, "unknown_key", "Did you mean \"app\"?"),
    ("[app]\n", "thme = \"x\"", 2, "unknown_key", "\"thme\" is not a setting of [app]. Did you mean \"theme\"?"),
    ("[confidence]\n", "[confidence.weights]\nfreshnes = 1", 3, "unknown_key", "\"freshness\""),
    (HTTP, "intervall = \"5s\"", 5, "unknown_key", "source[0]]. Did you mean \"interval\"?"),
    (HTTP, "tls = { caa = \"x\" }", 5, "unknown_key", "Did you mean \"ca\"?"),
    (HTTP, "[[source.map]]\nkey = \"a\"\nvalu = \"$\"", 7, "unknown_key", "source[0].map[0]]. Did you mean \"value\"?"),
    (KEY, "polcy = \"ask\"", 3, "unknown_key", "Did you mean \"policy\"?"),
    ("", "\"a\\u001b[2J\\u202e\" = 1", 1, "unknown_key", "\"a\\u{1b}[2J\\u{202e}\""),
    // types, ranges, units
    ("[app]\n", "mouse = \"yes\"", 2, "wrong_type", "`app.mouse` is \"yes\"; it must be true or false."),
    ("[app]\n", "persona = \"sree\"", 2, "bad_choice", "Did you mean \"sre\"?"),
    ("[app]\n", "theme = \"../x\"", 2, "bad_name", "a-z"),
    ("", "app = 3", 1, "wrong_type", "a table"),
    ("[cache]\n", "ttl = 15", 2, "wrong_type", "`cache.ttl` is the number 15; it must be a duration such as"),
    ("[cache]\n", "ttl = \"15 minutes\"", 2, "bad_duration", "15 minutes"),
    ("[cache]\n", "ttl = \"0s\"", 2, "out_of_range", "from 1ms to 36500d"),
    ("[cache]\n", "high_watermark = \"256MB\"", 2, "bad_size", "256MB"),
    ("[cache]\n", "high_watermark = \"1KiB\"", 2, "out_of_range", "from 1MiB"),
    ("[cache]\n", "low_watermark = 1.5", 2, "out_of_range", "1.5"),
    ("[cache]\n", "low_watermark = nan", 2, "out_of_range", "nan"),
    ("[cache]\n", "key = \"vault\"", 2, "bad_choice", "file:PATH"),
    #[cfg(not(feature = "redb"))]
    ("[cache]\n", "backend = \"redb\"", 2, "not_in_this_build", "not in this build"),
    ("[cache]\n", "backend = \"sledd\"", 2, "bad_choice", "Did you mean \"sled\"?"),
    ("[queue]\n", "max_attempts = 99999999999999999999", 2, "out_of_range", "1 to 1000"),
    ("[queue]\n", "factor = inf", 2, "out_of_range", "inf"),
    ("[queue]\nbase_delay = \"2m\"\n", "max_delay = \"1m\"", 3, "out_of_range", "longest delay (1m) is below the first one (2m)"),
    ("[queue]\n", "submit_to = \"nobody\"", 2, "unknown_source", "no such source"),
    ("[queue]\n", "submit_to = \"host\"", 2, "not_writable", "takes no changes"),
    ("[confidence.weights]\n", "freshness = -1", 2, "out_of_range", "-1"),
    (
        "",
        "confidence.weights = { freshness = 0, source_trust = 0, schema_validity = 0, telemetry_alignment = 0, user_overrides = 0 }",
        1,
        "bad_weights",
        "All five",
    ),
    ("[prefetch]\n", "min_precision = 2", 2, "out_of_range", "0 to 1"),
    ("[http]\n", "redirects = -1", 2, "out_of_range", "0 to 20"),
    ("[telemetry]\n", "prometheus_listen = \"0.0.0.0:9100\"", 2, "not_loopback", "this machine only"),
    ("[telemetry]\n", "otlp_endpoint = \"collector:4318\"", 2, "bad_url", "does not name a machine"),
    ("[log]\n", "level = \"loud\"", 2, "bad_choice", "error warn info debug trace"),
    // sources
    ("", "[[source]]\nname = \"a\"", 1, "missing", "needs `kind`"),
    ("", "[[source]]\nkind = \"host\"", 1, "missing", "needs `name`"),
    ("", "[[source]]\nname = \"a\"\nkind = \"ftp\"", 3, "bad_choice", "ftp"),
    (
        "",
        "[[source]]\nname = \"a\"\nkind = \"nats\"\nurl = \"nats://h\"\nbucket = \"b\"",
        3,
        "not_in_this_build",
        "\"nats\" is not in this build",
    ),
    ("", "[[source]]\nname = \"local\"\nkind = \"host\"", 2, "reserved_name", "\"local\" is reserved"),
    ("", "[[source]]\nname = \"Git\"\nkind = \"host\"", 2, "bad_name", "a-z 0-9"),
    (
        "[[source]]\nname = \"web\"\nkind = \"host\"\n",
        "[[source]]\nname = \"web\"\nkind = \"file\"\npath = \"x\"",
        5,
        "duplicate_source",
        "two sources named \"web\"",
    ),
    (
        "[[source]]\nname = \"a\"\nkind = \"host\"\n",
        "[[source]]\nname = \"b\"\nkind = \"host\"",
        5,
        "duplicate_source",
        "one host source only",
    ),
    (
        "[[source]]\nname = \"a\"\nkind = \"host\"\n",
        "[[source]]\nname = \"host.proc\"\nkind = \"file\"\npath = \"x\"",
        5,
        "duplicate_source",
        "host.proc",
    ),
    ("", "source = \"git\"", 1, "wrong_type", "[[source]]"),
    ("", "source = [1]", 1, "wrong_type", "a table"),
    ("", "[[source]]\nname = \"a\"\nkind = \"http\"", 1, "missing", "needs `url`"),
    ("", "[[source]]\nname = \"a\"\nkind = \"file\"", 1, "missing", "needs `path`"),
    ("", "[[source]]\nname = \"a\"\nkind = \"exec\"", 1, "missing", "needs `command`"),
    ("", "[[source]]\nname = \"a\"\nkind = \"prometheus\"\nurl = \"http://127.0.0.1\"", 1, "missing", "needs `query`"),
    (FILE, "command = [\"ls\"]", 5, "wrong_kind", "for sources of kind exec; this one is of kind \"file\""),
    (FILE, "path2 = \"x\"", 5, "unknown_key", "Did you mean \"path\"?"),
    (FILE, "trust = 1.1", 5, "out_of_range", "0 to 1"),
    (FILE, "role = \"wanted\"", 5, "bad_choice", "observed declared"),
    (FILE, "prefix = \"a//b\"", 5, "bad_prefix", "a//b"),
    (FILE, "keys = [\"a/**\", \"b//c\"]", 5, "bad_pattern", "source[0].keys[1]"),
    (FILE, "keys = [\"a/{b\"]", 5, "bad_pattern", "no partner"),
    (FILE, "keys = \"a/**\"", 5, "wrong_type", "a list of key patterns"),
    (FILE, "interval = \"1ms\"", 5, "out_of_range", "from 100ms"),
    (FILE, "depth = 65", 5, "out_of_range", "0 to 64"),
    ("[[source]]\nname = \"y\"\nkind = \"file\"\npath = \"a.yaml\"\n", "writable = true", 5, "not_writable", "YAML files are read-only"),
    ("[[source]]\nname = \"y\"\nkind = \"file\"\npath = \".env\"\n", "writable = true", 5, "not_writable", ".env files are read-only"),
    ("[[source]]\nname = \"y\"\nkind = \"file\"\npath = \"a.service\"\n", "writable = true", 5, "not_writable", "systemd are read-only"),
    ("[[source]]\nname = \"y\"\nkind = \"host\"\n", "writable = true", 4, "not_writable", "read-only"),
    (HTTP, "writable = true", 5, "not_writable", "no [[source.write]]"),
    ("[[source]]\nname = \"y\"\nkind = \"file\"\n", "path = \"~/facts\"", 4, "bad_path", "~ stands for nothing"),
    ("[[source]]\nname = \"y\"\nkind = \"file\"\n", "path = \"\"", 4, "bad_path", "empty"),
    ("[[source]]\nname = \"y\"\nkind = \"exec\"\n", "command = []", 4, "empty", "program first"),
    ("[[source]]\nname = \"y\"\nkind = \"exec\"\n", "command = \"df -k\"", 4, "wrong_type", "a list of texts"),
    ("[[source]]\nname = \"y\"\nkind = \"exec\"\n", "command = [\"df\", 1]", 4, "wrong_type", "source[0].command[1]"),
    (EXEC, "format = \"csv\"", 5, "bad_choice", "json lines"),
    (EXEC, "env = [\"A=B\"]", 5, "bad_name", "variable's name"),
    (EXEC, "[[source.write]]\nmatch = \"a/*\"\ncommand = [\"{1}\"]", 7, "bad_template", "program itself"),
    (EXEC, "[[source.write]]\nmatch = \"a/*\"\ncommand = [\"x\", \"{2}\"]", 7, "bad_template", "has only 1"),
    (EXEC, "[[source.write]]\nmatch = \"a/*\"\nurl = \"http://h\"\ncommand = [\"x\"]", 7, "wrong_kind", "kind \"http\""),
    ("[[source]]\nname = \"y\"\nkind = \"http\"\n", "url = \"ftp://h/x\"", 4, "bad_url", "neither http nor https"),
    ("[[source]]\nname = \"y\"\nkind = \"http\"\n", "url = \"https://me:hunter2@h/x\"", 4, "bad_url", "put credentials into headers"),
    (HTTP, "next = \"next\"", 5, "bad_json_path", "no JSONPath"),
    (HTTP, "headers = { \"X Y\" = \"1\" }", 5, "bad_header", "no header's name"),
    (HTTP, "headers = { A = \"1\", a = \"2\" }", 5, "bad_header", "twice"),
    (HTTP, "headers = { Authorization = \"env:MY-TOKEN\" }", 5, "bad_secret_reference", "env:NAME"),
    (HTTP, "headers = { A = \"a\\nB: c\" }", 5, "bad_header", "control characters"),
    (HTTP, "tls = { cert = \"a.pem\" }", 5, "missing", "needs both"),
    (HTTP, "tls = { cert = \"a.pem\", key = \"a.key\" }", 5, "bad_secret_reference", "file:PATH"),
    (
        "[[source]]\nname = \"y\"\nkind = \"http\"\nurl = \"http://example.org\"\n",
        "headers = { Authorization = \"env:T\" }",
        5,
        "secret_over_http",
        "use https",
    ),
    (
        HTTP,
        "headers = { X-Key = \"env:T\" }\n[[source.read]]\nmatch = \"a/*\"\nurl = \"http://10.0.0.1/{1}\"",
        5,
        "secret_over_http",
        "another machine",
    ),
    (HTTP, "[[source.map]]\nvalue = \"$.a\"", 5, "missing", "source[0].map[0]] needs `key`"),
    (HTTP, "[[source.map]]\nkey = \"a/{$.b\"", 6, "bad_template", "{ without a }"),
    (HTTP, "[[source.map]]\nkey = \"a/{name}\"", 6, "bad_template", "begins with $"),
    (HTTP, "[[source.map]]\nkey = \"a\"\nitems = \"$.[\"", 7, "bad_json_path", "no JSONPath"),
    (HTTP, "[[source.read]]\nurl = \"http://127.0.0.1/{1}\"", 5, "missing", "needs `match`"),
    (HTTP, "[[source.read]]\nmatch = \"a/b\"\nurl = \"http://127.0.0.1/{1}\"", 7, "bad_template", "pattern has none"),
    (HTTP, "[[source.read]]\nmatch = \"a/*\"\nurl = \"http://{1}/\"", 7, "bad_template", "machine cannot come from a key"),
    (HTTP, "[[source.read]]\nmatch = \"a/*\"\nurl = \"http:///{1}/\"", 7, "bad_url", "does not name a machine"),
    (HTTP, "[[source.write]]\nmatch = \"a/*\"\nurl = \"http://127.0.0.1/\"\nmethod = \"GET\"", 8, "bad_choice", "POST PUT PATCH DELETE"),
    (
        HTTP,
        "[[source.write]]\nmatch = \"a/*\"\nurl = \"http://127.0.0.1/\"\nbody = \"{vlaue}\"",
        8,
        "bad_template",
        "{vlaue} is no placeholder",
    ),
    (
        "[[source]]\nname = \"p\"\nkind = \"prometheus\"\nurl = \"http://127.0.0.1\"\n",
        "[[source.query]]\nexpr = \"up\"\nkey = \"up/{a-b}\"",
        7,
        "bad_template",
        "no label name",
    ),
    (
        "[[source]]\nname = \"p\"\nkind = \"prometheus\"\nurl = \"http://127.0.0.1\"\n",
        "[[source.query]]\nkey = \"up/{a}\"",
        5,
        "missing",
        "needs `expr`",
    ),
    // rules
    ("", "[[key]]\nttl = \"1s\"", 1, "missing", "needs `match`"),
    ("", "[[key]]\nmatch = \"a//b\"", 2, "bad_pattern", "empty segment"),
    (KEY, "policy = \"prefer:gti\"", 3, "unknown_source", "\"gti\", and there is no such source"),
    (KEY, "policy = \"newset\"", 3, "bad_choice", "Did you mean \"newest\"?"),
    (KEY, "write_to = \"nobody\"", 3, "unknown_source", "no such source"),
    (KEY, "write_to = \"host.proc\"", 3, "not_writable", "takes no changes"),
    (KEY, "tolerance = \"2\"", 3, "bad_tolerance", "percentage"),
    (KEY, "tolerance = -1", 3, "out_of_range", "-1"),
    (KEY, "tolerance = true", 3, "wrong_type", "a number"),
    (KEY, "ignore = [\"a/b\"]", 3, "bad_json_pointer", "RFC 6901"),
    (KEY, "ignore = [\"/a~2\"]", 3, "bad_json_pointer", "RFC 6901"),
    (KEY, "unit = \"two words\"", 3, "bad_unit", "without spaces"),
    (KEY, "class = \"public\"", 3, "bad_choice", "internal secret"),
    (KEY, "schema = { type = \"intger\" }", 3, "bad_schema", "does not compile"),
    (KEY, "schema = { pattern = \"(a)\\\\1\" }", 3, "bad_schema", "does not compile"),
    (KEY, "schema = { const = 2020-01-01 }", 3, "bad_schema", "no dates"),
    (KEY, "schema = \"file:/nowhere/at/all.json\"", 3, "bad_schema", "cannot be read"),
    (KEY, "schema = 3", 3, "wrong_type", "file:PATH"),
];

#[test]
fn every_mistake_is_told_with_its_place_and_code() {
    for (before, wrong, line, code, fragment) in BAD {
        let error = check(&format!("{before}{wrong}")).expect_err(wrong);
        let problem = &error.problems[0];
        assert_eq!((problem.line, problem.code), (*line, *code), "{wrong}: {error}");
        assert!(fragment.split('|').any(|piece| problem.message.contains(piece)), "{wrong}: {error}");
        assert!(problem.column > 0 && !problem.message.chars().any(char::is_control), "{wrong}: {error}");
        assert!(error.problems.len() == 1 || problem.code == "syntax", "{wrong} is one mistake, but: {error}");
    }
}

#[test]
fn every_code_is_in_the_reference() {
    let reference = include_str!("../../docs/configuration.md");
    for (_, _, _, code, _) in BAD {
        assert!(reference.contains(&format!("| `{code}` |")), "{code} is not in docs/configuration.md");
    }
}

#[test]
fn all_mistakes_are_found_in_one_run_in_file_order() {
    let text = "[app]\nmouse = 1\nthme = \"x\"\n[cache]\nttl = \"1 h\"\n[[source]]\nname = \"a\"\nkind = \"exec\"\ntrust = 7\n[[key]]\nmatch = \"a\"\npolicy = \"prefer:b\"\n";
    let problems = check(text).unwrap_err().problems;
    let found: Vec<(usize, &str)> = problems.iter().map(|problem| (problem.line, problem.code)).collect();
    let expected =
        [(2, "wrong_type"), (3, "unknown_key"), (5, "bad_duration"), (6, "missing"), (9, "out_of_range"), (12, "unknown_source")];
    assert_eq!(found, expected);
    assert_eq!(problems[4].path, "source[0].trust");
    assert_eq!((problems[4].found.as_str(), problems[4].expected.as_str()), ("the number 7", "a number from 0 to 1"));
}

#[test]
fn a_source_with_a_mistake_is_still_known_to_rules() {
    let text = "[[source]]\nname = \"a\"\nkind = \"http\"\n[[key]]\nmatch = \"a\"\npolicy = \"prefer:a\"\nwrite_to = \"a\"\n";
    let problems = check(text).unwrap_err().problems;
    assert_eq!(problems.len(), 1, "{problems:?}");
}

#[test]
fn no_sentence_shows_a_secret() {
    for (before, text) in [
        (HTTP, "headers = { Authorization = \"hunter2\\n\" }"),
        (HTTP, "headers = { Authorization = \"env:hunter2 \" }"),
        (HTTP, "tls = { cert = \"a\", key = \"hunter2\" }"),
        (HTTP, "proxy = \"http://me:hunter2@proxy/\""),
        ("[[source]]\nname = \"y\"\nkind = \"http\"\n", "url = \"https://me:hunter2@h/x\""),
        ("[telemetry]\n", "otlp_endpoint = \"https://me:hunter2@h/x\""),
    ] {
        let error = check(&format!("{before}{text}")).unwrap_err();
        assert!(!format!("{error} {error:?}").contains("hunter2"), "{text}: {error:?}");
    }
}

/// A file that uses every setting of this build.
pub(super) const FULL: &str = include_str!("full_example.toml");

#[test]
fn a_file_with_every_setting_is_taken_as_written() {
    let config = check(FULL).unwrap();
    assert_eq!(config.app.persona, "operator");
    assert_eq!(config.app.accessibility, AccessibilityMode::Linear);
    assert_eq!(config.cache.key, CacheKey::File("/c/keys/cache.key".into()));
    assert_eq!(config.confidence.half_life, Some(Duration::from_secs(1_200)));
    assert_eq!(config.confidence.weights.0, [0.4, 0.2, 0.2, 0.1, 0.1]);
    let names: Vec<&str> = config.sources.iter().map(|source| source.name.as_str()).collect();
    assert_eq!(names, ["plan", "fleet", "disks", "metrics", "this"]);
    let plan = &config.sources[0];
    assert_eq!((plan.role, plan.writable, plan.interval, plan.prefix.as_str()), (Role::Declared, true, None, "wanted"));
    let fleet = &config.sources[1];
    assert!(fleet.writable && fleet.authority);
    assert_eq!((fleet.maps.len(), fleet.reads.len(), fleet.writes.len()), (2, 1, 2));
    assert_eq!(fleet.writes[1].body, "{value}");
    let SourceKind::Http(http) = &fleet.kind else { panic!("{:?}", fleet.kind) };
    assert_eq!(
        http.headers,
        [
            ("Accept".to_owned(), SecretRef::Literal("application/json".to_owned())),
            ("Authorization".to_owned(), SecretRef::Env("FLEET_TOKEN".to_owned())),
            ("X-Site".to_owned(), SecretRef::Keyring("site".to_owned())),
        ]
    );
    assert_eq!(http.tls.key, Some(SecretRef::File("/c/tls/me.key".into())));
    let SourceKind::Exec(exec) = &config.sources[2].kind else { panic!("{:?}", config.sources[2].kind) };
    assert_eq!((exec.format, exec.env.len(), exec.max_output), (OutputFormat::Lines, 2, 64 << 10));
    assert!(config.sources[2].writable);
    assert_eq!(config.sources[4].interval, Some(Duration::from_secs(5)));
    let rule = &config.rules[0];
    assert_eq!(rule.policy, Policy::Prefer(fleet.name.clone()));
    assert_eq!(rule.compare.tolerance, Tolerance::Relative(0.02));
    assert_eq!(rule.class, Some(ClassOfValue::Secret));
    assert_eq!(config.rules[1].schema.as_ref().unwrap().as_json_text(), r#"{"minimum":0,"type":"integer"}"#);
}

#[test]
fn what_is_not_said_has_its_default() {
    let write = "[[source.write]]\nmatch = \"a/*\"\nurl = \"http://127.0.0.1/{1}\"\n";
    let config = check(&format!("{FILE}{HTTP}{write}{EXEC}")).unwrap();
    let [file, http, exec] = &config.sources[..] else { panic!("{:?}", config.sources) };
    assert_eq!((file.writable, http.writable, exec.writable), (false, true, false));
    assert_eq!((file.interval, http.interval, exec.interval), (None, Some(Duration::from_secs(30)), Some(Duration::from_secs(60))));
    for source in &config.sources {
        assert_eq!((source.trust, source.timeout, source.ttl, source.enabled), (0.7, Duration::from_secs(5), None, true));
        assert_eq!((source.role, source.authority, source.apdex_target), (Role::Observed, false, Duration::from_millis(200)));
    }
    assert_eq!((http.writes[0].method.as_str(), http.writes[0].body.as_str()), ("PUT", "{value}"));
    let empty = check("").unwrap();
    assert_eq!(empty, Config::without_file("/c".into()));
    assert_eq!(check("source = []").unwrap().sources, []);
}

#[test]
fn a_hundred_thousand_levels_do_not_break_it() {
    let dots = "a.".repeat(300_000);
    for text in [
        format!("{dots}a = 1"),
        format!("[{dots}a]"),
        format!("[[{dots}a]]"),
        format!("x = {{ {dots}a = 1 }}"),
        format!("x = [\n{{ {dots}a = 1 }}]"),
        format!("\"a\".{dots}a = 1"),
        format!("x = \"\"\"\n\"\"\"\n{dots}a = 1"),
        format!("x = {}", "[".repeat(100_000)),
        format!("x = {}", "{a=".repeat(100_000)),
    ] {
        assert!(check(&text).is_err());
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn no_text_panics(text in "[\\PC\\n\\t]{0,300}") {
        let _ = check(&text);
    }

    #[test]
    fn no_mutation_of_a_sound_file_panics(cuts in prop::collection::vec((any::<prop::sample::Index>(), 0usize..12, "[\\PC\"'\\[\\]{}.=\\n]{0,8}"), 1..6)) {
        let mut text: Vec<char> = FULL.chars().collect();
        for (at, length, put) in cuts {
            let start = at.index(text.len());
            let end = (start + length).min(text.len());
            text.splice(start..end, put.chars());
        }
        let text: String = text.into_iter().collect();
        if let Err(error) = check(&text) {
            prop_assert!(!error.problems.is_empty());
            let lines = text.lines().count();
            for problem in &error.problems {
                prop_assert!(problem.line >= 1 && problem.line <= lines + 1, "{problem:?}");
                prop_assert!(!problem.message.chars().any(char::is_control), "{problem:?}");
            }
        }
    }
}
