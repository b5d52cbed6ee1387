//! Patterns of commands, against a matcher that is too simple to be wrong.

use writ_engine::facts::{Action, Command, RunAs, Uid};
use writ_engine::policy::CommandPattern;
use writ_protocol::text::encode;

use crate::{lossy, naive};

/// The first line is a pattern, the second a path, each more an argument; any bytes.
pub fn run(data: &[u8]) {
    let mut lines = data.split(|byte| *byte == b'\n');
    let source = lossy(lines.next().unwrap_or_default());
    let words: Vec<String> = lines.map(encode).collect();
    let pattern = match CommandPattern::parse(&source) {
        Ok(pattern) => pattern,
        Err(error) => {
            assert!(error.offset <= source.len().max(1), "{error:?} is beyond {source:?}");
            return;
        }
    };
    assert_eq!(pattern.source(), source);
    let path = words.first().cloned().unwrap_or_default();
    for action in [Action::Run, Action::Edit] {
        let command = Command {
            path: path.clone(),
            argv: words.clone(),
            cwd: "/".to_owned(),
            run_as: RunAs { user: "root".to_owned(), uid: Uid(0), group: None },
            action,
        };
        let simply = naive::matches(&source, &command);
        assert_eq!(pattern.matches(&command), simply, "{source:?} {command:?}");
    }
}
