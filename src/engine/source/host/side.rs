//! The two ways this machine is read.

/// Which of the two readings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Side {
    /// The `sysinfo` crate.
    Library,
    /// `/proc` and `statvfs`.
    #[cfg(target_os = "linux")]
    Direct,
}

impl Side {
    /// Every side there is on this system, with the end of its source's name.
    pub(super) const ALL: &[(Self, &str)] = &[
        (Self::Library, "sysinfo"),
        #[cfg(target_os = "linux")]
        (Self::Direct, "proc"),
    ];
}
