//! `cache status`, `cache evict`, `cache compact`.

use crate::{
    action::args::CacheEvictArgs,
    wire::{CacheCompactPayload, CacheEvictPayload, CachePayload},
};

use super::answer::{Answer, Failed};

/// `cache status`
pub async fn cache(answer: &mut Answer<'_>) -> Result<(), Failed> {
    let status = answer.handle.cache_status()?;
    let _ = answer.line(&CachePayload::of(&status)).await;
    Ok(())
}

/// `cache evict`
pub async fn evict(answer: &mut Answer<'_>, args: &CacheEvictArgs) -> Result<(), Failed> {
    let gone = answer.handle.evict(&args.pattern).await?;
    let _ = answer.line(&CacheEvictPayload::of(&gone)).await;
    Ok(())
}

/// `cache compact`
pub async fn compact(answer: &mut Answer<'_>) -> Result<(), Failed> {
    let compacted = answer.handle.compact().await?;
    let _ = answer.line(&CacheCompactPayload::of(&compacted)).await;
    Ok(())
}
