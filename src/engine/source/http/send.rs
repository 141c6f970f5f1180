//! One bounded request that changes something, and what came back of it whatever its status.
//!
//! Invariants: a redirect is followed only where method and body stay (307, 308) and only within the origin; of an answer at most
//! [`MAX_ANSWER`] bytes are taken; a failure says whether the request may have arrived; what is kept of an answer holds no secret of ours.

use std::collections::BTreeSet;

use reqwest::{
    Method, StatusCode, Url,
    header::{CONTENT_TYPE, HeaderMap, HeaderValue},
};

use super::{
    super::SourceError,
    client::{self, Client},
    fault, origin, tls,
};

/// Bytes of an answer that are taken.
pub(super) const MAX_ANSWER: u64 = 1 << 20;

/// A request, ready to be sent.
pub(super) struct Request {
    pub(super) method: Method,
    pub(super) url: Url,
    pub(super) headers: HeaderMap,
    pub(super) body: Option<String>,
}

/// What came back.
pub(super) struct Sent {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) body: Vec<u8>,
    /// Whether there was more of it than is taken.
    pub(super) is_cut: bool,
    /// Texts that must not be kept.
    secrets: Vec<String>,
}

/// Why nothing came back.
pub(super) struct Lost {
    pub(super) error: SourceError,
    /// Whether the request may have arrived all the same.
    pub(super) maybe_arrived: bool,
}

impl Lost {
    fn before(error: SourceError) -> Self {
        Self { error, maybe_arrived: false }
    }
}

impl Sent {
    /// A text of theirs, without secrets of ours.
    pub(super) fn without_secrets(&self, text: &str) -> String {
        self.secrets.iter().fold(text.to_owned(), |text, secret| text.replace(secret.as_str(), "(secret)"))
    }

    /// Whether the body says it is, or looks like, a web page.
    pub(super) fn is_html(&self) -> bool {
        let kind = self.headers.get(CONTENT_TYPE).map(|kind| kind.as_bytes().to_ascii_lowercase()).unwrap_or_default();
        kind.windows(4).any(|part| part == b"html") || super::super::json::is_markup(&self.body)
    }
}

impl Client {
    /// Sends a request and takes the answer, whatever it is.
    pub(super) async fn send(&self, request: &Request) -> Result<Sent, Lost> {
        let http =
            self.http.get_or_try_init(|| tls::client(&self.settings, &self.configured, &self.secrets)).await.map_err(Lost::before)?;
        let mut headers = self.headers().await.map_err(Lost::before)?;
        let secrets = self.texts_to_hide(&headers);
        for (name, value) in &request.headers {
            // What the configuration says of the kind of body counts more than what we think of it.
            if name != CONTENT_TYPE || !headers.contains_key(CONTENT_TYPE) {
                headers.insert(name.clone(), value.clone());
            }
        }
        let mut url = request.url.clone();
        let mut seen = BTreeSet::new();
        let mut maybe_arrived = false;
        loop {
            origin::adopt(&mut url, &self.configured);
            if !origin::is_same(&url, &self.configured) {
                let why = format!("{} is another origin than the configured one", origin::shown(&url));
                return Err(Lost::before(super::super::fail::fail("redirect", why)));
            }
            seen.insert(url.clone());
            let mut sending = http.request(request.method.clone(), url.clone()).headers(headers.clone()).timeout(self.settings.timeout);
            if let Some(body) = &request.body {
                sending = sending.body(body.clone());
            }
            let response = match sending.send().await {
                Ok(response) => response,
                Err(error) => {
                    // Only a connection that never stood is sure to have carried nothing.
                    let maybe_arrived = maybe_arrived || !error.is_connect();
                    return Err(Lost { error: fault::classify(&error, &url, self.settings.timeout), maybe_arrived });
                }
            };
            if keeps_the_request(response.status())
                && let Ok(next) = self.redirected(&url, response.headers(), &seen)
            {
                url = next;
                maybe_arrived = true;
                continue;
            }
            return self.taken(response, &url, secrets).await;
        }
    }

    async fn taken(&self, mut response: reqwest::Response, url: &Url, secrets: Vec<String>) -> Result<Sent, Lost> {
        let (status, headers) = (response.status(), std::mem::take(response.headers_mut()));
        let limit = usize::try_from(MAX_ANSWER.min(self.settings.max_body)).unwrap_or(usize::MAX);
        let (mut body, mut is_cut) = (Vec::new(), false);
        loop {
            match response.chunk().await {
                Ok(None) => break,
                Ok(Some(chunk)) => {
                    let room = limit - body.len();
                    body.extend_from_slice(chunk.get(..room.min(chunk.len())).unwrap_or_default());
                    if chunk.len() > room {
                        is_cut = true;
                        break;
                    }
                }
                // A refusal is one even where its explanation breaks off; what was accepted is not known until all of it was said.
                Err(_) if !status.is_success() => break,
                Err(error) => return Err(Lost { error: fault::classify(&error, url, self.settings.timeout), maybe_arrived: true }),
            }
        }
        Ok(Sent { status, headers, body, is_cut, secrets })
    }

    /// Texts that an answer may repeat and that must not be kept: secrets in headers, whole and without their scheme, and the password.
    fn texts_to_hide(&self, sent: &HeaderMap) -> Vec<String> {
        let secret =
            |name: &reqwest::header::HeaderName| self.headers.iter().any(|(other, value)| other == name && client::is_secret(other, value));
        let values = sent.iter().filter(|(name, _)| secret(name)).filter_map(|(_, value): (_, &HeaderValue)| value.to_str().ok());
        let parts = values.flat_map(|value| std::iter::once(value).chain(value.split_ascii_whitespace()));
        let mut texts: Vec<String> = parts.chain(self.configured.password()).map(str::to_owned).collect();
        // A scheme such as Basic is no secret, and hiding very short words would hide nothing and garble everything.
        texts.retain(|text| text.len() > 3 && !["Basic", "Bearer", "Token"].contains(&text.as_str()));
        texts.sort_by_key(|text| std::cmp::Reverse(text.len()));
        texts.dedup();
        texts
    }
}

/// Whether a redirect has the same method and body sent again.
fn keeps_the_request(status: StatusCode) -> bool {
    matches!(status.as_u16(), 307 | 308)
}
