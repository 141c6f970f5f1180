//! One attempt at a change over HTTP.
//!
//! With a tag of the write URL, got by the write before or asked for now, the target itself holds the base against what it has (`If-Match`).
//! A tag asked for now is asked for *before* the value is re-read and compared: whatever moves the value after that moves the tag too.
//! Without a tag the value is re-read and compared, which leaves a gap: checked, not guarded. An answer that cannot be read, or that
//! speaks of somebody who was faster, is settled by another look at the value, not by belief.

use crate::fact::{Base, Key, Value};

use super::{
    super::{Answer, Change, Confirmed, Delivery, SourceError, fail::fail, outcome::of_error},
    HttpSource, origin,
    send::{Lost, Request, Sent},
    verdict::{self, Verdict},
    write::{self, WriteRoute},
};

/// A request and what the target will hold it against.
struct Ready {
    request: Request,
    tag: Option<String>,
}

impl HttpSource {
    /// The route of a key that may be written here.
    pub(super) fn write_route(&self, key: &Key) -> Option<&WriteRoute> {
        let routes = Some(&self.writes).filter(|_| self.writable && self.reading.claims.allows(key))?;
        routes.iter().find(|route| route.is_for(key))
    }

    /// Makes one attempt.
    pub(super) async fn attempt(&self, route: &WriteRoute, change: &Change) -> Delivery {
        let mut given = change.guard.as_deref().map(str::to_owned);
        loop {
            let was_given = given.is_some();
            // All looks together take no longer than one request may, so that an attempt is a look and a write at the most.
            let limit = self.client.settings.timeout;
            let ready = match tokio::time::timeout(limit, self.ready(route, change, given.take())).await {
                Ok(Ok(ready)) => ready,
                Ok(Err(outcome)) => return outcome,
                Err(_) => {
                    let error = fail("timeout", format!("what is at the target now could not be read within {limit:?}"));
                    return Delivery::Unavailable { error, maybe_applied: false };
                }
            };
            let sent = match self.client.send(&ready.request).await {
                Ok(sent) => sent,
                Err(lost) => return of_lost(lost),
            };
            match self.judged(route, change, &ready, &sent).await {
                Some(outcome) => return outcome,
                // The tag from the write before is no longer that of the version, but the value is: once more, with one of now.
                None if was_given => {}
                None => return Delivery::Poison { answer: verdict::answer(&sent, change.secret), maybe_applied: false },
            }
        }
    }

    /// Fills the templates and sees to it that the base holds.
    async fn ready(&self, route: &WriteRoute, change: &Change, given: Option<String>) -> Result<Ready, Delivery> {
        let refused = |why: String| Delivery::Refused { answer: Answer::new(None, &why) };
        let max = self.client.max_body();
        if change.value.as_json_text().len() as u64 > max {
            let size = change.value.as_json_text().len();
            return Err(refused(format!("the value has {size} bytes; at most http.max_body = {max} are sent")));
        }
        let mut request = route.request(change).map_err(refused)?;
        if request.body.as_ref().is_some_and(|body| body.len() as u64 > max) {
            return Err(refused(format!("the body would have more than http.max_body = {max} bytes")));
        }
        if given.is_none() && change.base == Base::Unknown {
            return Ok(Ready { request, tag: None });
        }
        let tag = match given {
            Some(tag) => Some(tag),
            None => {
                let tag = self.tag(route, &request).await?;
                let current = self.current(&change.key).await.map_err(|error| of_error(&error))?;
                if current.is(&change.value) {
                    return Err(there_already(&change.value, tag));
                }
                if !change.base.holds(&current, &change.compare) {
                    let answer = Answer::new(None, "the value at the target is no longer the one this change was made on");
                    return Err(Delivery::Moved { current, answer });
                }
                tag
            }
        };
        let tag = tag.filter(|tag| write::guard(&mut request, tag));
        Ok(Ready { request, tag })
    }

    /// The tag of what is at the write URL, where there is one to be had.
    async fn tag(&self, route: &WriteRoute, request: &Request) -> Result<Option<String>, Delivery> {
        let Some(question) = route.tag_request(request) else { return Ok(None) };
        let sent = self.client.send(&question).await.map_err(|lost| of_lost(Lost { maybe_arrived: false, ..lost }))?;
        match sent.status.as_u16() {
            200..=299 => {
                let tag = verdict::strong_tag(&sent).map(str::to_owned);
                if tag.is_none() {
                    route.note_tagless();
                }
                Ok(tag)
            }
            405 | 501 => {
                route.note_tagless();
                Ok(None)
            }
            _ => Ok(None),
        }
    }

    async fn current(&self, key: &Key) -> Result<Base, SourceError> {
        self.value_now(key).await.map(Base::found)
    }

    /// What the answer means; none when the target says that somebody was faster, but the value is still the base.
    async fn judged(&self, route: &WriteRoute, change: &Change, ready: &Ready, sent: &Sent) -> Option<Delivery> {
        let answer = verdict::answer(sent, change.secret);
        let place = origin::shown(&ready.request.url);
        Some(match verdict::verdict(sent) {
            Verdict::Taken => Delivery::Accepted {
                revision: verdict::strong_tag(sent).filter(|_| route.gives_tags()).map(Into::into),
                guarded: ready.tag.is_some(),
                confirmed: None,
            },
            Verdict::Doubtful => match self.current(&change.key).await {
                Ok(current) if current.is(&change.value) => there_already(&change.value, None),
                _ => Delivery::Poison { answer, maybe_applied: true },
            },
            Verdict::Contended => return self.contended(change, answer).await,
            Verdict::Refused => Delivery::Refused { answer },
            Verdict::Denied => Delivery::Denied { answer },
            Verdict::Unavailable { maybe_applied } => {
                Delivery::Unavailable { error: verdict::trouble(sent, &place, self.clock.now()), maybe_applied }
            }
            Verdict::Poison { maybe_applied } => Delivery::Poison { answer, maybe_applied },
        })
    }

    async fn contended(&self, change: &Change, answer: Answer) -> Option<Delivery> {
        match self.current(&change.key).await {
            Ok(current) if current.is(&change.value) => Some(there_already(&change.value, None)),
            Ok(current) if change.base != Base::Unknown && change.base.holds(&current, &change.compare) => None,
            Ok(current) => Some(Delivery::Moved { current, answer }),
            Err(error) => Some(of_error(&error)),
        }
    }
}

/// The target has the value, whoever wrote it.
fn there_already(value: &Value, tag: Option<String>) -> Delivery {
    Delivery::Accepted { revision: tag.map(Into::into), guarded: false, confirmed: Some(Confirmed(value.clone())) }
}

fn of_lost(lost: Lost) -> Delivery {
    // What could not even be begun (secrets, certificates) is told like any other error; only what was sent may have arrived.
    if lost.maybe_arrived { Delivery::Unavailable { error: lost.error, maybe_applied: true } } else { of_error(&lost.error) }
}

#[cfg(test)]
mod tests;
