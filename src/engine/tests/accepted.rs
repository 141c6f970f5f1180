//! What a target accepted, beside answers that do not know of it.

use super::*;
use crate::{
    engine::store::StoreOp,
    fact::{Content, Observation, Timestamp},
};

fn said(value: i64, at: Timestamp) -> StoreOp {
    StoreOp::Put(Observation {
        key: key("door/state"),
        source: id("door"),
        content: Content::Value(Value::from(value)),
        observed_at: at,
        changed_at: at,
        fetched_at: at,
        revision: None,
        live: false,
        same_origin: None,
    })
}

#[tokio::test]
async fn an_answer_that_was_judged_before_its_source_accepted_a_change_does_not_cover_it() {
    let bench = Bench::new("memory");
    let engine = bench.start(vec![source("door", Role::Observed, &Scripted::default())]);
    let (handle, core) = (engine.handle(), Arc::clone(engine.core()));
    core.load().unwrap();
    let believed = || handle.get(&key("door/state")).unwrap().unwrap().value.clone().unwrap();
    let judged = core.now();
    core.adopt_fetched(vec![said(1, judged)], true);
    // Accepted in the same moment or later, while the answer is on its way to disk.
    for later in [0, 5] {
        let accepted = judged.plus(Duration::from_millis(later));
        core.adopt(vec![said(2, accepted)], false);
        core.adopt_fetched(vec![said(1, judged)], true);
        assert_eq!(believed(), Value::from(2_i64));
        // What it says when it is asked after that counts.
        core.adopt_fetched(vec![said(3, accepted.plus(Duration::from_millis(1)))], true);
        assert_eq!(believed(), Value::from(3_i64));
    }
    // Of two that were accepted in one moment the second counts.
    let once = judged.plus(Duration::from_secs(1));
    core.adopt(vec![said(4, once)], false);
    core.adopt(vec![said(5, once)], false);
    core.adopt_fetched(vec![said(4, once)], true);
    assert_eq!(believed(), Value::from(5_i64));
    engine.shutdown().await.unwrap();
}
