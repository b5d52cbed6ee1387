//! Frames: JSON, ended by a NUL byte, never longer than [`FRAME_BYTES_MAX`].

use serde::Serialize;

/// The longest frame, its NUL byte included, in bytes. A command line of Linux may
/// have 2 MiB of arguments (execve(2)), each byte of which may take six as JSON;
/// four MiB hold every command line that is not made to be unreadable.
pub const FRAME_BYTES_MAX: usize = 4 * 1024 * 1024;

/// What is wrong with a frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum FrameError {
    /// The peer sends more than [`FRAME_BYTES_MAX`] without a NUL byte, or would
    /// be sent it.
    #[error("a message is longer than {FRAME_BYTES_MAX} bytes")]
    TooLong,
    /// A value that cannot be written as JSON.
    #[error("a message cannot be written as JSON")]
    NotJson,
}

/// The frame of a message.
///
/// # Errors
/// When it is longer than [`FRAME_BYTES_MAX`].
pub fn encode(message: &impl Serialize) -> Result<Vec<u8>, FrameError> {
    let mut bytes = serde_json::to_vec(message).map_err(|_| FrameError::NotJson)?;
    bytes.push(0);
    if bytes.len() > FRAME_BYTES_MAX {
        return Err(FrameError::TooLong);
    }
    Ok(bytes)
}

/// Cuts a stream of bytes into frames.
#[derive(Debug)]
pub struct FrameDecoder {
    bytes: Vec<u8>,
    /// Up to here there is no NUL byte: each byte is looked at once.
    searched: usize,
    bytes_max: usize,
}

impl Default for FrameDecoder {
    fn default() -> Self {
        Self::with_limit(FRAME_BYTES_MAX)
    }
}

impl FrameDecoder {
    /// A decoder for frames of at most `bytes_max` bytes.
    #[must_use]
    pub fn with_limit(bytes_max: usize) -> Self {
        Self { bytes: Vec::new(), searched: 0, bytes_max }
    }

    /// Takes what was read from the stream.
    pub fn push(&mut self, read: &[u8]) {
        self.bytes.extend_from_slice(read);
    }

    /// The next whole frame, without its NUL byte; `None` when more must be read.
    ///
    /// # Errors
    /// When the frame is longer than the limit; the stream cannot be used any
    /// further.
    pub fn next_frame(&mut self) -> Result<Option<Vec<u8>>, FrameError> {
        let unsearched = self.bytes.get(self.searched..).unwrap_or_default();
        let Some(offset) = unsearched.iter().position(|byte| *byte == 0) else {
            self.searched = self.bytes.len();
            return if self.bytes.len() >= self.bytes_max {
                Err(FrameError::TooLong)
            } else {
                Ok(None)
            };
        };
        let end = self.searched + offset;
        if end >= self.bytes_max {
            return Err(FrameError::TooLong);
        }
        let rest = self.bytes.split_off(end + 1);
        let mut frame = std::mem::replace(&mut self.bytes, rest);
        frame.pop();
        self.searched = 0;
        Ok(Some(frame))
    }

    /// How much of the frames to come is here, in bytes.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.bytes.len()
    }

    /// Whether a frame has begun and not ended.
    #[must_use]
    pub fn is_mid_frame(&self) -> bool {
        !self.bytes.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn frames_come_back_however_the_stream_is_cut(
            frames in proptest::collection::vec(proptest::collection::vec(1u8..=255, 0..40), 0..8),
            cut in 1usize..17,
        ) {
            let stream: Vec<u8> = frames.iter().flat_map(|f| f.iter().copied().chain([0])).collect();
            let mut decoder = FrameDecoder::default();
            let mut seen = Vec::new();
            for piece in stream.chunks(cut) {
                decoder.push(piece);
                while let Some(frame) = decoder.next_frame().unwrap() {
                    seen.push(frame);
                }
            }
            prop_assert_eq!(seen, frames);
            prop_assert!(!decoder.is_mid_frame());
        }
    }

    #[test]
    fn a_frame_without_an_end_is_refused() {
        let mut decoder = FrameDecoder::with_limit(8);
        decoder.push(b"1234567");
        assert_eq!(decoder.next_frame(), Ok(None));
        decoder.push(b"8");
        assert_eq!(decoder.next_frame(), Err(FrameError::TooLong));
    }

    #[test]
    fn a_message_that_is_too_long_is_not_sent() {
        assert_eq!(encode(&"x".repeat(FRAME_BYTES_MAX)), Err(FrameError::TooLong));
    }
}
