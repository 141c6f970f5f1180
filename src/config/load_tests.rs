//! Layers, places, rights and trust, on real files in temporary directories.

use std::{
    collections::BTreeMap,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
};

use super::*;

/// A home with nothing in it.
struct Home {
    dir: tempfile::TempDir,
    env: BTreeMap<&'static str, String>,
}

impl Home {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let env = BTreeMap::from([("HOME", dir.path().display().to_string())]);
        Self { dir, env }
    }

    fn set(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.env.insert(name, value.into());
        self
    }

    fn path(&self, below: &str) -> PathBuf {
        self.dir.path().join(below)
    }

    fn write(&self, below: &str, text: &str) -> PathBuf {
        let path = self.path(below);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, text).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
        path
    }

    fn load(&self, change: impl FnOnce(&mut LoadRequest<'_>)) -> Result<Loaded, ConfigError> {
        let env = |name: &str| self.env.get(name).cloned();
        let mut request = LoadRequest::new(&env);
        change(&mut request);
        load(&request)
    }
}

const CONFIG: &str = ".config/stellar/config.toml";

#[test]
fn without_anything_this_host_is_watched_and_nothing_is_written() {
    let home = Home::new();
    let loaded = home.load(|_| {}).unwrap();
    assert_eq!(loaded.config.sources.len(), 1);
    assert_eq!(loaded.config.sources[0].kind, SourceKind::Host);
    assert!(loaded.config.trusted);
    assert_eq!(loaded.dirs.config_file, None);
    assert_eq!(loaded.dirs.expected_config_file, home.path(CONFIG));
    assert_eq!(loaded.dirs.data_dir, home.path(".local/share/stellar"));
    assert_eq!(loaded.dirs.state_dir, home.path(".local/state/stellar"));
    assert_eq!(loaded.dirs.runtime_dir, home.path(".local/state/stellar/run"));
    assert_eq!(loaded.watched, [home.path(CONFIG)]);
    assert_eq!(std::fs::read_dir(home.dir.path()).unwrap().count(), 0);
}

#[test]
fn variables_of_the_xdg_rules_move_the_places_unless_they_are_relative() {
    let home = Home::new()
        .set("XDG_CONFIG_HOME", "/x/c")
        .set("XDG_DATA_HOME", "/x/d")
        .set("XDG_STATE_HOME", "relative")
        .set("XDG_RUNTIME_DIR", "/run/u");
    let dirs = home.load(|_| {}).unwrap().dirs;
    assert_eq!(dirs.config_dir, Path::new("/x/c/stellar"));
    assert_eq!(dirs.data_dir, Path::new("/x/d/stellar"));
    assert_eq!(dirs.state_dir, home.path(".local/state/stellar"));
    assert_eq!(dirs.socket_path.parent(), Some(Path::new("/run/u/stellar")));
    let name = dirs.socket_path.file_name().unwrap().to_str().unwrap();
    assert!(name.len() == 21 && name.ends_with(".sock") && name[..16].bytes().all(|byte| byte.is_ascii_hexdigit()), "{name}");
}

#[test]
fn the_socket_has_one_name_before_and_after_the_data_directory_is_made() {
    let home = Home::new();
    let real = home.path("real");
    std::fs::create_dir(&real).unwrap();
    std::os::unix::fs::symlink(&real, home.path("link")).unwrap();
    let name = |dir: PathBuf| home.load(|request| request.overrides.data_dir = Some(dir)).unwrap().dirs.socket_path;
    let before = name(home.path("link/data"));
    std::fs::create_dir(real.join("data")).unwrap();
    assert_eq!(name(home.path("link/data")), before);
    assert_eq!(name(home.path("real/data")), before);
    assert_ne!(name(home.path("real/other")), before);
}

#[test]
fn a_path_too_long_for_a_socket_falls_back_and_says_so() {
    let long = format!("/{}", "x".repeat(100));
    let home = Home::new().set("XDG_RUNTIME_DIR", &long);
    let loaded = home.load(|_| {}).unwrap();
    assert_eq!(loaded.dirs.runtime_dir, home.path(".local/state/stellar/run"));
    assert!(loaded.notes[0].contains("XDG_RUNTIME_DIR is too long"), "{:?}", loaded.notes);
    let home = home.set("XDG_STATE_HOME", &long);
    let loaded = home.load(|_| {}).unwrap();
    assert!(loaded.dirs.runtime_dir.starts_with("/tmp"), "{:?}", loaded.dirs);
    assert!(loaded.dirs.socket_path.as_os_str().len() < 104);
    assert_eq!(loaded.notes.len(), 1);
}

#[test]
fn without_a_home_it_says_what_to_set() {
    let home = Home::new().set("HOME", "");
    let error = home.load(|_| {}).unwrap_err();
    assert_eq!(error.code(), "no_home");
    assert!(error.to_string().contains("HOME is not set to an absolute path"), "{error}");
    let home = home.set("XDG_CONFIG_HOME", "/c").set("XDG_STATE_HOME", "/s").set("XDG_DATA_HOME", "/d");
    assert!(home.load(|_| {}).is_ok());
}

#[test]
fn a_flag_wins_over_a_variable_and_that_over_the_file() {
    // file, variable, flag, what is in force, from where
    type Row = (&'static str, Option<&'static str>, Option<&'static str>, &'static str, &'static str);
    let rows: [Row; 6] = [
        ("", None, None, "sre", "default"),
        ("[app]\npersona = \"operator\"", None, None, "operator", "FILE:2"),
        ("[app]\npersona = \"operator\"", Some("secops"), None, "secops", "env STELLAR_PERSONA"),
        ("[app]\npersona = \"operator\"", Some(""), None, "operator", "FILE:2"),
        ("[app]\npersona = \"operator\"", Some("secops"), Some("sre"), "sre", "flag --persona"),
        ("", None, Some("platform-engineer"), "platform-engineer", "flag --persona"),
    ];
    for (file, variable, flag, value, origin) in rows {
        let mut home = Home::new();
        let path = home.write(CONFIG, file);
        if let Some(variable) = variable {
            home = home.set("STELLAR_PERSONA", variable);
        }
        let loaded = home.load(|request| request.overrides.persona = flag.map(str::to_owned)).unwrap();
        assert_eq!(loaded.config.app.persona, value);
        assert_eq!(loaded.origins.of("app.persona").to_string().replace(&path.display().to_string(), "FILE"), origin);
    }
    let home = Home::new().set("STELLAR_THEME", "high-contrast").set("STELLAR_ACCESSIBILITY", "full").set("STELLAR_LOG_LEVEL", "trace");
    let config = home.load(|_| {}).unwrap().config;
    assert_eq!(
        (config.app.theme.as_str(), config.app.accessibility, config.log.level.as_str()),
        ("high-contrast", AccessibilityMode::Full, "trace")
    );
}

#[test]
fn switches_come_from_flags_and_variables() {
    let on = |name: &'static str, value: &str| Home::new().set(name, value).load(|_| {}).unwrap().switches;
    assert_eq!(on("STELLAR_NOTHING", "1"), Switches::default());
    assert!(on("STELLAR_OFFLINE", "yes").offline && !on("STELLAR_OFFLINE", "0").offline);
    assert!(on("STELLAR_LINEAR", "1").linear && on("TERM", "dumb").linear && !on("TERM", "xterm").linear);
    assert!(on("NO_COLOR", "1").no_color && on("STELLAR_NO_COLOR", "1").no_color);
    assert!(on("STELLAR_REVEAL", "true").reveal && on("STELLAR_PLAIN_BORDERS", "on").plain_borders && on("STELLAR_JSON", "1").json);
    let error = Home::new().set("STELLAR_OFFLINE", "maybe").load(|_| {}).unwrap_err();
    assert_eq!((error.code(), error.to_string().as_str()), ("bad_environment", "STELLAR_OFFLINE is \"maybe\"; it must be 1 or 0."));
    let loaded = Home::new().load(|request| request.overrides.switches.offline = true).unwrap();
    assert!(loaded.switches.offline);
    assert_eq!(loaded.origins.of("offline").to_string(), "flag --offline");
}

#[test]
fn mistakes_of_every_layer_are_told_together() {
    let home = Home::new().set("STELLAR_PERSONA", "boss").set("STELLAR_LINEAR", "2");
    let path = home.write(CONFIG, "[app]\nmouse = 3\n");
    let error = home.load(|request| request.overrides.log_level = Some("loud".to_owned())).unwrap_err();
    let codes: Vec<&str> = error.problems.iter().map(|problem| problem.code).collect();
    assert_eq!(codes, ["wrong_type", "bad_environment", "bad_flag", "bad_environment"]);
    let text = error.to_string().replace(&path.display().to_string(), "FILE");
    let expected = "FILE:2:9: `app.mouse` is the number 3; it must be true or false.\n\
        STELLAR_PERSONA is \"boss\"; it must be one of: sre operator secops platform-engineer partner-developer assistive-bridge.\n\
        --log-level is \"loud\"; it must be one of: error warn info debug trace.\n\
        STELLAR_LINEAR is \"2\"; it must be 1 or 0.";
    assert_eq!(text, expected);
}

#[test]
fn a_profile_has_a_file_a_store_and_a_state_of_its_own() {
    let home = Home::new();
    let file = home.write(".config/stellar/profiles/work.toml", "[app]\nmouse = false\n");
    let loaded = home.load(|request| request.profile = Some("work".to_owned())).unwrap();
    assert!(!loaded.config.app.mouse && loaded.config.trusted);
    assert_eq!(loaded.dirs.config_file, Some(file));
    assert_eq!(loaded.dirs.data_dir, home.path(".local/share/stellar/profiles/work"));
    assert_eq!(loaded.dirs.state_dir, home.path(".local/state/stellar/profiles/work"));
    let error = home.load(|request| request.profile = Some("wrok".to_owned())).unwrap_err();
    assert!(error.to_string().contains("There is no profile \"wrok\""), "{error}");
    for bad in ["", "../x", "A", "-x", "a b"] {
        let error = home.load(|request| request.profile = Some(bad.to_owned())).unwrap_err();
        assert_eq!(error.code(), "bad_profile", "{bad}");
    }
}

#[test]
fn a_named_file_must_be_there_and_relative_flags_need_a_directory() {
    let home = Home::new();
    let error = home.load(|request| request.config_flag = Some(home.path("no.toml"))).unwrap_err();
    assert_eq!(error.code(), "not_found");
    let error = home.load(|request| request.config_flag = Some("no.toml".into())).unwrap_err();
    assert_eq!(error.code(), "bad_path");
    home.write("here/x.toml", "");
    let loaded = home.load(|request| {
        request.config_flag = Some("./x.toml".into());
        request.current_dir = Some(home.path("here"));
    });
    assert_eq!(loaded.unwrap().dirs.config_file, Some(home.path("here/x.toml")));
}

#[test]
fn a_file_that_others_may_write_is_refused_with_the_command_that_helps() {
    let home = Home::new();
    let path = home.write(CONFIG, "");
    for (mode, code) in [(0o620, "writable_by_others"), (0o602, "writable_by_others"), (0o666, "writable_by_others")] {
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
        let error = home.load(|_| {}).unwrap_err();
        assert_eq!(error.code(), code);
        assert!(error.to_string().contains(&format!("chmod go-w {}", path.display())), "{error}");
    }
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).unwrap();
    assert!(home.load(|_| {}).is_ok());
}

#[test]
fn bytes_that_are_no_text_and_files_without_end_are_refused() {
    let home = Home::new();
    let path = home.write(CONFIG, "");
    std::fs::write(&path, b"[app]\n# \xc3\xa9\xff\n").unwrap();
    let error = home.load(|_| {}).unwrap_err();
    assert_eq!((error.problems[0].code, error.problems[0].line, error.problems[0].column), ("not_utf8", 2, 4));
    std::fs::write(&path, vec![b'#'; (1 << 20) + 1]).unwrap();
    assert_eq!(home.load(|_| {}).unwrap_err().code(), "too_large");
    std::fs::write(&path, "\u{feff}[app]\nmouse = false\n").unwrap();
    assert!(!home.load(|_| {}).unwrap().config.app.mouse);
}

#[test]
fn a_file_from_elsewhere_is_trusted_only_as_it_was_when_it_was_trusted() {
    let home = Home::new();
    let file = home.write("elsewhere/c.toml", "[app]\nmouse = false\n");
    let trusted = || home.load(|request| request.config_flag = Some(file.clone())).unwrap();
    let before = trusted();
    assert!(!before.config.trusted);
    assert!(before.notes.iter().any(|note| note.contains("stellar config trust")), "{:?}", before.notes);
    let state = before.dirs.state_dir.clone();
    assert!(!state.exists(), "loading writes nothing");

    let digest = trust_file(&state, &file).unwrap();
    assert_eq!(digest, before.config.digest);
    let after = trusted();
    assert!(after.config.trusted && after.notes.is_empty());
    let record = state.join("trusted.json");
    assert_eq!(std::fs::metadata(&record).unwrap().permissions().mode() & 0o777, 0o600);

    // A second file does not take the first one's trust away, nor does a copy have it.
    let other = home.write("elsewhere/d.toml", "");
    trust_file(&state, &other).unwrap();
    assert!(trusted().config.trusted);
    let copy = home.write("elsewhere/copy.toml", "[app]\nmouse = false\n");
    assert!(!home.load(|request| request.config_flag = Some(copy.clone())).unwrap().config.trusted);

    home.write("elsewhere/c.toml", "[app]\nmouse = false\n#\n");
    assert!(!trusted().config.trusted, "an edited file loses trust");
    trust_file(&state, &file).unwrap();
    assert!(trusted().config.trusted);

    std::fs::set_permissions(&record, std::fs::Permissions::from_mode(0o666)).unwrap();
    assert!(!trusted().config.trusted, "a record that anybody may write says nothing");
    std::fs::write(&record, "{").unwrap();
    assert!(matches!(trust_file(&state, &file), Err(TrustError::Record { .. })));
}

#[test]
fn trust_is_not_given_to_what_others_may_write() {
    let home = Home::new();
    let file = home.write("c.toml", "");
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o666)).unwrap();
    assert!(matches!(trust_file(&home.path("state"), &file), Err(TrustError::File(_))));
    assert!(matches!(trust_file(&home.path("state"), &home.path("no.toml")), Err(TrustError::File(_))));
}

#[test]
fn a_path_that_only_begins_like_the_config_directory_is_elsewhere() {
    let home = Home::new();
    home.write(CONFIG, "");
    for (path, trusted) in
        [(".config/stellar/other.toml", true), (".config/stellar-evil/c.toml", false), (".config/stellar/../c.toml", false)]
    {
        let file = home.write(path, "");
        assert_eq!(home.load(|request| request.config_flag = Some(file)).unwrap().config.trusted, trusted, "{path}");
    }
    // The user's own link in the config directory, as dotfile managers make them.
    let real = home.write("dotfiles/c.toml", "");
    std::os::unix::fs::symlink(real, home.path(".config/stellar/link.toml")).unwrap();
    let file = home.path(".config/stellar/link.toml");
    assert!(home.load(|request| request.config_flag = Some(file)).unwrap().config.trusted);
}

#[test]
fn a_bad_edit_is_an_error_and_the_next_good_one_loads() {
    let home = Home::new();
    home.write(CONFIG, "[app]\nmouse = false\n");
    let first = home.load(|_| {}).unwrap();
    home.write(CONFIG, "[app]\nmouse = \n");
    assert_eq!(home.load(|_| {}).unwrap_err().problems[0].line, 2);
    home.write(CONFIG, "[app]\nmouse = true\n");
    let third = home.load(|_| {}).unwrap();
    assert!(!first.config.app.mouse && third.config.app.mouse);
    assert_ne!(first.config.digest, third.config.digest);
}

#[test]
fn schemas_are_read_when_the_file_is_and_watched_with_it() {
    let home = Home::new();
    home.write(CONFIG, "[[key]]\nmatch = \"a/**\"\nschema = \"file:schemas/a.json\"\n");
    let schema = home.write(".config/stellar/schemas/a.json", r#"{"type": "integer"}"#);
    let loaded = home.load(|_| {}).unwrap();
    assert_eq!(loaded.config.rules[0].schema.as_ref().unwrap().as_json_text(), r#"{"type":"integer"}"#);
    assert_eq!(loaded.watched, [home.path(CONFIG), schema.clone()]);
    std::fs::write(&schema, "secret words, not JSON").unwrap();
    let error = home.load(|_| {}).unwrap_err();
    assert_eq!((error.code(), error.problems[0].line), ("bad_schema", 3));
    assert!(!error.to_string().contains("secret words"), "{error}");
}

#[test]
fn built_in_rules_come_after_those_of_the_file() {
    let home = Home::new();
    home.write(CONFIG, "[[key]]\nmatch = \"host/load/*\"\n");
    let rule = crate::fact::KeyRule::new(crate::fact::Pattern::new("host/**").unwrap());
    let loaded = home.load(|request| request.builtin_rules = vec![rule.clone()]).unwrap();
    assert_eq!(loaded.config.rules.len(), 2);
    assert_eq!(loaded.config.rules[1], rule);
}
