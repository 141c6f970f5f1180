//! Changing facts from the screen: what keys ask for, what is kept, what is asked first.

use crate::{
    action,
    app::{
        ask::{Answer, Ask, Told, Trouble},
        content::unavailable,
        effect::Effect,
        fixture::{NOW, press, queue, screen, send, snapshot, writable},
        model::{Focus, JobId, Layer, Model, Pane},
        msg::Msg,
        queue::Queue,
        snapshot::Snapshot,
    },
    engine::QueueStatus,
    fact::{Author, CommandState, Mark, Value},
};

fn told(model: &mut Model, queue: Queue) {
    send(model, Msg::Snapshot(writable(snapshot().with_queue(queue))));
}

/// The screen with that queue, on the fact that everybody disagrees on.
fn with(queue: Queue) -> Model {
    let mut model = screen((120, 36));
    told(&mut model, queue);
    press(&mut model, "Down Down Down Down");
    model
}

/// The lines of a shell that were asked for.
fn echoes(effects: &[Effect]) -> Vec<String> {
    let echo = |effect: &Effect| match effect {
        Effect::Ask(_, ask) => Some(ask.echo.clone()),
        _ => None,
    };
    effects.iter().filter_map(echo).collect()
}

fn asked(effects: &[Effect]) -> Option<(JobId, Ask)> {
    effects.iter().find_map(|effect| match effect {
        Effect::Ask(job, ask) => Some((*job, ask.clone())),
        _ => None,
    })
}

fn why(model: &Model, id: &str) -> Option<String> {
    unavailable(model, action::find(id).unwrap())
}

#[test]
fn keys_ask_for_what_a_subcommand_would() {
    let cases: [(&str, &[&str]); 15] = [
        ("= 4 Enter", &["stellar set service/checkout/replicas 4"]),
        ("= Enter", &[]),
        ("= 4 Esc", &[]),
        ("Alt+Enter o k Enter", &["stellar submit ok --key service/checkout/replicas"]),
        ("u", &["stellar undo q-0005"]),
        ("Ctrl+Y", &["stellar redo"]),
        ("l", &["stellar lock service/checkout/replicas"]),
        ("Ctrl+L", &["stellar lock service/checkout/replicas"]),
        ("f", &["stellar queue flush"]),
        ("c m", &["stellar conflicts resolve c-", " --mine"]),
        ("c 2 Enter", &["stellar conflicts resolve c-", " --theirs"]),
        ("c e Ctrl+U 8 Enter", &["stellar conflicts resolve c-", " --value 8"]),
        ("Q Home r", &["stellar queue retry q-0002"]),
        ("Q Home p", &["stellar queue release q-0002"]),
        ("Q Home e 0 Enter", &["stellar queue edit q-0002 50"]),
    ];
    for (keys, wanted) in cases {
        let mut model = with(queue::every());
        let echoes = echoes(&press(&mut model, keys));
        assert_eq!(echoes.len(), usize::from(!wanted.is_empty()), "{keys}: {echoes:?}");
        assert!(wanted.iter().all(|part| echoes[0].contains(part)), "{keys}: {echoes:?}");
    }
}

#[test]
fn nothing_that_was_typed_is_lost_until_it_is_on_disk() {
    let mut model = with(queue::waiting());
    let (job, ask) = asked(&press(&mut model, "= x Enter")).unwrap();
    assert_eq!((ask.args["value"].as_str(), ask.args["wait_ms"].as_u64()), (Some("x"), Some(0)));
    assert!(asked(&press(&mut model, "Enter")).is_none(), "it is asked for once");
    send(&mut model, Msg::Answered(job, Answer::failed("schema_violation", "it does not take this value: no integer")));
    assert_eq!((model.focus(), model.prompt.field.text()), (Focus::Layer(Layer::Prompt), "x"));
    assert!(model.spoken_message().contains("no integer"));
    // Leaving and coming back finds it again.
    press(&mut model, "Esc =");
    assert_eq!(model.prompt.field.text(), "x");
    let (job, _) = asked(&press(&mut model, "Backspace 4 Enter")).unwrap();
    let change = &queue::waiting().commands[0].command.clone();
    let line = Told::Change {
        id: change.id,
        key: change.key.clone(),
        source: change.source.clone(),
        value: Value::from_trusted_text("9"),
        state: CommandState::Queued,
        sentence: "The running engine sends it.".to_owned(),
    };
    let trouble = Answer::failed("wait_expired", "still queued").trouble;
    send(&mut model, Msg::Answered(job, Answer { told: vec![line], trouble }));
    assert_eq!((model.focus(), model.prompt.field.text()), (Focus::Pane(Pane::List), ""));
    let message = model.shared.message.clone().unwrap();
    assert_eq!(message.text.as_str(), "10:00:00Z queued service/search/replicas = 9 for cluster. The running engine sends it.");
    assert_eq!(message.echo.as_str(), "stellar set service/checkout/replicas 4");
}

#[test]
fn several_that_could_take_it_are_chosen_from() {
    let mut model = with(queue::waiting());
    let (job, _) = asked(&press(&mut model, "= 4 Enter")).unwrap();
    let choices = vec!["cluster".to_owned(), "wiki".to_owned()];
    let trouble = Trouble { code: "several_sources".to_owned(), message: "cluster, wiki take changes".to_owned(), choices };
    send(&mut model, Msg::Answered(job, Answer { told: Vec::new(), trouble: Some(trouble) }));
    assert_eq!(echoes(&press(&mut model, "Down Down Enter")), ["stellar set service/checkout/replicas 4 --source wiki"]);
}

#[test]
fn a_secret_is_neither_shown_nor_echoed() {
    let mut model = with(queue::every());
    let (_, ask) = asked(&press(&mut model, "Down = s 3 c r 3 t - x Enter")).unwrap();
    assert_eq!(ask.args["value"].as_str(), Some("s3cr3t-x"));
    assert_eq!(ask.echo, "stellar set service/checkout/token -");
    press(&mut model, "Esc Q Home Down Down e");
    assert_eq!(model.prompt.field.text(), "", "what is masked is not put into a field");
}

#[test]
fn what_loses_or_sends_is_asked_first() {
    let mut model = with(queue::every());
    assert!(echoes(&press(&mut model, "Q Home Down Down d")).is_empty());
    assert_eq!(model.focus(), Focus::Layer(Layer::Question));
    assert!(echoes(&press(&mut model, "Esc")).is_empty());
    assert_eq!(model.focus(), Focus::Layer(Layer::Queue), "Esc keeps it");
    assert_eq!(echoes(&press(&mut model, "d Enter")), ["stellar queue drop q-0004"]);
    let mut model = with(queue::delivered());
    assert!(echoes(&press(&mut model, "u")).is_empty());
    let says = model.question.as_ref().unwrap().says.join(" ");
    assert!(says.contains("sends service/cart/replicas = 2 to cluster"), "{says}");
    let (_, ask) = asked(&press(&mut model, "Enter")).unwrap();
    assert_eq!((ask.echo.as_str(), ask.args["yes"].as_bool()), ("stellar undo q-0007 --yes", Some(true)));
}

#[test]
fn leaving_says_what_happens_to_what_waits() {
    let held = || {
        let status = QueueStatus { held_by: Some(Author { user: "bob".to_owned(), ..Author::default() }), ..queue::waiting().status };
        Queue { status, ..queue::waiting() }
    };
    let cases = [
        (queue::waiting(), Some(true), Some("Nothing sends it while no stellar runs")),
        (queue::waiting(), Some(false), Some("goes on sending")),
        (held(), Some(true), Some("stopped by bob")),
        (queue::every(), Some(true), Some("3 changes wait for you")),
        (queue::delivered(), Some(true), None),
    ];
    for (queue, owns, wanted) in cases {
        let mut model = with(queue);
        owns.into_iter().for_each(|owns| drop(send(&mut model, Msg::Linked(owns))));
        let left = press(&mut model, "q");
        match wanted {
            None => assert!(matches!(left.as_slice(), [Effect::Quit])),
            Some(wanted) => {
                assert!(left.is_empty());
                let says = model.question.as_ref().unwrap().says.join(" ");
                assert!(says.contains(wanted), "{says}");
                assert!(press(&mut model, "Esc").is_empty(), "Esc stays");
                assert!(matches!(press(&mut model, "q Enter").as_slice(), [Effect::Quit]));
            }
        }
    }
}

#[test]
fn while_leaving_is_asked_what_waits_is_told_as_it_is() {
    let mut model = with(queue::every());
    let says = |model: &Model| model.question.as_ref().unwrap().says.join(" ");
    press(&mut model, "c");
    send(&mut model, Msg::Action("core.app.quit".into()));
    assert!(says(&model).starts_with("4 changes are not delivered yet."), "{}", says(&model));
    send(&mut model, Msg::Linked(false));
    assert!(says(&model).contains("goes on sending"), "{}", says(&model));
    let rev = model.rev;
    told(&mut model, queue::waiting());
    assert!(says(&model).starts_with("1 change is not delivered yet."), "{}", says(&model));
    assert!(model.rev > rev, "it is drawn anew");
    // After the engine changed hands the queue is told last.
    send(&mut model, Msg::Snapshot(Snapshot { partial: true, queue: std::sync::Arc::default(), ..snapshot() }));
    assert!(says(&model).starts_with("1 change is not delivered yet."), "{}", says(&model));
    told(&mut model, queue::delivered());
    assert_eq!(says(&model), "Nothing waits to be delivered any more.");
    assert_eq!(model.focus(), Focus::Layer(Layer::Question), "no key goes to the conflict below by surprise");
    assert!(matches!(press(&mut model, "Enter").as_slice(), [Effect::Quit]));
    // What else is asked is asked as it was.
    let mut model = with(queue::delivered());
    press(&mut model, "u");
    let before = says(&model);
    told(&mut model, queue::waiting());
    assert_eq!(says(&model), before);
}

#[test]
fn what_cannot_be_asked_for_says_why() {
    let mut model = with(Queue::default());
    let reasons = |model: &Model| ["core.input.set", "core.queue.flush", "core.conflict.mine", "core.queue.retry"].map(|id| why(model, id));
    assert_eq!(reasons(&model)[0], None);
    assert_eq!(reasons(&model)[1].as_deref(), Some("nothing waits"));
    assert_eq!(reasons(&model)[2].as_deref(), Some("in the conflicts"));
    assert_eq!(reasons(&model)[3].as_deref(), Some("nothing waits"));
    let mut locked = snapshot();
    let mut insight = (**locked.facts.find(&model.current().unwrap().key).unwrap()).clone();
    insight.marks.insert(Mark::Locked);
    locked.facts.put(std::sync::Arc::new(insight));
    send(&mut model, Msg::Snapshot(writable(locked)));
    assert_eq!(why(&model, "core.input.set").as_deref(), Some("it is locked; unlock it first"));
    assert_eq!(echoes(&press(&mut model, "l")), ["stellar unlock service/checkout/replicas"]);
    send(&mut model, Msg::Snapshot(snapshot()));
    assert!(why(&model, "core.input.set").unwrap().starts_with("no source here takes changes"));
    send(&mut model, Msg::EngineGone("it stopped".to_owned()));
    assert_eq!(why(&model, "core.input.undo").as_deref(), Some("the engine has stopped"));
}

#[test]
fn the_queue_counts_what_needs_a_person_and_tells_what_becomes_of_ones_own() {
    let mut model = with(queue::every());
    // Two conflicts between sources, one of a change; one parked, one given up.
    assert_eq!(model.shared.snapshot.need_you(), 5);
    let mut moved = queue::every();
    let mut commands: Vec<_> = moved.commands.to_vec();
    let mut sent = commands.pop().unwrap();
    sent.command.state = CommandState::Delivered;
    sent.command.since = NOW;
    moved.commands = commands.into();
    moved.ended = vec![sent].into();
    told(&mut model, moved);
    assert_eq!(model.spoken_message(), "10:00:00Z delivered service/mail/replicas = 3 to wiki.");
}

#[test]
fn the_selected_change_stays_selected_while_others_come_and_go() {
    let mut model = with(queue::every());
    press(&mut model, "Q Home Down Down");
    let before = model.change().unwrap().command.id;
    let mut fewer = queue::every();
    fewer.commands = fewer.commands.iter().skip(1).cloned().collect();
    told(&mut model, fewer);
    assert_eq!(model.change().unwrap().command.id, before);
    press(&mut model, "Enter");
    assert_eq!(model.current().unwrap().key.as_str(), "service/checkout/token");
}
