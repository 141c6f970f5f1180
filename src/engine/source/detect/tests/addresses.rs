//! Addresses: what answers is told, what misbehaves is a sentence.

use super::{super::*, brought, by, detector};
use crate::engine::source::support::server::{Reply, Server, json, ok, redirect};

const METRICS: &str = "# TYPE up gauge\nup 1\n# TYPE temperature gauge\ntemperature{room=\"a\"} 20.5\ntemperature{room=\"b\"} 21\n\
                       # TYPE took histogram\ntook_bucket{le=\"1\"} 3\ntook_bucket{le=\"+Inf\"} 4\nbad NaN\n";

fn metrics() -> Reply {
    ok(vec![("Content-Type", "text/plain; version=0.0.4; charset=utf-8".to_owned())], METRICS.as_bytes())
}

fn vector() -> Reply {
    json(
        r#"{"status":"success","data":{"resultType":"vector","result":[{"metric":{"job":"node","instance":"a:9100"},"value":[1767607200,"1"]}]}}"#,
    )
}

#[tokio::test]
async fn a_list_of_named_items_becomes_a_map_for_each_member() {
    let server = Server::start(|_| {
        json(r#"{"items":[{"name":"cart","replicas":2,"token":"hunter2"},{"name":"search","replicas":9,"token":"hunter2"}]}"#)
    })
    .await;
    let found = detector().detect(&server.url("/v1/services"), false).await.unwrap();
    let suggestion = by(&found, "http-json", "http");
    assert_eq!(brought(suggestion).await, ["services/cart/replicas=2", "services/search/replicas=9"]);
    let codes: Vec<&str> = suggestion.reasons.iter().map(|reason| reason.code).collect();
    assert_eq!(codes, ["answered_json", "list_of_items", "secrets_left_out"]);
    assert!(!format!("{found:?}").contains("hunter2"));
}

#[tokio::test]
async fn one_object_and_a_bare_value_are_taken_as_they_are() {
    let server = Server::start(|target| if target == "/status" { json(r#"{"ok":true,"load":{"one":0.5}}"#) } else { json("[1,2]") }).await;
    let found = detector().detect(&server.url("/status"), false).await.unwrap();
    assert_eq!(brought(by(&found, "http-json", "http")).await, ["status/load/one=0.5", "status/ok=true"]);
    let found = detector().detect(&server.url("/other"), false).await.unwrap();
    assert_eq!(brought(by(&found, "http-json", "http")).await, ["other=[1,2]"]);
}

#[tokio::test]
async fn pages_are_followed() {
    let server = Server::start(|target| match target {
        "/list" => json(r#"{"items":[{"id":1,"up":true}],"next":"/list?page=2"}"#),
        _ => json(r#"{"items":[{"id":2,"up":false}],"next":null}"#),
    })
    .await;
    let found = detector().detect(&server.url("/list"), false).await.unwrap();
    assert_eq!(brought(by(&found, "http-json", "http")).await, ["list/1/up=true", "list/2/up=false"]);
}

#[tokio::test]
async fn an_exporter_is_read_without_its_histograms_and_what_is_no_number() {
    let server =
        Server::start(|target| if target == "/metrics" { metrics() } else { Reply::Is("404 Not Found", Vec::new(), Vec::new()) }).await;
    let found = detector().detect(&server.url("/metrics"), false).await.unwrap();
    assert_eq!(found.suggestions.len(), 1, "{found:#?}");
    let suggestion = by(&found, "exposition", "http");
    let facts = brought(suggestion).await;
    let tails: Vec<&str> = facts.iter().map(|fact| fact.splitn(3, '/').nth(2).unwrap()).collect();
    assert_eq!(tails, ["temperature/a=20.5", "temperature/b=21", "up=1"]);
    assert_eq!(suggestion.reasons[1].code, "metrics_left_out");
}

#[tokio::test]
async fn a_prometheus_is_found_where_a_person_would_look() {
    let server = Server::start(|target| match target {
        "/prom/metrics" => metrics(),
        "/prom/api/v1/query?query=up" => vector(),
        "/prom/graph" => ok(vec![("Content-Type", "text/html".to_owned())], b"<html>"),
        _ => Reply::Is("404 Not Found", Vec::new(), Vec::new()),
    })
    .await;
    for page in ["/prom/metrics", "/prom/graph", "/prom/", "/prom", "/prom/api/v1/query?query=up"] {
        let found = detector().detect(&server.url(page), false).await.unwrap();
        assert_eq!(brought(by(&found, "prometheus-api", "prometheus")).await, ["up/node/a:9100=1"], "{page}");
    }
}

#[tokio::test]
async fn an_openapi_document_names_paths_that_can_be_read() {
    let document = r##"{"openapi":"3.0.0","info":{"title":"Shop","version":"7"},"servers":[{"url":"/v1"}],
        "paths":{
            "/orders":{"get":{"responses":{"200":{"content":{"application/json":{"schema":{"$ref":"#/components/schemas/Orders"}}}}}}},
            "/orders/{id}":{"get":{"responses":{"200":{"content":{"application/json":{}}}}}},
            "/search":{"get":{"parameters":[{"name":"q","required":true}],"responses":{"200":{"content":{"application/json":{}}}}}},
            "/logo":{"get":{"responses":{"200":{"content":{"image/png":{}}}}}},
            "/wipe":{"post":{"responses":{"200":{"content":{"application/json":{}}}}}}},
        "components":{"schemas":{
            "Orders":{"type":"object","properties":{"orders":{"type":"array","items":{"$ref":"#/components/schemas/Order"}}}},
            "Order":{"type":"object","properties":{"id":{"type":"integer"},"state":{"type":"string"},"api_token":{"type":"string"},"lines":{"type":"array"}}}}}}"##;
    let server = Server::start(move |target| match target {
        "/openapi.json" => json(document),
        "/v1/orders" => json(r#"{"orders":[{"id":1,"state":"sent","api_token":"x","lines":[]}]}"#),
        _ => Reply::Is("404 Not Found", Vec::new(), Vec::new()),
    })
    .await;
    let found = detector().detect(&server.url("/openapi.json"), false).await.unwrap();
    let suggestions: Vec<&Suggestion> = found.suggestions.iter().filter(|one| one.detector == "openapi").collect();
    assert_eq!(suggestions.len(), 2, "{found:#?}");
    assert_eq!(brought(suggestions[0]).await, ["api/shop/orders/1/state=\"sent\""]);
    assert_eq!(brought(suggestions[1]).await, ["api/shop/version=\"7\""]);
    // Nothing but the document was asked for before its source was.
    assert_eq!(server.requests().iter().filter(|request| request.contains("/v1/orders")).count(), 1);
}

#[tokio::test]
async fn what_misbehaves_is_a_sentence_with_its_code() {
    type Answering = fn(&str) -> Reply;
    let table: [(Answering, &str); 6] = [
        (|_| redirect("http://192.0.2.1/elsewhere"), "redirect"),
        (|_| Reply::Endless, "too_large"),
        (|_| Reply::Is("404 Not Found", Vec::new(), Vec::new()), "http_status"),
        (|_| ok(vec![("Content-Type", "text/html".to_owned())], b"<html>"), "not_json"),
        (|_| json("{\"a\":1,\"a\":2}"), "duplicate_member"),
        (|_| ok(vec![("Content-Type", "text/plain; version=0.0.4".to_owned())], b"no sample"), "not_json"),
    ];
    for (reply, code) in table {
        let server = Server::start(reply).await;
        match detector().detect(&server.url("/x"), false).await {
            Err(DetectError::Failed(error)) => assert_eq!(error.code, code, "{error}"),
            other => panic!("{code}: {other:?}"),
        }
    }
    let nobody = { Server::start(|_| json("1")).await.url("/") };
    assert!(matches!(detector().detect(&nobody, false).await, Err(DetectError::Failed(error)) if error.code == "refused"));
}

#[tokio::test]
async fn who_never_answers_is_given_up() {
    let server = Server::start(|_| Reply::Hang).await;
    assert!(matches!(detector().detect(&server.url("/"), false).await, Err(DetectError::Failed(error)) if error.code == "timeout"));
}

#[tokio::test]
async fn only_plain_addresses_of_http_are_looked_at() {
    for target in ["ftp://x/y", "file:///etc/passwd", "http://", "http://me:hunter2@127.0.0.1:1/", "javascript://x"] {
        match detector().detect(target, false).await {
            Err(DetectError::BadTarget(why)) => assert!(!why.contains("hunter2"), "{why}"),
            other => panic!("{target}: {other:?}"),
        }
    }
}

#[tokio::test]
async fn an_answer_is_remembered_and_a_failure_is_not() {
    let server =
        Server::start(|target| if target == "/ok" { json(r#"{"a":1}"#) } else { Reply::Is("503 Busy", Vec::new(), Vec::new()) }).await;
    let detector = detector();
    let first = detector.detect(&server.url("/ok"), false).await.unwrap();
    let again = detector.detect(&server.url("/ok"), false).await.unwrap();
    assert_eq!((first.remembered, again.remembered, server.requests().len()), (0, 1, 1));
    assert_eq!(first.suggestions, again.suggestions);
    assert_eq!(detector.detect(&server.url("/ok"), true).await.unwrap().remembered, 0);
    let before = server.requests().len();
    for _ in 0..2 {
        assert!(detector.detect(&server.url("/busy"), false).await.is_err());
    }
    // Each failed look asks for the page and for the query API beside it.
    assert_eq!(server.requests().len() - before, 4);
}
