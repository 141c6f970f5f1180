//! Changes of real files: what stays, what is refused, and what a crash at any point leaves.

use std::{fs, os::unix::fs::PermissionsExt as _};

use tempfile::TempDir;

use super::*;
use crate::{
    config::SourceKind,
    engine::{
        source::support::{self, change, short},
        world::SystemClock,
    },
    fact::Base,
};

fn source(path: &Path, shape: impl FnOnce(&mut SourceConfig, &mut FileConfig)) -> FileSource {
    let mut file = FileConfig { path: path.to_path_buf(), depth: 0 };
    let mut config = support::config("git", SourceKind::Host);
    config.writable = true;
    shape(&mut config, &mut file);
    config.kind = SourceKind::File(file.clone());
    FileSource::new(&config, &file, SystemClock::shared()).unwrap()
}

fn dir(files: &[(&str, &str)]) -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    for (name, text) in files {
        fs::write(dir.path().join(name), text).unwrap();
    }
    dir
}

/// Both halves, as the queue goes through them.
async fn deliver(source: &FileSource, change: &Change) -> String {
    match source.prepare(change).unwrap().await {
        Err(outcome) => short(&outcome),
        Ok(prepared) => short(&source.deliver(&intending(change, prepared)).unwrap().await),
    }
}

fn intending(change: &Change, prepared: Prepared) -> Change {
    Change { intended: Some(prepared.digest), ..change.clone() }
}

fn names(dir: &TempDir) -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(dir.path()).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

const JSON: &str = "{\n  \"service\": {\n    \"cart\": { \"replicas\": 2 },\n    \"mail\": {}\n  },\n  \"note\": \"by hand\"\n}\n";

#[tokio::test]
async fn json_and_toml_keep_everything_else() {
    let dir = dir(&[("a.json", JSON), ("b.toml", "# ours\n[web]\nport = 80 # plain\n")]);
    let source = source(dir.path(), |config, _| config.prefix = "prod".to_owned());
    let read = |name: &str| fs::read_to_string(dir.path().join(name)).unwrap();
    assert_eq!(deliver(&source, &change("prod/service/cart/replicas", Some("2"), "5")).await, "accepted guarded confirmed");
    assert_eq!(read("a.json"), JSON.replace("\"replicas\": 2", "\"replicas\": 5"));
    assert_eq!(deliver(&source, &change("prod/web/port", Some("80"), "8080")).await, "accepted guarded confirmed");
    assert_eq!(read("b.toml"), "# ours\n[web]\nport = 8080 # plain\n");
    assert_eq!(
        deliver(&source, &change("prod/service/mail/replicas", None, "1")).await,
        "accepted guarded confirmed",
        "a new key goes where most of its way is"
    );
    assert!(read("a.json").contains("\"mail\": {\n      \"replicas\": 1\n    }"), "{}", read("a.json"));
    assert_eq!(deliver(&source, &change("prod/web/tls/on", None, "true")).await, "accepted guarded confirmed");
    assert_eq!(read("b.toml"), "# ours\n[web]\nport = 8080 # plain\n\n[web.tls]\non = true\n");
    assert_eq!(names(&dir), ["a.json", "b.toml"], "nothing else is left behind");
    let key = Key::new("prod/service/mail/replicas").unwrap();
    assert_eq!(source.reread(&key).unwrap().await.unwrap().unwrap().as_json_text(), "1");
}

#[tokio::test]
async fn a_base_that_moved_is_left_alone() {
    let dir = dir(&[("a.json", "{\"x\":1}")]);
    let source = source(&dir.path().join("a.json"), |_, _| ());
    assert_eq!(deliver(&source, &change("x", Some("2"), "3")).await, "moved to 1");
    assert_eq!(deliver(&source, &change("x", None, "3")).await, "moved to 1");
    assert_eq!(deliver(&source, &change("y", Some("2"), "3")).await, "moved to nothing");
    assert_eq!(deliver(&source, &change("x", Some("7"), "1")).await, "accepted guarded confirmed", "it is there already");
    assert_eq!(fs::read_to_string(dir.path().join("a.json")).unwrap(), "{\"x\":1}");
    let blind = Change { base: Base::Unknown, ..change("x", None, "3") };
    assert_eq!(deliver(&source, &blind).await, "accepted guarded confirmed");
}

#[tokio::test]
async fn what_cannot_be_done_is_refused_with_a_sentence() {
    let dir = dir(&[
        ("a.json", r#"{"x":{"y":1},"deep":{"n":{"m":1}}}"#),
        ("b.json", r#"{"z":{"y":1}}"#),
        ("c.yaml", "w: 1\n"),
        ("d.toml", "t = 1\n"),
    ]);
    let table: [(&str, Option<&str>, &str, u32, &str); 10] = [
        ("w", Some("1"), "2", 0, "YAML files are read-only"),
        ("t", Some("1"), "null", 0, "TOML has no null"),
        ("t", Some("1"), "18446744073709551616", 0, "would not be what is there"),
        ("new", None, "1", 0, "no file has this key"),
        ("x/y/q", None, "1", 0, "no object stands where a member"),
        ("x", None, "1", 0, "facts below this one"),
        ("x/y", Some("1"), "{\"a\":1}", 0, "read as several facts"),
        ("x/y/q", None, "1", 2, "part of a value"),
        ("deep/n", Some("{\"m\":1}"), "3", 2, ""),
        ("x/%41", None, "1", 0, "no member can have a name"),
    ];
    for (key, base, value, depth, part) in table {
        let source = source(dir.path(), |_, file| file.depth = depth);
        let outcome = deliver(&source, &change(key, base, value)).await;
        if part.is_empty() {
            assert_eq!(outcome, "accepted guarded confirmed", "{key}: with a depth an object is one value");
        } else {
            assert!(outcome.starts_with("refused: ") && outcome.contains(part), "{key}: {outcome}");
        }
    }
    assert_eq!(fs::read_to_string(dir.path().join("a.json")).unwrap(), r#"{"x":{"y":1},"deep":{"n":3}}"#);
    let yaml = source(&dir.path().join("c.yaml"), |_, _| ());
    assert!(!yaml.writes(&Key::new("w").unwrap()) && yaml.deliver(&change("w", None, "1")).is_none());
    let closed = source(dir.path(), |config, _| config.writable = false);
    assert!(!closed.writes(&Key::new("t").unwrap()) && closed.prepare(&change("t", None, "1")).is_none());
}

#[tokio::test]
async fn a_file_that_is_not_there_or_is_broken_charges_what_it_should() {
    let dir = dir(&[("a.json", "{\"x\":")]);
    let outcome = deliver(&source(&dir.path().join("a.json"), |_, _| ()), &change("x", None, "1")).await;
    assert!(outcome.starts_with("poison: ") && outcome.contains("a.json"), "{outcome}");
    let gone = source(&dir.path().join("mount/a.json"), |_, _| ());
    assert_eq!(deliver(&gone, &change("x", None, "1")).await, "unavailable: not_found");
}

#[tokio::test]
async fn the_place_a_map_reads_is_the_place_that_is_changed() {
    let text = "{\"list\": [\n  {\"name\": \"a/b\", \"n\": [1]},\n  {\"name\": \"c\", \"n\": [2]},\n  {\"name\": \"c\", \"n\": [3]}\n]}";
    let dir = dir(&[("a.json", text), ("b.toml", "[[list]]\nname = \"d\"\nn = [4] # four\n")]);
    let source = source(dir.path(), |config, _| config.maps = vec![support::map("$.list[*]", "n/{$.name}", "$.n[0]")]);
    assert_eq!(deliver(&source, &change("n/a%2Fb", Some("1"), "7")).await, "accepted guarded confirmed");
    assert_eq!(fs::read_to_string(dir.path().join("a.json")).unwrap(), text.replace("[1]", "[7]"));
    assert_eq!(deliver(&source, &change("n/d", Some("4"), "5")).await, "accepted guarded confirmed");
    assert_eq!(fs::read_to_string(dir.path().join("b.toml")).unwrap(), "[[list]]\nname = \"d\"\nn = [5] # four\n");
    assert!(deliver(&source, &change("n/c", Some("2"), "5")).await.contains("more than once"));
    assert!(deliver(&source, &change("n/new", None, "5")).await.starts_with("refused: "));
}

#[tokio::test]
async fn killed_between_the_halves_it_is_done_once() {
    let dir = dir(&[("a.json", "{\"x\":1}")]);
    let path = dir.path().join("a.json");
    let wanted = change("x", Some("1"), "2");
    let first = source(&path, |_, _| ());
    let prepared = first.prepare(&wanted).unwrap().await.unwrap();
    assert_eq!(fs::read_to_string(&path).unwrap(), "{\"x\":1}", "preparing touches nothing");
    drop(first);
    let after = source(&path, |_, _| ());
    let again = after.prepare(&wanted).unwrap().await.unwrap();
    assert_eq!(prepared, again, "worked out again it is the same");
    let intended = intending(&wanted, prepared);
    assert_eq!(short(&after.deliver(&intended).unwrap().await), "accepted guarded confirmed");
    let inode = std::os::unix::fs::MetadataExt::ino(&fs::metadata(&path).unwrap());
    // Killed after the rename, before anybody knew: the file has the intended digest, so it is done and not done again.
    let restarted = source(&path, |_, _| ());
    assert_eq!(short(&restarted.deliver(&intended).unwrap().await), "accepted guarded confirmed");
    assert_eq!(inode, std::os::unix::fs::MetadataExt::ino(&fs::metadata(&path).unwrap()));
    // Even when somebody set it back since, which is a change of theirs: the base holds, and the digest says what to write.
    fs::write(&path, "{\"x\":3}").unwrap();
    assert_eq!(short(&restarted.deliver(&intended).unwrap().await), "moved to 3");
}

#[tokio::test]
async fn what_is_no_longer_as_prepared_is_prepared_again() {
    let dir = dir(&[("a.json", "{\"x\":1,\"y\":1}")]);
    let path = dir.path().join("a.json");
    let source = source(&path, |_, _| ());
    let (one, two) = (change("x", Some("1"), "2"), change("y", Some("1"), "2"));
    let (first, second) = (source.prepare(&one).unwrap().await.unwrap(), source.prepare(&two).unwrap().await.unwrap());
    assert_eq!(short(&source.deliver(&intending(&one, first)).unwrap().await), "accepted guarded confirmed");
    let second = intending(&two, second);
    assert_eq!(short(&source.deliver(&second).unwrap().await), "unprepared", "the file is another one now");
    assert_eq!(short(&source.deliver(&two).unwrap().await), "unprepared", "nothing is written that was not journalled");
    assert_eq!(deliver(&source, &two).await, "accepted guarded confirmed");
    assert_eq!(fs::read_to_string(&path).unwrap(), "{\"x\":2,\"y\":2}");
    assert_eq!(names(&dir), ["a.json"]);
}

#[tokio::test]
async fn many_changes_of_one_file_at_once_all_arrive() {
    let members: Vec<String> = (0..24).map(|n| format!("\"k{n}\":0")).collect();
    let dir = dir(&[("a.json", &format!("{{{}}}", members.join(",")))]);
    let source = source(&dir.path().join("a.json"), |_, _| ());
    let send = async |n: usize| {
        let mut wanted = change(&format!("k{n}"), Some("0"), &n.to_string());
        wanted.id = format!("id-{n}").into();
        while deliver(&source, &wanted).await != "accepted guarded confirmed" {}
    };
    futures_util::future::join_all((1..24).map(send)).await;
    let expected: Vec<String> = (0..24).map(|n| format!("\"k{n}\":{n}")).collect();
    assert_eq!(fs::read_to_string(dir.path().join("a.json")).unwrap(), format!("{{{}}}", expected.join(",")));
    assert_eq!(names(&dir), ["a.json"]);
}

#[tokio::test]
async fn links_and_modes_stay_what_they_are() {
    let dir = dir(&[("real.json", "{\"x\":1}")]);
    let (real, link) = (dir.path().join("real.json"), dir.path().join("sub/link.json"));
    fs::create_dir(dir.path().join("sub")).unwrap();
    std::os::unix::fs::symlink("../real.json", &link).unwrap();
    fs::set_permissions(&real, fs::Permissions::from_mode(0o640)).unwrap();
    assert_eq!(deliver(&source(&link, |_, _| ()), &change("x", Some("1"), "2")).await, "accepted guarded confirmed");
    assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
    assert_eq!(fs::read_to_string(&real).unwrap(), "{\"x\":2}");
    assert_eq!(fs::metadata(&real).unwrap().permissions().mode() & 0o7777, 0o640);
    assert_eq!(names(&dir), ["real.json", "sub"]);

    fs::hard_link(&real, dir.path().join("twin.json")).unwrap();
    let outcome = deliver(&source(&real, |_, _| ()), &change("x", Some("2"), "3")).await;
    assert!(outcome.starts_with("refused: ") && outcome.contains("hard links"), "{outcome}");
    fs::remove_file(dir.path().join("twin.json")).unwrap();

    fs::set_permissions(&real, fs::Permissions::from_mode(0o440)).unwrap();
    let outcome = deliver(&source(&real, |_, _| ()), &change("x", Some("2"), "3")).await;
    // Whoever may write everything, may write this.
    let expected = if rustix::process::geteuid().is_root() { "accepted" } else { "denied: " };
    assert!(outcome.starts_with(expected), "{outcome}");
}

#[tokio::test]
async fn what_a_crash_left_beside_is_no_obstacle_and_no_trap() {
    let dir = dir(&[("a.json", "{\"x\":1}"), ("precious", "untouched")]);
    let path = dir.path().join("a.json");
    let wanted = change("x", Some("1"), "2");
    let source = source(&path, |_, _| ());
    let prepared = source.prepare(&wanted).unwrap().await.unwrap();
    let plan = source.inner.plan(std::slice::from_ref(&wanted)).plans.remove(0).unwrap();
    let beside = replace::beside(&plan.path, &wanted).unwrap().1;
    std::os::unix::fs::symlink(dir.path().join("precious"), &beside).unwrap();
    assert_eq!(short(&source.deliver(&intending(&wanted, prepared)).unwrap().await), "accepted guarded confirmed");
    assert_eq!(fs::read_to_string(dir.path().join("precious")).unwrap(), "untouched");
    assert_eq!((fs::read_to_string(&path).unwrap().as_str(), names(&dir).len()), ("{\"x\":2}", 2));
}

/// Both halves of several, as the queue goes through them.
async fn deliver_all(source: &FileSource, changes: &[Change]) -> Vec<String> {
    let prepared = source.prepare_all(changes).unwrap().await;
    let mut told: Vec<String> = prepared.iter().map(|one| one.as_ref().map_or_else(short, |_| String::new())).collect();
    let going: Vec<usize> = (0..changes.len()).filter(|at| prepared[*at].is_ok()).collect();
    let sent: Vec<Change> = going.iter().map(|at| intending(&changes[*at], prepared[*at].clone().unwrap())).collect();
    for (at, outcome) in going.iter().zip(source.deliver_all(&sent).unwrap().await) {
        told[*at] = short(&outcome);
    }
    told
}

#[tokio::test]
async fn several_changes_of_one_file_are_one_and_each_has_its_own_outcome() {
    let dir = dir(&[("a.json", "{\n  \"svc\": { \"x\": 1, \"y\": 2, \"z\": 3 }\n}\n"), ("b.toml", "# ours\nport = 80 # plain\n")]);
    let source = source(dir.path(), |_, _| ());
    let read = |name: &str| fs::read_to_string(dir.path().join(name)).unwrap();
    let changes = [
        change("svc/x", Some("1"), "10"),
        change("svc/y", Some("7"), "20"),
        change("port", Some("80"), "8080"),
        change("svc/z", Some("3"), "3"),
        change("svc/w", None, "{\"a\": {\"b\": 1}}"),
        change("svc/z/deep", None, "1"),
        change("svc/v", None, "true"),
    ];
    let taken = "accepted guarded confirmed";
    let told = deliver_all(&source, &changes).await;
    assert_eq!([&*told[0], &told[2], &told[3], &told[6]], [taken; 4], "{told:?}");
    assert_eq!(told[1], "moved to 2");
    assert_eq!([&*told[4], &told[5]], ["unprepared"; 2], "what does not go with those before it is tried again without them");
    let json = read("a.json");
    assert!(json.starts_with("{\n  \"svc\": { \"x\": 10, \"y\": 2, \"z\": 3,") && json.contains("\"v\": true }\n}\n"), "{json}");
    assert_eq!(read("b.toml"), "# ours\nport = 8080 # plain\n");
    assert_eq!(names(&dir), ["a.json", "b.toml"]);
    for at in [4, 5] {
        assert!(deliver_all(&source, &changes[at..=at]).await[0].starts_with("refused: "), "alone it has its answer");
    }
}

#[tokio::test]
async fn several_are_put_in_place_at_one_stroke_or_not_at_all() {
    let dir = dir(&[("a.json", "{\"x\":1,\"y\":2}")]);
    let path = dir.path().join("a.json");
    let source = source(&path, |_, _| ());
    let changes = [change("x", Some("1"), "10"), change("y", Some("2"), "20")];
    let prepared = source.prepare_all(&changes).unwrap().await;
    let digest = |at: usize| prepared[at].as_ref().unwrap().digest.clone();
    assert_eq!(digest(0), digest(1), "one content, one digest");
    let intended: Vec<Change> = (0..2).map(|at| intending(&changes[at], prepared[at].clone().unwrap())).collect();
    // Somebody writes between the halves: nothing of it is made, and nothing of theirs is lost.
    fs::write(&path, "{\"x\":1,\"y\":2,\"theirs\":3}").unwrap();
    let told: Vec<String> = source.deliver_all(&intended).unwrap().await.iter().map(short).collect();
    assert!(told.iter().all(|one| one.starts_with("unprepared")), "{told:?}");
    assert_eq!(fs::read_to_string(&path).unwrap(), "{\"x\":1,\"y\":2,\"theirs\":3}");
    // One that is taken out of the middle was never intended so: nothing is made either.
    let prepared = source.prepare_all(&changes).unwrap().await;
    let alone = intending(&changes[0], prepared[0].clone().unwrap());
    assert!(short(&source.deliver_all(std::slice::from_ref(&alone)).unwrap().await[0]).starts_with("unprepared"));
    // Made and not written down: each finds the digest it intended.
    let intended: Vec<Change> = (0..2).map(|at| intending(&changes[at], prepared[at].clone().unwrap())).collect();
    let first = source.deliver_all(&intended).unwrap().await;
    let again = source.deliver_all(&intended).unwrap().await;
    assert_eq!(first, again);
    assert!(again.iter().all(|one| short(one) == "accepted guarded confirmed"));
    assert_eq!(fs::read_to_string(&path).unwrap(), "{\"x\":10,\"y\":20,\"theirs\":3}");
}
