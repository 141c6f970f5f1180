//! Two changes of one value made into one, member by member.
//!
//! Objects are merged by their members, everything else as a whole: what only one side changed is that side's, what both changed alike is
//! taken once, and what they changed differently is a clash that nobody here decides. A deletion against an edit is a clash. Differences
//! that the compare rule does not see count as no change where both sides made one. Nothing is lost without a word: a value comes out
//! only when there is no clash at all.

use serde_json::{Map, Value as Tree};

use super::{
    normal::{Normal, same},
    rule::CompareRule,
    value::Value,
};

/// Merges what two sides made of a base.
///
/// # Errors
/// JSON pointers to the places both sides changed differently; the empty one is the whole value.
pub fn merge_values(base: &Value, mine: &Value, theirs: &Value, rule: &CompareRule) -> Result<Value, Vec<String>> {
    // Exactly equal texts need no tree, and come out with their own spelling.
    if mine == theirs || base == mine {
        return Ok(theirs.clone());
    }
    if base == theirs {
        return Ok(mine.clone());
    }
    let [base, mine, theirs] = [base, mine, theirs].map(Value::to_json);
    let mut merge = Merge { rule, clashes: Vec::new() };
    match merge.node("", Some(&base), Some(&mine), Some(&theirs)) {
        Some(merged) if merge.clashes.is_empty() => Ok(Value::from_json(&merged)),
        _ => Err(merge.clashes),
    }
}

struct Merge<'a> {
    rule: &'a CompareRule,
    clashes: Vec<String>,
}

impl Merge<'_> {
    fn node(&mut self, at: &str, base: Option<&Tree>, mine: Option<&Tree>, theirs: Option<&Tree>) -> Option<Tree> {
        if mine == theirs || base == mine {
            return theirs.cloned();
        }
        if base == theirs {
            return mine.cloned();
        }
        match (base, mine, theirs) {
            (Some(Tree::Object(base)), Some(Tree::Object(mine)), Some(Tree::Object(theirs))) => self.members(at, base, mine, theirs),
            (None, Some(Tree::Object(mine)), Some(Tree::Object(theirs))) => self.members(at, &Map::new(), mine, theirs),
            _ => self.whole(at, base, mine, theirs),
        }
    }

    /// Members in the order they have at the target, then those that only we have.
    fn members(&mut self, at: &str, base: &Map<String, Tree>, mine: &Map<String, Tree>, theirs: &Map<String, Tree>) -> Option<Tree> {
        let mut merged = Map::new();
        let names = theirs.keys().chain(mine.keys().filter(|name| !theirs.contains_key(*name)));
        for name in names {
            let inner = format!("{at}/{}", name.replace('~', "~0").replace('/', "~1"));
            if let Some(member) = self.node(&inner, base.get(name), mine.get(name), theirs.get(name)) {
                merged.insert(name.clone(), member);
            }
        }
        Some(Tree::Object(merged))
    }

    /// Both sides changed it. What the rule does not see is no change; ours was made by a person, so theirs is held against it first.
    fn whole(&mut self, at: &str, base: Option<&Tree>, mine: Option<&Tree>, theirs: Option<&Tree>) -> Option<Tree> {
        let rule = self.rule_at(at);
        let alike = |one: Option<&Tree>, other: Option<&Tree>| match (one, other, &rule) {
            (None, None, _) => true,
            // All of this place is left out of comparison, but being there and not being there still differ.
            (Some(_), Some(_), None) => true,
            (Some(one), Some(other), Some(rule)) => {
                let [one, other] = [one, other].map(|tree| Normal::of(&Value::from_json(tree), rule));
                same(&one, &other, rule)
            }
            _ => false,
        };
        if alike(base, theirs) {
            return mine.cloned();
        }
        if !alike(base, mine) && !alike(mine, theirs) {
            self.clashes.push(at.to_owned());
        }
        theirs.cloned()
    }

    /// The rule for the value at this place, its pointers beginning there; none where the place itself is ignored.
    fn rule_at(&self, at: &str) -> Option<CompareRule> {
        let is_below = |inner: &str, outer: &str| inner.strip_prefix(outer).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
        if self.rule.ignore.iter().any(|ignored| is_below(at, ignored)) {
            return None;
        }
        let ignore = self.rule.ignore.iter().filter(|ignored| is_below(ignored, at)).filter_map(|ignored| ignored.get(at.len()..));
        Some(CompareRule { ignore: ignore.map(str::to_owned).collect(), ..self.rule.clone() })
    }
}

#[cfg(test)]
mod tests;
