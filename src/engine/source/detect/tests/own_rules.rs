//! Rules of the user's.

use std::{fs, os::unix::fs::PermissionsExt as _};

use super::{super::*, brought};
use crate::engine::world::SystemClock;

const RULE: &str = "version = 1\n[[detector]]\nname = \"mine\"\nfile = \"*.mine.json\"\ntext = '(?m)\"app\"'\nhas = [\"$.app\"]\nconfidence = 0.9\n\
                    [detector.source]\nprefix = \"mine/{{$.app}}/{{stem}}\"\nrole = \"declared\"\n";

struct Home {
    dir: tempfile::TempDir,
    detector: Detector,
}

impl Home {
    fn with(rules: &str) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let detector = Detector::new(dir.path().join("detectors.toml"), SystemClock::shared());
        let home = Self { dir, detector };
        home.rules(rules);
        home.file("a.mine.json", r#"{"app":"shop","port":80}"#);
        home
    }

    fn rules(&self, rules: &str) {
        self.file("detectors.toml", rules);
        fs::set_permissions(self.dir.path().join("detectors.toml"), fs::Permissions::from_mode(0o600)).unwrap();
    }

    fn file(&self, name: &str, content: &str) {
        fs::write(self.dir.path().join(name), content).unwrap();
    }

    async fn look(&self) -> Detection {
        self.detector.detect(self.dir.path().join("a.mine.json").to_str().unwrap(), false).await.unwrap()
    }
}

#[tokio::test]
async fn a_rule_suggests_a_source_that_works() {
    let home = Home::with(RULE);
    let found = home.look().await;
    assert_eq!((found.suggestions.len(), found.problems.len()), (1, 0), "{found:#?}");
    assert_eq!((found.suggestions[0].detector.as_str(), found.suggestions[0].reasons[0].code), ("mine", "user_rule"));
    assert_eq!(brought(&found.suggestions[0]).await, ["mine/shop/a.mine/app=\"shop\"", "mine/shop/a.mine/port=80"]);
}

#[tokio::test]
async fn a_rule_that_is_wrong_is_said_and_costs_no_other() {
    let table = [
        ("name = \"x\"\nfile = \"*\"\ntext = \"(\"\n[detector.source]\n", "is no pattern"),
        ("name = \"x\"\nfile = \"*\"\ntext = '(a{1000}){1000}'\n[detector.source]\n", "is no pattern"),
        ("name = \"x\"\nfile = \"*\"\nhas = [\"$[\"]\n[detector.source]\n", "no JSONPath"),
        ("name = \"x\"\n[detector.source]\n", "needs file or url"),
        ("name = \"x\"\nfile = \"*\"\nconfidence = 2.0\n[detector.source]\n", "from 0 to 1"),
        ("name = \"X Y\"\nfile = \"*\"\n[detector.source]\n", "a-z 0-9 -"),
        ("name = \"x\"\nfile = \"*\"\nrun = \"rm\"\n[detector.source]\n", "unknown field"),
        ("name = \"x\"\nfile = \"*\"\n", "missing field"),
        ("name = \"mine\"\nfile = \"*\"\n[detector.source]\n", "there twice"),
    ];
    for (rule, sentence) in table {
        let found = Home::with(&format!("{RULE}[[detector]]\n{rule}")).look().await;
        assert_eq!(found.suggestions.len(), 1, "{rule}\n{found:#?}");
        assert!(found.problems.len() == 1 && found.problems[0].contains(sentence), "{sentence}: {:?}", found.problems);
    }
}

#[tokio::test]
async fn what_a_rule_names_and_does_not_find_is_said() {
    // A condition that nothing meets is no news: the file is of another kind.
    let found = Home::with(&RULE.replace("[\"$.app\"]", "[\"$.other\"]")).look().await;
    assert_eq!((found.problems.len(), found.suggestions[0].detector.as_str()), (0, "generic"));
    for (placeholder, sentence) in [
        ("{{$.nothing}}", "finds nothing"),
        ("{{$.*}}", "more than one"),
        ("{{$}}", "no text"),
        ("{{what}}", "is none of"),
        ("{{$[}}", "no JSONPath"),
        ("{{path", "never closed"),
    ] {
        let found = Home::with(&RULE.replace("{{$.app}}/{{stem}}", placeholder)).look().await;
        assert!(found.problems.len() == 1 && found.problems[0].contains(sentence), "{placeholder}: {found:#?}");
    }
}

#[tokio::test]
async fn rules_are_read_again_when_they_change_and_a_bad_edit_keeps_what_runs() {
    let home = Home::with("version = 1\n");
    assert_eq!(home.look().await.suggestions[0].detector, "generic");
    home.rules(RULE);
    assert_eq!(home.look().await.suggestions[0].detector, "mine");
    home.rules(&RULE.replace("0.9", "0.4"));
    assert!((home.look().await.suggestions[0].confidence - 0.4).abs() < 1e-9);
    for (bad, sentence) in
        [("[[detector", "not TOML at line 1"), ("version = 2", "version = 1"), ("x = 1", "takes version"), ("detector = 3", "no list")]
    {
        home.rules(bad);
        let found = home.look().await;
        assert_eq!(found.suggestions[0].detector, "mine", "{bad}");
        assert!(
            found.problems.len() == 1 && found.problems[0].contains(sentence) && found.problems[0].contains("the 1 rules"),
            "{:?}",
            found.problems
        );
    }
    home.rules(RULE);
    fs::set_permissions(home.dir.path().join("detectors.toml"), fs::Permissions::from_mode(0o666)).unwrap();
    assert!(home.look().await.problems[0].contains("others may write it"));
    fs::remove_file(home.dir.path().join("detectors.toml")).unwrap();
    let found = home.look().await;
    assert_eq!((found.suggestions[0].detector.as_str(), found.problems.len()), ("generic", 0));
}

#[tokio::test]
async fn a_pattern_sees_nothing_of_a_dotenv() {
    let home = Home::with(
        "[[detector]]\nname = \"thief\"\nfile = \"*.env\"\ntext = \"hunter2\"\n[detector.source]\n[[detector]]\nname = \"named\"\nfile = \"*.env\"\nhas = [\"$.A\"]\n[detector.source]\nprefix = \"{{$.A}}\"\n",
    );
    home.file("x.env", "A=hunter2\n");
    let found = home.detector.detect(home.dir.path().join("x.env").to_str().unwrap(), false).await.unwrap();
    assert!(found.suggestions.iter().all(|one| one.detector != "thief"), "{found:#?}");
    assert!(found.suggestions.iter().any(|one| one.block.contains("prefix = \"set\"")) && !format!("{found:?}").contains("hunter2"));
}
