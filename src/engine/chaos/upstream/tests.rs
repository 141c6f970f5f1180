//! The model of the upstreams, asked directly.

use super::*;

const AT: Timestamp = Timestamp::from_millis(1_767_607_200_000);

fn secs(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

fn calm() -> Upstream {
    Upstream::new(Script::of(1, Vec::new()), AT)
}

/// The cluster has this trouble from second 10 to 20.
fn troubled(trouble: Trouble) -> Upstream {
    let step = Step { site: Site::Cluster, trouble, begins: secs(10), ends: secs(20) };
    Upstream::new(Script::of(1, vec![step]), AT)
}

#[track_caller]
fn reply(answer: Answer) -> Reply {
    match answer {
        Answer::Replied { reply, after: Duration::ZERO, drip: None } => reply,
        other => panic!("{other:?}"),
    }
}

fn json_of(reply: &Reply) -> Json {
    serde_json::from_slice(&reply.body).unwrap()
}

fn put(service: &str, replicas: u64, key: &str) -> Request {
    Request::write("PUT", &format!("/services/{service}/replicas"), &json!({ "replicas": replicas })).with("Idempotency-Key", key)
}

#[test]
fn a_loop_is_eight_troubles_that_do_not_meet_and_the_first_is_an_outage() {
    for seed in 0..50 {
        let script = Script::seeded(seed);
        let mut now = Duration::ZERO;
        let mut seen = Vec::new();
        while let Some(step) = script.next(now).filter(|step| step.begins < LOOP * 2) {
            assert!(script.now(step.begins) == Some(step) && script.at(step.site, step.begins) == Some(step));
            assert!(seen.last().is_none_or(|last: &Step| last.ends < step.begins), "{seen:?} {step:?}");
            assert!(script.next_change(now).is_some_and(|change| change > now && change <= step.begins));
            seen.push(step);
            now = step.begins;
        }
        assert_eq!(seen.len(), 16, "{seen:?}");
        assert_eq!((seen[0].site, seen[0].trouble), (Site::Cluster, Trouble::Outage));
        assert!(seen[0].begins < secs(10) && seen[0].ends < secs(15));
        let words = |steps: &[Step]| {
            let mut words: Vec<_> = steps.iter().map(|step| step.trouble.as_str()).collect();
            words.sort_unstable();
            words
        };
        let all = ["busy", "contest", "drip", "garbage", "latency", "lost-reply", "outage", "outage"];
        assert_eq!((words(&seen[..8]), words(&seen[8..])), (all.to_vec(), all.to_vec()));
    }
    assert_ne!(Script::seeded(1).told(secs(0))["steps"], Script::seeded(2).told(secs(0))["steps"]);
}

#[test]
fn the_same_seed_and_requests_give_the_same_answers() {
    let run = |seed| {
        let mut upstream = Upstream::new(Script::seeded(seed), AT);
        let mut answers = Vec::new();
        for second in 0..360 {
            answers.push(upstream.handle(Site::Cluster, &put("cart", second % 9, &format!("k{second}")), secs(second)));
            answers.push(upstream.handle(Site::Prom, &Request::get("/api/v1/query?query=service_error_rate"), secs(second)));
            answers.push(upstream.handle(Site::Wiki, &Request::get("/pages"), secs(second)));
            answers.push(upstream.handle(Site::Control, &Request::get("/script"), secs(second)));
        }
        answers
    };
    assert_eq!(run(3), run(3));
    assert_ne!(run(3), run(4));
}

#[test]
fn each_trouble_is_what_it_says_and_is_over() {
    let get = Request::get("/services");
    let drip = Drip { bytes: 3, every: secs(1) };
    for trouble in [
        Trouble::Outage,
        Trouble::Latency(secs(2)),
        Trouble::Busy { wait: secs(4) },
        Trouble::Drip(drip),
        Trouble::Garbage,
        Trouble::LostReply,
    ] {
        let mut upstream = troubled(trouble);
        assert_eq!(reply(upstream.handle(Site::Cluster, &get, secs(9))).status, 200);
        match (trouble, upstream.handle(Site::Cluster, &get, secs(10))) {
            (Trouble::Outage, Answer::Refused) | (Trouble::LostReply, Answer::Lost) => {}
            (Trouble::Latency(by), Answer::Replied { reply, after, drip: None }) => assert_eq!((reply.status, after), (200, by)),
            (Trouble::Busy { .. }, Answer::Replied { reply, .. }) => {
                assert!(reply.status == 503 && reply.headers.contains(&("retry-after".to_owned(), "4".to_owned())), "{reply:?}");
            }
            (Trouble::Drip(own), Answer::Replied { reply, drip, .. }) => assert_eq!((reply.status, drip), (200, Some(own))),
            (Trouble::Garbage, Answer::Replied { reply, .. }) => {
                assert!(reply.status == 200 && serde_json::from_slice::<Json>(&reply.body).is_err());
            }
            (trouble, answer) => panic!("{trouble:?}: {answer:?}"),
        }
        // The others are well, and afterwards it is too.
        assert_eq!(reply(upstream.handle(Site::Wiki, &Request::get("/pages"), secs(10))).status, 200);
        assert_eq!(reply(upstream.handle(Site::Control, &Request::get("/facts"), secs(10))).status, 200);
        assert_eq!(reply(upstream.handle(Site::Cluster, &get, secs(20))).status, 200);
    }
}

#[test]
fn an_old_tag_is_refused_and_the_one_that_is_given_fits() {
    let mut upstream = calm();
    let seen = reply(upstream.handle(Site::Cluster, &Request::get("/services/checkout/replicas"), secs(0)));
    let tag = seen.headers.iter().find(|(name, _)| name == "etag").map(|(_, tag)| tag.clone()).unwrap();
    assert_eq!(json_of(&seen), json!({ "replicas": 3 }));
    assert!(upstream.scale("checkout", 7));
    let refused = reply(upstream.handle(Site::Cluster, &put("checkout", 5, "a").with("If-Match", &tag), secs(1)));
    assert_eq!((refused.status, upstream.replicas("checkout")), (412, Some(7)));
    let fresh = refused.headers.iter().find(|(name, _)| name == "etag").map(|(_, tag)| tag.clone()).unwrap();
    let taken = reply(upstream.handle(Site::Cluster, &put("checkout", 5, "a").with("If-Match", &fresh), secs(2)));
    assert_eq!((taken.status, upstream.replicas("checkout")), (200, Some(5)));
    let effect = upstream.effects().of("a", "PUT /services/checkout/replicas").unwrap();
    assert_eq!((effect.asked, effect.applied, effect.refused, effect.order), (2, 1, 1, 1));
}

#[test]
fn what_is_done_twice_is_counted_twice_and_a_note_is_not_done_twice() {
    let mut upstream = calm();
    let flag = Request::write("PUT", "/flags/dark-mode", &json!({ "enabled": false })).with("Idempotency-Key", "f");
    let note = Request::write("POST", "/notes", &json!({ "text": "looked at it" })).with("Idempotency-Key", "n");
    for status in [200, 200] {
        assert_eq!(reply(upstream.handle(Site::Cluster, &flag, secs(0))).status, status);
        assert_eq!(reply(upstream.handle(Site::Cluster, &note, secs(0))).status, 201);
    }
    assert_eq!(upstream.flag("dark-mode"), Some(false));
    assert_eq!(upstream.effects().applied_twice(), 1);
    let notes = reply(upstream.handle(Site::Cluster, &Request::get("/notes"), secs(0)));
    assert_eq!(json_of(&notes), json!({ "notes": ["looked at it"] }));
    let told = json_of(&reply(upstream.handle(Site::Control, &Request::get("/effects"), secs(0))));
    assert_eq!((&told["applied"], &told["applied_twice"], &told["unkeyed"]), (&json!(3), &json!(1), &json!(0)));
    assert_eq!(told["effects"].as_array().map(Vec::len), Some(2));
    let replayed: Vec<_> = upstream.effects().iter().map(|(key, _, effect)| (key, effect.applied, effect.replayed)).collect();
    assert_eq!(replayed, [("f", 2, 0), ("n", 1, 1)]);
}

#[test]
fn a_lost_reply_has_its_effect() {
    let mut upstream = troubled(Trouble::LostReply);
    assert_eq!(upstream.handle(Site::Cluster, &put("mail", 2, "m"), secs(12)), Answer::Lost);
    assert_eq!((upstream.replicas("mail"), upstream.effects().of("m", "PUT /services/mail/replicas").unwrap().applied), (Some(2), 1));
}

#[test]
fn in_a_contest_somebody_else_is_ahead_once() {
    let mut upstream = troubled(Trouble::Contest);
    let tag = "\"mail-1\"";
    let first = reply(upstream.handle(Site::Cluster, &put("mail", 5, "m").with("If-Match", tag), secs(12)));
    assert_eq!((first.status, upstream.replicas("mail")), (412, Some(2)));
    let again = reply(upstream.handle(Site::Cluster, &put("mail", 5, "m").with("If-Match", "\"mail-2\""), secs(13)));
    assert_eq!((again.status, upstream.replicas("mail")), (200, Some(5)));
}

#[test]
fn bad_requests_are_told_so_and_change_nothing() {
    let mut upstream = calm();
    let status = |upstream: &mut Upstream, site, request: Request| reply(upstream.handle(site, &request, secs(0))).status;
    let long = "k".repeat(LONGEST_KEY + 1);
    for (site, request, expected) in [
        (Site::Cluster, put("nobody", 1, "a"), 404),
        (Site::Cluster, put("cart", 5000, "b"), 422),
        (Site::Cluster, Request { body: b"{".to_vec(), ..put("cart", 5, "c") }, 400),
        (Site::Cluster, put("cart", 5, &long), 400),
        (Site::Cluster, Request::write("DELETE", "/services/cart/replicas", &json!({})), 405),
        (Site::Cluster, Request::get("/services/a/b/replicas"), 404),
        (Site::Cluster, Request::write("PUT", "/flags/dark-mode", &json!({ "enabled": 1 })), 422),
        (Site::Cluster, Request::write("POST", "/notes", &json!({})), 422),
        (Site::Wiki, Request::write("PUT", "/pages", &json!({})), 405),
        (Site::Prom, Request::get("/api/v1/query?query=up"), 400),
        (Site::Control, Request::write("POST", "/effects", &json!({})), 405),
        (Site::Control, Request::get("/nothing"), 404),
    ] {
        assert_eq!(status(&mut upstream, site, request.clone()), expected, "{request:?}");
    }
    assert_eq!((upstream.replicas("cart"), upstream.effects().applied()), (Some(2), 0));
}

#[test]
fn the_sites_disagree_about_a_little_and_agree_about_the_rest() {
    let mut upstream = calm();
    let cluster = json_of(&reply(upstream.handle(Site::Cluster, &Request::get("/services"), secs(7))));
    let prom = json_of(&reply(upstream.handle(Site::Prom, &Request::get("/api/v1/query?query=service_replicas_ready"), secs(7))));
    assert_eq!(prom["data"]["result"][0]["value"][0].to_string(), "1767607207.0");
    let mut differing = Vec::new();
    for (item, sample) in cluster["items"].as_array().unwrap().iter().zip(prom["data"]["result"].as_array().unwrap()) {
        assert_eq!(item["name"], sample["metric"]["service"]);
        let ready: u64 = sample["value"][1].as_str().unwrap().parse().unwrap();
        if item["replicas"] != ready {
            differing.push(item["name"].as_str().unwrap().to_owned());
        }
    }
    assert_eq!(differing, ["search"]);
}

#[test]
fn a_query_is_read_as_it_was_meant() {
    assert_eq!(Request::get("/q?a=1&query=a%7Bb%3D%22c+d%22%7D%").query("query").as_deref(), Some("a{b=\"c d\"}%"));
    assert_eq!(Request::get("/q").query("query"), None);
}
