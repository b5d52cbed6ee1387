//! The storm, and what everybody in it must have met.

use std::collections::BTreeSet;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use regex_lite::Regex;
use serde_json::Value;
use writ_tests::{Host, PATIENCE, json};

use crate::MARKS;
use crate::story::Ledger;

/// On each host.
const KILLS: usize = 250;

/// For all of the kills, in seconds: they take two minutes where both releases share
/// two busy cores.
const SECONDS_MAX: u64 = 400;

/// For what is under way when the killing is over: the longest wait of a sudo is part
/// of it.
const STORM_LIMIT: Duration = Duration::from_secs(SECONDS_MAX + 120);

/// A name of a request, as sudo and writ print it.
const ID: &str = "[0-9A-Z]{4}-[0-9A-Z]{2}";

pub(crate) fn whatever_the_moment_of_a_kill_every_promise_holds(host: &Host) {
    let seed = match std::env::var("SEED") {
        Ok(seed) => seed.parse().expect("SEED is a number"),
        Err(_) => SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs(),
    };
    println!("{}: SEED={seed}", host.release());
    let restarts_before = restarts(host);
    let [seed, kills, seconds] = [seed, KILLS as u64, SECONDS_MAX].map(|number| number.to_string());
    let storm = host.start_root(&["python3", "/srv/storm.py", &seed, &kills, &seconds]);
    let report = json(&storm.finish(STORM_LIMIT));
    let killed = report["kills"].as_array().expect("a list").len();
    assert!(killed >= KILLS, "only {killed} kills in {} s", report["seconds"]);
    systemd_did_not_give_up(host);
    assert_eq!(restarts(host) - restarts_before, killed);

    let runs = report["runs"].as_array().expect("a list");
    let approvals = report["approvals"].as_array().expect("a list");
    runs.iter().for_each(every_sudo_went_on_or_refused_in_a_sentence);
    approvals.iter().for_each(every_writ_was_done_or_said_why_not);

    let mut ledger = Ledger::read(host);
    host.wait_until("every command to end on record", PATIENCE, || {
        ledger = Ledger::read(host);
        ledger.unfinished().is_empty()
    });
    let marks = host.read(MARKS);
    let ran: BTreeSet<&str> = marks.lines().filter_map(|line| line.split(' ').next()).collect();
    assert_eq!(ran.len(), marks.lines().count(), "a command ran twice");
    marks.lines().for_each(|line| ledger.has_all_before_the_run(line));
    for run in runs {
        let mark = run["mark"].as_str().expect("a name");
        ledger.has_one_request_at_most(mark, run);
        let ended_well = run["status"] == 0;
        assert!(!ended_well || ran.contains(mark), "it did not run: {run}");
    }
    let told = granted_to_somebody(approvals).chain(approved_to_somebody(runs));
    for id in told {
        assert!(ledger.is_approved(&id), "{id} was told as approved and is not on record");
    }
    let ran = ran.len();
    let untold = ledger.count(|record| record["ending"] == "unknown");
    let at_answers = report["kills"].as_array().expect("a list");
    let at_answers = at_answers.iter().filter(|moment| *moment == "sendto").count();
    assert!(at_answers > killed / 10, "only {at_answers} kills before an answer");
    println!(
        "{}: {killed} kills ({at_answers} just before an answer) in {:.0} s, {} sudo, {ran} commands ran ({untold} without a word \
         of how they ended), {} writ",
        host.release(),
        report["seconds"].as_f64().unwrap_or_default(),
        runs.len(),
        approvals.len()
    );
    assert!(ran > killed / 4, "only {ran} commands ran: too dull to prove anything");

    host.root(&["writ", "audit", "verify"]).ok();
    host.root(&["systemctl", "restart", "writd"]).ok();
    let status = json(&host.root(&["writ", "status", "--json"]));
    assert_eq!(status["agent"]["running"], 0, "{status}");
    assert_eq!(host.as_user("carol", "sudo -n mark allowed-after 0").status, 0);
}

/// Neither start limit nor trigger limit has ended the unit or its socket.
fn systemd_did_not_give_up(host: &Host) {
    let is_active = |unit: &str| host.root(&["systemctl", "is-active", unit]).status == 0;
    host.wait_until("the agent", PATIENCE, || is_active("writd.service"));
    assert!(is_active("writd.socket"));
}

/// How often systemd has started the agent again by itself.
fn restarts(host: &Host) -> usize {
    let shown = host.root(&["systemctl", "show", "--value", "--property=NRestarts", "writd"]);
    shown.ok().parse().expect("a number")
}

fn every_sudo_went_on_or_refused_in_a_sentence(run: &Value) {
    let said = run["stderr"].as_str().expect("a text");
    assert!(!said.contains("panic"), "{run}");
    if run["status"] == "killed" {
        return;
    }
    assert!(run["status"] == 0 || run["status"] == 1, "{run}");
    let refused = said.lines().any(|line| {
        line.starts_with("writ: denied: ")
            || line.starts_with("writ: request ")
            // sudo says it itself, with words of its own before it.
            || line.contains("the command was not started: ")
    });
    assert_eq!(run["status"] == 1, refused, "{run}");
}

fn every_writ_was_done_or_said_why_not(call: &Value) {
    let said = call["stderr"].as_str().expect("a text");
    assert!(!said.contains("panic"), "{call}");
    match &call["status"] {
        status if status == "killed" || status == 0 => {}
        status if [1, 3, 5, 6].iter().any(|code| status == code) => {
            assert!(said.starts_with("writ: "), "{call}");
        }
        _ => panic!("{call}"),
    }
}

/// What `writ approve` said was granted.
fn granted_to_somebody(approvals: &[Value]) -> impl Iterator<Item = String> {
    let granted = approvals.iter().filter(|call| call["status"] == 0);
    granted.filter_map(|call| Some(call["id"].as_str()?.to_owned()))
}

/// What sudo said was approved.
fn approved_to_somebody(runs: &[Value]) -> impl Iterator<Item = String> {
    let approved = Regex::new(&format!("writ: ({ID}) was approved by bob")).expect("a pattern");
    runs.iter().filter_map(move |run| {
        let said = run["stderr"].as_str()?;
        Some(approved.captures(said)?.get(1)?.as_str().to_owned())
    })
}
