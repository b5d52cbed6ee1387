//! Reads what the agent writes for machines: lines of `key="value"` pairs, and the
//! journal's entries.

use serde_json::Value;
use writ_tests::Host;

/// The pairs of a line. A backslash stands before a quotation mark that is part of a
/// value, and before another backslash.
///
/// # Panics
/// When the line is no line of pairs.
pub(crate) fn pairs(line: &str) -> Vec<(String, String)> {
    let mut pairs = Vec::new();
    let mut rest = line;
    while !rest.is_empty() {
        let (name, after) = rest.split_once("=\"").unwrap_or_else(|| panic!("no pair: {rest}"));
        assert!(name.bytes().all(|b| b.is_ascii_uppercase() || b == b'_'), "no name: {name:?}");
        let (value, left) = quoted(after);
        pairs.push((name.to_owned(), value));
        rest = left.strip_prefix(' ').unwrap_or_else(|| {
            assert_eq!(left, "", "something after a value");
            left
        });
    }
    pairs
}

/// The value up to its closing quotation mark, and what is after that.
fn quoted(text: &str) -> (String, &str) {
    let mut value = String::new();
    let mut characters = text.char_indices();
    while let Some((at, character)) = characters.next() {
        match character {
            '"' => return (value, &text[at + 1..]),
            '\\' => match characters.next() {
                Some((_, '"')) => value.push('"'),
                Some((_, other)) => value.extend(['\\', other]),
                None => break,
            },
            other => value.push(other),
        }
    }
    panic!("a value without an end: {text}")
}

/// The agent's lines in auth.log, without the time, the host and the process.
pub(crate) fn lines(host: &Host) -> Vec<String> {
    let log = host.read("/var/log/auth.log");
    let agents = log.lines().filter_map(|line| {
        let (head, message) = line.split_once("]: ")?;
        head.contains(" writd[").then(|| message.to_owned())
    });
    agents.filter(|message| message.starts_with("WRIT_")).collect()
}

/// The journal's entries that match, oldest first.
#[track_caller]
pub(crate) fn entries(host: &Host, matches: &[&str]) -> Vec<Value> {
    // Without --all, values of more than 4 KiB are left out (journalctl(1)).
    let mut command = vec!["journalctl", "--all", "-o", "json", "SYSLOG_IDENTIFIER=writd"];
    command.extend(matches);
    let said = host.root(&command);
    said.ok().lines().map(|line| serde_json::from_str(line).expect("JSON")).collect()
}
