//! A data directory that is busy, newer, unwritable, full or damaged: one sentence, the stated exit code, nothing lost.

use std::{fs, fs::File};

use super::scene::{Scene, UNDISPUTED};
use crate::support::{Ran, Sandbox};

#[test]
fn a_newer_format_is_refused_by_name_and_left_alone() {
    let scene = Scene::server_alone("");
    scene.sandbox.stellar(&["list"]).expect(0);
    let format = scene.sandbox.data_dir().join("format");
    let old = fs::read_to_string(&format).expect("the format file");
    fs::write(&format, "stellar data format 999\n").expect("a newer format");
    let before = unlocked(&scene.sandbox);
    let ran = scene.sandbox.stellar(&["list", "--json"]).expect(1);
    assert_eq!(ran.error_code(), "store_newer_format");
    assert!(ran.stderr.contains("999"), "{}", ran.stderr);
    assert_eq!(unlocked(&scene.sandbox), before);
    fs::write(&format, old).expect("the old format");
    assert_eq!(scene.sandbox.stellar(&["get", UNDISPUTED, "--offline", "--json"]).expect(0).fact(UNDISPUTED)["value"], 9);
}

#[test]
fn a_busy_directory_without_an_instance_that_answers_is_said() {
    let scene = Scene::server_alone("");
    scene.sandbox.stellar(&["list"]).expect(0);
    let lock = File::options().read(true).write(true).open(scene.sandbox.data_dir().join("lock")).expect("the lock file");
    lock.try_lock().expect("nobody holds it");
    let ran = scene.sandbox.stellar(&["list", "--json"]).expect(1);
    assert_eq!(ran.error_code(), "store_busy");
    assert!(ran.stderr.contains("in use"), "{}", ran.stderr);
    drop(lock);
    scene.sandbox.stellar(&["list", "--offline"]).expect(0);
}

#[test]
fn a_directory_that_cannot_be_made_is_said() {
    let sandbox = Sandbox::new();
    let file = sandbox.write("file", "");
    let below = file.join("data");
    let ran = sandbox.stellar(&["--data-dir", below.to_str().expect("UTF-8"), "list", "--json"]).expect(1);
    assert_eq!(ran.error_code(), "store_unwritable");
    assert!(ran.stderr.contains("file"), "{}", ran.stderr);
}

/// The shell's file size limit stands in for a full disk: every write past it fails, for root too.
#[test]
fn a_disk_that_refuses_to_grow_is_said_and_keeps_what_it_has() {
    let scene = Scene::server_alone("");
    scene.sandbox.stellar(&["list"]).expect(0);
    let fresh = Sandbox::new();
    let limited = |sandbox: &Sandbox, args: &str| {
        let mut command = sandbox.command("sh");
        command.arg("-c").arg(format!("trap '' XFSZ; ulimit -f 0; exec \"$0\" {args}")).arg(crate::support::binary());
        Ran::of(command)
    };
    assert_eq!(limited(&fresh, "list --json").expect(1).error_code(), "store_unwritable");
    limited(&scene.sandbox, "refresh --json");
    assert_eq!(scene.sandbox.stellar(&["get", UNDISPUTED, "--offline", "--json"]).expect(0).fact(UNDISPUTED)["value"], 9);
}

#[test]
fn a_damaged_cache_is_moved_aside_and_fetched_again() {
    let scene = Scene::server_alone("");
    scene.sandbox.stellar(&["list"]).expect(0);
    for (path, bytes) in scene.sandbox.data_files() {
        if path.components().any(|part| part.as_os_str() == "cache") {
            fs::write(path, vec![0xa5; bytes.len()]).expect("damage");
        }
    }
    assert_eq!(scene.sandbox.stellar(&["list", "--json"]).expect(0).fact(UNDISPUTED)["value"], 9);
    let damaged = fs::read_dir(scene.sandbox.data_dir().join("damaged")).expect("a place for what was damaged");
    assert!(damaged.count() > 0, "nothing damaged is deleted");
}

#[test]
fn a_lost_key_is_named_and_nothing_is_overwritten() {
    let scene = Scene::server_alone("");
    scene.sandbox.stellar(&["list"]).expect(0);
    let keys = scene.sandbox.path(".local/state/stellar/keys");
    let away = scene.sandbox.path("keys-away");
    fs::rename(&keys, &away).expect("the keys are taken away");
    let before = unlocked(&scene.sandbox);
    let ran = scene.sandbox.stellar(&["list", "--json"]).expect(1);
    assert_eq!(ran.error_code(), "key_unavailable");
    assert!(ran.stderr.contains(".key"), "{}", ran.stderr);
    assert_eq!(unlocked(&scene.sandbox), before);
    let _ = fs::remove_dir_all(&keys);
    fs::rename(&away, &keys).expect("the keys come back");
    assert_eq!(scene.sandbox.stellar(&["get", UNDISPUTED, "--offline", "--json"]).expect(0).fact(UNDISPUTED)["value"], 9);
}

/// What is in the data directory, without the lock, which names its last holder.
fn unlocked(sandbox: &Sandbox) -> Vec<(std::path::PathBuf, Vec<u8>)> {
    sandbox.data_files().into_iter().filter(|(path, _)| path.file_name().is_some_and(|name| name != "lock")).collect()
}
