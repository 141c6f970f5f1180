//! Changes sent to a real server on loopback that keeps one number, counts what it does, and misbehaves on command.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use super::*;
use crate::{
    config::{HttpConfig, HttpSource as HttpSettings, ReadConfig, SecretRef, SourceConfig, SourceKind, TlsConfig, WriteConfig},
    engine::{
        source::{
            Source,
            support::{
                self, TestSecrets, change,
                server::{Reply, Request as Asked, Server, json, ok},
                short,
            },
        },
        world::SystemClock,
    },
    fact::{Pattern, Tolerance},
};

const KEY: &str = "service/a/replicas";

type Shape = fn(&mut SourceConfig, &mut HttpSettings);

fn build(server: &Server, shape: impl FnOnce(&mut SourceConfig, &mut HttpSettings)) -> HttpSource {
    try_build(&server.url("/services"), shape).unwrap()
}

fn try_build(url: &str, shape: impl FnOnce(&mut SourceConfig, &mut HttpSettings)) -> Result<HttpSource, String> {
    let mut http =
        HttpSettings { url: url.to_owned(), headers: Vec::new(), tls: TlsConfig::default(), proxy: String::new(), next: None, depth: 0 };
    let mut config = support::config("cluster", SourceKind::Host);
    config.writable = true;
    config.timeout = Duration::from_secs(60);
    config.maps = vec![support::map("$.items[*]", "service/{$.name}/replicas", "$.replicas")];
    config.writes = vec![WriteConfig {
        pattern: Pattern::new("service/*/replicas").unwrap(),
        method: "PUT".to_owned(),
        url: "/services/{1}/replicas".to_owned(),
        body: r#"{"replicas": {value}, "was": {base}, "by": "{id}"}"#.to_owned(),
        command: Vec::new(),
    }];
    shape(&mut config, &mut http);
    config.kind = SourceKind::Http(http.clone());
    let limits = HttpConfig { max_body: 1 << 20, redirects: 5 };
    HttpSource::new(&config, &http, &limits, Arc::new(TestSecrets), SystemClock::shared())
}

/// One number with its version, as a well-made API keeps it.
#[derive(Default)]
struct Row {
    value: i64,
    version: u64,
    applied: Vec<String>,
    tags: bool,
}

impl Row {
    fn answer(&mut self, asked: &Asked<'_>) -> Reply {
        let tag = |row: &Self| row.tags.then(|| ("ETag", format!("\"v{}\"", row.version))).into_iter().collect::<Vec<_>>();
        match asked.method {
            "PUT" => {
                if asked.header("if-match").is_some_and(|guard| guard != format!("\"v{}\"", self.version)) {
                    return Reply::Is("412 Precondition Failed", Vec::new(), b"{\"message\":\"moved on\"}".to_vec());
                }
                let body = crate::fact::parse_json(asked.body.as_bytes()).unwrap();
                self.value = body["replicas"].as_i64().unwrap();
                self.version += 1;
                self.applied.push(asked.header("idempotency-key").unwrap_or_default().to_owned());
                ok(tag(self), b"{}")
            }
            "HEAD" => ok(tag(self), b""),
            _ => json(&format!(r#"{{"items":[{{"name":"a","replicas":{}}}]}}"#, self.value)),
        }
    }
}

async fn row_server(row: Row) -> (Server, Arc<Mutex<Row>>) {
    let row = Arc::new(Mutex::new(row));
    let kept = Arc::clone(&row);
    (Server::taking(move |asked| kept.lock().unwrap().answer(asked)).await, row)
}

async fn deliver(source: &HttpSource, change: &Change) -> String {
    short(&source.deliver(change).unwrap().await)
}

fn methods(server: &Server) -> Vec<String> {
    server.requests().iter().map(|head| head.split(' ').next().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn with_tags_the_target_itself_guards_the_change() {
    let (server, row) = row_server(Row { value: 3, tags: true, ..Row::default() }).await;
    let source = build(&server, |_, _| ());
    let first = change(KEY, Some("3"), "4");
    let Delivery::Accepted { revision, guarded: true, confirmed: None } = source.deliver(&first).unwrap().await else { panic!("accepted") };
    assert_eq!(revision.as_deref(), Some("\"v1\""), "the answer's tag is the guard of the next");
    assert_eq!(methods(&server), ["HEAD", "GET", "PUT"], "the tag first, then the value");
    assert_eq!(server.bodies()[2], r#"{"replicas": 4, "was": 3, "by": "0199-x"}"#);
    let next = Change { guard: revision, ..change(KEY, Some("4"), "5") };
    assert_eq!(deliver(&source, &next).await, "accepted guarded");
    assert_eq!(methods(&server)[3..], ["PUT"], "with a tag in hand nothing else is asked");
    let head = server.requests()[3].to_lowercase();
    assert!(head.contains("if-match: \"v1\"") && head.contains("idempotency-key: 0199-key"), "{head}");
    assert!(head.contains("content-type: application/json") && head.contains("put /services/a/replicas "), "{head}");
    assert_eq!(row.lock().unwrap().value, 5);
}

#[tokio::test]
async fn without_tags_the_base_is_checked_but_not_guarded() {
    let (server, row) = row_server(Row { value: 3, ..Row::default() }).await;
    let source = build(&server, |_, _| ());
    assert_eq!(deliver(&source, &change(KEY, Some("3"), "4")).await, "accepted");
    assert_eq!(deliver(&source, &change(KEY, Some("4.0"), "5")).await, "accepted", "1 and 1.0 are one value");
    assert_eq!(methods(&server), ["HEAD", "GET", "PUT", "GET", "PUT"], "a target without tags is asked for one once");
    assert_eq!(deliver(&source, &change(KEY, Some("3"), "9")).await, "moved to 5");
    assert_eq!(deliver(&source, &change(KEY, None, "9")).await, "moved to 5", "it was not to be there");
    assert_eq!(deliver(&source, &change(KEY, Some("1"), "5")).await, "accepted confirmed", "it is there already, whoever wrote it");
    let near = Change {
        compare: crate::fact::CompareRule { tolerance: Tolerance::Absolute(1.0), ..Default::default() },
        ..change(KEY, Some("5.5"), "6")
    };
    assert_eq!(deliver(&source, &near).await, "accepted", "within the tolerance nothing has moved");
    let blind = Change { base: Base::Unknown, ..change(KEY, None, "7") };
    assert!(deliver(&source, &blind).await.starts_with("refused: ") && row.lock().unwrap().value == 6, "the body wants {{base}}");
    assert_eq!(row.lock().unwrap().applied.len(), 3);
}

#[tokio::test]
async fn a_tag_that_has_moved_is_settled_by_looking() {
    let old = |base: &str, value: &str| Change { guard: Some("\"v0\"".into()), ..change(KEY, Some(base), value) };
    let at = |value| Row { value, version: 7, tags: true, ..Row::default() };
    let (server, row) = row_server(at(3)).await;
    let outcome = deliver(&build(&server, |_, _| ()), &old("3", "4")).await;
    assert_eq!(
        (outcome.as_str(), row.lock().unwrap().value),
        ("accepted guarded", 4),
        "the value is still the base: once more with today's tag"
    );
    let (server, row) = row_server(at(4)).await;
    assert_eq!(deliver(&build(&server, |_, _| ()), &old("3", "4")).await, "accepted confirmed", "our own write, whose answer was lost");
    assert!(row.lock().unwrap().applied.is_empty());
    let (server, row) = row_server(at(8)).await;
    let outcome = build(&server, |_, _| ()).deliver(&old("3", "4")).unwrap().await;
    let Delivery::Moved { current, answer } = outcome else { panic!("a third value") };
    assert_eq!((current.value().unwrap().as_json_text(), answer.code), ("8", Some(412)));
    assert!(answer.text.contains("moved on") && row.lock().unwrap().value == 8, "{answer:?}");
}

/// A server that answers every change in one way and shows one value; and what becomes of a change 3 -> 4 there.
async fn against(shown: i64, reply: impl Fn() -> Reply + Send + Sync + 'static) -> (Delivery, Server) {
    let server = Server::taking(move |asked| match asked.method {
        "PUT" => reply(),
        "HEAD" => Reply::Is("405 Method Not Allowed", Vec::new(), Vec::new()),
        _ => json(&format!(r#"{{"items":[{{"name":"a","replicas":{shown}}}]}}"#)),
    })
    .await;
    let outcome = build(&server, |_, _| ()).deliver(&change(KEY, Some("3"), "4")).unwrap().await;
    (outcome, server)
}

#[tokio::test]
async fn every_status_has_its_outcome() {
    let table = [
        ("200 OK", "accepted"),
        ("201 Created", "accepted"),
        ("202 Accepted", "accepted"),
        ("204 No Content", "accepted"),
        ("301 Moved Permanently", "poison: Moved Permanently"),
        ("302 Found", "poison maybe: Found"),
        ("303 See Other", "poison maybe: See Other"),
        ("304 Not Modified", "poison maybe: Not Modified"),
        ("400 Bad Request", "refused: Bad Request"),
        ("401 Unauthorized", "denied: Unauthorized"),
        ("403 Forbidden", "denied: Forbidden"),
        ("404 Not Found", "refused: Not Found"),
        ("405 Method Not Allowed", "refused: Method Not Allowed"),
        ("407 Proxy Authentication Required", "denied: Proxy Authentication Required"),
        ("408 Request Timeout", "unavailable maybe: http_status"),
        ("409 Conflict", "poison: Conflict"),
        ("410 Gone", "refused: Gone"),
        ("412 Precondition Failed", "poison: Precondition Failed"),
        ("413 Payload Too Large", "refused: Payload Too Large"),
        ("422 Unprocessable Entity", "refused: Unprocessable Entity"),
        ("428 Precondition Required", "refused: Precondition Required"),
        ("429 Too Many Requests", "unavailable: http_status"),
        ("500 Internal Server Error", "poison maybe: Internal Server Error"),
        ("501 Not Implemented", "poison: Not Implemented"),
        ("502 Bad Gateway", "unavailable maybe: http_status"),
        ("503 Service Unavailable", "unavailable maybe: http_status"),
        ("504 Gateway Timeout", "unavailable maybe: http_status"),
        ("505 HTTP Version Not Supported", "poison: HTTP Version Not Supported"),
        ("507 Insufficient Storage", "poison maybe: Insufficient Storage"),
        ("511 Network Authentication Required", "unavailable maybe: http_status"),
        ("522 Origin Down", "unavailable maybe: http_status"),
    ];
    for (status, expected) in table {
        let (outcome, server) = against(3, move || Reply::Is(status, Vec::new(), Vec::new())).await;
        assert_eq!(short(&outcome), expected, "{status}");
        let puts = methods(&server).iter().filter(|method| *method == "PUT").count();
        assert_eq!(puts, 1, "{status} is not tried again here");
    }
}

#[tokio::test]
async fn what_a_200_says_counts() {
    let html = || ok(vec![("Content-Type", "text/html".to_owned())], b"<html>Sign in</html>");
    let kind = |kind: &'static str, body: &'static [u8]| move || ok(vec![("Content-Type", kind.to_owned())], body);
    let of = async |reply: Box<dyn Fn() -> Reply + Send + Sync>| short(&against(3, reply).await.0);
    assert_eq!(of(Box::new(|| json(r#"{"replicas":9}"#))).await, "accepted", "the body of the write URL is never taken for the value");
    assert_eq!(of(Box::new(|| json(r#"{"error":null,"errors":[]}"#))).await, "accepted");
    assert!(of(Box::new(|| json(r#"{"error":"quota"}"#))).await.starts_with("poison maybe: OK: {\"error\":\"quota\"}"));
    assert!(of(Box::new(|| json(r#"{"errors":[{"message":"no"}]}"#))).await.starts_with("poison maybe"));
    assert_eq!(of(Box::new(kind("text/plain", b"done\n"))).await, "accepted");
    assert!(of(Box::new(kind("text/plain", b"\x1b[2J\x00"))).await.starts_with("poison maybe"));
    assert!(of(Box::new(kind("application/json", b"%%garbage"))).await.starts_with("poison maybe: OK: %%garbage"));
    assert!(of(Box::new(kind("application/octet-stream", b"\xff\xfe\x00"))).await.starts_with("poison maybe"));
    assert!(of(Box::new(html)).await.contains("login page"));
    let (outcome, _) = against(4, || ok(Vec::new(), b"%%garbage")).await;
    assert_eq!(short(&outcome), "accepted confirmed", "the value is there, whatever was said");
}

#[tokio::test]
async fn a_huge_answer_is_cut_and_not_kept() {
    let (outcome, _) = against(3, || json(&format!("[{}1]", "1,".repeat(25 << 20)))).await;
    let Delivery::Poison { answer, maybe_applied: true } = outcome else { panic!("{outcome:?}") };
    assert!(answer.text.chars().count() <= Answer::MAX_CHARS, "{} characters kept", answer.text.chars().count());
    let (outcome, _) = against(3, || Reply::Endless).await;
    assert!(matches!(outcome, Delivery::Poison { .. }), "{outcome:?}");
    let (outcome, _) = against(3, || Reply::Is("422 No", Vec::new(), vec![b'x'; 50 << 20])).await;
    let Delivery::Refused { answer } = outcome else { panic!("{outcome:?}") };
    assert_eq!((answer.code, answer.text.chars().count()), (Some(422), Answer::MAX_CHARS));
}

#[tokio::test]
async fn silence_after_sending_may_have_been_applied() {
    let blind = Change { base: Base::Unknown, ..change(KEY, None, "4") };
    let plain = |config: &mut SourceConfig, _: &mut HttpSettings| config.writes[0].body = "{value}".to_owned();
    let silent = Server::taking(|_| Reply::Hang).await;
    let source = build(&silent, |config, http| {
        plain(config, http);
        config.timeout = Duration::from_millis(300);
    });
    assert_eq!(deliver(&source, &blind).await, "unavailable maybe: timeout");
    assert_eq!(deliver(&source, &change(KEY, Some("3"), "4")).await, "unavailable: timeout", "only looked, not sent");
    assert_eq!(short(&against(3, || Reply::Cut).await.0), "unavailable maybe: refused");
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let source = try_build(&format!("http://{free}/"), plain).unwrap();
    assert_eq!(deliver(&source, &blind).await, "unavailable: refused", "nobody was there to take it");
    assert_eq!(deliver(&source, &change(KEY, Some("3"), "4")).await, "unavailable: refused");
}

#[tokio::test]
async fn retry_after_is_kept() {
    for (text, least, most) in [("7", 7, 7), ("Fri, 01 Jan 2100 00:00:00 GMT", 1 << 20, u64::MAX), ("soon", 0, 0)] {
        let (outcome, _) = against(3, move || Reply::Is("503 Busy", vec![("Retry-After", text.to_owned())], Vec::new())).await;
        let Delivery::Unavailable { error, .. } = outcome else { panic!("{outcome:?}") };
        let after = error.retry_after.map_or(0, |after| after.as_secs());
        assert!((least..=most).contains(&after), "{text}: {after}");
    }
}

#[tokio::test]
async fn redirects_keep_the_origin_and_the_request() {
    let thief = Server::start(|_| json("{}")).await;
    let away = thief.url("/steal");
    let server = Server::taking(move |asked| match (asked.method, asked.target) {
        ("PUT", "/services/a/replicas") => Reply::Is("307 Temporary Redirect", vec![("Location", "/v2/a".to_owned())], Vec::new()),
        ("PUT", "/services/b/replicas") => Reply::Is("308 Permanent Redirect", vec![("Location", away.clone())], Vec::new()),
        ("PUT", "/services/c/replicas") => Reply::Is("301 Moved Permanently", vec![("Location", away.clone())], Vec::new()),
        ("PUT", "/services/d/replicas") => {
            Reply::Is("307 Temporary Redirect", vec![("Location", "/services/d/replicas".to_owned())], Vec::new())
        }
        ("PUT", _) => json("{}"),
        ("HEAD", _) => Reply::Is("404 Not Found", Vec::new(), Vec::new()),
        _ => json(r#"{"items":[]}"#),
    })
    .await;
    let source = build(&server, |_, http| http.headers = vec![("Authorization".to_owned(), SecretRef::Env("TOKEN".to_owned()))]);
    let outcomes = [("a", "accepted"), ("b", "poison: Perm"), ("c", "poison: Moved"), ("d", "poison: Temp")];
    for (name, expected) in outcomes {
        let outcome = deliver(&source, &change(&format!("service/{name}/replicas"), None, "4")).await;
        assert!(outcome.starts_with(expected), "{name}: {outcome}");
    }
    assert!(thief.requests().is_empty(), "nothing leaves for another origin: {:?}", thief.requests());
    let moved = server.requests().iter().position(|head| head.starts_with("PUT /v2/a")).unwrap();
    assert!(server.bodies()[moved].contains("\"replicas\": 4"), "the body goes along");
    assert!(server.requests()[moved].to_lowercase().contains("authorization: s3cret"));
}

#[tokio::test]
async fn secrets_do_not_come_back_in_answers() {
    let server = Server::taking(|asked| match asked.method {
        "PUT" => Reply::Is("400 Bad", Vec::new(), format!("you sent {} and {}", asked.header("authorization").unwrap(), asked.body).into()),
        _ => json(r#"{"items":[]}"#),
    })
    .await;
    let source = build(&server, |_, http| http.headers = vec![("Authorization".to_owned(), SecretRef::Env("TOKEN".to_owned()))]);
    let said = deliver(&source, &change(KEY, None, "\"hunter2\"")).await;
    assert!(said.contains("you sent (secret)") && !said.contains("s3cret"), "{said}");
    let secret = Change { secret: true, ..change(KEY, None, "\"hunter2\"") };
    assert_eq!(deliver(&source, &secret).await, "refused: Bad Request", "of a secret value nothing is kept");
    assert!(!format!("{:?}", change(KEY, Some("\"hunter2\""), "\"hunter2\"")).contains("hunter2"));
    let missing = build(&server, |_, http| http.headers = vec![("A".to_owned(), SecretRef::Env("MISSING".to_owned()))]);
    let before = server.requests().len();
    assert!(deliver(&missing, &change(KEY, None, "4")).await.starts_with("denied: ") && server.requests().len() == before);
}

#[tokio::test]
async fn what_cannot_be_sent_is_refused_with_a_sentence() {
    let (server, row) = row_server(Row::default()).await;
    let source = build(&server, |_, _| ());
    let long = format!("\"{}\"", "x".repeat(1 << 20));
    assert!(deliver(&source, &change(KEY, Some("0"), &long)).await.contains("http.max_body = 1048576"));
    assert!(deliver(&source, &change("service/../replicas", Some("0"), "1")).await.starts_with("refused: [[source.write]] match = "));
    assert!(row.lock().unwrap().applied.is_empty() && server.requests().is_empty());
}

#[test]
fn only_what_is_configured_is_written() {
    let wrote = |shape: Shape, key: &str| {
        let source = try_build("http://127.0.0.1:9/", shape).unwrap();
        let key = crate::fact::Key::new(key).unwrap();
        let writes = source.writes(&key);
        assert_eq!(source.deliver(&change(key.as_str(), None, "1")).is_some(), writes);
        assert_eq!(source.reread(&key).is_some(), writes);
        writes
    };
    assert!(wrote(|_, _| (), KEY));
    assert!(!wrote(|_, _| (), "service/a/other"));
    assert!(!wrote(|config, _| config.writable = false, KEY));
    assert!(!wrote(|config, _| config.keys = vec![Pattern::new("other/**").unwrap()], KEY));
    let why = try_build("http://127.0.0.1:9/", |config, _| config.writes[0].url = "http://127.0.0.2:9/{1}".to_owned()).err().unwrap();
    assert!(why.contains("another origin") && why.contains("[[source.write]]"), "{why}");
}

#[tokio::test]
async fn a_reread_takes_the_read_route_or_the_maps_and_never_what_is_remembered() {
    let (server, row) = row_server(Row { value: 3, tags: true, ..Row::default() }).await;
    let source = build(&server, |_, _| ());
    source.fetch().await.unwrap();
    row.lock().unwrap().value = 8;
    let key = crate::fact::Key::new(KEY).unwrap();
    assert_eq!(source.reread(&key).unwrap().await.unwrap().unwrap().as_json_text(), "8");
    assert_eq!(source.reread(&crate::fact::Key::new("service/b/replicas").unwrap()).unwrap().await.unwrap(), None);
    assert!(!server.requests().last().unwrap().to_lowercase().contains("if-none-match"));
    let route = |url: &str| ReadConfig {
        pattern: Pattern::new("service/*/replicas").unwrap(),
        url: url.to_owned(),
        value: Some("$.items[0].replicas".to_owned()),
    };
    let routed = build(&server, |config, _| config.reads = vec![route("/one/{1}")]);
    assert_eq!(routed.reread(&key).unwrap().await.unwrap().unwrap().as_json_text(), "8");
    assert!(server.requests().last().unwrap().starts_with("GET /one/a "));
    // An answer that left items out says nothing of what it does not hold.
    let holes =
        Server::start(|_| json(r#"{"items":[{"name":["x"],"replicas":1},{"name":"b","replicas":1},{"name":"b","replicas":2}]}"#)).await;
    let source = build(&holes, |_, _| ());
    assert_eq!(source.reread(&key).unwrap().await.unwrap_err().code, "invalid_mapping");
    assert_eq!(source.reread(&crate::fact::Key::new("service/b/replicas").unwrap()).unwrap().await.unwrap_err().code, "duplicate_member");
}

#[tokio::test]
async fn a_base_that_cannot_be_read_sends_nothing() {
    let table = [
        ("401 Unauthorized", "denied"),
        ("500 Internal Server Error", "unavailable: http_status"),
        ("302 Found", "poison"),
        ("200 OK", "poison"),
    ];
    for (status, expected) in table {
        let server = Server::taking(move |asked| match asked.method {
            "GET" => Reply::Is(status, Vec::new(), b"<html>".to_vec()),
            _ => json("{}"),
        })
        .await;
        let outcome = deliver(&build(&server, |_, _| ()), &change(KEY, Some("3"), "4")).await;
        assert!(outcome.starts_with(expected), "{status}: {outcome}");
        assert!(!methods(&server).contains(&"PUT".to_owned()), "{status}");
    }
}

#[tokio::test]
async fn a_note_is_posted_without_asking_first() {
    let server = Server::taking(|asked| {
        if asked.method == "POST" { Reply::Is("201 Created", vec![("ETag", "\"n1\"".to_owned())], Vec::new()) } else { Reply::Hang }
    })
    .await;
    let source = build(&server, |config, _| {
        config.writes[0].pattern = Pattern::new("note/**").unwrap();
        config.writes[0].method = "POST".to_owned();
        config.writes[0].url = "/notes?from={key}".to_owned();
        config.writes[0].body = "{\"id\":\"{id}\",\"text\":{value}}".to_owned();
    });
    let note = Change { base: Base::Unknown, ..change("note/2026/01", None, "\"all well\"") };
    let Delivery::Accepted { revision: None, guarded: false, confirmed: None } = source.deliver(&note).unwrap().await else {
        panic!("taken")
    };
    assert_eq!((methods(&server), server.bodies()), (vec!["POST".to_owned()], vec![r#"{"id":"0199-x","text":"all well"}"#.to_owned()]));
}
