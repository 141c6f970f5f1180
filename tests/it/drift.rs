//! What is generated into `docs/` is what the code says. `STELLAR_BLESS=1 cargo test` writes it anew.

use std::{collections::BTreeSet, fs, path::PathBuf};

fn docs(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("docs").join(name)
}

fn is_blessing() -> bool {
    std::env::var_os("STELLAR_BLESS").is_some()
}

/// Compares a generated file with what stands on disk, or writes it when blessing.
fn check(name: &str, generated: &str) {
    let path = docs(name);
    if is_blessing() {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, generated).unwrap();
    }
    let written = fs::read_to_string(&path).unwrap_or_default();
    assert!(written == generated, "docs/{name} is not what the code says; STELLAR_BLESS=1 cargo test writes it anew");
}

#[test]
fn the_action_reference_is_up_to_date() {
    check("actions.md", &stellar::action::actions_markdown());
}

#[test]
fn the_schemas_are_up_to_date_and_none_is_left_over() {
    let mut names = BTreeSet::new();
    for (name, schema) in stellar::wire::schemas() {
        check(&format!("schema/{name}.json"), &(serde_json::to_string_pretty(&schema).unwrap() + "\n"));
        names.insert(format!("{name}.json"));
    }
    for entry in fs::read_dir(docs("schema")).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        assert!(names.contains(&name), "docs/schema/{name} is of nothing; remove it");
    }
}
