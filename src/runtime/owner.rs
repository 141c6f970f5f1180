//! Owning the data directory: for one request, or until told to end.

use std::{collections::BTreeSet, future::Future, ops::ControlFlow, pin::Pin, sync::Arc, time::Duration};

use tokio::sync::mpsc;

use crate::{
    config::SourceKind,
    engine::{
        Engine, EngineError, EngineOptions, StoreError, on_behalf_of,
        source::{SourceDeps, build_sources},
        world::SystemClock,
        world::SystemRng,
    },
};

use super::{
    context::{Context, RuntimeError},
    execute::{config_note, execute},
    log::{Log, engine_started, engine_stopped},
    message::{Reply, Request},
    reload::{Moves, Reloading},
    secrets::ProcessSecrets,
    server::Server,
    signals::told_to_end,
    user,
    vault::ProcessVault,
};

/// How many lines of an answer may wait for the printer.
const AHEAD: usize = 1024;
/// Between two tries to own the directory again.
const PAUSE: Duration = Duration::from_millis(50);

/// Becomes the owner, answers this request (and whoever else asks meanwhile), and leaves.
pub fn answer_once(context: &Context, request: &Request, sink: &mut dyn FnMut(Reply) -> ControlFlow<()>) -> Result<(), RuntimeError> {
    runtime(1)?.block_on(async {
        let engine = Engine::start(options(context, request.streaming, request.offline))?;
        let handle = engine.handle();
        engine_started(context, &handle.notes());
        // Without a socket others wait for the lock; the request itself does not need one.
        let server = Server::start(context, handle.clone());
        if let Err(error) = &server {
            tracing::warn!(%error, "the socket cannot be made; nobody else can ask");
        }
        let (replies, mut answered) = mpsc::channel(AHEAD);
        let work = execute(&handle, context, request, replies);
        tokio::pin!(work);
        let mut working = true;
        let end: Pin<Box<dyn Future<Output = ()>>> =
            if request.streaming { Box::pin(told_to_end()) } else { Box::pin(std::future::pending()) };
        tokio::pin!(end);
        loop {
            tokio::select! {
                biased;
                reply = answered.recv() => match reply {
                    Some(reply) => if sink(reply).is_break() { break },
                    None => break,
                },
                () = &mut work, if working => working = false,
                () = &mut end => break,
            }
        }
        if let Ok(server) = server {
            server.leave(context).await;
        }
        let stopped = engine.shutdown().await;
        engine_stopped(&stopped);
        Ok(stopped?)
    })
}

/// Owns the data directory, polls by schedule and answers the socket until a signal says to end. `ready` is called once when
/// the socket answers. A configuration that changes is taken up by a new engine in place of the old one; one that cannot be used leaves
/// what runs alone.
///
/// # Errors
/// When the engine cannot start or the socket cannot be bound.
pub fn serve(context: &Context, reloading: &Reloading<'_>, ready: impl FnOnce(&Context)) -> Result<(), RuntimeError> {
    let _log = Log::start(context);
    runtime(2)?.block_on(async {
        let end = told_to_end();
        tokio::pin!(end);
        let mut moves = Moves::of(reloading.watched);
        let mut context = context.clone();
        let mut ready = Some(ready);
        loop {
            let engine = match &ready {
                Some(_) => Engine::start(options(&context, true, context.offline))?,
                // Whoever took the directory over meanwhile, a screen perhaps, has it until it leaves.
                None => tokio::select! {
                    biased;
                    () = &mut end => return Ok(()),
                    engine = start_again(&context) => engine?,
                },
            };
            engine_started(&context, &engine.handle().notes());
            let server = Server::start(&context, engine.handle())
                .map_err(|error| RuntimeError::Io(format!("the socket {} cannot be made: {error}", context.socket.display())))?;
            let handle = engine.handle();
            let noted = handle.record_config(&context.config.digest, config_note(&context, "cli"));
            if let Err(error) = on_behalf_of(user::caller(), noted).await {
                tracing::warn!(%error, "that this configuration is in force could not be put into the audit");
            }
            drop(handle);
            if let Some(ready) = ready.take() {
                ready(&context);
            }
            let next = tokio::select! {
                biased;
                () = &mut end => None,
                next = changed(&context, reloading, &mut moves) => Some(next),
            };
            server.leave(&context).await;
            let stopped = engine.shutdown().await;
            engine_stopped(&stopped);
            stopped?;
            match next {
                Some(next) => context = next,
                None => return Ok(()),
            }
        }
    })
}

/// Starts the next engine. Between two of them somebody else may come to own the directory; it is tried again until that one left.
async fn start_again(context: &Context) -> Result<Engine, RuntimeError> {
    let mut told = false;
    loop {
        match Engine::start(options(context, true, context.offline)) {
            Err(EngineError::Store(StoreError::Busy { .. })) => {
                if !told {
                    tracing::info!("somebody else owns the data directory now; serving goes on when it is free");
                    told = true;
                }
                tokio::time::sleep(PAUSE).await;
            }
            started => return Ok(started?),
        }
    }
}

/// Waits for a configuration that is another one and can be used.
async fn changed(context: &Context, reloading: &Reloading<'_>, moves: &mut Moves) -> Context {
    loop {
        moves.next().await;
        let loaded = (reloading.load)().and_then(|next| {
            // Sources that cannot be built would be found when nothing runs any more.
            let started = options(&next, true, next.offline);
            let deps = SourceDeps { clock: started.clock, secrets: started.secrets, environment: started.environment };
            build_sources(&next.config, &deps).map(|_| next).map_err(|error| error.to_string())
        });
        match loaded {
            Ok(next) if next.config.digest == context.config.digest && next.config.trusted == context.config.trusted => {}
            Ok(next) => {
                tracing::info!("the configuration changed and is taken up");
                return next;
            }
            Err(why) => {
                tracing::warn!("the configuration changed and cannot be used; what runs stays as it is");
                // A mistake quotes what is written there.
                tracing::debug!(why, "why");
            }
        }
    }
}

/// An async runtime of so many threads.
pub(super) fn runtime(threads: usize) -> Result<tokio::runtime::Runtime, RuntimeError> {
    let mut builder = if threads > 1 { tokio::runtime::Builder::new_multi_thread() } else { tokio::runtime::Builder::new_current_thread() };
    if threads > 1 {
        builder.worker_threads(threads);
    }
    builder.enable_all().build().map_err(|error| RuntimeError::Io(format!("no async runtime: {error}")))
}

/// What the engine is started with here.
pub(super) fn options(context: &Context, polling: bool, offline: bool) -> EngineOptions {
    EngineOptions {
        config: Arc::clone(&context.config),
        data_dir: context.data_dir.clone(),
        state_dir: context.state_dir.clone(),
        offline: offline || context.offline,
        polling,
        clock: SystemClock::shared(),
        rng: SystemRng::shared(),
        secrets: Arc::new(ProcessSecrets),
        vault: Arc::new(ProcessVault::default()),
        environment: Arc::new(environment(context)),
        inline: false,
    }
}

/// What `exec` may be given: the three everybody needs and those a source lists. PATH keeps only absolute entries.
fn environment(context: &Context) -> Vec<(String, String)> {
    let mut names: BTreeSet<&str> = ["HOME", "PATH", "LANG"].into();
    for source in &context.config.sources {
        if let SourceKind::Exec(exec) = &source.kind {
            names.extend(exec.env.iter().map(String::as_str));
        }
    }
    let set = names.into_iter().filter_map(|name| std::env::var(name).ok().map(|value| (name.to_owned(), value)));
    set.map(|(name, value)| if name == "PATH" { (name, absolute_only(&value)) } else { (name, value) }).collect()
}

fn absolute_only(path: &str) -> String {
    path.split(':').filter(|entry| entry.starts_with('/')).collect::<Vec<_>>().join(":")
}
