//! Files that are made to hurt.

use std::{fs, os::unix::fs::symlink, time::Duration};

use super::{super::*, detector};
use crate::{engine::world::SimClock, fact::Timestamp};

async fn look(home: &tempfile::TempDir) -> Detection {
    detector().detect(home.path().to_str().unwrap(), false).await.unwrap()
}

fn reasons(found: &Detection) -> Vec<&str> {
    found.left_out.iter().map(|(reason, _)| reason.as_str()).collect()
}

#[tokio::test]
async fn what_is_huge_binary_linked_or_no_file_is_left_out_with_a_reason() {
    let home = tempfile::tempdir().unwrap();
    let outside = tempfile::tempdir().unwrap();
    fs::write(outside.path().join("package.json"), r#"{"name":"outside","version":"1"}"#).unwrap();
    symlink(outside.path(), home.path().join("away")).unwrap();
    symlink(outside.path().join("package.json"), home.path().join("package.json")).unwrap();
    symlink(home.path(), home.path().join("circle")).unwrap();
    fs::File::create(home.path().join("huge.json")).unwrap().set_len(walk::MAX_FILE + 1).unwrap();
    fs::write(home.path().join("binary.yaml"), b"a: \0\x01").unwrap();
    fs::write(home.path().join("latin.toml"), b"a = \"\xe9\"").unwrap();
    fs::write(home.path().join("a\u{1b}[2J\u{202e}.json"), r#"{"name":"x"}"#).unwrap();
    assert!(std::process::Command::new("mkfifo").arg(home.path().join("pipe.json")).status().unwrap().success());
    let deep = (0..20).fold(home.path().join("down"), |path, _| path.join("d"));
    fs::create_dir_all(&deep).unwrap();
    fs::write(deep.join("package.json"), r#"{"name":"deep","version":"1"}"#).unwrap();
    fs::create_dir_all(home.path().join("node_modules/x")).unwrap();
    fs::write(home.path().join("node_modules/x/package.json"), r#"{"name":"x","version":"1"}"#).unwrap();
    let found = look(&home).await;
    assert_eq!(found.suggestions, [], "{found:#?}");
    let reasons = reasons(&found);
    for reason in [
        "larger than",
        "binary",
        "not UTF-8",
        "characters that no configuration",
        "neither a file",
        "symbolic link",
        "levels down",
        "other people's files",
    ] {
        assert!(reasons.iter().any(|one| one.contains(reason)), "{reason}: {reasons:?}");
    }
    assert_eq!(found.left_out.iter().find(|(reason, _)| reason.contains("symbolic")).unwrap().1, 3);
}

#[tokio::test]
async fn bombs_of_yaml_and_of_depth_are_refused_at_once() {
    let mut bomb = String::from("a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
    for level in 1..30 {
        let one = format!("*a{}", level - 1);
        bomb.push_str(&format!("a{level}: &a{level} [{}]\n", [one.as_str(); 10].join(", ")));
    }
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    let home = tempfile::tempdir().unwrap();
    fs::write(home.path().join("bomb.yaml"), bomb).unwrap();
    fs::write(home.path().join("deep.json"), &deep).unwrap();
    fs::write(home.path().join("deep.yaml"), &deep).unwrap();
    fs::write(home.path().join("deep.toml"), format!("a = {deep}")).unwrap();
    let found = look(&home).await;
    assert_eq!((found.suggestions.len(), found.left_out.len()), (0, 4), "{found:#?}");
}

#[tokio::test]
async fn a_place_that_is_none_is_said() {
    let home = tempfile::tempdir().unwrap();
    let missing = home.path().join("no\u{1b}thing");
    assert!(matches!(detector().detect(missing.to_str().unwrap(), false).await, Err(DetectError::Missing(_))));
    assert!(matches!(detector().detect("/dev/null", false).await, Err(DetectError::Unreadable(..))));
    assert!(matches!(detector().detect("", false).await, Err(DetectError::Missing(_))));
    // Nobody but root is kept out by a mode.
    if !rustix::process::geteuid().is_root() {
        use std::os::unix::fs::PermissionsExt as _;
        let closed = home.path().join("closed.json");
        fs::write(&closed, "{}").unwrap();
        fs::set_permissions(&closed, fs::Permissions::from_mode(0o000)).unwrap();
        assert_eq!(reasons(&look(&home).await), ["it may not be read"]);
    }
}

#[tokio::test]
async fn hostile_names_inside_a_document_stay_inside_their_quotes() {
    let home = tempfile::tempdir().unwrap();
    let name = "x\"\n[[source]]\nname = \"evil\"\nkind = \"exec\"\ncommand = [\"rm\"]\n{$.a}\u{202e}";
    let package = serde_json::json!({"name": name, "version": "1", "dependencies": {name: "1"}});
    fs::write(home.path().join("package.json"), package.to_string()).unwrap();
    let compose = serde_json::json!({"name": name, "services": {name: {"image": "a"}}});
    fs::write(home.path().join("compose.json"), compose.to_string()).unwrap();
    let found = look(&home).await;
    assert_eq!(found.suggestions.len(), 2, "{found:#?}");
    for suggestion in &found.suggestions {
        let config = crate::config::check_text(&suggestion.block, std::path::Path::new("/")).unwrap();
        assert_eq!(config.sources.len(), 1, "{}", suggestion.block);
        assert!(matches!(config.sources[0].kind, crate::config::SourceKind::File(_)));
    }
}

#[tokio::test]
async fn what_did_not_change_is_remembered_for_a_quarter_of_an_hour() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("package.json");
    fs::write(&path, r#"{"name":"a","version":"1"}"#).unwrap();
    let target = path.to_str().unwrap();
    // A day ahead of the file: what has just been written could change again within the same tick.
    let day = Duration::from_hours(24);
    let real = crate::engine::world::SystemClock::shared().now();
    let clock = Arc::new(SimClock::new(real));
    let detector = Detector::new("/nowhere".into(), Arc::clone(&clock) as Arc<dyn crate::engine::world::Clock>);
    for _ in 0..2 {
        assert_eq!(detector.detect(target, false).await.unwrap().remembered, 0, "too new to be sure");
    }
    clock.jump_to(Timestamp::from_millis(real.as_millis() + i64::try_from(day.as_millis()).unwrap()));
    let first = detector.detect(target, false).await.unwrap();
    let again = detector.detect(target, false).await.unwrap();
    assert_eq!((first.remembered, again.remembered), (0, 1));
    assert_eq!(first.suggestions, again.suggestions);
    fs::write(&path, r#"{"name":"other","version":"1"}"#).unwrap();
    let changed = detector.detect(target, false).await.unwrap();
    assert_eq!((changed.remembered, changed.suggestions[0].name.as_str()), (0, "package-other"));
    assert_eq!(detector.detect(target, false).await.unwrap().remembered, 1);
    clock.advance(memory::KEEP);
    assert_eq!(detector.detect(target, false).await.unwrap().remembered, 0);
}
