//! Deciding: what is asked for of a conflict, what is asked first, and what comes of the answer.
//!
//! Nothing is decided on a sight that is not the newest: what moved underneath is said, and the key has to be pressed again; whoever owns
//! the data directory looks at the digest once more.

use std::sync::Arc;

use crate::{
    action,
    app::{
        ask::{Answer, Ask, Told, Trouble},
        content::{candidate_value, chosen, is_of_change, targets},
        effect::Effect,
        model::{Decided, Deciding, Focus, JobId, Layer, Model, PromptFor, Question, Stage, Then, Underneath},
        words,
    },
    fact::{ConflictEntry, ConflictId, SourceId, Value},
    text::{SafeText, shown_value},
    theme::Role,
};

use super::{
    conflicts,
    layers::{ask_first, push},
    prompt,
};

/// Whether an action is one of these.
pub(super) fn is(id: &str) -> bool {
    matches!(
        id,
        "core.conflict.accept"
            | "core.conflict.send"
            | "core.conflict.auto"
            | "core.conflict.reject"
            | "core.conflict.edit"
            | "core.conflict.mine"
            | "core.conflict.theirs"
            | "core.conflict.undo"
            | "core.conflict.next"
            | "core.conflict.previous"
    )
}

/// Asks for one, or opens what is needed to ask for it. That it can be asked for was seen before.
pub(super) fn act(model: &mut Model, id: &str) -> Vec<Effect> {
    match id {
        "core.conflict.next" => {
            conflicts::turn(&mut model.conflicts, &model.shared, true);
            return Vec::new();
        }
        "core.conflict.previous" => {
            conflicts::turn(&mut model.conflicts, &model.shared, false);
            return Vec::new();
        }
        _ => {}
    }
    let again = model.conflicts.confirming.take() == Some(decision(id));
    if is_under_way(model) {
        return Vec::new();
    }
    if id == "core.conflict.undo" {
        return undo(model);
    }
    let Some(conflict) = model.conflict().map(Arc::clone) else { return Vec::new() };
    if !is_seen(model, &conflict) {
        return Vec::new();
    }
    match id {
        "core.conflict.mine" if read_back(model, again, id, "Send your change?") => Vec::new(),
        "core.conflict.mine" => change(model, &conflict, true),
        "core.conflict.theirs" if read_back(model, again, id, "Let what the target holds stand?") => Vec::new(),
        "core.conflict.theirs" => change(model, &conflict, false),
        "core.conflict.accept" if is_of_change(&conflict) => {
            let mine = model.conflicts.choice == 0;
            let what = if mine { "Send your change?" } else { "Let what the target holds stand?" };
            if read_back(model, again, id, what) { Vec::new() } else { change(model, &conflict, mine) }
        }
        "core.conflict.accept" => accept(model, &conflict, again),
        "core.conflict.auto" if read_back(model, again, id, "Let the rule decide? Nothing is sent.") => Vec::new(),
        "core.conflict.auto" => {
            let ask = resolve(&conflict).flag("auto");
            start(model, of(&conflict, ask.quiet("digest", &*conflict.digest), Stage::Decide, "the rule's best value holds".to_owned()))
        }
        "core.conflict.reject" if read_back(model, again, id, "Say that none is right? Nothing is sent.") => Vec::new(),
        "core.conflict.reject" => {
            let ask = resolve(&conflict).flag("reject");
            start(model, of(&conflict, ask.quiet("digest", &*conflict.digest), Stage::Decide, "none is right".to_owned()))
        }
        "core.conflict.send" => send(model, &conflict),
        _ => {
            edit(model, &conflict);
            Vec::new()
        }
    }
}

fn is_under_way(model: &mut Model) -> bool {
    let Some((_, deciding)) = &model.conflicts.deciding else { return false };
    let said = format!("{} is on its way to disk.", deciding.key);
    model.shared.say(said, Role::Dim);
    true
}

/// Whether what is shown is what somebody looked at; else that is said, and it has to be asked for again.
fn is_seen(model: &mut Model, conflict: &ConflictEntry) -> bool {
    let settled = |(id, digest): &(ConflictId, Arc<str>)| *id == conflict.id && *digest == conflict.digest;
    if model.conflicts.settled.as_ref().is_some_and(settled) {
        model.shared.say("It is decided.", Role::Dim);
        return false;
    }
    let said = match model.conflicts.underneath.take() {
        None => return true,
        Some(Underneath::Moved) => "It changed while you looked: nothing was decided. Look again, then decide.",
        Some(Underneath::Over(_) | Underneath::Came) => "This one came while you looked: nothing was decided. Look, then decide.",
    };
    model.shared.say(said, Role::Conflict);
    false
}

/// With a screen reader a slip is not seen: it is read back first. Whether that was done now.
fn read_back(model: &mut Model, again: bool, id: &str, what: &str) -> bool {
    if again || !model.shared.is_assistive() {
        return false;
    }
    model.conflicts.confirming = Some(decision(id));
    let shared = &model.shared;
    let key = shared.keymap.hint(id, model.contexts(), shared.keyboard).map_or_else(|| "Asked for".to_owned(), |key| key.to_string());
    model.shared.say(format!("{what} {key} again decides, Esc leaves."), Role::Text);
    true
}

/// The name of an action, as long as the registry.
fn decision(id: &str) -> &'static str {
    action::find(id).map_or("", |spec| spec.id)
}

fn resolve(conflict: &ConflictEntry) -> Ask {
    Ask::new("core.conflict.resolve").text("id", conflict.id.as_str())
}

fn of(conflict: &ConflictEntry, ask: Ask, stage: Stage, what: String) -> Deciding {
    Deciding { ask, stage, id: conflict.id.clone(), digest: Arc::clone(&conflict.digest), key: conflict.key.clone(), what }
}

/// Asks for it and says so.
pub(super) fn start(model: &mut Model, deciding: Deciding) -> Vec<Effect> {
    let said = match deciding.stage {
        Stage::Look => "Looking at what would be sent...",
        Stage::Decide | Stage::Change => "Deciding...",
        Stage::Undo => "Taking the decision back...",
    };
    model.shared.say_with(said, Role::Text, &deciding.ask.echo);
    let (ask, job) = (deciding.ask.clone(), model.shared.ask(&deciding.ask));
    model.conflicts.deciding = Some((job, deciding));
    vec![Effect::Ask(job, ask)]
}

/// What asks for the chosen value to be believed, who says it, and the value as it is shown.
fn answer_of(model: &Model, conflict: &ConflictEntry) -> Option<(Ask, Option<SourceId>, SafeText)> {
    let candidate = chosen(model)?;
    let insight = model.shared.snapshot.facts.find(&conflict.key).map(AsRef::as_ref);
    let shown = candidate_value(candidate, insight);
    let source = candidate.sources.first().cloned();
    let ask = match &source {
        Some(source) => resolve(conflict).text("accept", source.as_str()),
        // What a person knew and no source says.
        None => {
            let value = candidate.value.as_json_text();
            let is_secret = insight.is_none_or(|insight| insight.secret);
            resolve(conflict).shown("value", value, if is_secret { words::MASK } else { value })
        }
    };
    Some((ask, source, shown))
}

fn accept(model: &mut Model, conflict: &ConflictEntry, again: bool) -> Vec<Effect> {
    let Some((ask, source, shown)) = answer_of(model, conflict) else { return Vec::new() };
    let says = source.map(|source| format!(", as {source} says")).unwrap_or_default();
    if read_back(model, again, "core.conflict.accept", &format!("Believe {shown}{says}? Nothing is sent.")) {
        return Vec::new();
    }
    let ask = ask.quiet("digest", &*conflict.digest);
    start(model, of(conflict, ask, Stage::Decide, format!("{shown} is believed")))
}

/// Decides the change whose target moved: mine or theirs.
fn change(model: &mut Model, conflict: &ConflictEntry, mine: bool) -> Vec<Effect> {
    let ask = resolve(conflict).flag(if mine { "mine" } else { "theirs" }).quiet("digest", &*conflict.digest);
    start(model, of(conflict, ask, Stage::Change, String::new()))
}

/// Believes the chosen value and gives it to a source: what is sent is shown first.
fn send(model: &mut Model, conflict: &ConflictEntry) -> Vec<Effect> {
    let Some((ask, _, shown)) = answer_of(model, conflict) else { return Vec::new() };
    let look = |to: &SourceId| {
        let ask = ask.clone().text("send", to.as_str()).flag("dry_run");
        of(conflict, ask.quiet("digest", &*conflict.digest), Stage::Look, format!("{shown} is believed"))
    };
    let mut offers: Vec<(String, Deciding)> = targets(model).into_iter().map(|to| (to.source.to_string(), look(&to.source))).collect();
    if offers.len() < 2 {
        return offers.pop().map(|(_, look)| start(model, look)).unwrap_or_default();
    }
    ask_first(
        model,
        Question {
            title: "Send it to which source?",
            says: vec![format!("{}: {shown} is believed, and one of these gets it. What is sent is shown first.", conflict.key)],
            yes: "show it",
            no: "send nothing",
            then: Then::OneOf { offers, chosen: 0 },
        },
    );
    Vec::new()
}

fn edit(model: &mut Model, conflict: &ConflictEntry) {
    let what = PromptFor::Decide { id: conflict.id.clone(), digest: Arc::clone(&conflict.digest), key: conflict.key.clone() };
    let listed = conflict.change.and_then(|id| model.shared.snapshot.queue.find(id));
    let text = match listed {
        Some(listed) => prompt::text_of(&listed.command.value, listed.secret),
        None => {
            // Without the fact nobody knows whether it is secret.
            let secret = model.shared.snapshot.facts.find(&conflict.key).is_none_or(|insight| insight.secret);
            chosen(model).map(|candidate| prompt::text_of(&candidate.value, secret)).unwrap_or_default()
        }
    };
    prompt::open(&mut model.prompt, &mut model.shared, what, &text);
    push(model, Layer::Prompt);
}

/// A value was typed in the place of all of them, and is asked for.
pub(super) fn typed(model: &mut Model, effects: &[Effect]) {
    let Some(PromptFor::Decide { id, digest, key }) = model.prompt.what.clone() else { return };
    let Some((job, ask)) = effects.iter().find_map(|effect| match effect {
        Effect::Ask(job, ask) => Some((*job, ask.clone())),
        _ => None,
    }) else {
        return;
    };
    let of_change = model.shared.snapshot.conflicts.iter().any(|conflict| conflict.id == id && is_of_change(conflict));
    let secret = model.shared.snapshot.facts.find(&key).is_none_or(|insight| insight.secret);
    let shown = if secret { words::MASK } else { model.prompt.field.text().trim() };
    let stage = if of_change { Stage::Change } else { Stage::Decide };
    let what = format!("{shown} is believed");
    model.conflicts.deciding = Some((job, Deciding { ask, stage, id, digest, key, what }));
}

/// Takes back the decision on what is shown where it is decided, whoever made it; else the last one that was made here; else the last one
/// on what is shown, which holds no more.
fn undo(model: &mut Model) -> Vec<Effect> {
    let shown = model.conflict().filter(|conflict| !is_of_change(conflict));
    let shown = shown.map(|conflict| Decided { id: conflict.id.clone(), key: conflict.key.clone(), what: String::new() });
    let last = if model.conflicts.decided_one.is_some() { None } else { model.conflicts.decided.last().cloned() };
    let Some(Decided { id, key, what }) = last.or(shown) else { return Vec::new() };
    let ask = Ask::new("core.conflict.undo").text("id", id.as_str());
    start(model, Deciding { ask, stage: Stage::Undo, id, digest: Arc::from(""), key, what })
}

/// What was asked for of a conflict, where this answers it.
pub(super) fn taken(model: &mut Model, job: JobId) -> Option<Deciding> {
    model.conflicts.deciding.take_if(|(asked, _)| *asked == job).map(|(_, deciding)| deciding)
}

/// It was not done, or not all of it: what is to be said of that.
pub(super) fn failed(model: &mut Model, deciding: &Deciding, answer: &Answer, trouble: &Trouble) -> Option<String> {
    let decided = |told: &Told| matches!(told, Told::Conflict { decided: true, .. });
    if deciding.stage == Stage::Decide && answer.told.iter().any(decided) {
        made(model, deciding);
        return Some(format!("{}: {}, and nothing was sent: {}.", deciding.key, deciding.what, trouble.message));
    }
    if deciding.stage == Stage::Undo && trouble.code == "nothing_to_undo" {
        model.conflicts.decided.retain(|decided| decided.id != deciding.id);
        return Some(format!("{}: nobody decided on it; there is nothing to take back.", deciding.key));
    }
    if trouble.code != "conflict_moved" {
        return None;
    }
    // What was typed stays; that it is about other values now is said, and it can be asked for again.
    let now = model.shared.snapshot.conflicts.iter().find(|conflict| conflict.id == deciding.id).map(|conflict| conflict.digest.clone());
    if let (Some(PromptFor::Decide { id, digest, .. }), Some(now)) = (&mut model.prompt.what, now)
        && *id == deciding.id
    {
        *digest = now;
    }
    Some(format!("{} changed while you looked: nothing was decided. Look again, then decide.", deciding.key))
}

/// It was done: what is to be said of it, if that is all there is to say.
pub(super) fn done(model: &mut Model, deciding: Deciding, answer: &Answer) -> Option<String> {
    match deciding.stage {
        Stage::Look => {
            look(model, deciding, answer);
            None
        }
        Stage::Change => {
            settle(model, &deciding);
            None
        }
        Stage::Decide => {
            made(model, &deciding);
            let sent = answer.told.iter().any(|told| matches!(told, Told::Change { .. }));
            let shared = &model.shared;
            let key = shared.keymap.hint("core.conflict.undo", model.contexts(), shared.keyboard);
            let undo = key.map(|key| format!(" {key} undo.")).unwrap_or_default();
            let nothing = if sent { "" } else { " Nothing was sent." };
            Some(format!("{}: {}.{nothing}{undo}", deciding.key, deciding.what))
        }
        Stage::Undo => {
            if let Some(at) = model.conflicts.decided.iter().rposition(|decided| decided.id == deciding.id) {
                model.conflicts.decided.remove(at);
            }
            model.conflicts.settled = None;
            let back = model.shared.snapshot.conflicts.iter().position(|conflict| conflict.id == deciding.id);
            match back {
                Some(at) => conflicts::show(&mut model.conflicts, &model.shared, at),
                None => model.conflicts.returning = Some(deciding.id),
            }
            Some(format!("{}: the decision is taken back; belief and trust are what they were before it.", deciding.key))
        }
    }
}

fn made(model: &mut Model, deciding: &Deciding) {
    let Deciding { id, key, what, .. } = deciding.clone();
    model.conflicts.decided.push(Decided { id, key, what });
    settle(model, deciding);
}

/// What was decided is shown for a moment longer, as decided: what comes after it is known with the moment that knows of the decision.
fn settle(model: &mut Model, deciding: &Deciding) {
    let still = model.shared.snapshot.conflicts.iter().any(|conflict| conflict.id == deciding.id);
    model.conflicts.settled = still.then(|| (deciding.id.clone(), Arc::clone(&deciding.digest)));
}

/// What would be sent is shown, and asked about.
fn look(model: &mut Model, deciding: Deciding, answer: &Answer) {
    let plan = answer.told.iter().find_map(|told| match told {
        Told::Plan { key, source, value, base, behind } => Some((key, source, value, base, *behind)),
        _ => None,
    });
    // Meanwhile somebody may be elsewhere: a question there would be answered by a key that was meant for something else.
    if model.focus() != Focus::Layer(Layer::Conflicts) {
        model.shared.say(format!("{}: nothing was decided and nothing sent; it was left.", deciding.key), Role::Dim);
        return;
    }
    let Some((key, source, value, base, behind)) = plan else {
        model.shared.say("It was not said what would be sent: nothing was decided.", Role::Error);
        return;
    };
    let shown = |value: &Value| match model.shared.snapshot.facts.find(key) {
        Some(insight) => words::value(value, insight),
        None => shown_value(value.as_json_text(), ""),
    };
    let base = base.as_ref().map(|base| format!(", in place of {}", shown(base))).unwrap_or_default();
    let mut says = vec![format!("{}: {}.", deciding.key, deciding.what), format!("{key} = {} is sent to {source}{base}.", shown(value))];
    if behind > 0 {
        let many = words::count(usize::try_from(behind).unwrap_or(usize::MAX), "change goes", "changes go");
        says.push(format!("{many} there before it."));
    }
    model.shared.message = None;
    let mut ask = deciding.ask.clone();
    ask.args.remove("dry_run");
    ask.echo = ask.echo.replace(" --dry-run", "");
    let then = Then::Decide(Box::new(Deciding { ask: ask.flag("yes"), stage: Stage::Decide, ..deciding }));
    ask_first(model, Question { title: "Decide and send?", says, yes: "decide and send", no: "do neither", then });
}
