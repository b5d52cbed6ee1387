//! What the hub tells as it happens: server-sent events (HTML, section 9.2), as far as hubs
//! use them.

use crate::digest::Digest;
use crate::limits::EVENT_LINE_BYTES_MAX;

/// What changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Event {
    /// A question came, or something of it is new.
    Question(Digest),
    /// A question is over.
    Over(Digest),
    /// Look at everything anew.
    Resync,
}

/// What is no stream of events.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum EventError {
    #[error("a line of its events is longer than {EVENT_LINE_BYTES_MAX} bytes")]
    Long,
    #[error("an event of it names no question")]
    Digest,
}

/// Takes the stream in pieces.
#[derive(Debug, Default)]
pub(crate) struct Parser {
    line: Vec<u8>,
    name: String,
    data: String,
}

impl Parser {
    /// The events that are whole with that piece.
    pub(crate) fn take(&mut self, piece: &[u8]) -> Result<Vec<Event>, EventError> {
        let mut events = Vec::new();
        for byte in piece {
            if *byte == b'\n' {
                let line = std::mem::take(&mut self.line);
                let line = String::from_utf8_lossy(&line);
                events.extend(self.line(line.strip_suffix('\r').unwrap_or(&line))?);
            } else if self.line.len() == EVENT_LINE_BYTES_MAX {
                return Err(EventError::Long);
            } else {
                self.line.push(*byte);
            }
        }
        Ok(events)
    }

    fn line(&mut self, line: &str) -> Result<Option<Event>, EventError> {
        if line.is_empty() {
            let (name, data) = (std::mem::take(&mut self.name), std::mem::take(&mut self.data));
            return event(&name, data);
        }
        let (field, value) = line.split_once(':').unwrap_or((line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match field {
            "event" => value.clone_into(&mut self.name),
            "data" => value.clone_into(&mut self.data),
            // A comment, which says that it is alive, or what hubs do not use.
            _ => {}
        }
        Ok(None)
    }
}

fn event(name: &str, data: String) -> Result<Option<Event>, EventError> {
    let digest = || Digest::try_from(data).map_err(|_| EventError::Digest);
    Ok(match name {
        "question" => Some(Event::Question(digest()?)),
        "over" => Some(Event::Over(digest()?)),
        "resync" => Some(Event::Resync),
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn digest() -> Digest {
        "ab".repeat(32).try_into().unwrap()
    }

    #[test]
    fn events_come_in_whatever_pieces() {
        let stream = format!(
            "event: resync\ndata: all\n\n:\n\nevent: question\r\ndata: {0}\r\n\r\nevent: hosts\ndata: all\n\nevent:over\ndata:{0}\n\n",
            digest()
        );
        let expected = [Event::Resync, Event::Question(digest()), Event::Over(digest())];
        for size in [1, 7, stream.len()] {
            let mut parser = Parser::default();
            let pieces = stream.as_bytes().chunks(size);
            let events: Vec<Event> = pieces.flat_map(|piece| parser.take(piece).unwrap()).collect();
            assert_eq!(events, expected, "{size}");
        }
    }

    proptest::proptest! {
        /// Whatever bytes come, in whatever pieces, they mean the same.
        #[test]
        fn bytes_mean_the_same_in_whatever_pieces(
            stream in proptest::collection::vec(
                proptest::prop_oneof![
                    proptest::strategy::Just(b"event: question\n".to_vec()),
                    proptest::strategy::Just(format!("data: {}\n", digest()).into_bytes()),
                    proptest::strategy::Just(b"\n".to_vec()),
                    proptest::collection::vec(proptest::num::u8::ANY, 0..20),
                ],
                0..30,
            ),
            size in 1_usize..40,
        ) {
            let stream = stream.concat();
            let whole = Parser::default().take(&stream);
            let mut parser = Parser::default();
            let pieces: Result<Vec<Vec<Event>>, EventError> =
                stream.chunks(size).map(|piece| parser.take(piece)).collect();
            proptest::prop_assert_eq!(whole, pieces.map(|events| events.concat()));
        }
    }

    #[test]
    fn what_is_no_event_ends_it() {
        let long = "x".repeat(EVENT_LINE_BYTES_MAX + 1);
        assert_eq!(Parser::default().take(long.as_bytes()), Err(EventError::Long));
        for data in ["../session", "", &"AB".repeat(32)] {
            let stream = format!("event: question\ndata: {data}\n\n");
            assert_eq!(Parser::default().take(stream.as_bytes()), Err(EventError::Digest));
        }
    }
}
