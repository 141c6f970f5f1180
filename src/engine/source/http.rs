//! `http`: an API that answers JSON.
//!
//! Invariants: every request stays at the origin (scheme, host, port) of the configured URL - redirects, next pages and read routes
//! included - so headers with secrets never reach another; secrets go over plain HTTP only to loopback; a body is read up to its limit and
//! no further; no proxy, cookie or setting comes out of the environment; sentences name origins, never paths, queries or credentials.
//!
//! It does not retry and does not decide when to ask or to send: that is the schedule's and the queue's.

mod client;
mod deliver;
mod fault;
mod fresh;
mod origin;
mod pages;
mod read;
mod send;
mod settings;
mod tls;
mod verdict;
mod write;

use std::sync::{Arc, Mutex, PoisonError};

use reqwest::Url;

use crate::{
    config::{HttpConfig, HttpSource as HttpSettings, SourceConfig},
    engine::world::{Clock, Secrets},
    fact::{Key, Value},
};

use super::{
    BoxFuture, Change, Delivery, Fetched, Reported, Skipped, Source, SourceError,
    apart::aside,
    collect::{Claims, Collector, Origin},
    fail::fail,
    map::Mapping,
    outcome,
    path::Path,
};
pub(super) use client::{Answer, Client};
use fresh::Validators;
pub(super) use origin::parse as parse_url;
use pages::Pages;
use read::Route;
pub(super) use settings::Settings;
use write::WriteRoute;

/// An HTTP API.
pub(super) struct HttpSource {
    client: Client,
    url: Url,
    reading: Arc<Reading>,
    routes: Vec<Route>,
    writes: Vec<WriteRoute>,
    writable: bool,
    clock: Arc<dyn Clock>,
    last: Mutex<Option<Last>>,
}

/// How a page is made into facts, wherever that is done.
struct Reading {
    next: Option<Path>,
    claims: Arc<Claims>,
    mapping: Mapping,
}

/// The items of the pages so far, and where they were.
struct Gathered {
    items: Collector,
    pages: Pages,
}

/// What the last successful fetch of one page left.
#[derive(Clone)]
struct Last {
    validators: Validators,
    complete: bool,
    skipped: Vec<Skipped>,
    duplicates: Vec<Key>,
}

impl HttpSource {
    /// Compiles URL, maps and routes.
    ///
    /// # Errors
    /// A sentence that says what is wrong.
    pub(super) fn new(
        config: &SourceConfig,
        http: &HttpSettings,
        limits: &HttpConfig,
        secrets: Arc<dyn Secrets>,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, String> {
        let url = origin::parse("url", &http.url)?;
        let settings = Settings {
            headers: http.headers.clone(),
            tls: http.tls.clone(),
            proxy: http.proxy.clone(),
            timeout: config.timeout,
            max_body: limits.max_body,
            redirects: limits.redirects,
        };
        let routes = config.reads.iter().map(|read| Route::compile(read, &url)).collect::<Result<_, _>>()?;
        let writes = config.writes.iter().map(|write| WriteRoute::compile(write, &url)).collect::<Result<_, _>>()?;
        let reading = Reading {
            next: http.next.as_deref().map(|text| Path::compile("next", text)).transpose()?,
            claims: Claims::of(config),
            mapping: Mapping::compile(&config.maps, http.depth, None, &config.prefix)?,
        };
        Ok(Self {
            client: Client::new(&url, settings, secrets)?,
            reading: Arc::new(reading),
            routes,
            writes,
            writable: config.writable,
            clock,
            url,
            last: Mutex::new(None),
        })
    }

    /// The value of a key at the origin now: by its read route, else out of everything. Nothing that was remembered is asked for, and
    /// nothing is remembered of it.
    async fn value_now(&self, key: &Key) -> Result<Option<Value>, SourceError> {
        if let Some(route) = self.routes.iter().find(|route| route.is_for(key)) {
            return Ok(route.read(key, &self.client, self.clock.as_ref()).await?.map(|found| found.value));
        }
        let first = self.client.get(&self.url, &[], self.clock.as_ref()).await?;
        outcome::value_in(self.gather(first).await?.0, key)
    }

    fn last(&self) -> Option<Last> {
        self.last.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn remember(&self, last: Option<Last>) {
        *self.last.lock().unwrap_or_else(PoisonError::into_inner) = last;
    }

    async fn fetch_all(&self) -> Result<Fetched, SourceError> {
        let last = self.last();
        let conditions = last.as_ref().map(|last| last.validators.conditions()).unwrap_or_default();
        let first = self.client.get(&self.url, &conditions, self.clock.as_ref()).await?;
        if let (true, Some(mut last)) = (first.is_not_modified(), last) {
            last.validators.renew(&first.headers);
            let fetched = Fetched {
                complete: last.complete,
                unchanged: true,
                skipped: last.skipped.clone(),
                duplicates: last.duplicates.clone(),
                fresh_for: last.validators.fresh_for(&self.url, self.clock.now()),
                ..Fetched::default()
            };
            self.remember(Some(last));
            return Ok(fetched);
        }
        // Whatever goes wrong from here on, the next fetch asks for everything.
        self.remember(None);
        self.take(first).await
    }

    /// The items of an answer and of all pages behind it, and whether there were none.
    async fn gather(&self, first: Answer) -> Result<(Fetched, bool), SourceError> {
        let pages = Pages::new(&self.url, self.client.max_body());
        let mut gathered = Gathered { items: Collector::new(&self.reading.claims), pages };
        let mut answer = first;
        loop {
            let reading = Arc::clone(&self.reading);
            let (so_far, next) = aside(move || reading.page(&answer, gathered)).await?;
            gathered = so_far;
            let Some(next) = next else { break };
            answer = self.client.get(&next, &[], self.clock.as_ref()).await?;
        }
        let Gathered { items, pages } = gathered;
        Ok((items.finish(pages.bytes()), pages.is_single()))
    }

    async fn take(&self, first: Answer) -> Result<Fetched, SourceError> {
        let validators = Validators::of(&first.headers);
        let fresh_for = validators.fresh_for(&self.url, self.clock.now());
        let (mut fetched, is_single) = self.gather(first).await?;
        fetched.fresh_for = fresh_for;
        // The tag of a first page says nothing of the pages behind it.
        if is_single && validators.is_any() {
            self.remember(Some(Last {
                validators,
                complete: fetched.complete,
                skipped: fetched.skipped.clone(),
                duplicates: fetched.duplicates.clone(),
            }));
        }
        Ok(fetched)
    }
}

impl Reading {
    /// Takes what a page holds, and says where the next one is.
    fn page(&self, answer: &Answer, mut so_far: Gathered) -> Result<(Gathered, Option<Url>), SourceError> {
        let body = answer.json()?;
        so_far.pages.count(answer.body.len() as u64)?;
        self.mapping.apply(&body, &Origin::default(), &mut so_far.items).map_err(|why| fail("invalid_mapping", why))?;
        let next = self.next.as_ref().map(|path| so_far.pages.next(path, &body, &answer.url)).transpose()?.flatten();
        Ok((so_far, next))
    }
}

impl Source for HttpSource {
    fn fetch(&self) -> BoxFuture<'_, Result<Fetched, SourceError>> {
        Box::pin(self.fetch_all())
    }

    fn read<'a>(&'a self, key: &'a Key) -> Option<BoxFuture<'a, Result<Option<Reported>, SourceError>>> {
        if !self.reading.claims.allows(key) {
            return None;
        }
        let route = self.routes.iter().find(|route| route.is_for(key))?;
        Some(Box::pin(route.read(key, &self.client, self.clock.as_ref())))
    }

    fn writes(&self, key: &Key) -> bool {
        self.write_route(key).is_some()
    }

    fn deliver<'a>(&'a self, change: &'a Change) -> Option<BoxFuture<'a, Delivery>> {
        let route = self.write_route(&change.key)?;
        Some(Box::pin(self.attempt(route, change)))
    }

    fn reread<'a>(&'a self, key: &'a Key) -> Option<BoxFuture<'a, Result<Option<Value>, SourceError>>> {
        self.writes(key).then(|| -> BoxFuture<'a, _> { Box::pin(self.value_now(key)) })
    }

    fn forget(&self) {
        self.writes.iter().for_each(WriteRoute::forget);
        self.remember(None);
    }
}

#[cfg(test)]
mod tests;
