//! The digest of a policy.

use std::fmt::Write as _;

use sha2::{Digest, Sha256};

use crate::source::SourceFile;

/// SHA-256 over each file in the order of reading: the length of its name (64
/// bits, little-endian), its name below the policy folder, the length of its
/// contents, its contents. In hexadecimal.
pub(crate) fn of(files: &[SourceFile]) -> String {
    let mut hash = Sha256::new();
    for file in files {
        for part in [file.name().as_bytes(), file.contents()] {
            hash.update(u64::try_from(part.len()).unwrap_or(u64::MAX).to_le_bytes());
            hash.update(part);
        }
    }
    hash.finalize().iter().fold(String::with_capacity(64), |mut text, byte| {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_moves_between_files_or_names_changes_it() {
        let digest = |files: &[(&str, &str)]| {
            let files: Vec<_> =
                files.iter().map(|(name, contents)| SourceFile::new(*name, *contents)).collect();
            of(&files)
        };
        let all = [
            digest(&[]),
            digest(&[("a", "")]),
            digest(&[("", "a")]),
            digest(&[("a", "b")]),
            digest(&[("ab", "")]),
            digest(&[("a", ""), ("b", "")]),
            digest(&[("a", "b"), ("", "")]),
        ];
        for (one, other) in all
            .iter()
            .enumerate()
            .flat_map(|(n, one)| all.iter().skip(n + 1).map(move |other| (one, other)))
        {
            assert_ne!(one, other);
        }
        assert_eq!(all[0], "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    }
}
