//! The user this process runs as, and from where: the terminal, the remote end of an SSH session.

use std::sync::{Arc, OnceLock};

use crate::engine::Caller;

/// From where this process was started.
#[must_use]
pub fn caller() -> Arc<Caller> {
    static CALLER: OnceLock<Arc<Caller>> = OnceLock::new();
    let find = || Arc::new(Caller { uid: Some(uid()), terminal: terminal(), ssh: ssh(&|name| std::env::var(name).ok()) });
    Arc::clone(CALLER.get_or_init(find))
}

/// The number of this user.
pub fn uid() -> u32 {
    rustix::process::getuid().as_raw()
}

/// The first of the standard streams that is a terminal.
fn terminal() -> Option<String> {
    let name = |name: Result<std::ffi::CString, _>| name.ok().map(|name| name.to_string_lossy().into_owned());
    [rustix::stdio::stdin(), rustix::stdio::stderr(), rustix::stdio::stdout()]
        .into_iter()
        .find_map(|stream| name(rustix::termios::ttyname(stream, Vec::new())))
}

/// The remote end: address and port.
fn ssh(look: &dyn Fn(&str) -> Option<String>) -> Option<String> {
    let said = ["SSH_CONNECTION", "SSH_CLIENT"].into_iter().find_map(look)?;
    let mut words = said.split_whitespace();
    let address = words.next()?;
    Some(words.next().map_or_else(|| address.to_owned(), |port| format!("{address} {port}")))
}

/// As the system's list of users has it, else as the environment says, else its number.
#[must_use]
pub fn user_name() -> String {
    let uid = uid();
    let listed = std::fs::read_to_string("/etc/passwd").ok().and_then(|list| name_of(&list, uid));
    let said = || ["USER", "LOGNAME"].into_iter().find_map(|name| std::env::var(name).ok().filter(|user| !user.is_empty()));
    listed.or_else(said).unwrap_or_else(|| format!("user {uid}"))
}

/// The first user of this number.
fn name_of(list: &str, uid: u32) -> Option<String> {
    let user = list.lines().map(|line| line.split(':').collect::<Vec<_>>());
    user.into_iter().find_map(|fields| match fields.as_slice() {
        [name, _, number, ..] if !name.is_empty() && number.parse() == Ok(uid) => Some((*name).to_owned()),
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_has_the_name_of_the_list() {
        let list = "root:x:0:0::/root:/bin/sh\n# a note\n:x:7:7::/:\nanna:x:1000:1000:Anna:/home/anna:/bin/zsh\nagain:x:1000::::\n";
        assert_eq!(name_of(list, 1000).as_deref(), Some("anna"));
        assert_eq!((name_of(list, 7), name_of(list, 1)), (None, None));
        assert!(!user_name().is_empty());
    }

    #[test]
    fn the_remote_end_is_what_the_session_says() {
        let with = |name: &'static str, said: &'static str| ssh(&move |asked: &str| (asked == name).then(|| said.to_owned()));
        assert_eq!(with("SSH_CONNECTION", "192.0.2.7 50022 192.0.2.1 22").as_deref(), Some("192.0.2.7 50022"));
        assert_eq!(with("SSH_CLIENT", "2001:db8::7 50022 22").as_deref(), Some("2001:db8::7 50022"));
        assert_eq!((with("SSH_CLIENT", "here").as_deref(), with("SSH_CLIENT", "  "), with("OTHER", "x")), (Some("here"), None, None));
        assert_eq!(caller().uid, Some(uid()));
    }
}
