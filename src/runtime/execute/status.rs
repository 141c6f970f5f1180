//! `cache status`.

use crate::wire::CachePayload;

use super::answer::{Answer, Failed};

/// `cache status`
pub async fn cache(answer: &mut Answer<'_>) -> Result<(), Failed> {
    let status = answer.handle.cache_status()?;
    let _ = answer.line(&CachePayload::of(&status)).await;
    Ok(())
}
