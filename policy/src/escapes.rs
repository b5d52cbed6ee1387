//! Programs of which one use can become any other: a shell, or code of its user's
//! choice. The list is `escapes.tsv`, with the reason of each.
//!
//! It helps those who write and those who approve; it decides nothing, and a program
//! that is not on it may do the same.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use writ_engine::policy::CommandPattern;

const LIST: &str = include_str!("escapes.tsv");

/// Where programs are, for patterns that leave open which one it is.
const FOLDERS: [&str; 6] =
    ["/usr/bin/", "/bin/", "/usr/sbin/", "/sbin/", "/usr/local/bin/", "/usr/local/sbin/"];

/// A program, and how it escapes.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Entry {
    name: &'static str,
    /// Whether `name` is only a start of names.
    is_start: bool,
    when: When,
    how: &'static str,
}

/// With which arguments.
#[derive(Debug, Clone, PartialEq, Eq)]
enum When {
    Always,
    /// One of these, anywhere.
    Any(Vec<&'static str>),
    /// One of these, first.
    First(Vec<&'static str>),
}

/// How the program of a command escapes, if it is known to: the end of a sentence that
/// begins with "it". Words are in the wire's form.
#[must_use]
pub fn escape_of<'a>(
    path: &str,
    arguments: impl Iterator<Item = &'a str> + Clone,
) -> Option<&'static str> {
    let entry = named(base_name(path))?;
    let escapes = match &entry.when {
        When::Always => true,
        When::Any(words) => {
            arguments.clone().any(|argument| words.iter().any(|word| is_of(word, argument)))
        }
        // Options may stand before it.
        When::First(words) => arguments
            .clone()
            .find(|argument| !argument.starts_with('-') || words.contains(argument))
            .is_some_and(|first| words.contains(&first)),
    };
    escapes.then_some(entry.how)
}

/// The program that a command of a pattern can be, and how it escapes; of several, the
/// first by name.
pub(crate) fn escape_of_pattern(pattern: &CommandPattern) -> Option<(String, &'static str)> {
    if pattern.is_everything() {
        return Some(("ALL".to_owned(), "is any command, a shell too"));
    }
    if let Some(path) = pattern.program() {
        let name = base_name(path);
        let entry = named(name).filter(|entry| entry.may_be(pattern))?;
        return Some((name.to_owned(), entry.how));
    }
    let may_run =
        |name: &str| FOLDERS.iter().any(|folder| pattern.may_run(&format!("{folder}{name}")));
    let entry = list().values().find(|entry| may_run(entry.name) && entry.may_be(pattern))?;
    Some((entry.name.to_owned(), entry.how))
}

impl Entry {
    fn may_be(&self, pattern: &CommandPattern) -> bool {
        match &self.when {
            When::Always => true,
            When::Any(words) => {
                let escaping = |argument: &str| words.iter().any(|word| is_of(word, argument));
                pattern.may_have_argument(escaping)
            }
            When::First(words) => words.iter().any(|word| pattern.may_begin_with(word)),
        }
    }
}

/// The entry of exactly that name, or the longest start of it.
fn named(name: &str) -> Option<&'static Entry> {
    if let Some(entry) = list().get(name) {
        return Some(entry);
    }
    let starts = name.char_indices().map(|(end, _)| name.get(..end).unwrap_or_default());
    starts.rev().find_map(|start| list().get(start).filter(|entry| entry.is_start))
}

fn list() -> &'static BTreeMap<&'static str, Entry> {
    static READ: OnceLock<BTreeMap<&'static str, Entry>> = OnceLock::new();
    READ.get_or_init(|| {
        let lines = LIST.lines().filter(|line| !line.starts_with('#'));
        lines.filter_map(entry).map(|entry| (entry.name, entry)).collect()
    })
}

/// `None` for a line that is no entry; a test holds that there is none such.
fn entry(line: &'static str) -> Option<Entry> {
    let mut fields = line.split('\t');
    let (name, when, how) = (fields.next()?, fields.next()?, fields.next()?);
    let words = |words: &'static str| words.split(',').collect();
    let when = match when.strip_prefix("first:") {
        Some(first) => When::First(words(first)),
        None if when == "always" => When::Always,
        None => When::Any(words(when)),
    };
    let (name, is_start) = match name.strip_suffix('*') {
        Some(start) => (start, true),
        None => (name, false),
    };
    (fields.next().is_none() && !name.is_empty() && !how.is_empty()).then_some(Entry {
        name,
        is_start,
        when,
        how,
    })
}

/// Whether an argument is this word, or begins as it says.
fn is_of(word: &str, argument: &str) -> bool {
    match word.strip_suffix('*') {
        Some(start) => argument.starts_with(start),
        None => argument == word,
    }
}

fn base_name(path: &str) -> &str {
    path.rsplit_once('/').map_or(path, |(_, name)| name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(path: &str, arguments: &[&str]) -> Option<&'static str> {
        escape_of(path, arguments.iter().copied())
    }

    fn of_pattern(text: &str) -> Option<String> {
        escape_of_pattern(&text.parse().unwrap()).map(|(name, _)| name)
    }

    #[test]
    fn every_line_of_the_list_is_an_entry_and_none_is_there_twice() {
        let lines = LIST.lines().filter(|line| !line.starts_with('#'));
        let entries: Vec<_> =
            lines.map(|line| entry(line).unwrap_or_else(|| panic!("{line}"))).collect();
        assert_eq!(entries.len(), list().len());
        assert!(entries.len() > 200);
    }

    #[test]
    fn a_program_that_escapes_is_known_by_its_name_with_a_version_too() {
        assert_eq!(
            of("/usr/bin/less", &["/var/log/syslog"]),
            Some("is a pager with a shell in it (!)")
        );
        assert_eq!(of("/usr/bin/python3.11", &[]), Some("is an interpreter"));
        assert_eq!(of("/usr/bin/vim.basic", &["x"]), of("/usr/bin/vim", &[]));
        assert_eq!(of("/usr/bin/systemctl", &["restart", "nginx"]), None);
        assert_eq!(of("/usr/bin/id", &["-exec"]), None);
        assert_eq!(of("/usr/bin/pythonista-like", &[]), Some("is an interpreter"));
    }

    #[test]
    fn some_escape_only_with_certain_arguments() {
        assert_eq!(of("/usr/bin/find", &["/var", "-name", "x"]), None);
        assert!(of("/usr/bin/find", &["/var", "-exec", "sh", ";"]).is_some());
        assert!(of("/usr/bin/systemctl", &["--runtime", "edit", "x"]).is_some());
        assert!(of("/usr/bin/sort", &["--compress-program=sh"]).is_some());
    }

    #[test]
    fn a_pattern_escapes_where_one_of_its_commands_can() {
        assert_eq!(of_pattern("/usr/bin/systemctl restart *"), None);
        assert_eq!(of_pattern("/usr/bin/systemctl *").as_deref(), Some("systemctl"));
        assert_eq!(of_pattern("/usr/bin/find /var -name x"), None);
        assert_eq!(of_pattern("/usr/bin/find /var **").as_deref(), Some("find"));
        assert_eq!(of_pattern("/bin/ba*").as_deref(), Some("bash"));
        assert_eq!(of_pattern("ALL").as_deref(), Some("ALL"));
        assert_eq!(of_pattern("sudoedit /etc/*"), None);
    }
}
