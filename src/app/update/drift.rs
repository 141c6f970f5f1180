//! How many facts differ from what is wanted: counted where something moved, not over all of them.

use crate::{
    engine::FactMap,
    fact::{Insight, Mark},
};

/// The count after facts moved, from the one before.
pub(super) fn count(before: &FactMap, now: &FactMap, counted: usize) -> usize {
    let (changed, gone) = now.since(before);
    let drifts = |insight: &Insight| usize::from(insight.marks.contains(Mark::Drift));
    let had = |key| before.find(key).map_or(0, |insight| drifts(insight));
    let came: usize = changed.iter().map(|insight| drifts(insight)).sum();
    let went: usize = changed.iter().map(|insight| had(&insight.key)).sum::<usize>() + gone.iter().map(had).sum::<usize>();
    (counted + came).saturating_sub(went)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::app::fixture::{contested, facts};

    #[test]
    fn the_count_is_that_of_all_of_them_however_they_came() {
        let all = |map: &FactMap| map.iter().filter(|insight| insight.marks.contains(Mark::Drift)).count();
        let mut map = FactMap::default();
        let mut counted = 0;
        let mut step = |map: &mut FactMap, change: &dyn Fn(&mut FactMap)| {
            let before = map.clone();
            change(map);
            counted = count(&before, map, counted);
            assert_eq!(counted, all(map));
            counted
        };
        assert_eq!(step(&mut map, &|map| *map = facts().into()), 1);
        let settled = |map: &mut FactMap| {
            let mut insight = contested();
            insight.marks.remove(Mark::Drift);
            map.put(Arc::new(insight));
        };
        assert_eq!(step(&mut map, &settled), 0);
        assert_eq!(step(&mut map, &|map| drop(map.put(Arc::new(contested())))), 1);
        assert_eq!(step(&mut map, &|_| {}), 1);
        assert_eq!(step(&mut map, &|map| drop(map.remove(&contested().key))), 0);
        assert_eq!(step(&mut map, &|map| *map = FactMap::default()), 0);
    }
}
