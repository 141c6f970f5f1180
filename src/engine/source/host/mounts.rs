//! Which mounts and interfaces are worth a fact: the same answer for both sides, or one would report what the other leaves out.

use std::path::Path;

/// File systems on a disk of this machine. Others are left out: pseudo ones say nothing, network ones can hang a reading for ever.
const ON_DISK: &[&str] = &[
    "apfs", "bcachefs", "btrfs", "exfat", "ext2", "ext3", "ext4", "f2fs", "fuseblk", "hfs", "jfs", "msdos", "nilfs2", "ntfs", "ntfs3",
    "reiserfs", "ufs", "vfat", "xfs", "zfs",
];

/// Whether a mount is reported. The root is, whatever it is made of: in a container it is an overlay.
pub(super) fn is_worth(mount: &str, file_system: &str) -> bool {
    // Containers mount single files such as /etc/hosts from the host's disk.
    mount == "/" || (ON_DISK.contains(&file_system) && !mount.starts_with("/System/Volumes/") && Path::new(mount).is_dir())
}

/// Whether an interface is reported. The `veth` ends of containers come and go by the hundred.
pub(super) fn is_interface_worth(name: &str) -> bool {
    !name.starts_with("veth")
}
