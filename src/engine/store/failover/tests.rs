//! Going over and coming back.
