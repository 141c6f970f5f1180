//! Making a `[[source]]`: every text of the outside is quoted by the TOML writer, never pasted.

use std::path::Path;

use toml_edit::{Array, ArrayOfTables, DocumentMut, Item, Table, value};

use super::{signal::Signal, suggestion::Suggestion};

/// A source in the making.
pub(super) struct Block {
    table: Table,
    name: String,
    kind: &'static str,
}

impl Block {
    fn new(name: &str, kind: &'static str) -> Self {
        let name = slug(name);
        let mut table = Table::new();
        table.insert("name", value(&name));
        table.insert("kind", value(kind));
        Self { table, name, kind }
    }

    /// A file.
    pub(super) fn file(name: &str, path: &Path) -> Self {
        Self::new(name, "file").text("path", &path.to_string_lossy())
    }

    /// A URL that answers JSON.
    pub(super) fn http(name: &str, url: &str) -> Self {
        Self::new(name, "http").text("url", url)
    }

    /// A Prometheus.
    pub(super) fn prometheus(name: &str, url: &str) -> Self {
        Self::new(name, "prometheus").text("url", url)
    }

    /// A command that answers JSON.
    pub(super) fn exec(name: &str, command: &[&str]) -> Self {
        let mut block = Self::new(name, "exec");
        block.table.insert("command", value(Array::from_iter(command.iter().copied())));
        block
    }

    /// What was seen at the place, read again by the same kind of source: a file, or an address.
    pub(super) fn again(name: &str, signal: &Signal) -> Self {
        match (signal.path(), signal.url()) {
            (Some(path), _) => Self::file(name, path),
            (None, Some(url)) => Self::http(name, url.as_str()),
            (None, None) => Self::new(name, "file"),
        }
    }

    /// With a text setting.
    pub(super) fn text(mut self, key: &str, text: &str) -> Self {
        self.table.insert(key, value(text));
        self
    }

    /// With a list of texts.
    pub(super) fn texts(mut self, key: &str, texts: &[String]) -> Self {
        self.table.insert(key, value(Array::from_iter(texts.iter().map(String::as_str))));
        self
    }

    /// With a map; empty parts are left out.
    pub(super) fn map(self, items: &str, key: &str, path: &str) -> Self {
        self.below("map", &[("items", items), ("key", key), ("value", path)])
    }

    /// With a map that says when the value changed.
    pub(super) fn map_changed(self, items: &str, key: &str, path: &str, changed: &str) -> Self {
        self.below("map", &[("items", items), ("key", key), ("value", path), ("changed", changed)])
    }

    /// With a query.
    pub(super) fn query(self, expr: &str, key: &str) -> Self {
        self.below("query", &[("expr", expr), ("key", key)])
    }

    fn below(mut self, list: &str, settings: &[(&str, &str)]) -> Self {
        let mut table = Table::new();
        for (key, text) in settings.iter().filter(|(_, text)| !text.is_empty()) {
            table.insert(key, value(*text));
        }
        let tables = self.table.entry(list).or_insert_with(|| Item::ArrayOfTables(ArrayOfTables::new()));
        if let Some(tables) = tables.as_array_of_tables_mut() {
            tables.push(table);
        }
        self
    }

    /// Whether it says how its content becomes facts.
    pub(super) fn has_maps(&self) -> bool {
        self.table.contains_key("map")
    }

    /// The suggestion of this block.
    pub(super) fn suggest(self, detector: &str, signal: &Signal, confidence: f64) -> Suggestion {
        let mut document = DocumentMut::new();
        let mut sources = ArrayOfTables::new();
        sources.push(self.table);
        document.insert("source", Item::ArrayOfTables(sources));
        Suggestion {
            detector: detector.to_owned(),
            name: self.name,
            kind: self.kind.to_owned(),
            place: signal.shown(),
            confidence,
            reasons: Vec::new(),
            block: document.to_string(),
        }
    }
}

/// The longest name or segment made of somebody's text.
const LONGEST: usize = 48;

/// A source's name out of any text.
pub(super) fn slug(text: &str) -> String {
    let plain: String = text
        .chars()
        .take(LONGEST)
        .map(|char| if char.is_ascii_alphanumeric() || matches!(char, '-' | '.') { char.to_ascii_lowercase() } else { '-' })
        .collect();
    let plain = plain.trim_matches(|char| matches!(char, '-' | '.'));
    match plain {
        "" => "source".to_owned(),
        "local" | "remote" | "cache" => format!("{plain}-source"),
        _ => plain.to_owned(),
    }
}

/// A segment of a key out of any text, with nothing in it that a template would read.
pub(super) fn segment(text: &str) -> String {
    let plain: String = text
        .chars()
        .take(LONGEST)
        .map(|char| if char.is_ascii_alphanumeric() || matches!(char, '-' | '.' | '_') { char } else { '-' })
        .collect();
    let plain = plain.trim_matches('-');
    if plain.is_empty() { "unnamed".to_owned() } else { plain.to_owned() }
}

/// The JSONPath step to a member; none where its name has a character that no path needs to be able to write.
pub(super) fn step(member: &str) -> Option<String> {
    let is_plain = member.chars().all(|char| char.is_ascii_alphanumeric() || char == '_')
        && member.starts_with(|char: char| char.is_ascii_alphabetic() || char == '_');
    if is_plain {
        return Some(format!(".{member}"));
    }
    let is_tame = !member.is_empty()
        && member.len() <= 100
        && member.chars().all(|char| char.is_ascii_graphic() || char == ' ' || char.is_alphanumeric());
    (is_tame && !member.contains(['\'', '\\', '{', '}'])).then(|| format!("['{member}']"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_segments_and_steps_of_hostile_text_are_tame() {
        assert_eq!(
            (slug("My App\u{202e}/../x"), slug("\u{1b}[2J"), slug("cache")),
            ("my-app--..-x".to_owned(), "2j".to_owned(), "cache-source".to_owned())
        );
        assert_eq!((segment("a/{$.b}%"), segment("")), ("a---.b".to_owned(), "unnamed".to_owned()));
        assert_eq!(step("a_b").as_deref(), Some(".a_b"));
        assert_eq!(step("current-context").as_deref(), Some("['current-context']"));
        assert_eq!((step("a'b"), step("a}b"), step("a\u{1b}b"), step("")), (None, None, None, None));
    }
}
