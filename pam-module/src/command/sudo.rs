//! The command line of sudo and sudo-rs (sudo(8)).
//!
//! Only what both read in the same way is read: the two differ in rare forms, and an
//! option's value that one takes for a command would be another's root shell.

use writ_protocol::text;

use super::{Call, CommandError, What};

/// Options without a value that change nothing of what runs.
const PLAIN: &[u8] = b"ABbEHknPS";

/// The same, in their long form.
const PLAIN_LONG: [&[u8]; 9] = [
    b"askpass",
    b"background",
    b"bell",
    b"non-interactive",
    b"preserve-env",
    b"preserve-groups",
    b"reset-timestamp",
    b"set-home",
    b"stdin",
];

#[derive(Default)]
struct Read {
    user: Option<Vec<u8>>,
    group: Option<Vec<u8>>,
    /// A list, a check, the end of a ticket.
    runs_nothing: bool,
    /// The ticket is to be forgotten, which may be all.
    forgets: bool,
    shell: bool,
    login: bool,
    rest: Vec<Vec<u8>>,
}

/// What the words ask for; the first of them is the program's name.
pub(super) fn read(words: &[Vec<u8>]) -> Result<Call, CommandError> {
    let (name, words) = words.split_first().ok_or(CommandError::NoCommand)?;
    if name.ends_with(b"edit") {
        return Err(CommandError::Edit);
    }
    let read = options(words)?;
    let what = match (read.shell, read.login) {
        _ if read.runs_nothing => return Ok(Call::NoCommand),
        (true, true) => return Err(CommandError::Option("-i beside -s".to_owned())),
        (true, false) => What::Shell(read.rest),
        (false, true) => What::Login(read.rest),
        (false, false) if read.rest.is_empty() && read.forgets => return Ok(Call::NoCommand),
        (false, false) if read.rest.is_empty() => return Err(CommandError::NoCommand),
        (false, false) => What::Words(read.rest),
    };
    Ok(Call::Run { user: read.user, group: read.group, what })
}

fn options(words: &[Vec<u8>]) -> Result<Read, CommandError> {
    let mut read = Read::default();
    let mut at = 0;
    while let Some(word) = words.get(at) {
        at += 1;
        if word == b"--" {
            read.rest = words.get(at..).unwrap_or_default().to_vec();
            if let Some(first) = read.rest.first().filter(|first| first.contains(&b'=')) {
                return Err(CommandError::Assignment(text::encode(first)));
            }
            return Ok(read);
        }
        if let Some(long) = word.strip_prefix(b"--") {
            at += long_option(&mut read, long, words.get(at))?;
        } else if let Some(short) = word.strip_prefix(b"-").filter(|short| !short.is_empty()) {
            at += short_options(&mut read, short, words.get(at))?;
        } else if is_assignment(word)? {
            // It sets a variable for the command, where sudoers lets it.
        } else {
            read.rest = words.get(at - 1..).unwrap_or_default().to_vec();
            return Ok(read);
        }
    }
    Ok(read)
}

/// Takes an option; returns how many of the words behind it are its value.
fn long_option(
    read: &mut Read,
    long: &[u8],
    next: Option<&Vec<u8>>,
) -> Result<usize, CommandError> {
    let odd = || CommandError::Option(format!("--{}", text::encode(long)));
    let (name, value) = match long.iter().position(|byte| *byte == b'=') {
        Some(place) => {
            let (name, value) = long.split_at_checked(place).ok_or_else(odd)?;
            (name, value.get(1..).filter(|value| !value.is_empty()))
        }
        None => (long, None),
    };
    let is_whole = name.len() == long.len();
    match name {
        b"edit" => return Err(CommandError::Edit),
        b"preserve-env" if value.is_some() => return Ok(0),
        b"user" | b"group" | b"prompt" => {
            let (value, taken) = match (is_whole, value, next) {
                (false, Some(value), _) => (value.to_vec(), 0),
                (true, _, Some(next)) => (next.clone(), 1),
                _ => return Err(odd()),
            };
            match name {
                b"user" => read.user = Some(value),
                b"group" => read.group = Some(value),
                _ => {}
            }
            return Ok(taken);
        }
        _ if !is_whole => return Err(odd()),
        b"list" | b"validate" | b"remove-timestamp" | b"version" | b"help" => {
            read.runs_nothing = true;
        }
        b"shell" => read.shell = true,
        b"login" => read.login = true,
        plain if PLAIN_LONG.contains(&plain) => read.forgets |= plain == b"reset-timestamp",
        _ => return Err(odd()),
    }
    Ok(0)
}

fn short_options(
    read: &mut Read,
    short: &[u8],
    next: Option<&Vec<u8>>,
) -> Result<usize, CommandError> {
    let odd = || CommandError::Option(format!("-{}", text::encode(short)));
    for (place, option) in short.iter().enumerate() {
        match option {
            b'u' | b'g' | b'p' => {
                let attached = short.get(place + 1..).unwrap_or_default();
                let (value, taken) = match (attached, next) {
                    // One of the two takes the sign for a part of the value.
                    ([b'=', ..], _) => return Err(odd()),
                    ([], Some(next)) => (next.clone(), 1),
                    ([], None) => return Err(odd()),
                    (attached, _) => (attached.to_vec(), 0),
                };
                match option {
                    b'u' => read.user = Some(value),
                    b'g' => read.group = Some(value),
                    _ => {}
                }
                return Ok(taken);
            }
            b'e' => return Err(CommandError::Edit),
            b'l' | b'v' | b'K' | b'V' => read.runs_nothing = true,
            b's' => read.shell = true,
            b'i' => read.login = true,
            plain if PLAIN.contains(plain) => read.forgets |= *plain == b'k',
            _ => return Err(odd()),
        }
    }
    Ok(0)
}

/// Whether a word before the command sets a variable; where a file could be called so,
/// it is not known.
fn is_assignment(word: &[u8]) -> Result<bool, CommandError> {
    let Some(place) = word.iter().position(|byte| *byte == b'=') else { return Ok(false) };
    let name = word.get(..place).unwrap_or_default();
    let plain = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'_';
    match name.first() {
        Some(first) if !first.is_ascii_digit() && name.iter().all(plain) => Ok(true),
        _ => Err(CommandError::Assignment(text::encode(word))),
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

    fn runs(line: &str) -> (Option<String>, String) {
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
        match read(line).unwrap() {
            Call::Run { user, what: What::Words(words), .. } => {
                (user.map(|user| text(&user)), text(&words.join(&b' ')))
            }
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn the_command_begins_behind_the_options_and_keeps_its_own() {
        for line in ["sudo id -u", "sudo -n id -u", "sudo -knS id -u", "sudo A_1=x -E id -u"] {
            assert_eq!(runs(line), (None, "id -u".to_owned()), "{line}");
        }
        for line in ["sudo -u bob id", "sudo -ubob id", "sudo -nu bob -- id", "sudo --user=bob id"]
        {
            assert_eq!(runs(line), (Some("bob".to_owned()), "id".to_owned()), "{line}");
        }
        assert_eq!(runs("sudo --user bob --non-interactive id -l").1, "id -l");
    }

    #[test]
    fn a_value_is_no_option_and_no_command() {
        assert_eq!(runs("sudo -p -l /bin/sh").1, "/bin/sh");
        assert_eq!(runs("sudo --prompt -l /bin/sh").1, "/bin/sh");
        assert_eq!(runs("sudo -u -v /bin/sh"), (Some("-v".to_owned()), "/bin/sh".to_owned()));
    }

    #[test]
    fn a_list_a_check_and_a_forgotten_ticket_run_nothing() {
        for line in ["sudo -l", "sudo -v", "sudo -K", "sudo -k", "sudo -nl id", "sudo --list"] {
            assert_eq!(read(line), Ok(Call::NoCommand), "{line}");
        }
    }

    #[test]
    fn a_shell_is_told_from_a_login() {
        let what = |line: &str| match read(line).unwrap() {
            Call::Run { what, .. } => what,
            other => panic!("{other:?}"),
        };
        assert_eq!(what("sudo -s"), What::Shell(vec![]));
        assert_eq!(what("sudo -iu bob"), What::Login(vec![]));
        assert_eq!(what("sudo -i id"), What::Login(vec![b"id".to_vec()]));
        assert!(matches!(read("sudo -is"), Err(CommandError::Option(_))));
    }

    #[test]
    fn what_could_be_read_in_two_ways_is_refused() {
        for line in [
            "sudo -u=bob id",
            "sudo -D /tmp id",
            "sudo -R /tmp id",
            "sudo -h host id",
            "sudo --users=bob id",
            "sudo --login=x",
            "sudo --user= id",
            "sudo -u",
            "sudo -C 4 id",
        ] {
            assert!(matches!(read(line), Err(CommandError::Option(_))), "{line}");
        }
        for line in ["sudo /tmp/a=b", "sudo -- A=b id", "sudo =b id", "sudo ./x=y"] {
            assert!(matches!(read(line), Err(CommandError::Assignment(_))), "{line}");
        }
        for line in ["sudo", "sudo -n", "sudo A=b"] {
            assert_eq!(read(line), Err(CommandError::NoCommand), "{line}");
        }
        for line in ["sudoedit /etc/hosts", "/x/sudoedit a", "sudo -e /etc/hosts", "sudo --edit a"]
        {
            assert_eq!(read(line), Err(CommandError::Edit), "{line}");
        }
    }
}
