//! Any bytes under any name: a detector answers, and what it suggests is sound.

use std::path::Path;

use proptest::prelude::*;
use serde_json::{Value as Json, json};

use super::{super::*, no_rules};
use crate::{config::check_text, engine::source::exposition};

const NAMES: [&str; 18] = [
    "compose.yaml",
    "a.yml",
    "a.json",
    "a.toml",
    ".kube/config",
    "kubeconfig",
    "prometheus.yml",
    "openapi.json",
    ".env",
    "b.env",
    "Cargo.toml",
    "package.json",
    "pyproject.toml",
    "go.mod",
    "Chart.yaml",
    "x.service",
    "x@.timer",
    "unknown.bin",
];

/// Words that detectors look for, so that documents come near to what they know.
const WORDS: [&str; 40] = [
    "services",
    "image",
    "deploy",
    "replicas",
    "environment",
    "name",
    "id",
    "apiVersion",
    "kind",
    "metadata",
    "namespace",
    "spec",
    "template",
    "containers",
    "items",
    "clusters",
    "cluster",
    "server",
    "contexts",
    "context",
    "current-context",
    "scrape_configs",
    "job_name",
    "static_configs",
    "targets",
    "global",
    "openapi",
    "info",
    "title",
    "version",
    "servers",
    "url",
    "paths",
    "/a",
    "get",
    "responses",
    "200",
    "content",
    "application/json",
    "schema",
];

fn word() -> impl Strategy<Value = String> {
    prop_oneof![5 => prop::sample::select(&WORDS[..]).prop_map(str::to_owned), 1 => any::<String>(), 1 => Just("metrics".to_owned()), 1 => Just("'}{\\".to_owned())]
}

fn document() -> impl Strategy<Value = Json> {
    let leaf = prop_oneof![
        Just(Json::Null),
        any::<bool>().prop_map(Json::Bool),
        any::<i64>().prop_map(Json::from),
        word().prop_map(Json::String),
        prop::sample::select(vec![
            "Config",
            "Deployment",
            "List",
            "http://127.0.0.1:1/v1",
            "prometheus",
            "localhost:9090",
            "#/info",
            "array",
            "object"
        ])
        .prop_map(|text| json!(text)),
    ];
    leaf.prop_recursive(6, 60, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Json::Array),
            prop::collection::vec((word(), inner), 0..6).prop_map(|members| Json::Object(members.into_iter().collect())),
        ]
    })
}

fn check(known: &Known) {
    for suggestion in &known.suggestions {
        let config = check_text(&suggestion.block, Path::new("/")).unwrap_or_else(|error| panic!("{error}\n{}", suggestion.block));
        assert_eq!(config.sources.len(), 1, "{}", suggestion.block);
    }
}

proptest! {
    #[test]
    fn no_bytes_make_a_detector_panic(name in prop::sample::select(&NAMES[..]), bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        check(&look_into(&Path::new("/p").join(name), &bytes, true, &no_rules()));
        let _ = exposition::parse("it", &bytes);
    }

    #[test]
    fn no_text_makes_a_detector_panic(name in prop::sample::select(&NAMES[..]), text in "([A-Za-z_]{1,4}|[ =:\\[\\]{}\"'`#\n/$.,()-]){0,80}") {
        check(&look_into(&Path::new("/p").join(name), text.as_bytes(), true, &no_rules()));
        let _ = exposition::parse("it", text.as_bytes());
    }

    #[test]
    fn whatever_is_suggested_of_a_document_is_sound(name in prop::sample::select(&NAMES[..]), body in document(), listed in any::<bool>(), exposed in any::<bool>()) {
        let rules = no_rules();
        check(&look_into(&Path::new("/p").join(name), body.to_string().as_bytes(), true, &rules));
        let url = Url::parse("http://127.0.0.1:8080/v1/things?x=1").unwrap();
        let body = if listed { json!({"metrics": body}) } else { body };
        let place = Place::Url(url.clone());
        let signal = Signal { place, body, text: String::new(), prometheus: listed.then_some(url), is_exposition: exposed, is_target: true };
        check(&look(&signal, &rules));
    }
}
