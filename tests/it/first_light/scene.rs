//! The scene several tests share: a server with three services, and a wiki page that says otherwise of one.

use serde_json::{Value, json};

use crate::support::{Reply, Sandbox, Server};

/// The key the two disagree about.
pub const DISPUTED: &str = "service/checkout/replicas";
/// A key only the server knows.
pub const UNDISPUTED: &str = "service/search/replicas";

/// The server, its body, and a home configured to ask it.
pub struct Scene {
    /// Where the commands run.
    pub sandbox: Sandbox,
    /// The cluster.
    pub server: Server,
}

impl Scene {
    /// The server says 3 of checkout, the wiki says 4.
    pub fn new() -> Self {
        let server = Server::start();
        server.on("/services", Reply::json(&services(3)));
        let sandbox = Sandbox::with_config(&format!("{}{WIKI}", cluster(&server)));
        sandbox.write(".config/stellar/wiki.json", r#"{"service": {"checkout": {"replicas": 4}}}"#);
        Self { sandbox, server }
    }

    /// The server alone, with more lines of configuration behind its own.
    pub fn server_alone(more: &str) -> Self {
        let server = Server::start();
        server.on("/services", Reply::json(&services(3)));
        let sandbox = Sandbox::with_config(&format!("{}{more}", cluster(&server)));
        Self { sandbox, server }
    }
}

/// What the server answers with this many replicas of checkout.
pub fn services(checkout: u64) -> Value {
    json!({"items": [
        {"name": "cart", "replicas": 2},
        {"name": "checkout", "replicas": checkout},
        {"name": "search", "replicas": 9},
    ]})
}

/// The source that asks the server.
pub fn cluster(server: &Server) -> String {
    format!(
        r#"
[[source]]
name = "cluster"
kind = "http"
url = "{}"
timeout = "2s"
[[source.map]]
items = "$.items[*]"
key = "service/{{$.name}}/replicas"
value = "$.replicas"
"#,
        server.url("/services")
    )
}

const WIKI: &str = r#"
[[source]]
name = "wiki"
kind = "file"
path = "wiki.json"
"#;
