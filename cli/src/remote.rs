//! `writ --hub URL VERB`: what is done by way of a hub, on a machine that need not have an
//! agent. A program of its own does it, since this one, which root runs, links neither TLS
//! nor HTTP. It takes this one's place with the same words and the same environment.

use std::ffi::OsString;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::process::CommandExt as _;
use std::process::Command;

use crate::exit::Exit;
use crate::failure::Failure;

const PROGRAM: &str = "/usr/libexec/writ/writ-remote";

/// Whether a command line is for it. It is when the hub comes first: what follows is then
/// nothing that this program reads.
pub(crate) fn is_meant(words: &[OsString]) -> bool {
    let first = words.first().map(|word| word.as_bytes());
    first.is_some_and(|word| word == b"--hub" || word.starts_with(b"--hub="))
}

/// Becomes it; what is returned is why not.
pub(crate) fn r#become(words: &[OsString]) -> Failure {
    let error = Command::new(PROGRAM).args(words).exec();
    let sentence = format!("{PROGRAM} cannot be run: {error}; it comes with the package writ");
    Failure::verb(Exit::Failed, sentence)
}

/// The hub was named where this program would read the rest.
pub(crate) fn too_late() -> Failure {
    Failure::verb(Exit::Usage, "--hub comes before everything else: writ --hub URL VERB …")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hub_that_comes_first_is_meant() {
        let meant =
            |words: &[&str]| is_meant(&words.iter().map(OsString::from).collect::<Vec<_>>());
        assert!(meant(&["--hub", "https://hub.example.com", "pending"]));
        assert!(meant(&["--hub=https://hub.example.com", "approve", "7K3M-Q2"]));
        for words in [&[][..], &["pending"], &["approve", "--hub"], &["--hubs", "x"], &["hub"]] {
            assert!(!meant(words), "{words:?}");
        }
    }
}
