//! What is generated for other programs: shell completions, the manual page, the list of actions.

use std::io::Write as _;

use clap_complete::Shell;

use crate::{
    action,
    text::SafeText,
    wire::{ActionPayload, TextPayload},
};

use super::{command::command, messages::Failure};

/// The completion script of a shell.
pub fn completions(shell: &str) -> Result<TextPayload, Failure> {
    let shell: Shell = shell.parse().map_err(|_| Failure::usage(format!("there are no completions for {shell:?}")))?;
    let mut bytes = Vec::new();
    clap_complete::generate(shell, &mut command(), "stellar", &mut bytes);
    Ok(TextPayload { text: String::from_utf8_lossy(&bytes).into_owned() })
}

/// The manual page in roff: the program, every action that has a subcommand, the flags.
pub fn manual() -> Result<TextPayload, Failure> {
    let mut root = command();
    root.build();
    let man = clap_mangen::Man::new(root);
    let mut page = Vec::new();
    let written = man
        .render_title(&mut page)
        .and_then(|()| man.render_name_section(&mut page))
        .and_then(|()| man.render_synopsis_section(&mut page))
        .and_then(|()| man.render_description_section(&mut page))
        .and_then(|()| page.write_all(commands_section().as_bytes()))
        .and_then(|()| man.render_options_section(&mut page))
        .and_then(|()| man.render_extra_section(&mut page))
        .and_then(|()| man.render_version_section(&mut page));
    written.map_err(|error| Failure::new("io", format!("the manual page could not be made: {error}")))?;
    Ok(TextPayload { text: String::from_utf8_lossy(&page).into_owned() })
}

fn commands_section() -> String {
    let mut out = String::from(".SH COMMANDS\n");
    for spec in action::all().filter(|spec| !spec.command.is_empty()) {
        out.push_str(&format!(".TP\n\\fBstellar {}\\fR", roff(&spec.command.join(" "))));
        for arg in spec.args.iter().filter(|arg| arg.is_positional()) {
            let (open, close) = if arg.required { ("", "") } else { ("[", "]") };
            out.push_str(&format!(" {open}\\fI{}\\fR{close}", roff(arg.value_name)));
        }
        out.push('\n');
        out.push_str(&format!("{}\n", roff(&spec.doc.replace('\n', " "))));
        for arg in spec.args.iter().filter(|arg| arg.is_typed() && !arg.is_positional()) {
            out.push_str(&format!(
                ".br\n\\fB{}\\fR \\fI{}\\fR: {}\n",
                roff(&format!("--{}", arg.flag)),
                roff(arg.value_name),
                roff(arg.help)
            ));
        }
    }
    out
}

/// Text in roff: no backslash or hyphen of it means anything, and no line of it is a request.
fn roff(text: &str) -> String {
    let text = text.replace('\\', "\\e").replace('-', "\\-");
    if text.starts_with(['.', '\'']) { format!("\\&{text}") } else { text }
}

/// Every action, for `stellar action` without an id.
pub fn actions() -> Vec<ActionPayload> {
    let words = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect();
    action::all()
        .map(|spec| ActionPayload {
            id: spec.id.to_owned(),
            title: spec.title.to_owned(),
            doc: spec.doc.to_owned(),
            command: words(spec.command),
            args: spec.args.iter().map(|arg| arg.name.to_owned()).collect(),
        })
        .collect()
}

/// Generated text on its way out: ours, so only capped by what it is.
pub fn printable(payload: &TextPayload) -> Vec<SafeText> {
    payload.text.lines().map(SafeText::block).collect()
}
