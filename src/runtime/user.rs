//! The name of the user this process runs as.

/// As the system's list of users has it, else as the environment says, else its number.
#[must_use]
pub fn user_name() -> String {
    let uid = rustix::process::getuid().as_raw();
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
}
