//! From the process's words to its exit code.

use std::{
    ffi::OsString,
    io::IsTerminal as _,
    path::{Path, PathBuf},
    process::ExitCode,
};

use serde::Serialize;
use serde_json::{Map, Value as Json};

use crate::{
    action::{self, ActionSpec, ArgKind, Call, Persona, Scope, args::InvokeArgs},
    config::{AccessibilityMode, ConfigError, LoadRequest, Loaded, load, resolve_dirs},
    runtime::{
        Context, Demo, Reloading, Request, ScreenOptions, builtin_rules, keyboard, screen, screen_is_possible, serve, serve_demo, user_name,
    },
    text::SafeText,
    theme::ColorDepth,
    wire::{Outcome, ServePayload, TextPayload, Verdict},
};

use super::{
    add,
    ask::{Asker, Changing, Port, ask, emit, fail},
    audit, changes, chaos, config, demo, doctor, generate,
    invocation::{Asked, Invocation, parse, wants_json},
    line::{Line, Tone},
    live::live,
    look,
    messages::Failure,
    print::{contrast_table, keymap_table, printer_for, replay_lines, theme_table},
    service,
    sink::Sink,
    trace, upkeep,
};

/// The program without a subcommand.
const RUN: &str = "core.app.run";

/// The world of one run, as far as the command line sees it.
pub struct Surroundings<'a> {
    /// Looks up a variable.
    pub env: &'a (dyn Fn(&str) -> Option<String> + Sync),
    /// Where relative paths of the command line start.
    pub current_dir: Option<PathBuf>,
}

/// Runs the program: reads the command line, does what it asks for, says how it went.
#[must_use]
pub fn run() -> ExitCode {
    let words: Vec<OsString> = std::env::args_os().collect();
    let around = Surroundings { env: &|name| std::env::var(name).ok(), current_dir: std::env::current_dir().ok() };
    let mut sink = Sink::of_process();
    let exit = run_with(&words, &around, &mut sink);
    let _ = sink.flush();
    if let Some(failure) = sink.failure().map(str::to_owned) {
        sink.say(&failure);
        return ExitCode::from(exit.max(1));
    }
    // Whoever closed stdout has what they wanted.
    ExitCode::from(if sink.is_done() { 0 } else { exit })
}

/// The same with everything outside handed in.
pub fn run_with(words: &[OsString], around: &Surroundings<'_>, sink: &mut Sink) -> u8 {
    let from_env = switched_on((around.env)("STELLAR_JSON"));
    sink.set_form(wants_json(words) || from_env, true);
    match parse(words) {
        Ok(Asked::Text(text)) => {
            sink.set_form(false, true);
            let _ = sink.block(&SafeText::block(&text));
            0
        }
        Ok(Asked::Run(invocation)) => Run { around, invocation: &invocation }.run(sink),
        Err(failure) => fail(&asker(None, &Invocation::default()).request(RUN, Map::new(), false), 1, &failure, sink),
    }
}

/// What is said where there is no screen to record.
fn not_recorded() -> Failure {
    Failure::usage("--record records the screen: without a subcommand, on a terminal")
}

fn switched_on(variable: Option<String>) -> bool {
    variable.is_some_and(|text| matches!(text.to_ascii_lowercase().as_str(), "1" | "true" | "yes" | "on"))
}

fn asker(loaded: Option<&Loaded>, invocation: &Invocation) -> Asker {
    let persona = loaded.map(|loaded| loaded.config.app.persona.clone()).or_else(|| invocation.overrides.persona.clone());
    let switches = loaded.map_or(invocation.overrides.switches, |loaded| loaded.switches);
    Asker { persona: persona.unwrap_or_else(|| Persona::default().to_string()), offline: switches.offline, reveal: switches.reveal }
}

fn context(loaded: &Loaded) -> Context {
    Context {
        config: loaded.config.clone(),
        data_dir: loaded.dirs.data_dir.clone(),
        state_dir: loaded.dirs.state_dir.clone(),
        socket: loaded.dirs.socket_path.clone(),
        offline: loaded.switches.offline,
        user: user_name(),
    }
}

/// The same, loaded again.
fn again(request: &LoadRequest<'_>) -> Result<Context, String> {
    load(request).map(|loaded| context(&loaded)).map_err(|error| error.to_string())
}

struct Run<'a> {
    around: &'a Surroundings<'a>,
    invocation: &'a Invocation,
}

impl Run<'_> {
    fn run(&self, sink: &mut Sink) -> u8 {
        let loaded = load(&self.load_request());
        let switches = loaded.as_ref().map_or(self.invocation.overrides.switches, |loaded| loaded.switches);
        let json = switches.json || sink.is_json();
        sink.set_form(json, switches.no_color);
        let spec = self.invocation.spec;
        let id = spec.map_or(RUN, |spec| spec.id);
        let recorded = loaded.as_ref().is_ok_and(|loaded| loaded.record.is_some());
        if recorded && spec.is_some() {
            return self.fail(id, loaded.as_ref().ok(), &not_recorded(), sink);
        }
        match spec {
            None => match &loaded {
                Ok(loaded) => self.open(loaded, sink),
                Err(error) => self.fail(id, None, &error.clone().into(), sink),
            },
            Some(spec) => self.act(spec, &self.invocation.args, &loaded, sink),
        }
    }

    /// Without a subcommand: the screen where there is a terminal for it, else the facts as lines.
    fn open(&self, loaded: &Loaded, sink: &mut Sink) -> u8 {
        notes(loaded, sink);
        let context = context(loaded);
        let load_request = self.load_request();
        let again = || self::again(&load_request);
        let reloading = Reloading { watched: &loaded.watched, load: &again };
        let switches = loaded.switches;
        let lines = switches.linear || sink.is_json() || loaded.config.app.accessibility == AccessibilityMode::Linear;
        if lines || !screen_is_possible() {
            if loaded.record.is_some() {
                return self.fail(RUN, Some(loaded), &not_recorded(), sink);
            }
            return live(
                &Changing { context: &context, reloading: &reloading },
                &asker(Some(loaded), self.invocation),
                loaded.dirs.config_file.is_none(),
                sink,
            );
        }
        let variable = |name: &str| (self.around.env)(name);
        let no_color = if switches.no_color { Some("1".to_owned()) } else { variable("NO_COLOR") };
        let depth = ColorDepth::of_environment(no_color.as_deref(), variable("COLORTERM").as_deref(), variable("TERM").as_deref());
        let options = ScreenOptions {
            config_dir: loaded.dirs.config_dir.clone(),
            plain_borders: switches.plain_borders,
            depth,
            record: loaded.record.clone(),
        };
        match screen(&context, &reloading, &options) {
            Ok(()) => 0,
            Err(error) => self.fail(RUN, Some(loaded), &error.into(), sink),
        }
    }

    fn load_request(&self) -> LoadRequest<'_> {
        LoadRequest {
            current_dir: self.around.current_dir.clone(),
            config_flag: self.invocation.config.clone(),
            profile: self.invocation.profile.clone(),
            overrides: self.invocation.overrides.clone(),
            builtin_rules: builtin_rules(),
            ..LoadRequest::new(self.around.env)
        }
    }

    fn fail(&self, action: &str, loaded: Option<&Loaded>, failure: &Failure, sink: &mut Sink) -> u8 {
        fail(&asker(loaded, self.invocation).request(action, Map::new(), false), 1, failure, sink)
    }

    /// Carries out an action, whoever it is for.
    fn act(&self, spec: &'static ActionSpec, args: &Map<String, Json>, loaded: &Result<Loaded, ConfigError>, sink: &mut Sink) -> u8 {
        let known = loaded.as_ref().ok();
        let asker = asker(known, self.invocation);
        let args = &match self.rooted(spec, args) {
            Ok(args) => args,
            Err(failure) => return self.fail(spec.id, known, &failure, sink),
        };
        let mut request = asker.request(spec.id, args.clone(), matches!(spec.id, "core.insight.watch" | "core.conflict.watch"));
        let persona = asker.persona.parse().unwrap_or_default();
        let outcome = match spec.scope {
            Scope::Engine => Call::parse(spec.id, args, persona).map_err(Failure::from).and_then(|_| {
                let loaded = loaded.as_ref().map_err(|error| Failure::from(error.clone()))?;
                notes(loaded, sink);
                upkeep::complete(spec, &mut request.args, self.around.current_dir.as_deref(), sink)?;
                changes::complete(spec, &mut request.args, &mut std::io::stdin().lock())?;
                let load_request = self.load_request();
                let again = || self::again(&load_request);
                let reloading = Reloading { watched: &loaded.watched, load: &again };
                let port = Changing { context: &context(loaded), reloading: &reloading };
                if spec.id == "core.input.undo" {
                    changes::settle_undo(&port, &mut request, std::io::stdin().is_terminal(), sink)?;
                }
                Ok(ask(&port, &request, printer_for(spec.id, args).as_mut(), sink))
            }),
            Scope::Here if persona.may(spec.right) => self.act_here(spec, &request, loaded, sink),
            Scope::Here | Scope::Screen => match Call::parse(spec.id, args, persona) {
                Err(error) => Err(error.into()),
                Ok(_) => Ok(0),
            },
        };
        outcome.unwrap_or_else(|failure| {
            if let (Some(done), Some(loaded)) = (audit::denial(spec.id, &failure, &asker.persona), known) {
                audit::record(&context(loaded), &asker, &done, sink);
            }
            fail(&request, 1, &failure, sink)
        })
    }

    /// The arguments with every path from the root on: whoever owns the data directory was started somewhere else.
    fn rooted(&self, spec: &ActionSpec, args: &Map<String, Json>) -> Result<Map<String, Json>, Failure> {
        let mut args = args.clone();
        if spec.id == "core.source.detect"
            && let Some(target) = args.get_mut("target")
        {
            self.root_target(target)?;
        }
        let paths = spec.args.iter().filter(|arg| arg.kind == ArgKind::Path && spec.scope == Scope::Engine);
        for arg in paths {
            let Some(Json::String(path)) = args.get_mut(arg.name) else { continue };
            self.root(path)?;
        }
        Ok(args)
    }

    /// A path from the root on.
    fn root(&self, path: &mut String) -> Result<(), Failure> {
        if !Path::new(path.as_str()).is_absolute() {
            let here = self.around.current_dir.as_ref().ok_or_else(|| {
                Failure::usage(format!("{path} starts at the current directory, which cannot be found: give it from the root on"))
            })?;
            *path = here.join(path.as_str()).to_string_lossy().into_owned();
        }
        Ok(())
    }

    /// The same of what may also be an address.
    fn root_target(&self, target: &mut Json) -> Result<(), Failure> {
        match target {
            Json::String(path) if !path.contains("://") => self.root(path),
            _ => Ok(()),
        }
    }

    fn act_here(
        &self,
        spec: &'static ActionSpec,
        request: &Request,
        loaded: &Result<Loaded, ConfigError>,
        sink: &mut Sink,
    ) -> Result<u8, Failure> {
        let load_request = self.load_request();
        let text_of = |name: &str| request.args.get(name).and_then(Json::as_str).unwrap_or_default().to_owned();
        match spec.id {
            "core.config.path" => {
                let paths = config::path(&load_request)?;
                Ok(put(request, &[&paths], sink, config::path_lines))
            }
            "core.config.init" => Ok(put(request, &[&config::init(&load_request)?], sink, |file| vec![Line::plain(&file.message)])),
            "core.config.trust" => {
                let (file, trusted) = (text_of("file"), config::trust(&load_request, &text_of("file"))?);
                self.record(
                    loaded,
                    &audit::Done { what: "config_trusted", outcome: Outcome::Ok, about: &file, detail: String::new() },
                    sink,
                );
                Ok(put(request, &[&trusted], sink, |file| vec![Line::plain(&file.message)]))
            }
            "core.config.check" => {
                let (found, failure) = config::check(loaded);
                Ok(match failure {
                    None => put(request, &[&found], sink, |found| vec![Line::plain(&found.message)]),
                    Some(failure) if sink.is_json() => {
                        let _ = emit(request, 1, failure.outcome, &found, Some(failure.body.clone()), sink);
                        sink.say(&failure.body.message);
                        failure.exit
                    }
                    Some(failure) => return Err(failure),
                })
            }
            "core.config.show" => {
                let loaded = loaded.as_ref().map_err(|error| Failure::from(error.clone()))?;
                let settings = config::show(loaded);
                Ok(put(request, &settings.iter().collect::<Vec<_>>(), sink, |setting| vec![config::setting_line(setting)]))
            }
            "core.source.add" => {
                let context = loaded.as_ref().ok().map(context);
                let port = context.as_ref().map(|context| context as &dyn Port);
                let mut request = request.clone();
                if let Some(from) = request.args.get_mut("from") {
                    self.root_target(from)?;
                }
                Ok(put(&request, &[&add::add(port, &load_request, &request, sink)?], sink, add::lines))
            }
            "core.cache.replay" => Ok(put(request, &[&trace::count(&request.args)?], sink, replay_lines)),
            "core.app.wipe" => {
                let loaded = loaded.as_ref().map_err(|error| Failure::from(error.clone()))?;
                let yes = request.args.get("yes").and_then(Json::as_bool).unwrap_or(false);
                let wiped = upkeep::wipe(&context(loaded), spec, yes, sink)?;
                Ok(put(request, &[&wiped], sink, upkeep::wiped_lines))
            }
            "core.keymap.read" | "core.theme.read" | "core.theme.check" => {
                let loaded = loaded.as_ref().map_err(|error| Failure::from(error.clone()))?;
                notes(loaded, sink);
                self.look(spec.id, request, loaded, sink)
            }
            "core.chaos.read" => {
                let profiles = chaos::list()?;
                Ok(put(request, &profiles.iter().collect::<Vec<_>>(), sink, |profile| vec![chaos::profile_line(profile)]))
            }
            "core.chaos.run" if chaos::is_live(&request.args) => {
                let loaded = loaded.as_ref().map_err(|error| Failure::from(error.clone()))?;
                notes(loaded, sink);
                let request = chaos::confirmed(request, sink)?;
                Ok(ask(&context(loaded), &request, printer_for("core.chaos.live", &request.args).as_mut(), sink))
            }
            "core.chaos.run" => {
                let (report, failure) = chaos::run(&request.args, self.around.current_dir.as_deref())?;
                self.record(loaded, &chaos::done(&report), sink);
                let put = put(request, &[&report], sink, chaos::report_lines);
                Ok(failure.map_or(put, |failure| fail(request, 2, &failure, sink)))
            }
            "core.app.completions" => Ok(put_text(request, &generate::completions(&text_of("shell"))?, sink)),
            "core.app.man" => Ok(put_text(request, &generate::manual()?, sink)),
            "core.app.doctor" => Ok(doctor_run(request, &load_request, loaded, &asker(loaded.as_ref().ok(), self.invocation), sink)),
            "core.app.serve" => {
                let loaded = loaded.as_ref().map_err(|error| Failure::from(error.clone()))?;
                notes(loaded, sink);
                if let Some(report) = service::manage(&request.args, loaded, self.invocation, self.around.env)? {
                    let told = Request { action: "core.app.service".to_owned(), ..request.clone() };
                    return Ok(put(&told, &[&report], sink, service::lines));
                }
                let again = || self::again(&load_request);
                let reloading = Reloading { watched: &loaded.watched, load: &again };
                serve(&context(loaded), &reloading, |context| {
                    let served =
                        ServePayload { data_dir: context.data_dir.display().to_string(), socket: context.socket.display().to_string() };
                    put(request, &[&served], sink, |served| {
                        vec![Line::plain(&format!("serving {} at {}", served.data_dir, served.socket))]
                    });
                    // Whoever started it waits for this line.
                    let _ = sink.flush();
                })?;
                Ok(0)
            }
            "core.app.demo" => self.demo(request, sink),
            RUN => {
                let loaded = loaded.as_ref().map_err(|error| Failure::from(error.clone()))?;
                Ok(self.open(loaded, sink))
            }
            "core.action.invoke" => self.invoke(request, loaded, sink),
            other => Err(Failure::new("not_in_this_build", format!("{other} is not in this build"))),
        }
    }

    /// Has the audit know of something that was done without an engine.
    fn record(&self, loaded: &Result<Loaded, ConfigError>, done: &audit::Done<'_>, sink: &mut Sink) {
        if let Ok(loaded) = loaded {
            audit::record_if_there(&context(loaded), &asker(Some(loaded), self.invocation), done, sink);
        }
    }

    /// The upstreams alone, or the screen on them.
    fn demo(&self, request: &Request, sink: &mut Sink) -> Result<u8, Failure> {
        demo::has_its_own(self.invocation)?;
        let seed = demo::seed(&request.args);
        if request.args.get("serve_only").and_then(Json::as_bool) == Some(true) {
            serve_demo(seed, |running| {
                put(request, &[&demo::payload(running)], sink, demo::lines);
                // Whoever started it waits for this line.
                let _ = sink.flush();
            })?;
            return Ok(0);
        }
        let running = Demo::start(seed)?;
        demo::words(&demo::payload(&running)).iter().for_each(|line| sink.say(line));
        let env = |name: &str| running.variable(name).unwrap_or_else(|| (self.around.env)(name));
        let around = Surroundings { env: &env, current_dir: self.around.current_dir.clone() };
        let inside = Run { around: &around, invocation: self.invocation };
        let loaded = load(&inside.load_request())?;
        Ok(inside.open(&loaded, sink))
    }

    /// Keys and themes.
    fn look(&self, id: &str, request: &Request, loaded: &Loaded, sink: &mut Sink) -> Result<u8, Failure> {
        match id {
            "core.keymap.read" => {
                let (actions, failure) = look::keymap(loaded, keyboard((self.around.env)("TERM").as_deref()));
                Ok(put_table(request, &actions, failure.as_ref(), sink, keymap_table))
            }
            "core.theme.read" => {
                let (themes, failure) = look::theme_list(loaded);
                Ok(put_table(request, &themes, failure.as_ref(), sink, theme_table))
            }
            _ => {
                let checked = look::theme_check(loaded, request.args.get("name").and_then(Json::as_str))?;
                let lines = |pairs: &[_]| {
                    let plain = checked.colourless.iter().map(|name| format!("{name}: no colours of its own, the terminal's are drawn"));
                    contrast_table(pairs).into_iter().chain(plain.map(|text| Line::plain(&text))).collect()
                };
                Ok(put_table(request, &checked.pairs, checked.failure.as_ref(), sink, lines))
            }
        }
    }

    /// `action ID`: the same as the subcommand; without an id the list of what there is.
    fn invoke(&self, request: &Request, loaded: &Result<Loaded, ConfigError>, sink: &mut Sink) -> Result<u8, Failure> {
        let args: InvokeArgs = serde_json::from_value(Json::Object(request.args.clone()))
            .map_err(|error| Failure::new("bad_arguments", format!("core.action.invoke: {error}")))?;
        let Some(id) = args.id else {
            let described = Request { action: "core.action.describe".to_owned(), ..request.clone() };
            let actions = generate::actions();
            return Ok(put(&described, &actions.iter().collect::<Vec<_>>(), sink, |action| {
                vec![Line::toned(Tone::Strong, &format!("{:<28} ", action.id)).add(Tone::Plain, &action.title)]
            }));
        };
        let Some(spec) = action::find(&id) else {
            return Err(action_error(&id));
        };
        // An action that asks for itself would never end.
        if spec.id == "core.action.invoke" {
            return Err(Failure::new("bad_arguments", "core.action.invoke cannot ask for itself"));
        }
        let payload = args.payload.unwrap_or_default();
        upkeep::no_secrets_on_the_command_line(spec, &payload)?;
        Ok(self.act(spec, &payload, loaded, sink))
    }
}

fn action_error(id: &str) -> Failure {
    match Call::parse(id, &Map::new(), Persona::default()) {
        Err(error) => error.into(),
        Ok(_) => Failure::new("unknown_action", format!("there is no action {id:?}")),
    }
}

/// What a person should know about the configuration, on stderr.
fn notes(loaded: &Loaded, sink: &mut Sink) {
    for note in &loaded.notes {
        sink.say(note);
    }
}

/// Writes payloads of this process's own, as JSON lines or as text.
fn put<P: Serialize>(request: &Request, payloads: &[&P], sink: &mut Sink, lines: impl Fn(&P) -> Vec<Line>) -> u8 {
    for (payload, seq) in payloads.iter().zip(1..) {
        let written = if sink.is_json() {
            emit(request, seq, Outcome::Ok, payload, None, sink)
        } else {
            lines(payload).iter().try_for_each(|line| sink.line(line))
        };
        if written.is_break() {
            break;
        }
    }
    0
}

/// Writes payloads as JSON lines or as one table, then what was wrong.
fn put_table<P: Serialize>(
    request: &Request,
    payloads: &[P],
    failure: Option<&Failure>,
    sink: &mut Sink,
    table: impl Fn(&[P]) -> Vec<Line>,
) -> u8 {
    if sink.is_json() {
        put(request, &payloads.iter().collect::<Vec<_>>(), sink, |_| Vec::new());
    } else {
        let _ = table(payloads).iter().try_for_each(|line| sink.line(line));
    }
    failure.map_or(0, |failure| fail(request, payloads.len() as u64 + 1, failure, sink))
}

/// Writes generated text as it is, or as one JSON line.
fn put_text(request: &Request, payload: &TextPayload, sink: &mut Sink) -> u8 {
    if sink.is_json() {
        let _ = emit(request, 1, Outcome::Ok, payload, None, sink);
    } else {
        let _ = generate::printable(payload).iter().try_for_each(|line| sink.block(line));
    }
    0
}

fn doctor_run(request: &Request, places: &LoadRequest<'_>, loaded: &Result<Loaded, ConfigError>, asker: &Asker, sink: &mut Sink) -> u8 {
    let dirs = resolve_dirs(places).ok().map(|(dirs, _)| dirs);
    let mut checks = doctor::local_checks(loaded, dirs.as_ref());
    let mut exit = 0;
    if let Ok(loaded) = loaded {
        let (more, worst) = doctor::engine_checks(&context(loaded), asker);
        checks.extend(more);
        exit = worst;
    }
    put(request, &checks.iter().collect::<Vec<_>>(), sink, |check| vec![doctor::check_line(check)]);
    let failed = checks.iter().filter(|check| check.verdict == Verdict::Fail).count();
    if failed == 0 {
        return exit;
    }
    let failure = Failure::new("doctor_failed", format!("{failed} of {} checks failed", checks.len()));
    fail(request, checks.len() as u64 + 1, &failure, sink).max(exit)
}
