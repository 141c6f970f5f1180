//! Everything that can be asked for, once.
