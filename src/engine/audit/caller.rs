//! From where something is asked for, known to whatever is done on its behalf without being handed through it.

use std::{future::Future, sync::Arc};

use serde::{Deserialize, Serialize};

tokio::task_local! {
    static CALLER: Arc<Caller>;
}

/// The system's side of whoever asks: user number, terminal, remote end.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Caller {
    /// The number of the system's user.
    #[serde(default)]
    pub uid: Option<u32>,
    /// The terminal: `/dev/pts/3`.
    #[serde(default)]
    pub terminal: Option<String>,
    /// The remote end of its SSH session: address and port.
    #[serde(default)]
    pub ssh: Option<String>,
}

/// Does `work` on behalf of `caller`. What `work` starts elsewhere and does not wait for itself is nobody's.
pub async fn on_behalf_of<T>(caller: Arc<Caller>, work: impl Future<Output = T>) -> T {
    CALLER.scope(caller, work).await
}

/// On whose behalf this is done; none when the engine does it by itself.
#[must_use]
pub fn caller() -> Option<Arc<Caller>> {
    CALLER.try_with(Arc::clone).ok()
}
