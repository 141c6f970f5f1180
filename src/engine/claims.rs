//! Which keys a source may claim, and so which it could hold.

use crate::{
    config::{SourceConfig, SourceKind},
    fact::{Key, Pattern},
};

/// What one source may claim, from its configuration alone.
#[derive(Clone, Debug)]
pub struct Claims {
    host: bool,
    prefix: String,
    patterns: Vec<Pattern>,
    shapes: Vec<Pattern>,
}

impl Claims {
    /// Reads the claims out of a source's configuration.
    #[must_use]
    pub fn of(config: &SourceConfig) -> Self {
        let host = matches!(config.kind, SourceKind::Host);
        let prefix = if config.prefix.is_empty() { String::new() } else { format!("{}/", config.prefix) };
        let templates = match &config.kind {
            SourceKind::Prometheus(prometheus) => prometheus.queries.iter().map(|query| query.key.as_str()).collect(),
            _ => config.maps.iter().map(|map| map.key.as_str()).collect::<Vec<_>>(),
        };
        // A template that cannot be read as a pattern leaves the claim wide, which only makes an answer more careful.
        let pattern_of = |template: &&str| Pattern::new(&format!("{prefix}{}", shape(template)?)).ok();
        let shapes: Option<Vec<_>> = templates.iter().map(pattern_of).collect();
        Self { host, prefix, patterns: config.keys.clone(), shapes: shapes.unwrap_or_default() }
    }

    /// Whether the source could hold the key.
    #[must_use]
    pub fn could_hold(&self, key: &Key) -> bool {
        self.may_claim(key)
            && key.as_str().starts_with(&self.prefix)
            && (self.shapes.is_empty() || self.shapes.iter().any(|shape| shape.matches(key)))
    }

    /// Whether some key of the pattern could be held.
    #[must_use]
    pub fn could_hold_any(&self, pattern: &Pattern) -> bool {
        let own = |text: &str| Pattern::new(text).is_ok_and(|own| own.could_overlap(pattern));
        if self.host {
            return own("host/**");
        }
        let within_prefix = self.prefix.is_empty() || own(&format!("{}**", self.prefix));
        let claimed = self.patterns.is_empty() || self.patterns.iter().any(|claim| claim.could_overlap(pattern));
        let shaped = self.shapes.is_empty() || self.shapes.iter().any(|shape| shape.could_overlap(pattern));
        within_prefix && claimed && shaped
    }

    fn may_claim(&self, key: &Key) -> bool {
        let of_host = key.segments().next() == Some("host");
        if self.patterns.is_empty() { of_host == self.host } else { self.patterns.iter().any(|pattern| pattern.matches(key)) }
    }
}

/// A key template with every placeholder as `*`: `service/{$.name}/replicas` becomes `service/*/replicas`. None when its braces do not close.
fn shape(template: &str) -> Option<String> {
    let mut shape = String::with_capacity(template.len());
    let mut depth = 0_u32;
    for char in template.chars() {
        match char {
            '{' => {
                if depth == 0 {
                    shape.push('*');
                }
                depth += 1;
            }
            '}' => depth = depth.saturating_sub(1),
            _ if depth == 0 => shape.push(char),
            _ => {}
        }
    }
    (depth == 0).then_some(shape)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{FileSource, MapConfig, SourceConfig};
    use crate::fact::{Role, SourceId};
    use std::time::Duration;

    fn config(prefix: &str, keys: &[&str], maps: &[&str]) -> SourceConfig {
        let map = |key: &&str| MapConfig { items: None, key: (*key).to_owned(), value: None, at: None, changed: None };
        SourceConfig {
            name: SourceId::new("git").unwrap(),
            kind: SourceKind::File(FileSource { path: "/facts".into(), depth: 0 }),
            role: Role::Observed,
            trust: 0.7,
            authority: false,
            enabled: true,
            writable: false,
            prefix: prefix.to_owned(),
            keys: keys.iter().map(|key| Pattern::new(key).unwrap()).collect(),
            interval: None,
            timeout: Duration::from_secs(5),
            ttl: None,
            apdex_target: Duration::from_millis(200),
            maps: maps.iter().map(map).collect(),
            reads: Vec::new(),
            writes: Vec::new(),
        }
    }

    #[test]
    fn what_could_be_held() {
        type Row<'a> = (&'a str, &'a [&'a str], &'a [&'a str], &'a str, bool);
        let rows: &[Row<'_>] = &[
            ("", &[], &[], "service/a", true),
            ("", &[], &[], "host/name", false),
            ("", &["host/**"], &[], "host/name", true),
            ("", &["service/**"], &[], "disk/a", false),
            ("eu", &[], &[], "eu/service/a", true),
            ("eu", &[], &[], "us/service/a", false),
            ("", &[], &["service/{$.name}/replicas"], "service/a/replicas", true),
            ("", &[], &["service/{$.name}/replicas"], "service/a/image", false),
            ("eu", &[], &["service/{$['a{b']}/replicas"], "eu/service/a/replicas", true),
        ];
        for (prefix, keys, maps, key, expected) in rows {
            let claims = Claims::of(&config(prefix, keys, maps));
            assert_eq!(claims.could_hold(&Key::new(key).unwrap()), *expected, "{prefix:?} {keys:?} {maps:?} {key}");
        }
    }

    #[test]
    fn a_pattern_asks_whoever_could_hold_one_of_its_keys() {
        let claims = Claims::of(&config("", &["service/**"], &["service/{$.name}/replicas"]));
        for (pattern, expected) in [("service/*/replicas", true), ("**", true), ("host/**", false), ("service/*/image", false)] {
            assert_eq!(claims.could_hold_any(&Pattern::new(pattern).unwrap()), expected, "{pattern}");
        }
    }
}
