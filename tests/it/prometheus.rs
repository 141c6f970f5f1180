//! A real Prometheus: suggested, added, asked, gone. Skipped with a sentence where it is not installed; a failure in CI, where it is.

use std::{
    fs,
    io::{Read as _, Write as _},
    net::{SocketAddr, TcpListener, TcpStream},
    path::PathBuf,
    process::{Child, Command, Stdio},
    sync::Arc,
    thread,
    time::Duration,
};

use serde_json::{Value, json};

use crate::support::Sandbox;

/// How often it is looked whether it is so far.
const PAUSE: Duration = Duration::from_millis(50);
/// How often at most: far more than the ten seconds that a healthy one takes.
const TIMES: usize = 2400;

/// A server that scrapes itself, ended by its process when dropped.
struct Prometheus {
    child: Child,
    address: SocketAddr,
    _data: Arc<tempfile::TempDir>,
}

fn program() -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).map(|directory| directory.join("prometheus")).find(|program| program.is_file())
}

impl Prometheus {
    fn start() -> Option<Self> {
        let Some(program) = program() else {
            assert!(std::env::var_os("CI").is_none(), "prometheus is not installed: apt-get install --no-install-recommends prometheus");
            eprintln!("skipped: prometheus is not installed");
            return None;
        };
        let data = Arc::new(tempfile::tempdir().expect("a directory"));
        // The port is free until somebody takes it; who comes second tries another.
        for _ in 0..5 {
            let address = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("a port");
            let config = data.path().join("prometheus.yml");
            let text = format!(
                "global: {{scrape_interval: 1s}}\nscrape_configs:\n- job_name: prometheus\n  static_configs: [{{targets: ['{address}'], labels: {{site: 'a/b'}}}}]\n"
            );
            fs::write(&config, text).expect("its configuration");
            let child = Command::new(&program)
                .arg(format!("--config.file={}", config.display()))
                .arg(format!("--storage.tsdb.path={}", data.path().join("tsdb").display()))
                .arg(format!("--web.listen-address={address}"))
                .stdin(Stdio::null())
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .spawn()
                .expect("it starts");
            let mut server = Self { child, address, _data: Arc::clone(&data) };
            if server.becomes_ready() {
                return Some(server);
            }
        }
        panic!("prometheus ends before it is ready");
    }

    fn becomes_ready(&mut self) -> bool {
        for _ in 0..TIMES {
            let has_sample = || self.get("/api/v1/query?query=up").is_some_and(|body| body.contains("\"instance\""));
            if self.get("/-/ready").is_some() && has_sample() {
                return true;
            }
            if self.child.try_wait().expect("a child of ours").is_some() {
                return false;
            }
            thread::sleep(PAUSE);
        }
        panic!("prometheus does not become ready");
    }

    /// The body of a 200.
    fn get(&self, target: &str) -> Option<String> {
        let mut stream = TcpStream::connect(self.address).ok()?;
        write!(stream, "GET {target} HTTP/1.0\r\nhost: {}\r\n\r\n", self.address).ok()?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).ok()?;
        answer.split_once(" 200 OK").map(|(_, rest)| rest.to_owned())
    }

    fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    fn kill(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Drop for Prometheus {
    fn drop(&mut self) {
        self.kill();
    }
}

#[test]
fn a_real_one_is_suggested_added_asked_and_missed() {
    let Some(mut server) = Prometheus::start() else { return };
    let sandbox = Sandbox::with_config("# mine\n");
    for page in ["", "/graph", "/metrics"] {
        let found = sandbox.stellar(&["source", "detect", &format!("{}{page}", server.url()), "--json"]).expect(0).payloads();
        assert!(found.iter().any(|one| one["detector"] == "prometheus-api" && one["kind"] == "prometheus"), "{page}: {found:?}");
    }
    sandbox.stellar(&["source", "add", "prom", "--from", &server.url(), "--yes", "--json"]).expect(0);
    let tested = sandbox.stellar(&["source", "test", "prom", "--json"]).expect(0).payloads();
    let up = format!("up/prometheus/{}", server.address);
    assert_eq!((&tested[0]["complete"], &tested[0]["sample"][0]["key"]), (&json!(true), &json!(up)), "{tested:?}");

    // Labels to keys, a slash in one of them, a number that is none, a scalar, a calculation.
    let queries = format!(
        r#"
[[source]]
name = "queries"
kind = "prometheus"
url = "{}"
[[source.query]]
expr = "up"
key = "site/{{site}}/up"
[[source.query]]
expr = "6 * 7"
key = "answer"
[[source.query]]
expr = "vector(0) / 0"
key = "none"
[[source.query]]
expr = 'count(prometheus_build_info{{version!=""}})'
key = "count"
"#,
        server.url()
    );
    let before = fs::read_to_string(sandbox.config_file()).expect("the configuration");
    assert!(before.starts_with("# mine\n"), "{before}");
    sandbox.write(".config/stellar/config.toml", format!("{before}{queries}"));
    let refreshed = sandbox.stellar(&["refresh", "--json"]).expect(0).payloads();
    let of = |name: &str| refreshed.iter().find(|one| one["source"] == name).unwrap_or_else(|| panic!("{refreshed:?}")).clone();
    assert_eq!((&of("prom")["keys"], of("prom").get("error")), (&json!(1), None), "{refreshed:?}");
    assert_eq!((&of("queries")["keys"], &of("queries")["failed"]), (&json!(3), &json!(1)), "{refreshed:?}");
    let fact = |key: &str| sandbox.stellar(&["get", key, "--json"]).expect(0).fact(key);
    for (key, value) in [(up.as_str(), 1), ("site/a%2Fb/up", 1), ("answer", 42), ("count", 1)] {
        assert_eq!((&fact(key)["value"], &fact(key)["state"]), (&Value::from(value), &json!("fresh")), "{key}");
    }

    // A query it does not understand is its answer, not a crash, and takes nothing away.
    let broken = queries.replace("6 * 7", "sum(");
    sandbox.write(".config/stellar/config.toml", format!("{before}{broken}"));
    let refreshed = sandbox.stellar(&["refresh", "--json"]).expect(0).payloads();
    assert!(refreshed.iter().any(|one| one["source"] == "queries" && one["error"]["code"] == "http_status"), "{refreshed:?}");
    assert_eq!(fact("answer")["value"], 42);

    server.kill();
    sandbox.write(".config/stellar/config.toml", format!("{before}{queries}"));
    // This host, which was watched before anything was added, still answers.
    let refreshed = sandbox.stellar(&["refresh", "--json"]).expect(0).payloads();
    assert!(refreshed.iter().any(|one| one["source"] == "prom" && one["error"]["code"] == "refused"), "{refreshed:?}");
    assert_eq!((&fact(&up)["value"], &fact(&up)["state"]), (&json!(1), &json!("offline")));
    assert_eq!(fact("count")["value"], 1);
    let gone = sandbox.stellar(&["source", "detect", &server.url(), "--json"]).expect(1);
    assert_eq!(gone.error_code(), "source_failed");
}
