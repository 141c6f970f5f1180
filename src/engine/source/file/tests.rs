//! Real files in temporary directories.

use std::{fs, time::Duration};

use tempfile::TempDir;

use super::{
    fingerprint::Stat,
    load::{MAX_DIRECTORY, MAX_FILE},
    *,
};
use crate::{
    config::SourceKind,
    engine::source::support::{self, lines},
};

/// A clock that stands an hour ahead of every file written here, so that no mtime is too young to be trusted.
struct Later;

impl Clock for Later {
    fn now(&self) -> Timestamp {
        crate::engine::world::SystemClock::shared().now().plus(Duration::from_secs(3600))
    }
    fn monotonic(&self) -> Duration {
        Duration::ZERO
    }
}

fn source(path: &Path, change: impl FnOnce(&mut SourceConfig)) -> FileSource {
    let file = FileConfig { path: path.to_path_buf(), depth: 0 };
    let mut config = support::config("git", SourceKind::File(file));
    change(&mut config);
    let SourceKind::File(file) = config.kind.clone() else { panic!("a file") };
    FileSource::new(&config, &file, Arc::new(Later)).unwrap()
}

fn dir(files: &[(&str, &str)]) -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    for (name, text) in files {
        fs::write(dir.path().join(name), text).unwrap();
    }
    dir
}

async fn error_of(path: &Path) -> SourceError {
    source(path, |_| ()).fetch().await.unwrap_err()
}

#[tokio::test]
async fn files_of_a_directory_are_merged_and_add_no_segment() {
    let dir = dir(&[
        ("a.json", r#"{"service":{"checkout":{"replicas":3}}}"#),
        ("b.toml", "[service.cart]\nreplicas = 2\nsince = 2026-01-05T10:00:00Z\n"),
        ("c.yaml", "service:\n  mail: {replicas: 1, tags: [x, y, no]}\n"),
        ("notes.txt", "not mine"),
        (".hidden.json", "broken"),
    ]);
    let fetched = source(dir.path(), |config| config.prefix = "prod".to_owned()).fetch().await.unwrap();
    let expected = [
        "prod/service/cart/replicas=2",
        "prod/service/cart/since=\"2026-01-05T10:00:00Z\"",
        "prod/service/checkout/replicas=3",
        "prod/service/mail/replicas=1",
        "prod/service/mail/tags=[\"x\",\"y\",\"no\"]",
    ];
    assert_eq!(lines(&fetched), expected);
    assert!(fetched.complete && !fetched.unchanged && fetched.bytes > 0);
    assert!(fetched.items.iter().all(|item| item.changed_by().is_some() && item.version().is_some()));
}

#[tokio::test]
async fn nothing_there_and_nothing_in_it_are_two_things() {
    let dir = dir(&[]);
    let fetched = source(dir.path(), |_| ()).fetch().await.unwrap();
    assert!(fetched.complete && fetched.items.is_empty());
    let error = error_of(&dir.path().join("facts")).await;
    assert_eq!(error.code, "not_found");
    assert!(error.message.contains("facts"), "{error}");
}

#[tokio::test]
async fn a_key_in_two_files_names_both() {
    let dir = dir(&[("a.json", r#"{"x":{"y":1}}"#), ("b.toml", "[x]\ny = 1\n")]);
    let error = error_of(dir.path()).await;
    assert_eq!(error.code, "duplicate_member");
    assert!(error.message.contains("x/y") && error.message.contains("a.json") && error.message.contains("b.toml"), "{error}");
}

#[tokio::test]
async fn a_bad_file_is_named_with_its_line() {
    let table: [(&str, &[u8], &str, &str); 11] = [
        ("a.json", b"{\n \"x\": 1,\n}", "not_json", "line 3"),
        ("a.json", b"{\"x\":1,\"x\":2}", "duplicate_member", "line 1"),
        ("a.json", b"{\"x\":\"\xff\"}", "not_utf8", "line 1"),
        ("a.json", b"", "not_json", "empty"),
        ("a.toml", b"x = 1\ny = \n", "not_json", "line 2"),
        ("a.toml", b"x = nan\n", "not_json", "NaN"),
        ("a.toml", b"x = -inf\n", "not_json", "infinite"),
        ("a.toml", b"x = 1\nx = 2\n", "duplicate_member", "line 2"),
        ("a.yaml", b"x: 1\ny: [1\n", "not_json", "line"),
        ("a.yaml", b"x: 1\nx: 2\n", "duplicate_member", "line 2"),
        ("a.yaml", b"x: \xff\n", "not_utf8", "line 1"),
    ];
    for (name, bytes, code, part) in table {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join(name), bytes).unwrap();
        let error = error_of(dir.path()).await;
        assert_eq!(error.code, code, "{error}");
        assert!(error.message.contains(name) && error.message.contains(part), "{error}");
    }
}

#[tokio::test]
async fn an_untouched_file_is_unchanged_and_a_touched_one_is_not() {
    let dir = dir(&[("a.json", r#"{"x":1}"#)]);
    let path = dir.path().join("a.json");
    let source = source(dir.path(), |_| ());
    assert_eq!(lines(&source.fetch().await.unwrap()), ["x=1"]);
    let again = source.fetch().await.unwrap();
    assert!(again.unchanged && again.complete && again.items.is_empty());
    assert_eq!(again.bytes, 0, "it was not read again");

    let stamp = fs::metadata(&path).unwrap().modified().unwrap() + Duration::from_secs(5);
    fs::File::options().write(true).open(&path).unwrap().set_modified(stamp).unwrap();
    let touched = source.fetch().await.unwrap();
    assert!(touched.unchanged && touched.bytes == 7, "read again, the digest is the same");

    fs::write(&path, r#"{"x":2}"#).unwrap();
    assert_eq!(lines(&source.fetch().await.unwrap()), ["x=2"]);
    fs::write(dir.path().join("b.json"), r#"{"y":1}"#).unwrap();
    assert_eq!(lines(&source.fetch().await.unwrap()), ["x=2", "y=1"]);
    fs::remove_file(&path).unwrap();
    assert_eq!(lines(&source.fetch().await.unwrap()), ["y=1"]);
    source.forget();
    assert_eq!(lines(&source.fetch().await.unwrap()), ["y=1"], "everything again after forgetting");
}

#[tokio::test]
async fn what_is_to_be_forgotten_while_a_file_is_made_into_facts_is() {
    let dir = dir(&[("a.json", r#"{"x":1}"#)]);
    let source = source(dir.path(), |_| ());
    for (forgets, expected) in [(true, false), (false, true)] {
        let Ok(Seen::New { files, prints, bytes, forgotten }) = source.inner.look() else { panic!("it is new") };
        if forgets {
            source.forget();
        }
        assert_eq!(lines(&source.inner.make(&files, prints, bytes, forgotten).unwrap()), ["x=1"]);
        assert_eq!(matches!(source.inner.look(), Ok(Seen::Unchanged(_))), expected);
    }
}

#[tokio::test]
async fn how_much_there_is_to_read_is_known_before() {
    let dir = dir(&[("a.json", r#"{"x":1}"#), ("b.json", r#"{"y":22}"#), ("c.txt", "nothing")]);
    let source = source(dir.path(), |_| ());
    assert_eq!(source.ahead().unwrap().await, 15);
    source.fetch().await.unwrap();
    assert_eq!(source.ahead().unwrap().await, 0, "it did not move");
    fs::write(dir.path().join("b.json"), r#"{"y":222}"#).unwrap();
    assert_eq!(source.ahead().unwrap().await, 16);
    fs::remove_dir_all(dir.path()).unwrap();
    assert_eq!(source.ahead().unwrap().await, 0, "the fetch says what is wrong");
}

#[tokio::test]
async fn a_file_that_was_bad_in_between_is_told_again() {
    let dir = dir(&[("a.json", r#"{"x":1}"#)]);
    let path = dir.path().join("a.json");
    let source = source(&path, |_| ());
    source.fetch().await.unwrap();
    fs::write(&path, "{").unwrap();
    assert!(source.fetch().await.is_err());
    fs::write(&path, r#"{"x":1}"#).unwrap();
    let fetched = source.fetch().await.unwrap();
    assert!(!fetched.unchanged, "the failure is over, so the answer is told in full");
}

#[test]
fn a_young_mtime_vouches_for_nothing() {
    let file = tempfile::NamedTempFile::new().unwrap();
    let stat = Stat::of(&file.as_file().metadata().unwrap());
    let changed = stat.changed_at().unwrap();
    let print = |after: u64| Print { stat, digest: blake3::hash(b""), read_at: changed.plus(Duration::from_millis(after)) };
    let now = changed.plus(Duration::from_secs(60));
    assert!(!print(500).vouches_for(&stat, now), "a second write may hide in the same step of the file system's clock");
    assert!(print(2500).vouches_for(&stat, now));
    assert!(!print(2500).vouches_for(&stat, changed), "a clock that was set back vouches for nothing");
}

#[tokio::test]
async fn what_is_too_large_or_no_file_is_refused_unread() {
    let dir = dir(&[("notes.txt", "x")]);
    let path = dir.path().join("big.json");
    fs::File::create(&path).unwrap().set_len(MAX_FILE + 1).unwrap();
    assert_eq!(error_of(&path).await.code, "too_large");
    assert_eq!(error_of(&dir.path().join("notes.txt")).await.code, "unsupported");
    assert_eq!(error_of(Path::new("/dev/null")).await.code, "unsupported");
    for number in 0..5 {
        fs::File::create(dir.path().join(format!("{number}.json"))).unwrap().set_len(MAX_DIRECTORY / 5 + 1).unwrap();
    }
    fs::remove_file(&path).unwrap();
    assert_eq!(error_of(dir.path()).await.code, "too_large");
}

#[tokio::test]
async fn claims_depth_and_maps_hold_for_files_too() {
    let dir = dir(&[("a.json", r#"{"host":{"name":"x"},"service":{"a":{"n":1}},"a\u0007b":1}"#)]);
    let fetched = source(dir.path(), |_| ()).fetch().await.unwrap();
    assert_eq!(lines(&fetched), ["service/a/n=1"]);
    assert!(!fetched.complete, "a name that makes no key was left out");
    assert_eq!(fetched.skipped.iter().filter(|left| left.is_refused_key()).map(|left| left.count).sum::<u64>(), 2);

    let fetched = source(dir.path(), |config| {
        config.maps = vec![support::map("", "replicas/{$.service.a.n}", "$.service")];
    });
    assert_eq!(lines(&fetched.fetch().await.unwrap()), [r#"replicas/1={"a":{"n":1}}"#]);
}
