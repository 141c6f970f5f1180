//! An HTTP target on loopback that takes changes, counts what took effect, and misbehaves from a seed.
//!
//! `GET /KIND` lists its values, `PUT /KIND/NAME` changes one. Of kind `tagged` it holds `If-Match` against its tag, of kind `keyed` it knows
//! idempotency keys. Nothing else keeps a request that comes twice from taking effect twice.

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::{SocketAddr, TcpListener, TcpStream},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    thread::{self, JoinHandle},
    time::Duration,
};

use serde_json::{Value, json};

/// Draws from a seed: the same every time.
pub struct Draws(u64);

impl Draws {
    /// Draws that follow from this seed.
    pub fn from(seed: u64) -> Self {
        Self(seed)
    }

    /// A number below `end`.
    pub fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % end
    }
}

/// One change that took effect.
#[derive(Clone, Debug, PartialEq)]
pub struct Effect {
    /// `KIND/NAME`.
    pub key: String,
    /// The value it brought.
    pub value: Value,
    /// Its `Idempotency-Key`.
    pub idempotency_key: String,
}

/// What the server holds.
#[derive(Default)]
struct Held {
    /// By key: the value, and the number of its version.
    values: BTreeMap<String, (Value, u64)>,
    effects: Vec<Effect>,
    taken: HashSet<String>,
    refused: HashMap<String, String>,
    draws: Option<Draws>,
}

/// The target, until dropped.
pub struct Target {
    address: SocketAddr,
    held: Arc<Mutex<Held>>,
    stopping: Arc<AtomicBool>,
    accepting: Option<JoinHandle<()>>,
}

/// How one request is treated.
#[derive(Clone, Copy, PartialEq)]
enum Mood {
    Well,
    /// It takes effect, and nothing is said.
    Lost,
    /// It takes effect, and that is said late.
    Slow(Duration),
    /// It takes effect late.
    Late(Duration),
    /// Nothing happens, and nothing is said.
    Gone,
    /// Come again in a second.
    Full,
    /// It takes effect, and 503 is said.
    Done503,
}

impl Target {
    /// Holds these, each 0; well behaved unless there is a seed.
    pub fn start(keys: &[&str], seed: Option<u64>) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a loopback port");
        let address = listener.local_addr().expect("its address");
        let values = keys.iter().map(|key| ((*key).to_owned(), (json!(0), 0))).collect();
        let held = Arc::new(Mutex::new(Held { values, draws: seed.map(Draws::from), ..Held::default() }));
        let stopping = Arc::new(AtomicBool::new(false));
        let (of_thread, stops) = (Arc::clone(&held), Arc::clone(&stopping));
        let accepting = thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                if stops.load(Ordering::SeqCst) {
                    return;
                }
                let held = Arc::clone(&of_thread);
                thread::spawn(move || answer(&held, &stream));
            }
        });
        Self { address, held, stopping, accepting: Some(accepting) }
    }

    /// The URL of a path.
    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// Everything that took effect, in order.
    pub fn effects(&self) -> Vec<Effect> {
        self.held.lock().expect("not poisoned").effects.clone()
    }

    /// What it holds of a key.
    pub fn value(&self, key: &str) -> Value {
        self.held.lock().expect("not poisoned").values[key].0.clone()
    }

    /// Somebody else changes a value.
    pub fn put(&self, key: &str, value: Value) {
        let mut held = self.held.lock().expect("not poisoned");
        let version = held.values.get(key).map_or(0, |(_, version)| version + 1);
        held.values.insert(key.to_owned(), (value, version));
    }

    /// Answers 400 with this body to whoever wants to change the key.
    pub fn refuse(&self, key: &str, body: &str) {
        self.held.lock().expect("not poisoned").refused.insert(key.to_owned(), body.to_owned());
    }
}

impl Drop for Target {
    fn drop(&mut self) {
        self.stopping.store(true, Ordering::SeqCst);
        // The accepting thread waits for a connection; this is it.
        let _ = TcpStream::connect(self.address);
        if let Some(accepting) = self.accepting.take() {
            let _ = accepting.join();
        }
    }
}

struct Asked {
    method: String,
    path: String,
    headers: HashMap<String, String>,
    body: Vec<u8>,
}

/// A whole request; none when the client died in the middle of it.
fn read(stream: &TcpStream) -> Option<Asked> {
    let mut reader = BufReader::new(stream);
    let mut line = String::new();
    reader.read_line(&mut line).ok()?;
    let mut words = line.split(' ').map(str::to_owned);
    let (method, path) = (words.next()?, words.next()?);
    let mut headers = HashMap::new();
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).ok()? == 0 {
            return None;
        }
        let Some((name, value)) = line.trim_end().split_once(':') else { break };
        headers.insert(name.to_ascii_lowercase(), value.trim().to_owned());
    }
    let length = headers.get("content-length").and_then(|length| length.parse().ok()).unwrap_or(0);
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    Some(Asked { method, path: path.trim_start_matches('/').to_owned(), headers, body })
}

fn say(mut stream: &TcpStream, status: u16, header: &str, body: &str) {
    let length = if status == 204 { String::new() } else { format!("content-length: {}\r\n", body.len()) };
    // A client that is gone is none of its business.
    let _ = write!(stream, "HTTP/1.1 {status} Status\r\n{length}{header}connection: close\r\n\r\n{body}");
}

fn tag_of(held: &Held, key: &str) -> Option<String> {
    key.starts_with("tagged/").then(|| format!("\"{}\"", held.values.get(key).map_or(0, |(_, version)| *version)))
}

fn header_of(tag: Option<&String>) -> String {
    tag.map(|tag| format!("etag: {tag}\r\n")).unwrap_or_default()
}

fn answer(held: &Mutex<Held>, stream: &TcpStream) {
    let Some(asked) = read(stream) else { return };
    match asked.method.as_str() {
        "GET" => {
            let within = format!("{}/", asked.path);
            let held = held.lock().expect("not poisoned");
            let own = held.values.iter().filter_map(|(key, (value, _))| Some(json!({"name": key.strip_prefix(&within)?, "is": value})));
            let items: Vec<Value> = own.collect();
            drop(held);
            say(stream, 200, "content-type: application/json\r\n", &json!({"items": items}).to_string());
        }
        "HEAD" => {
            let tag = tag_of(&held.lock().expect("not poisoned"), &asked.path);
            let header = header_of(tag.as_ref());
            say(stream, if tag.is_some() { 200 } else { 405 }, &header, "");
        }
        "PUT" => put(held, stream, &asked),
        _ => say(stream, 405, "", ""),
    }
}

fn put(held: &Mutex<Held>, stream: &TcpStream, asked: &Asked) {
    let mood = held.lock().expect("not poisoned").draws.as_mut().map_or(Mood::Well, mood);
    match mood {
        Mood::Gone => return,
        Mood::Full => return say(stream, 503, "retry-after: 1\r\n", ""),
        Mood::Late(by) => thread::sleep(by),
        _ => {}
    }
    let (status, tag, body) = taken(&mut held.lock().expect("not poisoned"), asked);
    match mood {
        Mood::Lost => return,
        Mood::Slow(by) => thread::sleep(by),
        Mood::Done503 => return say(stream, 503, "", ""),
        _ => {}
    }
    say(stream, status, &header_of(tag.as_ref()), &body);
}

fn mood(draws: &mut Draws) -> Mood {
    let by = Duration::from_millis(draws.below(300));
    match draws.below(100) {
        0..10 => Mood::Lost,
        10..20 => Mood::Slow(by),
        20..30 => Mood::Late(by),
        30..36 => Mood::Gone,
        36..40 => Mood::Full,
        40..44 => Mood::Done503,
        _ => Mood::Well,
    }
}

/// What comes of a change: status, tag, body.
fn taken(held: &mut Held, asked: &Asked) -> (u16, Option<String>, String) {
    let key = asked.path.as_str();
    let idempotency_key = asked.headers.get("idempotency-key").cloned().unwrap_or_default();
    if let Some(body) = held.refused.get(key) {
        return (400, None, body.clone());
    }
    let Ok(value) = serde_json::from_slice::<Value>(&asked.body) else { return (400, None, "no JSON".to_owned()) };
    if key.starts_with("keyed/") && held.taken.contains(&idempotency_key) {
        return (204, None, String::new());
    }
    let tag = tag_of(held, key);
    if let (Some(tag), Some(wanted)) = (&tag, asked.headers.get("if-match"))
        && tag != wanted
    {
        return (412, Some(tag.clone()), String::new());
    }
    let version = held.values.get(key).map_or(1, |(_, version)| version + 1);
    held.values.insert(key.to_owned(), (value["is"].clone(), version));
    held.taken.insert(idempotency_key.clone());
    held.effects.push(Effect { key: key.to_owned(), value: value["is"].clone(), idempotency_key });
    (204, tag_of(held, key), String::new())
}
