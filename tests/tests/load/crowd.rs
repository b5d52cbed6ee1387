//! A crowd of sudo, started from one login of each user.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use serde_json::Value;
use writ_tests::{Host, PATIENCE, Running};

/// How long a crowd may take to come or to end, on a machine that has others to
/// serve as well.
pub(crate) const CROWD_LIMIT: Duration = Duration::from_secs(240);

/// A user, and how many sudo of his are started.
pub(crate) type Crowd = [(&'static str, u32)];

/// The name of one sudo's command.
pub(crate) fn name(program: &str, user: &str, number: u32) -> String {
    format!("{program}-{user}-{number}")
}

/// What the command of that number ends with: never 1, which is a refusal.
pub(crate) fn status(number: u32) -> u32 {
    2 + number % 100
}

/// Every name of a crowd, with its user and number.
pub(crate) fn names(program: &str, crowd: &Crowd) -> BTreeMap<String, (&'static str, u32)> {
    let each = |(user, count): &(&'static str, u32)| {
        let user = *user;
        (0..*count).map(move |number| (user, number))
    };
    crowd
        .iter()
        .flat_map(each)
        .map(|(user, number)| (name(program, user, number), (user, number)))
        .collect()
}

/// Starts a crowd, and waits until each sudo is a process.
#[track_caller]
pub(crate) fn start(host: &Host, program: &str, crowd: &Crowd) -> Vec<Running> {
    let drivers: Vec<Running> = crowd
        .iter()
        .map(|(user, count)| {
            host.start_as(user, &format!("python3 /srv/load/crowd.py {program} {user} {count}"))
        })
        .collect();
    for driver in &drivers {
        host.wait_until("a crowd to be started", CROWD_LIMIT, || {
            driver.stdout().contains("all are started") || !driver.stderr().is_empty()
        });
        assert_eq!(driver.stderr(), "");
    }
    drivers
}

/// Waits for the end of all of a crowd: each name's status, and what sudo said.
#[track_caller]
pub(crate) fn finish(drivers: Vec<Running>) -> BTreeMap<String, (i64, String)> {
    let mut ended = BTreeMap::new();
    for driver in drivers {
        let output = driver.finish(CROWD_LIMIT);
        let last = output.ok().lines().last().unwrap_or_default();
        let told: BTreeMap<String, Value> = serde_json::from_str(last).expect("JSON");
        ended.extend(told.into_iter().map(|(name, end)| {
            let status = end["status"].as_i64().expect("a number");
            (name, (status, end["said"].as_str().expect("a text").to_owned()))
        }));
    }
    ended
}

/// The marks that the commands have left: name and user.
#[track_caller]
pub(crate) fn marks(host: &Host, program: &str) -> BTreeMap<String, String> {
    let script = format!("cd /srv/load/marks && grep . /dev/null $(ls | grep '^{program}-')");
    let found = host.root_sh(&script);
    found
        .stdout
        .lines()
        .filter_map(|line| line.split_once(':'))
        .map(|(name, user)| (name.to_owned(), user.to_owned()))
        .collect()
}

pub(crate) fn allowed_commands_all_run_and_are_all_on_record(host: &Host) {
    const CROWD: &Crowd = &[("alice", 100), ("carol", 50), ("dave", 50)];
    let wanted = names("allowed", CROWD);
    let ended = finish(start(host, "allowed", CROWD));
    let marks = marks(host, "allowed");
    assert_eq!(ended.len(), wanted.len());
    for (name, (user, number)) in &wanted {
        assert_eq!(ended[name], (i64::from(status(*number)), String::new()), "{name}");
        assert_eq!(marks[name], *user, "{name}");
    }
    let mut missing = BTreeSet::new();
    host.wait_until("each end to be on record", PATIENCE, || {
        let record = Record::read(host);
        missing = wanted.iter().filter(|(name, who)| !record.tells(name, who.1)).collect();
        missing.is_empty()
    });
}

/// What stands for an end without a status: of what was not executed, and another.
const NEVER_RAN: i64 = -1;
const UNKNOWN: i64 = -2;

/// What the ledger has of allowed commands.
struct Record {
    /// The IDs that a command was allowed under, by its name: several where its sudo did
    /// not come to start it within a second, took that back, and asked anew.
    allowed: BTreeMap<String, Vec<String>>,
    started: BTreeSet<String>,
    /// The statuses, by ID.
    finished: BTreeMap<String, i64>,
}

impl Record {
    #[track_caller]
    fn read(host: &Host) -> Self {
        let listed = host.root(&["writ", "audit", "list", "--json"]);
        let mut record =
            Self { allowed: BTreeMap::new(), started: BTreeSet::new(), finished: BTreeMap::new() };
        for line in listed.ok().lines() {
            let line: Value = serde_json::from_str(line).expect("JSON");
            let event = &line["record"];
            let Some(id) = event["id"].as_str().map(str::to_owned) else { continue };
            match event["event"].as_str() {
                Some("decision.made") => {
                    let command = &event["about"]["act"]["aim"]["command"];
                    if let Some(name) = command["argv"][1].as_str() {
                        record.allowed.entry(name.to_owned()).or_default().push(id);
                    }
                }
                Some("command.started") => {
                    record.started.insert(id);
                }
                Some("command.finished") => {
                    let ending = &event["ending"];
                    let never_ran = ending["exec_errno"].as_i64().map(|_| NEVER_RAN);
                    let status = ending["exit_status"].as_i64().or(never_ran).unwrap_or(UNKNOWN);
                    record.finished.insert(id, status);
                }
                _ => {}
            }
        }
        record
    }

    fn tells(&self, name: &str, number: u32) -> bool {
        let Some((last, earlier)) = self.allowed.get(name).and_then(|ids| ids.split_last()) else {
            return false;
        };
        let ended_with = |id: &String, status: i64| {
            self.started.contains(id) && self.finished.get(id) == Some(&status)
        };
        ended_with(last, i64::from(status(number)))
            && earlier.iter().all(|id| ended_with(id, NEVER_RAN))
    }
}
