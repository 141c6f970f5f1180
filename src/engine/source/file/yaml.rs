//! YAML, and what is said of a file of which more would have to be held than is read of one: a few lines of aliases can stand for more
//! than any memory holds.

use serde_json::Value as Json;
use serde_saphyr::{Budget, Error, ExternalMessageSource, budget::BudgetBreach, granit_parser::ErrorKind};

use crate::fact::JsonTree;

use super::super::{
    SourceError,
    fail::{fail, refused},
};

/// A file with nothing in it, or only comments, is an object without members, as it is in TOML. Several documents are a list of them.
pub(super) fn parse(name: &str, text: &str) -> Result<Json, SourceError> {
    // Only true and false are booleans, as in YAML 1.2: otherwise a country called no or a key called y would be one.
    let options = serde_saphyr::options! { strict_booleans: true, with_snippet: false };
    let mut documents = serde_saphyr::from_multiple_with_options::<JsonTree>(text, options).map_err(|error| said(name, &error))?;
    documents.retain(|tree| !tree.0.is_null());
    Ok(match documents.len() {
        0 => Json::Object(serde_json::Map::new()),
        1 => documents.swap_remove(0).0,
        _ => Json::Array(documents.into_iter().map(|tree| tree.0).collect()),
    })
}

/// What is wrong, and where: what is beyond a limit in our words, the rest in the parser's, which name the place themselves.
fn said(name: &str, error: &Error) -> SourceError {
    let Some(excess) = excess(error, false) else { return refused(name, &error.to_string(), None) };
    let Excess { code, what, mend } = excess;
    let place = error.location().map_or_else(String::new, |location| format!(" at line {}", location.line()));
    fail(code, format!("{name}: {what}{place}, and a file that could fill the memory is not read; {mend}"))
}

/// What a file has too much of, and what can be done about it.
struct Excess {
    code: &'static str,
    what: String,
    mend: &'static str,
}

/// What a file has too much of; none where that is not what is wrong. `copied`: in what an alias stands for.
fn excess(error: &Error, copied: bool) -> Option<Excess> {
    let limits = Budget::default();
    match error {
        Error::AliasError { error, .. } => excess(error, true),
        Error::Budget { breach, .. } => Some(breached(breach, &limits, copied)),
        Error::ExternalMessage { source, .. } => match source.as_ref() {
            ExternalMessageSource::Parser(error) => matches!(error.kind(), ErrorKind::RecursionLimitExceeded).then(|| too_deep(&limits)),
            _ => None,
        },
        Error::AliasReplayLimitExceeded { max_total_replayed_events: most, .. } => Some(copies(*most)),
        Error::AliasExpansionLimitExceeded { max_expansions_per_anchor: most, .. } => Some(copies(*most)),
        Error::AliasReplayStackDepthExceeded { .. } => Some(too_deep(&limits)),
        Error::RecursiveReferencesRequireWeakTypes { .. } => {
            let what = "an alias (*name) stands inside what it stands for".to_owned();
            Some(Excess { code: "too_deep", what, mend: "write a value in its place" })
        }
        _ => None,
    }
}

fn breached(breach: &BudgetBreach, limits: &Budget, copied: bool) -> Excess {
    let many =
        |most: usize, what: &str| Excess { code: "too_large", what: format!("more than {most} {what}"), mend: "split it into several" };
    match breach {
        BudgetBreach::Depth { .. } => too_deep(limits),
        BudgetBreach::Nodes { .. } | BudgetBreach::Events { .. } if copied => copies(limits.max_nodes),
        BudgetBreach::Nodes { .. } => many(limits.max_nodes, "values"),
        BudgetBreach::Events { .. } => many(limits.max_events, "beginnings and ends of values"),
        BudgetBreach::Documents { .. } => many(limits.max_documents, "documents"),
        BudgetBreach::Aliases { .. } => many(limits.max_aliases, "aliases (*name)"),
        BudgetBreach::Anchors { .. } => many(limits.max_anchors, "anchors (&name)"),
        BudgetBreach::MergeKeys { .. } => many(limits.max_merge_keys, "merge keys (<<)"),
        BudgetBreach::ScalarBytes { .. } => many(limits.max_total_scalar_bytes, "bytes of text"),
        BudgetBreach::AliasAnchorRatio { .. } => Excess {
            mend: "write out what they stand for",
            ..many(limits.alias_anchor_ratio_multiplier, "aliases (*name) for each anchor (&name)")
        },
        BudgetBreach::RecordedAnchorEvents { .. } => {
            Excess { mend: "put anchors on less", ..many(limits.max_recorded_anchor_events, "values below its anchors (&name)") }
        }
        BudgetBreach::RecordedAnchorBytes { .. } => {
            Excess { mend: "put anchors on less", ..many(limits.max_recorded_anchor_bytes, "bytes below its anchors (&name)") }
        }
        _ => Excess { code: "too_large", what: "more than is read of one file".to_owned(), mend: "split it into several" },
    }
}

fn too_deep(limits: &Budget) -> Excess {
    let what = format!("more than {} lists and maps inside each other", limits.max_depth);
    Excess { code: "too_deep", what, mend: "make it flatter" }
}

/// What the aliases stand for is too much.
fn copies(most: usize) -> Excess {
    Excess { code: "too_large", what: format!("its aliases (*name) stand for more than {most} values"), mend: "use fewer of them" }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(count: usize, line: impl Fn(usize) -> String) -> String {
        (0..count).map(line).collect()
    }

    /// What stands before the first of a chain of anchors, or an alias of the one before.
    fn of(at: usize) -> String {
        at.checked_sub(1).map_or_else(|| "x".to_owned(), |before| format!("*a{before}"))
    }

    /// Each a list of ten aliases of the list before.
    fn bomb() -> String {
        lines(30, |at| format!("a{at}: &a{at} [{}]\n", [of(at).as_str(); 10].join(", ")))
    }

    #[test]
    fn what_is_too_much_is_said_with_where_and_what_to_do() {
        let deep = "more than 64 lists and maps inside each other at line";
        let many = |count: usize, line: &str| line.repeat(count);
        let table = [
            (format!("a: {}{}", many(70, "["), many(70, "]")), "too_deep", deep, "make it flatter"),
            (many(100_000, "["), "too_deep", deep, "make it flatter"),
            (many(300, "- "), "too_deep", deep, "make it flatter"),
            (lines(70, |level| format!("{}a:\n", " ".repeat(level))), "too_deep", "each other at line 65,", "make it flatter"),
            (lines(100, |at| format!("a{at}: &a{at} [{}]\n", of(at))), "too_deep", "each other at line 64,", "make it flatter"),
            ("a: &a\n- *a\n".to_owned(), "too_deep", "an alias (*name) stands inside what it stands for at line 2,", "in its place"),
            (bomb(), "too_large", "its aliases (*name) stand for more than 250000 values at line 6,", "use fewer of them"),
            (
                format!("- &a 1\n{}", many(2_000, "- *a\n")),
                "too_large",
                "10 aliases (*name) for each anchor",
                "write out what they stand for",
            ),
            (many(250_001, "- 1\n"), "too_large", "more than 250000 values at line 250000,", "split it into several"),
            (many(1_100, "--- 1\n"), "too_large", "more than 1024 documents at line 1025,", "split it into several"),
            (lines(50_001, |at| format!("- &a{at} 1\n")), "too_large", "50000 anchors (&name) at line 50001,", "split it into several"),
        ];
        for (text, code, what, mend) in table {
            let error = parse("\"a.yaml\"", &text).unwrap_err();
            assert!(error.code == code && error.message.contains(what) && error.message.ends_with(mend), "{error}");
            assert!(["budget", "breach", "recurs", "column"].iter().all(|word| !error.message.contains(word)), "{error}");
        }
    }

    #[test]
    fn a_place_is_named_once() {
        for text in ["x: 1\ny: [1\n", "x: 1\nx: 2\n", "x: 1\ny: *z\n"] {
            let error = parse("\"a.yaml\"", text).unwrap_err();
            assert_eq!(error.message.matches(" at line 2").count(), 1, "{error}");
        }
    }
}
