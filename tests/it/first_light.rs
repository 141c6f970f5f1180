//! First light, end to end: the real binary in a home of its own, real files, commands and HTTP on loopback.

mod configuration;
mod data_directory;
mod empty_home;
mod hostile;
mod look;
mod odd_values;
mod one_owner;
mod scene;
mod services;
