//! `docs/actions.md`, made from the registry.

use super::{
    global::GLOBALS,
    persona::Persona,
    registry,
    spec::{ActionSpec, ArgKind, ArgSpec, Danger, Offline, Right, Surface},
};

/// The reference of every action, as Markdown. `docs/actions.md` is exactly this; a test says so.
#[must_use]
pub fn actions_markdown() -> String {
    let mut out = String::from(
        "# Actions\n\nGenerated from the action registry; edit `src/action/registry/` and bless.\n\n\
         A key press, a subcommand, a socket request and an assistive client ask for the same actions by the same ids.\n\n\
         ## Through subcommands and the socket\n",
    );
    for spec in registry::all().filter(|spec| spec.surface != Surface::Screen) {
        write_action(&mut out, spec);
    }
    out.push_str("\n## On the screen\n\n| action | title | what it does |\n| --- | --- | --- |\n");
    for spec in registry::all().filter(|spec| spec.surface == Surface::Screen) {
        out.push_str(&format!("| `{}` | {} | {} |\n", spec.id, spec.title, spec.summary()));
    }
    out.push_str("\n## Global flags\n\n| flag | variable | what it does |\n| --- | --- | --- |\n");
    for global in GLOBALS.iter().filter(|global| global.built) {
        let value = if global.value_name.is_empty() { String::new() } else { format!(" {}", global.value_name) };
        out.push_str(&format!("| `--{}{value}` | `{}` | {} |\n", global.flag, global.variable(), global.help));
    }
    write_personas(&mut out);
    out
}

fn write_action(out: &mut String, spec: &ActionSpec) {
    out.push_str(&format!("\n### `{}`\n\n", spec.id));
    let words: String = spec.command.iter().map(|word| format!(" {word}")).collect();
    out.push_str(&format!("`stellar{words}{}`\n\n", usage(spec)));
    out.push_str(&spec.doc.replace('\n', " "));
    out.push_str(&format!(
        "\n\nOffline: {}. Danger: {}. Right: {}.\n",
        offline_word(spec.offline),
        danger_word(spec.danger),
        right_word(spec.right)
    ));
    if !spec.args.is_empty() {
        out.push_str("\n| argument | in JSON | what it is |\n| --- | --- | --- |\n");
        for arg in spec.args {
            out.push_str(&format!("| `{}` | `{}`: {} | {} |\n", written(arg), arg.name, json_word(arg.kind), arg.help));
        }
    }
    if !spec.emits.is_empty() {
        let names: Vec<String> = spec.emits.iter().map(|name| format!("`{name}`")).collect();
        out.push_str(&format!("\nAnswers with: {}.\n", names.join(", ")));
    }
}

fn usage(spec: &ActionSpec) -> String {
    spec.args
        .iter()
        .filter(|arg| arg.is_typed())
        .map(|arg| {
            let dots = if arg.kind == ArgKind::Texts { "..." } else { "" };
            match arg.required {
                true => format!(" {}{dots}", written(arg)),
                false => format!(" [{}{dots}]", written(arg)),
            }
        })
        .collect()
}

fn written(arg: &ArgSpec) -> String {
    match (arg.kind, arg.is_positional()) {
        (ArgKind::Secret, _) => "asked for".to_owned(),
        (ArgKind::Minted, _) => "made up".to_owned(),
        (ArgKind::Rows, _) => "from stdin".to_owned(),
        (_, true) => arg.value_name.to_owned(),
        (ArgKind::Flag, false) => format!("--{}", arg.flag),
        (_, false) => format!("--{} {}", arg.flag, arg.value_name),
    }
}

fn json_word(kind: ArgKind) -> String {
    match kind {
        ArgKind::Flag => "boolean".to_owned(),
        ArgKind::Text | ArgKind::Path | ArgKind::Secret | ArgKind::Minted => "string".to_owned(),
        ArgKind::Texts => "array of strings".to_owned(),
        ArgKind::Duration => "milliseconds".to_owned(),
        ArgKind::Count => "whole number".to_owned(),
        ArgKind::Choice(words) => format!("one of {}", words.join(", ")),
        ArgKind::Choices(words) => format!("array of {}", words.join(", ")),
        ArgKind::Json => "object".to_owned(),
        ArgKind::Rows => "array of objects".to_owned(),
    }
}

fn write_personas(out: &mut String) {
    const RIGHTS: [Right; 5] = [Right::Read, Right::Change, Right::Decide, Right::Runbook, Right::Maintain];
    out.push_str("\n## Personas\n\n| persona |");
    RIGHTS.iter().for_each(|right| out.push_str(&format!(" {} |", right_word(*right))));
    out.push_str("\n| --- | --- | --- | --- | --- | --- |\n");
    for persona in Persona::ALL {
        out.push_str(&format!("| `{persona}` |"));
        RIGHTS.iter().for_each(|right| out.push_str(if persona.may(*right) { " yes |" } else { " no |" }));
        out.push('\n');
    }
}

const fn offline_word(offline: Offline) -> &'static str {
    match offline {
        Offline::Works => "needs no network",
        Offline::Cached => "answers from the cache",
        Offline::Queued => "is queued",
        Offline::Needs => "says who cannot be reached",
    }
}

const fn danger_word(danger: Danger) -> &'static str {
    match danger {
        Danger::None => "changes nothing",
        Danger::Local => "changes something here",
        Danger::Remote => "changes something elsewhere",
        Danger::Destroys => "loses something here",
    }
}

const fn right_word(right: Right) -> &'static str {
    match right {
        Right::Read => "read",
        Right::Change => "change",
        Right::Decide => "decide",
        Right::Runbook => "run runbooks",
        Right::Maintain => "maintain",
    }
}
