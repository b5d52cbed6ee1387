//! The command line of doas, which getopt(3) reads as "+a:C:Lnsu:" (doas(1)).

use writ_protocol::text;

use super::{Call, CommandError, What};

/// What the words ask for; the first of them is the program's name.
pub(super) fn read(words: &[Vec<u8>]) -> Result<Call, CommandError> {
    let (mut user, mut shell, mut runs_nothing) = (None, false, false);
    let mut at = 1;
    'words: while let Some(word) = words.get(at) {
        let Some(short) = word.strip_prefix(b"-").filter(|short| !short.is_empty()) else { break };
        at += 1;
        if short == b"-" {
            break;
        }
        for (place, option) in short.iter().enumerate() {
            match option {
                b'n' => {}
                b's' => shell = true,
                b'L' => runs_nothing = true,
                b'u' => {
                    let attached = short.get(place + 1..).unwrap_or_default();
                    user = if attached.is_empty() {
                        at += 1;
                        words.get(at - 1).cloned()
                    } else {
                        Some(attached.to_vec())
                    };
                    if user.is_none() {
                        return Err(CommandError::Option("-u".to_owned()));
                    }
                    continue 'words;
                }
                _ => return Err(CommandError::Option(format!("-{}", text::encode(short)))),
            }
        }
    }
    let rest = words.get(at..).unwrap_or_default().to_vec();
    match (shell, rest.is_empty()) {
        _ if runs_nothing => Ok(Call::NoCommand),
        (true, true) => Ok(Call::Run { user, group: None, what: What::Shell(rest) }),
        (false, false) => Ok(Call::Run { user, group: None, what: What::Words(rest) }),
        (true, false) => Err(CommandError::Option("-s before a command".to_owned())),
        (false, true) => Err(CommandError::NoCommand),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(line: &str) -> Result<Call, CommandError> {
        let words: Vec<Vec<u8>> =
            line.split_whitespace().map(|word| word.as_bytes().to_vec()).collect();
        super::read(&words)
    }

    fn run(user: Option<&str>, what: What) -> Result<Call, CommandError> {
        let user = user.map(|user| user.as_bytes().to_vec());
        Ok(Call::Run { user, group: None, what })
    }

    #[test]
    fn the_command_begins_at_the_first_word_that_is_no_option() {
        let id = || What::Words(vec![b"id".to_vec(), b"-n".to_vec()]);
        assert_eq!(read("doas id -n"), run(None, id()));
        assert_eq!(read("doas -n -u bob id -n"), run(Some("bob"), id()));
        assert_eq!(read("doas -nubob -- id -n"), run(Some("bob"), id()));
        assert_eq!(read("doas -u -s id -n"), run(Some("-s"), id()));
        assert_eq!(read("doas -s"), run(None, What::Shell(vec![])));
        assert_eq!(read("doas -L"), Ok(Call::NoCommand));
    }

    #[test]
    fn what_is_odd_is_refused() {
        for line in ["doas -C /tmp/x id", "doas -a x id", "doas -s id", "doas -u", "doas --user id"]
        {
            assert!(matches!(read(line), Err(CommandError::Option(_))), "{line}");
        }
        assert_eq!(read("doas"), Err(CommandError::NoCommand));
        assert_eq!(read("doas -n"), Err(CommandError::NoCommand));
    }
}
