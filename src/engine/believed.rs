//! How long what was believed of a key is answered again without being resolved anew.
//!
//! Invariants: what is answered again has the value, the marks and the state that resolving it now would give, and no freshness in it has
//! moved by more than [`TOLERANCE`]; of sources that agree and whose scores are nearer to each other than that, another may stand first. What
//! is asked for again is brought to its moment by [`Insight::at`]: ages and the score that is shown are exact.
//!
//! Whatever moves belief without time moving it - an answer, a failure, a decision, a change, a lock, trust - ends the epoch, or replaces what
//! the tier holds of the key; so only time is reckoned with here.

use std::{sync::Arc, time::Duration};

use crate::fact::{Insight, Key, Mark, ReasonCode, Timestamp};

use super::{
    cache::Hot,
    core::{Core, Standings},
};

/// By how much a freshness may have moved. A score moves by a third of that, `p_true` by no more than all of it.
const TOLERANCE: f64 = 0.001;
/// However slowly it ages, nothing is answered again for longer: in that time something may be asked for by a person who waits.
const LONGEST: Duration = Duration::from_secs(1);
/// Where values differ it may be time itself that decides between them: as good as at once.
const MOMENT: Duration = Duration::from_millis(20);
/// Where values differ `p_true` moves faster than a freshness does: with the formula of [`crate::fact::resolve`], and odds of a source of at most
/// 99, at most 26 times as fast.
const STEEPEST: u32 = 32;

impl Core {
    /// Another number whenever something moved: how sources stand, or the queue. Read before what is to be kept is resolved.
    pub(super) fn belief_epoch(&self) -> u64 {
        self.epoch.now().wrapping_add(self.desk.moves())
    }

    /// Resolves what is held of a key, and keeps beside it what came of that, as long as it holds.
    pub(super) fn resolve_to_keep(&self, key: &Key, hot: &Hot, epoch: u64, now: Timestamp) -> Option<Arc<Insight>> {
        let standings = self.standings(now);
        let insight = Arc::new(self.resolve(key, hot.slots(), &standings, now)?);
        // How long a change waits already is shown with it.
        if !insight.marks.contains(Mark::Pending) && !insight.marks.contains(Mark::Locked) {
            hot.believe(&insight, epoch, now, self.holds_until(key, hot, &insight, &standings, now));
        }
        Some(insight)
    }

    /// The first moment at which the insight, which was resolved at `now`, may not be answered again.
    fn holds_until(&self, key: &Key, hot: &Hot, insight: &Insight, standings: &Standings, now: Timestamp) -> Timestamp {
        let slots = hot.slots();
        let until = now.plus(self.slowly_enough(key, hot, insight));
        let turns = self.turns(slots, standings, now).into_iter();
        let sources = slots.iter().filter_map(|slot| self.position(&slot.observation.source));
        let moves = sources.filter_map(|at| standings.moves_at(at));
        turns.chain(moves).fold(until, Timestamp::min)
    }

    /// How long no freshness moves by more than is tolerated: `exp(-ln 2 * age / half_life)` moves by at most `ln 2 / half_life` in a second.
    fn slowly_enough(&self, key: &Key, hot: &Hot, insight: &Insight) -> Duration {
        let rule = self.rules.rule(key);
        let ttls =
            hot.slots().iter().filter_map(|slot| Some(self.ttl(rule, &self.sources[self.position(&slot.observation.source)?].config)));
        // The TTL is the half-life where nothing else is; what else there is, is the same for all who speak of the key.
        let half_lives = ttls.chain(insight.confidence.map(|confidence| confidence.basis.half_life));
        let shortest = half_lives.min().unwrap_or_default();
        let tolerated = shortest.mul_f64(TOLERANCE / std::f64::consts::LN_2);
        let by_time = insight.conflict.is_some()
            || insight.agreement.opposing > 0
            || insight.reason_codes.iter().any(|code| matches!(code, ReasonCode::ClockSkew | ReasonCode::OwnWriteNewer))
            || self.desk.state().last_written(key).is_some();
        if by_time { (tolerated / STEEPEST).min(MOMENT) } else { tolerated.min(LONGEST) }
    }
}
