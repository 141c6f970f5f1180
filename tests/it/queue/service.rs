//! `serve --install` where systemd does not answer, or is not there at all.

use std::os::unix::fs::symlink;

use crate::support::Sandbox;

/// A directory with nothing of systemd in it, for PATH.
fn without_systemctl(sandbox: &Sandbox) -> String {
    let bin = sandbox.path("bin");
    std::fs::create_dir_all(&bin).unwrap();
    symlink("/bin/sh", bin.join("sh")).unwrap();
    bin.display().to_string()
}

#[test]
fn without_systemctl_the_unit_is_written_and_the_rest_is_said() {
    let sandbox = Sandbox::new();
    let path = without_systemctl(&sandbox);
    let run = |args: &[&str]| {
        let mut command = sandbox.stellar_command(args);
        command.env("PATH", &path).env("XDG_DATA_HOME", sandbox.path("my data"));
        crate::support::Ran::of(command)
    };
    assert!(run(&["serve", "--status"]).expect(0).stdout.contains("not installed"));
    let installed = run(&["serve", "--install", "--data-dir", "/tmp/a b/100%"]).expect(0).stdout;
    assert!(
        installed.contains("systemctl is not here") && installed.contains("systemctl --user enable --now stellar.service"),
        "{installed}"
    );
    let unit = std::fs::read_to_string(sandbox.path(".config/systemd/user/stellar.service")).unwrap();
    assert!(unit.contains("--data-dir \"/tmp/a b/100%%\" serve"), "{unit}");
    assert!(unit.contains("my data\"") && unit.contains("Restart=on-failure"), "{unit}");
    let status = run(&["serve", "--status", "--json"]).expect(0);
    assert_eq!((status.lines()[0]["action"].as_str(), status.payloads()[0]["installed"].as_bool()), (Some("core.app.service"), Some(true)));
    // Ours is written over, and taken away.
    run(&["serve", "--install"]).expect(0);
    assert!(run(&["serve", "--uninstall"]).expect(0).stdout.contains("is removed"));
    assert!(!sandbox.path(".config/systemd/user/stellar.service").exists());
    assert!(run(&["serve", "--uninstall"]).expect(0).stdout.contains("there is no"));
}

#[test]
fn a_unit_of_somebody_else_is_left_alone() {
    let sandbox = Sandbox::new();
    let path = without_systemctl(&sandbox);
    let unit = sandbox.write(".config/systemd/user/stellar.service", "[Service]\nExecStart=/bin/true\n");
    for flag in ["--install", "--uninstall"] {
        let mut command = sandbox.stellar_command(&["serve", flag, "--json"]);
        command.env("PATH", &path);
        assert_eq!(crate::support::Ran::of(command).expect(1).error_code(), "not_our_unit");
    }
    assert_eq!(std::fs::read_to_string(unit).unwrap(), "[Service]\nExecStart=/bin/true\n");
    let both = sandbox.stellar(&["serve", "--install", "--uninstall", "--json"]).expect(2);
    assert_eq!(both.error_code(), "usage");
}

#[test]
fn a_profile_has_a_unit_of_its_own() {
    let sandbox = Sandbox::new();
    let path = without_systemctl(&sandbox);
    sandbox.write(".config/stellar/profiles/work.toml", "");
    let mut command = sandbox.stellar_command(&["serve", "--install", "--profile", "work"]);
    command.env("PATH", &path);
    crate::support::Ran::of(command).expect(0);
    let unit = std::fs::read_to_string(sandbox.path(".config/systemd/user/stellar-work.service")).unwrap();
    assert!(unit.contains("--profile work serve"), "{unit}");
}
