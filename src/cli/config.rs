//! `config path|init|check|show|trust`.

use std::path::Path;

use crate::{
    config::{ConfigError, Loaded, effective, resolve_dirs, trust_file, write_init},
    text::SafeText,
    wire::{ConfigCheckPayload, ConfigPathPayload, ConfigProblemPayload, FilePayload, SettingPayload},
};

use super::{
    line::{Line, Tone},
    messages::Failure,
};

type Request<'a> = crate::config::LoadRequest<'a>;

/// Where everything is.
pub fn path(request: &Request<'_>) -> Result<ConfigPathPayload, Failure> {
    let (dirs, _) = resolve_dirs(request)?;
    Ok(ConfigPathPayload {
        config: dirs.expected_config_file.display().to_string(),
        exists: dirs.expected_config_file.is_file(),
        data_dir: dirs.data_dir.display().to_string(),
        state_dir: dirs.state_dir.display().to_string(),
        socket: dirs.socket_path.display().to_string(),
    })
}

/// Writes a first file.
pub fn init(request: &Request<'_>) -> Result<FilePayload, Failure> {
    let (dirs, _) = resolve_dirs(request)?;
    write_init(&dirs.expected_config_file)?;
    let file = dirs.expected_config_file.display().to_string();
    Ok(FilePayload { message: format!("{file} was written; edit it, then run stellar config check"), file })
}

/// Trusts a file as it is now.
pub fn trust(request: &Request<'_>, file: &str) -> Result<FilePayload, Failure> {
    let (dirs, _) = resolve_dirs(request)?;
    let path = Path::new(file);
    let absolute = match &request.current_dir {
        Some(current) if path.is_relative() => current.join(path),
        _ => path.to_owned(),
    };
    let digest = trust_file(&dirs.state_dir, &absolute)?;
    let shown = absolute.display().to_string();
    let short = digest.get(..16).unwrap_or(&digest).to_owned();
    Ok(FilePayload { message: format!("{shown} is trusted as it is now ({short}); a change to it needs this again"), file: shown })
}

/// What a check found; the failure too when it is not sound.
pub fn check(loaded: &Result<Loaded, ConfigError>) -> (ConfigCheckPayload, Option<Failure>) {
    match loaded {
        Ok(loaded) => {
            let sources = loaded.config.sources.len();
            let rules = loaded.config.rules.len();
            let shown = loaded.dirs.expected_config_file.display().to_string();
            let what = if loaded.dirs.config_file.is_some() { "is sound" } else { "is not there; defaults are in force" };
            let trusted = if loaded.config.trusted { "" } else { ", not trusted" };
            let message = format!("{shown} {what}: {sources} source(s), {rules} rule(s){trusted}");
            (ConfigCheckPayload { file: shown, sound: true, message, problems: Vec::new() }, None)
        }
        Err(error) => {
            let file = error.file.as_deref().map(|file| file.display().to_string()).unwrap_or_default();
            let problems: Vec<ConfigProblemPayload> = error
                .problems
                .iter()
                .map(|problem| ConfigProblemPayload {
                    code: problem.code.to_owned(),
                    line: problem.line,
                    column: problem.column,
                    setting: problem.path.clone(),
                    message: problem.message.clone(),
                    found: problem.found.clone(),
                    expected: problem.expected.clone(),
                })
                .collect();
            let message = error.to_string();
            // It has just shown every fault; that it would is no advice here.
            let mut failure = Failure::from(error.clone());
            failure.body.hint = None;
            (ConfigCheckPayload { file, sound: false, message, problems }, Some(failure))
        }
    }
}

/// Every setting in force.
pub fn show(loaded: &Loaded) -> Vec<SettingPayload> {
    let origin_of = |value: &crate::config::EffectiveValue| value.origin.to_string();
    effective(loaded)
        .into_iter()
        .map(|value| SettingPayload { origin: origin_of(&value), setting: value.path, value: value.value })
        .collect()
}

/// Where everything is, for a person.
pub fn path_lines(paths: &ConfigPathPayload) -> Vec<Line> {
    let missing = if paths.exists { "" } else { "   (not there: defaults are in force)" };
    let row = |name: &str, text: &str| Line::toned(Tone::Dim, &format!("{name:<8} ")).add(Tone::Plain, text);
    vec![
        row("config", &paths.config).add(Tone::Dim, missing),
        row("data", &paths.data_dir),
        row("state", &paths.state_dir),
        row("socket", &paths.socket),
    ]
}

/// A setting, for a person.
pub fn setting_line(setting: &SettingPayload) -> Line {
    Line::toned(Tone::Strong, &setting.setting)
        .add(Tone::Plain, " = ")
        .add_safe(Tone::Plain, SafeText::line(&setting.value.to_string()))
        .add(Tone::Dim, &format!("   {}", setting.origin))
}
