//! An HTTP server on loopback that misbehaves on command.

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex},
};

use tokio::{
    io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _},
    net::TcpListener,
    task::JoinSet,
};

/// What the server does with a request.
pub(in crate::engine::source) enum Reply {
    /// Status line's rest, headers, body.
    Is(&'static str, Vec<(&'static str, String)>, Vec<u8>),
    /// 200 and bytes without end.
    Endless,
    /// Nothing, ever.
    Hang,
    /// 200, half of the announced body, and the connection closed.
    Cut,
}

/// 200 with a JSON body.
pub(in crate::engine::source) fn json(body: &str) -> Reply {
    ok(vec![("Content-Type", "application/json".to_owned())], body.as_bytes())
}

/// 200 with headers.
pub(in crate::engine::source) fn ok(headers: Vec<(&'static str, String)>, body: &[u8]) -> Reply {
    Reply::Is("200 OK", headers, body.to_vec())
}

/// 302 to a place.
pub(in crate::engine::source) fn redirect(to: &str) -> Reply {
    Reply::Is("302 Found", vec![("Location", to.to_owned())], Vec::new())
}

/// A running server; gone when dropped.
pub(in crate::engine::source) struct Server {
    pub(in crate::engine::source) address: SocketAddr,
    requests: Arc<Mutex<Vec<String>>>,
    bodies: Arc<Mutex<Vec<String>>>,
    _tasks: JoinSet<()>,
}

/// What a request asks, for servers that take changes.
pub(in crate::engine::source) struct Request<'a> {
    pub(in crate::engine::source) method: &'a str,
    pub(in crate::engine::source) target: &'a str,
    pub(in crate::engine::source) head: &'a str,
    pub(in crate::engine::source) body: &'a str,
}

impl Request<'_> {
    /// The value of a header.
    pub(in crate::engine::source) fn header(&self, name: &str) -> Option<&str> {
        let mut lines = self.head.lines().filter_map(|line| line.split_once(':'));
        lines.find(|(other, _)| other.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim())
    }
}

type Handler = Arc<dyn Fn(&Request<'_>) -> Reply + Send + Sync>;

impl Server {
    /// Answers each request by its target (path and query).
    pub(in crate::engine::source) async fn start(handler: impl Fn(&str) -> Reply + Send + Sync + 'static) -> Self {
        Self::start_with(None, handler).await
    }

    /// As [`Server::start`], behind TLS.
    pub(in crate::engine::source) async fn start_with(
        tls: Option<tokio_rustls::TlsAcceptor>,
        handler: impl Fn(&str) -> Reply + Send + Sync + 'static,
    ) -> Self {
        Self::start_on(tls, Arc::new(move |request: &Request<'_>| handler(request.target))).await
    }

    /// As [`Server::start`], answering by the whole request.
    pub(in crate::engine::source) async fn taking(handler: impl Fn(&Request<'_>) -> Reply + Send + Sync + 'static) -> Self {
        Self::start_on(None, Arc::new(handler)).await
    }

    async fn start_on(tls: Option<tokio_rustls::TlsAcceptor>, handler: Handler) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (requests, bodies) = (Arc::new(Mutex::new(Vec::new())), Arc::new(Mutex::new(Vec::new())));
        let seen = Seen { requests: Arc::clone(&requests), bodies: Arc::clone(&bodies) };
        let mut tasks = JoinSet::new();
        tasks.spawn(async move {
            let mut connections = JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                let (handler, seen, tls) = (Arc::clone(&handler), seen.clone(), tls.clone());
                connections.spawn(async move {
                    match tls {
                        None => serve(stream, &handler, &seen).await,
                        Some(tls) => {
                            if let Ok(stream) = tls.accept(stream).await {
                                serve(stream, &handler, &seen).await;
                            }
                        }
                    }
                });
            }
        });
        Self { address, requests, bodies, _tasks: tasks }
    }

    /// A URL of this server.
    pub(in crate::engine::source) fn url(&self, target: &str) -> String {
        format!("http://{}{target}", self.address)
    }

    /// The heads of the requests so far.
    pub(in crate::engine::source) fn requests(&self) -> Vec<String> {
        self.requests.lock().unwrap().clone()
    }

    /// The bodies of the requests so far.
    pub(in crate::engine::source) fn bodies(&self) -> Vec<String> {
        self.bodies.lock().unwrap().clone()
    }
}

#[derive(Clone)]
struct Seen {
    requests: Arc<Mutex<Vec<String>>>,
    bodies: Arc<Mutex<Vec<String>>>,
}

async fn serve(mut stream: impl AsyncRead + AsyncWrite + Unpin, handler: &Handler, seen: &Seen) {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        match stream.read_u8().await {
            Ok(byte) => head.push(byte),
            Err(_) => return,
        }
    }
    let head = String::from_utf8_lossy(&head).into_owned();
    let mut first = head.split(' ');
    let (method, target) = (first.next().unwrap_or_default(), first.next().unwrap_or_default());
    let length = Request { method, target, head: &head, body: "" }.header("content-length").and_then(|length| length.parse().ok());
    let mut body = vec![0; length.unwrap_or(0)];
    if stream.read_exact(&mut body).await.is_err() {
        return;
    }
    let body = String::from_utf8_lossy(&body).into_owned();
    seen.requests.lock().unwrap().push(head.clone());
    seen.bodies.lock().unwrap().push(body.clone());
    let reply = handler(&Request { method, target, head: &head, body: &body });
    // Errors are the client hanging up, which is what it should do.
    let _ = answer(&mut stream, reply, method == "HEAD").await;
    let _ = stream.shutdown().await;
}

async fn answer(stream: &mut (impl AsyncWrite + Unpin), reply: Reply, is_head: bool) -> std::io::Result<()> {
    match reply {
        Reply::Is(status, headers, body) => {
            let mut head = format!("HTTP/1.1 {status}\r\nConnection: close\r\n");
            for (name, value) in headers {
                head.push_str(&format!("{name}: {value}\r\n"));
            }
            if !status.starts_with("304") {
                head.push_str(&format!("Content-Length: {}\r\n", body.len()));
            }
            stream.write_all(format!("{head}\r\n").as_bytes()).await?;
            if is_head { Ok(()) } else { stream.write_all(&body).await }
        }
        Reply::Endless => {
            stream.write_all(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n").await?;
            let block = vec![b' '; 65536];
            loop {
                stream.write_all(&block).await?;
            }
        }
        Reply::Hang => std::future::pending().await,
        Reply::Cut => stream.write_all(b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 100\r\n\r\n{\"x\":").await,
    }
}
