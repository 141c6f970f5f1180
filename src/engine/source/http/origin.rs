//! Where a URL goes: its origin, whether that is this machine, and how to name it without giving anything away.

use reqwest::Url;

/// Reads a configured URL.
///
/// # Errors
/// A sentence that names the setting, never the URL: it may hold a password.
pub(in crate::engine::source) fn parse(what: &str, text: &str) -> Result<Url, String> {
    let mut url = Url::parse(text).map_err(|error| format!("{what} is no URL: {error}"))?;
    if !matches!(url.scheme(), "http" | "https") || !url.has_host() {
        return Err(format!("{what} must start with http:// or https:// and name a host"));
    }
    url.set_fragment(None);
    Ok(url)
}

/// Whether both URLs have the same scheme, host and port.
pub(super) fn is_same(one: &Url, two: &Url) -> bool {
    one.origin() == two.origin()
}

/// Scheme, host and port, and nothing else of it.
pub(super) fn shown(url: &Url) -> String {
    url.origin().ascii_serialization()
}

/// Whether it can only be this machine.
pub(super) fn is_loopback(url: &Url) -> bool {
    let Some(host) = url.host_str() else { return false };
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost" || bare.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
}

/// Gives a URL of the same origin the user and password of the configured one, and no others.
pub(super) fn adopt(url: &mut Url, configured: &Url) {
    // Both fail only for URLs without a host, which these are not.
    let _ = url.set_username(configured.username());
    let _ = url.set_password(configured.password());
    url.set_fragment(None);
}

/// Reads a proxy's URL.
///
/// # Errors
/// A sentence that names the setting, never the URL.
pub(super) fn parse_proxy(text: &str) -> Result<Url, String> {
    parse("proxy", text)
}
