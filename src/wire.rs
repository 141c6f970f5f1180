//! The versioned JSON contract.
