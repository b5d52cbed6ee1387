//! Several commands, in turns: what disturbs one disturbs them all.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::thread;
use std::time::Duration;

use super::PRIORITY;

/// Rounds before those that count.
const WARM_UP: usize = 50;

/// Runs a command as a user, in a mount namespace in which /etc/sudo.conf is $1; or, where
/// that is `FILE:PLACE`, in which PLACE is FILE.
const WITH_CONF: &str = r#"place=/etc/sudo.conf
case $1 in *:*) place=${1#*:} ;; esac
mount --bind "${1%%:*}" "$place"
user=$2 program=$3
shift 3
exec env -i PATH=/usr/bin:/bin USER="$user" HOME="/home/$user" \
    setpriv --reuid "$user" --regid "$user" --init-groups "$program" on-host timed "$@""#;

/// One of them: a process that runs it when it is told to.
struct Contender {
    name: String,
    process: Child,
    times: BufReader<ChildStdout>,
    taken: Vec<u64>,
}

/// Runs `NAME=FILE=COMMAND` so often as `user`, or `NAME@USER=…` as that one, with a
/// rest before each run, and prints a line for each: the name, and the nanoseconds of each
/// round. As root.
pub(crate) fn run(rounds: usize, rest: Duration, user: &str, contenders: &[&str]) {
    let mut contenders: Vec<Contender> =
        contenders.iter().map(|words| Contender::start(words, user)).collect();
    let mut order: Vec<usize> = (0..contenders.len()).collect();
    let mut draw = 0x9e37_79b9_7f4a_7c15;
    for round in 0..WARM_UP + rounds {
        shuffle(&mut order, &mut draw);
        for index in &order {
            thread::sleep(rest);
            let took = contenders[*index].run();
            if round >= WARM_UP {
                contenders[*index].taken.push(took);
            }
        }
    }
    for contender in contenders {
        let times: Vec<String> = contender.taken.iter().map(u64::to_string).collect();
        println!("{} {}", contender.name, times.join(" "));
    }
}

/// What [`run`] has printed.
pub(crate) fn read(text: &str) -> BTreeMap<String, Vec<Duration>> {
    let line = |line: &str| {
        let mut words = line.split(' ');
        let name = words.next().expect("a name").to_owned();
        let times = words.map(|word| Duration::from_nanos(word.parse().expect("nanoseconds")));
        (name, times.collect())
    };
    text.lines().map(line).collect()
}

impl Contender {
    fn start(words: &str, user: &str) -> Self {
        let mut parts = words.splitn(3, '=');
        let [name, conf, command] = [(); 3].map(|()| parts.next().expect("NAME=CONF=COMMAND"));
        let (name, user) = name.split_once('@').unwrap_or((name, user));
        let program = std::env::current_exe().expect("a path");
        let mut process = Command::new("chrt")
            .args(["--fifo", PRIORITY, "unshare", "--mount", "sh", "-euc", WITH_CONF])
            .args(["sh", conf, user])
            .arg(program)
            .args(command.split(' '))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("chrt can be started");
        let times = BufReader::new(process.stdout.take().expect("a pipe"));
        Self { name: name.to_owned(), process, times, taken: Vec::new() }
    }

    fn run(&mut self) -> u64 {
        let stdin = self.process.stdin.as_mut().expect("a pipe");
        stdin.write_all(b"\n").expect("it reads");
        let mut line = String::new();
        self.times.read_line(&mut line).expect("it writes");
        line.trim().parse().unwrap_or_else(|_| panic!("{} has failed", self.name))
    }
}

impl Drop for Contender {
    fn drop(&mut self) {
        drop(self.process.stdin.take());
        let _ = self.process.wait();
    }
}

/// An order that does not favour anybody, the same in every measurement.
fn shuffle(order: &mut [usize], draw: &mut u64) {
    for place in (1..order.len()).rev() {
        // xorshift64 (Marsaglia, 2003).
        *draw ^= *draw << 13;
        *draw ^= *draw >> 7;
        *draw ^= *draw << 17;
        let other = usize::try_from(*draw % (place as u64 + 1)).expect("a place");
        order.swap(place, other);
    }
}
