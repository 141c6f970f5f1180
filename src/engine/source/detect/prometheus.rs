//! Prometheus: its configuration, its query API, and what an exporter answers with.

use std::collections::BTreeMap;

use reqwest::Url;
use serde_json::Value as Json;

use super::{
    block::{Block, segment, slug},
    signal::{Signal, word},
    suggestion::Suggestion,
};

/// Metrics of an exporter that are taken.
const MOST: usize = 16;
/// Series of one metric that are taken.
const MOST_SERIES: usize = 20;

/// A configuration file with jobs, and the server it describes where it scrapes itself.
pub(super) fn detect_config(signal: &Signal) -> Vec<Suggestion> {
    let Some(path) = signal.path() else { return Vec::new() };
    let Some(Json::Array(jobs)) = signal.body.get("scrape_configs") else { return Vec::new() };
    let named: Vec<&Json> = jobs.iter().filter(|job| word(job, "/job_name").is_some()).collect();
    if named.is_empty() {
        return Vec::new();
    }
    let mut block = Block::file("prometheus-config", path).text("role", "declared");
    for (member, name) in [("scrape_interval", "scrape-interval"), ("evaluation_interval", "evaluation-interval")] {
        if signal.word(&format!("/global/{member}")).is_some() {
            block = block.map("", &format!("prometheus/config/{name}"), &format!("$.global.{member}"));
        }
    }
    if named.iter().any(|job| job.get("static_configs").is_some()) {
        block = block.map("$.scrape_configs[?@.job_name && @.static_configs]", "prometheus/job/{$.job_name}/targets", "$.static_configs");
    }
    // Every job has at least a name, so that it is known to be there.
    block = block.map("$.scrape_configs[?@.job_name]", "prometheus/job/{$.job_name}/name", "$.job_name");
    let is_usual = signal.file_name().starts_with("prometheus.");
    let has_secrets = super::shape::holds_secrets(&signal.body) || named.iter().any(|job| job.get("basic_auth").is_some());
    let mut found = vec![
        block
            .suggest("prometheus-config", signal, if is_usual { 0.95 } else { 0.85 })
            .because(if is_usual { "file_name" } else { "shape_only" })
            .because_if(is_usual, "shape")
            .because("declared")
            .because_if(has_secrets, "secrets_left_out"),
    ];
    if let Some(url) = own_address(&named) {
        found.push(server("prometheus", &url).suggest("prometheus-config", signal, 0.7).because("scrapes_itself"));
    }
    found
}

/// The address of the job by which a Prometheus scrapes itself.
fn own_address(jobs: &[&Json]) -> Option<String> {
    let job = jobs.iter().find(|job| word(job, "/job_name") == Some("prometheus"))?;
    let target = word(job, "/static_configs/0/targets/0")?;
    let url = Url::parse(&format!("{}://{target}", word(job, "/scheme").unwrap_or("http"))).ok()?;
    let is_bare = url.username().is_empty() && url.password().is_none() && url.has_host() && matches!(url.scheme(), "http" | "https");
    is_bare.then(|| url.as_str().trim_end_matches('/').to_owned())
}

fn server(name: &str, url: &str) -> Block {
    Block::prometheus(name, url).query("up", "up/{job}/{instance}")
}

/// A server that answers queries.
pub(super) fn detect_api(signal: &Signal) -> Vec<Suggestion> {
    let Some(base) = &signal.prometheus else { return Vec::new() };
    let name = format!("prometheus-{}", base.host_str().unwrap_or_default());
    let url = base.as_str().trim_end_matches('/');
    vec![server(&name, url).suggest("prometheus-api", signal, 0.95).because("prometheus_api")]
}

/// The text of an exporter.
pub(super) fn detect_exposition(signal: &Signal) -> Vec<Suggestion> {
    let (true, Some(url)) = (signal.is_exposition, signal.url()) else { return Vec::new() };
    let Some(Json::Array(metrics)) = signal.body.get("metrics") else { return Vec::new() };
    let mut families: BTreeMap<&str, Vec<&Json>> = BTreeMap::new();
    for metric in metrics {
        families.entry(word(metric, "/name").unwrap_or_default()).or_default().push(metric);
    }
    let host = segment(&match url.port() {
        Some(port) => format!("{}-{port}", url.host_str().unwrap_or_default()),
        None => url.host_str().unwrap_or_default().to_owned(),
    });
    let simple: Vec<(&str, String)> = families.iter().filter_map(|(name, series)| Some((*name, key_of(name, series)?))).collect();
    if simple.is_empty() {
        return Vec::new();
    }
    let mut block = Block::http(&format!("exporter-{}", slug(&host)), url.as_str()).text("prefix", &format!("exporter/{host}"));
    for (name, key) in simple.iter().take(MOST) {
        block = block.map(&format!("$.metrics[?@.name=='{name}']"), key, "$.value");
    }
    let left_out = simple.len() > MOST || families.len() > simple.len();
    vec![block.suggest("exposition", signal, 0.9).because("exposition").because_if(left_out, "metrics_left_out")]
}

/// The key of a metric whose series are few, told apart by at most two labels, and all numbers.
fn key_of(name: &str, series: &[&Json]) -> Option<String> {
    let labels: Vec<&String> = series.first()?.get("labels")?.as_object()?.keys().collect();
    let same = series.iter().all(|one| {
        let own = one.get("labels").and_then(Json::as_object);
        own.is_some_and(|own| {
            own.len() == labels.len()
                && labels.iter().all(|label| own.get(*label).and_then(Json::as_str).is_some_and(|text| !text.is_empty()))
        }) && one.get("value").is_some()
    });
    let is_word = |label: &String| label.chars().all(|char| char.is_ascii_alphanumeric() || char == '_');
    let is_simple =
        !name.is_empty() && same && labels.len() <= 2 && series.len() <= MOST_SERIES && labels.iter().all(|label| is_word(label));
    // What is cumulative over buckets and quantiles says little alone.
    let is_part = labels.iter().any(|label| matches!(label.as_str(), "le" | "quantile")) || name.ends_with("_created");
    if !is_simple || is_part {
        return None;
    }
    let inside: String = labels.iter().map(|label| format!("/{{$.labels.{label}}}")).collect();
    Some(format!("{}{inside}", segment(name)))
}
