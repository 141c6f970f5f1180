//! The written file, the reference and the list of effective values against the settings in force.

use std::{collections::BTreeSet, path::Path};

use super::*;

/// The file of `config init` with every setting turned on.
fn uncommented() -> String {
    let turn_on = |line: &str| match line.strip_prefix('#') {
        Some(rest) if !rest.starts_with(' ') => format!("{rest}\n"),
        _ => format!("{line}\n"),
    };
    init_text().lines().map(turn_on).collect()
}

#[test]
fn the_written_file_is_sound_as_it_is_and_changes_nothing() {
    let mut config = check_text(&init_text(), Path::new("/c")).unwrap();
    config.digest = Config::bare("/c".into()).digest;
    assert_eq!(config, Config::without_file("/c".into()));
}

#[test]
fn the_written_file_is_sound_with_everything_turned_on_and_says_the_defaults() {
    let config = check_text(&uncommented(), Path::new("/c")).unwrap();
    let mut expected = Config::bare("/c".into());
    expected.confidence.half_life = config.confidence.half_life;
    let near = config.confidence.weights.0.iter().zip(expected.confidence.weights.0).all(|(left, right)| (left - right).abs() < 1e-12);
    assert!(near, "{:?}", config.confidence.weights);
    expected.confidence.weights = config.confidence.weights;
    (expected.digest, expected.sources, expected.rules) = (config.digest.clone(), config.sources.clone(), config.rules.clone());
    assert_eq!(config, expected);
    assert_eq!(config.sources.len(), 5);
}

#[test]
fn the_written_file_has_every_setting_of_this_build() {
    let text = uncommented();
    for spec in SETTINGS.iter().filter(|spec| spec.kinds != ["nats"] && !matches!(spec.key, "map" | "read" | "write" | "query")) {
        assert!(
            text.lines().any(|line| !line.starts_with('#') && format!(" {line}").contains(&format!(" {} = ", spec.key))),
            "{} is missing",
            spec.path()
        );
    }
}

#[test]
fn the_file_is_never_overwritten() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("stellar/config.toml");
    write_init(&path).unwrap();
    std::fs::write(&path, "mine").unwrap();
    assert!(matches!(write_init(&path), Err(InitError::Exists(_))));
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "mine");
    assert!(matches!(write_init(&path.join("below/a/file")), Err(InitError::Io { .. })));
}

/// Defaults of sources and rules as the table has them, written out, against saying nothing.
#[test]
fn the_defaults_of_the_table_are_the_ones_in_force() {
    let minimal = [
        ("file", "path = \"x\"\n", ""),
        ("exec", "command = [\"x\"]\n", ""),
        ("http", "url = \"http://127.0.0.1/\"\n", ""),
        ("prometheus", "url = \"http://127.0.0.1/\"\n", "[[source.query]]\nexpr = \"up\"\nkey = \"up\"\n"),
        ("host", "", ""),
    ];
    let value = |spec: &SettingSpec| match spec.fallback {
        Fallback::Value(value) => Some(format!("{} = {value}\n", spec.key)),
        _ => None,
    };
    for (kind, needed, below) in minimal {
        let bare = format!("[[source]]\nname = \"a\"\nkind = \"{kind}\"\n{needed}");
        let own = SETTINGS.iter().filter(|spec| spec.table == "source" && (spec.kinds.is_empty() || spec.kinds.contains(&kind)));
        let written: String = own.filter_map(value).collect();
        let sources = |text: &str| check_text(text, Path::new("/c")).unwrap().sources;
        assert_eq!(sources(&format!("{bare}{written}{below}")), sources(&format!("{bare}{below}")), "{kind}");
    }
    let written: String = SETTINGS.iter().filter(|spec| spec.table == "key").filter_map(value).collect();
    let rules = |text: &str| check_text(text, Path::new("/c")).unwrap().rules;
    assert_eq!(rules(&format!("[[key]]\nmatch = \"a\"\n{written}")), rules("[[key]]\nmatch = \"a\"\n"));
}

fn loaded(text: &str) -> (tempfile::TempDir, Loaded) {
    let home = tempfile::tempdir().unwrap();
    let dir = home.path().join(".config/stellar");
    std::fs::create_dir_all(&dir).unwrap();
    let path = dir.join("config.toml");
    std::fs::write(&path, text).unwrap();
    std::fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
    let env = |name: &str| (name == "STELLAR_THEME").then(|| "monochrome".to_owned());
    let mut request = LoadRequest::new(&env);
    request.home = Some(home.path().to_owned());
    request.overrides.log_level = Some("warn".to_owned());
    request.builtin_rules = vec![crate::fact::KeyRule::new(crate::fact::Pattern::new("host/**").unwrap())];
    let loaded = load(&request).unwrap();
    (home, loaded)
}

#[test]
fn every_setting_is_listed_with_where_it_came_from() {
    let (home, loaded) = loaded(check_tests::FULL);
    let values = effective(&loaded);
    let paths: BTreeSet<&str> = values.iter().map(|value| value.path.as_str()).collect();
    assert_eq!(paths.len(), values.len(), "a setting is listed twice");
    let general = SETTINGS.iter().filter(|spec| !spec.table.starts_with("source") && spec.table != "key");
    for spec in general {
        assert!(paths.contains(spec.path().as_str()), "{} is not listed", spec.path());
    }
    let has = |spec: &&SettingSpec| (spec.table == "source" && spec.kinds != ["nats"]) || spec.table == "key";
    for spec in SETTINGS.iter().filter(has).filter(|spec| !matches!(spec.key, "map" | "read" | "write" | "query")) {
        assert!(
            paths.iter().any(|path| path.starts_with(spec.table) && path.ends_with(&format!("].{}", spec.key))),
            "{} is not listed",
            spec.path()
        );
    }
    let of = |path: &str| {
        let value = values.iter().find(|value| value.path == path).unwrap_or_else(|| panic!("{path} is not listed"));
        (value.value.to_string(), value.origin.to_string().replace(&format!("{}/", home.path().display()), ""))
    };
    let file = |line: usize| format!(".config/stellar/config.toml:{line}");
    assert_eq!(of("app.persona"), ("\"operator\"".to_owned(), file(4)));
    assert_eq!(of("app.theme"), ("\"monochrome\"".to_owned(), "env STELLAR_THEME".to_owned()));
    assert_eq!(of("log.level"), ("\"warn\"".to_owned(), "flag --log-level".to_owned()));
    assert_eq!(of("cache.ttl").0, "\"10m\"");
    assert_eq!(of("source[0].trust"), ("0.7".to_owned(), "default".to_owned()));
    assert_eq!(of("source[1].trust").0, "0.9");
    assert_eq!(of("source[1].headers").0, r#"{"Accept":"(literal)","Authorization":"env:FLEET_TOKEN","X-Site":"keyring:site"}"#);
    assert_eq!(of("source[1].write[1].url").0, "\"https://fleet.example.org/v1/notes\"");
    assert_eq!(of("key[0].tolerance").0, "\"2%\"");
    assert_eq!(of("key[2].match"), ("\"host/**\"".to_owned(), "built-in".to_owned()));
    let json = serde_json::to_string(&values[0]).unwrap();
    assert!(json.starts_with(r#"{"path":"version","value":1,"origin":""#), "{json}");
}

#[test]
fn without_a_file_everything_is_default() {
    let (_home, loaded) = loaded("");
    for value in effective(&loaded).iter().filter(|value| !matches!(value.path.as_str(), "app.theme" | "log.level")) {
        assert!(matches!(value.origin, Origin::Default | Origin::BuiltIn), "{value:?}");
    }
}

/// The tables of the reference, between marks. Set `UPDATE_DOCS=1` to write them anew.
#[test]
fn the_reference_is_drawn_from_the_settings() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/configuration.md");
    let written = std::fs::read_to_string(&path).unwrap();
    let mut drawn = written.clone();
    for (table, _) in TABLES {
        let (open, close) = (format!("<!-- settings: {table} -->\n"), "<!-- end -->\n");
        let start = drawn.find(&open).unwrap_or_else(|| panic!("docs/configuration.md has no {open}")) + open.len();
        let end = start + drawn[start..].find(close).unwrap();
        drawn.replace_range(start..end, &reference_table(table).unwrap());
    }
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(&path, &drawn).unwrap();
    }
    assert!(
        written == drawn || std::env::var_os("UPDATE_DOCS").is_some(),
        "docs/configuration.md is behind; run: UPDATE_DOCS=1 cargo test config::explain"
    );
    assert_eq!(reference_table("nothing"), None);
}

#[test]
fn the_examples_of_the_documents_are_sound() {
    for name in ["configuration.md", "getting-started.md"] {
        let text = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs").join(name)).unwrap();
        let examples: Vec<&str> = text.split("```toml\n").skip(1).filter_map(|rest| rest.split("```").next()).collect();
        assert!(!examples.is_empty(), "{name} has no example");
        for example in examples {
            check_text(example, Path::new("/c")).unwrap_or_else(|error| panic!("{name}: {error}\n{example}"));
        }
    }
}

#[test]
fn names_of_secrets_fit_the_pattern_of_the_contract() {
    let pattern = crate::fact::Pattern::new("**/*{password,secret,token,credential}*").unwrap();
    for text in ["password", "a/token", "a/b/my-credentials", "secret/a", "a/b", "tokens/x/secrets.json"] {
        let key = crate::fact::Key::new(text).unwrap();
        assert_eq!(is_secret_by_name(&key), pattern.matches(&key), "{text}");
    }
}
