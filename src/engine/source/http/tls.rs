//! The connection pool and what it trusts.

use std::{fs, path::Path, sync::Arc};

use reqwest::{Certificate, Identity, Proxy, Url, redirect::Policy};

use crate::engine::world::Secrets;

use super::{
    super::{SourceError, fail::fail},
    settings::Settings,
};

/// Bytes of a PEM file.
const MAX_PEM: u64 = 1 << 20;

/// Makes the client. Certificates of the system are loaded only where TLS is spoken: they take longer than a request on loopback.
///
/// # Errors
/// `tls` for a file or a key that cannot be used, `denied` for a secret that cannot be had.
pub(super) async fn client(settings: &Settings, url: &Url, secrets: &Arc<dyn Secrets>) -> Result<reqwest::Client, SourceError> {
    let (settings, is_tls, secrets) = (settings.clone(), url.scheme() == "https", Arc::clone(secrets));
    let task = tokio::task::spawn_blocking(move || build(&settings, is_tls, secrets.as_ref()));
    task.await.map_err(|_| fail("tls", "the HTTP client could not be made"))?
}

fn build(settings: &Settings, is_tls: bool, secrets: &dyn Secrets) -> Result<reqwest::Client, SourceError> {
    // The first one installed serves the whole process; losing that race is as good as winning it.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let mut builder = reqwest::Client::builder()
        .redirect(Policy::none())
        .referer(false)
        .no_proxy()
        .connect_timeout(settings.timeout)
        .pool_max_idle_per_host(2)
        .user_agent(concat!("stellar/", env!("CARGO_PKG_VERSION")));
    if !settings.proxy.is_empty() {
        // The error of a wrong proxy URL could quote its password.
        builder = builder.proxy(Proxy::all(&settings.proxy).map_err(|_| fail("refused", "proxy is no URL that can be used"))?);
    }
    if !is_tls && !settings.proxy.starts_with("https://") {
        return builder.tls_certs_only([]).build().map_err(|error| fail("tls", format!("the HTTP client could not be made: {error}")));
    }
    if let Some(path) = &settings.tls.ca {
        let pem = read("tls.ca", path)?;
        let roots = Certificate::from_pem_bundle(&pem).map_err(|_| unusable("tls.ca", path, "it is no PEM of certificates"))?;
        if roots.is_empty() {
            return Err(unusable("tls.ca", path, "it holds no certificate"));
        }
        builder = builder.tls_certs_merge(roots);
    }
    if let Some(path) = &settings.tls.cert {
        builder = builder.identity(identity(settings, path, secrets)?);
    }
    builder.build().map_err(|error| {
        fail(
            "tls",
            format!("the HTTP client could not be made: {error}; does this machine have certificates of its own? else name them in tls.ca"),
        )
    })
}

fn identity(settings: &Settings, path: &Path, secrets: &dyn Secrets) -> Result<Identity, SourceError> {
    let mut pem = read("tls.cert", path)?;
    if let Some(reference) = &settings.tls.key {
        pem.push(b'\n');
        pem.extend_from_slice(secrets.resolve(reference).map_err(|why| fail("denied", why))?.as_bytes());
    }
    Identity::from_pem(&pem).map_err(|_| unusable("tls.cert", path, "it and tls.key are no PEM of a certificate and its key"))
}

fn read(what: &str, path: &Path) -> Result<Vec<u8>, SourceError> {
    let size = fs::metadata(path).map_err(|error| unusable(what, path, &error.to_string()))?.len();
    if size > MAX_PEM {
        return Err(unusable(what, path, "it is too large for a PEM file"));
    }
    fs::read(path).map_err(|error| unusable(what, path, &error.to_string()))
}

fn unusable(what: &str, path: &Path, why: &str) -> SourceError {
    fail("tls", format!("{what} = {:?} cannot be used: {why}", path.to_string_lossy()))
}
