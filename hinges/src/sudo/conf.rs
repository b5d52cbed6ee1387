//! sudo.conf(5): what it says about Writ, and how to put that in or take it out.
//!
//! sudo passes over what it does not understand without a word, and runs commands
//! as if it was not there. So the file is read here as sudo reads it
//! (lib/util/sudo_conf.c, lib/util/parseln.c), and what looks like ours but is not
//! is told apart.

use std::path::{Path, PathBuf};

/// Where sudo looks for it.
pub const SUDO_CONF: &str = "/etc/sudo.conf";

/// The file name of the plugin.
pub const PLUGIN_FILE: &str = "sudo_writ.so";

/// What sudo loads from it: one without the other leaves acts undecided or ends
/// unrecorded.
pub const SYMBOLS: [&str; 2] = ["writ_approval", "writ_audit"];

/// Begins what is Writ's, and says what was there before it where the lines alone
/// would not: taken out, they leave the file byte for byte as it was.
const BEGIN: &str = "# writ: begin";
const BEGIN_OF_NEW_FILE: &str = "# writ: begin; there was no file";
const BEGIN_AFTER_OPEN_LINE: &str = "# writ: begin; the line above had no line feed";
const EXPLAINED: &str = "# Written by `writ enable sudo`; `writ disable sudo` takes it out.";
const END: &str = "# writ: end";

/// Whether sudo loads the plugin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DoorState {
    /// Neither symbol.
    Off,
    /// One of the two.
    Half,
    /// Both.
    On,
}

/// What the file says, as sudo understands it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SudoConf {
    loaded: Vec<LoadedPlugin>,
    /// `Path plugin_dir`, where the file sets it.
    pub plugin_dir: Option<PathBuf>,
    /// Lines that speak of Writ and that sudo passes over or that name something
    /// that is not there, as they are written.
    pub misspelt: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct LoadedPlugin {
    symbol: String,
    path: PathBuf,
}

impl SudoConf {
    /// Reads the text of the file; what sudo passes over, it passes over.
    #[must_use]
    pub fn parse(text: &[u8]) -> Self {
        let mut conf = Self::default();
        for line in logical_lines(&String::from_utf8_lossy(text)) {
            conf.read(&line);
        }
        conf
    }

    /// Whether sudo loads the plugin.
    pub fn door_state(&self) -> DoorState {
        let there = |symbol: &&str| self.loaded.iter().any(|plugin| plugin.symbol == *symbol);
        match SYMBOLS.into_iter().filter(|symbol| there(symbol)).count() {
            0 => DoorState::Off,
            count if count == SYMBOLS.len() => DoorState::On,
            _ => DoorState::Half,
        }
    }

    /// The files that the lines name for the plugin; relative ones are in sudo's
    /// plugin folder.
    pub fn plugin_paths(&self) -> impl Iterator<Item = &Path> {
        self.loaded.iter().map(|plugin| plugin.path.as_path())
    }

    fn read(&mut self, line: &str) {
        let words: Vec<&str> = line.split([' ', '\t']).filter(|word| !word.is_empty()).collect();
        let speaks_of_writ =
            line.to_ascii_lowercase().contains("writ_") || line.contains(PLUGIN_FILE);
        match words.as_slice() {
            [keyword, symbol, path, ..]
                if keyword.eq_ignore_ascii_case("Plugin") && SYMBOLS.contains(symbol) =>
            {
                self.loaded
                    .push(LoadedPlugin { symbol: (*symbol).to_owned(), path: PathBuf::from(path) });
            }
            [keyword, name, path, ..]
                if keyword.eq_ignore_ascii_case("Path")
                    && name.eq_ignore_ascii_case("plugin_dir") =>
            {
                self.plugin_dir = Some(PathBuf::from(path));
            }
            _ if speaks_of_writ => self.misspelt.push(line.to_owned()),
            _ => {}
        }
    }
}

/// The text with the plugin's lines at its end, once; `None` is no file.
pub fn with_writ(text: Option<&[u8]>) -> Vec<u8> {
    let former = text.and_then(without_writ);
    let begin = match former.as_deref() {
        None => BEGIN_OF_NEW_FILE,
        Some([.., last]) if *last != b'\n' => BEGIN_AFTER_OPEN_LINE,
        Some(_) => BEGIN,
    };
    let mut text = former.unwrap_or_default();
    if begin == BEGIN_AFTER_OPEN_LINE {
        text.push(b'\n');
    }
    let [approval, audit] = SYMBOLS.map(|symbol| format!("Plugin {symbol} {PLUGIN_FILE}"));
    for line in [begin, EXPLAINED, &approval, &audit, END] {
        text.extend_from_slice(line.as_bytes());
        text.push(b'\n');
    }
    text
}

/// The text without any of the plugin's lines, whoever wrote them; every other byte
/// stays. `None`: there was no file before, and nobody has written to it since.
pub fn without_writ(text: &[u8]) -> Option<Vec<u8>> {
    let mut kept = Vec::with_capacity(text.len());
    let mut was_new = false;
    let mut open_line_end = None;
    for line in text.split_inclusive(|byte| *byte == b'\n') {
        if !is_ours(line) {
            kept.extend_from_slice(line);
            continue;
        }
        match String::from_utf8_lossy(line).trim() {
            BEGIN_OF_NEW_FILE => was_new = true,
            BEGIN_AFTER_OPEN_LINE => open_line_end = Some(kept.len()),
            _ => {}
        }
    }
    // Not if a line was added below since: the two would become one.
    if open_line_end == Some(kept.len()) && kept.last() == Some(&b'\n') {
        kept.pop();
    }
    (!was_new || !kept.is_empty()).then_some(kept)
}

fn is_ours(line: &[u8]) -> bool {
    let text = String::from_utf8_lossy(line);
    [BEGIN, BEGIN_OF_NEW_FILE, BEGIN_AFTER_OPEN_LINE, EXPLAINED, END].contains(&text.trim())
        || SudoConf::parse(line).door_state() != DoorState::Off
}

/// Lines without comments and surrounding blanks, continued ones joined; as
/// sudo_parseln does it, a comment ends a line that would be continued.
fn logical_lines(text: &str) -> Vec<String> {
    let blank = [' ', '\t'];
    let mut lines = Vec::new();
    let mut joined = String::new();
    for line in text.lines() {
        let line = line.trim_end_matches('\r');
        let continued = match line.split_once('#') {
            Some((before, _)) => {
                joined.push_str(before.trim_matches(blank));
                false
            }
            None => match line.strip_suffix('\\').filter(|before| !before.ends_with('\\')) {
                Some(before) => {
                    joined.push_str(before.trim_start_matches(blank));
                    true
                }
                None => {
                    joined.push_str(line.trim_matches(blank));
                    false
                }
            },
        };
        if !continued {
            lines.push(std::mem::take(&mut joined));
        }
    }
    lines.push(joined);
    lines.retain(|line| !line.is_empty());
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    const DEBIAN: &[u8] =
        b"# Default\n#Plugin sudoers_policy sudoers.so\n\nSet disable_coredump false\n";

    #[test]
    fn putting_in_twice_is_putting_in_once() {
        for text in [None, Some(DEBIAN), Some(b"Set disable_coredump false".as_slice())] {
            let once = with_writ(text);
            assert_eq!(with_writ(Some(&once)), once);
            assert_eq!(SudoConf::parse(&once).door_state(), DoorState::On);
        }
    }

    #[test]
    fn taking_out_leaves_every_other_byte() {
        for text in [DEBIAN, b"", b"# caf\xe9\r\n\n", b"Set disable_coredump false"] {
            assert_eq!(without_writ(&with_writ(Some(text))).as_deref(), Some(text));
        }
        assert_eq!(without_writ(&with_writ(None)), None);
    }

    #[test]
    fn what_was_added_below_stays_a_line_of_its_own() {
        let mut text = with_writ(Some(b"Path askpass /x"));
        text.extend_from_slice(b"Set disable_coredump false\n");
        let left = b"Path askpass /x\nSet disable_coredump false\n";
        assert_eq!(without_writ(&text).as_deref(), Some(left.as_slice()));
        let mut text = with_writ(None);
        text.extend_from_slice(b"Path askpass /x\n");
        assert_eq!(without_writ(&text).as_deref(), Some(b"Path askpass /x\n".as_slice()));
    }

    #[test]
    fn lines_that_somebody_else_wrote_are_taken_out_too() {
        let text = b"plugin writ_audit /opt/sudo_writ.so\nPath askpass /x\n";
        assert_eq!(SudoConf::parse(text).door_state(), DoorState::Half);
        assert_eq!(without_writ(text).as_deref(), Some(b"Path askpass /x\n".as_slice()));
    }

    #[test]
    fn what_sudo_passes_over_is_found() {
        for wrong in [
            "Plugn writ_approval sudo_writ.so",
            "Plugin writ_aproval sudo_writ.so",
            "Plugin writ_approval",
            "Plugin Writ_Approval sudo_writ.so",
        ] {
            let conf = SudoConf::parse(wrong.as_bytes());
            assert_eq!(conf.door_state(), DoorState::Off, "{wrong}");
            assert_eq!(conf.misspelt, [wrong]);
        }
    }

    #[test]
    fn comments_and_continued_lines_are_read_as_sudo_reads_them() {
        let conf = SudoConf::parse(
            b"Plugin \\\n  writ_approval sudo_writ.so # yes\n# Plugin writ_audit sudo_writ.so\nPATH Plugin_Dir /opt/sudo\n",
        );
        assert_eq!(conf.door_state(), DoorState::Half);
        assert_eq!(conf.misspelt, Vec::<String>::new());
        assert_eq!(conf.plugin_dir.as_deref(), Some(Path::new("/opt/sudo")));
    }
}
