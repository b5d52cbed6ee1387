//! One asks, the other approves; each is a process in a session of his own.

use std::fs::File;
use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use writ_protocol::Connection;
use writ_protocol::calls::{self, Method, Replies, RunAs};

use super::now;

/// The pipe through which the one tells the other what he has asked for.
pub(crate) const PIPE: &str = "/srv/writ-bench.asked";

/// Where the agent listens.
const SOCKET: &str = "/run/writ/io.writ.Agent";

/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(60);

/// Asks in advance for so many commands, and waits for none of them.
pub(crate) fn request(count: usize) {
    for number in 0..count {
        let command = calls::Command {
            path: "/usr/bin/echo".to_owned(),
            argv: vec!["echo".to_owned(), format!("waiting {number}")],
            cwd: "/".to_owned(),
            run_as: RunAs { user: "root".to_owned(), uid: 0, group: None },
            edit: false,
        };
        let request = calls::Request {
            command: Some(command),
            role: None,
            reason: None,
            ticket: None,
            lasts_ms: None,
            uses: None,
        };
        let mut agent = Connection::open(SOCKET.as_ref(), PATIENCE).expect("the agent listens");
        agent.send(&request, Replies::More, PATIENCE).expect("it reads");
        let answer = first_reply::<calls::Request>(&mut agent);
        assert!(answer.contains("Waiting"), "{answer}");
    }
}

fn first_reply<M: Method>(agent: &mut Connection) -> String
where
    M::Reply: std::fmt::Debug,
{
    format!("{:?}", agent.reply::<M>(Instant::now() + PATIENCE).expect("an answer"))
}

/// For each round: a sudo that waits until it is approved. Prints the request's ID,
/// and when the first byte of its command was read: a little later than the command
/// wrote it, and so an upper bound.
pub(crate) fn ask(rounds: usize) {
    let mut asked = File::options().write(true).open(PIPE).expect("the pipe");
    for round in 0..rounds {
        let mut sudo = Command::new("sudo")
            .args(["-n", "/usr/bin/echo", &format!("round {round}")])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("sudo can be started");
        let mut said = String::new();
        let mut stderr = BufReader::new(sudo.stderr.take().expect("a pipe"));
        stderr.read_line(&mut said).expect("its standard error");
        // "writ: 7K3M-Q2 waiting for bob (0 of 1)"
        let id = said.strip_prefix("writ: ").and_then(|rest| rest.split(' ').next());
        let id = id.unwrap_or_else(|| panic!("sudo said {said:?}")).to_owned();
        writeln!(asked, "{id}").expect("the other one reads");
        let mut first = [0];
        let read = sudo.stdout.take().expect("a pipe").read(&mut first).expect("its output");
        let started = now();
        stderr.read_to_string(&mut said).expect("its standard error");
        let status = sudo.wait().expect("a child can be waited for");
        assert!(read == 1 && status.success(), "{status}: {said}");
        println!("{id} {}", started.as_nanos());
    }
}

/// Approves what comes out of the pipe. Prints the request's ID, and when the
/// approver's process was about to be started.
pub(crate) fn approve() {
    let asked = BufReader::new(File::open(PIPE).expect("the pipe"));
    for id in asked.lines() {
        let id = id.expect("a line");
        let begun = now();
        let status = Command::new("writ")
            .args(["approve", "--yes", &id])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .status()
            .expect("writ can be started");
        assert!(status.success(), "writ approve: {status}");
        println!("{id} {}", begun.as_nanos());
    }
}
