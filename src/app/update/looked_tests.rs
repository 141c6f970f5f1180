//! Those who speak of a fact beyond the first are asked for where it is shown at length, and nowhere else.

use std::sync::Arc;

use crate::{
    app::{
        content::{canvas_parts, conflict_parts},
        effect::Effect,
        fixture::{blank, press, send, shortened, snapshot, widely_contested},
        model::{EngineLife, Model},
        msg::Msg,
        part::Part,
    },
    fact::{Insight, Key},
};

/// The screen with the fact selected that many speak of.
fn at_it(whole: &Insight) -> (Model, Vec<Key>) {
    let mut model = blank((120, 36));
    send(&mut model, Msg::Snapshot(shortened(whole)));
    let asked = looks(&press(&mut model, "Down Down Down Down"));
    assert_eq!(model.current().unwrap().key, whole.key);
    (model, asked)
}

fn looks(effects: &[Effect]) -> Vec<Key> {
    let look = |effect: &Effect| if let Effect::Look(key) = effect { Some(key.clone()) } else { None };
    effects.iter().filter_map(look).collect()
}

fn tell(model: &mut Model, whole: &Insight) -> Vec<Key> {
    looks(&send(model, Msg::Looked(whole.key.clone(), Ok(Some(Arc::new(whole.clone()))))))
}

fn lines(parts: Vec<Part>) -> Vec<String> {
    let line = |part| match part {
        Part::Pair { label, text, .. } => Some(format!("{} {text}", label.to_string().trim())),
        Part::Text(text, _) => Some(text.to_string()),
        _ => None,
    };
    parts.into_iter().filter_map(line).collect()
}

fn canvas(model: &Model) -> Vec<String> {
    lines(canvas_parts(model))
}

fn named(lines: &[String]) -> usize {
    lines.iter().filter(|line| line.starts_with("replica-")).count()
}

#[test]
fn what_is_shown_at_length_is_asked_for_once_and_again_when_another_one_moves() {
    let whole = widely_contested(36);
    let (mut model, asked) = at_it(&whole);
    assert_eq!(asked, std::slice::from_ref(&whole.key));
    assert!(canvas(&model).iter().any(|line| line == "and 35 more, being read"), "{:?}", canvas(&model));
    assert!(looks(&send(&mut model, Msg::Wake)).is_empty(), "it is under way");
    let rev = model.rev;
    assert!(tell(&mut model, &whole).is_empty() && model.rev > rev);
    let said = canvas(&model);
    assert_eq!(named(&said), 36);
    assert!(!said.iter().any(|line| line.contains("more,")), "{said:?}");
    // The same again is not asked for; another one is, and until it is told, what was told is shown.
    assert!(looks(&send(&mut model, Msg::Snapshot(shortened(&whole)))).is_empty());
    let mut moved = whole.clone();
    moved.sources[20].trust = 0.9;
    assert_eq!(looks(&send(&mut model, Msg::Snapshot(shortened(&moved)))), std::slice::from_ref(&whole.key));
    assert_eq!(canvas(&model), said);
    // What moves while the answer is under way is asked for when it is there, so that none overtakes another.
    let mut again = moved.clone();
    again.sources[21].trust = 0.8;
    assert!(looks(&send(&mut model, Msg::Snapshot(shortened(&again)))).is_empty());
    assert_eq!(tell(&mut model, &moved), std::slice::from_ref(&whole.key));
    assert!(tell(&mut model, &again).is_empty());
    assert_eq!(canvas(&model).iter().filter(|line| line.contains("trust 0.80")).count(), 1);
    assert_eq!(canvas(&model).iter().filter(|line| line.contains("trust 0.90")).count(), 1);
}

#[test]
fn what_is_shown_at_length_no_more_is_forgotten() {
    let whole = widely_contested(36);
    let (mut model, _) = at_it(&whole);
    assert!(looks(&press(&mut model, "Down")).is_empty(), "few speak of that one");
    let rev = model.rev;
    tell(&mut model, &whole);
    assert_eq!(model.rev, rev, "an answer that comes late changes nothing");
    assert_eq!(looks(&press(&mut model, "Up")).len(), 1, "it is asked for again");
    tell(&mut model, &whole);
    press(&mut model, "Alt+I");
    assert!(looks(&press(&mut model, "Down Up")).is_empty(), "nothing shows it");
    assert_eq!(looks(&press(&mut model, "c")), std::slice::from_ref(&whole.key), "the overlay does");
}

#[test]
fn what_nobody_speaks_of_any_more_is_not_asked_for_again_and_again() {
    let whole = widely_contested(36);
    let (mut model, _) = at_it(&whole);
    assert!(looks(&send(&mut model, Msg::Looked(whole.key.clone(), Ok(None)))).is_empty());
    assert!(looks(&send(&mut model, Msg::Wake)).is_empty());
    let mut back = whole.clone();
    back.sources[20].trust = 0.9;
    assert_eq!(looks(&send(&mut model, Msg::Snapshot(shortened(&back)))).len(), 1, "somebody does again");
}

#[test]
fn a_conflict_says_of_each_source_how_it_stands_as_soon_as_that_is_read() {
    let whole = widely_contested(36);
    let (mut model, _) = at_it(&whole);
    press(&mut model, "c");
    while model.conflict().unwrap().key != whole.key {
        press(&mut model, "n");
    }
    let standing = |model: &Model, what: &str| lines(conflict_parts(model)).iter().filter(|line| line.contains(what)).count();
    assert_eq!((standing(&model, "not read yet"), standing(&model, "trust unknown")), (35, 0));
    tell(&mut model, &whole);
    assert_eq!((standing(&model, "not read yet"), standing(&model, "60 s ago, trust 0.50")), (0, 36));
}

#[test]
fn whoever_cannot_be_asked_is_said_and_whoever_comes_is_asked_anew() {
    let whole = widely_contested(36);
    let (mut model, _) = at_it(&whole);
    let last = |model: &Model| canvas(model).into_iter().find(|line| line.starts_with("and ")).unwrap();
    send(&mut model, Msg::Looked(whole.key.clone(), Err("disk \u{1b}[31mfull".to_owned())));
    assert_eq!(last(&model), "and 35 more, which cannot be read: disk \\x1b[31mfull");

    let (mut model, _) = at_it(&whole);
    send(&mut model, Msg::EngineGone("gone".to_owned()));
    assert!(matches!(model.shared.engine, EngineLife::Dead(_)));
    press(&mut model, "Down");
    assert!(looks(&press(&mut model, "Up")).is_empty());
    assert_eq!(last(&model), "and 35 more, which nobody can be asked for");
    send(&mut model, Msg::Linked(true));
    assert_eq!(looks(&send(&mut model, Msg::Snapshot(shortened(&whole)))), std::slice::from_ref(&whole.key));
    // One that was asked before answers no more.
    send(&mut model, Msg::EngineGone("gone".to_owned()));
    send(&mut model, Msg::Linked(false));
    assert_eq!(looks(&send(&mut model, Msg::Snapshot(shortened(&whole)))), std::slice::from_ref(&whole.key));
    // And what everyone is known of needs nobody.
    assert!(looks(&send(&mut model, Msg::Snapshot(snapshot()))).is_empty());
    assert!(!canvas(&model).iter().any(|line| line.starts_with("and ")));
}
