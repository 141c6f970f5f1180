//! `list`, `get`, `why`: from the cache at once; asking first only where nothing is cached from a source that could know.

use std::{sync::Arc, time::Duration};

use crate::{
    action::args::{ListArgs, ReadArgs, SortArg, WhyArgs},
    engine::{FactQuery, Knowledge, Listing, SortBy},
    fact::{Insight, Key, Mark, SourceId, span},
    wire::{InsightPayload, LastsPayload, TrustPayload},
};

use super::answer::{Answer, Failed};

/// What a line about one fact is called, whichever command asked.
pub const READ: &str = "core.insight.read";

/// `list`
pub async fn list(answer: &mut Answer<'_>, args: ListArgs) -> Result<(), Failed> {
    let pattern = args.pattern;
    let sources = answer.handle.sources_for(pattern.as_ref());
    ask_first(answer, &sources, args.refresh).await?;
    let query = FactQuery { pattern, states: args.states, marks: args.marks, sort: order(args.sort) };
    let everything = query.states.is_empty() && query.marks.is_empty();
    let mut listing = answer.handle.listing(&query)?;
    let mut may_ask = !answer.offline();
    let mut part = next_part(answer, &mut listing, &sources, &mut may_ask).await?;
    if part.is_none() && everything {
        let silent = never_complete(answer, &sources);
        if !silent.is_empty() {
            return Err(nothing_cached(answer, &silent));
        }
    }
    say_if_nobody_polls(answer).await;
    while let Some(facts) = part.take() {
        for fact in facts {
            if answer.line(&InsightPayload::of(&fact, answer.request.reveal)).await.is_break() {
                return Ok(());
            }
        }
        part = next_part(answer, &mut listing, &sources, &mut may_ask).await?;
    }
    Ok(())
}

/// The next facts of a list. Reading may have found damaged records: then what their sources say is asked for, once.
async fn next_part(
    answer: &mut Answer<'_>,
    listing: &mut Listing,
    sources: &[SourceId],
    may_ask: &mut bool,
) -> Result<Option<Vec<Arc<Insight>>>, Failed> {
    let part = listing.next_part()?;
    if !*may_ask || answer.handle.never_asked(sources).is_empty() {
        return Ok(part);
    }
    *may_ask = false;
    ask_the_never_asked(answer, sources).await?;
    listing.again()?;
    Ok(listing.next_part()?)
}

/// `get`
pub async fn read(answer: &mut Answer<'_>, args: &ReadArgs) -> Result<(), Failed> {
    let mut sources: Vec<SourceId> = Vec::new();
    for key in &args.keys {
        for source in answer.handle.sources_for(key_pattern(key).as_ref()) {
            if !sources.contains(&source) {
                sources.push(source);
            }
        }
    }
    ask_first(answer, &sources, args.refresh).await?;
    say_if_nobody_polls(answer).await;
    for key in &args.keys {
        let fact = known(answer, key).await?;
        let told = match fact {
            Ok(fact) => {
                if answer.line(&InsightPayload::of(&fact, answer.request.reveal)).await.is_break() {
                    return Ok(());
                }
                refused(&fact, args.max_age_ms.map(Duration::from_millis), args.strict)
            }
            Err(failed) => Some(failed),
        };
        if let Some(failed) = told {
            answer.fail(failed).await;
        }
    }
    Ok(())
}

/// `why`
pub async fn why(answer: &mut Answer<'_>, args: &WhyArgs) -> Result<(), Failed> {
    let sources = answer.handle.sources_for(key_pattern(&args.key).as_ref());
    ask_the_never_asked(answer, &sources).await?;
    say_if_nobody_polls(answer).await;
    let fact = known(answer, &args.key).await??;
    let mut payload = InsightPayload::of(&fact, answer.request.reveal).with_violations(&fact);
    payload.trust = answer.handle.trust_about(&fact).iter().map(TrustPayload::of).collect();
    payload.lasts = answer.handle.half_life_of(&fact).as_ref().map(LastsPayload::of);
    let _ = answer.line(&payload).await;
    Ok(())
}

fn key_pattern(key: &Key) -> Option<crate::fact::Pattern> {
    crate::fact::Pattern::new(key.as_str()).ok()
}

/// The fact, after asking whoever has never answered completely; or why there is none.
async fn known(answer: &Answer<'_>, key: &Key) -> Result<Result<Arc<Insight>, Failed>, Failed> {
    if let Some(fact) = answer.handle.get(key)? {
        return Ok(Ok(Arc::new(fact.at(answer.handle.now()))));
    }
    if !answer.offline() {
        match answer.handle.knowledge(key) {
            Knowledge::NoSuchKey => {}
            Knowledge::Unanswered(sources) => drop(answer.handle.refresh(&sources).await?),
            Knowledge::LetGo(sources) => {
                answer.handle.refetch(key, &sources).await?;
                // A fetch that was under way already knew nothing of who waits for what.
                if answer.handle.get(key)?.is_none() && matches!(answer.handle.knowledge(key), Knowledge::LetGo(_)) {
                    answer.handle.refetch(key, &sources).await?;
                }
            }
        }
        if let Some(fact) = answer.handle.get(key)? {
            return Ok(Ok(fact));
        }
    }
    Ok(Err(match answer.handle.knowledge(key) {
        Knowledge::NoSuchKey => no_such_key(answer, key),
        Knowledge::Unanswered(sources) => nothing_cached(answer, &sources),
        Knowledge::LetGo(sources) => let_go(answer, key, &sources),
    }))
}

fn no_such_key(answer: &Answer<'_>, key: &Key) -> Failed {
    let hint = answer.handle.meant_by(key).map_or_else(
        || "stellar list shows what there is".to_owned(),
        |meant| format!("did you mean {meant}? A / inside of a name is written %2F"),
    );
    Failed::new("no_such_key", format!("there is no {key}: no source that could hold it has it")).hint(hint)
}

fn refused(fact: &Insight, max_age: Option<Duration>, strict: bool) -> Option<Failed> {
    if let Some(limit) = max_age
        && fact.age > limit
    {
        let message = format!("{} is {} old, older than {} allows", fact.key, span::words(fact.age), span::words(limit));
        return Some(Failed::new("too_old", message).hint("--refresh asks its sources now"));
    }
    (strict && fact.marks.contains(Mark::Conflict)).then(|| {
        let id = fact.conflict.as_ref().map(|conflict| conflict.id.to_string()).unwrap_or_default();
        Failed::new("conflict_undecided", format!("{} has an undecided conflict", fact.key)).hint(format!("stellar conflicts show {id}"))
    })
}

fn order(sort: SortArg) -> SortBy {
    match sort {
        SortArg::Key => SortBy::Key,
        SortArg::Age => SortBy::Age,
        SortArg::Confidence => SortBy::Confidence,
    }
}

/// Asks all of the sources when that was asked for, else those nobody has ever asked.
async fn ask_first(answer: &mut Answer<'_>, sources: &[SourceId], all: bool) -> Result<(), Failed> {
    if all && !answer.offline() { ask(answer, sources).await } else { ask_the_never_asked(answer, sources).await }
}

/// Asks those of the sources nobody has ever asked: from them nothing is cached yet.
pub async fn ask_the_never_asked(answer: &mut Answer<'_>, sources: &[SourceId]) -> Result<(), Failed> {
    if answer.offline() {
        return Ok(());
    }
    let new = answer.handle.never_asked(sources);
    if new.is_empty() { Ok(()) } else { ask(answer, &new).await }
}

async fn ask(answer: &mut Answer<'_>, sources: &[SourceId]) -> Result<(), Failed> {
    for report in answer.handle.refresh(sources).await? {
        if let Some(error) = report.error {
            answer.note(&format!("{}: {}", report.source, error.message)).await;
        }
    }
    Ok(())
}

fn never_complete(answer: &Answer<'_>, sources: &[SourceId]) -> Vec<SourceId> {
    let standing = answer.handle.sources();
    standing
        .into_iter()
        .filter(|status| status.complete_at.is_none() && sources.contains(&status.source))
        .map(|status| status.source)
        .collect()
}

pub fn nothing_cached(answer: &Answer<'_>, silent: &[SourceId]) -> Failed {
    let standing = answer.handle.sources();
    let reasons: Vec<_> = standing
        .iter()
        .filter(|status| silent.contains(&status.source))
        .map(|status| match &status.error {
            Some(error) => format!("{}: {}", status.source, error.message),
            None if status.asked_at.is_some() => format!("{}: some of what it answered had to be left out", status.source),
            None => format!("{} has not been asked", status.source),
        })
        .collect();
    let hint = if answer.offline() { "without --offline its sources are asked" } else { "stellar source test NAME shows more" };
    Failed::new(
        "nothing_cached",
        format!("nothing is cached for this, and its sources have not answered completely ({})", reasons.join("; ")),
    )
    .hint(hint)
}

fn let_go(answer: &Answer<'_>, key: &Key, sources: &[SourceId]) -> Failed {
    let names: Vec<_> = sources.iter().map(SourceId::as_str).collect();
    let hint = if answer.offline() { "without --offline it is fetched again" } else { "stellar cache status shows how full the cache is" };
    let message = format!("{key} is not cached any more: it went to make room, and {} cannot be asked for it now", names.join(", "));
    Failed::new("nothing_cached", message).hint(hint)
}

/// Says so when values may be old because nothing polls here.
async fn say_if_nobody_polls(answer: &mut Answer<'_>) {
    if answer.handle.polls() {
        return;
    }
    let ttl = answer.context.config.cache.ttl;
    if let Some(polled) = answer.handle.polled_at() {
        let since = answer.handle.now().since(polled);
        if since > ttl {
            let text = format!("no engine has polled here for {}; stellar serve keeps facts fresh, --refresh asks now", span::words(since));
            answer.note(&text).await;
        }
    }
}
