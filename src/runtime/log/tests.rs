//! What the log says, what it never says, and what its files are like.

use std::{
    collections::BTreeMap,
    fs,
    io::Write,
    os::unix::fs::PermissionsExt as _,
    path::Path,
    sync::{Arc, Mutex},
};

use tracing_subscriber::filter::LevelFilter;

use crate::{
    config::{LoadRequest, load},
    engine::{
        Engine, EngineOptions,
        world::{NoVault, SystemClock, SystemRng},
    },
    runtime::{context::Context, secrets::ProcessSecrets},
    text::is_hostile,
};

use super::{Files, engine_started, engine_stopped, subscriber};

#[derive(Clone, Default)]
struct Kept(Arc<Mutex<Vec<u8>>>);

impl Kept {
    fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

impl Write for Kept {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

fn context(home: &Path, level: &str) -> Context {
    let wiki = home.join("wiki.json");
    fs::write(&wiki, r#"{"marked": {"key": "marked value", "password": "marked secret"}, "other": 1}"#).unwrap();
    let config = home.join("config.toml");
    let broken = home.join("broken.json");
    fs::write(&broken, "{\"marked\u{1b}[31m/half").unwrap();
    let text = format!(
        "[cache]\nbackend = \"memory\"\n[log]\nlevel = {level:?}\n[[source]]\nname = \"wiki\"\nkind = \"file\"\npath = {wiki:?}\n\
         [[source]]\nname = \"broken\"\nkind = \"file\"\npath = {broken:?}\n"
    );
    fs::write(&config, text).unwrap();
    let env: BTreeMap<&str, String> = [("HOME", home.display().to_string())].into();
    let look = |name: &str| env.get(name).cloned();
    let loaded = load(&LoadRequest { config_flag: Some(config), ..LoadRequest::new(&look) }).unwrap();
    Context {
        config: loaded.config.clone(),
        data_dir: loaded.dirs.data_dir.clone(),
        state_dir: loaded.dirs.state_dir.clone(),
        socket: loaded.dirs.socket_path.clone(),
        offline: false,
        user: "anna".to_owned(),
    }
}

/// What is logged while an engine starts, asks both its sources and stops.
fn logged(level: &str) -> String {
    let home = tempfile::tempdir().unwrap();
    let context = context(home.path(), level);
    let kept = Kept::default();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    tracing::subscriber::with_default(subscriber(kept.clone(), level.parse().unwrap()), || {
        runtime.block_on(async {
            let engine = Engine::start(EngineOptions {
                config: Arc::clone(&context.config),
                data_dir: context.data_dir.clone(),
                state_dir: context.state_dir.clone(),
                offline: false,
                polling: false,
                clock: SystemClock::shared(),
                rng: SystemRng::shared(),
                secrets: Arc::new(ProcessSecrets),
                vault: Arc::new(NoVault),
                environment: Arc::default(),
                inline: false,
            })
            .unwrap();
            let handle = engine.handle();
            let _listener = handle.subscribe();
            engine_started(&context, &["a note".to_owned()]);
            handle.refresh(&handle.sources_for(None)).await.unwrap();
            engine_stopped(&engine.shutdown().await);
        });
    });
    kept.text()
}

#[test]
fn what_an_owner_does_is_logged_without_keys_and_values() {
    let log = logged("info");
    for part in
        [" INFO  engine started version=", " config=", " WARN  a note\n", " INFO  refreshed source=wiki keys=3 changed=3 failed=0 ms="]
    {
        assert!(log.contains(part), "{part}\n{log}");
    }
    assert!(log.contains(" WARN  not refreshed source=broken keys=0 ms=") && log.contains(" error=not_json\n"), "{log}");
    assert!(log.ends_with(" INFO  engine stopped\n"), "{log}");
    assert!(!log.contains("marked"), "{log}");
}

#[test]
fn at_debug_it_says_that_it_names_keys_and_still_masks() {
    let log = logged("debug");
    assert_eq!(log.matches("this log names keys and values, because its level is debug").count(), 1, "{log}");
    assert!(log.contains(" DEBUG changed key=marked/key value=\"\\\"marked value\\\"\" state=fresh\n"), "{log}");
    assert!(log.contains(" DEBUG changed key=marked/password state=fresh\n"), "{log}");
    assert!(!log.contains("marked secret"), "{log}");
    assert!(!log.chars().any(|char| is_hostile(char) && char != '\n'), "{log:?}");
}

#[test]
fn no_control_character_reaches_it_and_one_event_is_one_line() {
    let kept = Kept::default();
    let hostile = "a\u{1b}[2J\nb\u{202e}c\u{9b}d\te";
    tracing::subscriber::with_default(subscriber(kept.clone(), LevelFilter::INFO), || {
        tracing::warn!(text = hostile, shown = %hostile, debug = ?hostile, "{hostile}");
        tracing::info!(name = "x level=y", "{}", "z".repeat(100_000));
        tracing::debug!("not at this level");
        tracing::error!(target: "hyper", "not of this program");
    });
    let log = kept.text();
    assert!(!log.chars().any(|char| is_hostile(char) && char != '\n'), "{log:?}");
    assert_eq!(log.lines().count(), 2, "{log}");
    assert!(log.contains("a\\x1b[2J\\nb\\u202ec\\x9bd\\te") && log.len() < 10_000, "{log}");
    assert!(!log.contains("not "), "{log}");
}

#[test]
fn the_files_are_private_and_stay_below_their_size() {
    let home = tempfile::tempdir().unwrap();
    let dir = home.path().join("state/log");
    let mut files = Files::new(dir.clone(), 4_000);
    files.flush().unwrap();
    assert!(!dir.exists(), "nothing is made before the first line");
    let line = format!("{}\n", "x".repeat(99));
    for _ in 0..25 {
        files.write_all(line.as_bytes()).unwrap();
    }
    drop(files);
    // Another process goes on where the first one ended.
    let mut files = Files::new(dir.clone(), 4_000);
    for number in 0..75 {
        files.write_all(format!("{number:0>99}\n").as_bytes()).unwrap();
        let total: u64 = fs::read_dir(&dir).unwrap().map(|entry| entry.unwrap().metadata().unwrap().len()).sum();
        assert!(total <= 4_000, "{total}");
    }
    assert_eq!(fs::metadata(&dir).unwrap().permissions().mode() & 0o777, 0o700);
    let mut names = Vec::new();
    for entry in fs::read_dir(&dir).unwrap().map(Result::unwrap) {
        assert_eq!(entry.metadata().unwrap().permissions().mode() & 0o777, 0o600);
        names.push(entry.file_name().into_string().unwrap());
    }
    names.sort();
    assert_eq!(names, ["stellar-000007.log", "stellar-000008.log", "stellar-000009.log", "stellar.log"]);
    let newest = fs::read_to_string(dir.join("stellar.log")).unwrap();
    assert!(newest.ends_with("74\n") && newest.lines().count() == 10, "{newest}");
}

#[test]
fn a_directory_that_cannot_be_had_is_an_error_not_a_panic() {
    let home = tempfile::tempdir().unwrap();
    fs::write(home.path().join("log"), "a file").unwrap();
    let mut files = Files::new(home.path().join("log"), 4_000);
    assert!(files.write_all(b"line\n").is_err());
}
