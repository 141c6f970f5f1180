//! Integration tests of Stellar, in one binary: the shape of the house, its documents, and the real program end to end.
//!
//! They need no network but loopback and no display, and they never sleep for a fixed time.

#[cfg(test)]
mod arch;
#[cfg(test)]
mod audit;
mod chaos;
#[cfg(test)]
mod demo;
#[cfg(test)]
mod detect;
#[cfg(test)]
mod docs;
#[cfg(test)]
mod drift;
#[cfg(test)]
mod first_light;
#[cfg(test)]
mod keys;
#[cfg(test)]
mod network;
#[cfg(test)]
mod prometheus;
#[cfg(test)]
mod queue;
#[cfg(test)]
mod schema;
#[cfg(test)]
mod screen;
#[cfg(test)]
mod snapshots;
#[cfg(test)]
mod support;
#[cfg(test)]
mod tour;
#[cfg(test)]
mod trust;
