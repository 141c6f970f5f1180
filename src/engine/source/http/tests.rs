//! A real server on loopback that misbehaves on command.

use std::time::Duration;

use super::*;
use crate::{
    config::{ReadConfig, SecretRef, SourceKind, TlsConfig},
    engine::{
        source::support::{
            self, TestSecrets, lines,
            server::{Reply, Server, json, ok, redirect},
        },
        world::SystemClock,
    },
    fact::Pattern,
};

type Answering = fn(&str) -> Reply;
type Change = fn(&mut SourceConfig, &mut HttpSettings);

fn settings(url: &str) -> (SourceConfig, HttpSettings) {
    let http =
        HttpSettings { url: url.to_owned(), headers: Vec::new(), tls: TlsConfig::default(), proxy: String::new(), next: None, depth: 0 };
    (support::config("cluster", SourceKind::Host), http)
}

fn build(url: &str, change: impl FnOnce(&mut SourceConfig, &mut HttpSettings)) -> Result<HttpSource, String> {
    let (mut config, mut http) = settings(url);
    change(&mut config, &mut http);
    config.kind = SourceKind::Http(http.clone());
    let limits = HttpConfig { max_body: 16 << 20, redirects: 5 };
    HttpSource::new(&config, &http, &limits, Arc::new(TestSecrets), SystemClock::shared())
}

async fn error_of(reply: fn(&str) -> Reply) -> SourceError {
    let server = Server::start(reply).await;
    let error = build(&server.url("/services?token=hunter2"), |_, _| ()).unwrap().fetch().await.unwrap_err();
    assert!(!error.message.contains("hunter2"), "a query may hold a secret: {error}");
    error
}

#[tokio::test]
async fn a_list_becomes_facts_by_its_map() {
    let server = Server::start(|_| {
        json(
            r#"{"items":[{"name":"checkout","replicas":3,"sampled_at":"2026-01-05T10:00:00Z","updated_at":1767607200},
                         {"name":"cart","replicas":2}]}"#,
        )
    })
    .await;
    let source = build(&server.url("/services"), |config, http| {
        http.headers = vec![("Authorization".to_owned(), SecretRef::Env("TOKEN".to_owned()))];
        let mut map = support::map("$.items[*]", "service/{$.name}/replicas", "$.replicas");
        (map.at, map.changed) = (Some("$.sampled_at".to_owned()), Some("$.updated_at".to_owned()));
        config.maps = vec![map];
    });
    let fetched = source.unwrap().fetch().await.unwrap();
    assert_eq!(lines(&fetched), ["service/cart/replicas=2", "service/checkout/replicas=3"]);
    assert!(fetched.complete && fetched.bytes > 100);
    assert_eq!(fetched.items[1].observed_at.unwrap().to_rfc3339(), "2026-01-05T10:00:00.000Z");
    assert_eq!(fetched.items[1].changed_at, fetched.items[1].observed_at);
    let head = server.requests().remove(0).to_lowercase();
    assert!(head.contains("authorization: s3cret") && head.contains("accept: application/json"), "{head}");
}

#[tokio::test]
async fn what_is_no_json_is_said_to_be_what_it_is() {
    let deep = |_: &str| ok(Vec::new(), format!("{}1{}", "[".repeat(10_000), "]".repeat(10_000)).as_bytes());
    let table: [(Answering, &str, &str); 9] = [
        (|_| ok(vec![("Content-Type", "text/html; charset=utf-8".to_owned())], b"{}"), "not_json", "login page"),
        (|_| ok(Vec::new(), b"\n<!doctype html><title>Sign in</title>"), "not_json", "login page"),
        (|_| ok(Vec::new(), b"{\"x\":\"\xff\xfe\"}"), "not_utf8", "not UTF-8"),
        (deep, "too_deep", "128"),
        (|_| json(r#"{"x":1,"x":2}"#), "duplicate_member", "line 1"),
        (|_| json("{\n\"x\":"), "not_json", "line 2"),
        (|_| json(""), "not_json", "empty"),
        (|_| Reply::Is("204 No Content", Vec::new(), Vec::new()), "not_json", "empty"),
        (|_| json("[1,2]"), "invalid_mapping", "[[source.map]]"),
    ];
    for (reply, code, part) in table {
        let error = error_of(reply).await;
        assert_eq!(error.code, code, "{error}");
        assert!(error.message.contains(part), "{error}");
    }
}

#[tokio::test]
async fn a_body_is_read_up_to_its_limit_and_no_further() {
    let error = error_of(|_| Reply::Endless).await;
    assert_eq!(error.code, "too_large", "{error}");
    let error = error_of(|_| ok(vec![("Content-Type", "application/json".to_owned())], &vec![b' '; 100 << 20])).await;
    assert_eq!(error.code, "too_large", "{error}");
}

#[tokio::test]
async fn silence_and_broken_connections_are_told_apart() {
    let server = Server::start(|_| Reply::Hang).await;
    let source = build(&server.url("/"), |config, _| config.timeout = Duration::from_millis(100)).unwrap();
    assert_eq!(source.fetch().await.unwrap_err().code, "timeout");
    let error = error_of(|_| Reply::Cut).await;
    assert!(error.code == "refused" && error.message.contains("broke"), "{error}");
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let error = build(&format!("http://{free}/"), |_, _| ()).unwrap().fetch().await.unwrap_err();
    assert!(error.code == "refused" && error.message.contains("is it running?"), "{error}");
    let error = build("http://no-such-name.invalid/", |_, _| ()).unwrap().fetch().await.unwrap_err();
    assert!(error.code == "dns" && error.message.contains("no-such-name.invalid"), "{error}");
}

#[tokio::test]
async fn statuses_are_named_and_retry_after_is_kept() {
    let error = error_of(|_| Reply::Is("503 Service Unavailable", vec![("Retry-After", "7".to_owned())], Vec::new())).await;
    assert_eq!((error.code, error.retry_after), ("http_status", Some(Duration::from_secs(7))));
    assert!(error.message.contains("503 Service Unavailable"), "{error}");
    let error = error_of(|_| Reply::Is("401 Unauthorized", Vec::new(), Vec::new())).await;
    assert!(error.message.contains("credentials"), "{error}");
    assert_eq!(error_of(|_| Reply::Is("304 Not Modified", Vec::new(), Vec::new())).await.code, "http_status", "nobody asked for a 304");
}

#[tokio::test]
async fn redirects_stay_within_the_origin_and_end() {
    let server = Server::start(|target| match target {
        "/services" => redirect("/v2/services"),
        "/v2/services" => json(r#"{"x":1}"#),
        "/loop" => redirect("/loop"),
        "/ring/a" => redirect("b"),
        "/ring/b" => redirect("a"),
        "/away" => redirect("http://user:pw@127.0.0.2:9/steal"),
        "/scheme" => redirect("ftp://127.0.0.1/"),
        "/nowhere" => Reply::Is("302 Found", Vec::new(), Vec::new()),
        long => redirect(&format!("{long}x")),
    })
    .await;
    let fetch = async |target: &str| build(&server.url(target), |_, _| ()).unwrap().fetch().await;
    assert_eq!(lines(&fetch("/services").await.unwrap()), ["x=1"]);
    let table = [
        ("/loop", "circle"),
        ("/ring/a", "circle"),
        ("/away", "another origin, http://127.0.0.2:9,"),
        ("/scheme", "another origin"),
        ("/nowhere", "without saying where"),
        ("/long", "more than 5 times"),
    ];
    for (target, part) in table {
        let error = fetch(target).await.unwrap_err();
        assert_eq!(error.code, "redirect", "{target}: {error}");
        assert!(error.message.contains(part) && !error.message.contains("pw"), "{target}: {error}");
    }
    assert_eq!(server.requests().iter().filter(|head| head.contains("/long")).count(), 6);
}

#[tokio::test]
async fn an_unchanged_answer_is_not_sent_twice() {
    let asked = Arc::new(Mutex::new(0));
    let count = Arc::clone(&asked);
    let server = Server::start(move |_| {
        let mut count = count.lock().unwrap();
        *count += 1;
        let tag = ("ETag", "\"v1\"".to_owned());
        match *count {
            1 => ok(
                vec![tag, ("Cache-Control", "max-age=60".to_owned()), ("Last-Modified", "Mon, 05 Jan 2026 10:00:00 GMT".to_owned())],
                br#"{"x":1,"host/y":2,"a\u0007":3}"#,
            ),
            2 => Reply::Is("304 Not Modified", vec![tag, ("Cache-Control", "max-age=30".to_owned())], Vec::new()),
            _ => json(r#"{"x":2}"#),
        }
    })
    .await;
    let source = build(&server.url("/"), |_, _| ()).unwrap();
    let first = source.fetch().await.unwrap();
    assert_eq!((lines(&first), first.complete), (vec!["host%2Fy=2".to_owned(), "x=1".to_owned()], false));
    assert_eq!(first.fresh_for, Some(Duration::from_secs(60)));
    let second = source.fetch().await.unwrap();
    assert!(second.unchanged && second.items.is_empty() && !second.complete, "{second:?}");
    assert_eq!((second.fresh_for, &second.skipped), (Some(Duration::from_secs(30)), &first.skipped));
    assert_eq!(lines(&source.fetch().await.unwrap()), ["x=2"]);
    source.fetch().await.unwrap();
    let heads: Vec<String> = server.requests().iter().map(|head| head.to_lowercase()).collect();
    let conditional = |head: &String| head.contains("if-none-match: \"v1\"") && head.contains("if-modified-since: mon, 05 jan 2026");
    assert_eq!(heads.iter().map(conditional).collect::<Vec<_>>(), [false, true, true, false]);
}

#[tokio::test]
async fn forgetting_asks_for_everything() {
    let server = Server::start(|_| ok(vec![("ETag", "\"v1\"".to_owned())], br#"{"x":1}"#)).await;
    let source = build(&server.url("/"), |_, _| ()).unwrap();
    source.fetch().await.unwrap();
    source.forget();
    source.fetch().await.unwrap();
    assert!(!server.requests()[1].to_lowercase().contains("if-none-match"));
}

#[tokio::test]
async fn pages_are_followed_to_their_end() {
    let server = Server::start(|target| match target {
        "/s" => json(r#"{"items":[{"n":"a","v":1},{"n":"b","v":1}],"next":"/s?page=2"}"#),
        "/s?page=2" => json(r#"{"items":[{"n":"b","v":2},{"n":"c","v":3}],"next":null}"#),
        "/ring" => json(r#"{"items":[],"next":"/ring"}"#),
        "/away" => json(r#"{"items":[],"next":"http://127.0.0.2:9/x"}"#),
        "/odd" => json(r#"{"items":[],"next":7}"#),
        endless => json(&format!(r#"{{"items":[],"next":"{endless}x"}}"#)),
    })
    .await;
    let fetch = async |target: &str| {
        let source = build(&server.url(target), |config, http| {
            http.next = Some("$.next".to_owned());
            config.maps = vec![support::map("$.items[*]", "{$.n}", "$.v")];
        });
        source.unwrap().fetch().await
    };
    let fetched = fetch("/s").await.unwrap();
    assert_eq!(lines(&fetched), ["a=1", "c=3"]);
    assert_eq!((fetched.duplicates, fetched.complete), (vec![Key::new("b").unwrap()], false), "one key on two pages");
    for (target, code, part) in [
        ("/ring", "redirect", "circle"),
        ("/away", "redirect", "another origin"),
        ("/odd", "invalid_mapping", "no text"),
        ("/e", "too_large", "1000 pages"),
    ] {
        let error = fetch(target).await.unwrap_err();
        assert!(error.code == code && error.message.contains(part), "{target}: {error}");
    }
}

#[tokio::test]
async fn one_key_is_read_on_demand() {
    let server = Server::start(|target| match target {
        "/services/a%2Fb%20c" => ok(vec![("ETag", "\"7\"".to_owned())], br#"{"replicas":4}"#),
        "/services/odd" => json(r#"{"other":4}"#),
        "/services/broken" => Reply::Is("500 Internal Server Error", Vec::new(), Vec::new()),
        _ => Reply::Is("404 Not Found", Vec::new(), Vec::new()),
    })
    .await;
    let route =
        |url: String| ReadConfig { pattern: Pattern::new("service/*/replicas").unwrap(), url, value: Some("$.replicas".to_owned()) };
    let source = build(&server.url("/"), |config, _| config.reads = vec![route(server.url("/services/{1}"))]).unwrap();
    let read = async |key: &str| {
        let key = Key::new(key).unwrap();
        source.read(&key).unwrap().await
    };
    let found = read("service/a%2Fb c/replicas").await.unwrap().unwrap();
    assert_eq!((found.value.as_json_text(), found.revision.as_deref()), ("4", Some("\"7\"")));
    assert_eq!(read("service/gone/replicas").await.unwrap(), None);
    assert_eq!(read("service/odd/replicas").await.unwrap_err().code, "invalid_mapping");
    assert_eq!(read("service/broken/replicas").await.unwrap_err().code, "http_status");
    assert_eq!(read("service/../replicas").await.unwrap_err().code, "denied");
    assert!(source.read(&Key::new("service/a/other").unwrap()).is_none(), "no route");
    for (url, part) in [("http://127.0.0.2:9/{1}", "another origin"), ("/{2}", "has 1 wildcards"), ("http://{1}:8080/", "another origin")] {
        let why = build(&server.url("/"), |config, _| config.reads = vec![route(url.to_owned())]).err().unwrap();
        assert!(why.contains(part), "{why}");
    }
}

#[test]
fn settings_that_cannot_work_or_would_leak_are_refused() {
    let table: [(&str, Change, &str); 9] = [
        ("not a url", |_, _| (), "url is no URL"),
        ("ftp://127.0.0.1/", |_, _| (), "http://"),
        ("http://user:pw@example.org/", |_, _| (), "plain http"),
        ("http://example.org/", |_, http| http.headers = vec![("X-Thing".to_owned(), SecretRef::Env("TOKEN".to_owned()))], "plain http"),
        (
            "http://example.org/",
            |_, http| http.headers = vec![("Authorization".to_owned(), SecretRef::Literal("x".to_owned()))],
            "plain http",
        ),
        (
            "http://127.0.0.1/",
            |_, http| {
                http.headers = vec![("Authorization".to_owned(), SecretRef::Env("TOKEN".to_owned()))];
                http.proxy = "http://proxy.example.org:3128".to_owned();
            },
            "plain http",
        ),
        ("http://127.0.0.1/", |_, http| http.headers = vec![("a b".to_owned(), SecretRef::Literal("x".to_owned()))], "header name"),
        ("http://127.0.0.1/", |_, http| http.next = Some("next".to_owned()), "JSONPath"),
        ("http://127.0.0.1/", |config, _| config.maps = vec![support::map("$.items[*]", "service/{$.name", "$")], "never closed"),
    ];
    for (url, change, part) in table {
        let why = build(url, change).err().unwrap_or_else(|| panic!("{url} was taken, not refused for {part}"));
        assert!(why.contains(part) && !why.contains("pw"), "{why}");
    }
    let literal =
        |_: &mut SourceConfig, http: &mut HttpSettings| http.headers = vec![("X-Team".to_owned(), SecretRef::Literal("x".to_owned()))];
    assert!(build("http://example.org/", literal).is_ok(), "a plain header is no secret");
    let secret = |_: &mut SourceConfig, http: &mut HttpSettings| http.headers = vec![("A".to_owned(), SecretRef::Env("TOKEN".to_owned()))];
    assert!(
        build("http://[::1]:80/", secret).is_ok()
            && build("http://localhost/", secret).is_ok()
            && build("https://example.org/", secret).is_ok()
    );
}

#[tokio::test]
async fn a_secret_that_is_missing_is_named_and_nothing_is_sent() {
    let server = Server::start(|_| json("{}")).await;
    let source = build(&server.url("/"), |_, http| http.headers = vec![("A".to_owned(), SecretRef::Env("MISSING".to_owned()))]).unwrap();
    let error = source.fetch().await.unwrap_err();
    assert!(error.code == "denied" && error.message.contains("env:MISSING"), "{error}");
    assert!(server.requests().is_empty());
}

/// A server with a certificate of its own making, and the PEM of that certificate.
async fn tls_server() -> (Server, String) {
    let made = rcgen::generate_simple_self_signed(vec!["127.0.0.1".to_owned()]).unwrap();
    let key = rustls::pki_types::PrivateKeyDer::try_from(made.signing_key.serialize_der()).unwrap();
    let config = rustls::ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![made.cert.der().clone()], key)
        .unwrap();
    let server = Server::start_with(Some(tokio_rustls::TlsAcceptor::from(Arc::new(config))), |_| json(r#"{"x":1}"#)).await;
    (server, made.cert.pem())
}

#[tokio::test]
async fn a_self_signed_certificate_is_trusted_only_by_name() {
    let (server, pem) = tls_server().await;
    let url = format!("https://{}/", server.address);
    let error = build(&url, |_, _| ()).unwrap().fetch().await.unwrap_err();
    assert!(error.code == "tls" && error.message.contains("tls.ca"), "{error}");

    let dir = tempfile::tempdir().unwrap();
    let ca = dir.path().join("ca.pem");
    std::fs::write(&ca, pem).unwrap();
    let fetched = build(&url, |_, http| http.tls.ca = Some(ca.clone())).unwrap().fetch().await.unwrap();
    assert_eq!(lines(&fetched), ["x=1"]);

    std::fs::write(&ca, "no certificate").unwrap();
    let error = build(&url, |_, http| http.tls.ca = Some(ca)).unwrap().fetch().await.unwrap_err();
    assert!(error.code == "tls" && error.message.contains("ca.pem"), "{error}");
}

#[tokio::test]
async fn tls_spoken_to_a_plain_server_says_so() {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("https://{}/", listener.local_addr().unwrap());
    let plain = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        stream.read_u8().await.unwrap();
        stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await.unwrap();
        stream
    });
    let error = build(&url, |_, _| ()).unwrap().fetch().await.unwrap_err();
    assert!(error.code == "tls" && error.message.contains("http://"), "{error}");
    drop(plain.await.unwrap());
}

#[tokio::test]
async fn a_configured_proxy_is_used() {
    let proxy = Server::start(|target| if target == "http://127.0.0.2:9/x" { json(r#"{"via":"proxy"}"#) } else { Reply::Hang }).await;
    let source = build("http://127.0.0.2:9/x", |_, http| http.proxy = proxy.url("")).unwrap();
    assert_eq!(lines(&source.fetch().await.unwrap()), ["via=\"proxy\""]);
}
