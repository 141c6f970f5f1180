//! Changes, end to end: the real binary, real files as targets, a server that is not there.

mod bad_input;
mod delivery;
mod kills;
pub mod scene;
mod service;
mod undelivered;
