//! The scene these tests share: a file that takes changes, another that takes the same, a server that does not answer.

use serde_json::Value;

use crate::support::{Ran, Sandbox};

/// A key of the file alone.
pub const KEY: &str = "service/checkout/replicas";
/// A key of nobody that answers.
pub const FAR: &str = "far/search";

/// A home whose configuration names a writable file and a server at a port where nobody is.
pub struct Scene {
    /// Where the commands run.
    pub sandbox: Sandbox,
}

impl Scene {
    /// The file says 4 of checkout.
    pub fn new() -> Self {
        Self::with("")
    }

    /// The same with more lines of configuration.
    pub fn with(more: &str) -> Self {
        let sandbox = Sandbox::with_config(&format!("{CONFIG}{more}"));
        sandbox.write(".config/stellar/wiki.json", "{\"checkout\": {\"replicas\": 4},\n  \"note\": \"kept\"}\n");
        Self { sandbox }
    }

    /// What the file holds now.
    pub fn file(&self) -> String {
        std::fs::read_to_string(self.sandbox.path(".config/stellar/wiki.json")).expect("the file")
    }

    /// The same as JSON.
    pub fn file_json(&self) -> Value {
        serde_json::from_str(&self.file()).expect("still JSON")
    }

    /// Somebody else writes the file.
    pub fn rewrite(&self, replicas: u32) {
        self.sandbox.write(".config/stellar/wiki.json", format!("{{\"checkout\": {{\"replicas\": {replicas}}},\n  \"note\": \"kept\"}}\n"));
    }

    /// Runs the real binary to its end.
    pub fn stellar(&self, args: &[&str]) -> Ran {
        self.sandbox.stellar(args)
    }

    /// The one change that an answer tells of.
    #[track_caller]
    pub fn change(&self, args: &[&str], code: i32) -> Value {
        let mut words = args.to_vec();
        words.push("--json");
        let ran = self.stellar(&words).expect(code);
        let line =
            ran.lines().into_iter().find(|line| line["action"] == "core.queue.read").unwrap_or_else(|| panic!("no change: {}", ran.stdout));
        line["payload"].clone()
    }
}

const CONFIG: &str = r#"
[[source]]
name = "wiki"
kind = "file"
path = "wiki.json"
prefix = "service"
writable = true

[[source]]
name = "far"
kind = "http"
url = "http://127.0.0.1:9/services"
timeout = "1s"
writable = true
prefix = "far"
[[source.map]]
items = "$.items[*]"
key = "{$.name}"
value = "$.replicas"
[[source.write]]
match = "far/*"
method = "PUT"
url = "http://127.0.0.1:9/services/{1}"

[[key]]
match = "service/*/replicas"
schema = { type = "integer", minimum = 0 }
"#;
