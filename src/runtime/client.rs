//! The far side of the socket, without an async runtime: connect, say hello, ask, read lines.

use std::{
    io::{BufRead as _, BufReader, ErrorKind, Read as _, Write as _},
    ops::ControlFlow,
    os::unix::net::UnixStream,
    path::Path,
    sync::atomic::Ordering,
    time::Duration,
};

use super::{
    context::{Context, RuntimeError},
    message::{FromClient, FromServer, Hello, Reply, Request},
    signals::end_with_signal,
};

/// How long the owner may take to say hello; it does nothing else first.
const HELLO: Duration = Duration::from_secs(3);

/// The longest line an owner may send: more than any line it makes.
const LONGEST_LINE: u64 = 256 * 1024 * 1024;

/// How an attempt to ask the owner ended.
pub enum Asked {
    /// Nobody answers at the socket.
    NobodyThere,
    /// The owner left before the answer was complete; asking again is safe.
    OwnerLeft,
    /// The answer is complete, or the caller wants no more of it.
    Done,
}

/// How asking began.
pub enum Begun {
    /// Nobody answers at the socket.
    NobodyThere,
    /// The owner left before it said hello.
    OwnerLeft,
    /// Lines follow.
    Asking(Asking),
}

/// A request under way: both sides have said hello.
pub struct Asking {
    reader: BufReader<UnixStream>,
}

/// Sends one request to the owner, if there is one.
pub fn begin(context: &Context, request: &Request) -> Result<Begun, RuntimeError> {
    let Some(stream) = connect(&context.socket)? else { return Ok(Begun::NobodyThere) };
    // A failing time-out setting only costs the bound on a silent owner.
    let _ = stream.set_read_timeout(Some(HELLO));
    let opening = [FromClient::Hello(Hello::of(context)), FromClient::Request(request.clone())];
    let mut lines = Vec::new();
    for message in &opening {
        serde_json::to_writer(&mut lines, message).map_err(|error| RuntimeError::Io(format!("a request could not be written: {error}")))?;
        lines.push(b'\n');
    }
    if (&stream).write_all(&lines).is_err() {
        return Ok(Begun::OwnerLeft);
    }
    let mut asking = Asking { reader: BufReader::with_capacity(64 * 1024, stream) };
    match asking.next()? {
        Some(FromServer::Hello(theirs)) => theirs.check(&Hello::of(context)).map_err(RuntimeError::Mismatch)?,
        Some(FromServer::Refused { message }) => return Err(RuntimeError::Mismatch(message)),
        _ => return Ok(Begun::OwnerLeft),
    }
    let _ = asking.stream().set_read_timeout(None);
    Ok(Begun::Asking(asking))
}

/// Sends one request to the owner, if there is one, and hands over what it answers.
pub fn ask(context: &Context, request: &Request, sink: &mut dyn FnMut(Reply) -> ControlFlow<()>) -> Result<Asked, RuntimeError> {
    let mut asking = match begin(context, request)? {
        Begun::NobodyThere => return Ok(Asked::NobodyThere),
        Begun::OwnerLeft => return Ok(Asked::OwnerLeft),
        Begun::Asking(asking) => asking,
    };
    let told = if request.streaming { end_with_signal(asking.stream()).ok() } else { None };
    let is_told = || told.as_ref().is_some_and(|told| told.load(Ordering::SeqCst));
    // A finite answer is handed over whole: an owner that dies in the middle must not leave half of it printed.
    let mut held = Vec::new();
    loop {
        match asking.next()? {
            Some(FromServer::Reply(reply)) if request.streaming || matches!(reply, Reply::Progress { .. }) => {
                if sink(reply).is_break() {
                    return Ok(Asked::Done);
                }
            }
            Some(FromServer::Reply(reply)) => held.push(reply),
            Some(FromServer::End) => {
                // The asker may have enough before the end; that is no failure.
                let _ = held.into_iter().try_for_each(sink);
                return Ok(Asked::Done);
            }
            Some(FromServer::Refused { message }) => return Err(RuntimeError::Mismatch(message)),
            Some(FromServer::Hello(_)) => {}
            Some(FromServer::Bye) | None if is_told() => return Ok(Asked::Done),
            Some(FromServer::Bye) | None => return Ok(Asked::OwnerLeft),
        }
    }
}

fn connect(socket: &Path) -> Result<Option<UnixStream>, RuntimeError> {
    match UnixStream::connect(socket) {
        Ok(stream) => Ok(Some(stream)),
        Err(error)
            if matches!(
                error.kind(),
                ErrorKind::NotFound | ErrorKind::ConnectionRefused | ErrorKind::WouldBlock | ErrorKind::NotADirectory
            ) =>
        {
            Ok(None)
        }
        Err(error) => Err(RuntimeError::Io(format!("the socket {} cannot be reached: {error}", socket.display()))),
    }
}

impl Asking {
    /// The connection, for time-outs and its end.
    pub fn stream(&self) -> &UnixStream {
        self.reader.get_ref()
    }

    /// The next line; none when the owner is gone.
    pub fn next(&mut self) -> Result<Option<FromServer>, RuntimeError> {
        let mut line = Vec::new();
        match (&mut self.reader).take(LONGEST_LINE).read_until(b'\n', &mut line) {
            Ok(0) => Ok(None),
            // An owner that dies in the middle of a line is gone; one that never ends it is no stellar.
            Ok(read) if !line.ends_with(b"\n") && (read as u64) < LONGEST_LINE => Ok(None),
            Ok(_) => serde_json::from_slice(&line).map(Some).map_err(|error| {
                RuntimeError::Mismatch(format!("the running stellar speaks another language: {error}; end it and try again"))
            }),
            Err(error) if matches!(error.kind(), ErrorKind::ConnectionReset | ErrorKind::BrokenPipe) => Ok(None),
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {
                Err(RuntimeError::Busy("the running stellar does not answer; see its log, or end it and try again".to_owned()))
            }
            Err(error) => Err(RuntimeError::Io(format!("the socket broke: {error}"))),
        }
    }
}
