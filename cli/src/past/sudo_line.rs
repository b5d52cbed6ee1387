//! The message that sudo logs: `alice : TTY=pts/0 ; PWD=/srv ; USER=root ;
//! COMMAND=/usr/bin/id -u` (sudoers(5), "Logging").
//!
//! Everything from `COMMAND=` on is the command. A word with white space stands between
//! `'`, and `\` stands before `'` and `\`; so sudo 1.9.14 and later write, and Debian's
//! 1.9.13p3. In lines of older ones the words of an argument with blanks come apart.

use writ_protocol::text::encode;

use super::act::{self, Act, Today};
use super::day::Day;

/// Where the command begins.
const COMMAND: &[u8] = b"COMMAND=";

/// Between two fields.
const BETWEEN: &[u8] = b" ; ";

/// What a long command goes on with in a message of its own.
const CONTINUED: &[u8] = b"(command continued)";

/// What a message is.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Message {
    /// An act.
    Act(Act),
    /// More of the command of the last message of that user.
    More { user: String, words: Vec<u8> },
    /// Something else that sudo says, such as that of PAM.
    Other,
    /// An act by its looks, and not whole.
    Torn,
}

/// An act whose command may go on in the next message.
#[derive(Debug, Default)]
pub(super) struct Pending {
    act: Option<(Act, Vec<u8>)>,
}

impl Pending {
    /// Takes a message; gives the act that is whole by now. `None` in `day` is a day that
    /// the line does not tell. Tells whether the line was torn.
    pub(super) fn take(
        &mut self,
        message: &[u8],
        day: Option<Day>,
        each: &mut impl FnMut(Act),
    ) -> Taken {
        match parse(message, day) {
            Message::Act(act) => {
                self.flush(each);
                self.act = Some((act, command_bytes(message).to_vec()));
                Taken::Whole
            }
            Message::More { user, words } => match &mut self.act {
                Some((act, bytes))
                    if act.user == user && bytes.len() < super::lines::LINE_BYTES_MAX =>
                {
                    bytes.push(b' ');
                    bytes.extend_from_slice(&words);
                    match words_of(bytes) {
                        Some((path, argv)) => {
                            let run_as = &act.command.run_as;
                            let number = Some(run_as.uid.0);
                            act.command = act::command(
                                path,
                                argv,
                                act.command.cwd.clone(),
                                &run_as.user.clone(),
                                number,
                                run_as.group.clone(),
                            );
                            Taken::Whole
                        }
                        None => Taken::Torn,
                    }
                }
                _ => Taken::Torn,
            },
            Message::Other => Taken::Whole,
            Message::Torn => Taken::Torn,
        }
    }

    /// Gives the last act.
    pub(super) fn flush(&mut self, each: &mut impl FnMut(Act)) {
        if let Some((act, _)) = self.act.take() {
            each(act);
        }
    }
}

/// How a message was taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Taken {
    Whole,
    Torn,
}

fn parse(message: &[u8], day: Option<Day>) -> Message {
    let message = message.trim_ascii_start();
    let Some((user, fields)) = split(message, b" : ") else { return Message::Other };
    let Ok(user) = str::from_utf8(user) else { return Message::Other };
    if user.is_empty() || user.contains(char::is_whitespace) {
        return Message::Other;
    }
    if let Some(words) = fields.strip_prefix(CONTINUED) {
        return Message::More { user: user.to_owned(), words: words.trim_ascii_start().to_vec() };
    }
    // A user may have `COMMAND=` in the name of his folder: only a whole field is one.
    let Some(at) = field(fields, COMMAND) else { return Message::Other };
    let (before, command) = fields.split_at(at);
    let command = command.strip_prefix(COMMAND).unwrap_or_default();
    let value = |name: &[u8]| {
        let at = field(before, name)?;
        let value = before.get(at + name.len()..)?;
        Some(split(value, BETWEEN).map_or(value, |(value, _)| value))
    };
    let Some(run_as) = value(b"USER=").and_then(|user| str::from_utf8(user).ok()) else {
        return Message::Torn;
    };
    let Some((path, argv)) = words_of(command) else { return Message::Torn };
    let cwd = value(b"PWD=").map_or_else(String::new, encode);
    let group = value(b"GROUP=").map(encode);
    // What stands before the first field is why it was refused.
    let first = split(fields, b"=").map_or(fields, |(first, _)| first);
    let refused = split(first, BETWEEN).is_some();
    Message::Act(Act {
        day,
        user: user.to_owned(),
        groups: None,
        command: act::command(path, argv, cwd, run_as, None, group),
        today: if refused { Today::Refused } else { Today::Ran },
    })
}

fn command_bytes(message: &[u8]) -> &[u8] {
    let Some(at) = field(message, COMMAND) else { return b"" };
    message.get(at + COMMAND.len()..).unwrap_or_default()
}

/// Where the field of that name begins: at the start, or behind `;` or ` : `.
fn field(text: &[u8], name: &[u8]) -> Option<usize> {
    let mut from = 0;
    while let Some(found) = find(text.get(from..)?, name) {
        let at = from + found;
        let before = text.get(..at)?;
        if at == 0 || before.ends_with(BETWEEN) || before.ends_with(b" : ") {
            return Some(at);
        }
        from = at + name.len();
    }
    None
}

/// Path and argv of a logged command, in the wire's form; the name that it was called by
/// is not logged.
fn words_of(command: &[u8]) -> Option<(String, Vec<String>)> {
    let mut words: Vec<Vec<u8>> = vec![Vec::new()];
    let mut bytes = command.iter().copied().peekable();
    let mut quoted = false;
    while let Some(byte) = bytes.next() {
        match byte {
            b'\\' => {
                let escaped = bytes.next_if(|next| matches!(next, b'\'' | b'\\'));
                words.last_mut()?.push(escaped.unwrap_or(byte));
            }
            b'\'' => quoted = !quoted,
            b' ' if !quoted => words.push(Vec::new()),
            byte => words.last_mut()?.push(byte),
        }
    }
    let argv: Vec<String> = words.iter().map(|word| encode(word)).collect();
    let path = argv.first().filter(|path| path.starts_with('/') || *path == "sudoedit")?.clone();
    (!quoted).then_some((path, argv))
}

fn split<'t>(text: &'t [u8], between: &[u8]) -> Option<(&'t [u8], &'t [u8])> {
    let at = find(text, between)?;
    Some((text.get(..at)?, text.get(at + between.len()..)?))
}

/// Where a text is in another. The first byte is looked for alone, as there may be
/// millions of lines.
pub(super) fn find(text: &[u8], sought: &[u8]) -> Option<usize> {
    let (first, others) = sought.split_first()?;
    let mut from = 0;
    loop {
        let rest = text.get(from..)?;
        let at = rest.iter().position(|byte| byte == first)?;
        if rest.get(at + 1..)?.starts_with(others) {
            return Some(from + at);
        }
        from += at + 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn act(message: &str) -> Act {
        match parse(message.as_bytes(), None) {
            Message::Act(act) => act,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_message_of_sudo_is_read_word_by_word() {
        let act = act(
            r"   alice : TTY=pts/0 ; PWD=/srv ; USER=bob ; GROUP=dba ; COMMAND=/bin/echo 'a b' c\\d é\'  x;y 'q ; COMMAND=/bin/id'",
        );
        assert_eq!((act.user.as_str(), act.today), ("alice", Today::Ran));
        assert_eq!(
            act.command.argv,
            ["/bin/echo", "a b", r"c\\d", "é'", "", "x;y", "q ; COMMAND=/bin/id"]
        );
        assert_eq!((act.command.run_as.user.as_str(), act.command.cwd.as_str()), ("bob", "/srv"));
        assert_eq!(act.command.run_as.group.as_deref(), Some("dba"));
    }

    #[test]
    fn what_sudo_refused_is_told_from_what_ran() {
        let refused =
            act("bob : command not allowed ; TTY=pts/0 ; PWD=/ ; USER=root ; COMMAND=/bin/sh");
        assert_eq!(refused.today, Today::Refused);
        let ran = act("bob : PWD=/ ; USER=root ; ENV=A=b ; COMMAND=/bin/sh");
        assert_eq!(ran.today, Today::Ran);
    }

    #[test]
    fn a_field_cannot_be_forged_from_within_another() {
        let act = act("bob : PWD=/srv/COMMAND=/bin/id ; USER=root ; COMMAND=/bin/sh USER=alice");
        assert_eq!(act.command.path, "/bin/sh");
        assert_eq!(act.command.run_as.user, "root");
    }

    #[test]
    fn a_long_command_goes_on_in_the_next_message_of_the_same_user() {
        let mut pending = Pending::default();
        let mut acts = Vec::new();
        let mut each = |act: Act| acts.push(act.command.argv.len());
        let first = b"alice : PWD=/ ; USER=root ; COMMAND=/bin/echo a";
        assert_eq!(pending.take(first, None, &mut each), Taken::Whole);
        assert_eq!(pending.take(b"alice : (command continued) b c", None, &mut each), Taken::Whole);
        assert_eq!(pending.take(b"bob : (command continued) d", None, &mut each), Taken::Torn);
        pending.flush(&mut each);
        assert_eq!(acts, [4]);
    }

    #[test]
    fn what_is_not_whole_is_torn_and_what_is_something_else_is_passed_over() {
        for torn in [
            "alice : PWD=/ ; COMMAND=/bin/id",
            "alice : PWD=/ ; USER=root ; COMMAND=",
            "alice : PWD=/ ; USER=root ; COMMAND=/bin/echo 'a",
            "alice : PWD=/ ; USER=root ; COMMAND=id",
        ] {
            assert_eq!(parse(torn.as_bytes(), None), Message::Torn, "{torn}");
        }
        for other in [
            "pam_unix(sudo:session): session opened for user root(uid=0) by alice(uid=1000)",
            "",
            "alice : unable to resolve host x",
            "a b : PWD=/ ; USER=root ; COMMAND=/bin/id",
        ] {
            assert_eq!(parse(other.as_bytes(), None), Message::Other, "{other}");
        }
    }

    #[test]
    fn sudoedit_is_an_edit() {
        let edit = act("alice : PWD=/ ; USER=root ; COMMAND=/usr/bin/vim -- /etc/hosts");
        assert_eq!(edit.command.argv, ["/etc/hosts"]);
        let edit = act("alice : PWD=/ ; USER=root ; COMMAND=sudoedit /etc/hosts");
        assert_eq!(edit.command.argv, ["/etc/hosts"]);
    }
}
