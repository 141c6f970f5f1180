//! Key files and keyslots that are not as they should be: a sentence each, exit 1, nothing changed.

use std::{
    fs::{self, Permissions},
    os::unix::fs::PermissionsExt as _,
    path::PathBuf,
};

use crate::support::Sandbox;

fn made() -> (Sandbox, PathBuf) {
    let sandbox = Sandbox::new();
    sandbox.stellar(&["list"]).expect(0);
    let mut files: Vec<_> = fs::read_dir(sandbox.path(".local/state/stellar/keys")).expect("keys").flatten().collect();
    assert_eq!(files.len(), 1);
    let file = files.remove(0).path();
    (sandbox, file)
}

/// The data directory without the lock, which names its last holder.
fn unlocked(sandbox: &Sandbox) -> Vec<(PathBuf, Vec<u8>)> {
    sandbox.data_files().into_iter().filter(|(path, _)| path.file_name().is_some_and(|name| name != "lock")).collect()
}

#[test]
fn each_wrong_key_file_is_named_with_its_fault_and_nothing_changes() {
    let (sandbox, file) = made();
    let key = fs::read(&file).expect("the key");
    let before = unlocked(&sandbox);
    let put = |bytes: &[u8], mode| {
        fs::write(&file, bytes).expect("a key file");
        fs::set_permissions(&file, Permissions::from_mode(mode)).expect("its mode");
    };
    let refused = |words: &str| {
        for command in [&["list", "--json"][..], &["cache", "verify", "--json"], &["cache", "rekey", "--json"]] {
            let ran = sandbox.stellar(command).expect(1);
            assert_eq!(ran.error_code(), "key_unavailable");
            assert!(ran.stderr.contains(words) && ran.stderr.contains(".key"), "{command:?}: {}", ran.stderr);
        }
        assert!(sandbox.stellar(&["doctor"]).expect(1).stdout.contains(words) || words.contains("open to others"));
        assert!(unlocked(&sandbox) == before, "{words}: something changed");
    };
    put(&key[..31], 0o600);
    refused("holds 31 bytes instead of exactly 32");
    put(&[&key[..], b"\n"].concat(), 0o600);
    refused("holds more than 32 bytes instead of exactly 32");
    put(&key, 0o644);
    refused("is open to others (mode 0644)");
    put(&[9; 32], 0o600);
    refused("is not the one this cache was made with");
    fs::remove_file(&file).expect("gone");
    refused("is missing");
    assert!(!file.exists(), "it is never made anew");
    put(&key, 0o600);
    sandbox.stellar(&["list", "--offline"]).expect(0);
}

#[test]
fn either_copy_of_the_keyslots_is_enough_and_the_other_is_healed() {
    let (sandbox, _) = made();
    for name in ["keyslots", "keyslots.copy"] {
        let path = sandbox.data_dir().join(name);
        let whole = fs::read(&path).expect("keyslots");
        fs::write(&path, &whole[..20]).expect("damage");
        let ran = sandbox.stellar(&["list", "--offline", "--json"]).expect(0);
        assert!(ran.stderr.contains("one of the two copies of the keyslots was damaged"), "{}", ran.stderr);
        assert!(!ran.payloads().is_empty(), "what was cached is there");
        assert_eq!(fs::read(&path).expect("healed"), whole);
        assert_eq!(sandbox.stellar(&["list", "--offline"]).expect(0).stderr, "", "said once");
    }
    let aside = sandbox.stellar(&["cache", "damaged", "list", "--json"]).expect(0).payloads();
    assert_eq!(aside.len(), 2, "what was damaged is not deleted: {aside:?}");
}

#[test]
fn verify_tells_damage_and_says_what_it_found() {
    let (sandbox, _) = made();
    let whole = sandbox.stellar(&["cache", "verify", "--json"]).expect(0).payloads();
    assert!(whole[0]["checked"].as_u64().is_some_and(|checked| checked > 5), "{whole:?}");
    assert_eq!((&whole[0]["damaged"], &whole[0]["wrong_key"], &whole[0]["complete"]), (&0.into(), &0.into(), &true.into()));
    assert!(sandbox.stellar(&["cache", "verify"]).expect(0).stdout.contains("records are whole"));
}

#[test]
fn status_and_doctor_say_what_the_key_protects_against() {
    let (sandbox, file) = made();
    for command in [&["cache", "status"][..], &["doctor"]] {
        let said = sandbox.stellar(command).expect(0).stdout;
        assert!(said.contains("not against who can read the key file too") && said.contains(&*file.to_string_lossy()), "{said}");
    }
    let status = sandbox.stellar(&["cache", "status", "--json"]).expect(0).payloads().remove(0);
    assert_eq!((&status["key"]["kind"], &status["key"]["data_key"]), (&"auto".into(), &1.into()), "{status}");
}
