//! The README's five minutes, run as they stand there.

use std::{fs, os::unix::fs::symlink, path::Path};

use crate::support::{Ran, Sandbox, binary};

/// The commands of the shell blocks after a heading.
fn commands(page: &str, heading: &str) -> String {
    let (_, part) = page.split_once(heading).unwrap_or_else(|| panic!("no {heading}"));
    let part = part.split("\n## ").next().unwrap_or_default();
    part.split("```sh\n").skip(1).filter_map(|block| block.split("```").next()).collect()
}

#[test]
fn the_five_minutes_of_the_readme_do_what_they_say() {
    let readme = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md")).expect("the README");
    let script = commands(&readme, "## Five minutes");
    assert!(script.lines().filter(|line| line.starts_with("stellar ")).count() >= 12, "{script}");
    let sandbox = Sandbox::new();
    let tools = sandbox.path("bin");
    fs::create_dir(&tools).expect("a directory");
    symlink(binary(), tools.join("stellar")).expect("a link");
    let mut command = sandbox.command("sh");
    command.env("PATH", format!("{}:/usr/local/bin:/usr/bin:/bin", tools.display()));
    // A umask that lets the group write is common, and must not spoil the tour.
    command.arg("-c").arg(format!("set -eu\numask 002\n{script}"));
    let ran = Ran::of(command).expect(0);
    let has = |text: &str| assert!(ran.stdout.contains(text), "no {text:?} in\n{}", ran.stdout);
    has("host/load/1m");
    has("freshness");
    has("\"action\":\"core.insight.read\"");
    has("2.6.32");
    has("the platform team");
    has("offline");
    has("\"state\":\"fresh\"");
    let conflict = ran.stdout.lines().find(|line| line.contains("machine/kernel") && line.contains("c-"));
    assert!(conflict.is_some(), "no conflict in\n{}", ran.stdout);
}
