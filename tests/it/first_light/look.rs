//! `keymap list`, `theme list`, `theme check`, as a script sees them.

use serde_json::json;

use crate::support::Sandbox;

/// A theme of the person's own: the default one, its plain text hard to read on a dark background.
fn with_a_dim_theme() -> Sandbox {
    let sandbox = Sandbox::with_config("version = 1\n[app]\ntheme = \"mine\"\n");
    let text = include_str!("../../../themes/default.toml").replacen("rgb = \"#dde3ec\"", "rgb = \"#3a3a3a\"", 1);
    sandbox.write(".config/stellar/themes/mine.toml", text.replace("name = \"default\"", "name = \"mine\""));
    sandbox
}

#[test]
fn a_theme_that_cannot_be_read_fails_its_check_with_the_pairs_named() {
    let sandbox = with_a_dim_theme();
    let mine = sandbox.stellar(&["theme", "check", "mine", "--json"]).expect(1);
    assert_eq!(mine.error_code(), "theme_contrast");
    let pairs = mine.payloads();
    let failing: Vec<_> = pairs.iter().filter(|pair| pair["passes"] == json!(false)).collect();
    assert!(failing.iter().any(|pair| pair["role"] == "text" && pair["surface"] == "screen" && pair["mode"] == "dark"), "{failing:?}");
    assert!(failing.iter().all(|pair| pair["ratio"].as_f64() < Some(4.5) && pair["mode"] == "dark"));
    sandbox.stellar(&["theme", "check"]).expect(1);
    let sound = sandbox.stellar(&["theme", "check", "default"]).expect(0);
    assert!(sound.stdout.contains("default light: ") && sound.stdout.contains("all pass 4.5:1"), "{}", sound.stdout);
    assert_eq!(sandbox.stellar(&["theme", "check", "none", "--json"]).expect(3).error_code(), "no_such_theme");
}

#[test]
fn the_theme_in_force_is_marked_and_a_bad_one_is_not_in_force() {
    let sandbox = with_a_dim_theme();
    let drawn = |listed: Vec<serde_json::Value>| -> Vec<String> {
        listed.iter().filter(|theme| theme["in_force"] == json!(true)).map(|theme| theme["name"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(drawn(sandbox.stellar(&["theme", "list", "--json"]).expect(0).payloads()), ["mine"]);
    sandbox.write(".config/stellar/themes/mine.toml", "name = \"mine\"\n[drak]\n");
    let bad = sandbox.stellar(&["theme", "list", "--json"]).expect(2);
    assert_eq!(bad.error_code(), "bad_theme");
    assert!(bad.stderr.contains("themes/mine.toml, line 2: \"drak\" is not known here; did you mean dark?"), "{}", bad.stderr);
    assert_eq!(drawn(bad.payloads()), ["default"]);
}

#[test]
fn every_action_of_the_screen_is_listed_with_where_its_keys_are_written() {
    let sandbox = Sandbox::with_config("version = 1\n[app]\nkeymap = \"mine\"\n");
    sandbox.write(".config/stellar/keymaps/mine.toml", "[global]\n\"core.app.quit\" = [\"x\", \"Ctrl+Shift+X\"]\n");
    let listed = sandbox.stellar(&["keymap", "list", "--json"]).expect(0).payloads();
    for spec in stellar::action::all().filter(|spec| spec.surface == stellar::action::Surface::Screen) {
        assert!(listed.iter().any(|line| line["action"] == spec.id), "{}", spec.id);
    }
    let quit = listed.iter().find(|line| line["action"] == "core.app.quit").expect("quit");
    let key = |chord: &str, anywhere: bool| json!({"chord": chord, "context": "global", "layer": "user", "origin": "keymaps/mine.toml", "anywhere": anywhere});
    assert_eq!(quit["keys"], json!([key("x", true), key("Ctrl+Shift+X", false)]), "no terminal: nobody was asked what works here");
    let plain = sandbox.stellar(&["keymap", "list"]).expect(0);
    assert!(plain.stdout.lines().any(|line| line.contains("Ctrl+Shift+X") && line.contains("some terminals")), "{}", plain.stdout);
}
