//! Compose files: what should run. The environment of a service is never taken.

use serde_json::Value as Json;

use super::{
    block::{Block, segment},
    signal::Signal,
    suggestion::Suggestion,
};

/// Settings of a service that are worth a fact, by where they stand in it.
const TAKEN: [&str; 5] = ["image", "deploy/replicas", "scale", "restart", "ports"];

pub(super) fn detect(signal: &Signal) -> Vec<Suggestion> {
    let Some(path) = signal.path() else { return Vec::new() };
    let Some(Json::Object(services)) = signal.body.get("services") else { return Vec::new() };
    let is_service = |service: &Json| service.get("image").is_some() || service.get("build").is_some();
    if services.is_empty() || !services.values().any(is_service) {
        return Vec::new();
    }
    let project = segment(signal.word("/name").unwrap_or(&signal.home()));
    let prefix = format!("compose/{project}");
    let there = |taken: &&&str| services.values().any(|service| service.pointer(&format!("/{taken}")).is_some());
    let keys: Vec<String> = TAKEN.iter().filter(there).map(|taken| format!("{prefix}/services/*/{taken}")).collect();
    if keys.is_empty() {
        return Vec::new();
    }
    let name = signal.file_name();
    let is_usual = name.starts_with("compose.") || name.starts_with("docker-compose.");
    let has_environment = services.values().any(|service| service.get("environment").is_some() || service.get("secrets").is_some());
    let block = Block::file(&format!("compose-{project}"), path).text("role", "declared").text("prefix", &prefix).texts("keys", &keys);
    let found = block
        .suggest("compose", signal, if is_usual { 0.95 } else { 0.75 })
        .because(if is_usual { "file_name" } else { "shape_only" })
        .because_if(is_usual, "shape")
        .because("declared")
        .because_if(has_environment, "secrets_left_out");
    vec![found]
}
