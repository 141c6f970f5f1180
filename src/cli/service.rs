//! `serve --install`, `--uninstall`, `--status`.

use serde_json::{Map, Value as Json};

use crate::{
    config::Loaded,
    runtime::{Service, ServiceError, ServiceReport},
    wire::ServicePayload,
};

use super::{
    invocation::Invocation,
    line::{Line, Tone},
    messages::Failure,
};

/// Variables that say where things are; a service has none of the shell's.
const PLACES: [&str; 3] = ["XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME"];

/// Does what the flags of `serve` ask for; none when they ask for serving itself.
pub fn manage(
    args: &Map<String, Json>,
    loaded: &Loaded,
    invocation: &Invocation,
    env: &dyn Fn(&str) -> Option<String>,
) -> Result<Option<ServicePayload>, Failure> {
    let asked = |name: &str| args.get(name).and_then(Json::as_bool).unwrap_or(false);
    let wanted: Vec<&str> = ["install", "uninstall", "status"].into_iter().filter(|name| asked(name)).collect();
    let report = match wanted.as_slice() {
        [] => return Ok(None),
        ["install"] => service(loaded, invocation, env)?.install(),
        ["uninstall"] => service(loaded, invocation, env)?.uninstall(),
        ["status"] => service(loaded, invocation, env)?.status(),
        _ => return Err(Failure::usage("say one of --install, --uninstall and --status")),
    };
    let ServiceReport { unit, installed, active, message, run } = report?;
    Ok(Some(ServicePayload { unit: unit.display().to_string(), installed, active, message, run }))
}

fn service(loaded: &Loaded, invocation: &Invocation, env: &dyn Fn(&str) -> Option<String>) -> Result<Service, Failure> {
    let program = std::env::current_exe().map_err(|error| Failure::new("io", format!("this program's own path is not known: {error}")))?;
    let given = |flag: bool, variable: &str| flag || env(variable).is_some_and(|text| !text.is_empty());
    let mut flags = Vec::new();
    let mut flag = |name: &str, value: String| flags.extend([name.to_owned(), value]);
    if given(invocation.config.is_some(), "STELLAR_CONFIG") {
        flag("--config", loaded.dirs.expected_config_file.display().to_string());
    }
    let profile = invocation.profile.clone().or_else(|| env("STELLAR_PROFILE")).filter(|name| !name.is_empty());
    if let Some(profile) = &profile {
        flag("--profile", profile.clone());
    }
    if given(invocation.overrides.data_dir.is_some(), "STELLAR_DATA_DIR") {
        flag("--data-dir", loaded.dirs.data_dir.display().to_string());
    }
    if loaded.switches.offline {
        flags.push("--offline".to_owned());
    }
    let home = loaded.dirs.config_dir.parent().unwrap_or(&loaded.dirs.config_dir);
    Ok(Service {
        dir: home.join("systemd/user"),
        name: profile.map_or_else(|| "stellar.service".to_owned(), |profile| format!("stellar-{profile}.service")),
        program,
        flags,
        variables: PLACES
            .iter()
            .filter_map(|name| env(name).filter(|text| !text.is_empty()).map(|text| ((*name).to_owned(), text)))
            .collect(),
    })
}

/// What became of the unit, for a person.
pub fn lines(report: &ServicePayload) -> Vec<Line> {
    std::iter::once(Line::plain(&report.message))
        .chain(report.run.iter().map(|run| Line::toned(Tone::Strong, &format!("  {run}"))))
        .collect()
}

impl From<ServiceError> for Failure {
    fn from(error: ServiceError) -> Self {
        let message = error.to_string();
        match error {
            ServiceError::NotOurs(_) => Self::new("not_our_unit", message).hint("move it away, or keep using it"),
            ServiceError::Io(..) => Self::new("io", message),
            ServiceError::BadPath(_) => Self::usage(message),
            ServiceError::Systemd { run, .. } => {
                Self::new("service_failed", message).hint(&format!("when systemd answers for you, run: {}", run.join("; ")))
            }
        }
    }
}
