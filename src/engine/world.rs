//! The outside, as small traits: time, randomness, secrets, keys. Real at the edge, simulated in tests.
//!
//! Invariants: nothing else in the engine asks the machine for time or randomness; randomness is the system's or none at all, never a
//! weaker stand-in.
//!
//! It does not open files or sockets.

mod clock;
mod rng;
mod secrets;
mod sim;
mod vault;

pub use clock::{Clock, SystemClock};
pub use rng::{Rng, SystemRng};
pub use secrets::Secrets;
pub use sim::{SeededRng, SimClock};
pub use vault::{Asking, KeyVault, NoVault, Passphrase};
