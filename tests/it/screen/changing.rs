//! A fact is changed from the screen: pending, delivered, taken back; what was typed wrongly stays; leaving says what waits.

use super::terminal::Terminal;
use crate::queue::scene::{KEY, Scene};

fn opened(scene: &Scene) -> Terminal {
    let mut terminal = Terminal::start(&scene.sandbox.stellar_command(&[]), 120, 36);
    terminal.wait_for_text(KEY);
    terminal
}

fn replicas(scene: &Scene) -> serde_json::Value {
    scene.file_json()["checkout"]["replicas"].clone()
}

#[test]
fn a_change_is_pending_then_delivered_and_taken_back() {
    let scene = Scene::new();
    scene.stellar(&["queue", "hold"]).expect(0);
    let mut terminal = opened(&scene);
    terminal.wait_for_text("queue 0 held");
    // A value that breaks the schema is refused, and stays to be mended.
    terminal.send(b"=-1\r");
    terminal.wait_for_text("does not take this value");
    terminal.wait_for_text("> service/checkout/replicas = -1");
    terminal.send(b"\x159\r");
    terminal.wait_for_text("4 (9)");
    terminal.wait_for_text("queue 1 held");
    terminal.wait_for_text("> stellar set service/checkout/replicas 9");
    assert_eq!(replicas(&scene), 4, "nothing is sent while sending is stopped");
    // Leaving says so, and one key stays.
    terminal.send(b"q");
    terminal.wait_for_text("1 change is not delivered yet.");
    terminal.send(b"\x1b");
    terminal.wait_until_gone("1 change is not delivered yet.");
    terminal.send(b"Q");
    terminal.wait_for_text("Changes are still taken, and stay queued.");
    terminal.send(b"p");
    terminal.wait_for_text("delivered service/checkout/replicas = 9 to wiki");
    assert_eq!(replicas(&scene), 9);
    terminal.send(b"\x1b");
    terminal.wait_until_gone("Delivered lately");
    terminal.send(b"u");
    terminal.wait_for_text("Taking it back sends service/checkout/replicas = 4 to wiki");
    terminal.send(b"\r");
    terminal.wait_for_text("delivered service/checkout/replicas = 4 to wiki");
    assert_eq!(replicas(&scene), 4);
    assert!(scene.file().contains("\"note\": \"kept\""), "{}", scene.file());
    // That it was delivered is told before the queue is empty, and until then leaving asks.
    terminal.wait_until_gone("queue 1");
    terminal.send(b"q");
    assert_eq!(terminal.wait_for_end(), 0);
    terminal.assert_restored();
}

#[test]
fn a_screen_beside_serve_changes_facts_through_it() {
    let scene = Scene::new();
    let serve = scene.sandbox.serve();
    let mut terminal = opened(&scene);
    terminal.send(b"=7\r");
    terminal.wait_for_text("delivered service/checkout/replicas = 7 to wiki");
    assert_eq!(replicas(&scene), 7);
    terminal.send(b"l");
    terminal.wait_for_text("L locked");
    terminal.send(b"=");
    terminal.wait_for_text("it is locked; unlock it first");
    terminal.send(b"q");
    assert_eq!(terminal.wait_for_end(), 0);
    terminal.assert_restored();
    serve.kill();
}
