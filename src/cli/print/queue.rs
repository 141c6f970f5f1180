//! Changes, the queue, and what is locked.

use std::{ops::ControlFlow, time::Duration};

use crate::{
    cli::{
        line::{Line, Tone},
        sink::Sink,
    },
    fact::{CommandReason, CommandState, Timestamp, span},
    text::SafeText,
    wire::{BasePayload, CommandPayload, ConflictPayload, Envelope, LockPayload, PlanPayload, QueuePayload, SourceQueuePayload},
};

use super::{
    Printer,
    conflict::conflict_lines,
    payload,
    table::{Table, left, right},
    words::{ago, count, short_of, value},
};

/// More changes than this are counted, not told one by one.
const TOLD: usize = 20;

/// Prints what was asked for: a change as it stands, or what it would do.
#[derive(Default)]
pub struct ChangePrinter {
    told: usize,
    more: Vec<String>,
}

impl Printer for ChangePrinter {
    fn take(&mut self, envelope: &Envelope, sink: &mut Sink) -> ControlFlow<()> {
        match envelope.action.as_str() {
            "core.queue.plan" => {
                let Some(plan) = payload::<PlanPayload>(envelope, sink) else { return ControlFlow::Continue(()) };
                sink.line(&plan_line(&plan, envelope.at()))
            }
            "core.queue.status" => {
                let Some(status) = payload::<QueuePayload>(envelope, sink) else { return ControlFlow::Continue(()) };
                status_lines(&status, None).iter().try_for_each(|line| sink.line(line))
            }
            "core.conflict.read" => {
                let Some(conflict) = payload::<ConflictPayload>(envelope, sink) else { return ControlFlow::Continue(()) };
                conflict_lines(&conflict, envelope.at()).iter().try_for_each(|line| sink.line(line))?;
                let sent: Vec<String> = conflict.would_send.iter().map(|sent| value(Some(sent), "").as_str().to_owned()).collect();
                let text = if sent.is_empty() { "nothing would be sent".to_owned() } else { format!("would send {}", sent.join(", ")) };
                sink.line(&Line::plain(&text))
            }
            _ => {
                let Some(command) = payload::<CommandPayload>(envelope, sink) else { return ControlFlow::Continue(()) };
                if self.told == TOLD {
                    self.more.push(command.state.into_owned());
                    return ControlFlow::Continue(());
                }
                self.told += 1;
                sink.line(&change_line(&command))
            }
        }
    }

    fn finish(&mut self, sink: &mut Sink) -> ControlFlow<()> {
        if self.more.is_empty() {
            return ControlFlow::Continue(());
        }
        let many = |state: CommandState| (self.more.iter().filter(|more| **more == state.code()).count(), words(state.code()));
        let counts: Vec<String> =
            CommandState::ALL.into_iter().map(many).filter(|(many, _)| *many > 0).map(|(many, state)| format!("{many} {state}")).collect();
        sink.line(&Line::toned(
            Tone::Dim,
            &format!("and {} more: {}. stellar queue list shows what waits", self.more.len(), counts.join(", ")),
        ))
    }
}

/// `queued q-8w2k: cluster is unreachable since 12:00Z. The running engine sends it when it answers. Undo: stellar undo q-8w2k`
fn change_line(command: &CommandPayload) -> Line {
    let id = shown(command);
    let line = Line::toned(tone(&command.state), &words(&command.state)).add(Tone::Strong, &format!(" {id}"));
    // Whoever just typed it knows what waits; what ended is named.
    let waits = matches!(command.state.as_ref(), "queued" | "in_flight" | "parked" | "blocked");
    let what = if waits || command.operation == "note" {
        String::new()
    } else {
        format!("{} = {}.", command.key, value(Some(&command.value), "").as_str())
    };
    let said: Vec<&str> =
        [what.as_str(), command.message.as_deref().unwrap_or_default()].into_iter().filter(|text| !text.is_empty()).collect();
    let line = if said.is_empty() { line } else { line.add(Tone::Plain, &format!(": {}", said.join(" "))) };
    if waits && command.operation == "set" { line.add(Tone::Dim, &format!(" Undo: stellar undo {id}")) } else { line }
}

/// What a change would do.
fn plan_line(plan: &PlanPayload, at: Timestamp) -> Line {
    let line = Line::plain("would set ")
        .add(Tone::Strong, plan.key.as_str())
        .add(Tone::Plain, " to ")
        .add_safe(Tone::Strong, value(Some(&plan.value), ""));
    if plan.kept_here {
        return line.add(Tone::Plain, ", kept here");
    }
    let deadline = Timestamp::parse_rfc3339(&plan.deadline).map(|deadline| span::words(deadline.since(at)));
    let until = deadline.map(|left| format!("; sent by itself for {left}")).unwrap_or_default();
    let behind = match plan.behind {
        0 => String::new(),
        1 => "; behind 1 change of it that waits".to_owned(),
        many => format!("; behind {many} changes of it that wait"),
    };
    line.add(Tone::Plain, &format!(" at {}, where it is {}{behind}{until}", plan.source, base(&plan.base)))
}

fn base(base: &BasePayload) -> String {
    match base.known.as_ref() {
        "value" => value(base.value.as_ref(), "").as_str().to_owned(),
        "absent" => "not there".to_owned(),
        _ => "not known".to_owned(),
    }
}

/// Holds the changes until all are there.
#[derive(Default)]
pub struct QueueListPrinter(Vec<(CommandPayload, Timestamp)>);

impl Printer for QueueListPrinter {
    fn take(&mut self, envelope: &Envelope, sink: &mut Sink) -> ControlFlow<()> {
        self.0.extend(payload::<CommandPayload>(envelope, sink).map(|command| (command, envelope.at())));
        ControlFlow::Continue(())
    }

    fn finish(&mut self, sink: &mut Sink) -> ControlFlow<()> {
        if self.0.is_empty() {
            return sink.line(&Line::plain("no changes"));
        }
        let mut table = Table::new(vec![
            left("id", 28),
            left("key", 512),
            right("value", 32),
            left("for", 64),
            left("state", 10),
            right("age", 6),
            right("tries", 5),
            right("next", 8),
            left("why", 32),
        ]);
        for (command, at) in &self.0 {
            let age = Timestamp::parse_rfc3339(&command.created_at).map(|made| span::short(at.since(made))).unwrap_or_default();
            table.row(vec![
                (Tone::Strong, SafeText::line(&shown(command))),
                (Tone::Plain, SafeText::line(command.key.as_str())),
                (Tone::Plain, value(Some(&command.value), "")),
                (Tone::Plain, SafeText::line(command.source.as_str())),
                (tone(&command.state), SafeText::line(&words(&command.state))),
                (Tone::Dim, SafeText::line(&age)),
                (Tone::Plain, SafeText::line(&command.tries.to_string())),
                (Tone::Dim, SafeText::line(&next(command.next_at.as_deref(), *at))),
                (Tone::Plain, SafeText::line(&command.reason.as_deref().map(words).unwrap_or_default())),
            ]);
        }
        table.lines().iter().try_for_each(|line| sink.line(line))?;
        let waiting = self.0.iter().filter(|(command, _)| matches!(command.state.as_ref(), "parked" | "blocked" | "dead")).count();
        match waiting {
            0 => ControlFlow::Continue(()),
            1 => sink.line(&Line::toned(Tone::Warn, "1 needs you: stellar queue show ID says why and what to do")),
            many => sink.line(&Line::toned(Tone::Warn, &format!("{many} need you: stellar queue show ID says why and what to do"))),
        }
    }
}

/// Prints one change with everything that is known of it.
pub struct CommandPrinter;

impl Printer for CommandPrinter {
    fn take(&mut self, envelope: &Envelope, sink: &mut Sink) -> ControlFlow<()> {
        let Some(command) = payload::<CommandPayload>(envelope, sink) else { return ControlFlow::Continue(()) };
        command_lines(&command, envelope.at()).iter().try_for_each(|line| sink.line(line))
    }
}

fn command_lines(command: &CommandPayload, at: Timestamp) -> Vec<Line> {
    let id = shown(command);
    let ended = matches!(command.state.as_ref(), "delivered" | "confirmed" | "dead" | "cancelled");
    let since = ago(&command.since, at).map(|ago| if ended { format!(" {ago} ago") } else { format!(" for {ago}") }).unwrap_or_default();
    let row = |name: &str, text: &str| Line::toned(Tone::Dim, &format!("{name:<9} ")).add(Tone::Plain, text);
    let mut lines = vec![
        Line::toned(Tone::Strong, command.key.as_str())
            .add(Tone::Plain, " = ")
            .add_safe(Tone::Strong, value(Some(&command.value), ""))
            .add(Tone::Plain, &format!("   {id}   "))
            .add(tone(&command.state), &words(&command.state))
            .add(Tone::Dim, &since),
    ];
    lines.extend(command.message.iter().map(|message| Line::plain(message)));
    let note = command.operation == "note";
    lines.push(row(
        "for",
        &if note { command.source.to_string() } else { format!("{}, where it was {}", command.source, base(&command.base)) },
    ));
    if let Some(theirs) = &command.theirs {
        lines.push(row("now there", &base(theirs)));
    }
    let asked = ago(&command.created_at, at).map(|ago| format!(", {ago} ago")).unwrap_or_default();
    lines.push(row("asked by", &format!("{} as {}{asked}", command.user, command.persona)));
    if command.undoes.is_some() {
        lines.push(row("undoes", &command.undoes.as_deref().map(short_of).unwrap_or_default()));
    }
    if let Some(next) = command.next_at.as_deref().map(|stamp| next(Some(stamp), at)).filter(|next| !next.is_empty()) {
        lines.push(row("next try", &if next == "now" { next } else { format!("in {next}") }));
    }
    if matches!(command.state.as_ref(), "queued" | "in_flight")
        && let Ok(deadline) = Timestamp::parse_rfc3339(&command.deadline)
    {
        lines.push(row("expires", &if deadline > at { format!("in {}", span::words(deadline.since(at))) } else { "now".to_owned() }));
    }
    if command.uncertain {
        lines
            .push(Line::toned(Tone::Warn, "An attempt began whose outcome is not known: the target is looked at before it is sent again."));
    }
    lines.push(row("attempts", &attempts(command)));
    for attempt in &command.attempts {
        let when = ago(&attempt.at, at).map(|ago| format!("{ago} ago")).unwrap_or_default();
        let status = attempt.status.map(|status| format!(" {status}")).unwrap_or_default();
        let said = if attempt.said.is_empty() { String::new() } else { format!(": {}", attempt.said) };
        lines.push(Line::toned(Tone::Dim, &format!("  {when:<12} ")).add(Tone::Plain, &format!("{}{status}{said}", words(&attempt.code))));
    }
    lines.extend(what_to_do(command, &id).map(|text| Line::toned(Tone::Dim, &text)));
    lines
}

fn attempts(command: &CommandPayload) -> String {
    let charged = if command.charged > 0 { format!(", {} of them its own fault", command.charged) } else { String::new() };
    let left_out = u64::from(command.tries).saturating_sub(command.attempts.len() as u64);
    let older = if left_out > 0 && !command.attempts.is_empty() { "; the last are".to_owned() } else { String::new() };
    if command.tries == 0 { "none yet".to_owned() } else { format!("{}{charged}{older}", command.tries) }
}

/// The commands that help where it stands.
fn what_to_do(command: &CommandPayload, id: &str) -> Option<String> {
    let say = |words: &[&str]| words.iter().map(|word| format!("stellar queue {word} {id}")).collect::<Vec<_>>().join("   ");
    match command.state.as_ref() {
        "queued" => Some(format!("stellar undo {id}   stellar queue edit {id} VALUE")),
        "parked" => Some(say(&["release", "cancel"])),
        "blocked" => Some(say(&["rebase", "cancel"])),
        "dead" => Some(format!("{}   stellar queue edit {id} VALUE", say(&["retry", "rebase", "drop"]))),
        "delivered" | "confirmed" if command.operation == "set" => Some(format!("stellar undo {id}")),
        _ => None,
    }
}

/// Prints how the queue stands.
pub struct QueuePrinter;

impl Printer for QueuePrinter {
    fn take(&mut self, envelope: &Envelope, sink: &mut Sink) -> ControlFlow<()> {
        let Some(status) = payload::<QueuePayload>(envelope, sink) else { return ControlFlow::Continue(()) };
        status_lines(&status, Some(envelope.at())).iter().try_for_each(|line| sink.line(line))
    }
}

fn status_lines(status: &QueuePayload, at: Option<Timestamp>) -> Vec<Line> {
    let mut lines = Vec::new();
    let oldest = status.oldest_ms.map(|age| format!(", the oldest {}", span::words(Duration::from_millis(age)))).unwrap_or_default();
    lines.push(if status.depth == 0 {
        Line::plain("nothing waits to be sent")
    } else {
        Line::plain(&format!("{} under way{oldest}", count(status.depth, "change")))
    });
    if status.needs_you > 0 {
        let verb = if status.needs_you == 1 { "needs" } else { "need" };
        lines.push(Line::toned(Tone::Warn, &format!("{} {verb} you: stellar queue list", status.needs_you)));
    }
    if status.held {
        let by = status.held_by.as_deref().map(|user| format!(" by {user}")).unwrap_or_default();
        lines.push(Line::toned(Tone::Warn, &format!("sending was stopped{by}: stellar queue release lets it go on")));
    }
    if let Some(closed) = &status.closed {
        lines.push(Line::toned(Tone::Bad, &format!("no changes can be taken: {closed}")));
    }
    if status.depth > 0 && !status.sends && !status.held {
        lines.push(Line::plain("nothing sends it by itself now: stellar serve --install sets up who does, stellar queue flush tries now"));
    }
    let Some(at) = at else { return lines };
    let mut table = Table::new(vec![left("source", 64), right("waiting", 7), left("link", 10), right("next", 8), left("why", 80)]);
    for queue in &status.sources {
        table.row(vec![
            (Tone::Strong, SafeText::line(queue.source.as_str())),
            (Tone::Plain, SafeText::line(&queue.depth.to_string())),
            (if link(queue) == "up" { Tone::Plain } else { Tone::Warn }, SafeText::line(link(queue))),
            (Tone::Dim, SafeText::line(&next(queue.next_at.as_deref(), at))),
            (Tone::Plain, SafeText::line(&queue.reason.as_deref().map(words).unwrap_or_default())),
        ]);
    }
    lines.extend(table.lines());
    let states: Vec<String> = status.states.iter().map(|of| format!("{} {}", of.count, words(&of.state))).collect();
    if !states.is_empty() {
        lines.push(Line::toned(Tone::Dim, &states.join(", ")));
    }
    lines
}

/// What waits for a source, in a clause: `3 changes wait, unreachable, next try in 4 s`.
pub fn waiting(queue: &SourceQueuePayload, at: Timestamp) -> String {
    let verb = if queue.depth == 1 { "waits" } else { "wait" };
    let why = queue.reason.as_deref().map(|reason| format!(", {}", words(reason))).unwrap_or_default();
    let next = next(queue.next_at.as_deref(), at);
    let next = if next.is_empty() { next } else { format!(", next try {}{next}", if next == "now" { "" } else { "in " }) };
    format!("{} {verb}{why}{next}", count(queue.depth, "change"))
}

/// What a breaker is for somebody who knows no breakers.
fn link(queue: &SourceQueuePayload) -> &'static str {
    match (queue.breaker.as_ref(), queue.reason.as_deref()) {
        ("closed", Some("unreachable")) => "failing",
        ("closed", _) => "up",
        ("open", _) => "down",
        ("half_open", _) => "probing",
        ("parked", _) => "refuses us",
        _ => "",
    }
}

/// Prints what was locked or let go.
pub struct LockPrinter;

impl Printer for LockPrinter {
    fn take(&mut self, envelope: &Envelope, sink: &mut Sink) -> ControlFlow<()> {
        let Some(lock) = payload::<LockPayload>(envelope, sink) else { return ControlFlow::Continue(()) };
        let line = Line::plain(if lock.locked { "locked " } else { "unlocked " }).add(Tone::Strong, lock.key.as_str());
        let at = lock.value.as_ref().map(|believed| format!(" at {}", value(Some(believed), "").as_str())).unwrap_or_default();
        sink.line(&if lock.locked {
            line.add(Tone::Plain, &format!("{at}: nothing changes it until stellar unlock {}", lock.key))
        } else {
            line.add(Tone::Plain, ": it is believed as it is observed again")
        })
    }
}

/// A command that moved, for a line of news: `queued service/search/replicas = 9 for cluster (q-8w2k)`.
pub fn news(line: Line, command: &CommandPayload) -> Line {
    let what = format!(" {} = {} for {} ({})", command.key, value(Some(&command.value), "").as_str(), command.source, shown(command));
    let why = command.reason.as_deref().and_then(sentence).map(|sentence| format!("   {sentence}")).unwrap_or_default();
    line.add(tone(&command.state), &words(&command.state)).add(Tone::Plain, &what).add(Tone::Dim, &why)
}

fn sentence(code: &str) -> Option<&'static str> {
    CommandReason::ALL.into_iter().find(|reason| reason.code() == code).map(CommandReason::sentence)
}

/// The id as it is shown: as the answer says, else its end.
fn shown(command: &CommandPayload) -> String {
    command.shown.clone().unwrap_or_else(|| short_of(&command.id))
}

/// A code in words.
fn words(code: &str) -> String {
    code.replace('_', " ")
}

fn tone(state: &str) -> Tone {
    match state {
        "delivered" | "confirmed" => Tone::Good,
        "parked" | "blocked" => Tone::Warn,
        "dead" => Tone::Bad,
        "cancelled" => Tone::Dim,
        _ => Tone::Plain,
    }
}

/// How long until a moment; nothing where there is none.
fn next(stamp: Option<&str>, at: Timestamp) -> String {
    let Some(Ok(next)) = stamp.map(Timestamp::parse_rfc3339) else { return String::new() };
    if next <= at { "now".to_owned() } else { span::short(next.since(at)) }
}
