//! Every way out leaves the terminal as it was.

use std::process::Command;

use rustix::process::Signal;

use super::{
    terminal::Terminal,
    walk::{opened, scene},
};

#[test]
fn signals_end_it_in_order() {
    for signal in [Signal::TERM, Signal::INT] {
        let sandbox = scene();
        let mut terminal = opened(&sandbox, 80, 24);
        terminal.signal(signal);
        assert_eq!(terminal.wait_for_end(), 0);
        terminal.assert_restored();
    }
}

#[test]
fn a_terminal_that_hangs_up_ends_it() {
    let sandbox = scene();
    let mut terminal = opened(&sandbox, 80, 24);
    terminal.signal(Signal::HUP);
    assert_eq!(terminal.wait_for_end(), 0);
    terminal.assert_restored();
}

#[test]
fn it_goes_to_the_background_and_comes_back() {
    let sandbox = scene();
    for outside in [false, true] {
        let mut terminal = opened(&sandbox, 80, 24);
        if outside {
            terminal.signal(Signal::TSTP);
        } else {
            terminal.send(b"\x1a");
        }
        terminal.wait_until_stopped();
        terminal.wait_for("the shell's screen", |screen| !screen.alternate_screen());
        terminal.assert_restored();
        terminal.resize(100, 30);
        terminal.signal(Signal::CONT);
        terminal
            .wait_for("the whole screen again", |screen| screen.alternate_screen() && screen.contents().contains("service/search/owner"));
        terminal.send(b"q");
        assert_eq!(terminal.wait_for_end(), 0);
        terminal.assert_restored();
    }
}

#[test]
fn a_directory_that_cannot_be_had_is_said_after_the_screen() {
    let sandbox = scene();
    sandbox.write(".local/share/stellar", "a file where the directory should be");
    let mut terminal = Terminal::start(&sandbox.stellar_command(&[]), 80, 24);
    assert_ne!(terminal.wait_for_end(), 0);
    terminal.assert_restored();
    assert!(terminal.text().contains("stellar"), "{}", terminal.text());
}

#[test]
fn a_panic_in_any_thread_gives_the_terminal_back_before_it_is_told() {
    let mut command = Command::new(std::env::current_exe().expect("this test"));
    command.args(["--ignored", "--exact", "screen::leaving::child_that_panics", "--nocapture", "--test-threads=1"]).current_dir("/");
    let mut terminal = Terminal::start(&command, 80, 24);
    terminal.wait_for_end();
    terminal.assert_restored();
    assert!(terminal.text().contains("deliberately"), "told on the shell's screen: {}", terminal.text());
}

#[test]
#[ignore = "run by the test above, on a terminal of its own"]
fn child_that_panics() {
    // Never dropped: what is given back is given back by the hook.
    let _guard = std::mem::ManuallyDrop::new(stellar::term::Guard::enter(true).expect("a terminal"));
    let panicked = std::thread::spawn(|| panic!("deliberately")).join();
    assert!(panicked.is_err());
}
