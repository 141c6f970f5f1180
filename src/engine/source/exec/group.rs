//! The process group of a command, which ends when this does.

use rustix::process::{Pid, Signal, kill_process_group};

/// Kills the group when dropped, unless it was let go of.
pub(super) struct Group(Option<Pid>);

impl Group {
    /// The group led by the child with this id. The child must not have been waited for: its id could belong to another by then.
    pub(super) fn led_by(child: Option<u32>) -> Self {
        Self(child.and_then(|id| i32::try_from(id).ok()).and_then(Pid::from_raw))
    }

    /// Asks every process of the group to end.
    pub(super) fn terminate(&self) {
        self.send(Signal::TERM);
    }

    /// Ends every process of the group.
    pub(super) fn kill(&self) {
        self.send(Signal::KILL);
    }

    /// Leaves whatever is left of the group alone from here on.
    pub(super) fn release(mut self) {
        self.0 = None;
    }

    fn send(&self, signal: Signal) {
        if let Some(leader) = self.0 {
            // An error means that nobody is left.
            let _ = kill_process_group(leader, signal);
        }
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        self.kill();
    }
}
