//! The real binary on a real pseudo-terminal, looked at through a terminal parser; nothing sleeps, everything waits for what it expects.

mod changing;
mod client;
mod deciding;
mod first;
mod hostile;
mod leaving;
pub mod terminal;
mod walk;
