//! A writer that is killed at any moment loses nothing that it has confirmed.

use std::env;
use std::io::{BufRead as _, BufReader, Write as _, stdout};
use std::path::PathBuf;
use std::process::{Command, Stdio};

use writ_ledger::verify;

use crate::scene::{SHORT, Scene, upto, write};

const KILLS: u64 = 60;
const CHILD: &str = "killing::child_that_appends_until_it_is_killed";
const DIRECTORY: &str = "WRIT_LEDGER_TEST_DIRECTORY";

#[test]
fn kill_9_at_any_moment_loses_no_confirmed_record() {
    let scene = Scene::new();
    let mut confirmed = 0;
    for round in 0..KILLS {
        let mut child = Command::new(env::current_exe().unwrap())
            .args(["--exact", CHILD, "--ignored", "--nocapture"])
            .env(DIRECTORY, &scene.directory)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut output = BufReader::new(child.stdout.take().unwrap()).lines();
        // The moment differs with the round: some confirmations on, wherever the
        // child has come to by then.
        let wait_for = 1 + round * 7 % 23;
        let confirmations = |line: std::io::Result<String>| {
            line.unwrap().strip_prefix("confirmed ")?.parse::<u64>().ok()
        };
        confirmed = (&mut output)
            .filter_map(confirmations)
            .take(usize::try_from(wait_for).unwrap())
            .last()
            .expect("the child appends");
        child.kill().unwrap();
        child.wait().unwrap();
        // What it said before it died counts, read or not.
        confirmed = output.filter_map(confirmations).last().unwrap_or(confirmed);

        let (ledger, events, _) = scene.open(SHORT).unwrap();
        assert_eq!(events, upto(events.len() as u64), "no hole, nothing doubled");
        assert!(events.len() as u64 >= confirmed, "{confirmed} were confirmed");
        drop(ledger);
        assert_eq!(verify(&scene.directory).unwrap().broken, None);
    }
    assert!(confirmed >= KILLS);
}

#[test]
#[ignore = "the child of kill_9_at_any_moment_loses_no_confirmed_record"]
fn child_that_appends_until_it_is_killed() {
    let Some(directory) = env::var_os(DIRECTORY) else {
        return;
    };
    let scene = Scene::at(PathBuf::from(directory));
    let (mut ledger, mut events, _) = scene.open(SHORT).unwrap();
    println!();
    loop {
        let event = events.len() as u64 + 1;
        write(&mut ledger, &mut events, event).unwrap();
        writeln!(stdout(), "confirmed {event}").unwrap();
    }
}
