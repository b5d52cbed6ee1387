//! What `journalctl -o json` prints: an object a line (systemd.journal-fields(7)).

use std::io::{self, BufRead};

use serde::Deserialize;
use serde_json::value::RawValue;

use super::act::Act;
use super::day::Days;
use super::lines::{Passed, each_line};
use super::sudo_json;
use super::sudo_line::{Pending, Taken, find};

/// Where sudo is installed.
const SUDO: [&str; 5] =
    ["/usr/bin/sudo", "/bin/sudo", "/usr/local/bin/sudo", "/usr/bin/sudo.ws", "/usr/sbin/sudo"];

/// The fields that are looked at. Those with `_` in front are the journal's own word.
/// A field is text, or an array of bytes where it is none; null where it is too large to
/// be printed, and an array of these where it is there more than once.
#[derive(Deserialize)]
struct Entry<'l> {
    #[serde(rename = "MESSAGE", default, borrow)]
    message: Option<&'l RawValue>,
    #[serde(rename = "SYSLOG_IDENTIFIER", default, borrow)]
    identifier: Option<&'l RawValue>,
    #[serde(rename = "_EXE", default, borrow)]
    executable: Option<&'l RawValue>,
    #[serde(rename = "__REALTIME_TIMESTAMP", default)]
    microseconds: Option<String>,
}

/// The bytes of a field; nothing where which are meant cannot be told.
fn bytes(field: Option<&RawValue>) -> Option<Vec<u8>> {
    let json = field?.get();
    if json.starts_with('"') {
        serde_json::from_str::<String>(json).ok().map(String::into_bytes)
    } else {
        serde_json::from_str(json).ok()
    }
}

pub(super) fn read(
    log: impl BufRead,
    passed: &mut Passed,
    mut each: impl FnMut(Act),
) -> io::Result<()> {
    let mut days = Days::local();
    let mut pending = Pending::default();
    let done = each_line(log, passed, |line, passed| {
        // Most entries of a journal are others'; looking for a word is quicker than JSON.
        if find(line, b"sudo").is_none() {
            return;
        }
        let Ok(entry) = serde_json::from_slice::<Entry<'_>>(line) else {
            passed.torn += 1;
            return;
        };
        if entry.identifier.is_none_or(|name| name.get() != "\"sudo\"") {
            return;
        }
        let Some(message) = bytes(entry.message) else { return };
        // Anybody may call himself sudo (logger(1)); which program it was, journald says.
        let executable = bytes(entry.executable).unwrap_or_default();
        if !SUDO.iter().any(|path| path.as_bytes() == executable) {
            passed.forged += 1;
            return;
        }
        let wall_us: Option<u64> = entry.microseconds.as_deref().and_then(|us| us.parse().ok());
        let day = wall_us.and_then(|us| days.of_ms(us / 1000));
        let taken = match sudo_json::of_syslog(&message) {
            Some(Some(act)) => {
                each(Act { day: day.or(act.day), ..act });
                Taken::Whole
            }
            Some(None) => Taken::Torn,
            None => pending.take(&message, day, &mut each),
        };
        if taken == Taken::Torn {
            passed.torn += 1;
        }
    });
    pending.flush(&mut each);
    done
}

#[cfg(test)]
mod tests {
    use super::*;

    const MESSAGE: &str = "   alice : PWD=/ ; USER=root ; COMMAND=/usr/bin/id -u";

    fn acts(lines: &[String]) -> (Vec<String>, Passed) {
        let (mut passed, mut acts) = (Passed::default(), Vec::new());
        read(lines.join("\n").as_bytes(), &mut passed, |act| acts.push(act.command.argv.join(" ")))
            .unwrap();
        (acts, passed)
    }

    fn entry(exe: &str, message: &serde_json::Value) -> String {
        serde_json::json!({
            "SYSLOG_IDENTIFIER": "sudo", "_EXE": exe, "MESSAGE": message,
            "__REALTIME_TIMESTAMP": "1795531545710817"
        })
        .to_string()
    }

    #[test]
    fn entries_of_sudo_are_read_as_text_and_as_bytes() {
        let bytes = b"alice : PWD=/ ; USER=root ; COMMAND=/bin/echo \xff".as_slice();
        let (acts, passed) = acts(&[
            entry("/usr/bin/sudo", &MESSAGE.into()),
            entry("/usr/bin/sudo", &bytes.into()),
            entry("/usr/bin/sudo", &serde_json::Value::Null),
        ]);
        assert_eq!(acts, ["/usr/bin/id -u", "/bin/echo \\xff"]);
        assert_eq!(passed, Passed { read: 3, ..Passed::default() });
    }

    #[test]
    fn what_another_program_writes_in_sudos_name_is_forged() {
        let nameless = entry("/usr/bin/sudo", &MESSAGE.into()).replace("_EXE", "EXE");
        let (acts, passed) = acts(&[entry("/usr/bin/logger", &MESSAGE.into()), nameless]);
        assert_eq!((acts.len(), passed.forged), (0, 2));
    }

    #[test]
    fn a_line_that_is_cut_off_is_torn() {
        let whole = entry("/usr/bin/sudo", &MESSAGE.into());
        let (acts, passed) = acts(&[whole[..whole.len() - 9].to_owned(), whole]);
        assert_eq!((acts.len(), passed.torn), (1, 1));
    }
}
