//! What an origin says about the age of its answer: validators (RFC 9110), freshness (RFC 9111), `Retry-After`.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use http_cache_semantics::{CacheOptions, CachePolicy};
use reqwest::{
    Url,
    header::{
        AGE, CACHE_CONTROL, DATE, ETAG, EXPIRES, HeaderMap, HeaderName, HeaderValue, IF_MODIFIED_SINCE, IF_NONE_MATCH, LAST_MODIFIED,
    },
};

use crate::fact::Timestamp;

/// The headers of an answer that speak of its age and version.
#[derive(Clone, Debug, Default)]
pub(super) struct Validators {
    headers: HeaderMap,
}

const KEPT: [HeaderName; 6] = [ETAG, LAST_MODIFIED, CACHE_CONTROL, EXPIRES, DATE, AGE];

/// Freshness that is said, never guessed from how long ago something changed.
const OPTIONS: CacheOptions =
    CacheOptions { shared: false, cache_heuristic: 0.0, immutable_min_time_to_live: Duration::ZERO, ignore_cargo_cult: false };

impl Validators {
    pub(super) fn of(headers: &HeaderMap) -> Self {
        let mut kept = Self::default();
        kept.renew(headers);
        kept
    }

    /// Takes over what a 304 says anew.
    pub(super) fn renew(&mut self, headers: &HeaderMap) {
        // A stored Age belongs to the stored answer; one that is not repeated would count twice.
        self.headers.remove(AGE);
        for name in KEPT {
            let mut values = headers.get_all(&name).iter();
            if let Some(first) = values.next() {
                self.headers.insert(name.clone(), first.clone());
                for value in values {
                    self.headers.append(name.clone(), value.clone());
                }
            }
        }
    }

    /// Whether there is anything to ask conditionally with.
    pub(super) fn is_any(&self) -> bool {
        self.headers.contains_key(ETAG) || self.headers.contains_key(LAST_MODIFIED)
    }

    /// The headers of a conditional request.
    pub(super) fn conditions(&self) -> Vec<(HeaderName, HeaderValue)> {
        let tag = self.headers.get(ETAG).map(|tag| (IF_NONE_MATCH, tag.clone()));
        let since = self.headers.get(LAST_MODIFIED).map(|since| (IF_MODIFIED_SINCE, since.clone()));
        tag.into_iter().chain(since).collect()
    }

    /// How long the origin says the answer stays fresh; none where it does not say, or says that it never is.
    pub(super) fn fresh_for(&self, url: &Url, now: Timestamp) -> Option<Duration> {
        let mut request = http::Request::new(());
        *request.uri_mut() = url.as_str().parse().ok()?;
        let mut response = http::Response::new(());
        *response.headers_mut() = self.headers.clone();
        let now = system_time(now);
        let left = CachePolicy::new_options(&request, &response, now, OPTIONS).time_to_live(now);
        Some(left).filter(|left| !left.is_zero())
    }
}

fn system_time(at: Timestamp) -> SystemTime {
    UNIX_EPOCH + Duration::from_millis(u64::try_from(at.as_millis()).unwrap_or(0))
}

/// `Retry-After`: seconds, or an HTTP date.
pub(super) fn retry_after(text: &str, now: Timestamp) -> Option<Duration> {
    if let Ok(seconds) = text.trim().parse::<u32>() {
        return Some(Duration::from_secs(u64::from(seconds)));
    }
    let at = jiff::fmt::rfc2822::parse(text.trim()).ok()?.timestamp().as_millisecond();
    Some(Timestamp::from_millis(at).since(now))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&str, &str)]) -> HeaderMap {
        let pair = |(name, value): &(&str, &str)| (HeaderName::try_from(*name).unwrap(), HeaderValue::from_str(value).unwrap());
        pairs.iter().map(pair).collect()
    }

    fn fresh(pairs: &[(&str, &str)]) -> Option<u64> {
        let url = Url::parse("http://127.0.0.1/x").unwrap();
        let now = Timestamp::parse_rfc3339("2026-01-05T10:00:00Z").unwrap();
        Validators::of(&headers(pairs)).fresh_for(&url, now).map(|left| left.as_secs())
    }

    #[test]
    fn freshness_is_what_is_said() {
        assert_eq!(fresh(&[]), None);
        assert_eq!(fresh(&[("cache-control", "max-age=60")]), Some(60));
        assert_eq!(fresh(&[("cache-control", "private, max-age=60"), ("age", "15")]), Some(45));
        assert_eq!(fresh(&[("expires", "Mon, 05 Jan 2026 10:01:00 GMT"), ("date", "Mon, 05 Jan 2026 10:00:00 GMT")]), Some(60));
        assert_eq!(fresh(&[("cache-control", "no-cache, max-age=60")]), None);
        assert_eq!(fresh(&[("cache-control", "no-store, max-age=60")]), None);
        assert_eq!(fresh(&[("last-modified", "Mon, 05 Jan 2015 10:00:00 GMT")]), None, "nothing is guessed");
        assert_eq!(fresh(&[("cache-control", "max-age=0")]), None);
    }

    #[test]
    fn a_304_renews_what_it_repeats() {
        let mut kept = Validators::of(&headers(&[("etag", "\"1\""), ("cache-control", "max-age=10"), ("age", "9")]));
        kept.renew(&headers(&[("cache-control", "max-age=99")]));
        let url = Url::parse("http://127.0.0.1/x").unwrap();
        assert_eq!(kept.fresh_for(&url, Timestamp::from_millis(0)), Some(Duration::from_secs(99)));
        assert_eq!(kept.conditions(), [(IF_NONE_MATCH, HeaderValue::from_static("\"1\""))]);
    }

    #[test]
    fn retry_after_is_seconds_or_a_date() {
        let now = Timestamp::parse_rfc3339("2026-01-05T10:00:00Z").unwrap();
        assert_eq!(retry_after("120", now), Some(Duration::from_secs(120)));
        assert_eq!(retry_after("Mon, 05 Jan 2026 10:00:30 GMT", now), Some(Duration::from_secs(30)));
        assert_eq!(retry_after("Mon, 05 Jan 2026 09:00:00 GMT", now), Some(Duration::ZERO));
        assert_eq!(retry_after("soon", now), None);
        assert_eq!(retry_after("-5", now), None);
    }
}
