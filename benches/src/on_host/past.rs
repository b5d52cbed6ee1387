//! A past that is replayed: how long a million lines of each kind of log take.

use std::fmt::Write as _;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::process::{Command, Stdio};
use std::time::Instant;

use crate::policies::{ROLES, RULES_PER_ROLE};

/// How many lines there are.
const LINES: usize = 1_000_000;

/// Prints how long `writ replay` takes for a log of each kind, in nanoseconds.
pub(crate) fn measure() {
    let mut told = String::new();
    for kind in ["auth-log", "journal", "sudo-json"] {
        let path = format!("/srv/past-{kind}");
        write(kind, &path);
        let start = Instant::now();
        let status = Command::new("writ")
            .args(["replay", "--policy", "/etc/writ", "--from", kind, &path])
            .stdout(Stdio::null())
            .status()
            .expect("writ");
        let took = start.elapsed();
        assert!(status.success(), "{kind}");
        std::fs::remove_file(&path).expect("it was written");
        write!(told, "{} ", took.as_nanos()).expect("a text");
    }
    println!("{}", told.trim_end());
}

/// alice, who has every role of the large policy, and fifty users who have none restart
/// its units in turn.
fn write(kind: &str, path: &str) {
    let mut log = BufWriter::new(File::create(path).expect("a file"));
    let mut lines = 0;
    for number in 0.. {
        if lines >= LINES {
            break;
        }
        let unit = format!("unit-{}-{}", number * 7 % ROLES, number * 11 % RULES_PER_ROLE);
        let user = match number % 2 {
            0 => "alice".to_owned(),
            _ => format!("user{}", number % 50),
        };
        let message = format!(
            "   {user} : TTY=pts/1 ; PWD=/home/{user} ; USER=root ; COMMAND=/usr/bin/systemctl restart {unit}"
        );
        let event = match kind {
            "auth-log" => format!("2026-11-24T14:45:45.710817+00:00 host sudo[812]: {message}\n"),
            "journal" => format!(
                "{{\"__CURSOR\":\"s=1\",\"__REALTIME_TIMESTAMP\":\"1795531545710817\",\"_UID\":\"1000\",\"_COMM\":\"sudo\",\"_EXE\":\"/usr/bin/sudo\",\"_BOOT_ID\":\"0f8fad5bd9cb469fa16570867728950e\",\"SYSLOG_IDENTIFIER\":\"sudo\",\"_SYSTEMD_UNIT\":\"session-3.scope\",\"MESSAGE\":\"{message}\"}}\n"
            ),
            _ => format!(
                "    \"accept\": {{\n        \"submit_time\": {{\n            \"seconds\": 1795531545,\n            \"nanoseconds\": 1\n        }},\n        \"submituser\": \"{user}\",\n        \"command\": \"/usr/bin/systemctl\",\n        \"runuser\": \"root\",\n        \"submitcwd\": \"/\",\n        \"runuid\": 0,\n        \"runargv\": [\n            \"systemctl\",\n            \"restart\",\n            \"{unit}\"\n        ]\n    }},\n"
            ),
        };
        lines += event.bytes().filter(|byte| *byte == b'\n').count();
        log.write_all(event.as_bytes()).expect("a line");
    }
    log.flush().expect("a file");
}
