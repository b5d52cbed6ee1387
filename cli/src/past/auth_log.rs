//! Lines of a file that syslog writes, or of sudo's own log file.

use std::io::{self, BufRead};

use super::act::Act;
use super::day::{Day, Days};
use super::lines::{Passed, each_line};
use super::sudo_json;
use super::sudo_line::{Pending, Taken, find};

pub(super) fn read(
    log: impl BufRead,
    passed: &mut Passed,
    mut each: impl FnMut(Act),
) -> io::Result<()> {
    let days = Days::local();
    let mut pending = Pending::default();
    let done = each_line(log, passed, |line, passed| {
        let Some((day, message)) = message(line, &days) else { return };
        let taken = match sudo_json::of_syslog(message) {
            Some(found) => match found {
                Some(act) => {
                    each(Act { day: act.day.or(day), ..act });
                    Taken::Whole
                }
                None => Taken::Torn,
            },
            None => pending.take(message, day, &mut each),
        };
        if taken == Taken::Torn {
            passed.torn += 1;
        }
    });
    pending.flush(&mut each);
    done
}

/// The day and the message of a line that is sudo's.
fn message<'l>(line: &'l [u8], days: &Days) -> Option<(Option<Day>, &'l [u8])> {
    // A time has nothing but ASCII: what follows may be anything.
    let head = line.get(..line.len().min(32))?;
    let head = match str::from_utf8(head) {
        Ok(head) => head,
        Err(error) => str::from_utf8(head.get(..error.valid_up_to())?).ok()?,
    };
    let day = Day::leading(head).or_else(|| days.of_syslog(head));
    // sudo's own file (`Defaults logfile=`): `Nov 24 14:45:45 : alice : PWD=…`.
    if line.get(15..18) == Some(b" : ") {
        return Some((day, line.get(18..)?));
    }
    // `HOST sudo: …` or `HOST sudo[PID]: …`, behind the time.
    let at = find(line, b" sudo")?;
    let rest = line.get(at + 5..)?;
    let rest = match rest.strip_prefix(b"[") {
        Some(rest) => {
            let end = rest.iter().position(|byte| *byte == b']')?;
            let pid = rest.get(..end)?;
            pid.iter().all(u8::is_ascii_digit).then(|| rest.get(end + 1..))??
        }
        None => rest,
    };
    // Only the program's name stands before: what comes later is text that it quotes.
    let before = line.get(..at)?;
    let words = before.split(|byte| *byte == b' ').filter(|word| !word.is_empty()).count();
    let expected = if Day::leading(head).is_some() { 2 } else { 4 };
    (words == expected).then_some((day, rest.strip_prefix(b":")?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn acts(log: &str) -> (Vec<String>, Passed) {
        let (mut passed, mut acts) = (Passed::default(), Vec::new());
        read(log.as_bytes(), &mut passed, |act| {
            let day = act.day.map(|day| day.to_string()).unwrap_or_default();
            acts.push(format!(
                "{} {} {}",
                day.get(4..).unwrap_or_default(),
                act.user,
                act.command.argv.join(" ")
            ));
        })
        .unwrap();
        (acts, passed)
    }

    #[test]
    fn lines_of_syslog_are_read_with_either_time() {
        let (acts, passed) = acts(
            "2026-11-24T14:45:45.710817+00:00 web-1 sudo:    alice : PWD=/tmp ; USER=root ; COMMAND=/usr/bin/id -u\n\
             Nov 24 14:45:45 web-1 sudo[812]:    alice : PWD=/tmp ; USER=root ; COMMAND=/usr/bin/id -g\n\
             Nov 24 14:45:45 : bob : PWD=/tmp ; USER=root ; COMMAND=/usr/bin/id\n\
             Nov 24 14:45:46 web-1 sudo: pam_unix(sudo:session): session closed for user root\n\
             Nov 24 14:45:46 web-1 sshd[12]: Accepted publickey for alice\n",
        );
        assert_eq!(
            acts,
            [
                "-11-24 alice /usr/bin/id -u",
                "-11-24 alice /usr/bin/id -g",
                "-11-24 bob /usr/bin/id"
            ]
        );
        assert_eq!(passed, Passed { read: 5, ..Passed::default() });
    }

    #[test]
    fn what_another_program_quotes_is_not_sudos() {
        let (acts, _) = acts(
            "Nov 24 14:45:46 web-1 app[1]: x sudo: alice : PWD=/ ; USER=root ; COMMAND=/bin/id\n\
             Nov 24 14:45:46 web-1 sudo[1x]: alice : PWD=/ ; USER=root ; COMMAND=/bin/id\n\
             sudo: alice : PWD=/ ; USER=root ; COMMAND=/bin/id\n\u{0}\n",
        );
        assert_eq!(acts, [""; 0]);
    }

    #[test]
    fn json_in_a_line_of_syslog_is_read_too() {
        let (acts, passed) = acts(
            "Nov 24 14:45:46 web-1 sudo[1]: @cee:{\"sudo\":{\"accept\":{\"submituser\":\"alice\",\"command\":\"/bin/id\",\"runuser\":\"root\",\"runargv\":[\"id\"]}}}\n\
             Nov 24 14:45:46 web-1 sudo[1]: @cee:{\"sudo\":{\"accept\":{\"submituser\":\"ali\n",
        );
        assert_eq!(acts, ["-11-24 alice id"]);
        assert_eq!(passed.torn, 1);
    }
}
