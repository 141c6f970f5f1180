//! One bounded GET: headers, redirects within the origin, time-out, body limit.

use std::{collections::BTreeSet, sync::Arc};

use reqwest::{
    StatusCode, Url,
    header::{ACCEPT, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue, LOCATION, RETRY_AFTER},
};
use serde_json::Value as Json;
use tokio::sync::OnceCell;

use crate::{
    config::SecretRef,
    engine::world::{Clock, Secrets},
};

use super::{
    super::{SourceError, exposition, fail::fail, json},
    fault, fresh, origin,
    settings::Settings,
    tls,
};

/// Makes requests to one origin. The connection pool and the certificates are loaded by the first request.
pub(in crate::engine::source) struct Client {
    pub(super) settings: Settings,
    pub(super) headers: Vec<(HeaderName, SecretRef)>,
    pub(super) configured: Url,
    pub(super) secrets: Arc<dyn Secrets>,
    pub(super) http: OnceCell<reqwest::Client>,
}

/// A 2xx answer, or 304 to a conditional request.
#[derive(Debug)]
pub(in crate::engine::source) struct Answer {
    pub(in crate::engine::source) status: StatusCode,
    pub(in crate::engine::source) headers: HeaderMap,
    pub(in crate::engine::source) body: Vec<u8>,
    pub(in crate::engine::source) url: Url,
}

impl Answer {
    pub(in crate::engine::source) fn is_not_modified(&self) -> bool {
        self.status == StatusCode::NOT_MODIFIED
    }

    /// The body as strict JSON; what an exporter of Prometheus answers with is read as JSON too.
    ///
    /// # Errors
    /// As [`json::parse`]; a web page is named as what it is.
    pub(in crate::engine::source) fn json(&self) -> Result<Json, SourceError> {
        let kind = self.headers.get(CONTENT_TYPE).map(|kind| kind.as_bytes().to_ascii_lowercase()).unwrap_or_default();
        let shown = origin::shown(&self.url);
        if kind.windows(4).any(|part| part == b"html") || json::is_markup(&self.body) {
            return Err(fail("not_json", format!("{shown} answered with HTML, not JSON: is there a login page before it?")));
        }
        let what = format!("the answer of {shown}");
        if exposition::is_announced(&kind) {
            return exposition::parse(&what, &self.body);
        }
        json::parse(&what, &self.body)
    }
}

impl Client {
    /// Checks headers and where secrets would go.
    ///
    /// # Errors
    /// A sentence that says what is wrong.
    pub(in crate::engine::source) fn new(url: &Url, settings: Settings, secrets: Arc<dyn Secrets>) -> Result<Self, String> {
        let mut headers = Vec::new();
        for (name, value) in &settings.headers {
            let name = HeaderName::from_bytes(name.as_bytes()).map_err(|_| format!("headers: {name:?} is no header name"))?;
            if let SecretRef::Literal(text) = value {
                HeaderValue::from_str(text).map_err(|_| format!("headers: the value of {name} has a character no header can have"))?;
            }
            headers.push((name, value.clone()));
        }
        let client = Self { settings, headers, configured: url.clone(), secrets, http: OnceCell::new() };
        client.check_credentials()?;
        Ok(client)
    }

    /// Plain HTTP is read by everybody on the way, so only this machine may be on it.
    fn check_credentials(&self) -> Result<(), String> {
        let carries = !self.configured.username().is_empty()
            || self.configured.password().is_some()
            || self.headers.iter().any(|(name, value)| is_secret(name, value));
        if !carries || self.configured.scheme() == "https" {
            return Ok(());
        }
        let proxy = if self.settings.proxy.is_empty() { None } else { Some(origin::parse_proxy(&self.settings.proxy)?) };
        if origin::is_loopback(&self.configured) && proxy.as_ref().is_none_or(origin::is_loopback) {
            return Ok(());
        }
        Err("its secrets would be sent over plain http, which everybody on the way can read: use https, or a loopback address".to_owned())
    }

    /// Bytes of a body that are taken.
    pub(in crate::engine::source) fn max_body(&self) -> u64 {
        self.settings.max_body
    }

    /// Asks for a URL, follows redirects within the origin and reads the body.
    ///
    /// # Errors
    /// `timeout refused dns tls http_status redirect too_large denied`.
    pub(in crate::engine::source) async fn get(
        &self,
        url: &Url,
        conditions: &[(HeaderName, HeaderValue)],
        clock: &dyn Clock,
    ) -> Result<Answer, SourceError> {
        let answer = self.ask(url, conditions).await?;
        let taken = answer.status.is_success() || (answer.is_not_modified() && !conditions.is_empty());
        if taken { Ok(answer) } else { Err(refusal(&answer, clock)) }
    }

    /// As [`Client::get`]; none when the origin says that there is nothing at this URL (404, 410).
    ///
    /// # Errors
    /// As for [`Client::get`].
    pub(in crate::engine::source) async fn find(&self, url: &Url, clock: &dyn Clock) -> Result<Option<Answer>, SourceError> {
        let answer = self.ask(url, &[]).await?;
        match answer.status {
            StatusCode::NOT_FOUND | StatusCode::GONE => Ok(None),
            status if status.is_success() => Ok(Some(answer)),
            _ => Err(refusal(&answer, clock)),
        }
    }

    /// The answer with whatever status; the body only of a 2xx one.
    async fn ask(&self, url: &Url, conditions: &[(HeaderName, HeaderValue)]) -> Result<Answer, SourceError> {
        let http = self.http.get_or_try_init(|| tls::client(&self.settings, &self.configured, &self.secrets)).await?;
        let mut headers = self.headers().await?;
        headers.extend(conditions.iter().cloned());
        let mut url = url.clone();
        let mut seen = BTreeSet::new();
        loop {
            origin::adopt(&mut url, &self.configured);
            if !origin::is_same(&url, &self.configured) {
                return Err(fail("redirect", format!("{} is another origin than the configured one", origin::shown(&url))));
            }
            seen.insert(url.clone());
            let request = http.get(url.clone()).headers(headers.clone()).timeout(self.settings.timeout);
            let response = request.send().await.map_err(|error| fault::classify(&error, &url, self.settings.timeout))?;
            let status = response.status();
            if is_redirect(status) {
                url = self.redirected(&url, response.headers(), &seen)?;
                continue;
            }
            if !status.is_success() {
                return Ok(Answer { status, headers: response.headers().clone(), body: Vec::new(), url });
            }
            let (headers, body) = self.body(response, &url).await?;
            return Ok(Answer { status, headers, body, url });
        }
    }

    /// The configured headers, secrets resolved.
    pub(super) async fn headers(&self) -> Result<HeaderMap, SourceError> {
        let (secrets, configured) = (Arc::clone(&self.secrets), self.headers.clone());
        // A keyring may ask a person first.
        let task = tokio::task::spawn_blocking(move || {
            let mut headers = HeaderMap::from_iter([(ACCEPT, HeaderValue::from_static("application/json"))]);
            for (name, reference) in configured {
                let secret = secrets.resolve(&reference)?;
                let mut value = HeaderValue::from_str(secret.trim())
                    .map_err(|_| format!("the secret for {name} has a character no header can have"))?;
                value.set_sensitive(true);
                headers.insert(name, value);
            }
            Ok::<HeaderMap, String>(headers)
        });
        task.await.map_err(|_| fail("denied", "the secrets could not be resolved"))?.map_err(|why| fail("denied", why))
    }

    /// Where a redirect leads, if it may be followed.
    pub(super) fn redirected(&self, from: &Url, headers: &HeaderMap, seen: &BTreeSet<Url>) -> Result<Url, SourceError> {
        let here = origin::shown(from);
        let target = headers.get(LOCATION).and_then(|place| place.to_str().ok()).and_then(|place| from.join(place).ok());
        let mut target = target.ok_or_else(|| fail("redirect", format!("{here} redirects without saying where to")))?;
        if !origin::is_same(&target, &self.configured) {
            let there = origin::shown(&target);
            return Err(fail(
                "redirect",
                format!("{here} redirects to another origin, {there}, which is not followed: configure that URL if it is meant"),
            ));
        }
        origin::adopt(&mut target, &self.configured);
        if seen.contains(&target) {
            return Err(fail("redirect", format!("{here} redirects in a circle")));
        }
        if seen.len() > usize::try_from(self.settings.redirects).unwrap_or(usize::MAX) {
            return Err(fail("redirect", format!("{here} redirects more than {} times", self.settings.redirects)));
        }
        Ok(target)
    }

    /// Reads a body to its end or its limit; the size an origin announces is only believed when it is too large.
    async fn body(&self, mut response: reqwest::Response, url: &Url) -> Result<(HeaderMap, Vec<u8>), SourceError> {
        let max = self.settings.max_body;
        let too_large = || fail("too_large", format!("{} answered with more than max_body = {max} bytes", origin::shown(url)));
        if response.content_length().is_some_and(|length| length > max) {
            return Err(too_large());
        }
        let headers = std::mem::take(response.headers_mut());
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(|error| fault::classify(&error, url, self.settings.timeout))? {
            if (body.len() as u64).saturating_add(chunk.len() as u64) > max {
                return Err(too_large());
            }
            body.extend_from_slice(&chunk);
        }
        Ok((headers, body))
    }
}

/// Whether a header holds a secret: by how it is given, or by its name.
pub(super) fn is_secret(name: &HeaderName, value: &SecretRef) -> bool {
    !matches!(value, SecretRef::Literal(_)) || is_credential(name)
}

fn is_credential(name: &HeaderName) -> bool {
    matches!(name.as_str(), "authorization" | "proxy-authorization" | "cookie" | "x-api-key" | "x-auth-token" | "private-token")
}

fn is_redirect(status: StatusCode) -> bool {
    matches!(status.as_u16(), 301 | 302 | 303 | 307 | 308)
}

fn refusal(answer: &Answer, clock: &dyn Clock) -> SourceError {
    let status = answer.status;
    let hint = match status.as_u16() {
        401 | 403 => ": are the credentials right?",
        404 => ": is the path of the URL right?",
        429 => ": it is asked too often",
        _ => "",
    };
    let reason = status.canonical_reason().map(|reason| format!(" {reason}")).unwrap_or_default();
    let after = answer.headers.get(RETRY_AFTER).and_then(|after| after.to_str().ok());
    let code = if matches!(status.as_u16(), 401 | 403 | 407) { "denied" } else { "http_status" };
    let mut error = fail(code, format!("{} answered {}{reason}{hint}", origin::shown(&answer.url), status.as_u16()));
    error.retry_after = after.and_then(|after| fresh::retry_after(after, clock.now()));
    error
}
