//! What the upstreams know: services, flags, notes; what may be changed and how it is guarded.
//!
//! Replicas are guarded by an `ETag`: a change that names an old one is refused with 412. Flags have none: whoever changes one must look
//! first. Neither remembers a key, so what arrives twice is done twice. Notes remember it.

use std::time::Duration;

use serde_json::{Value as Json, json};

use super::{
    draw::draw,
    message::{Reply, Request},
};
use crate::fact::Timestamp;

/// Where notes are taken.
pub const NOTES: &str = "/notes";
/// The most replicas of a service.
const MOST_REPLICAS: u64 = 1000;
/// How many notes are kept; older ones go.
const MOST_NOTES: usize = 100;
/// Measurements change this often.
const TICK: Duration = Duration::from_secs(5);

/// Name, replicas, version, region, owner.
const SERVICES: [(&str, u64, &str, &str, &str); 6] = [
    ("cart", 2, "3.1.0", "eu-central-1", "shop team"),
    ("checkout", 3, "5.4.2", "eu-central-1", "payments team"),
    ("identity", 4, "1.19.7", "eu-west-1", "platform team"),
    ("mail", 1, "0.8.3", "us-east-1", "growth team"),
    ("search", 9, "7.0.1", "eu-central-1", "discovery team"),
    ("web", 6, "2026.1", "eu-central-1", "shop team"),
];
const FLAGS: [(&str, bool); 3] = [("new-checkout", false), ("dark-mode", true), ("slow-search", false)];

#[derive(Debug)]
struct Service {
    name: &'static str,
    replicas: u64,
    version: &'static str,
    region: &'static str,
    owner: &'static str,
    revision: u64,
}

/// What the upstreams know.
#[derive(Debug)]
pub struct System {
    seed: u64,
    epoch: Timestamp,
    services: Vec<Service>,
    flags: Vec<(&'static str, bool)>,
    notes: Vec<String>,
}

impl System {
    pub fn new(seed: u64, epoch: Timestamp) -> Self {
        let service = |(name, replicas, version, region, owner)| Service { name, replicas, version, region, owner, revision: 1 };
        Self { seed, epoch, services: SERVICES.into_iter().map(service).collect(), flags: FLAGS.to_vec(), notes: Vec::new() }
    }

    pub fn replicas(&self, name: &str) -> Option<u64> {
        self.services.iter().find(|service| service.name == name).map(|service| service.replicas)
    }

    pub fn flag(&self, name: &str) -> Option<bool> {
        self.flags.iter().find(|(own, _)| *own == name).map(|(_, up)| *up)
    }

    pub fn scale(&mut self, name: &str, replicas: u64) -> bool {
        let service = self.services.iter_mut().find(|service| service.name == name);
        service.is_some_and(|service| {
            service.revision += 1;
            service.replicas = replicas;
            true
        })
    }

    /// Somebody else was ahead: what this path is about is another now.
    pub fn somebody_else(&mut self, path: &str) {
        if let Some((_, up)) = below(path, "/flags/").and_then(|name| self.flags.iter_mut().find(|(own, _)| *own == name)) {
            *up = !*up;
        }
        if let Some(name) = replicas_of(path)
            && let Some(replicas) = self.replicas(name)
        {
            self.scale(name, replicas % 12 + 1);
        }
    }

    pub fn cluster(&self, path: &str, now: Duration) -> Reply {
        if path == "/services" {
            let items: Vec<Json> = self.services.iter().map(Service::told).collect();
            let flags: Vec<Json> = self.flags.iter().map(|(name, up)| json!({ "name": name, "enabled": up })).collect();
            return Reply::json(200, &json!({ "items": items, "flags": flags, "sampled_at": self.wall(now).to_rfc3339() }));
        }
        if path == NOTES {
            return Reply::json(200, &json!({ "notes": self.notes }));
        }
        if let Some(service) = replicas_of(path).and_then(|name| self.services.iter().find(|service| service.name == name)) {
            return service.guarded(200);
        }
        if let Some(service) = below(path, "/services/").and_then(|name| self.services.iter().find(|service| service.name == name)) {
            return Reply::json(200, &service.told());
        }
        match below(path, "/flags/").and_then(|name| self.flag(name)) {
            Some(up) => Reply::json(200, &json!({ "enabled": up })),
            None => Reply::error(404, "there is no such thing"),
        }
    }

    /// Carries out a change; says as well whether anything was changed.
    pub fn write(&mut self, request: &Request) -> (Reply, bool) {
        let Ok(body) = serde_json::from_slice::<Json>(&request.body) else {
            return (Reply::error(400, "the body is no JSON"), false);
        };
        let path = request.path();
        match request.method.as_str() {
            "PUT" if replicas_of(path).is_some() => self.put_replicas(request, &body),
            "PUT" if below(path, "/flags/").is_some() => self.put_flag(path, &body),
            "POST" if path == NOTES => self.post_note(&body),
            _ => (Reply::error(405, "this cannot be changed here"), false),
        }
    }

    fn put_replicas(&mut self, request: &Request, body: &Json) -> (Reply, bool) {
        let name = replicas_of(request.path()).unwrap_or_default();
        let Some(service) = self.services.iter_mut().find(|service| service.name == name) else {
            return (Reply::error(404, "there is no such service"), false);
        };
        let wanted = body.get("replicas").and_then(Json::as_u64).filter(|wanted| *wanted <= MOST_REPLICAS);
        let Some(wanted) = wanted else {
            return (Reply::error(422, "replicas is no whole number from 0 to 1000"), false);
        };
        let tag = service.tag();
        let fits = request.header("if-match").is_none_or(|given| given == "*" || given.split(',').any(|one| one.trim() == tag));
        if !fits {
            return (Reply::error(412, "somebody else changed it meanwhile").header("etag", &tag), false);
        }
        service.revision += 1;
        service.replicas = wanted;
        (service.guarded(200), true)
    }

    fn put_flag(&mut self, path: &str, body: &Json) -> (Reply, bool) {
        let name = below(path, "/flags/").unwrap_or_default();
        let Some((_, up)) = self.flags.iter_mut().find(|(own, _)| *own == name) else {
            return (Reply::error(404, "there is no such flag"), false);
        };
        let Some(wanted) = body.get("enabled").and_then(Json::as_bool) else {
            return (Reply::error(422, "enabled is neither true nor false"), false);
        };
        *up = wanted;
        (Reply::json(200, &json!({ "enabled": wanted })), true)
    }

    fn post_note(&mut self, body: &Json) -> (Reply, bool) {
        let Some(text) = body.get("text").and_then(Json::as_str) else {
            return (Reply::error(422, "text is no text"), false);
        };
        if self.notes.len() == MOST_NOTES {
            self.notes.remove(0);
        }
        self.notes.push(text.to_owned());
        (Reply::json(201, &json!({ "text": text })), true)
    }

    /// Answers three instant queries as a Prometheus server does.
    pub fn prom(&self, path: &str, query: Option<&str>, now: Duration) -> Reply {
        let value: fn(&Self, &Service, u64) -> String = match (path, query) {
            ("/api/v1/query", Some("service_replicas_ready")) => |_, service, _| service.ready().to_string(),
            ("/api/v1/query", Some("service_error_rate")) => |own, service, tick| {
                let thousandths = draw(own.seed, service.name, tick, 12) + if service.name == "mail" { 40 } else { 0 };
                format!("0.{thousandths:03}")
            },
            ("/api/v1/query", Some("service_latency_p95_seconds")) => {
                |own, service, tick| format!("0.{:03}", 80 + draw(own.seed, service.region, tick, 60) + service.replicas)
            }
            ("/api/v1/query", _) => {
                return Reply::json(400, &json!({ "status": "error", "errorType": "bad_data", "error": "no such series" }));
            }
            _ => return Reply::error(404, "there is no such thing"),
        };
        let tick = now.as_secs() / TICK.as_secs();
        let stamp = self.wall(now).as_millis() as f64 / 1000.0;
        let sample = |service: &Service| json!({ "metric": { "service": service.name }, "value": [stamp, value(self, service, tick)] });
        let result: Vec<Json> = self.services.iter().map(sample).collect();
        Reply::json(200, &json!({ "status": "success", "data": { "resultType": "vector", "result": result } }))
    }

    /// What people wrote down; of two things it is long out of date.
    pub fn wiki(&self, path: &str) -> Reply {
        if path != "/pages" {
            return Reply::error(404, "there is no such page");
        }
        let page = |service: &Service| {
            let mut page = json!({ "owner": service.owner });
            match service.name {
                "checkout" => page["replicas"] = json!(4),
                "web" => page["version"] = json!("2025.11"),
                _ => {}
            }
            (service.name.to_owned(), page)
        };
        let services: serde_json::Map<String, Json> = self.services.iter().map(page).collect();
        Reply::json(200, &json!({ "service": services, "oncall": { "primary": "Noor", "secondary": "Marek" } }))
    }

    fn wall(&self, now: Duration) -> Timestamp {
        self.epoch.plus(now)
    }
}

impl Service {
    fn tag(&self) -> String {
        format!("\"{}-{}\"", self.name, self.revision)
    }

    /// One of the nine searches never gets ready.
    fn ready(&self) -> u64 {
        if self.name == "search" { self.replicas.saturating_sub(1) } else { self.replicas }
    }

    fn told(&self) -> Json {
        json!({ "name": self.name, "replicas": self.replicas, "version": self.version, "region": self.region })
    }

    fn guarded(&self, status: u16) -> Reply {
        Reply::json(status, &json!({ "replicas": self.replicas })).header("etag", &self.tag())
    }
}

/// What stands between a prefix and the end of a path, if it is one segment.
fn below<'a>(path: &'a str, prefix: &str) -> Option<&'a str> {
    path.strip_prefix(prefix).filter(|name| !name.is_empty() && !name.contains('/'))
}

/// The service whose replicas a path is about.
fn replicas_of(path: &str) -> Option<&str> {
    below(path.strip_suffix("/replicas")?, "/services/")
}
