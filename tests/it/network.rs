//! The real binary behind a network that misbehaves: every fault has its code, takes nothing away, and is over when it is over.

use std::time::Duration;

use serde_json::{Value, json};

use crate::support::{Fault, Proxy, Reply, Sandbox, Server};

const KEY: &str = "service/search/replicas";

struct Scene {
    sandbox: Sandbox,
    proxy: Proxy,
    _server: Server,
}

impl Scene {
    fn new() -> Self {
        let server = Server::start();
        let services: Vec<Value> = (0..50).map(|at| json!({ "name": format!("s{at}"), "replicas": at })).collect();
        let services = services.into_iter().chain([json!({ "name": "search", "replicas": 9 })]).collect::<Vec<_>>();
        server.on("/services", Reply::json(&json!({ "items": services })));
        let proxy = Proxy::before(server.address());
        let sandbox = Sandbox::with_config(&format!(
            "[[source]]\nname = \"cluster\"\nkind = \"http\"\nurl = \"http://{}/services\"\ntimeout = \"1s\"\n[[source.map]]\n\
             items = \"$.items[*]\"\nkey = \"service/{{$.name}}/replicas\"\nvalue = \"$.replicas\"\n",
            proxy.address()
        ));
        Self { sandbox, proxy, _server: server }
    }

    /// Asks the source; the code it failed with, or nothing.
    fn refresh(&self) -> Value {
        let ran = self.sandbox.stellar(&["refresh", "--json"]);
        let reports: Vec<Value> = ran.payloads().into_iter().filter(|payload| payload["source"] == "cluster").collect();
        assert_eq!(reports.len(), 1, "{ran:?}");
        reports[0]["error"]["code"].clone()
    }

    fn fact(&self) -> (Value, Value) {
        let mut fact = self.sandbox.stellar(&["get", KEY, "--offline", "--json"]).expect(0).fact(KEY);
        (fact["value"].take(), fact["state"].take())
    }
}

#[test]
fn each_fault_has_its_code_takes_nothing_away_and_is_over_when_it_is() {
    let scene = Scene::new();
    assert_eq!((scene.refresh(), scene.fact()), (Value::Null, (json!(9), json!("fresh"))));
    let long = Duration::from_secs(30);
    for (fault, code) in [
        (Fault::Latency(long), json!("timeout")),
        (Fault::Throttle(200), json!("timeout")),
        (Fault::Drip(Duration::from_millis(100)), json!("timeout")),
        (Fault::Hang, json!("timeout")),
        (Fault::CutAfter(40), json!("refused")),
        (Fault::CutAfter(400), json!("refused")),
        (Fault::ResetAfter(40), json!("refused")),
        (Fault::ResetAfter(400), json!("refused")),
        (Fault::Refuse, json!("refused")),
    ] {
        scene.proxy.set(fault);
        let before = scene.proxy.passed();
        assert_eq!((scene.refresh(), scene.fact()), (code, (json!(9), json!("offline"))), "{fault:?}");
        let passed = scene.proxy.passed() - before;
        match fault {
            Fault::CutAfter(bytes) | Fault::ResetAfter(bytes) => assert_eq!(passed, bytes, "{fault:?}"),
            Fault::Hang | Fault::Refuse | Fault::Latency(_) => assert_eq!(passed, 0, "{fault:?}"),
            _ => assert!(passed > 0, "{fault:?}"),
        }
        scene.proxy.set(Fault::None);
        assert_eq!((scene.refresh(), scene.fact()), (Value::Null, (json!(9), json!("fresh"))), "after {fault:?}");
    }
}

#[test]
fn what_is_only_slow_is_an_answer() {
    let scene = Scene::new();
    for fault in [Fault::Latency(Duration::from_millis(20)), Fault::Throttle(1 << 20)] {
        scene.proxy.set(fault);
        assert_eq!((scene.refresh(), scene.fact()), (Value::Null, (json!(9), json!("fresh"))), "{fault:?}");
    }
}
