//! What a caller hands over as standard input, output and error.

use std::mem::ManuallyDrop;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use writ_protocol::ErrorReply;
use writ_protocol::run::{DESCRIPTORS, Unfit, passable};

/// How many closings may be under way before nobody is given another: each takes a
/// thread.
const CLOSINGS_MAX: usize = 4;

/// What each descriptor is, for a sentence.
const NAMES: [&str; DESCRIPTORS] = ["standard input", "standard output", "standard error"];

/// Descriptors that a caller sent. Closing one can take for ever, where its file
/// system is one of the caller's making; such a one is closed beside the loop.
#[derive(Debug)]
pub(crate) struct Descriptors {
    received: Vec<OwnedFd>,
    closing: Closing,
}

/// The closings that are under way.
#[derive(Debug, Clone, Default)]
pub(crate) struct Closing(Arc<AtomicUsize>);

impl Closing {
    /// Room for what a caller is about to send.
    ///
    /// # Errors
    /// When what was sent before cannot be closed.
    pub(crate) fn expect(&self) -> Result<Descriptors, ErrorReply> {
        if self.0.load(Ordering::Relaxed) >= CLOSINGS_MAX {
            return Err(ErrorReply::TooMany {
                message: "files that were handed over before cannot be closed, as their file system does not answer; try again when it does".to_owned(),
            });
        }
        Ok(Descriptors { received: Vec::new(), closing: self.clone() })
    }
}

impl Descriptors {
    /// Where they are received.
    pub(crate) fn room(&mut self) -> &mut Vec<OwnedFd> {
        &mut self.received
    }

    /// The three of them, each looked at: nothing but pipes, Unix sockets and terminals of
    /// the caller's own.
    ///
    /// # Errors
    /// When they are not three, or one of them is none of these.
    pub(crate) fn stdio(&self, uid: u32) -> Result<[BorrowedFd<'_>; DESCRIPTORS], ErrorReply> {
        let refused = |message: String| ErrorReply::Refused { message };
        let [input, output, error] = self.received.as_slice() else {
            return Err(refused(format!(
                "a command takes {DESCRIPTORS} descriptors, and {} came with the call",
                self.received.len()
            )));
        };
        let stdio = [input.as_fd(), output.as_fd(), error.as_fd()];
        for (descriptor, name) in stdio.iter().zip(NAMES) {
            passable(descriptor, uid).map_err(|unfit| {
                refused(format!("{name} cannot be handed over: {unfit}; put a pipe in its place"))
            })?;
        }
        Ok(stdio)
    }
}

impl Drop for Descriptors {
    fn drop(&mut self) {
        let quick = |descriptor: &OwnedFd| {
            !matches!(passable(descriptor, nix::unistd::getuid().as_raw()), Err(Unfit::Kind))
        };
        let (_quick, slow): (Vec<_>, Vec<_>) = self.received.drain(..).partition(quick);
        if slow.is_empty() {
            return;
        }
        let closing = Arc::clone(&self.closing.0);
        closing.fetch_add(1, Ordering::Relaxed);
        // Where there is no thread to be had they stay open, rather than stop the loop.
        let slow = ManuallyDrop::new(slow);
        let _ = thread::Builder::new().name("close".to_owned()).spawn(move || {
            drop(ManuallyDrop::into_inner(slow));
            closing.fetch_sub(1, Ordering::Relaxed);
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs::File;

    fn received(count: usize) -> Descriptors {
        let mut descriptors = Closing::default().expect().unwrap();
        let null = || OwnedFd::from(File::open("/dev/null").unwrap());
        descriptors.room().extend(std::iter::repeat_with(null).take(count));
        descriptors
    }

    #[test]
    fn a_command_takes_three_descriptors_and_no_other_number() {
        assert!(received(3).stdio(0).is_ok());
        for count in [0, 1, 2, 4] {
            let refused = received(count).stdio(0).unwrap_err().to_string();
            assert!(refused.contains(&format!("{count} came")), "{refused}");
        }
    }

    #[test]
    fn a_file_is_refused_by_the_name_of_its_place() {
        let mut descriptors = received(2);
        descriptors.room().insert(1, File::open("/etc/passwd").unwrap().into());
        let refused = descriptors.stdio(0).unwrap_err().to_string();
        assert!(refused.starts_with("standard output cannot be handed over"), "{refused}");
    }

    #[test]
    fn nobody_is_given_more_while_too_many_closings_are_under_way() {
        let closing = Closing::default();
        closing.0.store(CLOSINGS_MAX, Ordering::Relaxed);
        assert!(closing.expect().is_err());
    }
}
