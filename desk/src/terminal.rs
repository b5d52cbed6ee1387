//! Questions to the person go to the terminal itself: standard input and output
//! belong to whoever calls.

use std::fs::{File, OpenOptions};
use std::io::{self, BufRead, BufReader, Write};

use rustix::termios::{QueueSelector, tcflush};

/// The longest line that is taken, in bytes; the terminal driver itself cuts off at
/// 4096 (termios(3), canonical mode).
const LINE_BYTES_MAX: u64 = 4096;

/// The controlling terminal.
#[derive(Debug)]
pub struct Terminal {
    device: File,
}

impl Terminal {
    /// Opens it.
    ///
    /// # Errors
    /// When there is none.
    pub fn open() -> io::Result<Self> {
        let device = OpenOptions::new().read(true).write(true).open("/dev/tty")?;
        Ok(Self { device })
    }

    /// Forgets what was typed so far: what was typed before a question was seen is no
    /// answer to it.
    ///
    /// # Errors
    /// When the terminal is gone.
    pub fn forget_typed(&self) -> io::Result<()> {
        Ok(tcflush(&self.device, QueueSelector::IFlush)?)
    }

    /// Asks until something is said, and returns it without the spaces around it.
    ///
    /// # Errors
    /// When the terminal is gone, or the person ends the input (Ctrl-D).
    pub fn ask(&mut self, question: &str) -> io::Result<String> {
        loop {
            self.device.write_all(question.as_bytes())?;
            let mut line = String::new();
            let mut reader = BufReader::new(io::Read::take(&self.device, LINE_BYTES_MAX));
            if reader.read_line(&mut line)? == 0 {
                self.device.write_all(b"\n")?;
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            let said = line.trim();
            if !said.is_empty() {
                return Ok(said.to_owned());
            }
        }
    }
}
