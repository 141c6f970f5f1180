//! The disk that the log is on, as a small trait: real at the edge, simulated where faults are wanted.

use std::io;

use crate::engine::store::StoreError;

/// One directory with the segments of a log in it. Names are plain names, never paths.
pub trait LogDisk: Send + Sync {
    /// The names that are there, sorted. The directory is made if it is not.
    ///
    /// # Errors
    /// The system's.
    fn list(&self) -> io::Result<Vec<String>>;

    /// The beginning of a file, of at most so many bytes.
    ///
    /// # Errors
    /// The system's.
    fn read(&self, name: &str, at_most: u64) -> io::Result<Vec<u8>>;

    /// A new, empty file, or one that is emptied.
    ///
    /// # Errors
    /// The system's.
    fn create(&self, name: &str) -> io::Result<Box<dyn LogFile>>;

    /// A file that is there, to be written on, and its length.
    ///
    /// # Errors
    /// The system's.
    fn open(&self, name: &str) -> io::Result<(Box<dyn LogFile>, u64)>;

    /// Gives a file another name, in the place of what had it.
    ///
    /// # Errors
    /// The system's.
    fn rename(&self, from: &str, to: &str) -> io::Result<()>;

    /// Removes a file.
    ///
    /// # Errors
    /// The system's.
    fn remove(&self, name: &str) -> io::Result<()>;

    /// Makes names durable.
    ///
    /// # Errors
    /// The system's.
    fn sync_dir(&self) -> io::Result<()>;

    /// Keeps a copy of damaged bytes among what was set aside, once, with the data keys that may open it (none: any may). Answers where.
    ///
    /// # Errors
    /// [`StoreError::Unwritable`].
    fn keep_damaged(&self, name: &str, bytes: &[u8], keys: Option<&[u32]>) -> Result<String, StoreError>;

    /// Moves everything that is there to what was set aside. Answers where.
    ///
    /// # Errors
    /// [`StoreError::Unwritable`].
    fn set_aside(&self) -> Result<String, StoreError>;

    /// How a person finds it.
    fn place(&self) -> String;
}

/// An open file of a log.
pub trait LogFile: Send {
    /// Writes all of it at this place.
    ///
    /// # Errors
    /// The system's.
    fn write_at(&mut self, at: u64, bytes: &[u8]) -> io::Result<()>;

    /// Makes room from one place to another, holding zeros, so that writing there needs no more room and no sync of anything but data. Not
    /// synced itself.
    ///
    /// # Errors
    /// The system's.
    fn make_room(&mut self, from: u64, to: u64) -> io::Result<()>;

    /// Cuts it to this length.
    ///
    /// # Errors
    /// The system's.
    fn cut(&mut self, length: u64) -> io::Result<()>;

    /// Makes what was written durable.
    ///
    /// # Errors
    /// The system's: what was written since the last one that succeeded may be there or not, whatever a later one says.
    fn sync_data(&mut self) -> io::Result<()>;

    /// As [`LogFile::sync_data`], and the length too.
    ///
    /// # Errors
    /// As for [`LogFile::sync_data`].
    fn sync_all(&mut self) -> io::Result<()>;
}
