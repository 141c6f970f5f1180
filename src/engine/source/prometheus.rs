//! `prometheus`: instant queries, a fact for each series.
//!
//! Keys are templates over labels; the sample's time is `observed_at`. Samples that are no JSON number (`NaN`, `+Inf`) and results that are
//! no instant vector or scalar are skipped and counted. It asks one query after the other, and all of them or none count.

use std::sync::Arc;

use reqwest::Url;
use serde_json::Value as Json;

use crate::{
    config::{HttpConfig, PrometheusSource as Settings, SourceConfig},
    engine::world::{Clock, Secrets},
    fact::Value,
};

use super::{
    BoxFuture, Fetched, Source, SourceError,
    apart::aside,
    collect::{Claims, Collector, Origin},
    fail::fail,
    http::{Answer, Client, Settings as HttpSettings, parse_url},
    key_template::{KeyTemplate, Placeholders},
    moment::moment,
};

/// A Prometheus server.
pub(super) struct PrometheusSource {
    client: Client,
    queries: Vec<Arc<Query>>,
    claims: Arc<Claims>,
    clock: Arc<dyn Clock>,
}

struct Query {
    url: Url,
    key: KeyTemplate,
}

impl PrometheusSource {
    /// Compiles URL and queries.
    ///
    /// # Errors
    /// A sentence that says what is wrong.
    pub(super) fn new(
        config: &SourceConfig,
        settings: &Settings,
        limits: &HttpConfig,
        secrets: Arc<dyn Secrets>,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, String> {
        let base = parse_url("url", &settings.url)?;
        let http = HttpSettings {
            headers: settings.headers.clone(),
            tls: settings.tls.clone(),
            proxy: String::new(),
            timeout: config.timeout,
            max_body: limits.max_body,
            redirects: limits.redirects,
        };
        let queries = settings
            .queries
            .iter()
            .map(|query| Query::compile(&base, &query.expr, &query.key, &config.prefix).map(Arc::new))
            .collect::<Result<_, _>>()?;
        Ok(Self { client: Client::new(&base, http, secrets)?, queries, claims: Claims::of(config), clock })
    }

    async fn fetch_all(&self) -> Result<Fetched, SourceError> {
        let mut into = Collector::new(&self.claims);
        let mut bytes = 0_u64;
        for query in &self.queries {
            let answer = self.client.get(&query.url, &[], self.clock.as_ref()).await?;
            bytes = bytes.saturating_add(answer.body.len() as u64);
            let query = Arc::clone(query);
            into = aside(move || query.take(&answer, into)).await?;
        }
        Ok(into.finish(bytes))
    }
}

impl Source for PrometheusSource {
    fn fetch(&self) -> BoxFuture<'_, Result<Fetched, SourceError>> {
        Box::pin(self.fetch_all())
    }
}

impl Query {
    fn compile(base: &Url, expr: &str, key: &str, prefix: &str) -> Result<Self, String> {
        let mut url = base.clone();
        // A server behind a path prefix keeps it.
        let path = format!("{}/api/v1/query", base.path().trim_end_matches('/'));
        url.set_path(&path);
        url.query_pairs_mut().append_pair("query", expr);
        let key =
            KeyTemplate::compile(key, Placeholders::Labels, prefix).map_err(|why| format!("[[source.query]] expr = {expr:?}: {why}"))?;
        Ok(Self { url, key })
    }

    /// Takes the series of an answer as well.
    fn take(&self, answer: &Answer, mut into: Collector) -> Result<Collector, SourceError> {
        let body = answer.json()?;
        let result = body.pointer("/data/result");
        match (body.pointer("/data/resultType").and_then(Json::as_str), result) {
            (Some("vector"), Some(Json::Array(series))) => {
                for one in series {
                    let labels = one.get("metric").unwrap_or(&Json::Null);
                    self.take_sample(labels, one.get("value"), &mut into);
                }
                Ok(into)
            }
            (Some("scalar"), Some(sample)) => {
                self.take_sample(&Json::Null, Some(sample), &mut into);
                Ok(into)
            }
            (Some("matrix" | "string"), _) => {
                Err(fail("invalid_mapping", "a query must give an instant vector or a scalar, not a range or a text"))
            }
            _ => Err(fail("not_json", "this is no answer of the Prometheus query API: is the url that of a Prometheus server?")),
        }
    }

    fn take_sample(&self, labels: &Json, sample: Option<&Json>, into: &mut Collector) {
        let at = sample.and_then(|sample| sample.get(0)).and_then(moment);
        let number = sample.and_then(|sample| sample.get(1)).and_then(Json::as_str).and_then(number);
        match (self.key.fill(labels), at, number) {
            (Err(reason), _, _) => into.skip(&reason),
            (_, None, _) | (_, _, None) => into.skip("value: the sample is no number with a time"),
            (Ok(key), Some(at), Some(value)) => into.take(&key, value, Origin { observed_at: Some(at), ..Origin::default() }),
        }
    }
}

/// A sample's text as a JSON number. Prometheus writes floats the way Go does, whose exponents JSON has as well.
fn number(text: &str) -> Option<Value> {
    Value::parse(text)
        .ok()
        .filter(|value| value.kind() == crate::fact::ValueKind::Number)
        .or_else(|| text.parse::<f64>().ok().and_then(|float| Value::number(float).ok()))
}

#[cfg(test)]
mod tests;
