//! What was seen at a place, read already: all a detector gets to know.

use std::path::{Path, PathBuf};

use reqwest::Url;
use serde_json::Value as Json;

/// Where it was seen.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Place {
    /// An absolute path.
    File(PathBuf),
    /// An address without user, password and fragment.
    Url(Url),
}

/// What was seen.
#[derive(Clone, Debug)]
pub(super) struct Signal {
    pub(super) place: Place,
    /// The document; null where there is none.
    pub(super) body: Json,
    /// The text it was read from; empty for what came from the network.
    pub(super) text: String,
    /// Where a Prometheus answers queries, if one does.
    pub(super) prometheus: Option<Url>,
    /// Whether the body was read from the text that Prometheus scrapes.
    pub(super) is_exposition: bool,
    /// Whether this is what was asked for, not one of many files of a directory.
    pub(super) is_target: bool,
}

impl Signal {
    /// The path, if it is a file.
    pub(super) fn path(&self) -> Option<&Path> {
        match &self.place {
            Place::File(path) => Some(path),
            Place::Url(_) => None,
        }
    }

    /// The URL, if it is one.
    pub(super) fn url(&self) -> Option<&Url> {
        match &self.place {
            Place::Url(url) => Some(url),
            Place::File(_) => None,
        }
    }

    /// The path or URL as text.
    pub(super) fn shown(&self) -> String {
        match &self.place {
            Place::File(path) => path.to_string_lossy().into_owned(),
            Place::Url(url) => url.to_string(),
        }
    }

    /// The file's name; empty for a URL.
    pub(super) fn file_name(&self) -> &str {
        self.path().and_then(Path::file_name).and_then(|name| name.to_str()).unwrap_or_default()
    }

    /// The name of the directory it stands in, or the host.
    pub(super) fn home(&self) -> String {
        let parent = self.path().and_then(Path::parent).and_then(Path::file_name).and_then(|name| name.to_str()).map(str::to_owned);
        parent.or_else(|| self.url().and_then(Url::host_str).map(str::to_owned)).unwrap_or_default()
    }

    /// A text member of the document, if it is there and no longer than a name.
    pub(super) fn word(&self, pointer: &str) -> Option<&str> {
        word(&self.body, pointer)
    }
}

/// A text member of a document that could be a name.
pub(super) fn word<'a>(body: &'a Json, pointer: &str) -> Option<&'a str> {
    body.pointer(pointer).and_then(Json::as_str).filter(|text| !text.is_empty() && text.len() <= 200)
}
