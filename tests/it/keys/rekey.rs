//! Changing keys in the real binary: while it serves, killed in the middle, with the wrong persona.

use std::{fs, thread};

use crate::support::{Ran, Sandbox};

fn many(count: usize) -> Sandbox {
    let sandbox = Sandbox::with_config("[[source]]\nname = \"many\"\nkind = \"file\"\npath = \"many.json\"\n");
    let members: Vec<String> = (0..count).map(|at| format!("\"k{at}\": {at}")).collect();
    sandbox.write(".config/stellar/many.json", format!("{{\"many\": {{{}}}}}", members.join(",")));
    sandbox.stellar(&["refresh"]).expect(0);
    sandbox
}

fn key(sandbox: &Sandbox) -> serde_json::Value {
    sandbox.stellar(&["cache", "status", "--json"]).expect(0).payloads().remove(0)["key"].take()
}

#[test]
fn everything_is_sealed_anew_and_the_former_key_file_is_gone() {
    let sandbox = many(500);
    let keys =
        || fs::read_dir(sandbox.path(".local/state/stellar/keys")).expect("keys").flatten().map(|entry| entry.path()).collect::<Vec<_>>();
    let before = keys();
    let done = sandbox.stellar(&["cache", "rekey", "--json"]).expect(0).payloads().remove(0);
    assert_eq!((&done["data_key"], &done["resealed"], &done["kind"]), (&2.into(), &true.into(), &"auto".into()));
    assert!(keys().len() == 1 && keys() != before);
    assert_eq!(sandbox.stellar(&["get", "many/k499", "--json", "--offline"]).expect(0).fact("many/k499")["value"], 499);
    let own = sandbox.write("own.key", [7; 32]);
    let to_own = sandbox.stellar(&["cache", "rekey", "--key", &format!("file:{}", own.display())]).expect(0);
    assert!(to_own.stdout.contains("data key 3"), "{}", to_own.stdout);
    assert!(keys().is_empty());
    let noted = sandbox.stellar(&["cache", "verify"]).expect(0);
    assert!(noted.stderr.contains("still uses it"), "{}", noted.stderr);
    for (args, code, words) in [
        (&["cache", "rekey", "--wrap-only"][..], 2, "needs --key"),
        (&["cache", "rekey", "--key", "nonsense"], 2, "auto keyring passphrase file:PATH"),
        (&["cache", "rekey", "--key", "file:/no/such"], 1, "there is no key file"),
        (&["cache", "rekey", "--key", "passphrase"], 1, "STELLAR_NEW_PASSPHRASE"),
        (&["cache", "rekey", "--persona", "operator"], 6, "operator"),
    ] {
        let ran = sandbox.stellar(args).expect(code);
        assert!(ran.stderr.contains(words), "{args:?}: {}", ran.stderr);
    }
    assert_eq!(key(&sandbox)["data_key"], 3, "nothing was changed");
}

#[test]
fn reading_goes_on_while_it_is_changed_and_a_kill_in_the_middle_loses_nothing() {
    let sandbox = many(4000);
    let mut interrupted = 0;
    for round in 0..3 {
        let serve = sandbox.serve();
        let rekey = sandbox.start(&["cache", "rekey"]);
        let answers: Vec<Ran> = thread::scope(|scope| {
            let asked: Vec<_> = (0..4).map(|_| scope.spawn(|| sandbox.stellar(&["get", "many/k3999", "--json"]))).collect();
            asked.into_iter().map(|thread| thread.join().expect("an answer")).collect()
        });
        for answer in answers {
            assert_eq!(answer.expect(0).fact("many/k3999")["value"], 3999);
        }
        serve.kill();
        drop(rekey);
        let next = sandbox.stellar(&["cache", "verify", "--json"]).expect(0);
        interrupted += usize::from(next.stderr.contains("the change of the cache's key was interrupted and goes on"));
        assert_eq!((&next.payloads()[0]["damaged"], &next.payloads()[0]["wrong_key"]), (&0.into(), &0.into()), "round {round}");
    }
    // However the kills fell, a running engine finishes what is left.
    let serve = sandbox.serve();
    sandbox.stellar(&["cache", "rekey"]).expect(0);
    assert_eq!(key(&sandbox)["resealing"], serde_json::Value::Null, "{interrupted}");
    assert_eq!(serve.terminate(), 0);
    assert_eq!(sandbox.stellar(&["list", "--json", "--offline"]).expect(0).payloads().len(), 4000);
}

#[test]
fn what_was_set_aside_is_dropped_only_when_it_is_meant() {
    let sandbox = many(20);
    fs::write(sandbox.data_dir().join("opening"), "failed\n").expect("a database that failed in use");
    sandbox.stellar(&["list", "--offline"]).expect(0);
    sandbox.stellar(&["cache", "rekey"]).expect(0);
    assert_eq!(key(&sandbox)["retired"], serde_json::json!([1]), "what was set aside is sealed with it");
    let listed = sandbox.stellar(&["cache", "damaged", "list", "--json"]).expect(0).payloads();
    let id = listed[0]["id"].as_str().expect("an id");
    let refused = sandbox.stellar(&["cache", "damaged", "drop", id, "--json"]).expect(4);
    assert_eq!(refused.error_code(), "decision_needed");
    assert!(refused.stderr.contains("--yes"), "{}", refused.stderr);
    assert_eq!(sandbox.stellar(&["cache", "damaged", "drop", "nothing", "--yes", "--json"]).expect(3).error_code(), "no_such_copy");
    sandbox.stellar(&["cache", "damaged", "drop", id, "--yes", "--persona", "partner-developer"]).expect(6);
    assert_eq!(sandbox.stellar(&["cache", "damaged", "list", "--json"]).expect(0).payloads(), listed);
    let gone = sandbox.stellar(&["cache", "damaged", "drop", id, "--yes"]).expect(0);
    assert!(gone.stdout.contains("is gone"), "{}", gone.stdout);
    assert!(sandbox.stellar(&["cache", "damaged", "list", "--json"]).expect(0).payloads().is_empty());
    assert_eq!(key(&sandbox)["retired"], serde_json::json!([]), "and the key that only it needed went with it");
}
