//! `cache verify`, `cache rekey`, `cache damaged list`, `cache damaged drop`.

use std::path::Path;

use crate::{
    action::args::{DamagedDropArgs, RekeyArgs},
    config::CacheKey,
    engine::{KeyChange, NotOne, OuterChange, world::Passphrase},
    wire::{DamagedPayload, RekeyPayload, VerifyPayload},
};

use super::answer::{Answer, Failed};

/// `cache verify`
pub async fn verify(answer: &mut Answer<'_>) -> Result<(), Failed> {
    let report = answer.handle.verify().await?;
    if answer.line(&VerifyPayload::of(&report)).await.is_break() {
        return Ok(());
    }
    let mut faults = Vec::new();
    if report.damaged > 0 {
        faults.push(format!(
            "{} of {} records are damaged: they are put aside when they are read, and their sources are asked again",
            report.damaged, report.checked
        ));
    }
    if !report.complete {
        faults
            .push("records are missing, or not in the state they were last written in: stellar refresh asks the sources again".to_owned());
    }
    let damaged = !faults.is_empty();
    if report.wrong_key > 0 {
        faults.push(format!(
            "{} of {} records are sealed with a data key that is not at hand; that is no damage, and only the keyslots that knew the key open them",
            report.wrong_key, report.checked
        ));
    }
    if faults.is_empty() {
        return Ok(());
    }
    let code = if damaged { "store_damaged" } else { "wrong_key" };
    Err(Failed::new(code, format!("{}; nothing was deleted", faults.join("; "))))
}

/// `cache rekey`
pub async fn rekey(answer: &mut Answer<'_>, args: RekeyArgs) -> Result<(), Failed> {
    let bad = |message: &str| Err(Failed::new("bad_arguments", message));
    let outer = match args.key.as_deref() {
        None if args.wrap_only => return bad("wrap_only keeps the data key, so it needs --key: what is to wrap it from now on"),
        None => OuterChange::Renew,
        Some(word) => match (key_of(word), args.passphrase) {
            (None, _) => {
                return bad("key is one of: auto keyring passphrase file:PATH, and PATH is absolute");
            }
            // Whoever asks types it where they are: asking here would ask whoever started this process.
            (Some(CacheKey::Passphrase), None) => return bad("a change to a passphrase needs the passphrase"),
            (Some(CacheKey::Passphrase), Some(hidden)) => {
                OuterChange::To(CacheKey::Passphrase, Some(Passphrase::new(hidden.as_str().to_owned())))
            }
            (Some(_), Some(_)) => return bad("a passphrase is only for key \"passphrase\""),
            (Some(key), None) => OuterChange::To(key, None),
        },
    };
    let (status, notes) = answer.handle.rekey(KeyChange { outer, reseal: !args.wrap_only }).await?;
    for note in &notes {
        answer.note(note).await;
    }
    let _ = answer.line(&RekeyPayload::of(&status, !args.wrap_only)).await;
    Ok(())
}

fn key_of(word: &str) -> Option<CacheKey> {
    match word {
        "auto" => Some(CacheKey::Auto),
        "keyring" => Some(CacheKey::Keyring),
        "passphrase" => Some(CacheKey::Passphrase),
        other => other.strip_prefix("file:").map(Path::new).filter(|path| path.is_absolute()).map(|path| CacheKey::File(path.to_owned())),
    }
}

/// `cache damaged list`
pub async fn damaged(answer: &mut Answer<'_>) -> Result<(), Failed> {
    for copy in answer.handle.damaged().await? {
        if answer.line(&DamagedPayload::of(&copy)).await.is_break() {
            break;
        }
    }
    Ok(())
}

/// `cache damaged drop`
pub async fn discard(answer: &mut Answer<'_>, args: DamagedDropArgs) -> Result<(), Failed> {
    if !args.yes {
        return Err(Failed::new("decision_needed", format!("dropping {} removes it for good; --yes says that this is meant", args.id)));
    }
    match answer.handle.discard_damaged(&args.id).await? {
        Ok(copy) => {
            let _ = answer.line(&DamagedPayload::of(&copy)).await;
            Ok(())
        }
        Err(NotOne::None) => Err(Failed::new("no_such_copy", format!("nothing that was set aside is called {}", args.id))
            .hint("stellar cache damaged list shows what is there")),
        Err(NotOne::Several(count)) => {
            Err(Failed::new("copy_ambiguous", format!("{count} copies that were set aside begin with {}; give more of the name", args.id)))
        }
    }
}
