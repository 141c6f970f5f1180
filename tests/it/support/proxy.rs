//! A TCP proxy on loopback that misbehaves on command: late, slow, cut short, reset, silent, byte by byte, or not there at all.
//!
//! It carries bytes and knows no protocol. What it is told holds for connections from then on; those that are open keep what they began
//! with, but [`Proxy::refuse`] ends them.

use std::{
    io,
    net::SocketAddr,
    sync::{Arc, Mutex},
    thread::{self, JoinHandle},
    time::Duration,
};

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{
        TcpListener, TcpSocket, TcpStream,
        tcp::{OwnedReadHalf, OwnedWriteHalf},
    },
    sync::watch,
    task::JoinSet,
    time::sleep,
};

/// What becomes of the bytes that come back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// They pass.
    None,
    /// Each piece is this late.
    Latency(Duration),
    /// So many pass a second.
    Throttle(u64),
    /// One at a time, this far apart.
    Drip(Duration),
    /// So many pass, then the connection closes in order.
    CutAfter(u64),
    /// So many pass, then the connection is reset.
    ResetAfter(u64),
    /// None pass, and the connection stays open.
    Hang,
    /// Nobody listens.
    Refuse,
}

/// The proxy, running beside the test until dropped.
pub struct Proxy {
    address: SocketAddr,
    fault: watch::Sender<Fault>,
    passed: Arc<Mutex<u64>>,
    listening: watch::Receiver<bool>,
    thread: Option<JoinHandle<()>>,
    stop: watch::Sender<bool>,
}

impl Proxy {
    /// Listens on a free port of loopback for what is meant for `target`.
    pub fn before(target: SocketAddr) -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        let (fault, faults) = watch::channel(Fault::None);
        let (stop, stopped) = watch::channel(false);
        let (listens, listening) = watch::channel(true);
        let passed = Arc::new(Mutex::new(0));
        // Bound for as long as the proxy lives: nobody else is given the port while it refuses.
        let (held, listener) = {
            let _inside = runtime.enter();
            let held = bound(([127, 0, 0, 1], 0).into()).expect("a port");
            let listener = listen(held.local_addr().expect("its address")).expect("the same port");
            (held, listener)
        };
        let address = listener.local_addr().expect("its address");
        let count = Arc::clone(&passed);
        let thread = thread::spawn(move || {
            let _held = held;
            let mut stopped = stopped;
            runtime.block_on(async {
                tokio::select! {
                    () = run(listener, target, faults, listens, count) => {}
                    _ = stopped.changed() => {}
                }
            });
        });
        Self { address, fault, passed, listening, thread: Some(thread), stop }
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Misbehaves like this from now on; when it returns, it does.
    pub fn set(&self, fault: Fault) {
        self.fault.send_replace(fault);
        let mut listening = self.listening.clone();
        let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
        runtime.block_on(listening.wait_for(|listens| *listens == (fault != Fault::Refuse))).expect("the proxy runs");
    }

    /// How many bytes came back through it so far.
    pub fn passed(&self) -> u64 {
        *self.passed.lock().expect("not poisoned")
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.stop.send_replace(true);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn bound(address: SocketAddr) -> io::Result<TcpSocket> {
    let socket = TcpSocket::new_v4()?;
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    Ok(socket)
}

fn listen(address: SocketAddr) -> io::Result<TcpListener> {
    bound(address)?.listen(64)
}

/// Listens while it is not to refuse, and carries what comes.
async fn run(
    listener: TcpListener,
    target: SocketAddr,
    mut faults: watch::Receiver<Fault>,
    listens: watch::Sender<bool>,
    passed: Arc<Mutex<u64>>,
) {
    let address = listener.local_addr().expect("its address");
    let mut listener = Some(listener);
    let mut connections = JoinSet::new();
    loop {
        let fault = *faults.borrow_and_update();
        if fault == Fault::Refuse {
            listener = None;
            connections.shutdown().await;
            listens.send_replace(false);
            if faults.changed().await.is_err() {
                return;
            }
            continue;
        }
        let open = match listener.take() {
            Some(open) => open,
            None => match listen(address) {
                Ok(open) => open,
                // The port is taken for a moment, by a connection that is dying.
                Err(_) => {
                    sleep(Duration::from_millis(10)).await;
                    continue;
                }
            },
        };
        listens.send_replace(true);
        tokio::select! {
            accepted = open.accept() => {
                // What holds when it comes, not when it was begun to wait for it.
                let fault = *faults.borrow();
                if let (Ok((stream, _)), true) = (accepted, fault != Fault::Refuse) {
                    connections.spawn(carry(stream, target, fault, Arc::clone(&passed)));
                }
            }
            changed = faults.changed() => if changed.is_err() { return },
            Some(_) = connections.join_next() => {}
        }
        listener = Some(open);
    }
}

/// Carries one connection, there unharmed and back as the fault has it.
async fn carry(client: TcpStream, target: SocketAddr, fault: Fault, passed: Arc<Mutex<u64>>) {
    let Ok(server) = TcpStream::connect(target).await else { return };
    let (mut from_client, to_client) = client.into_split();
    let (from_server, mut to_server) = server.into_split();
    let there = async {
        let _ = tokio::io::copy(&mut from_client, &mut to_server).await;
        let _ = to_server.shutdown().await;
        // The way back decides when it is over.
        std::future::pending::<()>().await;
    };
    tokio::select! {
        () = there => {}
        _ = back(from_server, to_client, fault, &passed) => {}
    }
}

async fn back(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, fault: Fault, passed: &Mutex<u64>) -> io::Result<()> {
    let mut buffer = [0; 4096];
    let mut left = match fault {
        Fault::CutAfter(bytes) | Fault::ResetAfter(bytes) => bytes,
        _ => u64::MAX,
    };
    loop {
        let room = match fault {
            Fault::Drip(_) => 1,
            Fault::Throttle(_) => 64,
            _ => buffer.len(),
        };
        let read = from.read(&mut buffer[..room]).await?;
        if read == 0 {
            return to.shutdown().await;
        }
        match fault {
            Fault::None | Fault::CutAfter(_) | Fault::ResetAfter(_) | Fault::Refuse => {}
            Fault::Latency(by) | Fault::Drip(by) => sleep(by).await,
            Fault::Throttle(a_second) => sleep(Duration::from_secs_f64(read as f64 / a_second.max(1) as f64)).await,
            Fault::Hang => std::future::pending().await,
        }
        let take = usize::try_from(left).unwrap_or(usize::MAX).min(read);
        to.write_all(&buffer[..take]).await?;
        *passed.lock().expect("not poisoned") += take as u64;
        left -= take as u64;
        if left == 0 {
            if matches!(fault, Fault::ResetAfter(_)) {
                // Closed with nothing lingering, it is reset.
                to.as_ref().set_zero_linger()?;
            }
            return Ok(());
        }
    }
}
