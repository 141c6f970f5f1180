//! An HTTP server on loopback that answers what the test says, and can be stopped and started on the same port.

use std::{
    collections::HashMap,
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::{SocketAddr, TcpListener, TcpStream},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    thread::{self, JoinHandle},
};

use serde_json::Value;

/// What a path answers.
#[derive(Clone, Debug)]
pub enum Reply {
    /// A whole answer.
    Whole {
        /// The status.
        status: u16,
        /// Headers besides the length.
        headers: Vec<(String, String)>,
        /// The body.
        body: Vec<u8>,
    },
    /// A body of this many spaces and one number, written piece by piece: valid JSON, only long.
    Long(u64),
    /// Headers that announce more than ever comes: the connection closes in the middle.
    Torn(Vec<u8>),
    /// Takes the request and says nothing until the server stops.
    Silent,
}

impl Reply {
    /// 200 with JSON.
    pub fn json(value: &Value) -> Self {
        Self::text("application/json", value.to_string())
    }

    /// 200 with any bytes.
    pub fn text(content_type: &str, body: impl Into<Vec<u8>>) -> Self {
        Self::Whole { status: 200, headers: vec![("content-type".to_owned(), content_type.to_owned())], body: body.into() }
    }

    /// An empty answer with this status.
    pub fn status(status: u16) -> Self {
        Self::Whole { status, headers: Vec::new(), body: Vec::new() }
    }

    /// A redirect.
    pub fn redirect(location: &str) -> Self {
        Self::Whole { status: 302, headers: vec![("location".to_owned(), location.to_owned())], body: Vec::new() }
    }
}

#[derive(Default)]
struct Shared {
    replies: Mutex<HashMap<String, Reply>>,
    requests: Mutex<Vec<String>>,
    stopping: AtomicBool,
    silent: Mutex<Vec<TcpStream>>,
}

/// The server. Unknown paths are 404.
pub struct Server {
    address: SocketAddr,
    shared: Arc<Shared>,
    accepting: Option<JoinHandle<()>>,
}

impl Server {
    /// Listens on a free port.
    pub fn start() -> Self {
        let mut server = Self { address: ([127, 0, 0, 1], 0).into(), shared: Arc::default(), accepting: None };
        server.listen();
        server
    }

    fn listen(&mut self) {
        let listener = TcpListener::bind(self.address).expect("a loopback port");
        self.address = listener.local_addr().expect("its address");
        self.shared.stopping.store(false, Ordering::SeqCst);
        let shared = Arc::clone(&self.shared);
        self.accepting = Some(thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                if shared.stopping.load(Ordering::SeqCst) {
                    return;
                }
                let shared = Arc::clone(&shared);
                thread::spawn(move || answer(&shared, stream));
            }
        }));
    }

    /// What `path` answers from now on.
    pub fn on(&self, path: &str, reply: Reply) -> &Self {
        self.shared.replies.lock().expect("not poisoned").insert(path.to_owned(), reply);
        self
    }

    /// The URL of a path.
    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Every path that was asked for, in order.
    pub fn requests(&self) -> Vec<String> {
        self.shared.requests.lock().expect("not poisoned").clone()
    }

    /// Stops listening: connections are refused from here on, silent ones are closed.
    pub fn stop(&mut self) {
        let Some(accepting) = self.accepting.take() else { return };
        self.shared.stopping.store(true, Ordering::SeqCst);
        // The accepting thread waits for a connection; this is it.
        let _ = TcpStream::connect(self.address);
        accepting.join().expect("the accepting thread ends");
        self.shared.silent.lock().expect("not poisoned").clear();
    }

    /// Listens again on the same port.
    pub fn resume(&mut self) {
        assert!(self.accepting.is_none(), "it is listening");
        self.listen();
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop();
    }
}

/// Answers one request and closes. A client that goes away in the middle is none of its business.
fn answer(shared: &Shared, stream: TcpStream) {
    let Some(path) = request_path(&stream) else { return };
    shared.requests.lock().expect("not poisoned").push(path.clone());
    let reply = shared.replies.lock().expect("not poisoned").get(&path).cloned();
    let mut stream = stream;
    let _ = match reply.unwrap_or_else(|| Reply::status(404)) {
        Reply::Whole { status, headers, body } => whole(&mut stream, status, &headers, &body),
        Reply::Long(bytes) => long(&mut stream, bytes),
        Reply::Torn(body) => {
            write!(stream, "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n", body.len() + 1000)
                .and_then(|()| stream.write_all(&body))
        }
        Reply::Silent => {
            shared.silent.lock().expect("not poisoned").push(stream);
            Ok(())
        }
    };
}

fn request_path(stream: &TcpStream) -> Option<String> {
    let mut lines = BufReader::new(stream).lines();
    let path = lines.next()?.ok()?.split(' ').nth(1)?.to_owned();
    lines.map_while(Result::ok).find(String::is_empty)?;
    Some(path)
}

fn whole(stream: &mut TcpStream, status: u16, headers: &[(String, String)], body: &[u8]) -> std::io::Result<()> {
    write!(stream, "HTTP/1.1 {status} Status\r\ncontent-length: {}\r\nconnection: close\r\n", body.len())?;
    for (name, value) in headers {
        write!(stream, "{name}: {value}\r\n")?;
    }
    stream.write_all(b"\r\n")?;
    stream.write_all(body)
}

fn long(stream: &mut TcpStream, bytes: u64) -> std::io::Result<()> {
    write!(stream, "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n\r\n", bytes + 1)?;
    std::io::copy(&mut std::io::repeat(b' ').take(bytes), stream)?;
    stream.write_all(b"1")
}
