//! Fuzzy matching of what is typed against names.

use std::ops::Range;

use nucleo_matcher::{
    Config, Matcher, Utf32Str,
    pattern::{CaseMatching, Normalization, Pattern},
};
use unicode_segmentation::UnicodeSegmentation;

/// A query, ready to be matched. Words are matched each by itself; `^`, `$`, `'` and `!` mean begin, end, exactly and not.
#[derive(Debug)]
pub struct Fuzzy {
    pattern: Pattern,
    matcher: Matcher,
    buffer: Vec<char>,
}

impl Fuzzy {
    /// A query; none when there is nothing in it.
    #[must_use]
    pub fn new(query: &str) -> Option<Self> {
        let pattern = Pattern::parse(query, CaseMatching::Smart, Normalization::Smart);
        let matcher = || Matcher::new(Config::DEFAULT.match_paths());
        (!pattern.atoms.is_empty()).then(|| Self { pattern, matcher: matcher(), buffer: Vec::new() })
    }

    /// How well a name fits; none when it does not.
    pub fn score(&mut self, name: &str) -> Option<u32> {
        self.pattern.score(Utf32Str::new(name, &mut self.buffer), &mut self.matcher)
    }

    /// The byte ranges of a name that fit, in order.
    pub fn ranges(&mut self, name: &str) -> Vec<Range<usize>> {
        let mut indices = Vec::new();
        self.pattern.indices(Utf32Str::new(name, &mut self.buffer), &mut self.matcher, &mut indices);
        indices.sort_unstable();
        indices.dedup();
        let mut clusters = name.grapheme_indices(true).enumerate();
        let mut ranges: Vec<Range<usize>> = Vec::new();
        for index in indices {
            let Some((_, (at, cluster))) = clusters.find(|(place, _)| u32::try_from(*place) == Ok(index)) else { break };
            match ranges.last_mut().filter(|last| last.end == at) {
                Some(last) => last.end = at + cluster.len(),
                None => ranges.push(at..at + cluster.len()),
            }
        }
        ranges
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_fits_is_marked_by_bytes() {
        let mut query = Fuzzy::new("chkrep").unwrap();
        let name = "service/checkout/replicas";
        assert!(query.score(name).is_some());
        let marked: String = query.ranges(name).into_iter().map(|range| &name[range]).collect();
        assert_eq!(marked, "chkrep");
        assert_eq!(query.score("host/load/1m"), None);
    }

    #[test]
    fn other_scripts_are_marked_by_whole_characters() {
        let mut query = Fuzzy::new("注文").unwrap();
        let name = "サービス/注文/複製数";
        let marked: String = query.ranges(name).into_iter().map(|range| &name[range]).collect();
        assert_eq!(marked, "注文");
    }

    #[test]
    fn nothing_typed_is_no_query() {
        assert!(Fuzzy::new("").is_none());
        assert!(Fuzzy::new("   ").is_none());
    }
}
