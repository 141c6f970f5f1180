//! Following `next` from page to page, with an end in any case.

use std::collections::BTreeSet;

use reqwest::Url;
use serde_json::Value as Json;

use super::{
    super::{
        SourceError,
        fail::fail,
        path::{One, Path},
    },
    origin,
};

/// Pages of one answer.
pub(super) const MAX_PAGES: usize = 1000;
/// Bytes of all pages, in bodies of the largest size.
const MAX_BODIES: u64 = 16;

/// Where a fetch has been.
pub(super) struct Pages {
    seen: BTreeSet<Url>,
    bytes: u64,
    limit: u64,
}

impl Pages {
    pub(super) fn new(first: &Url, max_body: u64) -> Self {
        Self { seen: BTreeSet::from([first.clone()]), bytes: 0, limit: max_body.saturating_mul(MAX_BODIES) }
    }

    pub(super) fn is_single(&self) -> bool {
        self.seen.len() == 1
    }

    pub(super) fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Counts a page's bytes.
    ///
    /// # Errors
    /// `too_large` when all pages together are.
    pub(super) fn count(&mut self, bytes: u64) -> Result<(), SourceError> {
        self.bytes = self.bytes.saturating_add(bytes);
        if self.bytes > self.limit {
            return Err(fail("too_large", format!("all pages together have more than {} bytes", self.limit)));
        }
        Ok(())
    }

    /// The next page; none after the last.
    ///
    /// # Errors
    /// `redirect` when it leads to another origin or back, `too_large` after too many, `invalid_mapping` when it is no URL.
    pub(super) fn next(&mut self, path: &Path, body: &Json, here: &Url) -> Result<Option<Url>, SourceError> {
        let text = match path.one(body) {
            One::Nothing | One::Found(Json::Null | Json::Bool(false)) => return Ok(None),
            One::Found(Json::String(text)) if text.is_empty() => return Ok(None),
            One::Found(Json::String(text)) => text,
            One::Found(_) => return Err(fail("invalid_mapping", format!("next: {} is no text", path.text()))),
            One::Many => return Err(fail("invalid_mapping", format!("next: {} finds more than one", path.text()))),
        };
        let mut url = here.join(text).map_err(|error| fail("invalid_mapping", format!("next: {} is no URL: {error}", path.text())))?;
        if !origin::is_same(&url, here) {
            let (from, to) = (origin::shown(here), origin::shown(&url));
            return Err(fail("redirect", format!("the next page after {from} is at another origin, {to}, which is not followed")));
        }
        origin::adopt(&mut url, here);
        if self.seen.len() >= MAX_PAGES {
            return Err(fail("too_large", format!("{} has more than {MAX_PAGES} pages", origin::shown(here))));
        }
        if !self.seen.insert(url.clone()) {
            return Err(fail("redirect", format!("the pages of {} lead in a circle", origin::shown(here))));
        }
        Ok(Some(url))
    }
}
