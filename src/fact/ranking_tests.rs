//! Those who stand for several forms are weighed once, and it comes to the same.

use proptest::prelude::*;

use super::*;
use crate::fact::{
    Observation, Tolerance,
    weigh::tests::{entries, learned, observed, readings},
};

proptest! {
    #[test]
    fn each_form_has_what_all_who_stand_for_it_are_together(
        keys in prop::collection::vec(prop::collection::vec(0_u8..3, 6), 0..12),
        said in prop::collection::vec((0_u8..12, prop::option::weighted(0.3, prop::sample::select(vec!["a", "b"]))), 1..16),
        within in 0_u8..6,
    ) {
        let likeness = learned(&keys);
        let compare = CompareRule { tolerance: Tolerance::Absolute(f64::from(within)), ..CompareRule::default() };
        let all: Vec<Observation> = said.iter().enumerate().map(|(at, (value, place))| observed(at, &value.to_string(), *place)).collect();
        let readings = readings(&all);
        let mut entries = entries(&readings, &likeness);
        entries.sort_unstable_by(Entry::by_score);
        let forms = number_forms(&mut entries);
        let field = Field::of(&entries, &forms, &compare, Some(&likeness));
        for form in 0..forms.len() {
            let standing = entries.iter().filter(|entry| same(&entries[forms[form]].normal, &entry.normal, &compare));
            let alone = Backing::of(&standing.collect::<Vec<_>>(), Some(&likeness));
            prop_assert_eq!((field.backing(form).strength, field.backing(form).opinions), (alone.strength, alone.opinions));
        }
    }
}
