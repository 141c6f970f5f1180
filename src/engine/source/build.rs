//! From the configuration to sources: the one place that knows every kind.

use std::sync::Arc;

use crate::{
    config::{Config, SecretRef, SourceConfig, SourceKind, TlsConfig},
    engine::world::{Clock, Secrets},
    fact::{Key, SourceId, Value},
};

use super::{
    BoxFuture, Change, Delivery, Fetched, Prepared, Reported, Source, SourceError,
    exec::ExecSource,
    fail::fail,
    file::FileSource,
    host::HostSource,
    http::HttpSource,
    outcome::of_error,
    prometheus::PrometheusSource,
    template::{Place, Template},
};

/// What sources need from the outside.
#[derive(Clone)]
pub struct SourceDeps {
    /// The clocks.
    pub clock: Arc<dyn Clock>,
    /// Who resolves secrets, at the moment they are used.
    pub secrets: Arc<dyn Secrets>,
    /// Variables that `exec` may be given: name and value.
    pub environment: Arc<Vec<(String, String)>>,
}

/// A source of the configuration that cannot be built.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("source {source_name}: {message}")]
pub struct BadSource {
    /// Which.
    pub source_name: String,
    /// What is wrong with it.
    pub message: String,
}

/// A source, ready to be asked.
#[derive(Clone)]
pub struct BuiltSource {
    /// Its name; those of a `host` are `host.sysinfo` and `host.proc`.
    pub id: SourceId,
    /// Its settings, under this name.
    pub config: SourceConfig,
    /// What to ask.
    pub source: Arc<dyn Source>,
    /// `host file exec http prometheus`
    pub kind: &'static str,
    /// Sources of one group read the same moment. They are to be asked together, and their answers taken before any conflict is looked
    /// for: one's new reading beside the other's old one is no disagreement.
    pub group: Option<SourceId>,
}

impl std::fmt::Debug for BuiltSource {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("BuiltSource").field("id", &self.id).field("kind", &self.kind).finish_non_exhaustive()
    }
}

/// Builds every configured source, also those that are not enabled, so that their mistakes are found.
///
/// With an untrusted configuration, `exec` sources and those with a secret are there, but asking them fails with `untrusted`; no source
/// delivers a change.
///
/// # Errors
/// [`BadSource`] for the first source whose settings cannot work, with a sentence why.
pub fn build_sources(config: &Config, deps: &SourceDeps) -> Result<Vec<BuiltSource>, BadSource> {
    let mut built = Vec::new();
    for source in &config.sources {
        let bad = |message: String| BadSource { source_name: source.name.to_string(), message };
        check_writes(source).map_err(bad)?;
        match &source.kind {
            SourceKind::Host => built.extend(hosts(source, deps).map_err(bad)?),
            _ => built.push(one(source, config, deps).map_err(bad)?),
        }
    }
    Ok(built)
}

/// Every configured source by its name and settings, for whoever shows what sources said and asks none: asking one of these fails.
///
/// # Errors
/// [`BadSource`] where a name cannot be one.
pub fn name_sources(config: &Config) -> Result<Vec<BuiltSource>, BadSource> {
    let mut named = Vec::new();
    for source in &config.sources {
        let kind = match &source.kind {
            SourceKind::Host => {
                for side in HostSource::sides() {
                    let bad = |message| BadSource { source_name: source.name.to_string(), message };
                    named.push(host(source, side, Arc::new(Unasked)).map_err(bad)?);
                }
                continue;
            }
            SourceKind::File(_) => "file",
            SourceKind::Exec(_) => "exec",
            SourceKind::Http(_) => "http",
            SourceKind::Prometheus(_) => "prometheus",
        };
        named.push(BuiltSource { id: source.name.clone(), config: source.clone(), source: Arc::new(Unasked), kind, group: None });
    }
    Ok(named)
}

fn hosts(config: &SourceConfig, deps: &SourceDeps) -> Result<Vec<BuiltSource>, String> {
    HostSource::pair(config, &deps.clock).into_iter().map(|(side, source)| host(config, side, Arc::new(source))).collect()
}

/// One side of a host, under its own name.
fn host(config: &SourceConfig, side: &str, source: Arc<dyn Source>) -> Result<BuiltSource, String> {
    let id = SourceId::new(&format!("{}.{side}", config.name)).map_err(|error| error.to_string())?;
    let group = Some(config.name.clone());
    Ok(BuiltSource { config: SourceConfig { name: id.clone(), ..config.clone() }, id, source, kind: "host", group })
}

fn one(source: &SourceConfig, config: &Config, deps: &SourceDeps) -> Result<BuiltSource, String> {
    let (kind, made): (_, Arc<dyn Source>) = match &source.kind {
        SourceKind::Host => return Err("a host makes two sources".to_owned()),
        SourceKind::File(file) => ("file", Arc::new(FileSource::new(source, file, Arc::clone(&deps.clock))?)),
        SourceKind::Exec(exec) => ("exec", Arc::new(ExecSource::new(source, exec, config.base_dir.clone(), &deps.environment)?)),
        SourceKind::Http(http) => {
            ("http", Arc::new(HttpSource::new(source, http, &config.http, Arc::clone(&deps.secrets), Arc::clone(&deps.clock))?))
        }
        SourceKind::Prometheus(prom) => {
            let made = PrometheusSource::new(source, prom, &config.http, Arc::clone(&deps.secrets), Arc::clone(&deps.clock))?;
            ("prometheus", Arc::new(made))
        }
    };
    let made: Arc<dyn Source> = if config.trusted { made } else { Arc::new(Untrusted { inner: made, what: needs_trust(&source.kind) }) };
    Ok(BuiltSource { id: source.name.clone(), config: source.clone(), source: made, kind, group: None })
}

/// What a source does that a configuration of unknown origin may not.
fn needs_trust(kind: &SourceKind) -> Option<&'static str> {
    let has_secret = |headers: &[(String, SecretRef)], tls: &TlsConfig| {
        let is_reference = |secret: &SecretRef| !matches!(secret, SecretRef::Literal(_));
        headers.iter().any(|(_, secret)| is_reference(secret)) || tls.key.as_ref().is_some_and(is_reference)
    };
    let secret = match kind {
        SourceKind::Exec(_) => return Some("runs a command"),
        SourceKind::Host | SourceKind::File(_) => false,
        SourceKind::Http(http) => has_secret(&http.headers, &http.tls),
        SourceKind::Prometheus(prom) => has_secret(&prom.headers, &prom.tls),
    };
    secret.then_some("sends a secret")
}

/// Compiles the write templates, so that a word nobody knows is found before a change depends on it.
fn check_writes(source: &SourceConfig) -> Result<(), String> {
    for write in &source.writes {
        let texts = [(write.url.as_str(), Place::Url), (write.body.as_str(), Place::Body)];
        let arguments = write.command.iter().map(|argument| (argument.as_str(), Place::Argument));
        for (text, place) in texts.into_iter().chain(arguments) {
            Template::compile(text, place, &write.pattern, false)
                .map_err(|why| format!("[[source.write]] match = {:?}: {why}", write.pattern.as_str()))?;
        }
    }
    Ok(())
}

/// Stands for a source of which only the name is needed.
struct Unasked;

impl Source for Unasked {
    fn fetch(&self) -> BoxFuture<'_, Result<Fetched, SourceError>> {
        Box::pin(async { Err(fail("not_asked", "this source is only named here")) })
    }
}

/// Stands before a source that an untrusted configuration names: nothing is sent, written or run for it.
struct Untrusted {
    inner: Arc<dyn Source>,
    /// What even asking it would do that is not allowed.
    what: Option<&'static str>,
}

impl Untrusted {
    fn why(what: &str) -> SourceError {
        let why = format!("this source {what}, and the configuration file is not trusted: read it, then run `stellar config trust FILE`");
        fail("untrusted", why)
    }
}

impl Source for Untrusted {
    fn fetch(&self) -> BoxFuture<'_, Result<Fetched, SourceError>> {
        match self.what {
            Some(what) => Box::pin(async move { Err(Self::why(what)) }),
            None => self.inner.fetch(),
        }
    }

    fn read<'a>(&'a self, key: &'a Key) -> Option<BoxFuture<'a, Result<Option<Reported>, SourceError>>> {
        if self.what.is_some() { None } else { self.inner.read(key) }
    }

    fn writes(&self, key: &Key) -> bool {
        self.inner.writes(key)
    }

    fn prepare<'a>(&'a self, change: &'a Change) -> Option<BoxFuture<'a, Result<Prepared, Delivery>>> {
        self.writes(&change.key).then(|| -> BoxFuture<'a, _> { Box::pin(async { Err(of_error(&Self::why("takes changes"))) }) })
    }

    fn deliver<'a>(&'a self, change: &'a Change) -> Option<BoxFuture<'a, Delivery>> {
        self.writes(&change.key).then(|| -> BoxFuture<'a, _> { Box::pin(async { of_error(&Self::why("takes changes")) }) })
    }

    fn reread<'a>(&'a self, key: &'a Key) -> Option<BoxFuture<'a, Result<Option<Value>, SourceError>>> {
        match self.what {
            Some(what) => self.writes(key).then(|| -> BoxFuture<'a, _> { Box::pin(async move { Err(Self::why(what)) }) }),
            None => self.inner.reread(key),
        }
    }

    fn watch_paths(&self) -> Vec<std::path::PathBuf> {
        self.inner.watch_paths()
    }

    fn forget(&self) {
        self.inner.forget();
    }
}

#[cfg(test)]
mod tests;
