//! The owner's side of the socket: every connection is checked, answered in order, and let finish before the owner leaves.

use std::{io, path::Path, sync::Arc, time::Duration};

use tokio::{
    io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader},
    net::{UnixListener, UnixStream},
    sync::{mpsc, watch},
    task::JoinSet,
};

use crate::engine::{Caller, EngineHandle};

use super::{
    context::Context,
    execute::{ends_with_its_asker, execute_for},
    message::{FromClient, FromServer, Hello, Reply, Request},
    private_dir, user,
};

/// The longest line a client may send: many changes come in one.
const LONGEST_LINE: u64 = 64 * 1024 * 1024;
/// How many lines of an answer may wait for a slow reader.
const AHEAD: usize = 1024;
/// How long a leaving owner lets others finish.
const FINISH: Duration = Duration::from_secs(10);

/// A bound socket, answering until told to leave.
pub struct Server {
    leave: watch::Sender<bool>,
    task: tokio::task::JoinHandle<()>,
}

impl Server {
    /// Binds the socket; only the owner of the data directory may, so whatever stands there is stale.
    pub fn start(context: &Context, handle: EngineHandle) -> io::Result<Self> {
        let listener = bind(&context.socket)?;
        let (leave, leaving) = watch::channel(false);
        let task = tokio::spawn(accept(listener, Arc::new(context.clone()), handle, leaving));
        Ok(Self { leave, task })
    }

    /// Takes no more, lets what runs finish within bounds, and removes the socket.
    pub async fn leave(self, context: &Context) {
        // Removed first: who comes now finds nobody and waits for the lock instead.
        let _ = std::fs::remove_file(&context.socket);
        let _ = self.leave.send(true);
        let _ = tokio::time::timeout(FINISH, self.task).await;
    }
}

fn bind(socket: &Path) -> io::Result<UnixListener> {
    if let Some(dir) = socket.parent() {
        private_dir::prepare(dir)?;
    }
    match std::fs::remove_file(socket) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    UnixListener::bind(socket)
}

async fn accept(listener: UnixListener, context: Arc<Context>, handle: EngineHandle, mut leaving: watch::Receiver<bool>) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            biased;
            _ = leaving.changed() => break,
            accepted = listener.accept() => {
                let Ok((stream, _)) = accepted else {
                    // Out of descriptors, most likely: let some connections end first.
                    tokio::time::sleep(Duration::from_millis(50)).await;
                    continue;
                };
                connections.spawn(connection(stream, Arc::clone(&context), handle.clone(), leaving.clone()));
            }
            Some(_) = connections.join_next() => {}
        }
    }
    drop(listener);
    while connections.join_next().await.is_some() {}
}

async fn connection(stream: UnixStream, context: Arc<Context>, handle: EngineHandle, mut leaving: watch::Receiver<bool>) {
    let uid = user::uid();
    let ours = stream.peer_cred().is_ok_and(|peer| peer.uid() == uid);
    if !ours {
        tracing::warn!("a client of another user was refused");
        return;
    }
    let (reader, mut writer) = stream.into_split();
    let mut reader = BufReader::new(reader);
    let mut greeted: Option<Arc<Caller>> = None;
    loop {
        let mut line = Vec::new();
        let mut bounded = (&mut reader).take(LONGEST_LINE);
        let read = tokio::select! {
            biased;
            read = bounded.read_until(b'\n', &mut line) => read,
            _ = leaving.changed() => {
                let _ = send(&mut writer, &FromServer::Bye).await;
                return;
            }
        };
        match read {
            Ok(read) if read > 0 && line.ends_with(b"\n") => {}
            _ => return,
        }
        let outcome = match serde_json::from_slice(&line) {
            Ok(FromClient::Hello(theirs)) => {
                greeted = Some(Arc::new(theirs.caller(uid)));
                let hello = Hello::of(&context);
                match theirs.check(&hello) {
                    Ok(()) => send(&mut writer, &FromServer::Hello(hello)).await,
                    // The client words the mismatch from its own side.
                    Err(reason) => {
                        tracing::warn!(reason, "a client was refused");
                        let _ = send(&mut writer, &FromServer::Hello(hello)).await;
                        return;
                    }
                }
            }
            Ok(FromClient::Request(request)) => match &greeted {
                Some(caller) => answer(&mut writer, &handle, &context, (Arc::clone(caller), request), leaving.clone()).await,
                None => refuse(&mut writer, "say hello first").await,
            },
            Err(error) => refuse(&mut writer, &format!("not a message of this protocol: {error}")).await,
        };
        if outcome.is_err() {
            return;
        }
    }
}

async fn refuse(writer: &mut (impl tokio::io::AsyncWrite + Unpin), message: &str) -> io::Result<()> {
    // The reason can hold what the client sent.
    tracing::warn!("a client was refused");
    tracing::debug!(reason = message, "why");
    send(writer, &FromServer::Refused { message: message.to_owned() }).await?;
    Err(io::ErrorKind::InvalidData.into())
}

async fn answer(
    writer: &mut (impl tokio::io::AsyncWrite + Unpin),
    handle: &EngineHandle,
    context: &Context,
    (caller, request): (Arc<Caller>, Request),
    mut leaving: watch::Receiver<bool>,
) -> io::Result<()> {
    let (replies, mut answered) = mpsc::channel::<Reply>(AHEAD);
    let streaming = request.streaming;
    let is_left = streaming || ends_with_its_asker(&request);
    let task = tokio::spawn({
        let (handle, context) = (handle.clone(), context.clone());
        async move { execute_for(caller, &handle, &context, &request, replies).await }
    });
    let mut batch = Vec::new();
    let outcome = loop {
        let sent = tokio::select! {
            biased;
            reply = answered.recv() => match reply {
                Some(reply) => {
                    batch.clear();
                    encode(&mut batch, &FromServer::Reply(reply))?;
                    while batch.len() < 256 * 1024 && let Ok(more) = answered.try_recv() {
                        encode(&mut batch, &FromServer::Reply(more))?;
                    }
                    writer.write_all(&batch).await
                }
                None => break send(writer, &FromServer::End).await,
            },
            // A stream has no end of its own, and some work ends when nobody waits for it; anything else is let finish.
            _ = leaving.changed(), if is_left => break send(writer, &FromServer::Bye).await,
        };
        if sent.is_err() {
            break sent;
        }
    };
    drop(answered);
    if streaming {
        task.abort();
    }
    // A panic inside a request ends that connection's answer, not the owner.
    let _ = task.await;
    outcome
}

fn encode(batch: &mut Vec<u8>, message: &FromServer) -> io::Result<()> {
    serde_json::to_writer(&mut *batch, message)?;
    batch.push(b'\n');
    Ok(())
}

async fn send(writer: &mut (impl tokio::io::AsyncWrite + Unpin), message: &FromServer) -> io::Result<()> {
    let mut batch = Vec::new();
    encode(&mut batch, message)?;
    writer.write_all(&batch).await
}
