//! The files of the log: `stellar.log` is written to; when it is full it becomes `stellar-N.log`, and the oldest of those go.

use std::{
    fs::{self, File, OpenOptions, Permissions},
    io::{self, Write},
    os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _},
    path::{Path, PathBuf},
};

use crate::runtime::private_dir;

/// In how many pieces the log is kept: what a deletion takes is one of them.
const PIECES: u64 = 4;
const CURRENT: &str = "stellar.log";

/// A writer that keeps all its files together below a size. Each write is one whole line and stays in one file.
pub struct Files {
    dir: PathBuf,
    max_size: u64,
    open: Option<(File, u64)>,
}

impl Files {
    /// Makes nothing yet; `max_size` is in bytes, for all files together.
    pub fn new(dir: PathBuf, max_size: u64) -> Self {
        Self { dir, max_size, open: None }
    }

    fn piece(&self) -> u64 {
        self.max_size / PIECES
    }

    fn current(&mut self) -> io::Result<&mut (File, u64)> {
        if self.open.is_none() {
            private_dir::prepare(&self.dir)?;
            let file = OpenOptions::new().create(true).append(true).mode(0o600).open(self.dir.join(CURRENT))?;
            file.set_permissions(Permissions::from_mode(0o600))?;
            let held = file.metadata()?.len();
            self.open = Some((file, held));
        }
        self.open.as_mut().ok_or_else(|| io::ErrorKind::NotFound.into())
    }

    fn roll(&mut self) -> io::Result<()> {
        self.open = None;
        let mut old = old_files(&self.dir)?;
        let next = old.last().map_or(1, |(number, ..)| number.saturating_add(1));
        let full = self.dir.join(format!("stellar-{next:06}.log"));
        fs::rename(self.dir.join(CURRENT), &full)?;
        let held = fs::metadata(&full)?.len();
        old.push((next, full, held));
        let mut total: u64 = old.iter().map(|(.., held)| held).sum();
        // Room for the piece that is begun now is part of the bound.
        let room = self.max_size.saturating_sub(self.piece());
        for (_, path, held) in old {
            if total <= room {
                break;
            }
            fs::remove_file(path)?;
            total = total.saturating_sub(held);
        }
        Ok(())
    }
}

/// The full files, oldest first, each with its number and its size.
fn old_files(dir: &Path) -> io::Result<Vec<(u64, PathBuf, u64)>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(dir)? {
        let entry = entry?;
        let name = entry.file_name();
        let number = name.to_str().and_then(|name| name.strip_prefix("stellar-")?.strip_suffix(".log")?.parse().ok());
        if let Some(number) = number {
            found.push((number, entry.path(), entry.metadata()?.len()));
        }
    }
    found.sort();
    Ok(found)
}

impl Write for Files {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        let piece = self.piece();
        let length = line.len() as u64;
        let (_, held) = self.current()?;
        if *held > 0 && held.saturating_add(length) > piece {
            self.roll()?;
        }
        let (file, held) = self.current()?;
        file.write_all(line)?;
        *held += length;
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        match &mut self.open {
            Some((file, _)) => file.flush(),
            None => Ok(()),
        }
    }
}
