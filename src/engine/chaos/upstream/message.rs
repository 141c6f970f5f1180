//! What is asked of an upstream and what comes back, without a socket.

use std::time::Duration;

use serde_json::{Value as Json, json};

/// A request.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Request {
    /// `GET`, `PUT`, `POST`..
    pub method: String,
    /// Path and query, as on the request line.
    pub target: String,
    /// Headers; names in small letters.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
}

impl Request {
    /// A `GET`.
    #[must_use]
    pub fn get(target: &str) -> Self {
        Self { method: "GET".to_owned(), target: target.to_owned(), ..Self::default() }
    }

    /// A request that changes something, with a JSON body.
    #[must_use]
    pub fn write(method: &str, target: &str, body: &Json) -> Self {
        Self { method: method.to_owned(), target: target.to_owned(), headers: Vec::new(), body: body.to_string().into_bytes() }
    }

    /// The same with one more header.
    #[must_use]
    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_ascii_lowercase(), value.to_owned()));
        self
    }

    /// The path without the query.
    #[must_use]
    pub fn path(&self) -> &str {
        self.target.split_once('?').map_or(self.target.as_str(), |(path, _)| path)
    }

    /// A header.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(own, _)| own == name).map(|(_, value)| value.as_str())
    }

    /// A parameter of the query.
    pub(super) fn query(&self, name: &str) -> Option<String> {
        let (_, query) = self.target.split_once('?')?;
        let pairs = query.split('&').filter_map(|pair| pair.split_once('='));
        pairs.into_iter().find(|(own, _)| *own == name).map(|(_, value)| decoded(value))
    }

    pub(super) fn reads(&self) -> bool {
        matches!(self.method.as_str(), "GET" | "HEAD")
    }

    pub(super) fn writes(&self) -> bool {
        matches!(self.method.as_str(), "PUT" | "POST" | "PATCH" | "DELETE")
    }
}

/// A form value as it was before it was encoded.
fn decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        let hex = after.get(..2).and_then(|hex| std::str::from_utf8(hex).ok()).and_then(|hex| u8::from_str_radix(hex, 16).ok());
        rest = after;
        match (first, hex) {
            (b'%', Some(byte)) => {
                bytes.push(byte);
                rest = after.get(2..).unwrap_or_default();
            }
            (b'+', _) => bytes.push(b' '),
            _ => bytes.push(*first),
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// A reply.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    /// The status.
    pub status: u16,
    /// Headers besides those that go without saying.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
}

impl Reply {
    pub(super) fn json(status: u16, body: &Json) -> Self {
        Self { status, headers: Vec::new(), body: body.to_string().into_bytes() }.header("content-type", "application/json")
    }

    pub(super) fn text(status: u16, body: &str) -> Self {
        Self { status, headers: Vec::new(), body: body.as_bytes().to_vec() }.header("content-type", "application/json")
    }

    pub(super) fn error(status: u16, message: &str) -> Self {
        Self::json(status, &json!({ "error": message }))
    }

    pub(super) fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }
}

/// A body that comes piece by piece.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Drip {
    /// Bytes of a piece.
    pub bytes: usize,
    /// From one piece to the next.
    pub every: Duration,
}

/// What comes of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// Nobody listens.
    Refused,
    /// It was taken and carried out, and the connection closed without a word.
    Lost,
    /// A reply.
    Replied {
        /// The reply.
        reply: Reply,
        /// How long it takes.
        after: Duration,
        /// How its body comes; none: at once.
        drip: Option<Drip>,
    },
}

impl Answer {
    pub(super) fn plain(reply: Reply) -> Self {
        Self::Replied { reply, after: Duration::ZERO, drip: None }
    }
}
