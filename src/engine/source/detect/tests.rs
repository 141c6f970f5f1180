//! What is suggested works; whatever is hostile costs nothing but itself.

mod addresses;
mod any;
mod hostile;
mod own_rules;

use std::{fs, path::Path, sync::Arc};

use super::*;
use crate::{
    config::check_text,
    engine::{
        source::{SourceDeps, build_sources, support::TestSecrets},
        world::SystemClock,
    },
};

/// A detector without rules.
pub(super) fn detector() -> Detector {
    Detector::new("/nowhere/detectors.toml".into(), SystemClock::shared())
}

pub(super) fn no_rules() -> Rules {
    Rules::default()
}

/// What the block of a suggestion brings, as `key=value`; it must be sound, complete, and leave nothing out but what it may not claim.
pub(super) async fn brought(suggestion: &Suggestion) -> Vec<String> {
    let config = check_text(&suggestion.block, Path::new("/")).unwrap_or_else(|error| panic!("{error}\n{}", suggestion.block));
    assert_eq!(config.sources[0].name.as_str(), suggestion.name, "{}", suggestion.block);
    let deps = SourceDeps { clock: SystemClock::shared(), secrets: Arc::new(TestSecrets), environment: Arc::default() };
    let built = build_sources(&config, &deps).unwrap();
    let fetched = built[0].source.fetch().await.unwrap_or_else(|error| panic!("{error}\n{}", suggestion.block));
    assert!(fetched.complete, "{:?}\n{}", fetched.skipped, suggestion.block);
    crate::engine::source::support::lines(&fetched)
}

/// The one suggestion of this detector and kind.
pub(super) fn by<'a>(found: &'a Detection, detector: &str, kind: &str) -> &'a Suggestion {
    let mut all = found.suggestions.iter().filter(|one| one.detector == detector && one.kind == kind);
    all.next().unwrap_or_else(|| panic!("no {detector} {kind} in {found:#?}"))
}

/// Name of the file, what is in it, the detector, and facts that must come.
const FILES: &[(&str, &str, &str, &[&str])] = &[
    (
        "shop/compose.yaml",
        "name: shop\nservices:\n  web:\n    image: nginx:1.27\n    environment: {DB_PASSWORD: hunter2}\n    deploy: {replicas: 3}\n  db: {image: 'postgres:17', ports: ['5432:5432']}\n",
        "compose",
        &[
            "compose/shop/services/db/image=\"postgres:17\"",
            "compose/shop/services/db/ports=[\"5432:5432\"]",
            "compose/shop/services/web/deploy/replicas=3",
            "compose/shop/services/web/image=\"nginx:1.27\"",
        ],
    ),
    (
        "deploy.yaml",
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web, namespace: prod}\nspec:\n  replicas: 3\n  template: {spec: {containers: [{name: app, image: 'a:1'}, {name: side, image: 'b:2'}]}}\n---\n# nothing\n---\napiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec: {replicas: 5}\n---\napiVersion: v1\nkind: Secret\nmetadata: {name: s}\nstringData: {password: hunter2}\n",
        "kubernetes",
        &[
            "kube/default/deployment/web/replicas=5",
            "kube/prod/deployment/web/app/image=\"a:1\"",
            "kube/prod/deployment/web/replicas=3",
            "kube/prod/deployment/web/side/image=\"b:2\"",
        ],
    ),
    (
        "one.json",
        "{\"apiVersion\":\"v1\",\"kind\":\"Service\",\"metadata\":{\"name\":\"web\"},\"spec\":{\"type\":\"ClusterIP\"}}",
        "kubernetes",
        &["kube/default/service/web/type=\"ClusterIP\""],
    ),
    (
        "list.yml",
        "apiVersion: v1\nkind: List\nitems:\n- {apiVersion: batch/v1, kind: CronJob, metadata: {name: nightly}, spec: {schedule: '0 3 * * *'}}\n",
        "kubernetes",
        &["kube/default/cronjob/nightly/schedule=\"0 3 * * *\""],
    ),
    (
        ".kube/config",
        "apiVersion: v1\nkind: Config\ncurrent-context: prod\nclusters: [{name: c1, cluster: {server: 'https://c1:6443'}}]\ncontexts: [{name: prod, context: {cluster: c1, user: me}}]\nusers: [{name: me, user: {token: hunter2}}]\n",
        "kubeconfig",
        &[
            "kubeconfig/cluster/c1/server=\"https://c1:6443\"",
            "kubeconfig/context/prod/cluster=\"c1\"",
            "kubeconfig/current-context=\"prod\"",
        ],
    ),
    (
        "prometheus.yml",
        "global: {scrape_interval: 15s}\nscrape_configs:\n- job_name: prometheus\n  static_configs: [{targets: ['localhost:9090']}]\n- job_name: node\n  kubernetes_sd_configs: [{role: node}]\n",
        "prometheus-config",
        &[
            "prometheus/config/scrape-interval=\"15s\"",
            "prometheus/job/node/name=\"node\"",
            "prometheus/job/prometheus/name=\"prometheus\"",
            "prometheus/job/prometheus/targets=[{\"targets\":[\"localhost:9090\"]}]",
        ],
    ),
    (
        "openapi.json",
        "{\"openapi\":\"3.1.0\",\"info\":{\"title\":\"Shop API\",\"version\":\"1.2\"},\"paths\":{}}",
        "openapi",
        &["api/shop-api/version=\"1.2\""],
    ),
    ("app/.env", "A=hunter2\nexport B=\n", "dotenv", &["env/app/A=\"set\"", "env/app/B=\"empty\""]),
    ("app/prod.env", "A='x'\n", "dotenv", &["env/app-prod/A=\"set\""]),
    (
        "Cargo.toml",
        "[package]\nname = \"mine\"\nversion = \"0.3.1\"\n[dependencies]\nserde = \"1\"\n",
        "manifest",
        &["package/mine/dependencies={\"serde\":\"1\"}", "package/mine/version=\"0.3.1\""],
    ),
    (
        "package.json",
        "{\"name\":\"@me/site\",\"version\":\"2.0.0\",\"engines\":{\"node\":\">=22\"}}",
        "manifest",
        &["package/site/node=\">=22\"", "package/site/version=\"2.0.0\""],
    ),
    (
        "pyproject.toml",
        "[project]\nname = \"tool\"\nversion = \"1.0\"\nrequires-python = \">=3.12\"\n",
        "manifest",
        &["package/tool/python=\">=3.12\"", "package/tool/version=\"1.0\""],
    ),
    (
        "go.mod",
        "module example.com/me/svc\ngo 1.24\nrequire (\n\tgolang.org/x/sync v0.11.0\n\tgolang.org/x/sys v0.30.0 // indirect\n)\n",
        "manifest",
        &["package/svc/go=\"1.24\"", "package/svc/module=\"example.com/me/svc\"", "package/svc/require/golang.org%2Fx%2Fsync=\"v0.11.0\""],
    ),
    (
        "Chart.yaml",
        "apiVersion: v2\nname: web\nversion: 1.2.3\nappVersion: '9'\n",
        "manifest",
        &["package/web/app-version=\"9\"", "package/web/version=\"1.2.3\""],
    ),
    (
        "web.service",
        "[Unit]\nDescription=Web\n[Service]\nEnvironment=TOKEN=hunter2\nExecStart=/usr/bin/web --password hunter2\nRestart=always\n[Install]\nWantedBy=multi-user.target\n",
        "systemd",
        &["unit/web.service/description=\"Web\"", "unit/web.service/restart=\"always\"", "unit/web.service/wantedby=\"multi-user.target\""],
    ),
    ("facts.toml", "a = 1\n[b]\nc = \"x\"\n", "generic", &["facts/a=1", "facts/b/c=\"x\""]),
];

#[tokio::test]
async fn every_kind_of_file_is_told_and_its_source_brings_facts() {
    for (name, content, detector_name, facts) in FILES {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, content).unwrap();
        let found = detector().detect(path.to_str().unwrap(), false).await.unwrap();
        assert_eq!((found.looked_into, found.left_out.len(), found.problems.len()), (1, 0, 0), "{name}: {found:?}");
        let suggestion = by(&found, detector_name, "file");
        assert_eq!(brought(suggestion).await, *facts, "{name}\n{}", suggestion.block);
        assert!(suggestion.confidence > 0.0 && suggestion.confidence <= 1.0 && !suggestion.reasons.is_empty(), "{suggestion:?}");
        // Whatever else is suggested is sound too, and nothing that is secret got into any of it.
        for other in &found.suggestions {
            check_text(&other.block, Path::new("/")).unwrap_or_else(|error| panic!("{error}\n{}", other.block));
        }
        assert!(!format!("{found:?}").contains("hunter2"), "{name}: {found:?}");
    }
}

#[tokio::test]
async fn a_directory_is_walked_and_commands_are_suggested_and_not_run() {
    let home = tempfile::tempdir().unwrap();
    for (name, content, _, _) in FILES {
        let path = home.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, content).unwrap();
    }
    let found = detector().detect(home.path().to_str().unwrap(), false).await.unwrap();
    for detector in ["compose", "kubernetes", "kubeconfig", "prometheus-config", "openapi", "dotenv", "manifest", "systemd"] {
        by(&found, detector, "file");
    }
    // What nothing is known of is worth a suggestion only where it was asked for by name.
    assert!(!found.suggestions.iter().any(|one| one.detector == "generic"), "{found:#?}");
    assert_eq!(by(&found, "prometheus-config", "prometheus").reasons[0].code, "scrapes_itself");
    assert!(by(&found, "kubeconfig", "exec").block.contains("kubectl"));
    assert!(by(&found, "systemd", "exec").block.contains("\"web.service\""));
    let mut names: Vec<&str> = found.suggestions.iter().map(|one| one.name.as_str()).collect();
    names.sort_unstable();
    let count = names.len();
    names.dedup();
    assert_eq!(names.len(), count, "every name once");
    let confidences: Vec<f64> = found.suggestions.iter().map(|one| one.confidence).collect();
    assert!(confidences.is_sorted_by(|one, two| one >= two), "{confidences:?}");
    assert!(!format!("{found:?}").contains("hunter2"));
    // All of them together are one sound configuration.
    let all: String = found.suggestions.iter().map(|one| one.block.as_str()).collect();
    let config = check_text(&all, Path::new("/")).unwrap();
    assert_eq!(config.sources.len(), count);
}
