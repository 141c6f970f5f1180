//! Numbers from a seed: the same place gives the same number, whatever was drawn before.

/// A number below `end` for this place; 0 where `end` is.
pub fn draw(seed: u64, place: &str, at: u64, end: u64) -> u64 {
    let mut hasher = blake3::Hasher::new();
    hasher.update(&seed.to_le_bytes()).update(&at.to_le_bytes()).update(place.as_bytes());
    let mut bytes = [0; 8];
    hasher.finalize_xof().fill(&mut bytes);
    u64::from_le_bytes(bytes) % end.max(1)
}
