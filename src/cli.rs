//! Subcommands, printing, exit codes.
