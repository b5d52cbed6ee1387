//! `writ become`: what the agent has PID 1 start in the place of a command of which
//! something is no text. `become -- FOLDER FILE WORDS…`, in the wire's form, is that
//! command.

use std::ffi::OsString;
use std::io;
use std::os::unix::ffi::OsStringExt;
use std::os::unix::process::CommandExt;
use std::process::Command;

use writ_protocol::text::{decode, shown};

use crate::exit::Exit;
use crate::failure::Failure;
use crate::running::{NOT_EXECUTABLE, NOT_FOUND};

/// Its name; the agent has it too.
pub(crate) const VERB: &str = "become";

/// Becomes the command.
///
/// # Errors
/// When it cannot: there is no way back from where it can.
pub(crate) fn run(words: &[OsString]) -> Result<Exit, Failure> {
    let words = taken_apart(words).ok_or_else(|| {
        Failure::verb(Exit::Usage, "this verb is for Writ's agent; `writ run` runs a command")
    })?;
    let [folder, file, name, rest @ ..] = words.as_slice() else { return Ok(Exit::Usage) };
    let error = match std::env::set_current_dir(folder) {
        Err(error) => error,
        Ok(()) => Command::new(file).arg0(name).args(rest).exec(),
    };
    let status = match error.kind() {
        io::ErrorKind::NotFound => NOT_FOUND,
        _ => NOT_EXECUTABLE,
    };
    let sentence = format!("{} could not be executed: {error}", shown(&file.to_string_lossy()));
    Err(Failure::verb(Exit::Command(status), sentence))
}

/// The folder, the file and at least one word.
fn taken_apart(words: &[OsString]) -> Option<Vec<OsString>> {
    let (dashes, words) = words.split_first()?;
    let decoded = |word: &OsString| decode(word.to_str()?).ok().map(OsString::from_vec);
    let words: Vec<OsString> = words.iter().map(decoded).collect::<Option<_>>()?;
    (dashes == "--" && words.len() >= 3).then_some(words)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::ffi::OsStrExt;

    fn words(words: &[&str]) -> Vec<OsString> {
        words.iter().map(OsString::from).collect()
    }

    #[test]
    fn the_words_are_turned_back_into_bytes() {
        let apart = taken_apart(&words(&["--", "/", "/bin/x", "x", "\\xff\\\\", ""])).unwrap();
        assert_eq!(apart[3].as_bytes(), b"\xff\\");
        assert_eq!(apart[4], "");
    }

    #[test]
    fn what_is_not_of_that_form_is_refused() {
        for odd in [
            &[][..],
            &["--"],
            &["--", "/", "/bin/x"],
            &["/", "/bin/x", "x"],
            &["--", "/", "x", "\\q"],
        ] {
            assert_eq!(run(&words(odd)).unwrap_err().exit(), Exit::Usage, "{odd:?}");
        }
    }
}
