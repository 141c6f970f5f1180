//! Kubernetes manifests: what should run. Nothing of a `Secret` or of a `ConfigMap`'s data is taken.

use serde_json::Value as Json;

use super::{
    block::{Block, segment},
    signal::{Signal, word},
    suggestion::Suggestion,
};

/// Objects of one file that are looked at.
const MOST: usize = 40;

/// Numbers and texts that are worth a fact: the segment and the member of `spec`.
const TAKEN: [(&str, &str); 5] = [
    ("replicas", "replicas"),
    ("schedule", "schedule"),
    ("min-replicas", "minReplicas"),
    ("max-replicas", "maxReplicas"),
    ("type", "type"),
];

/// An object and how a path gets to it.
struct Object<'a> {
    body: &'a Json,
    items: String,
    kind: &'a str,
    name: &'a str,
    namespace: &'a str,
}

pub(super) fn detect(signal: &Signal) -> Vec<Suggestion> {
    let Some(path) = signal.path() else { return Vec::new() };
    let objects = objects(&signal.body);
    let (secret, plain): (Vec<Object<'_>>, Vec<Object<'_>>) = objects.into_iter().partition(|object| object.kind == "Secret");
    let Some(first) = plain.first() else { return Vec::new() };
    let mut block = Block::file(&format!("k8s-{}", first.name), path).text("role", "declared");
    for object in plain.iter().take(MOST) {
        block = take(block, object);
    }
    let left_out = !secret.is_empty() || plain.iter().any(|object| object.kind == "ConfigMap");
    let found = block
        .suggest("kubernetes", signal, 0.9)
        .because("shape")
        .because("declared")
        .because_if(left_out, "secrets_left_out")
        .because_if(plain.len() > MOST, "operations_left_out");
    vec![found]
}

fn objects(body: &Json) -> Vec<Object<'_>> {
    let (list, root) = match (body, body.get("items")) {
        (Json::Array(documents), _) => (documents, "$"),
        (_, Some(Json::Array(items))) if word(body, "/kind").is_some_and(|kind| kind.ends_with("List")) => (items, "$.items"),
        _ => return object(body, String::new()).into_iter().collect(),
    };
    let mut found: Vec<Object<'_>> = Vec::new();
    for one in list {
        let Some(mut object) = object(one, String::new()) else { continue };
        let space = match word(one, "/metadata/namespace") {
            Some(space) => format!("@.metadata.namespace=='{space}'"),
            None => "!@.metadata.namespace".to_owned(),
        };
        object.items = format!("{root}[?@.kind=='{}' && @.metadata.name=='{}' && {space}]", object.kind, object.name);
        // Two of one name would claim each other's keys.
        if !found.iter().any(|other| other.items == object.items) {
            found.push(object);
        }
    }
    found
}

fn object(body: &Json, items: String) -> Option<Object<'_>> {
    let is_name = |text: &&str| text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_'));
    word(body, "/apiVersion")?;
    let kind = word(body, "/kind").filter(is_name)?;
    let name = word(body, "/metadata/name").filter(is_name)?;
    let namespace = word(body, "/metadata/namespace").unwrap_or("default");
    is_name(&namespace).then_some(Object { body, items, kind, name, namespace })
}

fn take(mut block: Block, object: &Object<'_>) -> Block {
    let kind = object.kind.to_ascii_lowercase();
    let key = format!("kube/{}/{kind}/{}", segment(object.namespace), segment(object.name));
    let spec = object.body.get("spec");
    let mut taken = 0;
    for (name, member) in TAKEN {
        if spec.and_then(|spec| spec.get(member)).is_some_and(|value| value.is_number() || value.is_string()) {
            block = block.map(&object.items, &format!("{key}/{name}"), &format!("$.spec.{member}"));
            taken += 1;
        }
    }
    for (way, pointer) in [("spec.template.spec", "/spec/template/spec/containers"), ("spec", "/spec/containers")] {
        let Some(Json::Array(containers)) = object.body.pointer(pointer) else { continue };
        if !containers.is_empty() && containers.iter().all(|one| word(one, "/name").is_some() && word(one, "/image").is_some()) {
            let root = if object.items.is_empty() { "$" } else { object.items.as_str() };
            block = block.map(&format!("{root}.{way}.containers[*]"), &format!("{key}/{{$.name}}/image"), "$.image");
            taken += 1;
        }
    }
    if taken == 0 {
        block = block.map(&object.items, &format!("{key}/api-version"), "$.apiVersion");
    }
    block
}
