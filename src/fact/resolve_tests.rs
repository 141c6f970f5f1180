//! Tables for every rule of the resolver, and that order never matters.

use proptest::prelude::*;

use super::*;
use crate::fact::{Observation, Pattern, SourceId, Tolerance, Validity};

const NOW: i64 = 1_800_000_000_000;
const TTL: Duration = Duration::from_mins(15);

fn now() -> Timestamp {
    Timestamp::from_millis(NOW)
}

fn id(name: &str) -> SourceId {
    SourceId::new(name).unwrap()
}

fn key() -> Key {
    Key::new("service/shop/replicas").unwrap()
}

/// An observation of this age; `!` before the JSON makes it absent with that last value, `!` alone without one.
fn seen(source: &str, json: &str, age_s: i64) -> Observation {
    let content = match json.strip_prefix('!') {
        None => Content::Value(Value::parse(json).unwrap()),
        Some("") => Content::Absent(None),
        Some(last) => Content::Absent(Some(Value::parse(last).unwrap())),
    };
    let at = Timestamp::from_millis(NOW - age_s * 1000);
    Observation {
        key: key(),
        source: id(source),
        content,
        observed_at: at,
        changed_at: at,
        fetched_at: at,
        revision: None,
        live: false,
        same_origin: None,
    }
}

fn reading(observation: &Observation, trust: f64) -> Reading<'_> {
    Reading { validity: Validity::Valid, state: SourceState::Reachable, ..Reading::new(observation, trust, TTL) }
}

fn rule(change: impl FnOnce(&mut KeyRule)) -> KeyRule {
    let mut rule = KeyRule::new(Pattern::new("**").unwrap());
    change(&mut rule);
    rule
}

fn resolved(rule: Option<&KeyRule>, readings: &[Reading<'_>]) -> Insight {
    resolve(&key(), rule, readings, &ResolveSettings::default(), now()).unwrap()
}

fn text(value: Option<&Value>) -> &str {
    value.map_or("-", Value::as_json_text)
}

fn names(insight: &Insight) -> Vec<&str> {
    insight.sources.iter().map(|view| view.source.as_str()).collect()
}

#[test]
fn nothing_counts() {
    let one = seen("a", "1", 0);
    let foreign = Reading { claims: false, ..reading(&one, 0.9) };
    assert_eq!(resolve(&key(), None, &[], &ResolveSettings::default(), now()), None);
    assert_eq!(resolve(&key(), None, &[foreign], &ResolveSettings::default(), now()), None);
}

#[test]
fn one_source() {
    let one = seen("a", "5", 9);
    let insight = resolved(None, &[reading(&one, 0.7)]);
    assert_eq!((text(insight.value.as_ref()), insight.state, insight.age), ("5", FactState::Fresh, Duration::from_secs(9)));
    assert_eq!(insight.reason_codes, [ReasonCode::SingleSource]);
    assert_eq!(insight.agreement, Agreement { supporting: 1, opposing: 0 });
    assert!(insight.conflict.is_none() && insight.marks.is_empty() && insight.wanted.is_none());
    let sum: f64 = insight.confidence.unwrap().factors().iter().map(|factor| factor.contribution).sum();
    assert!((insight.confidence.unwrap().score - sum).abs() < 1e-12);
    assert!((insight.p_true - 0.7 * (0.5 + 0.5 * 0.5_f64.powf(9.0 / 900.0))).abs() < 1e-9, "one source: as likely as its own odds");
}

#[test]
fn states() {
    let failing = SourceState::Failing { since: now() };
    let (young, old) = (seen("a", "1", 10), seen("a", "1", 901));
    let state = |reading: Reading<'_>| {
        let insight = resolved(None, &[reading]);
        (insight.state, insight.reason_codes.first().copied())
    };
    assert_eq!(state(reading(&young, 0.7)).0, FactState::Fresh);
    assert_eq!(state(reading(&old, 0.7)), (FactState::Stale, Some(ReasonCode::PastTtl)));
    assert_eq!(state(Reading { state: failing, ..reading(&young, 0.7) }), (FactState::Offline, Some(ReasonCode::SourceUnreachable)));
    let gone = seen("a", "!7", 10);
    let insight = resolved(None, &[reading(&gone, 0.7)]);
    assert_eq!((insight.state, text(insight.value.as_ref())), (FactState::Gone, "7"));
    assert_eq!(insight.reason_codes, [ReasonCode::AbsentEverywhere]);
    assert!(insight.sources[0].wins && insight.sources[0].score.is_none());
    let never = seen("a", "!", 10);
    let insight = resolved(None, &[reading(&never, 0.7)]);
    assert_eq!((insight.state, insight.value, insight.confidence), (FactState::Gone, None, None));
    // A watch that holds does not tick; one whose source fails does.
    let watched = Observation { live: true, ..seen("a", "1", 9_000) };
    assert_eq!(state(reading(&watched, 0.7)).0, FactState::Fresh);
    let broken = resolved(None, &[Reading { state: failing, ..reading(&watched, 0.7) }]);
    assert_eq!((broken.state, broken.age), (FactState::Offline, Duration::from_secs(9_000)));
}

#[test]
fn the_best_score_wins_and_a_clear_lead_decides() {
    let (fresh, old) = (seen("wiki", "3", 0), seen("cluster", "5", 3_600));
    let insight = resolved(None, &[reading(&old, 0.4), reading(&fresh, 0.9)]);
    assert_eq!(text(insight.value.as_ref()), "3");
    let conflict = insight.conflict.as_ref().unwrap();
    assert_eq!((conflict.resolution, &*conflict.reason_codes), (ResolutionState::AutoResolved, &[ReasonCode::ClearMargin][..]));
    assert!(!insight.marks.contains(Mark::Conflict), "decided by rule");
    assert_eq!(conflict.candidates.iter().map(|candidate| text(Some(&candidate.value))).collect::<Vec<_>>(), ["3", "5"]);
    assert!(conflict.margin >= 0.15 && conflict.winner == id("wiki"));
    assert_eq!(insight.agreement, Agreement { supporting: 1, opposing: 1 });
    assert_eq!(names(&insight), ["wiki", "cluster"]);
    assert!(insight.p_true < 0.9);
}

#[test]
fn a_narrow_lead_or_a_weak_winner_is_a_question() {
    let (one, other) = (seen("a", "3", 0), seen("b", "5", 0));
    let insight = resolved(None, &[reading(&one, 0.9), reading(&other, 0.8)]);
    assert!(insight.marks.contains(Mark::Conflict));
    assert_eq!(insight.conflict.unwrap().reason_codes, [ReasonCode::NarrowMargin]);
    let (old, older) = (seen("a", "3", 1_000), seen("b", "5", 9_000));
    let weak = resolved(None, &[reading(&old, 0.5), reading(&older, 0.1)]);
    assert_eq!(weak.conflict.unwrap().reason_codes, [ReasonCode::WinnerNotHigh]);
}

#[test]
fn values_as_good_as_each_other() {
    let newer = |name: &str, json: &str, changed_s: i64| Observation {
        changed_at: Timestamp::from_millis(NOW - changed_s * 1000),
        ..seen(name, json, 0)
    };
    let (a, b, c) = (newer("a", "1", 50), newer("b", "2", 50), newer("c", "2", 50));
    let insight = resolved(None, &[reading(&a, 0.72), reading(&b, 0.70), reading(&c, 0.1)]);
    assert_eq!((text(insight.value.as_ref()), insight.reason_codes[1]), ("2", ReasonCode::MoreSources));
    let insight = resolved(None, &[reading(&a, 0.70), reading(&b, 0.72)]);
    assert_eq!((text(insight.value.as_ref()), insight.reason_codes[1]), ("2", ReasonCode::MoreTrusted));
    let d = newer("d", "4", 10);
    let insight = resolved(None, &[reading(&a, 0.7), reading(&d, 0.7)]);
    assert_eq!((text(insight.value.as_ref()), insight.reason_codes[1]), ("4", ReasonCode::NewerChange));
    let high = newer("a", "9", 50);
    let insight = resolved(None, &[reading(&b, 0.7), reading(&high, 0.7)]);
    assert_eq!((text(insight.value.as_ref()), insight.reason_codes[1]), ("9", ReasonCode::FirstByName));
    // Beyond a hundredth the strength alone decides, and a source that is hardly trusted adds next to nothing.
    let insight = resolved(None, &[reading(&a, 0.76), reading(&b, 0.70), reading(&c, 0.1)]);
    assert_eq!(text(insight.value.as_ref()), "1");
}

#[test]
fn what_several_stand_for_outweighs_a_slightly_better_score() {
    let (a, b, c) = (seen("a", "1", 0), seen("b", "2", 0), seen("c", "2", 0));
    // Two equal sources have the strength of one with a score 0.05 better, which is trust better by a sixth.
    let insight = resolved(None, &[reading(&a, 0.76), reading(&b, 0.70), reading(&c, 0.70)]);
    assert_eq!((text(insight.value.as_ref()), insight.reason_codes[1]), ("2", ReasonCode::Together));
    let conflict = insight.conflict.unwrap();
    assert!((conflict.margin - (0.05 - 0.018)).abs() < 2e-4, "{}", conflict.margin);
    assert_eq!((&conflict.winner, conflict.candidates[0].score < conflict.candidates[1].score), (&id("b"), true));
    let insight = resolved(None, &[reading(&a, 0.95), reading(&b, 0.70), reading(&c, 0.70)]);
    assert_eq!((text(insight.value.as_ref()), insight.reason_codes.contains(&ReasonCode::Together)), ("1", false));
    // Between single sources the margin is the difference of their scores.
    let insight = resolved(None, &[reading(&a, 0.8), reading(&b, 0.7)]);
    assert!((insight.conflict.unwrap().margin - 0.03).abs() < 1e-9);
}

#[test]
fn numbers_alone_decide_no_question() {
    let many: Vec<_> = (0..20).map(|at| seen(&format!("s{at:02}"), "2", 0)).collect();
    let one = seen("a", "1", 0);
    let mut readings: Vec<_> = many.iter().map(|observation| reading(observation, 0.7)).collect();
    readings.push(reading(&one, 0.7));
    let insight = resolved(None, &readings);
    let conflict = insight.conflict.unwrap();
    assert!(text(insight.value.as_ref()) == "2" && conflict.margin > 0.2);
    assert_eq!((conflict.resolution, &*conflict.reason_codes), (ResolutionState::Pending, &[ReasonCode::NarrowMargin][..]));
}

#[test]
fn those_alike_are_not_as_many_opinions() {
    let normal = |observation: &Observation| Normal::of(observation.value().unwrap(), &CompareRule::default());
    let made =
        |text: &str| -> Vec<Observation> { text.split(' ').enumerate().map(|(at, json)| seen(&format!("s{at}"), json, 0)).collect() };
    // s0 to s3 copy each other; s4 to s6 do not.
    let mut counts = crate::fact::LikenessCounts::default();
    for key in ["1 1 1 1 2 3 4", "4 4 4 4 5 4 6", "6 6 6 6 7 7 6", "8 8 8 8 8 9 0", "2 2 2 2 0 1 1"].repeat(20) {
        let all = made(key);
        let normals: Vec<_> = all.iter().map(|observation| (observation.source.clone(), normal(observation))).collect();
        counts.add(&normals.iter().map(|(source, normal)| (source, normal)).collect::<Vec<_>>(), &CompareRule::default());
    }
    let learned = ResolveSettings { likeness: Some(std::sync::Arc::new(counts.likeness())), ..ResolveSettings::default() };
    let all = made("5 5 5 5 6 6 6");
    let readings: Vec<_> = all.iter().map(|observation| reading(observation, 0.7)).collect();
    let blind = resolved(None, &readings);
    let insight = resolve(&key(), None, &readings, &learned, now()).unwrap();
    assert_eq!((text(blind.value.as_ref()), text(insight.value.as_ref())), ("5", "6"), "four copies are less than three opinions");
    let p_of = |json: &str, settings: &ResolveSettings| {
        let all = made(json);
        resolve(&key(), None, &all.iter().map(|observation| reading(observation, 0.7)).collect::<Vec<_>>(), settings, now()).unwrap().p_true
    };
    assert!(p_of("5 5 5", &learned) < p_of("5 5 5", &ResolveSettings::default()));
    assert!((p_of("5", &learned) - 0.7).abs() < 1e-9, "alone it is as likely as its own odds");
}

#[test]
fn copies_together_have_the_say_of_the_cube_root_of_their_number_and_are_evidence_by_the_square_root() {
    let made =
        |values: &[&str]| -> Vec<Observation> { values.iter().enumerate().map(|(at, json)| seen(&format!("s{at}"), json, 0)).collect() };
    // s0 to s7 always say one thing, which nobody else says; s8 says another.
    let mut counts = crate::fact::LikenessCounts::default();
    let normal = |json: &str| Normal::of(&Value::parse(json).unwrap(), &CompareRule::default());
    let said: Vec<(SourceId, Normal)> =
        (0..9).map(|at| (SourceId::new(&format!("s{at}")).unwrap(), normal(if at < 8 { "1" } else { "2" }))).collect();
    for _ in 0..400 {
        counts.add(&said.iter().map(|(source, normal)| (source, normal)).collect::<Vec<_>>(), &CompareRule::default());
    }
    let likeness = counts.likeness();
    let place = |name: &str| likeness.place(&SourceId::new(name).unwrap());
    let like = likeness.between(place("s0"), place("s1"));
    assert!(like > 0.9, "{like}");
    let learned = ResolveSettings { likeness: Some(std::sync::Arc::new(likeness.clone())), ..ResolveSettings::default() };
    let of = |copies: usize, settings: &ResolveSettings| {
        let mut all = made(&["5"].repeat(copies));
        all.push(seen("s8", "6", 0));
        let readings: Vec<_> = all.iter().map(|observation| reading(observation, 0.5)).collect();
        let insight = resolve(&key(), None, &readings, settings, now()).unwrap();
        (insight.conflict.unwrap().margin, insight.p_true)
    };
    let mut before = 0.0;
    for copies in 2..=8_u32 {
        let (count, at) = (f64::from(copies), copies as usize);
        let company = 1.0 + (count - 1.0) * like;
        let expected = 0.05 * (count * company.powf(-2.0 / 3.0)).log2();
        let ((known, p_true), (blind, _)) = (of(at, &learned), of(at, &ResolveSettings::default()));
        assert!((known - expected).abs() < 2e-4, "{copies} copies lead by {known}, not {expected}");
        // One copy more is never less, and never as much as one more that is none.
        assert!(known >= before && known < blind, "{copies}: {before} {known} {blind}");
        before = known;
        // Each is right with odds of one to one; as opinions those alike are as many as the square root.
        let opinions = count / company.sqrt();
        let right = 1.0 / (1.0 + opinions.powi(-2) + opinions.powi(-3));
        assert!((p_true - right).abs() < 1e-6, "{copies} copies are right with {p_true}, not {right}");
    }
}

#[test]
fn p_true_by_hand() {
    let p = |values: &[(&str, f64)]| {
        let all: Vec<_> = values.iter().enumerate().map(|(at, (json, _))| seen(&format!("s{at}"), json, 0)).collect();
        resolved(None, &all.iter().zip(values).map(|(observation, (_, trust))| reading(observation, *trust)).collect::<Vec<_>>()).p_true
    };
    for (values, expected) in [
        (&[("1", 0.5)][..], 0.5),
        // Two of odds 1: T = 2, n = 2.
        (&[("1", 0.5), ("1", 0.5)], 1.0 / (1.0 + 1.0 / 8.0)),
        // One against one: as likely as the other, or as none.
        (&[("1", 0.5), ("2", 0.5)], 1.0 / 3.0),
        // Odds 4 against 1 and 1.
        (&[("1", 0.8), ("2", 0.5), ("3", 0.5)], 1.0 / (1.0 + 2.0 / 16.0 + 1.0 / 4.0)),
        (&[("1", 0.0)], 0.0),
    ] {
        assert!((p(values) - expected).abs() < 1e-9, "{values:?}: {}", p(values));
    }
    assert!(p(&[("1", f64::NAN)]) == 0.0);
}

#[test]
fn what_breaks_the_schema_makes_nothing_else_less_likely() {
    let all = [seen("a", "4", 0), seen("b", "3", 0), seen("c", "3", 0), seen("d", "5", 0)];
    let [fits, other, third, fourth] = [0, 1, 2, 3].map(|at| reading(&all[at], 0.5));
    fn broken<'a>(reading: &Reading<'a>) -> Reading<'a> {
        Reading { validity: Validity::Invalid, ..*reading }
    }
    let insight = resolved(None, &[fits, broken(&other), broken(&third)]);
    assert_eq!(text(insight.value.as_ref()), "4");
    assert!((insight.p_true - 0.5).abs() < 1e-9, "as likely as its source alone: {}", insight.p_true);
    let rivalled = resolved(None, &[fits, broken(&other), fourth]).p_true;
    assert!((rivalled - 1.0 / 3.0).abs() < 1e-9, "one that fits stands against it: {rivalled}");
    // Where none fits, the schema says nothing for any of them.
    let none = resolved(None, &[broken(&fits), broken(&other)]).p_true;
    assert!((none - 1.0 / 3.0).abs() < 1e-9, "{none}");
}

#[test]
fn policies() {
    let (best, other) = (seen("a", "3", 0), Observation { changed_at: now(), ..seen("b", "5", 600) });
    let best = Observation { changed_at: Timestamp::from_millis(NOW - 9_000), ..best };
    let readings = [reading(&best, 0.95), reading(&other, 0.2)];
    let case = |policy: Policy| {
        let insight = resolved(Some(&rule(|rule| rule.policy = policy)), &readings);
        let conflict = insight.conflict.unwrap();
        (text(insight.value.as_ref()).to_owned(), conflict.resolution, conflict.reason_codes[0])
    };
    assert_eq!(case(Policy::Auto), ("3".into(), ResolutionState::AutoResolved, ReasonCode::ClearMargin));
    assert_eq!(case(Policy::Ask), ("3".into(), ResolutionState::Pending, ReasonCode::PolicyAsk));
    assert_eq!(case(Policy::Merge), ("3".into(), ResolutionState::Pending, ReasonCode::PolicyMerge));
    assert_eq!(case(Policy::Newest), ("5".into(), ResolutionState::AutoResolved, ReasonCode::PolicyNewest));
    assert_eq!(case(Policy::Prefer(id("b"))), ("5".into(), ResolutionState::AutoResolved, ReasonCode::PolicyPrefer));
    assert_eq!(case(Policy::Prefer(id("z"))), ("3".into(), ResolutionState::AutoResolved, ReasonCode::ClearMargin));
    let lost = seen("b", "!5", 0);
    let prefer = rule(|rule| rule.policy = Policy::Prefer(id("b")));
    let insight = resolved(Some(&prefer), &[reading(&best, 0.95), reading(&lost, 0.2)]);
    assert_eq!((text(insight.value.as_ref()), insight.conflict), ("3", None), "an absent value is not preferred");
}

#[test]
fn a_clock_that_runs_ahead_gains_nothing() {
    let ahead = seen("a", "3", -3_600);
    let honest = seen("b", "5", 0);
    let newest = rule(|rule| rule.policy = Policy::Newest);
    let insight = resolved(Some(&newest), &[reading(&ahead, 0.3), reading(&honest, 0.9)]);
    assert_eq!(text(insight.value.as_ref()), "5");
    assert!(insight.reason_codes.contains(&ReasonCode::ClockSkew));
    let alone = resolved(None, &[reading(&ahead, 0.3)]);
    assert!((alone.confidence.unwrap().factors()[0].value - 1.0).abs() < 1e-12);
    assert_eq!(alone.age, Duration::ZERO);
    let slightly = Observation { observed_at: now().plus(CLOCK_SLACK), ..seen("a", "3", 0) };
    assert!(!resolved(None, &[reading(&slightly, 0.3)]).reason_codes.contains(&ReasonCode::ClockSkew));
}

#[test]
fn declared_sources_never_compete() {
    let (observed, wants_other, wants_same) = (seen("cluster", "3", 0), seen("git", "5", 90_000), seen("plan", "3.0", 0));
    let declared = |observation| Reading { role: Role::Declared, ..reading(observation, 1.0) };
    let drift = resolved(None, &[declared(&wants_other), reading(&observed, 0.2)]);
    assert_eq!((text(drift.value.as_ref()), text(drift.wanted.as_ref())), ("3", "5"));
    assert!(drift.marks.contains(Mark::Drift) && drift.conflict.is_none() && drift.reason_codes[0] == ReasonCode::DeclaredDiffers);
    assert_eq!(drift.agreement, Agreement { supporting: 1, opposing: 0 });
    let fine = resolved(None, &[declared(&wants_same), reading(&observed, 0.2)]);
    assert!(fine.marks.is_empty() && fine.wanted.is_none() && fine.sources[1].agrees);
    let only = resolved(None, &[declared(&wants_other)]);
    assert_eq!((only.value, text(only.wanted.as_ref()), only.state), (None, "5", FactState::Fresh));
    assert_eq!(only.reason_codes, [ReasonCode::DeclaredOnly]);
    assert!(only.marks.is_empty() && only.confidence.is_none() && only.p_true == 0.0);
    let lost = seen("cluster", "!5", 0);
    let gone = resolved(None, &[declared(&wants_other), reading(&lost, 0.2)]);
    assert_eq!((gone.state, text(gone.value.as_ref()), text(gone.wanted.as_ref())), (FactState::Gone, "5", "5"));
    assert!(gone.marks.contains(Mark::Drift));
}

#[test]
fn absent_in_one_source() {
    let (has, lost) = (seen("a", "1", 0), seen("b", "!2", 0));
    let insight = resolved(None, &[reading(&lost, 0.9), reading(&has, 0.2)]);
    assert_eq!((text(insight.value.as_ref()), insight.state, insight.conflict), ("1", FactState::Fresh, None));
    assert_eq!(insight.reason_codes, [ReasonCode::AbsentSomewhere, ReasonCode::SingleSource]);
    let names: Vec<_> = insight.sources.iter().map(|view| view.source.as_str()).collect();
    assert_eq!(names, ["a", "b"]);
}

#[test]
fn readings_of_one_place_are_one_opinion() {
    let from = |name: &str, json: &str, place: &str| Observation { same_origin: Some(place.into()), ..seen(name, json, 0) };
    let (a, b, c) = (from("a", "1", "/proc/x"), from("b", "1", "/proc/x"), from("c", "2", "/proc/y"));
    let insight = resolved(None, &[reading(&a, 0.7), reading(&b, 0.7)]);
    assert_eq!(insight.agreement, Agreement { supporting: 1, opposing: 0 });
    assert_eq!(insight.reason_codes, [ReasonCode::SameOrigin]);
    assert!(insight.sources.iter().all(|view| view.agrees));
    let insight = resolved(None, &[reading(&a, 0.7), reading(&b, 0.7), reading(&c, 0.71)]);
    assert_eq!(insight.agreement.supporting + insight.agreement.opposing, 2);
    assert_eq!(insight.reason_codes[0..2], [ReasonCode::NarrowMargin, ReasonCode::MoreTrusted], "two readings of one file outvote nobody");
}

#[test]
fn tolerance_makes_classes() {
    let (a, b, c) = (seen("a", "10", 0), seen("b", "10.5", 0), seen("c", "12", 0));
    let rule = rule(|rule| rule.compare.tolerance = Tolerance::Absolute(1.0));
    let insight = resolved(Some(&rule), &[reading(&a, 0.9), reading(&b, 0.6), reading(&c, 0.5)]);
    let conflict = insight.conflict.unwrap();
    assert_eq!(conflict.candidates[0].sources, [id("a"), id("b")]);
    assert_eq!(conflict.candidates[1].sources, [id("c")]);
    assert_eq!(insight.agreement, Agreement { supporting: 2, opposing: 1 });
    let close = resolved(Some(&rule), &[reading(&a, 0.9), reading(&b, 0.6)]);
    assert!(close.conflict.is_none() && close.reason_codes == [ReasonCode::Agreement]);
}

#[test]
fn ids_and_digests_name_the_same_conflict_alike() {
    let (a, b) = (seen("a", "1", 0), seen("b", "2", 0));
    let (a_later, b_respelled, c) = (seen("a", "1.0", 500), seen("b", "2e0", 0), seen("c", "3", 0));
    let conflict = |readings: &[Reading<'_>]| resolved(None, readings).conflict.unwrap();
    let first = conflict(&[reading(&a, 0.7), reading(&b, 0.7)]);
    let second = conflict(&[reading(&b_respelled, 0.9), reading(&a_later, 0.2)]);
    assert_eq!((&first.id, &first.digest), (&second.id, &second.digest));
    assert!(first.digest.len() == 16 && first.digest.bytes().all(|byte| byte.is_ascii_hexdigit()));
    let third = conflict(&[reading(&a, 0.7), reading(&b, 0.7), reading(&c, 0.7)]);
    assert_eq!(first.id, third.id);
    assert_ne!(first.digest, third.digest);
    assert_eq!(&*first.digest, "0f4b2d272766c26c");
}

/// What is believed of these once somebody said it of the values at `then`.
fn said(rule: Option<&KeyRule>, then: &[&Observation], verdict: Verdict, from: Option<&str>, now_said: &[Reading<'_>]) -> Insight {
    let compare = rule.map(|rule| rule.compare.clone()).unwrap_or_default();
    let values = then.iter().filter_map(|one| Some((&one.source, Cow::Borrowed(one.value()?))));
    let found = crate::fact::Found { p_true: 0, shown: 0, is_right: false, majority_is_right: false, one_of: 1, policy: "auto".into() };
    let decision = Decision {
        id: crate::fact::CommandId::from_bytes([1; 16]),
        at: now(),
        key: key(),
        class: crate::fact::ConflictClass::Value,
        digest: "d".into(),
        field: crate::fact::FieldName::new("replicas"),
        said: crate::fact::said_of(values, &verdict, &compare),
        from: from.map(id),
        verdict,
        found,
        replaces: None,
        author: crate::fact::Author::default(),
    };
    resolve_decided(&key(), rule, now_said, &ResolveSettings::default(), now(), Some(&decision)).unwrap()
}

#[test]
fn what_a_person_says_is_believed_while_it_holds() {
    let (a, b, c) = (seen("a", "1", 0), seen("b", "2", 0), seen("c", "2.0", 0));
    let (all, value) = ([reading(&a, 0.5), reading(&b, 0.9), reading(&c, 0.9)], |json: &str| Value::parse(json).unwrap());
    let of = |verdict: Verdict, from: Option<&str>| {
        let insight = said(None, &[&a, &b, &c], verdict, from, &all);
        let conflict = insight.conflict.clone().unwrap();
        (
            text(insight.value.as_ref()).to_owned(),
            insight.p_true,
            conflict.resolution,
            conflict.reason_codes[0],
            insight.marks.contains(Mark::Conflict),
        )
    };
    let plain = resolved(None, &all);
    let accepted = |json: &str, from| of(Verdict::Accepted(value(json)), from);
    assert_eq!(accepted("1.0", Some("a")), ("1".into(), 0.99, ResolutionState::UserAccepted, ReasonCode::UserAccepted, false));
    assert_eq!(accepted("2", Some("c")).0, "2.0", "as the one it was taken from says it");
    assert_eq!(accepted("2", None).0, "2", "as it was said");
    assert_eq!(accepted("7", None), ("7".into(), 0.99, ResolutionState::UserAccepted, ReasonCode::UserAccepted, false));
    let even = [reading(&a, 0.5), reading(&b, 0.5)];
    let reasons = |insight: &Insight| insight.conflict.as_ref().unwrap().reason_codes.clone();
    assert_eq!(reasons(&resolved(None, &even)).last(), Some(&ReasonCode::FirstByName));
    let known = said(None, &[&a, &b], Verdict::Accepted(value("7")), None, &even);
    assert_eq!(reasons(&known), [ReasonCode::UserAccepted], "who would come first among the others is no reason for it");
    let (shown, p_true, resolution, ..) = of(Verdict::Rejected, None);
    assert_eq!((shown.as_str(), resolution), ("2", ResolutionState::UserRejected), "nothing better is known");
    assert!((p_true - 0.01).abs() < 1e-12, "{p_true}");
    let (shown, p_true, resolution, ..) = of(Verdict::ByRule(value("2")), Some("b"));
    assert_eq!((shown.as_str(), p_true, resolution), ("2", plain.p_true, ResolutionState::AutoResolved), "nobody says that it is right");
}

#[test]
fn what_was_said_ends_when_a_value_moves_and_is_over_when_nobody_has_one() {
    let (a, b, moved) = (seen("a", "1", 0), seen("b", "2", 0), seen("b", "3", 0));
    let accepted = || Verdict::Accepted(Value::parse("1").unwrap());
    let ended = said(None, &[&a, &b], accepted(), Some("a"), &[reading(&a, 0.5), reading(&moved, 0.5)]);
    let conflict = ended.conflict.as_ref().unwrap();
    assert!(conflict.resolution == ResolutionState::Pending && conflict.reason_codes.contains(&ReasonCode::Reopened), "{conflict:?}");
    let (gone, other) = (seen("a", "!1", 0), seen("b", "!2", 0));
    let readings = [reading(&gone, 0.5), reading(&other, 0.5)];
    assert_eq!(said(None, &[&a, &b], accepted(), Some("a"), &readings), resolved(None, &readings), "there is nothing to be right about");
}

#[test]
fn within_the_tolerance_the_one_that_was_accepted_is_shown() {
    let within = rule(|rule| rule.compare.tolerance = Tolerance::Absolute(10.0));
    let (a, b, c) = (seen("a", "100", 0), seen("b", "105", 0), seen("c", "300", 0));
    let moved = seen("b", "107", 0);
    let now_said = [reading(&a, 0.9), reading(&moved, 0.3), reading(&c, 0.5)];
    let accepted = Verdict::Accepted(Value::parse("105").unwrap());
    assert_eq!(text(said(Some(&within), &[&a, &b, &c], accepted, Some("b"), &now_said).value.as_ref()), "107");
}

#[test]
fn a_lead_of_just_the_margin_decides() {
    let (fresh, old) = (seen("wiki", "3", 0), seen("cluster", "5", 3_600));
    let readings = [reading(&old, 0.4), reading(&fresh, 0.9)];
    let of = |auto_margin: f64| {
        let settings = ResolveSettings { auto_margin, ..ResolveSettings::default() };
        resolve(&key(), None, &readings, &settings, now()).unwrap().conflict.unwrap()
    };
    let lead = of(0.01).margin;
    assert_eq!(of(lead).resolution, ResolutionState::AutoResolved, "as much as is asked for is enough");
    assert_eq!(of(lead + 0.0001).resolution, ResolutionState::Pending);
}

#[test]
fn whoever_says_the_same_moves_no_digest() {
    let (a, b, c) = (seen("a", "1", 0), seen("b", "2", 0), seen("c", "1.0", 0));
    let digest = |readings: &[Reading<'_>]| resolved(None, readings).conflict.unwrap().digest.clone();
    let two = digest(&[reading(&a, 0.5), reading(&b, 0.5)]);
    assert_eq!(two, digest(&[reading(&a, 0.5), reading(&b, 0.5), reading(&c, 0.9)]));
    assert_eq!(two, digest(&[reading(&c, 0.5), reading(&b, 0.9)]));
}

#[test]
fn no_trust_is_certainty() {
    let one = seen("a", "1", 0);
    let p_true = resolved(None, &[reading(&one, 1.0)]).p_true;
    assert!((p_true - 0.99).abs() < 1e-9, "{p_true}");
}

#[test]
fn a_rule_sets_half_life_unit_and_secrecy() {
    let one = seen("a", "1", 3_600);
    let rule = rule(|rule| {
        rule.half_life = Some(Duration::from_hours(1));
        rule.unit = "bytes".into();
        rule.class = Some(ClassOfValue::Secret);
    });
    let insight = resolved(Some(&rule), &[Reading { half_life: Some(Duration::from_secs(1)), ..reading(&one, 0.7) }]);
    assert!((insight.confidence.unwrap().factors()[0].value - 0.5).abs() < 1e-12, "the rule's half-life goes before the learned one");
    assert!(insight.secret && &*insight.unit == "bytes");
}

#[test]
fn a_thousand_sources_of_one_key() {
    let all: Vec<_> = (0..1_000).map(|at| seen(&format!("s{at:04}"), &format!("{{\"n\":{at}.5}}"), 0)).collect();
    let readings: Vec<_> = all.iter().map(|observation| reading(observation, 0.7)).collect();
    let rule = rule(|rule| rule.compare.tolerance = Tolerance::Relative(0.001));
    let insight = resolved(Some(&rule), &readings);
    assert_eq!(insight.sources.len(), 1_000);
    assert_eq!(insight.agreement.supporting + insight.agreement.opposing, 1_000);
}

fn some_observation() -> impl Strategy<Value = (u8, String, i64, Option<u8>)> {
    let json = prop_oneof![
        (0_u8..4).prop_map(|n| n.to_string()),
        (0_u8..4).prop_map(|n| format!("{n}.0")),
        Just("\"1\"".into()),
        Just("!".into()),
        Just("!2".into())
    ];
    (0_u8..4, json, prop::sample::select(vec![-5_i64, 0, 0, 60, 60, 2_000]), prop::option::of(0_u8..2))
}

proptest! {
    #[test]
    fn any_order_gives_the_same_fact(
        made in prop::collection::vec(some_observation(), 1..7),
        trusts in prop::collection::vec(0_u8..5, 7),
        roles in prop::collection::vec(prop::bool::weighted(0.2), 7),
        policy in prop_oneof![Just(Policy::Auto), Just(Policy::Ask), Just(Policy::Newest), Just(Policy::Prefer(SourceId::new("s1").unwrap()))],
        tolerance in 0_u8..3,
        turn in 0_usize..7,
    ) {
        let observations: Vec<_> = made
            .iter()
            .enumerate()
            .map(|(at, (_, json, age, place))| Observation { same_origin: place.map(|place| place.to_string().into()), ..seen(&format!("s{at}"), json, *age) })
            .collect();
        let mut readings: Vec<_> = observations
            .iter()
            .enumerate()
            .map(|(at, observation)| Reading {
                role: if roles[at] { Role::Declared } else { Role::Observed },
                ..reading(observation, f64::from(trusts[at]) / 4.0)
            })
            .collect();
        let rule = rule(|rule| {
            rule.policy = policy;
            rule.compare.tolerance = Tolerance::Absolute(f64::from(tolerance));
        });
        let first = resolved(Some(&rule), &readings);
        let count = readings.len();
        readings.rotate_left(turn % count);
        prop_assert_eq!(&resolved(Some(&rule), &readings), &first);
        readings.reverse();
        prop_assert_eq!(&resolved(Some(&rule), &readings), &first);

        prop_assert_eq!(first.sources.len(), count);
        prop_assert!((0.0..=1.0).contains(&first.p_true));
        prop_assert_eq!(first.sources.iter().filter(|view| view.wins).count(), usize::from(first.value.is_some()));
        prop_assert_eq!(first.value.is_some(), first.confidence.is_some());
        if let Some(conflict) = &first.conflict {
            prop_assert!(conflict.candidates.len() > 1 && first.agreement.opposing > 0);
            prop_assert_eq!(Some(&conflict.candidates[0].value), first.value.as_ref());
            prop_assert_eq!(&conflict.candidates[0].sources[0], &conflict.winner);
            let stand: usize = conflict.candidates.iter().map(|candidate| candidate.sources.len()).sum();
            prop_assert_eq!(stand, first.sources.iter().filter(|view| view.score.is_some()).count());
        } else {
            prop_assert_eq!(first.agreement.opposing, 0);
        }
        let normal = |value: &Value| Normal::of(value, &rule.compare);
        if let Some(value) = &first.value {
            for view in first.sources.iter().filter(|view| view.agrees) {
                let Content::Value(theirs) = &view.content else { panic!("an absent source agrees with nothing") };
                prop_assert!(same(&normal(value), &normal(theirs), &rule.compare));
            }
        }
    }
}
