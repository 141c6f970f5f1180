//! Deciding: keys, guards, answers.
