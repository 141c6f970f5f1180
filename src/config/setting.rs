//! What a setting is, for whoever explains them: the checker, the written file, the reference.

/// What stands in for a setting that is not given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fallback {
    /// This TOML value.
    Value(&'static str),
    /// Nothing; the TOML value is an example.
    Nothing(&'static str),
    /// It must be given; the TOML value is an example.
    Required(&'static str),
    /// It depends; in words, and an example as a TOML value.
    Depends(&'static str, &'static str),
}

/// One setting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SettingSpec {
    /// The table it stands in: empty for the top level, `cache`, `source.map`.
    pub table: &'static str,
    /// Its key in that table.
    pub key: &'static str,
    /// What it takes, in words.
    pub takes: &'static str,
    /// What stands in for it.
    pub fallback: Fallback,
    /// What it does; sentences.
    pub doc: &'static str,
    /// Kinds of source that have it; empty: all, or not a source's setting.
    pub kinds: &'static [&'static str],
}

impl SettingSpec {
    /// A setting with a default.
    pub(super) const fn given(table: &'static str, key: &'static str, takes: &'static str, value: &'static str, doc: &'static str) -> Self {
        Self { table, key, takes, fallback: Fallback::Value(value), doc, kinds: &[] }
    }

    /// A setting with another fallback.
    pub(super) const fn other(table: &'static str, key: &'static str, takes: &'static str, fallback: Fallback, doc: &'static str) -> Self {
        Self { table, key, takes, fallback, doc, kinds: &[] }
    }

    /// The same, for some kinds of source only.
    pub(super) const fn only(mut self, kinds: &'static [&'static str]) -> Self {
        self.kinds = kinds;
        self
    }

    /// Its dotted name, `cache.ttl`; a source's settings begin with `source.`.
    #[must_use]
    pub fn path(&self) -> String {
        if self.table.is_empty() { self.key.to_owned() } else { format!("{}.{}", self.table, self.key) }
    }
}
