//! The person at the other end of standard input, which is a socket: lines that end in
//! NUL. Ours begin with what they are: `t` tells, `a` asks (`A`: the answer may be seen),
//! `+` and `-` say how it came out. His are answers.

use std::io::{self, Read, Write};
use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;

use crate::pam::Person;

/// The longest line of either, in bytes (`PAM_MAX_RESP_SIZE`).
const LINE_BYTES_MAX: usize = 511;

/// Whoever started this, and speaks with a person.
pub(crate) struct Talk {
    socket: UnixStream,
}

impl Talk {
    /// Over standard input.
    ///
    /// # Errors
    /// When there is none.
    pub(crate) fn over_stdin() -> io::Result<Self> {
        let stdin = io::stdin().as_fd().try_clone_to_owned()?;
        Ok(Self { socket: UnixStream::from(stdin) })
    }

    /// Says a line; what does not fit is cut off.
    ///
    /// # Errors
    /// When nobody is there any more.
    pub(crate) fn say(&mut self, kind: u8, text: &str) -> io::Result<()> {
        let mut end = text.len().min(LINE_BYTES_MAX - 1);
        while !text.is_char_boundary(end) {
            end = end.saturating_sub(1);
        }
        let mut line = vec![kind];
        line.extend(text.bytes().take(end).filter(|byte| *byte != 0));
        line.push(0);
        self.socket.write_all(&line)
    }

    fn hear(&mut self) -> Option<Vec<u8>> {
        // Room for all of it, so that no copy stays behind.
        let mut line = Vec::with_capacity(LINE_BYTES_MAX + 1);
        let mut byte = [0];
        while line.len() <= LINE_BYTES_MAX {
            self.socket.read_exact(&mut byte).ok()?;
            match byte {
                [0] => return Some(line),
                [byte] => line.push(byte),
            }
        }
        line.fill(0);
        None
    }
}

impl Person for Talk {
    fn told(&mut self, text: &str) -> bool {
        self.say(b't', text).is_ok()
    }

    fn asked(&mut self, prompt: &str, echo: bool) -> Option<Vec<u8>> {
        self.say(if echo { b'A' } else { b'a' }, prompt).ok()?;
        self.hear()
    }
}
