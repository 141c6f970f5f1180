//! `[[source.read]]`: one key on demand.

use std::sync::Arc;

use reqwest::{Url, header::ETAG};

use crate::{
    config::ReadConfig,
    engine::world::Clock,
    fact::{Key, Pattern, Value},
};

use super::{
    super::{
        Reported, SourceError,
        fail::fail,
        map::pick,
        path::Path,
        template::{Place, Template, Words},
    },
    client::Client,
    origin,
};

/// A compiled route.
pub(super) struct Route {
    pattern: Pattern,
    url: Template,
    value: Option<Path>,
    base: Url,
}

impl Route {
    /// Compiles a route of the source at `base`.
    ///
    /// # Errors
    /// A sentence that names the route and what is wrong with it.
    pub(super) fn compile(config: &ReadConfig, base: &Url) -> Result<Self, String> {
        let named = |why: String| format!("[[source.read]] match = {:?}: {why}", config.pattern.as_str());
        let url = Template::compile(&config.url, Place::Url, &config.pattern, true).map_err(named)?;
        let value = config.value.as_deref().map(|text| Path::compile("value", text)).transpose().map_err(named)?;
        let route = Self { pattern: config.pattern.clone(), url, value, base: base.clone() };
        let target = route.target(&["x"; 9], &Key::new("x").map_err(|error| named(error.to_string()))?).map_err(named)?;
        if !origin::is_same(&target, base) {
            return Err(named("url is at another origin than the source's url, where its headers may not go".to_owned()));
        }
        Ok(route)
    }

    /// Whether the key has this route.
    pub(super) fn is_for(&self, key: &Key) -> bool {
        self.pattern.matches(key)
    }

    fn target(&self, captures: &[&str], key: &Key) -> Result<Url, String> {
        let text = self.url.fill(&Words { key, captures, value: None, base: None, id: None })?;
        self.base.join(&text).map_err(|error| format!("url is no URL: {error}"))
    }

    /// Asks for the key; none when the origin says that there is no such thing.
    ///
    /// # Errors
    /// As a fetch, and `denied` for a name that may not stand in a URL.
    pub(super) async fn read(&self, key: &Key, client: &Client, clock: &dyn Clock) -> Result<Option<Reported>, SourceError> {
        let captures = self.pattern.captures(key).unwrap_or_default();
        let url = self.target(&captures, key).map_err(|why| fail("denied", format!("[[source.read]] {why}")))?;
        let Some(answer) = client.find(&url, clock).await? else { return Ok(None) };
        let body = answer.json()?;
        let value = pick(self.value.as_ref(), &body).map_err(|why| fail("invalid_mapping", format!("[[source.read]] {why}")))?;
        let revision = answer.headers.get(ETAG).and_then(|tag| tag.to_str().ok()).map(Arc::from);
        let value = Value::from_json(value);
        Ok(Some(Reported { revision, ..Reported::new(key.clone(), value) }))
    }
}
