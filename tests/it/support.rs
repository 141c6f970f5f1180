//! What the end-to-end tests stand on: a home of their own, the real binary, and a server that answers what it is told.
//!
//! Everything started here is ended by its own process id when it is dropped. Waiting is for an event, bounded, never a sleep.

mod proxy;
mod run;
mod sandbox;
mod server;
mod target;

pub use proxy::{Fault, Proxy};
pub use run::{Ran, Running};
pub use sandbox::{Sandbox, binary};
pub use server::{Reply, Server};
pub use target::{Draws, Target};
