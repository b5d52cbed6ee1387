//! A person who stays logged in, for scenarios of many words.

use writ_tests::{Host, Terminal};

/// A terminal that takes no messages, so that what arrives is the answer.
pub(crate) struct Desk(Terminal);

impl Desk {
    pub(crate) fn of(host: &Host, user: &str) -> Self {
        let terminal = host.login(user);
        assert_eq!(terminal.run("chmod g-w $(tty)").1, 0);
        Self(terminal)
    }

    /// Runs a line that is to succeed, and gives what it said.
    #[track_caller]
    pub(crate) fn ok(&self, line: &str) -> String {
        self.fails(0, line)
    }

    /// Runs a line that is to end with `status`, and gives what it said.
    #[track_caller]
    pub(crate) fn fails(&self, status: i32, line: &str) -> String {
        let (said, ended) = self.0.run(line);
        assert_eq!(ended, status, "{}: {line}: {said}", self.0.user());
        said
    }

    /// Asks in advance for `touch FILE` and gives the request's ID.
    #[track_caller]
    pub(crate) fn asks(&self, file: &str, options: &str) -> String {
        self.ok(&format!("writ request --no-wait {options} -- touch {file}"))
    }
}
