//! The far side of the socket, without an async runtime: connect, say hello, ask, read lines.

use std::{
    io::{BufRead as _, BufReader, ErrorKind, Write as _},
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

/// How an attempt to ask the owner ended.
pub enum Asked {
    /// Nobody answers at the socket.
    NobodyThere,
    /// The owner left before the answer was complete; asking again is safe.
    OwnerLeft,
    /// The answer is complete, or the caller wants no more of it.
    Done,
}

/// Sends one request to the owner, if there is one, and hands over what it answers.
pub fn ask(context: &Context, request: &Request, sink: &mut dyn FnMut(Reply) -> ControlFlow<()>) -> Result<Asked, RuntimeError> {
    let Some(stream) = connect(&context.socket)? else { return Ok(Asked::NobodyThere) };
    // A failing time-out setting only costs the bound on a silent owner.
    let _ = stream.set_read_timeout(Some(HELLO));
    let mut writer = &stream;
    let opening = [FromClient::Hello(Hello::of(context)), FromClient::Request(request.clone())];
    let mut lines = Vec::new();
    for message in &opening {
        serde_json::to_writer(&mut lines, message).map_err(|error| RuntimeError::Io(format!("a request could not be written: {error}")))?;
        lines.push(b'\n');
    }
    if writer.write_all(&lines).is_err() {
        return Ok(Asked::OwnerLeft);
    }
    let mut reader = BufReader::with_capacity(64 * 1024, &stream);
    match next(&mut reader)? {
        Some(FromServer::Hello(theirs)) => theirs.check(&Hello::of(context)).map_err(RuntimeError::Mismatch)?,
        Some(FromServer::Refused { message }) => return Err(RuntimeError::Mismatch(message)),
        _ => return Ok(Asked::OwnerLeft),
    }
    let _ = stream.set_read_timeout(None);
    let told = if request.streaming { end_with_signal(&stream).ok() } else { None };
    let is_told = || told.as_ref().is_some_and(|told| told.load(Ordering::SeqCst));
    // A finite answer is handed over whole: an owner that dies in the middle must not leave half of it printed.
    let mut held = Vec::new();
    loop {
        match next(&mut reader)? {
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

fn next(reader: &mut BufReader<&UnixStream>) -> Result<Option<FromServer>, RuntimeError> {
    let mut line = String::new();
    match reader.read_line(&mut line) {
        Ok(0) => Ok(None),
        Ok(_) => serde_json::from_str(&line)
            .map(Some)
            .map_err(|error| RuntimeError::Mismatch(format!("the running stellar speaks another language: {error}; end it and try again"))),
        Err(error) if matches!(error.kind(), ErrorKind::ConnectionReset | ErrorKind::BrokenPipe) => Ok(None),
        Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {
            Err(RuntimeError::Busy("the running stellar does not answer; see its log, or end it and try again".to_owned()))
        }
        Err(error) => Err(RuntimeError::Io(format!("the socket broke: {error}"))),
    }
}
