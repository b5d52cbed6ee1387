//! The few operations through which the ledger changes its files, so that tests
//! can make each of them fail.

use std::fs::File;
use std::io::{self, Write as _};

/// Changes to the files of a ledger. Each method does what the system call does
/// unless it is replaced.
pub trait Storage {
    /// Adds `bytes` to the end of `segment` in one write(2), and says how many were
    /// added.
    ///
    /// # Errors
    /// As write(2).
    fn append(&mut self, mut segment: &File, bytes: &[u8]) -> io::Result<usize> {
        segment.write(bytes)
    }

    /// Cuts `segment` to its first `bytes` bytes.
    ///
    /// # Errors
    /// As ftruncate(2).
    fn truncate(&mut self, segment: &File, bytes: u64) -> io::Result<()> {
        segment.set_len(bytes)
    }

    /// Waits until the content and the length of `segment` are on the disk.
    ///
    /// # Errors
    /// As fdatasync(2).
    fn sync(&mut self, segment: &File) -> io::Result<()> {
        segment.sync_data()
    }

    /// Waits until the names in `directory` are on the disk.
    ///
    /// # Errors
    /// As fsync(2).
    fn sync_directory(&mut self, directory: &File) -> io::Result<()> {
        directory.sync_all()
    }
}

/// The real thing.
#[derive(Debug, Clone, Copy, Default)]
pub struct Disk;

impl Storage for Disk {}

impl<S: Storage + ?Sized> Storage for Box<S> {
    fn append(&mut self, segment: &File, bytes: &[u8]) -> io::Result<usize> {
        (**self).append(segment, bytes)
    }

    fn truncate(&mut self, segment: &File, bytes: u64) -> io::Result<()> {
        (**self).truncate(segment, bytes)
    }

    fn sync(&mut self, segment: &File) -> io::Result<()> {
        (**self).sync(segment)
    }

    fn sync_directory(&mut self, directory: &File) -> io::Result<()> {
        (**self).sync_directory(directory)
    }
}
