//! Loading: directories, file, trust, layers. May be called again at any time; a failed load leaves what runs alone.

use std::{path::PathBuf, sync::Arc};

use crate::fact::KeyRule;

use super::{
    dirs::{DirSources, Dirs, resolve},
    document::{digest_of, parse},
    file::{read_config, read_json},
    key_rule::Surroundings,
    model::Config,
    origin::{Origin, Origins},
    overrides::{Overrides, Switches, apply, switches, variable},
    problem::{ConfigError, ConfigProblem, clean},
    trust::{is_trusted, lies_in},
};

/// What is loaded, and from where.
#[derive(Clone)]
pub struct LoadRequest<'a> {
    /// Looks up a variable.
    pub env: &'a (dyn Fn(&str) -> Option<String> + Sync),
    /// The home directory, where the caller knows better than `HOME`.
    pub home: Option<PathBuf>,
    /// Where relative paths given as flags start; never used for a default.
    pub current_dir: Option<PathBuf>,
    /// `--config`
    pub config_flag: Option<PathBuf>,
    /// `--profile`
    pub profile: Option<String>,
    /// The other flags.
    pub overrides: Overrides,
    /// Rules put after those of the file, such as those for `host/**`.
    pub builtin_rules: Vec<KeyRule>,
}

impl<'a> LoadRequest<'a> {
    /// A request without flags.
    #[must_use]
    pub fn new(env: &'a (dyn Fn(&str) -> Option<String> + Sync)) -> Self {
        Self {
            env,
            home: None,
            current_dir: None,
            config_flag: None,
            profile: None,
            overrides: Overrides::default(),
            builtin_rules: Vec::new(),
        }
    }
}

/// A configuration in force.
#[derive(Clone, Debug, PartialEq)]
pub struct Loaded {
    /// The settings.
    pub config: Arc<Config>,
    /// The places.
    pub dirs: Dirs,
    /// Settings of this run that no file has.
    pub switches: Switches,
    /// `--record`, or its variable.
    pub record: Option<PathBuf>,
    /// Where each setting came from.
    pub origins: Origins,
    /// What a person should know, a sentence each: an untrusted file, a socket in an unusual place.
    pub notes: Vec<String>,
    /// Files whose change makes a reload worth while: the configuration, and schemas it names. The first need not exist.
    pub watched: Vec<PathBuf>,
}

/// Computes the places without reading any file; the sentences are for a person.
///
/// # Errors
/// `no_home bad_profile bad_path`.
pub fn resolve_dirs(request: &LoadRequest<'_>) -> Result<(Dirs, Vec<String>), ConfigError> {
    let config = request.config_flag.clone().or_else(|| variable(request.env, "STELLAR_CONFIG").map(PathBuf::from));
    let profile = request.profile.clone().or_else(|| variable(request.env, "STELLAR_PROFILE"));
    let data_dir = request.overrides.data_dir.clone().or_else(|| variable(request.env, "STELLAR_DATA_DIR").map(PathBuf::from));
    resolve(&DirSources {
        env: request.env,
        home: request.home.as_deref(),
        current_dir: request.current_dir.as_deref(),
        config: config.as_deref(),
        profile: profile.as_deref(),
        data_dir: data_dir.as_deref(),
        user: rustix::process::geteuid().as_raw(),
    })
}

/// Loads what is in force. Executes nothing, resolves no secret, asks no network.
///
/// # Errors
/// Everything that is wrong, of the file, the variables and the flags together.
pub fn load(request: &LoadRequest<'_>) -> Result<Loaded, ConfigError> {
    let (mut dirs, mut notes) = resolve_dirs(request)?;
    let file = dirs.expected_config_file.clone();
    let named = request.config_flag.is_some() || variable(request.env, "STELLAR_CONFIG").is_some();
    let profile = request.profile.clone().or_else(|| variable(request.env, "STELLAR_PROFILE"));

    let mut problems = Vec::new();
    let mut origins = Origins::default();
    let mut watched = vec![file.clone()];
    let base = file.parent().unwrap_or(&dirs.config_dir).to_owned();
    let mut config = Config::without_file(base.clone());
    match read_config(&file, rustix::process::geteuid().as_raw()) {
        Ok(bytes) => {
            dirs.config_file = Some(file.clone());
            let digest = digest_of(&bytes);
            let around = Surroundings { base: &base, read_json: &read_json };
            match text_of(&bytes).map_err(|problem| vec![*problem]).and_then(|text| parse(text, &around)) {
                Ok(parsed) => {
                    config = parsed.config;
                    watched.extend(parsed.schema_files);
                    for (path, line) in parsed.lines {
                        origins.set(&path, Origin::File(file.clone(), line));
                    }
                }
                Err(found) => problems.extend(found),
            }
            config.trusted = lies_in(&file, &dirs.config_dir) || is_trusted(&dirs.state_dir, &file, &digest);
            if !config.trusted {
                let shown = clean(&file.display().to_string());
                notes.push(format!(
                    "{shown} is not trusted: it runs no command, reads no secret and sends nothing until `stellar config trust {shown}`."
                ));
            }
        }
        Err(problem) if problem.code == "not_found" && !named => {
            // No file is fine, but a profile that was asked for by name and is not there is a slip of the keyboard.
            if let Some(name) = profile {
                let shown = clean(&file.display().to_string());
                let message =
                    format!("There is no profile {name:?}: {shown} does not exist. Make it with `stellar --profile {name} config init`.");
                problems.push(ConfigProblem::outside("not_found", "--profile", message));
            }
        }
        Err(problem) => problems.push(*problem),
    }
    let base_count = config.rules.len();
    for (index, rule) in request.builtin_rules.iter().enumerate() {
        origins.set(&format!("key[{}]", base_count + index), Origin::BuiltIn);
        config.rules.push(rule.clone());
    }
    if request.overrides.data_dir.is_some() {
        origins.set("data_dir", Origin::Flag("--data-dir".to_owned()));
    } else if variable(request.env, "STELLAR_DATA_DIR").is_some() {
        origins.set("data_dir", Origin::Env("STELLAR_DATA_DIR".to_owned()));
    }
    apply(&mut config, &request.overrides, request.env, &mut problems, &mut origins);
    let switches = switches(request.overrides.switches, request.env, &mut problems, &mut origins);
    if !problems.is_empty() {
        return Err(ConfigError { file: Some(file), problems });
    }
    let record = request.overrides.record.clone().or_else(|| variable(request.env, "STELLAR_RECORD").map(PathBuf::from));
    Ok(Loaded { config: Arc::new(config), dirs, switches, record, origins, notes, watched })
}

/// Reads a text as a configuration whose relative paths start at `base`; for checks and tests. Schema files it names are read.
///
/// # Errors
/// Everything that is wrong with it.
pub fn check_text(text: &str, base: &std::path::Path) -> Result<Config, ConfigError> {
    let around = Surroundings { base, read_json: &read_json };
    parse(text, &around).map(|parsed| parsed.config).map_err(|problems| ConfigError { file: None, problems })
}

fn text_of(bytes: &[u8]) -> Result<&str, Box<ConfigProblem>> {
    std::str::from_utf8(bytes).map_err(|error| {
        let head = bytes.get(..error.valid_up_to()).unwrap_or_default();
        let line = head.iter().filter(|byte| **byte == b'\n').count() + 1;
        let last = head.rsplit(|byte| *byte == b'\n').next().unwrap_or_default();
        let column = std::str::from_utf8(last).map_or(1, |text| text.chars().count() + 1);
        let mut problem = ConfigProblem::outside("not_utf8", "", "This file is not UTF-8 text from here on.").with("bytes", "UTF-8");
        (problem.line, problem.column) = (line, column);
        Box::new(problem)
    })
}
