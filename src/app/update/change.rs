//! Asking for what changes facts: undo, redo, locks, flushing, holding; and leaving while something waits.

use crate::{
    app::{
        ask::Ask,
        effect::Effect,
        model::{Model, Question, Shared, Then},
        queue::Listed,
        words::{self, count},
    },
    fact::{Insight, Mark, Value},
    text::shown_value,
};

/// What comes of asking to take something back.
pub(super) enum Undo {
    /// It is asked for.
    Ask(Ask),
    /// It would send something: that is asked first.
    First(Question),
}

/// A value of a change for a person: with the unit of its fact, masked where it is secret.
fn value_of(shared: &Shared, listed: &Listed, value: &Value) -> String {
    match shared.snapshot.facts.find(&listed.command.key) {
        Some(insight) => words::value(value, insight).to_string(),
        None if listed.secret => words::MASK.to_owned(),
        None => shown_value(value.as_json_text(), "").to_string(),
    }
}

/// Takes back the newest change of this user: one that waits at once, a delivered one after a question.
pub(super) fn undo(shared: &Shared) -> Undo {
    let queue = &shared.snapshot.queue;
    // Where not all are listed, the newest one may be among the others: who has them chooses.
    if queue.left_out > 0 {
        return Undo::Ask(Ask::new("core.input.undo"));
    }
    if let Some(listed) = queue.newest_of(&shared.user) {
        let id = listed.command.id.to_string();
        return Undo::Ask(Ask::new("core.input.undo").shown("which", &id, &listed.shown));
    }
    let Some((listed, base)) = queue.newest_delivered_of(&shared.user).and_then(|listed| Some((listed, listed.command.base.value()?)))
    else {
        return Undo::Ask(Ask::new("core.input.undo"));
    };
    let command = &listed.command;
    let (brought, before) = (value_of(shared, listed, &command.value), value_of(shared, listed, base));
    let ask = Ask::new("core.input.undo").shown("which", &command.id.to_string(), &listed.shown).flag("yes");
    Undo::First(Question {
        title: "Take a delivered change back?",
        says: vec![
            format!("{} brought {} = {brought} to {} and was delivered.", listed.shown, command.key, command.source),
            format!("Taking it back sends {} = {before} to {}, as a change of its own.", command.key, command.source),
        ],
        yes: "send it",
        no: "leave it",
        then: Then::Ask(ask),
    })
}

/// Freezes belief in a fact, or lets it move again.
pub(super) fn lock(insight: &Insight) -> Ask {
    let action = if insight.marks.contains(Mark::Locked) { "core.input.field_unlock" } else { "core.input.field_lock" };
    Ask::new(action).text("key", insight.key.as_str())
}

/// Tries everything that waits, without waiting for it here.
pub(super) fn flush() -> Ask {
    Ask::new("core.queue.flush").quiet("wait_ms", 0)
}

/// Asks for something and says so.
pub(super) fn send(shared: &mut Shared, ask: Ask, said: &str) -> Vec<Effect> {
    shared.say_with(said, crate::theme::Role::Text, &ask.echo);
    vec![Effect::Ask(shared.ask(&ask), ask)]
}

/// What is asked before leaving while something waits; none when nothing does.
pub(super) fn leaving(shared: &Shared) -> Option<Question> {
    Some(Question { title: "Leave?", says: undelivered(shared)?, yes: "leave", no: "stay", then: Then::Quit })
}

/// While it is asked whether to leave, it says what waits now.
///
/// When nothing does any more it stays: had it closed by itself, the Enter that was to leave would act on what lay below it.
pub(super) fn still_leaving(model: &mut Model) {
    // The first facts come before the queue is known.
    if model.shared.snapshot.partial {
        return;
    }
    let Some(question) = model.question.as_mut().filter(|question| question.then == Then::Quit) else { return };
    let says = undelivered(&model.shared).unwrap_or_else(|| vec!["Nothing waits to be delivered any more.".to_owned()]);
    if question.says != says {
        question.says = says;
        model.touch();
    }
}

/// What waits to be delivered and what becomes of it, a paragraph each.
fn undelivered(shared: &Shared) -> Option<Vec<String>> {
    let status = &shared.snapshot.queue.status;
    if status.depth == 0 {
        return None;
    }
    let depth = usize::try_from(status.depth).unwrap_or(usize::MAX);
    let (waits, them) = match depth {
        1 => ("is not delivered yet. It is on disk and stays queued.", "it"),
        _ => ("are not delivered yet. They are on disk and stay queued.", "them"),
    };
    let mut says = vec![format!("{} {waits}", count(depth, "change", "changes"))];
    says.push(match (&status.held_by, shared.owns) {
        (Some(author), _) => format!("Sending was stopped by {}: nothing is sent until stellar queue release.", author.user),
        (None, Some(false)) => "The stellar that runs beside this screen goes on sending.".to_owned(),
        (None, _) => {
            format!(
                "Nothing sends {them} while no stellar runs: the next one that is started does, a screen or stellar serve. stellar \
                 serve --install sets up one that always runs."
            )
        }
    });
    if status.needs_a_person > 0 {
        let many = usize::try_from(status.needs_a_person).unwrap_or(usize::MAX);
        let waits = if many == 1 { "waits for you: it is not sent" } else { "wait for you: they are not sent" };
        says.push(format!("{} {waits} before you decide.", count(many, "change", "changes")));
    }
    Some(says)
}
