//! What sudo writes with `log_format=json` (sudoers(5), "JSON log format").
//!
//! Its file is one object whose keys, `accept`, `reject` and so on, come again for each
//! event, and it is cut where sudo was killed; so it is read event by event, by the
//! indentation that sudo writes, and not as a whole. With `json_compact` an event is a
//! line, and in syslog it stands behind `@cee:`.

use std::io::{self, BufRead};

use serde::Deserialize;
use writ_protocol::text::encode;

use super::act::{self, Act, Today};
use super::day::{Day, Days};
use super::lines::{LINE_BYTES_MAX, Passed, each_line};

/// The fields of an event that are looked at.
#[derive(Deserialize)]
struct Event {
    submituser: Option<String>,
    command: Option<String>,
    runuser: Option<String>,
    runuid: Option<u32>,
    rungroup: Option<String>,
    submitcwd: Option<String>,
    runargv: Option<Vec<String>>,
    submit_time: Option<Time>,
    server_time: Option<Time>,
}

#[derive(Deserialize)]
struct Time {
    seconds: u64,
}

/// An event by its key; others, such as `exit`, are none.
#[derive(Deserialize)]
struct Keyed {
    accept: Option<Event>,
    reject: Option<Event>,
    alert: Option<Event>,
}

/// As it stands in syslog.
#[derive(Deserialize)]
struct Cee {
    sudo: Keyed,
}

/// What the lines are in the middle of.
#[derive(Default)]
enum Within {
    /// Nothing.
    #[default]
    Nothing,
    /// An event, as far as it was read.
    Event { today: Today, text: Vec<u8> },
}

pub(super) fn read(
    log: impl BufRead,
    passed: &mut Passed,
    mut each: impl FnMut(Act),
) -> io::Result<()> {
    let mut days = Days::local();
    let mut within = Within::default();
    let done = each_line(log, passed, |line, passed| {
        let mut found = |act: Option<Act>, passed: &mut Passed| match act {
            Some(act) => each(act),
            None => passed.torn += 1,
        };
        if let Some(today) = begins(line) {
            if let Within::Event { .. } = within {
                // The one before was never finished.
                passed.torn += 1;
            }
            within = Within::Event { today, text: b"{".to_vec() };
        } else if let Within::Event { today, text } = &mut within {
            if line == b"    }" || line == b"    }," {
                text.push(b'}');
                found(event(text, *today, &mut days), passed);
                within = Within::Nothing;
            } else if text.len() + line.len() > LINE_BYTES_MAX {
                passed.too_long += 1;
                within = Within::Nothing;
            } else {
                text.extend_from_slice(line);
            }
        } else if line.starts_with(b"{\"")
            && let Some(act) = compact(line, &mut days)
        {
            found(act, passed);
        }
    });
    if let Within::Event { .. } = within {
        passed.torn += 1;
    }
    done
}

/// The act in a message of syslog that is JSON; the inner `None` where it is not whole.
/// Events that are no act, such as the end of a command, are nothing.
pub(super) fn of_syslog(message: &[u8]) -> Option<Option<Act>> {
    let json = message.trim_ascii_start().strip_prefix(b"@cee:")?;
    let text = String::from_utf8_lossy(json);
    match serde_json::from_str::<Cee>(&text) {
        Ok(Cee { sudo }) => sudo.act(&mut Days::local()),
        Err(_) => Some(None),
    }
}

fn begins(line: &[u8]) -> Option<Today> {
    match line {
        b"    \"accept\": {" => Some(Today::Ran),
        b"    \"reject\": {" | b"    \"alert\": {" => Some(Today::Refused),
        _ => None,
    }
}

/// `None` where it is no act at all; the inner `None` where it is not whole.
fn compact(line: &[u8], days: &mut Days) -> Option<Option<Act>> {
    let text = String::from_utf8_lossy(line);
    match serde_json::from_str::<Keyed>(text.trim_end_matches(',')) {
        Ok(keyed) => keyed.act(days),
        Err(_) => Some(None),
    }
}

/// Bytes that are no UTF-8 stand as they are in sudo's JSON, which then is none: they
/// become U+FFFD.
fn event(text: &[u8], today: Today, days: &mut Days) -> Option<Act> {
    let text = String::from_utf8_lossy(text);
    serde_json::from_str::<Event>(&text).ok()?.act(today, days)
}

impl Keyed {
    fn act(self, days: &mut Days) -> Option<Option<Act>> {
        match self {
            Self { accept: Some(event), .. } => Some(event.act(Today::Ran, days)),
            Self { reject: Some(event), .. } | Self { alert: Some(event), .. } => {
                Some(event.act(Today::Refused, days))
            }
            Self { accept: None, reject: None, alert: None } => None,
        }
    }
}

impl Event {
    fn act(self, today: Today, days: &mut Days) -> Option<Act> {
        let wire = |text: String| encode(text.as_bytes());
        let path = wire(self.command.filter(|path| path.starts_with('/'))?);
        let argv: Vec<String> = match self.runargv {
            Some(argv) => argv.into_iter().map(wire).collect(),
            // A refusal has the command alone.
            None => vec![path.clone()],
        };
        let time = self.submit_time.or(self.server_time);
        let day: Option<Day> = time.and_then(|time| days.of_ms(time.seconds.checked_mul(1000)?));
        let cwd = self.submitcwd.map(wire).unwrap_or_default();
        let run_as = self.runuser?;
        Some(Act {
            day,
            user: self.submituser?,
            groups: None,
            command: act::command(path, argv, cwd, &run_as, self.runuid, self.rungroup),
            today,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As sudo 1.9.16p2 writes it, but for the fields that are not looked at.
    const LOG: &str = r#"{
    "accept": {
        "uuid": "b20d2f7cdf-488b-4cac-2730-a0060c012c",
        "submit_time": {
            "seconds": 1795531545,
            "nanoseconds": 707826022
        },
        "submituser": "alice",
        "command": "/bin/echo",
        "runuser": "bob",
        "rungroup": "bob",
        "submitcwd": "/tmp",
        "runuid": 1001,
        "runargv": [
            "echo",
            "a b",
            "c\\d",
            "    }"
        ]
    },
    "exit": {
        "run_time": {
            "seconds": 0
        },
        "exit_value": 0,
        "run_time": {
            "seconds": 0
        },
        "exit_value": 0
    },
    "reject": {
        "submituser": "bob",
        "command": "/bin/sh",
        "runuser": "root",
        "reason": "command not allowed"
    },
    "accept": {
        "submituser": "al
    "accept": {
        "submituser": "carol",
        "command": "/bin/id",
        "runuser": "root",
        "runargv": [
            "id"
        ]
    }
}
{"accept":{"submituser":"dave","command":"/bin/true","runuser":"root","runargv":["true"]}}
{"exit":{"exit_value":0}}
    "accept": {
"#;

    #[test]
    fn every_event_is_read_for_itself() {
        let (mut passed, mut acts) = (Passed::default(), Vec::new());
        read(LOG.as_bytes(), &mut passed, |act| {
            acts.push((act.user, act.command.argv.join("|"), act.today, act.command.run_as.uid.0));
        })
        .unwrap();
        let told =
            |user: &str, argv: &str, today, number| (user.into(), argv.into(), today, number);
        assert_eq!(
            acts,
            [
                told("alice", r"echo|a b|c\\d|    }", Today::Ran, 1001),
                told("bob", "/bin/sh", Today::Refused, 0),
                told("carol", "id", Today::Ran, 0),
                told("dave", "true", Today::Ran, 0),
            ]
        );
        assert_eq!(passed.torn, 2);
    }

    #[test]
    fn an_event_that_never_ends_is_bounded() {
        let mut log = b"    \"accept\": {\n".to_vec();
        for _ in 0..40 {
            log.extend(vec![b' '; LINE_BYTES_MAX / 20]);
            log.push(b'\n');
        }
        let mut passed = Passed::default();
        read(log.as_slice(), &mut passed, |act| panic!("{act:?}")).unwrap();
        assert_eq!((passed.too_long, passed.torn), (1, 0));
    }
}
