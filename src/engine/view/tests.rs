//! The shared map against a plain one, and the keeper.
