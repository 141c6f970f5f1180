//! The registry keeps its promises, and requests become calls.

use std::collections::BTreeSet;

use serde_json::json;

use super::args::{ListArgs, ReadArgs};
use super::{ActionSpec, ArgKind, Call, CallError, GLOBALS, LATER, Persona, Right, Scope, SortArg, Surface, all, find, nearest};
use crate::fact::{FactState, Key};

fn parse(id: &str, args: &serde_json::Value) -> Result<Call, CallError> {
    Call::parse(id, args.as_object().unwrap(), Persona::Sre)
}

#[test]
fn ids_are_unique_and_well_formed() {
    let mut seen = BTreeSet::new();
    for spec in all() {
        assert!(seen.insert(spec.id), "{} is there twice", spec.id);
        let parts: Vec<&str> = spec.id.split('.').collect();
        assert_eq!((parts.len(), parts[0]), (3, "core"), "{}", spec.id);
        assert!(spec.id.chars().all(|char| matches!(char, 'a'..='z' | '.' | '_')), "{}", spec.id);
    }
}

#[test]
fn every_subcommand_is_an_action_and_every_action_can_be_reached() {
    let mut seen = BTreeSet::new();
    for spec in all() {
        // The program itself is its own subcommand.
        assert_eq!(spec.command.is_empty() && spec.id != "core.app.run", spec.surface == Surface::Screen, "{}", spec.id);
        assert_eq!(spec.scope == Scope::Screen, spec.surface == Surface::Screen, "{}", spec.id);
        for path in [spec.command, spec.alias].into_iter().filter(|path| !path.is_empty()) {
            assert!(seen.insert(path), "{path:?} is there twice");
        }
    }
    // A path that is also the beginning of another could not be told apart.
    for path in &seen {
        assert!(!seen.iter().any(|other| other.len() > path.len() && other.starts_with(path)), "{path:?}");
    }
    for later in LATER {
        assert!(!seen.contains(later.command), "{:?} exists and is said to come later", later.command);
        assert!(!later.what.is_empty());
    }
}

#[test]
fn everything_is_documented() {
    for spec in all() {
        assert!(!spec.title.is_empty() && !spec.title.ends_with('.'), "{}", spec.id);
        assert!(spec.doc.len() > 10, "{}", spec.id);
        assert!(spec.args.iter().all(|arg| arg.help.len() > 5 && !arg.help.ends_with('.')), "{}", spec.id);
    }
    assert!(GLOBALS.iter().all(|global| global.help.len() > 5));
}

#[test]
fn positional_arguments_come_first_and_names_are_unique() {
    for ActionSpec { id, args, .. } in all() {
        let names: BTreeSet<&str> = args.iter().map(|arg| arg.name).collect();
        assert_eq!(names.len(), args.len(), "{id}");
        let first_option = args.iter().position(|arg| !arg.is_positional()).unwrap_or(args.len());
        assert!(args[first_option..].iter().all(|arg| !arg.is_positional()), "{id}");
        assert!(!args.iter().any(|arg| GLOBALS.iter().any(|global| !arg.flag.is_empty() && global.flag == arg.flag)), "{id}");
    }
}

#[test]
fn every_engine_action_becomes_a_call() {
    for spec in all().filter(|spec| spec.scope == Scope::Engine) {
        let mut args = serde_json::Map::new();
        for arg in spec.args {
            let value = match arg.kind {
                ArgKind::Flag => json!(true),
                ArgKind::Text | ArgKind::Path | ArgKind::Secret => json!("host/load"),
                ArgKind::Texts => json!(["host/load"]),
                ArgKind::Duration | ArgKind::Count => json!(5),
                ArgKind::Choice(words) => json!(words[0]),
                ArgKind::Choices(words) => json!(words),
                ArgKind::Json => json!({}),
                ArgKind::Minted => json!("q-00000000000000000000008w2k"),
                ArgKind::Rows => json!([]),
            };
            args.insert(arg.name.to_owned(), value);
        }
        let call = Call::parse(spec.id, &args, Persona::Sre);
        assert!(call.is_ok(), "{}: {call:?}", spec.id);
    }
}

#[test]
fn arguments_are_typed() {
    assert_eq!(
        parse("core.insight.list", &json!({"states": ["stale"], "sort": "age"})),
        Ok(Call::List(ListArgs { states: vec![FactState::Stale], sort: SortArg::Age, ..ListArgs::default() }))
    );
    let Ok(Call::Read(ReadArgs { keys, max_age_ms, strict, .. })) = parse("core.insight.read", &json!({"keys": ["a/b"], "max_age_ms": 3}))
    else {
        panic!("no read")
    };
    assert_eq!((keys, max_age_ms, strict), (vec![Key::new("a/b").unwrap()], Some(3), false));
}

#[test]
fn what_does_not_fit_is_refused_with_a_sentence() {
    for (id, args, sentence) in [
        ("core.insight.reed", json!({}), "there is no action \"core.insight.reed\"; did you mean core.insight.read?"),
        ("insight.list", json!({}), "there is no action \"insight.list\"; did you mean core.insight.list?"),
        ("zzz", json!({}), "there is no action \"zzz\""),
        ("core.insight.read", json!({"keys": []}), "core.insight.read: keys is empty; name at least one key"),
        ("core.insight.read", json!({"kyes": ["a"]}), "core.insight.read: no argument \"kyes\"; did you mean \"keys\"?"),
        ("core.cache.read", json!({"x": 1}), "core.cache.read: no argument \"x\"; it takes none"),
        ("core.palette.open", json!({}), "core.palette.open is not something an engine does: it acts on the screen"),
        ("core.app.man", json!({}), "core.app.man is not something an engine does: run it as a subcommand"),
    ] {
        assert_eq!(parse(id, &args).unwrap_err().to_string(), sentence);
    }
    let wrong = parse("core.insight.read", &json!({"keys": ["a//b"]})).unwrap_err().to_string();
    assert!(wrong.contains("empty segment"), "{wrong}");
}

#[test]
fn personas_hold_the_rights_of_the_table() {
    let holders = |right| Persona::ALL.into_iter().filter(|persona| persona.may(right)).map(Persona::as_str).collect::<Vec<_>>();
    assert_eq!(holders(Right::Maintain), ["sre", "secops", "platform-engineer"]);
    assert!(!holders(Right::Runbook).contains(&"partner-developer"));
    assert_eq!(holders(Right::Decide).len(), 6);
    for persona in Persona::ALL {
        assert_eq!(persona.as_str().parse(), Ok(persona));
    }
    assert!("root".parse::<Persona>().is_err());
}

#[test]
fn the_nearest_action_is_found_by_slips() {
    assert_eq!(nearest("core.source.refesh"), Some("core.source.refresh"));
    assert!(find("core.source.refresh").is_some());
}
