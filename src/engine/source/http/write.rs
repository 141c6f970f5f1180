//! `[[source.write]]` of an HTTP API: a change becomes a request.

use std::sync::atomic::{AtomicBool, Ordering};

use reqwest::{
    Method, Url,
    header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue, IF_MATCH},
};

use crate::{
    config::WriteConfig,
    fact::{Key, Pattern, Value},
};

use super::{
    super::{
        Change,
        template::{Place, Template, Words},
    },
    origin,
    send::Request,
};

const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");

/// A compiled write route.
pub(super) struct WriteRoute {
    pattern: Pattern,
    method: Method,
    url: Template,
    body: Template,
    base: Url,
    /// Whether the target was seen to give no tags here, so that it need not be asked for one each time.
    is_tagless: AtomicBool,
}

impl WriteRoute {
    /// Compiles a route of the source at `base`.
    ///
    /// # Errors
    /// A sentence that names the route and what is wrong with it.
    pub(super) fn compile(config: &WriteConfig, base: &Url) -> Result<Self, String> {
        let named = |why: String| format!("[[source.write]] match = {:?}: {why}", config.pattern.as_str());
        let template = |text: &str, place| Template::compile(text, place, &config.pattern, false).map_err(named);
        let method = match config.method.as_str() {
            "" => Method::PUT,
            text => Method::from_bytes(text.as_bytes()).map_err(|_| named(format!("{text:?} is no method")))?,
        };
        let (url, body) = (template(&config.url, Place::Url)?, template(&config.body, Place::Body)?);
        let route = Self { pattern: config.pattern.clone(), method, url, body, base: base.clone(), is_tagless: AtomicBool::new(false) };
        let (key, null) = (Key::new("x").map_err(|error| named(error.to_string()))?, Value::null());
        let words = Words { key: &key, captures: &["x"; 9], value: Some(&null), base: Some(&null), id: Some("x") };
        if !origin::is_same(&route.target(&words).map_err(named)?, base) {
            return Err(named("url is at another origin than the source's url, where its headers may not go".to_owned()));
        }
        Ok(route)
    }

    /// Whether the key has this route.
    pub(super) fn is_for(&self, key: &Key) -> bool {
        self.pattern.matches(key)
    }

    fn target(&self, words: &Words<'_>) -> Result<Url, String> {
        self.base.join(&self.url.fill(words)?).map_err(|error| format!("url is no URL: {error}"))
    }

    /// The request for a change, without a guard.
    ///
    /// # Errors
    /// A sentence when a template cannot be filled; it never quotes the value.
    pub(super) fn request(&self, change: &Change) -> Result<Request, String> {
        let named = |why: String| format!("[[source.write]] match = {:?}: {why}", self.pattern.as_str());
        let captures = self.pattern.captures(&change.key).unwrap_or_default();
        let words = Words::of(change, &captures);
        let url = self.target(&words).map_err(named)?;
        let body = self.body.fill(&words).map_err(named)?;
        let mut headers = HeaderMap::new();
        let key = HeaderValue::from_str(&change.idempotency_key).map_err(|_| "the idempotency key is none a header can have".to_owned())?;
        headers.insert(IDEMPOTENCY_KEY, key);
        let kind = if crate::fact::parse_json(body.as_bytes()).is_ok() { "application/json" } else { "text/plain; charset=utf-8" };
        let body = Some(body).filter(|body| !body.is_empty());
        if body.is_some() {
            headers.insert(CONTENT_TYPE, HeaderValue::from_static(kind));
        }
        Ok(Request { method: self.method.clone(), url, headers, body })
    }

    /// The request that asks what version is at the write URL; none where it was seen that there are no tags, or a tag would not be one of
    /// what is written: what is posted to a collection is another thing than the collection.
    pub(super) fn tag_request(&self, request: &Request) -> Option<Request> {
        let is_useful = self.gives_tags() && !self.is_tagless.load(Ordering::Relaxed);
        is_useful.then(|| Request { method: Method::HEAD, url: request.url.clone(), headers: HeaderMap::new(), body: None })
    }

    /// Whether an answer's tag is one of the thing that was written.
    pub(super) fn gives_tags(&self) -> bool {
        self.method != Method::POST && self.method != Method::DELETE
    }

    pub(super) fn note_tagless(&self) {
        self.is_tagless.store(true, Ordering::Relaxed);
    }

    pub(super) fn forget(&self) {
        self.is_tagless.store(false, Ordering::Relaxed);
    }
}

/// Has the target hold the version against the tag before it writes. False where the tag is none a header can have.
pub(super) fn guard(request: &mut Request, tag: &str) -> bool {
    HeaderValue::from_str(tag).is_ok_and(|tag| {
        request.headers.insert(IF_MATCH, tag);
        true
    })
}
