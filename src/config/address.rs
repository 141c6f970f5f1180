//! URLs and paths of a configuration, checked by their form. Nothing is asked, opened or resolved.

use std::{
    net::{IpAddr, SocketAddr},
    path::{Component, Path, PathBuf},
};

/// What is known of a URL that has the right form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Address {
    /// Plain HTTP to another machine: no place for a secret.
    pub exposed: bool,
}

/// Takes an `http` or `https` URL with a host and no credentials; else says what is wrong.
pub(super) fn parse_url(text: &str) -> Result<Address, &'static str> {
    if text.chars().any(|char| char.is_control() || char.is_whitespace()) {
        return Err("it has a space or a control character in it");
    }
    // The parser repairs "http:/h" and "http:///h"; a template repaired that way would take its machine from a key.
    let lower = text.get(..8).unwrap_or(text).to_ascii_lowercase();
    let authority = if lower.starts_with("http://") {
        text.get(7..)
    } else if lower == "https://" {
        text.get(8..)
    } else {
        None
    };
    if !text.contains("://") || authority.is_some_and(|rest| rest.starts_with(['/', '\\', '?', '#']) || rest.is_empty()) {
        return Err("it does not name a machine after http:// or https://");
    }
    let url = reqwest::Url::parse(text).map_err(|_| "it is no absolute URL")?;
    let plain = match url.scheme() {
        "http" => true,
        "https" => false,
        _ => return Err("its scheme is neither http nor https"),
    };
    // Url keeps "user:password@" apart; shown or logged URLs would give it away, so it is refused instead.
    if !url.username().is_empty() || url.password().is_some() {
        return Err("it has a user name in it; put credentials into headers, as env: file: or keyring:");
    }
    if url.fragment().is_some() {
        return Err("it has a # part, which is never sent");
    }
    let host = url.host_str().unwrap_or_default();
    Ok(Address { exposed: plain && !is_loopback(host) })
}

/// Where the part of a URL that names the machine ends: the first `/`, `?` or `#` after `://`.
pub(super) fn authority_end(text: &str) -> usize {
    let start = text.find("://").map_or(0, |at| at + 3);
    text.get(start..).and_then(|rest| rest.find(['/', '?', '#'])).map_or(text.len(), |at| start + at)
}

fn is_loopback(host: &str) -> bool {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    host.eq_ignore_ascii_case("localhost") || bare.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

/// Whether a text is `ADDRESS:PORT` on this machine only.
pub(super) fn is_loopback_listener(text: &str) -> bool {
    match text.strip_prefix("localhost:") {
        Some(port) => port.parse::<u16>().is_ok(),
        None => text.parse::<SocketAddr>().is_ok_and(|address| address.ip().is_loopback()),
    }
}

/// A path of the file made absolute: relative ones start at `base`. `.` is dropped; `..` stays, a symbolic link may stand before it.
pub(super) fn absolute(base: &Path, text: &str) -> PathBuf {
    base.join(text).components().filter(|part| !matches!(part, Component::CurDir)).collect()
}

/// Says what is wrong with a path; nothing when it may be one.
pub(super) fn fault_in_path(text: &str) -> Option<&'static str> {
    if text.is_empty() {
        Some("it is empty")
    } else if text.chars().any(char::is_control) {
        Some("it has a control character in it")
    } else if text == "~" || text.starts_with("~/") {
        Some("~ stands for nothing here; write the path in full, or from the directory of the config file")
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls() {
        for (text, exposed) in [
            ("http://127.0.0.1:8080/a", false),
            ("http://[::1]/a", false),
            ("http://localhost", false),
            ("https://example.org", false),
            ("http://example.org/", true),
            ("http://10.0.0.1", true),
            ("http://localhost.example.org", true),
            ("http://127.0.0.1.example.org", true),
        ] {
            assert_eq!(parse_url(text), Ok(Address { exposed }), "{text}");
        }
        for text in [
            "",
            "a",
            "ftp://a/b",
            "file:///etc/passwd",
            "http://",
            "http://u:p@h/",
            "http://u@h/",
            "http://h/a b",
            "http://h/#x",
            "http://h/\n",
            "http:/h/",
            "http:///h/",
            "http:h",
            "http:\\\\h",
            "https:///x",
            "https://\\x",
        ] {
            assert!(parse_url(text).is_err(), "{text}");
        }
    }

    #[test]
    fn the_machine_part_ends_before_the_path() {
        for (text, part) in
            [("http://h:1/a", "http://h:1"), ("http://h", "http://h"), ("http://h?x", "http://h"), ("http://{1}/", "http://{1}")]
        {
            assert_eq!(&text[..authority_end(text)], part);
        }
    }

    #[test]
    fn listeners_are_on_loopback_only() {
        for good in ["127.0.0.1:9100", "[::1]:9100", "localhost:9100"] {
            assert!(is_loopback_listener(good), "{good}");
        }
        for bad in ["0.0.0.0:9100", "[::]:9100", "9100", "10.0.0.1:1", "localhost:99999", "localhost:", "example.org:80"] {
            assert!(!is_loopback_listener(bad), "{bad}");
        }
    }

    #[test]
    fn relative_paths_start_at_the_base() {
        assert_eq!(absolute(Path::new("/c/stellar"), "./facts/"), Path::new("/c/stellar/facts"));
        assert_eq!(absolute(Path::new("/c/stellar"), "../x"), Path::new("/c/stellar/../x"));
        assert_eq!(absolute(Path::new("/c"), "/etc/x"), Path::new("/etc/x"));
    }
}
