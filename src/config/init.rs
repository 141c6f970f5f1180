//! The file that `config init` writes: every setting with its default and a word on it, all commented out.
//!
//! A line that begins with `# ` is prose; one that begins with `#` and anything else is a setting, which taking the `#` away turns on.
//! Taken away everywhere, the file is a sound configuration.

use std::{
    io,
    path::{Path, PathBuf},
};

use super::{
    file::{create, make_dir},
    problem::clean,
    setting::Fallback,
    settings::{SETTINGS, TABLES},
};

/// Why the file was not written.
#[derive(Debug, thiserror::Error)]
pub enum InitError {
    /// There is one already; it is never overwritten.
    #[error("{} is already there and was left as it is. Move it away first, or edit it.", clean(&.0.display().to_string()))]
    Exists(PathBuf),
    /// It cannot be written.
    #[error("{} cannot be written: {error}.", clean(&path.display().to_string()))]
    Io {
        /// Where.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
}

/// Writes the file, 0600, with its directory, 0700.
///
/// # Errors
/// [`InitError::Exists`] when anything is there already.
pub fn write_init(path: &Path) -> Result<(), InitError> {
    let failed = |error: io::Error| match error.kind() {
        io::ErrorKind::AlreadyExists => InitError::Exists(path.to_owned()),
        _ => InitError::Io { path: path.to_owned(), error },
    };
    if let Some(dir) = path.parent() {
        make_dir(dir).map_err(|error| InitError::Io { path: dir.to_owned(), error })?;
    }
    create(path, init_text().as_bytes()).map_err(failed)
}

/// The text of the file.
#[must_use]
pub fn init_text() -> String {
    let mut text = String::from(OPENING);
    for (table, about) in TABLES.iter().filter(|(table, _)| !table.starts_with("source") && *table != "key") {
        if !table.is_empty() {
            text.push_str(&format!("\n# {about}\n[{table}]\n"));
        }
        for spec in SETTINGS.iter().filter(|spec| spec.table == *table) {
            let (value, mark) = match spec.fallback {
                Fallback::Value(value) => (value, if spec.key == "version" { "" } else { "#" }),
                Fallback::Nothing(value) | Fallback::Required(value) | Fallback::Depends(_, value) => (value, "#"),
            };
            text.push_str(&format!("# {} Takes: {}.\n{mark}{} = {value}\n", spec.doc, spec.takes, spec.key));
        }
    }
    text.push_str(SOURCES);
    text
}

const OPENING: &str = "\
# Configuration of Stellar. Every setting stands here with its default; take the # away before one to change it.
# `stellar config check` says what is wrong with this file; `stellar config show` says what is in force and why.
# Durations: 250ms 30s 15m 24h 7d. Sizes: 64KiB 256MiB. Relative paths start in the directory of this file.
# Secrets stay outside: env:NAME file:PATH keyring:NAME.

";

const SOURCES: &str = r##"
# Where facts come from: one [[source]] each. With none of them Stellar watches this host.

# This machine: two readings for each fact.
#[[source]]
#name = "host"
#kind = "host"
#interval = "5s"

# A file, or a directory of *.json *.toml *.yaml; watched.
#[[source]]
#name = "git"
#kind = "file"
#path = "facts/"
# What it says is wanted, not what is: where it differs the fact drifts.
#role = "declared"
# Without a map: how deep objects are taken apart; 0 is all the way.
#depth = 0
# Put before every key.
#prefix = ""
# What it may claim.
#keys = ["service/**"]
# A JSON or TOML file may take changes.
#writable = false
#enabled = true

# An HTTP API that answers JSON.
#[[source]]
#name = "cluster"
#kind = "http"
#url = "http://127.0.0.1:8080/services"
#headers = { Authorization = "env:CLUSTER_TOKEN" }
#tls = { ca = "ca.pem", cert = "me.pem", key = "file:me.key" }
#proxy = ""
#interval = "30s"
#timeout = "5s"
#ttl = "15m"
#next = "$.next"
#apdex_target = "200ms"
#trust = 0.7
#authority = false
#[[source.map]]
#items = "$.items[*]"
#key = "service/{$.name}/replicas"
#value = "$.replicas"
#at = "$.sampled_at"
#changed = "$.updated_at"
# How one key is fetched on demand.
#[[source.read]]
#match = "service/*/replicas"
#url = "http://127.0.0.1:8080/services/{1}"
#value = "$.replicas"
# How a change is sent. With one of these the source takes changes.
#[[source.write]]
#match = "service/*/replicas"
#method = "PUT"
#url = "http://127.0.0.1:8080/services/{1}/replicas"
#body = "{value}"

# A command. No shell; it runs in the directory of this file.
#[[source]]
#name = "kubectl"
#kind = "exec"
#command = ["kubectl", "get", "deploy", "-A", "-o", "json"]
#format = "json"
#env = ["KUBECONFIG"]
#interval = "60s"
#max_output = "4MiB"
#[[source.map]]
#items = "$.items[*]"
#key = "service/{$.metadata.namespace}/{$.metadata.name}/replicas"
#value = "$.spec.replicas"
#[[source.write]]
#match = "service/*/*/replicas"
#command = ["kubectl", "-n", "{1}", "scale", "deploy/{2}", "--replicas={value}"]

# A Prometheus server.
#[[source]]
#name = "prom"
#kind = "prometheus"
#url = "http://127.0.0.1:9090"
#[[source.query]]
#expr = "kube_deployment_status_replicas_ready"
#key = "service/{namespace}/{deployment}/replicas"

# Rules for the keys of a pattern; the first that matches counts.
#[[key]]
#match = "service/**"
#schema = { type = "integer", minimum = 0 }
# Who decides when values differ: auto ask newest merge prefer:SOURCE.
#policy = "auto"
# How far numbers may be apart and be the same: 0.5, or "2%".
#tolerance = 0
#trim = false
#ignore_case = false
#unordered = false
# JSON pointers left out of comparison.
#ignore = []
#unit = ""
#ttl = "5m"
#half_life = "1h"
#write_to = "cluster"
# A secret is masked and never exported.
#class = "internal"
"##;
