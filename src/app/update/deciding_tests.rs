//! Deciding from the screen: what keys ask for, what is said of a sight that is not the newest, what comes of answers.

use std::sync::Arc;

use crate::{
    action,
    app::{
        ask::{Answer, Ask, Told, Trouble},
        content::{canvas_parts, conflict_note, conflict_parts, unavailable},
        effect::Effect,
        fixture::{contested, press, queue, screen, send, snapshot, writable},
        layout::{LayerBody, Part, layout},
        model::{Focus, JobId, Layer, Model},
        msg::Msg,
        snapshot::Snapshot,
    },
    fact::{Candidate, CommandState, ConflictEntry, ConflictId, Key, ResolutionState, Validity, Value},
    keymap::{Keymap, KeymapFile, LayerName, builtin_text},
};

/// The screen where wiki and cluster take changes, at the conflict of the fact that everybody disagrees on.
fn opened() -> Model {
    let mut model = screen((120, 36));
    send(&mut model, Msg::Snapshot(writable(snapshot())));
    press(&mut model, "Down Down Down Down c");
    assert_eq!(shown(&model), "service/checkout/replicas");
    model
}

fn shown(model: &Model) -> &str {
    model.conflict().map_or("", |conflict| conflict.key.as_str())
}

fn asked(effects: &[Effect]) -> Option<(JobId, Ask)> {
    effects.iter().find_map(|effect| match effect {
        Effect::Ask(job, ask) => Some((*job, ask.clone())),
        _ => None,
    })
}

fn args(effects: &[Effect]) -> String {
    asked(effects).map(|(_, ask)| serde_json::to_string(&ask.args).unwrap()).unwrap_or_default()
}

/// The facts of the sketches with these conflicts.
fn with(conflicts: Vec<Arc<ConflictEntry>>) -> Msg {
    Msg::Snapshot(writable(Snapshot { conflicts: conflicts.into(), ..snapshot() }))
}

/// What the engine tells when the shown conflict is decided.
fn without(model: &Model) -> Msg {
    let id = &model.conflict().unwrap().id;
    with(model.shared.snapshot.conflicts.iter().filter(|conflict| conflict.id != *id).cloned().collect())
}

/// The same conflicts, the shown one changed.
fn changed(model: &Model, change: impl Fn(&mut ConflictEntry)) -> Msg {
    let id = model.conflict().unwrap().id.clone();
    let conflicts = model.shared.snapshot.conflicts.iter().map(|conflict| {
        let mut conflict = Arc::unwrap_or_clone(Arc::clone(conflict));
        if conflict.id == id {
            change(&mut conflict);
        }
        Arc::new(conflict)
    });
    with(conflicts.collect())
}

fn told(id: &ConflictId, key: &str) -> Answer {
    let told = Told::Conflict { id: id.clone(), key: Key::new(key).unwrap(), decided: true };
    Answer { told: vec![told], trouble: None }
}

fn message(model: &Model) -> String {
    model.shared.message.as_ref().map(|message| message.text.to_string()).unwrap_or_default()
}

const CHECKOUT: &str = "service/checkout/replicas";

#[test]
fn keys_ask_for_what_a_subcommand_would_with_the_digest_that_was_seen() {
    let id = ConflictId::of(&Key::new(CHECKOUT).unwrap(), crate::fact::ConflictClass::Value);
    let cases = [
        ("Enter", r#""accept":"prom""#, " --accept prom"),
        ("1 Enter", r#""accept":"prom""#, " --accept prom"),
        ("2 Enter", r#""accept":"wiki""#, " --accept wiki"),
        ("Down Enter", r#""accept":"wiki""#, " --accept wiki"),
        ("9 Enter", r#""accept":"prom""#, " --accept prom"),
        ("a", r#""auto":true"#, " --auto"),
        ("r", r#""reject":true"#, " --reject"),
        ("e Ctrl+U 8 Enter", r#""value":"8""#, " --value 8"),
    ];
    for (keys, wanted, echo) in cases {
        let mut model = opened();
        let effects = press(&mut model, keys);
        let (_, ask) = asked(&effects).unwrap();
        assert_eq!(ask.action, "core.conflict.resolve");
        assert_eq!(ask.echo, format!("stellar conflicts resolve {id}{echo}"), "{keys}");
        let args = args(&effects);
        assert!(args.contains(wanted) && args.contains(r#""digest":"0011223344556677""#), "{keys}: {args}");
        assert!(args.contains(&format!(r#""id":"{id}""#)), "{args}");
    }
}

#[test]
fn a_decision_leads_to_the_next_conflict_and_can_be_taken_back_when_none_is_left() {
    let mut model = opened();
    let id = model.conflict().unwrap().id.clone();
    let (job, _) = asked(&press(&mut model, "2 Enter")).unwrap();
    assert!(asked(&press(&mut model, "Enter")).is_none(), "it is asked for once");
    assert!(message(&model).contains("on its way"), "{}", message(&model));
    let gone = without(&model);
    send(&mut model, Msg::Answered(job, told(&id, CHECKOUT)));
    assert_eq!(shown(&model), CHECKOUT, "what comes next is known with what knows of the decision");
    assert_eq!(message(&model), "10:00:00Z service/checkout/replicas: 4 is believed. Nothing was sent. u undo.");
    assert!(asked(&press(&mut model, "Enter")).is_none(), "it is decided");
    send(&mut model, gone);
    assert_eq!((shown(&model), model.conflicts.underneath.is_none()), ("service/cart/replicas", true), "what we did is no surprise");
    let id = model.conflict().unwrap().id.clone();
    let (job, _) = asked(&press(&mut model, "r")).unwrap();
    // The engine may tell what became of it before it answers.
    let gone = without(&model);
    send(&mut model, gone);
    send(&mut model, Msg::Answered(job, told(&id, "service/cart/replicas")));
    assert_eq!((model.focus(), shown(&model)), (Focus::Layer(Layer::Conflicts), ""));
    let said = all_said(&model);
    assert!(said.contains("decided: 2; u undo. Last: service/cart/replicas, none is right."), "{said}");
    assert!(asked(&press(&mut model, "Enter")).is_none());
    let (job, ask) = asked(&press(&mut model, "u")).unwrap();
    assert_eq!(ask.echo, format!("stellar conflicts undo {id}"));
    send(&mut model, Msg::Answered(job, told(&id, "service/cart/replicas")));
    assert!(message(&model).contains("the decision is taken back"), "{}", message(&model));
    send(&mut model, Msg::Snapshot(writable(snapshot())));
    assert_eq!((shown(&model), model.conflicts.underneath.is_none()), ("service/cart/replicas", true), "it is shown again");
    assert_eq!(model.conflicts.decided.len(), 1);
}

/// What stands in the layer, in one line.
fn all_said(model: &Model) -> String {
    match layout(model).layer.map(|layer| layer.body) {
        Some(LayerBody::Column(column)) => column.parts.iter().map(Part::spoken).collect::<Vec<_>>().join(" | "),
        _ => String::new(),
    }
}

#[test]
fn what_a_person_knew_and_no_source_says_is_believed_first_and_can_be_sent() {
    let mut model = opened();
    let known = changed(&model, |conflict| {
        conflict.resolution = ResolutionState::UserAccepted;
        let value = Value::from_trusted_text("7");
        conflict.candidates.insert(0, Candidate { value, sources: Vec::new(), score: 0.0 });
    });
    send(&mut model, known);
    press(&mut model, "1");
    let parts = conflict_parts(&model);
    let choices = parts.iter().filter_map(|part| if let Part::Choice(choice) = part { Some(choice) } else { None });
    let told: Vec<_> = choices.map(|choice| (choice.value.as_str(), choice.says.as_str(), choice.score.is_some())).collect();
    assert_eq!(told, [("7", "believed now; no source says it", false), ("3", "", true), ("4", "", true)]);
    assert!(!all_said(&model).contains("is ahead"), "{}", all_said(&model));
    let (_, ask) = asked(&press(&mut model, "Enter")).unwrap();
    assert!(ask.echo.ends_with(" --value 7"), "{}", ask.echo);
    model.conflicts.deciding = None;
    press(&mut model, "s");
    let (_, ask) = asked(&press(&mut model, "Enter")).unwrap();
    assert!(ask.echo.contains(" --value 7 --send ") && ask.echo.ends_with(" --dry-run"), "{}", ask.echo);
}

#[test]
fn the_canvas_shows_each_value_once_where_no_source_says_the_believed_one() {
    let mut insight = contested();
    let mut conflict = ConflictEntry::clone(insight.conflict.as_ref().unwrap());
    let seven = Value::from_trusted_text("7");
    conflict.candidates.insert(0, Candidate { value: seven.clone(), sources: Vec::new(), score: 0.0 });
    (insight.value, insight.confidence, insight.conflict) = (Some(seven), None, Some(Arc::new(conflict)));
    insight.sources.iter_mut().for_each(|view| (view.wins, view.agrees) = (false, false));
    let mut model = screen((120, 36));
    send(&mut model, Msg::Snapshot(Snapshot { facts: vec![Arc::new(insight)].into(), ..Snapshot::default() }));
    let parts = canvas_parts(&model);
    let values = parts.iter().filter_map(|part| if let Part::Value { value, says, .. } = part { Some((value, says)) } else { None });
    let told: Vec<_> = values.map(|(value, says)| (value.as_str(), says.as_str())).skip(1).collect();
    assert_eq!(told, [("3", "says prom, cluster"), ("4", "says wiki")]);
}

#[test]
fn a_value_that_is_edited_keeps_what_no_field_takes() {
    let mut model = opened();
    let odd = changed(&model, |conflict| conflict.candidates[0].value = Value::parse("\"a\u{202e}b\u{200b}c\"").unwrap());
    send(&mut model, odd);
    press(&mut model, "1 e");
    assert_eq!(model.prompt.field.text(), r#""a\u202eb\u200bc""#);
}

#[test]
fn of_a_value_that_is_too_long_no_part_is_edited() {
    let mut model = opened();
    let long = changed(&model, |conflict| conflict.candidates[0].value = Value::parse(&format!("\"{}\"", "x".repeat(5000))).unwrap());
    send(&mut model, long);
    press(&mut model, "1 e");
    assert_eq!((model.focus(), model.prompt.field.text()), (Focus::Layer(Layer::Prompt), ""));
    assert!(message(&model).contains("too long to be changed here"), "{}", message(&model));
    assert!(asked(&press(&mut model, "Enter")).is_none(), "half of a value is another value");
}

#[test]
fn nothing_is_decided_on_a_sight_that_is_not_the_newest() {
    for keys in ["Enter", "a", "r", "s", "e"] {
        let mut model = opened();
        let moved = changed(&model, |conflict| {
            conflict.digest = "ffff223344556677".into();
            conflict.candidates.reverse();
        });
        press(&mut model, "2");
        send(&mut model, moved);
        assert!(message(&model).contains("changed while you looked"), "{}", message(&model));
        assert!(all_said(&model).contains("It changed while you looked"), "{}", all_said(&model));
        let effects = press(&mut model, keys);
        assert!(asked(&effects).is_none() && model.focus() == Focus::Layer(Layer::Conflicts), "{keys}");
        assert!(message(&model).contains("nothing was decided"), "{}", message(&model));
        // What was chosen is still chosen, wherever it stands now; asked for again it is decided, as it is seen now.
        assert_eq!(model.conflicts.choice, 0);
        press(&mut model, keys);
        if keys == "Enter" {
            let mut model = opened();
            let moved = changed(&model, |conflict| {
                conflict.digest = "ffff223344556677".into();
                conflict.candidates.reverse();
            });
            press(&mut model, "2");
            send(&mut model, moved);
            press(&mut model, "Enter");
            let args = args(&press(&mut model, "Enter"));
            assert!(args.contains(r#""accept":"wiki""#) && args.contains("ffff223344556677"), "{args}");
        }
    }
}

#[test]
fn another_conflict_that_takes_the_place_of_the_shown_one_is_said_first() {
    let mut model = opened();
    let gone = without(&model);
    send(&mut model, gone);
    assert_eq!(shown(&model), "service/cart/replicas");
    assert!(message(&model).contains("service/checkout/replicas needs no decision any more"), "{}", message(&model));
    assert!(asked(&press(&mut model, "Enter")).is_none());
    assert!(asked(&press(&mut model, "Enter")).is_some(), "it was said, and looked at");
}

#[test]
fn what_the_engine_refuses_is_said_and_what_was_typed_stays() {
    let mut model = opened();
    let (job, _) = asked(&press(&mut model, "e Ctrl+U - 1 Enter")).unwrap();
    let why = "it does not take this value: /minimum at $: -1 is less than 0";
    send(&mut model, Msg::Answered(job, Answer::failed("schema_violation", why)));
    assert_eq!((model.focus(), model.prompt.field.text()), (Focus::Layer(Layer::Prompt), "-1"));
    assert!(message(&model).contains("at $"), "{}", message(&model));
    assert!(model.conflicts.decided.is_empty() && model.conflicts.deciding.is_none());
    // It moved while it was typed: said, and Enter asks with what is there now.
    let (job, _) = asked(&press(&mut model, "Ctrl+U 8 Enter")).unwrap();
    let moved = changed(&model, |conflict| conflict.digest = "ffff223344556677".into());
    send(&mut model, moved);
    send(&mut model, Msg::Answered(job, Answer::failed("conflict_moved", "it moved")));
    assert!(message(&model).contains("changed while you looked: nothing was decided"), "{}", message(&model));
    assert_eq!(model.prompt.field.text(), "8");
    let effects = press(&mut model, "Enter");
    let id = model.conflict().unwrap().id.clone();
    assert!(args(&effects).contains("ffff223344556677"), "{}", args(&effects));
    send(&mut model, Msg::Answered(asked(&effects).unwrap().0, told(&id, CHECKOUT)));
    assert_eq!((model.focus(), model.prompt.field.text()), (Focus::Layer(Layer::Conflicts), ""));
    assert_eq!(model.conflicts.decided.last().unwrap().what, "8 is believed");
}

/// What would be sent to wiki.
fn plan() -> Answer {
    let value = |text: &str| Value::from_trusted_text(text);
    let (key, source) = (Key::new(CHECKOUT).unwrap(), crate::app::fixture::id("wiki"));
    Answer { told: vec![Told::Plan { key, source, value: value("3"), base: Some(value("4")), behind: 1 }], trouble: None }
}

#[test]
fn what_is_sent_is_chosen_shown_and_asked_before_it_is_sent() {
    let mut model = opened();
    // Cluster has 3 already; wiki is the only one that could be sent it.
    let effects = press(&mut model, "s");
    let (job, ask) = asked(&effects).unwrap();
    assert!(ask.echo.ends_with("--accept prom --send wiki --dry-run"), "{}", ask.echo);
    assert_eq!(model.focus(), Focus::Layer(Layer::Conflicts));
    send(&mut model, Msg::Answered(job, plan()));
    assert_eq!(model.focus(), Focus::Layer(Layer::Question));
    let says = all_said(&model);
    assert!(says.contains("service/checkout/replicas = 3 is sent to wiki, in place of 4. | 1 change goes there before it."), "{says}");
    assert!(asked(&press(&mut model, "Esc")).is_none());
    assert!(model.conflicts.decided.is_empty(), "Esc decides nothing");
    let (job, _) = asked(&press(&mut model, "s")).unwrap();
    send(&mut model, Msg::Answered(job, plan()));
    let effects = press(&mut model, "Enter");
    let (job, ask) = asked(&effects).unwrap();
    assert!(ask.echo.ends_with("--accept prom --send wiki --yes"), "{}", ask.echo);
    assert!(!ask.args.contains_key("dry_run") && ask.args.contains_key("digest"), "{:?}", ask.args);
    let id = model.conflict().unwrap().id.clone();
    let change = &queue::waiting().commands[0].command.clone();
    let mut answer = told(&id, CHECKOUT);
    answer.told.push(Told::Change {
        id: change.id,
        key: Key::new(CHECKOUT).unwrap(),
        source: crate::app::fixture::id("wiki"),
        value: Value::from_trusted_text("3"),
        state: CommandState::Delivered,
        sentence: String::new(),
    });
    send(&mut model, Msg::Answered(job, answer));
    let said = message(&model);
    assert!(said.contains("3 is believed.") && said.contains("elivered service/checkout/replicas = 3 to wiki"), "{said}");
    assert!(!said.contains("Nothing was sent"), "{said}");
}

#[test]
fn of_several_that_take_it_one_is_chosen() {
    let mut model = opened();
    press(&mut model, "2");
    // Nobody that takes changes has 4 but wiki itself: prom is made to take them, too.
    let mut all = writable(snapshot());
    all.sources = all.sources.iter().map(|source| crate::engine::SourceStatus { writable: true, ..source.clone() }).collect();
    send(&mut model, Msg::Snapshot(all));
    assert!(asked(&press(&mut model, "s")).is_none());
    assert_eq!(model.focus(), Focus::Layer(Layer::Question));
    assert!(all_said(&model).contains("1: host | 2: prom | 3: cluster | 4: git"), "{}", all_said(&model));
    let ask = asked(&press(&mut model, "2 Down Enter")).unwrap().1;
    assert!(ask.echo.ends_with("--accept wiki --send cluster --dry-run"), "{}", ask.echo);
}

#[test]
fn a_plan_that_comes_when_somebody_is_elsewhere_asks_nothing() {
    let mut model = opened();
    let (job, _) = asked(&press(&mut model, "s")).unwrap();
    press(&mut model, "Esc /");
    send(&mut model, Msg::Answered(job, plan()));
    assert_eq!(model.focus(), Focus::Layer(Layer::Filter));
    assert!(message(&model).contains("nothing was decided and nothing sent"), "{}", message(&model));
}

#[test]
fn a_decision_that_was_made_and_not_sent_is_said_to_be_made() {
    let mut model = opened();
    let (job, _) = asked(&press(&mut model, "s")).unwrap();
    send(&mut model, Msg::Answered(job, plan()));
    let (job, _) = asked(&press(&mut model, "Enter")).unwrap();
    let mut answer = told(&model.conflict().unwrap().id.clone(), CHECKOUT);
    answer.trouble = Some(Trouble { code: "queue_full".to_owned(), message: "the queue is full".to_owned(), choices: Vec::new() });
    send(&mut model, Msg::Answered(job, answer));
    assert!(message(&model).contains("3 is believed, and nothing was sent: the queue is full"), "{}", message(&model));
    assert_eq!(model.conflicts.decided.len(), 1, "it can be taken back");
}

#[test]
fn after_an_answer_the_first_of_the_new_order_is_shown() {
    let mut model = screen((120, 36));
    let third = |name: &str| {
        let mut other = ConflictEntry::clone(&snapshot().conflicts[0]);
        other.key = Key::new(name).unwrap();
        other.id = ConflictId::of(&other.key, other.class);
        Arc::new(other)
    };
    let mut all = snapshot().conflicts.to_vec();
    all.push(third("service/mail/replicas"));
    send(&mut model, with(all.clone()));
    press(&mut model, "Down Down Down Down c");
    let id = model.conflict().unwrap().id.clone();
    let (job, _) = asked(&press(&mut model, "2 Enter")).unwrap();
    send(&mut model, Msg::Answered(job, told(&id, CHECKOUT)));
    all.retain(|conflict| conflict.id != id);
    all.reverse();
    send(&mut model, with(all));
    assert_eq!((shown(&model), model.conflicts.at), ("service/mail/replicas", 0), "not the one that came next before");
}

#[test]
fn next_goes_on_to_what_was_not_looked_at_whatever_the_order_became() {
    let mut model = screen((120, 36));
    let named = |name: &str| {
        let mut other = ConflictEntry::clone(&snapshot().conflicts[0]);
        other.key = Key::new(name).unwrap();
        other.id = ConflictId::of(&other.key, other.class);
        Arc::new(other)
    };
    let all = ["k/a", "k/b", "k/c", "k/d"].map(named);
    let order = |places: [usize; 4]| with(places.map(|at| Arc::clone(&all[at])).to_vec());
    send(&mut model, order([0, 1, 2, 3]));
    press(&mut model, "c");
    assert_eq!(shown(&model), "k/a");
    press(&mut model, "n");
    assert_eq!(shown(&model), "k/b");
    // The one that is shown moved to the end, and the next ones are still to come.
    send(&mut model, order([0, 2, 3, 1]));
    assert_eq!((shown(&model), model.conflicts.at), ("k/b", 3));
    press(&mut model, "n");
    assert_eq!(shown(&model), "k/c");
    press(&mut model, "p");
    assert_eq!(shown(&model), "k/b", "back the way it came");
    press(&mut model, "n n");
    assert_eq!(shown(&model), "k/d");
    press(&mut model, "n");
    assert_eq!((shown(&model), model.conflicts.at), ("k/a", 0), "after all of them it begins anew");
}

#[test]
fn why_something_cannot_be_decided_is_said() {
    let why = |model: &Model, id: &str| unavailable(model, action::find(id).unwrap());
    let model = opened();
    assert_eq!(why(&model, "core.conflict.accept"), None);
    assert_eq!(why(&model, "core.conflict.mine").as_deref(), Some("no change of yours is in this conflict"));
    assert_eq!(why(&model, "core.conflict.undo"), None, "somebody may have decided on it");
    let mut model = screen((120, 36));
    assert_eq!(why(&model, "core.conflict.accept").as_deref(), Some("in the conflicts"));
    press(&mut model, "c");
    assert_eq!(why(&model, "core.conflict.send").as_deref(), Some("no source here takes changes (writable = true)"));
    send(&mut model, Msg::EngineGone("the disk is gone".to_owned()));
    assert_eq!(why(&model, "core.conflict.accept").as_deref(), Some("the engine has stopped"));
    assert_eq!(why(&model, "core.conflict.next"), None, "what is shown can still be looked at");
    let mut model = screen((120, 36));
    send(&mut model, Msg::Snapshot(writable(snapshot().with_queue(queue::every()))));
    press(&mut model, "c");
    assert_eq!(model.conflict().map(|conflict| conflict.class), Some(crate::fact::ConflictClass::Change));
    assert!(why(&model, "core.conflict.auto").is_some_and(|why| why.contains("mine, theirs")));
    assert_eq!(why(&model, "core.conflict.mine"), None);
}

#[test]
fn with_a_screen_reader_enter_reads_back_first() {
    let known: Vec<&str> = action::all().map(|spec| spec.id).collect();
    let file = |name: &str| KeymapFile::parse(name, builtin_text(name).unwrap(), &known).unwrap();
    let (default, assistive) = (file("default"), file("assistive"));
    let mut model = opened();
    model.shared.keymap = Arc::new(Keymap::new([(LayerName::Default, &default), (LayerName::Assistive, &assistive)]));
    assert!(asked(&press(&mut model, "2 Enter")).is_none());
    assert_eq!(message(&model), "Believe 4, as wiki says? Nothing is sent. Enter again decides, Esc leaves.");
    assert!(asked(&press(&mut model, "1 Enter")).is_none(), "another choice is read back, too");
    assert!(args(&press(&mut model, "Enter")).contains(r#""accept":"prom""#));
}

#[test]
fn a_value_that_breaks_its_schema_says_where_and_how_and_a_secret_only_that_it_does() {
    let broken = |secret: bool| {
        let mut all = writable(snapshot());
        let facts = all.facts.iter().map(|insight| {
            let mut insight = Arc::unwrap_or_clone(Arc::clone(insight));
            insight.secret = secret;
            for view in insight.sources.iter_mut().filter(|view| view.source.as_str() == "wiki") {
                view.validity = Validity::Invalid;
                view.violation = Some("/count breaks \"maximum\" of its schema".into());
            }
            Arc::new(insight)
        });
        all.facts = facts.collect();
        all
    };
    for size in [(120, 36), (80, 24), (40, 12)] {
        let mut model = screen(size);
        send(&mut model, Msg::Snapshot(broken(false)));
        assert!(asked(&press(&mut model, "Down Down Down Down c")).is_none(), "nobody is asked");
        let said = all_said(&model);
        assert!(said.contains("/count breaks \"maximum\" of its schema (schema_invalid)"), "{said}");
        send(&mut model, Msg::Snapshot(broken(true)));
        let said = all_said(&model);
        assert!(!said.contains("/count") && said.contains("does not fit its schema (schema_invalid)"), "{said}");
    }
}

/// The facts with the conflict of one decided by somebody else.
fn decided_elsewhere(key: &str) -> Snapshot {
    let mut all = writable(snapshot());
    all.conflicts = all.conflicts.iter().filter(|conflict| conflict.key.as_str() != key).map(Arc::clone).collect();
    let facts = all.facts.iter().map(|insight| {
        let mut insight = Arc::unwrap_or_clone(Arc::clone(insight));
        if let Some(conflict) = insight.conflict.as_mut().filter(|conflict| conflict.key.as_str() == key) {
            Arc::make_mut(conflict).resolution = ResolutionState::UserAccepted;
        }
        Arc::new(insight)
    });
    all.facts = facts.collect();
    all
}

#[test]
fn a_fact_that_somebody_else_decided_is_shown_and_the_decision_taken_back() {
    let key = "service/checkout/replicas";
    let mut model = screen((120, 36));
    send(&mut model, Msg::Snapshot(decided_elsewhere(key)));
    press(&mut model, "Down Down Down Down c");
    let id = model.conflict().unwrap().id.clone();
    assert_eq!((model.conflict().unwrap().key.as_str(), conflict_note(&model).as_str()), (key, "decided; 1 other waits"));
    let (job, ask) = asked(&press(&mut model, "u")).unwrap();
    assert_eq!(ask.echo, format!("stellar conflicts undo {id}"));
    send(&mut model, Msg::Answered(job, Answer::default()));
    assert!(message(&model).ends_with(&format!("{key}: the decision is taken back; belief and trust are what they were before it.")));
    send(&mut model, Msg::Snapshot(writable(snapshot())));
    assert_eq!((&model.conflict().unwrap().id, model.conflicts.decided_one.as_ref()), (&id, None), "it waits again and is shown");
    assert!(conflict_note(&model).ends_with("of 2, most instructive first"));
}

#[test]
fn from_a_decided_one_the_next_is_the_first_that_waits_and_a_decision_takes_the_place_of_the_other() {
    let mut model = screen((120, 36));
    send(&mut model, Msg::Snapshot(decided_elsewhere("service/checkout/replicas")));
    press(&mut model, "Down Down Down Down c");
    assert!(args(&press(&mut model, "2 Enter")).contains(r#""accept":"wiki""#));
    let job = model.conflicts.deciding.as_ref().unwrap().0;
    send(&mut model, Msg::Answered(job, Answer::default()));
    press(&mut model, "n");
    assert_eq!((model.conflicts.at, model.conflicts.decided_one.as_ref()), (0, None));
    assert_ne!(model.conflict().unwrap().key.as_str(), "service/checkout/replicas");
}

#[test]
fn what_nobody_decided_says_so() {
    let mut model = opened();
    let (job, _) = asked(&press(&mut model, "u")).unwrap();
    send(&mut model, Msg::Answered(job, Answer::failed("nothing_to_undo", "nothing was decided on c-1")));
    assert!(message(&model).ends_with("nobody decided on it; there is nothing to take back."), "{}", message(&model));
}
