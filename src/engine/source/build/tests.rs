//! Every kind is built, mistakes are named, an untrusted file gets nothing done.

use std::time::Duration;

use super::*;
use crate::{
    config::{
        AccessibilityMode, AppConfig, CacheConfig, CacheKey, ConfidenceConfig, ExecSource as ExecSettings, FileSource as FileSettings,
        HttpConfig, HttpSource as HttpSettings, LogConfig, MapConfig, OutputFormat, PrefetchConfig, QueueConfig, TelemetryConfig,
        WriteConfig,
    },
    engine::{
        source::support::{self, TestSecrets},
        world::SystemClock,
    },
    fact::{Pattern, Weights},
};

fn config(trusted: bool, sources: Vec<SourceConfig>) -> Config {
    let second = Duration::from_secs(1);
    Config {
        app: AppConfig {
            persona: String::new(),
            theme: String::new(),
            keymap: String::new(),
            accessibility: AccessibilityMode::Auto,
            mouse: false,
        },
        cache: CacheConfig {
            backend: "memory".to_owned(),
            ttl: second,
            high_watermark: 1,
            low_watermark: 0.8,
            hot_tier: 1,
            history: second,
            snapshot_every: second,
            snapshots_kept: 1,
            key: CacheKey::Auto,
        },
        queue: QueueConfig {
            submit_to: String::new(),
            base_delay: second,
            factor: 2.0,
            max_delay: second,
            max_attempts: 1,
            max_staleness: second,
            parallel: 1,
        },
        confidence: ConfidenceConfig { auto_margin: 0.15, trust_half_life: second, half_life: None, weights: Weights([0.2; 5]) },
        prefetch: PrefetchConfig { enabled: false, min_precision: 0.5, budget_requests_per_minute: 1, budget_bytes_per_minute: 1 },
        http: HttpConfig { max_body: 1 << 20, redirects: 5 },
        telemetry: TelemetryConfig { otlp_endpoint: String::new(), prometheus_listen: String::new(), keys: false },
        log: LogConfig { level: "info".to_owned(), max_size: 1 },
        sources,
        rules: Vec::new(),
        base_dir: std::env::temp_dir(),
        trusted,
        digest: String::new(),
    }
}

fn build(trusted: bool, sources: Vec<SourceConfig>) -> Result<Vec<BuiltSource>, BadSource> {
    let environment = Arc::new(vec![("PATH".to_owned(), "/usr/bin:/bin".to_owned())]);
    let deps = SourceDeps { clock: SystemClock::shared(), secrets: Arc::new(TestSecrets), environment };
    build_sources(&config(trusted, sources), &deps)
}

fn exec() -> SourceConfig {
    let command = ["printf", "{\"x\":1}"].map(str::to_owned).to_vec();
    let exec = ExecSettings { command, format: OutputFormat::Json, env: Vec::new(), max_output: 1024, depth: 0 };
    support::config("tool", SourceKind::Exec(exec))
}

fn file() -> SourceConfig {
    support::config("git", SourceKind::File(FileSettings { path: "/nowhere".into(), depth: 0 }))
}

fn http(headers: Vec<(String, SecretRef)>) -> SourceConfig {
    let url = "http://127.0.0.1:9/".to_owned();
    let http = HttpSettings { url, headers, tls: TlsConfig::default(), proxy: String::new(), next: None, depth: 0 };
    support::config("cluster", SourceKind::Http(http))
}

fn secret() -> Vec<(String, SecretRef)> {
    vec![("Authorization".to_owned(), SecretRef::Env("TOKEN".to_owned()))]
}

#[test]
fn every_kind_is_built_under_its_name() {
    let built = build(true, vec![support::config("host", SourceKind::Host), file(), exec(), http(secret())]).unwrap();
    let names: Vec<(&str, &str)> = built.iter().map(|one| (one.id.as_str(), one.kind)).collect();
    let hosts: &[(&str, &str)] =
        if cfg!(target_os = "linux") { &[("host.sysinfo", "host"), ("host.proc", "host")] } else { &[("host.sysinfo", "host")] };
    assert_eq!(names, [hosts, &[("git", "file"), ("tool", "exec"), ("cluster", "http")]].concat());
    assert!(built.iter().all(|one| one.config.name == one.id));
    assert!(built.iter().all(|one| one.group.is_some() == (one.kind == "host")));
    assert_eq!(built.iter().find(|one| one.kind == "file").unwrap().source.watch_paths(), [std::path::PathBuf::from("/nowhere")]);
}

#[tokio::test]
async fn an_untrusted_configuration_runs_no_command_and_sends_no_secret() {
    let sources = vec![exec(), http(secret()), http(Vec::new()), file()];
    let codes = async |trusted: bool| {
        let mut codes = Vec::new();
        for one in build(trusted, sources.clone()).unwrap() {
            let error = one.source.fetch().await.err();
            if let Some(error) = error.as_ref().filter(|error| error.code == "untrusted") {
                assert!(error.message.contains("stellar config trust FILE"), "{error}");
            }
            codes.push(error.map_or("", |error| error.code));
        }
        codes
    };
    assert_eq!(codes(false).await, ["untrusted", "untrusted", "refused", "not_found"]);
    assert_eq!(codes(true).await, ["", "refused", "refused", "not_found"]);
}

#[tokio::test]
async fn an_untrusted_configuration_delivers_no_change() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a.json");
    std::fs::write(&path, "{\"x\":1}").unwrap();
    let writable = |mut source: SourceConfig, command: &[&str]| {
        source.writable = true;
        let command = command.iter().map(ToString::to_string).collect();
        let (url, body) = ("/{key}".to_owned(), "{value}".to_owned());
        source.writes = vec![WriteConfig { pattern: Pattern::new("x").unwrap(), method: "PUT".to_owned(), url, body, command }];
        source
    };
    let ran = dir.path().join("ran");
    let sources = vec![
        support::config("git", SourceKind::File(FileSettings { path: path.clone(), depth: 0 })),
        http(Vec::new()),
        writable(exec(), &["touch", ran.to_str().unwrap()]),
    ];
    let sources: Vec<SourceConfig> =
        sources.into_iter().map(|source| if source.writes.is_empty() { writable(source, &[]) } else { source }).collect();
    let change = support::change("x", Some("1"), "2");
    for one in build(false, sources.clone()).unwrap() {
        assert!(one.source.writes(&change.key), "{}", one.kind);
        let outcomes = [one.source.prepare(&change).unwrap().await.unwrap_err(), one.source.deliver(&change).unwrap().await];
        for outcome in outcomes {
            let outcome = support::short(&outcome);
            assert!(outcome.starts_with("denied: ") && outcome.contains("not trusted"), "{}: {outcome}", one.kind);
        }
    }
    assert!(std::fs::read_to_string(&path).unwrap() == "{\"x\":1}" && !ran.exists());
    let mut trusted = build(true, sources).unwrap();
    let tool = trusted.pop().unwrap().source;
    assert_eq!(support::short(&tool.deliver(&change).unwrap().await), "accepted");
    assert!(ran.exists());
}

#[test]
fn a_source_that_cannot_work_is_named_with_the_reason() {
    let with = |change: fn(&mut SourceConfig), mut source: SourceConfig| {
        change(&mut source);
        source
    };
    let bad_map: fn(&mut SourceConfig) =
        |source| source.maps = vec![MapConfig { items: None, key: "{name}".to_owned(), value: None, at: None, changed: None }];
    let bad_write: fn(&mut SourceConfig) = |source| {
        let pattern = Pattern::new("service/*").unwrap();
        let command = vec!["scale".to_owned(), "{replicas}".to_owned()];
        source.writes = vec![WriteConfig { pattern, method: String::new(), url: String::new(), body: String::new(), command }];
    };
    let table = [
        (with(bad_map, file()), "git", "no placeholder"),
        (with(bad_map, exec()), "tool", "number 1"),
        (with(bad_write, exec()), "tool", "{replicas} is none of"),
        (with(|source| source.maps = vec![support::map("$.[", "x", "")], http(Vec::new())), "cluster", "items"),
    ];
    for (source, name, part) in table {
        // The mistake of a source that is switched off is one all the same.
        let error = build(true, vec![SourceConfig { enabled: false, ..source }]).unwrap_err();
        let text = error.to_string();
        assert!(text.starts_with(&format!("source {name}: ")) && text.contains(part), "{text}");
    }
}
