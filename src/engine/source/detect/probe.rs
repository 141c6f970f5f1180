//! Looking at an address: a few GETs within its origin, each bounded in time and bytes. Nothing is sent but the requests themselves.

use std::{sync::Arc, time::Duration};

use reqwest::Url;
use serde_json::Value as Json;

use crate::{
    config::{SecretRef, TlsConfig},
    engine::world::{Clock, Secrets},
};

use super::{
    super::{
        SourceError, exposition,
        fail::fail,
        http::{Answer, Client, Settings},
    },
    signal::{Place, Signal},
};

/// How long an address may take to answer.
const PATIENCE: Duration = Duration::from_secs(5);
/// Bytes of an answer that are taken.
const MAX_BODY: u64 = 4 << 20;
/// Redirects that are followed, within the origin.
const REDIRECTS: u32 = 5;

/// Gives none: nothing that is tried on a stranger may carry a secret.
struct NoSecrets;

impl Secrets for NoSecrets {
    fn resolve(&self, _: &SecretRef) -> Result<String, String> {
        Err("no secret is sent to an address that is only looked at".to_owned())
    }
}

/// What an address answers.
///
/// # Errors
/// As of a source: `timeout refused dns tls http_status redirect too_large not_json ..`.
pub(super) async fn probe(url: &Url, clock: &dyn Clock) -> Result<Signal, SourceError> {
    let settings = Settings {
        headers: Vec::new(),
        tls: TlsConfig::default(),
        proxy: String::new(),
        timeout: PATIENCE,
        max_body: MAX_BODY,
        redirects: REDIRECTS,
    };
    let client = Client::new(url, settings, Arc::new(NoSecrets)).map_err(|why| fail("denied", why))?;
    let signal = |body, is_exposition, prometheus| Signal {
        place: Place::Url(url.clone()),
        body,
        text: String::new(),
        prometheus,
        is_exposition,
        is_target: true,
    };
    let read = match client.get(url, &[], clock).await {
        Ok(answer) => read(&answer),
        Err(error) => Err(error),
    };
    match read {
        Ok((body, is_exposition)) => {
            let asks = is_exposition || body.pointer("/data/resultType").is_some() || url.path().contains("/api/v1/");
            let prometheus = if asks { query_api(&client, url, clock).await } else { None };
            Ok(signal(body, is_exposition, prometheus))
        }
        // A page for people, or nothing at all, is what a Prometheus has where a person would look.
        Err(error) if matches!(error.code, "not_json" | "http_status") => match query_api(&client, url, clock).await {
            Some(api) => Ok(signal(Json::Null, false, Some(api))),
            None => Err(error),
        },
        Err(error) => Err(error),
    }
}

/// The body, and whether it was read from the text that Prometheus scrapes.
fn read(answer: &Answer) -> Result<(Json, bool), SourceError> {
    let kind = answer.headers.get(reqwest::header::CONTENT_TYPE).map(|kind| kind.as_bytes().to_vec()).unwrap_or_default();
    let is_exposition = exposition::is_announced(&kind);
    answer.json().map(|body| (body, is_exposition))
}

/// Where a Prometheus answers queries: beside what was asked for.
async fn query_api(client: &Client, url: &Url, clock: &dyn Clock) -> Option<Url> {
    let mut base = url.clone();
    base.set_query(None);
    let path = url.path().split_once("/api/v1").map_or(url.path(), |(before, _)| before);
    let path = ["/metrics", "/graph", "/query", "/federate"].iter().find_map(|page| path.strip_suffix(page)).unwrap_or(path);
    let path = path.trim_end_matches('/').to_owned();
    base.set_path(&path);
    let mut query = base.clone();
    query.set_path(&format!("{path}/api/v1/query"));
    query.query_pairs_mut().append_pair("query", "up");
    let body = client.get(&query, &[], clock).await.ok()?.json().ok()?;
    (body.pointer("/data/resultType").and_then(Json::as_str) == Some("vector")).then_some(base)
}
