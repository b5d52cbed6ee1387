//! What the caller hands in: one JSON object, on one line, of a bounded length.

use serde::Serialize;
use serde_json::value::RawValue;

/// The longest record, in bytes of its JSON.
pub const RECORD_BYTES_MAX: usize = 1024 * 1024;

/// The longest snapshot, in bytes of its JSON.
pub const SNAPSHOT_BYTES_MAX: usize = 64 * 1024 * 1024;

/// Why a value cannot be a record or a snapshot.
#[derive(Debug, thiserror::Error)]
pub enum RecordError {
    /// It does not serialise, or the text is not JSON.
    #[error("the record cannot be written as JSON: {0}")]
    Json(#[from] serde_json::Error),
    /// It is a number, a string, a list, …
    #[error("the record is not a JSON object; give a struct or a map")]
    NotAnObject,
    /// A line feed between two tokens, which would end the line.
    #[error("the JSON of the record has a line feed in it; write it in compact form")]
    LineFeed,
    /// Longer than the limit.
    #[error("the record has {bytes} bytes, more than the {bytes_max} that fit; make it smaller")]
    TooLong {
        /// The length of its JSON.
        bytes: usize,
        /// The limit.
        bytes_max: usize,
    },
}

/// One event, serialised: a JSON object of at most [`RECORD_BYTES_MAX`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record(Box<str>);

impl Record {
    /// Serialises `value`.
    ///
    /// # Errors
    /// When it does not give a JSON object within the limit.
    pub fn of(value: &impl Serialize) -> Result<Self, RecordError> {
        // What serde_json writes is JSON; it is not read again.
        let json = serde_json::to_string(value)?;
        one_object(&json, RECORD_BYTES_MAX)?;
        Ok(Self(json.into_boxed_str()))
    }

    /// Takes JSON that is there already; its bytes are kept as they are.
    ///
    /// # Errors
    /// When it is not one JSON object within the limit, on one line.
    pub fn from_json(json: &str) -> Result<Self, RecordError> {
        object(json, RECORD_BYTES_MAX).map(Self)
    }

    /// The JSON.
    #[must_use]
    pub fn as_json(&self) -> &str {
        &self.0
    }
}

/// The state that a new segment starts with: a JSON object of at most
/// [`SNAPSHOT_BYTES_MAX`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Snapshot(Box<str>);

impl Snapshot {
    /// Serialises `value`.
    ///
    /// # Errors
    /// When it does not give a JSON object within the limit.
    pub fn of(value: &impl Serialize) -> Result<Self, RecordError> {
        Self::from_json(&serde_json::to_string(value)?)
    }

    /// Takes JSON that is there already; its bytes are kept as they are.
    ///
    /// # Errors
    /// When it is not one JSON object within the limit, on one line.
    pub fn from_json(json: &str) -> Result<Self, RecordError> {
        object(json, SNAPSHOT_BYTES_MAX).map(Self)
    }

    /// The JSON.
    #[must_use]
    pub fn as_json(&self) -> &str {
        &self.0
    }
}

fn object(json: &str, bytes_max: usize) -> Result<Box<str>, RecordError> {
    let json = serde_json::from_str::<&RawValue>(json)?.get();
    one_object(json, bytes_max)?;
    Ok(json.into())
}

/// Of a text that is JSON.
fn one_object(json: &str, bytes_max: usize) -> Result<(), RecordError> {
    if !json.starts_with('{') {
        return Err(RecordError::NotAnObject);
    }
    if json.contains('\n') {
        return Err(RecordError::LineFeed);
    }
    if json.len() > bytes_max {
        return Err(RecordError::TooLong { bytes: json.len(), bytes_max });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_one_object_on_one_line_is_a_record() {
        assert_eq!(Record::from_json(" {\"a\":1} ").unwrap().as_json(), "{\"a\":1}");
        assert!(matches!(Record::from_json("[1]"), Err(RecordError::NotAnObject)));
        assert!(matches!(Record::from_json("{\"a\":\n1}"), Err(RecordError::LineFeed)));
        for wrong in ["", "{", "{\"a\":1},\"b\":{}", "{\"a\":\"\n\"}"] {
            assert!(matches!(Record::from_json(wrong), Err(RecordError::Json(_))), "{wrong}");
        }
    }

    #[test]
    fn a_snapshot_may_be_longer_than_a_record_and_both_are_bounded() {
        let long = format!("{{\"a\":\"{}\"}}", "x".repeat(RECORD_BYTES_MAX));
        assert!(matches!(Record::from_json(&long), Err(RecordError::TooLong { .. })));
        assert!(Snapshot::from_json(&long).is_ok());
        let longer = format!("{{\"a\":\"{}\"}}", "x".repeat(SNAPSHOT_BYTES_MAX));
        assert!(matches!(Snapshot::from_json(&longer), Err(RecordError::TooLong { .. })));
    }
}
