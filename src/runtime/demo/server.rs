//! The model of the upstreams on real sockets: a listener each, closed while its site is out, replies late or in pieces as the model says.

use std::{convert::Infallible, io, net::SocketAddr, sync::Arc, sync::Mutex, sync::MutexGuard, sync::PoisonError, thread, time::Duration};

use http_body_util::{BodyExt as _, Full, Limited, StreamBody, combinators::UnsyncBoxBody};
use hyper::{
    Response,
    body::{Bytes, Frame, Incoming},
    server::conn::http1,
    service::service_fn,
};
use hyper_util::rt::TokioIo;
use tokio::{
    net::{TcpListener, TcpSocket, TcpStream},
    sync::oneshot,
    task::JoinSet,
    time::Instant,
};

use crate::{
    engine::chaos::upstream::{Answer, Drip, Reply, Request, Script, Site, Upstream},
    runtime::{clock::now, context::RuntimeError, owner::runtime},
};

/// The longest body that is taken.
const LONGEST_BODY: usize = 64 * 1024;
/// Connections to one site at a time; who comes then waits.
const MOST_CONNECTIONS: usize = 64;
/// Between two tries to listen again.
const AGAIN: Duration = Duration::from_millis(100);

/// Where each site listens.
#[derive(Clone, Debug)]
pub struct Sites([SocketAddr; 4]);

impl Sites {
    pub fn control(&self) -> String {
        self.url(Site::Control)
    }

    pub fn upstreams(&self) -> Vec<(&'static str, String)> {
        [Site::Cluster, Site::Prom, Site::Wiki].map(|site| (site.as_str(), self.url(site))).into()
    }

    /// Puts the addresses where the text has `@cluster@` and the like.
    pub fn fill(&self, text: &str) -> String {
        Site::ALL.into_iter().fold(text.to_owned(), |text, site| text.replace(&format!("@{}@", site.as_str()), &self.url(site)))
    }

    fn url(&self, site: Site) -> String {
        let at = Site::ALL.iter().position(|own| *own == site).unwrap_or(0);
        format!("http://{}", self.0[at])
    }

    #[cfg(test)]
    pub fn for_test() -> Self {
        Self([1, 2, 3, 4].map(|port| ([127, 0, 0, 1], port).into()))
    }
}

/// The sites, answering on a thread of their own until dropped.
pub struct Server {
    sites: Sites,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<thread::JoinHandle<()>>,
}

impl Server {
    /// Listens on four free ports of 127.0.0.1.
    pub fn start(seed: u64) -> Result<Self, RuntimeError> {
        let runtime = runtime(1)?;
        let failed = |error: io::Error| RuntimeError::Io(format!("no port of 127.0.0.1 can be had: {error}"));
        let mut doors = Vec::new();
        for _ in Site::ALL {
            let _inside = runtime.enter();
            doors.push(Door::new().map_err(failed)?);
        }
        let addresses: Vec<SocketAddr> = doors.iter().map(|door| door.address).collect();
        let addresses = <[SocketAddr; 4]>::try_from(addresses).map_err(|_| RuntimeError::Io("a site has no port".to_owned()))?;
        let model = Arc::new(Model { upstream: Mutex::new(Upstream::new(Script::seeded(seed), now())), started: Instant::now() });
        let (stop, stopped) = oneshot::channel();
        let work = move || {
            runtime.block_on(async move {
                let mut tasks = JoinSet::new();
                for (site, door) in Site::ALL.into_iter().zip(doors) {
                    tasks.spawn(door.keep(site, Arc::clone(&model)));
                }
                let _ = stopped.await;
            });
        };
        let thread = thread::Builder::new().name("demo".to_owned()).spawn(work).map_err(failed)?;
        Ok(Self { sites: Sites(addresses), stop: Some(stop), thread: Some(thread) })
    }

    pub fn sites(&self) -> &Sites {
        &self.sites
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// The model and its time.
struct Model {
    upstream: Mutex<Upstream>,
    started: Instant,
}

impl Model {
    fn upstream(&self) -> MutexGuard<'_, Upstream> {
        self.upstream.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn handle(&self, site: Site, request: &Request) -> Answer {
        self.upstream().handle(site, request, self.started.elapsed())
    }

    /// Whether connections to the site are refused now, and when to look again.
    fn look(&self, site: Site) -> (bool, Instant) {
        let (upstream, now) = (self.upstream(), self.started.elapsed());
        let next = upstream.script().next_change(now).unwrap_or(now + Duration::from_secs(3600));
        (upstream.script().refuses(site, now), self.started + next)
    }
}

/// A port that stays ours while nobody listens on it.
struct Door {
    address: SocketAddr,
    listener: Option<TcpListener>,
    /// Bound and not listening: nobody else is given the port meanwhile. Where that cannot be had, the port is only most likely still free.
    _held: Option<TcpSocket>,
}

impl Door {
    fn new() -> io::Result<Self> {
        let held = bound(([127, 0, 0, 1], 0).into())?;
        let address = held.local_addr()?;
        match listen(address) {
            Ok(listener) => Ok(Self { address, listener: Some(listener), _held: Some(held) }),
            Err(_) => Ok(Self { address, listener: Some(held.listen(BACKLOG)?), _held: None }),
        }
    }

    /// Answers at this port; closes it and every connection while the site is out.
    async fn keep(mut self, site: Site, model: Arc<Model>) {
        loop {
            let (out, until) = model.look(site);
            if out {
                self.listener = None;
                tokio::time::sleep_until(until).await;
                continue;
            }
            let Some(listener) = self.listener.take().or_else(|| listen(self.address).ok()) else {
                tokio::time::sleep(AGAIN).await;
                continue;
            };
            answer_until_out(&listener, site, &model).await;
            self.listener = Some(listener);
        }
    }
}

/// How many may wait to be accepted.
const BACKLOG: u32 = 128;

fn bound(address: SocketAddr) -> io::Result<TcpSocket> {
    let socket = TcpSocket::new_v4()?;
    // The same port again, at once, though connections of it are still dying.
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    Ok(socket)
}

fn listen(address: SocketAddr) -> io::Result<TcpListener> {
    bound(address)?.listen(BACKLOG)
}

/// Takes connections until the site goes out; those that are open then are closed.
async fn answer_until_out(listener: &TcpListener, site: Site, model: &Arc<Model>) {
    let mut connections = JoinSet::new();
    loop {
        let (out, until) = model.look(site);
        if out {
            return;
        }
        tokio::select! {
            accepted = listener.accept(), if connections.len() < MOST_CONNECTIONS => match accepted {
                Ok((stream, _)) => drop(connections.spawn(connection(stream, site, Arc::clone(model)))),
                // Out of descriptors, most likely.
                Err(_) => tokio::time::sleep(AGAIN).await,
            },
            Some(_) = connections.join_next() => {}
            () = tokio::time::sleep_until(until) => {}
        }
    }
}

async fn connection(stream: TcpStream, site: Site, model: Arc<Model>) {
    let service = service_fn(move |request| respond(request, site, Arc::clone(&model)));
    // A client that goes away in the middle is none of its business.
    let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
}

/// The connection closes without a word.
#[derive(Debug, thiserror::Error)]
#[error("closed by the script")]
struct Closed;

type Body = UnsyncBoxBody<Bytes, Infallible>;

async fn respond(request: hyper::Request<Incoming>, site: Site, model: Arc<Model>) -> Result<Response<Body>, Closed> {
    let (head, body) = request.into_parts();
    let Ok(body) = Limited::new(body, LONGEST_BODY).collect().await else {
        let reply = Reply { status: 413, headers: Vec::new(), body: Vec::new() };
        return response(reply, None);
    };
    let text = |value: &hyper::header::HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
    let request = Request {
        method: head.method.as_str().to_owned(),
        target: head.uri.path_and_query().map_or("/", |target| target.as_str()).to_owned(),
        headers: head.headers.iter().map(|(name, value)| (name.as_str().to_owned(), text(value))).collect(),
        body: body.to_bytes().to_vec(),
    };
    match model.handle(site, &request) {
        Answer::Refused | Answer::Lost => Err(Closed),
        Answer::Replied { reply, after, drip } => {
            tokio::time::sleep(after).await;
            response(reply, drip)
        }
    }
}

fn response(reply: Reply, drip: Option<Drip>) -> Result<Response<Body>, Closed> {
    let mut builder = Response::builder().status(reply.status);
    for (name, value) in &reply.headers {
        builder = builder.header(name, value);
    }
    let bytes = Bytes::from(reply.body);
    let body = match drip {
        None => Full::new(bytes).boxed_unsync(),
        Some(drip) => dripping(bytes, drip).boxed_unsync(),
    };
    builder.body(body).map_err(|_| Closed)
}

fn dripping(bytes: Bytes, drip: Drip) -> impl hyper::body::Body<Data = Bytes, Error = Infallible> + Send {
    StreamBody::new(futures_util::stream::unfold(bytes, move |mut left| async move {
        if left.is_empty() {
            return None;
        }
        tokio::time::sleep(drip.every).await;
        let piece = left.split_to(drip.bytes.clamp(1, left.len()));
        Some((Ok(Frame::data(piece)), left))
    }))
}
