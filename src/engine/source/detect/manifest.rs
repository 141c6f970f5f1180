//! Package manifests: what a package is called, its version, and what it needs.

use serde_json::Value as Json;

use super::{
    block::{Block, segment},
    signal::Signal,
    suggestion::Suggestion,
};

/// A kind of manifest: the file's name, the pointer to the package's name, and what is taken: segment, pointer, JSONPath.
struct Manifest {
    file: &'static str,
    name: &'static str,
    taken: &'static [(&'static str, &'static str, &'static str)],
}

const MANIFESTS: [Manifest; 6] = [
    Manifest {
        file: "Cargo.toml",
        name: "/package/name",
        taken: &[
            ("version", "/package/version", "$.package.version"),
            ("rust-version", "/package/rust-version", "$.package['rust-version']"),
            ("workspace-version", "/workspace/package/version", "$.workspace.package.version"),
            ("members", "/workspace/members", "$.workspace.members"),
            ("dependencies", "/dependencies", "$.dependencies"),
        ],
    },
    Manifest {
        file: "package.json",
        name: "/name",
        taken: &[
            ("version", "/version", "$.version"),
            ("node", "/engines/node", "$.engines.node"),
            ("dependencies", "/dependencies", "$.dependencies"),
            ("dev-dependencies", "/devDependencies", "$.devDependencies"),
        ],
    },
    Manifest {
        file: "pyproject.toml",
        name: "/project/name",
        taken: &[
            ("version", "/project/version", "$.project.version"),
            ("python", "/project/requires-python", "$.project['requires-python']"),
            ("dependencies", "/project/dependencies", "$.project.dependencies"),
            ("poetry-version", "/tool/poetry/version", "$.tool.poetry.version"),
            ("build", "/build-system/requires", "$['build-system'].requires"),
        ],
    },
    Manifest {
        file: "go.mod",
        name: "/module",
        taken: &[("module", "/module", "$.module"), ("go", "/go", "$.go"), ("toolchain", "/toolchain", "$.toolchain")],
    },
    Manifest {
        file: "composer.json",
        name: "/name",
        taken: &[("version", "/version", "$.version"), ("php", "/require/php", "$.require.php"), ("dependencies", "/require", "$.require")],
    },
    Manifest {
        file: "Chart.yaml",
        name: "/name",
        taken: &[
            ("version", "/version", "$.version"),
            ("app-version", "/appVersion", "$.appVersion"),
            ("dependencies", "/dependencies", "$.dependencies"),
        ],
    },
];

pub(super) fn detect(signal: &Signal) -> Vec<Suggestion> {
    let Some(path) = signal.path() else { return Vec::new() };
    let Some(manifest) = MANIFESTS.iter().find(|manifest| manifest.file == signal.file_name()) else { return Vec::new() };
    let name = signal.word(manifest.name).map_or_else(|| signal.home(), |name| name.rsplit('/').next().unwrap_or(name).to_owned());
    let first = segment(&name);
    let mut block = Block::file(&format!("package-{first}"), path);
    for (key, pointer, value) in manifest.taken {
        let is_worth = match signal.body.pointer(pointer) {
            // A version inherited from a workspace is no version.
            Some(Json::Object(members)) => !members.is_empty() && *key != "version",
            Some(Json::Null) | None => false,
            Some(_) => true,
        };
        if is_worth {
            block = block.map("", &format!("package/{first}/{key}"), value);
        }
    }
    if manifest.file == "go.mod" && signal.body.pointer("/require/0").is_some() {
        block = block.map("$.require[?@.indirect == false]", &format!("package/{first}/require/{{$.path}}"), "$.version");
    }
    if !block.has_maps() {
        return Vec::new();
    }
    vec![block.suggest("manifest", signal, 0.9).because("file_name").because("shape")]
}
