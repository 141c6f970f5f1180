//! kubeconfig: which clusters and contexts there are, and a command that asks the cluster. No token, key or certificate is taken.

use serde_json::Value as Json;

use super::{
    block::Block,
    signal::{Signal, word},
    suggestion::Suggestion,
};

pub(super) fn detect(signal: &Signal) -> Vec<Suggestion> {
    let Some(path) = signal.path() else { return Vec::new() };
    if signal.word("/kind") != Some("Config") || signal.body.get("clusters").is_none() || signal.body.get("contexts").is_none() {
        return Vec::new();
    }
    let all = |list: &str, member: &str| {
        let items = signal.body.get(list).and_then(Json::as_array);
        items.is_some_and(|items| {
            !items.is_empty() && items.iter().all(|item| word(item, "/name").is_some() && word(item, member).is_some())
        })
    };
    let mut block = Block::file("kubeconfig", path);
    if signal.word("/current-context").is_some() {
        block = block.map("", "kubeconfig/current-context", "$['current-context']");
    }
    if all("clusters", "/cluster/server") {
        block = block.map("$.clusters[*]", "kubeconfig/cluster/{$.name}/server", "$.cluster.server");
    }
    if all("contexts", "/context/cluster") {
        block = block.map("$.contexts[*]", "kubeconfig/context/{$.name}/cluster", "$.context.cluster");
    }
    let is_usual = matches!(signal.file_name(), "config" | "kubeconfig");
    let mut found = Vec::new();
    if block.has_maps() {
        let named = if is_usual { "file_name" } else { "shape_only" };
        found.push(
            block
                .suggest("kubeconfig", signal, if is_usual { 0.95 } else { 0.85 })
                .because(named)
                .because_if(is_usual, "shape")
                .because("secrets_left_out"),
        );
    }
    let flag = format!("--kubeconfig={}", path.to_string_lossy());
    let asking = Block::exec("kubectl", &["kubectl", flag.as_str(), "get", "deploy", "-A", "-o", "json"]).text("timeout", "10s").map(
        "$.items[*]",
        "service/{$.metadata.namespace}/{$.metadata.name}/replicas",
        "$.spec.replicas",
    );
    found.push(asking.suggest("kubeconfig", signal, 0.5).because("shape").because("runs_kubectl"));
    found
}
