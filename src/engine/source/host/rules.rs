//! The built-in rules for `host/**`: what the values are, how far two readings may be apart, how long they stay fresh.

use std::{sync::Arc, time::Duration};

use crate::fact::{KeyRule, Pattern, Tolerance, Value};

/// How long a reading counts as fresh: three rounds at the default interval.
const TTL: Duration = Duration::from_secs(15);

const TEXT: &str = r#"{"type":"string","minLength":1}"#;
const COUNT: &str = r#"{"type":"integer","minimum":0}"#;
const POSITIVE: &str = r#"{"type":"integer","minimum":1}"#;
const AMOUNT: &str = r#"{"type":"number","minimum":0}"#;
const PERCENT: &str = r#"{"type":"number","minimum":0,"maximum":100}"#;

const EXACT: Tolerance = Tolerance::Absolute(0.0);

/// Pattern, schema, unit, tolerance. The tolerances are what may happen between two readings a fraction of a millisecond apart.
const RULES: &[(&str, &str, &str, Tolerance)] = &[
    ("host/{name,os,kernel}", TEXT, "", EXACT),
    // Two readings of a counter of seconds can fall on either side of a full one; the start is computed from it on some systems.
    ("host/uptime", COUNT, "seconds", Tolerance::Absolute(2.0)),
    ("host/boot_time", COUNT, "", Tolerance::Absolute(2.0)),
    ("host/load/*", AMOUNT, "", Tolerance::Absolute(0.1)),
    ("host/cpu/count", POSITIVE, "", EXACT),
    // One clock tick of one processor in the shortest interval is four points.
    ("host/cpu/usage", PERCENT, "percent", Tolerance::Absolute(5.0)),
    ("host/memory/{total,swap_total}", COUNT, "bytes", EXACT),
    ("host/memory/*", COUNT, "bytes", Tolerance::Relative(0.02)),
    ("host/disk/*/total", COUNT, "bytes", EXACT),
    ("host/disk/*/available", COUNT, "bytes", Tolerance::Relative(0.02)),
    ("host/disk/*/used_percent", PERCENT, "percent", Tolerance::Absolute(0.5)),
    ("host/net/*/*", COUNT, "bytes", Tolerance::Absolute(1_048_576.0)),
    ("host/process/count", POSITIVE, "", Tolerance::Absolute(8.0)),
];

/// The rules, most particular first; the last one gives everything below `host/` its TTL. To be put behind the configured ones, so that
/// each of those comes first.
#[must_use]
pub fn host_rules() -> Vec<KeyRule> {
    let rules = RULES.iter().filter_map(|(pattern, schema, unit, tolerance)| {
        let mut rule = rule(pattern)?;
        rule.schema = Some(Arc::new(Value::parse(schema).ok()?));
        rule.unit = (*unit).to_owned();
        rule.compare.tolerance = *tolerance;
        Some(rule)
    });
    rules.chain(rule("host/**")).collect()
}

fn rule(pattern: &str) -> Option<KeyRule> {
    let mut rule = KeyRule::new(Pattern::new(pattern).ok()?);
    rule.ttl = Some(TTL);
    Some(rule)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fact::Key;

    #[test]
    fn every_rule_is_there_and_has_the_ttl() {
        let rules = host_rules();
        assert_eq!(rules.len(), RULES.len() + 1);
        assert!(rules.iter().all(|rule| rule.ttl == Some(TTL)));
        assert!(rules.iter().rev().skip(1).all(|rule| rule.schema.is_some()));
    }

    #[test]
    fn the_particular_rule_comes_before_the_general_one() {
        let unit = |key: &str| {
            let key = Key::new(key).unwrap();
            host_rules().into_iter().find(|rule| rule.pattern.matches(&key)).unwrap().unit
        };
        assert_eq!(unit("host/uptime"), "seconds");
        assert_eq!(unit("host/disk/%2F/used_percent"), "percent");
        assert_eq!(unit("host/disk/%2F/total"), "bytes");
        assert_eq!(unit("host/load/1m"), "");
        assert_eq!(unit("host/something/new"), "");
    }
}
