//! Opens many windows that end together, and watches them end.

use std::fs;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use rustix::time::{ClockId, clock_gettime};
use writ_protocol::Connection;
use writ_protocol::calls::{self, Replies};

/// Where the agent listens.
const SOCKET: &str = "/run/writ/io.writ.Agent";

/// How long an answer may take, and how long after the deadline all may take.
const PATIENCE: Duration = Duration::from_secs(60);

/// Between two looks at what is left.
const LOOK: Duration = Duration::from_millis(10);

/// Whoever runs this opens a window of each of so many roles, until a moment of the
/// boot-time clock, in milliseconds.
pub(crate) fn open_windows(windows: usize, until: u64) {
    let mut agent = Connection::open(SOCKET.as_ref(), PATIENCE).expect("the agent listens");
    for role in 0..windows {
        let request = calls::Request {
            command: None,
            role: Some(format!("w{role}")),
            reason: None,
            ticket: None,
            lasts_ms: Some(until - now_ms()),
            uses: None,
        };
        agent.send(&request, Replies::One, PATIENCE).expect("it reads");
        let reply = agent.reply::<calls::Request>(Instant::now() + PATIENCE).expect("an answer");
        let answer = format!("{reply:?}");
        assert!(answer.contains("Allowed"), "{answer}");
    }
}

/// Opens the windows of all users, starts commands in some, waits for the deadline, and
/// prints after how many milliseconds no look-up found a lent group any more, no command
/// was left, and all ends were on record; and the agent's peak memory in MiB.
pub(crate) fn end_together(users: usize, windows: usize, commands: usize, lasts_ms: u64) {
    let until = now_ms() + lasts_ms;
    let program = std::env::current_exe().expect("a path");
    for user in 0..users {
        let opened = as_user(user)
            .arg(&program)
            .args(["on-host", "open-windows", &windows.to_string(), &until.to_string()])
            .status();
        assert!(opened.expect("setpriv can be started").success(), "w{user}");
    }
    let mut running: Vec<Child> = (0..commands)
        .map(|number| {
            as_user(number % users)
                .args(["sudo", "-n", "/srv/long", &(number / users).to_string()])
                .stdin(Stdio::null())
                .stderr(Stdio::null())
                .spawn()
                .expect("setpriv can be started")
        })
        .collect();
    while commands_left() < commands {
        assert!(now_ms() < until, "the commands did not start in time");
        thread::sleep(LOOK);
    }
    assert!(has_group(0), "nothing is lent");
    let agent = Command::new("pidof").arg("writd").output().expect("pidof").stdout;
    let agent = String::from_utf8(agent).expect("a number").trim().to_owned();
    thread::sleep(Duration::from_millis(until.saturating_sub(now_ms())));

    let looks = thread::spawn(move || {
        let groups = (0..users).any(has_group);
        (groups, now_ms() - until)
    });
    let processes = thread::spawn(move || since(until, || commands_left() == 0));
    let recorded = since(until, || ends_on_record() == users * windows);
    let (still_lent, looked_ms) = looks.join().expect("a look-up");
    assert!(!still_lent, "a group was still lent");
    let processes = processes.join().expect("a look");
    running.iter_mut().for_each(|sudo| drop(sudo.wait()));
    let status = fs::read_to_string(format!("/proc/{agent}/status")).expect("the agent runs");
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).expect("such a line");
    let peak: f64 = peak.trim().trim_end_matches(" kB").parse().expect("a number");
    println!("{looked_ms} {processes} {recorded} {}", peak / 1024.0);
}

fn as_user(number: usize) -> Command {
    let uid = (20_000 + number).to_string();
    let mut command = Command::new("setpriv");
    command.args(["--reuid", &uid, "--regid", "100", "--init-groups"]);
    command
}

/// How many milliseconds after `moment` it is so.
fn since(moment: u64, is_so: impl Fn() -> bool) -> u64 {
    let begun = Instant::now();
    while !is_so() {
        assert!(begun.elapsed() < PATIENCE, "it takes too long");
        thread::sleep(LOOK);
    }
    now_ms() - moment
}

fn has_group(user: usize) -> bool {
    let groups = Command::new("id").args(["-Gn", &format!("w{user}")]).output().expect("id");
    String::from_utf8_lossy(&groups.stdout).split_whitespace().any(|group| group == "games")
}

/// The processes of the command itself, by its file.
fn commands_left() -> usize {
    let found = Command::new("pgrep").args(["-c", "-f", "^/bin/sh /srv/long"]).output();
    let count = String::from_utf8(found.expect("pgrep").stdout).expect("a number");
    count.trim().parse().expect("a number")
}

fn ends_on_record() -> usize {
    let files = fs::read_dir("/var/lib/writ/ledger").expect("the ledger");
    let texts = files.filter_map(|file| fs::read(file.expect("a file").path()).ok());
    texts.map(|text| occurrences(&text, b"\"grant.ended\"")).sum()
}

fn occurrences(text: &[u8], word: &[u8]) -> usize {
    text.windows(word.len()).filter(|found| *found == word).count()
}

/// CLOCK_BOOTTIME, as the agent has it.
fn now_ms() -> u64 {
    let now = Duration::try_from(clock_gettime(ClockId::Boottime)).expect("since the boot");
    u64::try_from(now.as_millis()).expect("not so long")
}
