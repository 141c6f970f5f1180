//! The real keyring of a session of its own, where this machine has one: `dbus-run-session` and `gnome-keyring-daemon`.

use std::{path::Path, process::Command};

use crate::support::{Ran, Sandbox, binary};

fn has(program: &str) -> bool {
    ["/usr/bin", "/usr/local/bin", "/bin"].iter().any(|dir| Path::new(dir).join(program).exists())
}

/// Runs a script in a session with an unlocked keyring.
fn in_session(sandbox: &Sandbox, script: &str) -> Command {
    let mut command = sandbox.command("dbus-run-session");
    let unlocked = format!("printf '\\n' | gnome-keyring-daemon --unlock --components=secrets >/dev/null 2>&1; {script}");
    command.args(["--", "sh", "-c", &unlocked]).arg(binary());
    command
}

#[test]
fn the_key_is_kept_in_the_keyring_and_missed_without_it() {
    let sandbox = Sandbox::with_config("[cache]\nkey = \"keyring\"\n");
    let without = sandbox.stellar(&["list", "--json"]).expect(1);
    assert_eq!(without.error_code(), "key_unavailable");
    assert!(without.stderr.contains("the system's keyring, which cannot be reached"), "{}", without.stderr);
    assert!(!sandbox.data_dir().exists(), "nothing was made");
    if !(has("dbus-run-session") && has("gnome-keyring-daemon")) {
        // The rest needs a keyring, and this machine has none; the same steps run over a keyring in memory in the store's own tests.
        return;
    }
    let script = "set -e; \"$0\" list; \"$0\" cache status; \"$0\" cache rekey; \"$0\" list --offline; \"$0\" cache verify";
    let ran = Ran::of(in_session(&sandbox, script)).expect(0);
    assert!(ran.stdout.contains("in the system's keyring") && ran.stdout.contains("data key 2"), "{}\n{}", ran.stdout, ran.stderr);
    assert!(!sandbox.path(".local/state/stellar/keys").exists(), "there is no key file");
    let later = sandbox.stellar(&["list", "--json"]).expect(1);
    assert!(later.stderr.contains("start or unlock it"), "{}", later.stderr);
    // Another session finds it again: the keyring keeps it in the home.
    let again = Ran::of(in_session(&sandbox, "\"$0\" list --offline --json && \"$0\" cache rekey --key auto")).expect(0);
    assert!(again.stdout.contains("host/") && again.stdout.contains("data key 3"), "{}\n{}", again.stdout, again.stderr);
    sandbox.stellar(&["list", "--offline"]).expect(0);
}
