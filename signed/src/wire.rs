//! SSH's wire: fields with their length before them (RFC 4251, section 5).

use alloc::vec::Vec;

/// Reads fields; every way out but the right one is `None`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    pub(crate) const fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    /// A `string`.
    pub(crate) fn string(&mut self) -> Option<&'a [u8]> {
        let length = usize::try_from(self.number()?).ok()?;
        self.bytes(length)
    }

    /// A `string` that is text.
    pub(crate) fn text(&mut self) -> Option<&'a str> {
        core::str::from_utf8(self.string()?).ok()
    }

    /// A `uint32`.
    pub(crate) fn number(&mut self) -> Option<u32> {
        let (number, rest) = self.0.split_first_chunk::<4>()?;
        self.0 = rest;
        Some(u32::from_be_bytes(*number))
    }

    /// A `byte`.
    pub(crate) fn byte(&mut self) -> Option<u8> {
        let (byte, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(*byte)
    }

    /// So many bytes as they are.
    pub(crate) fn bytes(&mut self, count: usize) -> Option<&'a [u8]> {
        let (bytes, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(bytes)
    }

    /// A positive `mpint`, as a number of `WIDTH` bytes; written in the one shortest way.
    pub(crate) fn positive<const WIDTH: usize>(&mut self) -> Option<[u8; WIDTH]> {
        let bytes = match self.string()? {
            [0, rest @ ..] if rest.first().is_some_and(|first| *first >= 0x80) => rest,
            bytes if bytes.first().is_some_and(|first| (1..0x80).contains(first)) => bytes,
            _ => return None,
        };
        let mut number = [0; WIDTH];
        let at = WIDTH.checked_sub(bytes.len())?;
        number.get_mut(at..)?.copy_from_slice(bytes);
        Some(number)
    }

    /// Nothing may follow.
    pub(crate) const fn end(self) -> Option<()> {
        if self.0.is_empty() { Some(()) } else { None }
    }
}

/// Appends a `string`. What is written here is far below 4 GiB; beyond, it would be cut
/// to what can be said, and no signature of it would verify.
pub(crate) fn put_string(to: &mut Vec<u8>, bytes: &[u8]) {
    let length = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
    to.extend_from_slice(&length.to_be_bytes());
    to.extend_from_slice(bytes);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_positive_number_is_written_in_one_way() {
        let read = |bytes: &[u8]| {
            let mut field = Vec::new();
            put_string(&mut field, bytes);
            Reader::new(&field).positive::<2>()
        };
        assert_eq!(read(&[5]), Some([0, 5]));
        assert_eq!(read(&[0, 0x80]), Some([0, 0x80]));
        assert_eq!(read(&[0, 0xff, 1]), Some([0xff, 1]));
        for other in [&[][..], &[0], &[0, 5], &[0x80], &[0, 0, 0x80], &[1, 2, 3]] {
            assert_eq!(read(other), None, "{other:?}");
        }
    }

    #[test]
    fn a_field_is_no_longer_than_what_is_there() {
        assert_eq!(Reader::new(&[0, 0, 0, 2, 1]).string(), None);
        assert_eq!(Reader::new(&[0xff; 4]).string(), None);
        assert_eq!(Reader::new(&[0, 0, 0]).string(), None);
    }
}
