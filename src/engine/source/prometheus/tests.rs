//! Answers of the Prometheus query API.

use super::*;
use crate::{
    config::{PrometheusQuery, SourceKind, TlsConfig},
    engine::{
        source::support::{
            self, TestSecrets, lines,
            server::{Reply, Server, json},
        },
        world::SystemClock,
    },
};

async fn fetch(server: &Server, expr: &str, key: &str) -> Result<Fetched, SourceError> {
    let query = PrometheusQuery { expr: expr.to_owned(), key: key.to_owned() };
    let settings = Settings { url: server.url("/prom/"), headers: Vec::new(), tls: TlsConfig::default(), queries: vec![query] };
    let config = support::config("prom", SourceKind::Prometheus(settings.clone()));
    let limits = HttpConfig { max_body: 1 << 20, redirects: 0 };
    PrometheusSource::new(&config, &settings, &limits, Arc::new(TestSecrets), SystemClock::shared()).unwrap().fetch().await
}

#[tokio::test]
async fn series_become_facts_with_their_time() {
    let server = Server::start(|_| {
        json(
            r#"{"status":"success","data":{"resultType":"vector","result":[
                {"metric":{"namespace":"a","deployment":"b/c"},"value":[1767607200.25,"3"]},
                {"metric":{"namespace":"a","deployment":"big"},"value":[1767607200,"1.5e+300"]},
                {"metric":{"namespace":"a","deployment":"nan"},"value":[1767607200,"NaN"]},
                {"metric":{"namespace":"a","deployment":"inf"},"value":[1767607200,"+Inf"]},
                {"metric":{"namespace":"a"},"value":[1767607200,"1"]}]}}"#,
        )
    })
    .await;
    let fetched = fetch(&server, "ready{a=\"b c\"} > 0", "service/{namespace}/{deployment}/replicas").await.unwrap();
    let values: Vec<f64> = fetched.items.iter().map(|item| item.value.as_f64().unwrap()).collect();
    let keys: Vec<&str> = fetched.items.iter().map(|item| item.key.as_str()).collect();
    assert_eq!((keys, values), (vec!["service/a/b%2Fc/replicas", "service/a/big/replicas"], vec![3.0, 1.5e300]));
    assert_eq!(fetched.items[0].observed_at.unwrap().as_millis(), 1_767_607_200_250);
    let skipped: Vec<(&str, u64)> = fetched.skipped.iter().map(|left| (left.reason.as_str(), left.count)).collect();
    assert_eq!(skipped, [("key: there is no label deployment", 1), ("value: the sample is no number with a time", 2)]);
    assert!(!fetched.complete);
    let target = server.requests()[0].split(' ').nth(1).unwrap().to_owned();
    assert_eq!(target, "/prom/api/v1/query?query=ready%7Ba%3D%22b+c%22%7D+%3E+0");
}

#[tokio::test]
async fn scalars_and_wrong_answers() {
    let server = Server::start(|_| json(r#"{"status":"success","data":{"resultType":"scalar","result":[1767607200,"42"]}}"#)).await;
    assert_eq!(lines(&fetch(&server, "42", "answer").await.unwrap()), ["answer=42"]);
    type Answering = fn(&str) -> Reply;
    let table: [(Answering, &str); 3] = [
        (|_| json(r#"{"status":"success","data":{"resultType":"matrix","result":[]}}"#), "invalid_mapping"),
        (|_| json(r#"{"hello":"world"}"#), "not_json"),
        (|_| Reply::Is("400 Bad Request", Vec::new(), Vec::new()), "http_status"),
    ];
    for (reply, code) in table {
        let server = Server::start(reply).await;
        assert_eq!(fetch(&server, "x", "k").await.unwrap_err().code, code);
    }
}
