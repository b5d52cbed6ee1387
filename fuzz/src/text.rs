//! Bytes as text on the wire, and before a person's eyes.

use writ_protocol::text::{decode, encode, is_hidden, shown, shown_command};

use crate::lossy;

/// Any bytes come back; any text of the wire is that of its bytes alone, but for bytes that
/// are written as hexadecimal without need; nothing that is shown acts or hides.
pub fn run(data: &[u8]) {
    let text = encode(data);
    assert_eq!(decode(&text).as_deref(), Ok(data), "bytes did not come back");
    let said = lossy(data);
    if let Ok(bytes) = decode(&said) {
        let again = encode(&bytes);
        assert_eq!(decode(&again), Ok(bytes), "another text of the same bytes");
        assert!(again.len() <= said.len(), "the wire's form is the shortest");
    }
    let words: Vec<&str> = said.split('\0').collect();
    for shown in [shown(&text), shown(&said), shown_command(words.iter().copied())] {
        let acts = shown.chars().find(|c| c.is_control() || is_hidden(*c));
        assert_eq!(acts, None, "{shown:?}");
    }
}
