//! Where everything lies: computed from variables and flags, never from the current directory.

use std::path::{Path, PathBuf};

use super::{
    document::digest_of,
    problem::{ConfigError, ConfigProblem, clean, quote},
};

/// What directories are computed from.
#[derive(Clone, Copy)]
pub(super) struct DirSources<'a> {
    /// Looks up a variable.
    pub env: &'a (dyn Fn(&str) -> Option<String> + Sync),
    /// The home directory, where the caller knows better than `HOME`.
    pub home: Option<&'a Path>,
    /// Where relative paths of the command line start; never used for a default.
    pub current_dir: Option<&'a Path>,
    /// `--config`, or its variable.
    pub config: Option<&'a Path>,
    /// `--profile`, or its variable.
    pub profile: Option<&'a str>,
    /// `--data-dir`, or its variable.
    pub data_dir: Option<&'a Path>,
    /// The user's number.
    pub user: u32,
}

/// The places of one Stellar. All paths are absolute; none need exist.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dirs {
    /// `$XDG_CONFIG_HOME/stellar`
    pub config_dir: PathBuf,
    /// The file that was read; none when there is none.
    pub config_file: Option<PathBuf>,
    /// The file that is or would be read: `config.toml`, `profiles/NAME.toml`, or what `--config` names.
    pub expected_config_file: PathBuf,
    /// Store, log of record, snapshots.
    pub data_dir: PathBuf,
    /// Keys, trust, log.
    pub state_dir: PathBuf,
    /// Where the socket lies; to be made 0700 and refused unless it is ours.
    pub runtime_dir: PathBuf,
    /// The socket: named after the data directory, so that one directory has one owner.
    pub socket_path: PathBuf,
}

/// The longest path a unix socket takes, without its closing zero: 108 bytes on Linux, 104 elsewhere.
const LONGEST_SOCKET: usize = if cfg!(target_os = "linux") { 107 } else { 103 };

/// Computes all places, with a sentence for each that is not where it is usually found.
///
/// # Errors
/// `no_home` when there is neither a home nor the variable that replaces it; `bad_profile`; `bad_path` for a relative path that
/// cannot be completed.
pub(super) fn resolve(from: &DirSources<'_>) -> Result<(Dirs, Vec<String>), ConfigError> {
    let mut notes = Vec::new();
    let config_dir = base(from, "XDG_CONFIG_HOME", ".config")?.join("stellar");
    let state_root = base(from, "XDG_STATE_HOME", ".local/state")?.join("stellar");
    let (config_file, data, state_dir) = match from.profile {
        None => (config_dir.join("config.toml"), None, state_root.clone()),
        Some(name) => {
            check_profile(name)?;
            let below = Path::new("profiles").join(name);
            (config_dir.join("profiles").join(format!("{name}.toml")), Some(below.clone()), state_root.join(below))
        }
    };
    let data_dir = match from.data_dir {
        Some(path) => complete(from, path, "--data-dir")?,
        None => {
            let root = base(from, "XDG_DATA_HOME", ".local/share")?.join("stellar");
            data.map_or_else(|| root.clone(), |below| root.join(below))
        }
    };
    let expected_config_file = match from.config {
        Some(path) => complete(from, path, "--config")?,
        None => config_file,
    };
    let name = format!("{}.sock", digest_of(settled(&data_dir).as_os_str().as_encoded_bytes()).get(..16).unwrap_or_default());
    let runtime_dir = runtime_dir(from, &state_root, &name, &mut notes);
    let socket_path = runtime_dir.join(name);
    Ok((Dirs { config_dir, config_file: None, expected_config_file, data_dir, state_dir, runtime_dir, socket_path }, notes))
}

/// A base directory: the variable if it is an absolute path, as the XDG rules have it, else below home.
fn base(from: &DirSources<'_>, variable: &str, below_home: &str) -> Result<PathBuf, ConfigError> {
    if let Some(path) = (from.env)(variable).map(PathBuf::from).filter(|path| path.is_absolute()) {
        return Ok(path);
    }
    let home = from.home.map(Path::to_owned).or_else(|| (from.env)("HOME").map(PathBuf::from)).filter(|path| path.is_absolute());
    let message = || format!("There is no home directory: HOME is not set to an absolute path, nor is {variable}. Set one of them.");
    home.map(|home| home.join(below_home)).ok_or_else(|| ConfigError::one(ConfigProblem::outside("no_home", variable, message())))
}

fn check_profile(name: &str) -> Result<(), ConfigError> {
    let fits = (1..=32).contains(&name.len())
        && name.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_'))
        && !name.starts_with('-');
    if fits {
        return Ok(());
    }
    let message = format!("{} is no profile's name: 1 to 32 of a-z 0-9 - _, not beginning with -.", quote(name));
    Err(ConfigError::one(ConfigProblem::outside("bad_profile", "--profile", message).with(quote(name), "1 to 32 of a-z 0-9 - _")))
}

/// A path of the command line made absolute.
fn complete(from: &DirSources<'_>, path: &Path, flag: &str) -> Result<PathBuf, ConfigError> {
    let shown = clean(&path.display().to_string());
    let fail =
        |why: &str| Err(ConfigError::one(ConfigProblem::outside("bad_path", flag, format!("{flag} {shown} cannot be used: {why}."))));
    if path.as_os_str().is_empty() {
        return fail("it is empty");
    }
    match from.current_dir {
        _ if path.is_absolute() => Ok(path.components().collect()),
        Some(current) if current.is_absolute() => Ok(current.join(path).components().collect()),
        _ => fail("it is relative and the current directory is not known; give it in full"),
    }
}

/// The path with its existing part resolved, so that it is the same before and after the rest is made.
fn settled(path: &Path) -> PathBuf {
    for ancestor in path.ancestors() {
        if let (Ok(real), Ok(rest)) = (std::fs::canonicalize(ancestor), path.strip_prefix(ancestor)) {
            return if rest.as_os_str().is_empty() { real } else { real.join(rest) };
        }
    }
    path.to_owned()
}

fn runtime_dir(from: &DirSources<'_>, state_root: &Path, name: &str, notes: &mut Vec<String>) -> PathBuf {
    let fits = |dir: &PathBuf| dir.as_os_str().len() + 1 + name.len() <= LONGEST_SOCKET;
    let given = (from.env)("XDG_RUNTIME_DIR").map(PathBuf::from).filter(|path| path.is_absolute()).map(|path| path.join("stellar"));
    let long = given.is_some();
    if let Some(dir) = given.filter(fits) {
        return dir;
    }
    let below_state = state_root.join("run");
    if fits(&below_state) {
        if long {
            notes.push(format!(
                "XDG_RUNTIME_DIR is too long for a socket, so the socket lies in {}.",
                clean(&below_state.display().to_string())
            ));
        }
        return below_state;
    }
    let last = PathBuf::from(format!("/tmp/stellar-{}", from.user));
    notes.push(format!("The usual directories are too long for a socket, so the socket lies in {}.", last.display()));
    last
}
