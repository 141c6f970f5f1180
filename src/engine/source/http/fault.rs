//! What went wrong on the way, by its cause and not by the layer that noticed.

use std::{error::Error, io, time::Duration};

use reqwest::Url;
use rustls::CertificateError;

use super::{
    super::{SourceError, fail::fail},
    origin,
};

/// The error for a request that got no answer, or not all of one.
pub(super) fn classify(error: &reqwest::Error, url: &Url, timeout: Duration) -> SourceError {
    let place = origin::shown(url);
    if error.is_timeout() {
        return fail("timeout", format!("{place} did not answer within {timeout:?}"));
    }
    let causes = causes(error);
    if let Some(tls) = causes.iter().find_map(|cause| tls_error(*cause)) {
        return fail("tls", tls_sentence(&place, tls));
    }
    if causes.iter().any(|cause| cause.to_string().contains("dns error")) {
        let host = url.host_str().unwrap_or_default();
        return fail("dns", format!("the name {host} could not be resolved: is the network up, and the name right?"));
    }
    if let Some(io) = causes.iter().find_map(|cause| cause.downcast_ref::<io::Error>()) {
        return fail("refused", io_sentence(&place, io.kind()));
    }
    if error.is_decode() {
        return fail("not_json", format!("the answer of {place} is not compressed the way it says"));
    }
    if error.is_connect() {
        return fail("refused", format!("no connection to {place}"));
    }
    fail("refused", format!("the connection to {place} broke before the whole answer was there"))
}

fn causes<'a>(error: &'a (dyn Error + 'static)) -> Vec<&'a (dyn Error + 'static)> {
    let mut causes = vec![error];
    let mut cause = error.source();
    while let Some(inner) = cause {
        causes.push(inner);
        cause = inner.source();
    }
    causes
}

fn io_sentence(place: &str, kind: io::ErrorKind) -> String {
    match kind {
        io::ErrorKind::ConnectionRefused => format!("{place} refuses connections: is it running?"),
        io::ErrorKind::NetworkUnreachable | io::ErrorKind::HostUnreachable => format!("there is no way to {place}: is the network up?"),
        _ => format!("the connection to {place} broke before the whole answer was there"),
    }
}

/// A TLS error, also inside the I/O errors that carry it: those name as their source what lies behind their content, not the content.
fn tls_error<'a>(cause: &'a (dyn Error + 'static)) -> Option<&'a rustls::Error> {
    if let Some(tls) = cause.downcast_ref::<rustls::Error>() {
        return Some(tls);
    }
    tls_error(cause.downcast_ref::<io::Error>()?.get_ref()?)
}

fn tls_sentence(place: &str, error: &rustls::Error) -> String {
    match error {
        rustls::Error::InvalidCertificate(why) => match why {
            CertificateError::Expired | CertificateError::ExpiredContext { .. } => format!("the certificate of {place} has expired"),
            CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
                format!("the certificate of {place} is not valid yet: is this machine's clock right?")
            }
            CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
                format!("the certificate of {place} is for another name")
            }
            CertificateError::Revoked => format!("the certificate of {place} was revoked"),
            _ => format!("the certificate of {place} is not trusted here: if it is your own, name the PEM file of its issuer in tls.ca"),
        },
        rustls::Error::AlertReceived(alert) => {
            format!("{place} refused the TLS connection ({alert:?}): does it want a client certificate (tls.cert, tls.key)?")
        }
        rustls::Error::InvalidMessage(_) => format!("{place} does not speak TLS: is it http:// instead of https://?"),
        _ => format!("no TLS connection to {place}: {error}"),
    }
}
