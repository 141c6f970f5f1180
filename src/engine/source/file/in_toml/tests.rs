//! Edits of TOML by table, and over random documents.

use proptest::prelude::*;

use super::*;

fn way(text: &str) -> Vec<JsonStep> {
    let step = |part: &str| match part.strip_prefix('#') {
        Some(index) => JsonStep::Item(index.parse().unwrap()),
        None => JsonStep::Member(part.to_owned()),
    };
    text.split('/').filter(|part| !part.is_empty()).map(step).collect()
}

fn set(text: &str, to: &str, value: &str) -> Result<String, String> {
    set_in_toml(text.as_bytes(), &way(to), &Value::parse(value).unwrap()).map(|bytes| String::from_utf8(bytes).unwrap())
}

const FILE: &str = "# Ours\ntitle = 'x'   # keep\n\n[service.cart] # the cart\nreplicas = 2 # of 3\nratio = 1.5\nsince = 2026-01-05\n\n\
                    [service.mail]\npeers = [ \"a\", 'b' ] # two\nlimits = { cpu = 1, mem = \"2G\" }\nlast.seen = 7\n";

#[test]
fn a_value_is_changed_and_nothing_else() {
    let table = [
        ("title", "\"y\"", "title = 'x'   # keep", "title = \"y\"   # keep"),
        ("service/cart/replicas", "5", "replicas = 2 # of 3", "replicas = 5 # of 3"),
        ("service/cart/ratio", "2", "ratio = 1.5", "ratio = 2.0"),
        ("service/cart/since", "\"2027-02-03\"", "since = 2026-01-05", "since = 2027-02-03"),
        ("service/cart/since", "\"soon\"", "since = 2026-01-05", "since = \"soon\""),
        ("service/mail/peers", "[\"c\"]", "peers = [ \"a\", 'b' ] # two", "peers = [\"c\"] # two"),
        ("service/mail/peers/#1", "\"c\"", "[ \"a\", 'b' ] # two", "[ \"a\", \"c\" ] # two"),
        ("service/mail/limits/mem", "\"4G\"", "{ cpu = 1, mem = \"2G\" }", "{ cpu = 1, mem = \"4G\" }"),
        ("service/mail/limits/disk", "1", "{ cpu = 1, mem = \"2G\" }", "{ cpu = 1, mem = \"2G\" , disk = 1 }"),
        ("service/mail/last/seen", "8", "last.seen = 7", "last.seen = 8"),
        ("service/cart/new", "true", "since = 2026-01-05\n", "since = 2026-01-05\nnew = true\n"),
        (
            "service/cart/odd name/\u{e9}",
            "1",
            "since = 2026-01-05\n",
            "since = 2026-01-05\n\n[service.cart.\"odd name\"]\n\"\u{e9}\" = 1\n",
        ),
    ];
    for (to, value, old, new) in table {
        let edited = set(FILE, to, value).unwrap();
        let expected = FILE.replacen(old, new, 1);
        let tidy = |text: &str| text.replace(" , ", ", ");
        assert_eq!(tidy(&edited), tidy(&expected), "{to}");
        let dos = set(&FILE.replace('\n', "\r\n"), to, value).unwrap();
        assert_eq!(dos, edited.replace('\n', "\r\n"), "{to}: line ends stay");
    }
}

#[test]
fn what_cannot_be_kept_or_said_is_refused() {
    assert!(set(FILE, "title", "null").unwrap_err().contains("no null"));
    assert!(set(FILE, "title", "[1,null]").unwrap_err().contains("no null"));
    assert!(set(FILE, "title/x", "1").unwrap_err().contains("in place") || set(FILE, "title/x", "1").unwrap_err().contains("no table"));
    assert!(set(FILE, "", "1").unwrap_err().contains("is a table"));
    assert!(set("a = 1\r\nb = 2\n", "a", "3").unwrap_err().contains("line ends"));
    assert!(set("a = ", "a", "3").is_err());
}

/// A name, a comment or none, and a value as it is spelled.
fn entry() -> impl Strategy<Value = (String, String, String)> {
    let spelled = prop_oneof![
        "[1-9][0-9]{0,4}",
        Just("0x_f_f".replace("_f_", "f")),
        Just("'lit'".to_owned()),
        Just("[ 1,\n  2, # two\n]".to_owned()),
        Just("true".to_owned())
    ];
    ("[abc]{1,2}", prop_oneof![Just(String::new()), Just("  # why".to_owned())], spelled)
}

proptest! {
    #[test]
    fn all_other_lines_stay(
        entries in proptest::collection::btree_map("[abc]{1,2}", entry(), 1..5),
        tables in proptest::collection::btree_map("[xyz]{1,2}", proptest::collection::btree_map("[abc]{1,2}", entry(), 0..4), 0..3),
        pick in any::<prop::sample::Index>(),
        value in prop_oneof![(-9_i64..999).prop_map(|n| n.to_string()), Just("\"new\"".to_owned()), Just("[1,{\"a\":2}]".to_owned())],
    ) {
        let mut text = String::from("# head\n");
        let mut places = Vec::new();
        let mut add = |way: Vec<String>, (name, (_, comment, spelled)): (&String, &(String, String, String)), text: &mut String| {
            text.push_str(&format!("{name}  = {spelled}{comment}\n"));
            let mut way = way;
            way.push(name.clone());
            places.push((way, spelled.clone()));
        };
        for entry in &entries {
            add(Vec::new(), entry, &mut text);
        }
        for (table, entries) in &tables {
            text.push_str(&format!("\n# of {table}\n[t.{table}]\n"));
            for entry in entries {
                add(vec!["t".to_owned(), table.clone()], entry, &mut text);
            }
        }
        let (way, spelled) = pick.get(&places);
        let steps: Vec<JsonStep> = way.iter().cloned().map(JsonStep::Member).collect();
        let new = Value::parse(&value).unwrap();
        let edited = String::from_utf8(set_in_toml(text.as_bytes(), &steps, &new).unwrap()).unwrap();
        let read = |text: &str| toml::from_str::<crate::fact::JsonTree>(text).unwrap().0;
        let mut model = read(&text);
        let pointer: String = way.iter().map(|name| format!("/{name}")).collect();
        *model.pointer_mut(&pointer).unwrap() = new.to_json();
        prop_assert_eq!(read(&edited), model);
        // One value was cut out and another put in; before and behind it nothing moved.
        let head = text.bytes().zip(edited.bytes()).take_while(|(one, other)| one == other).count();
        let tail = text.bytes().rev().zip(edited.bytes().rev()).take_while(|(one, other)| one == other).count();
        prop_assert!(head + tail + spelled.len() >= text.len(), "{text}\n---\n{edited}");
    }
}
