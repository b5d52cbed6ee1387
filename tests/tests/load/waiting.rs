//! Five hundred sudo wait for approval at once.

use std::collections::BTreeMap;

use serde_json::Value;
use writ_tests::{Host, json};

use crate::crowd::{self, CROWD_LIMIT, Crowd};

/// Who waits, and for how many.
const CROWD: &Crowd = &[("alice", 200), ("carol", 150), ("dave", 150)];

/// What the agent may hold of memory while they wait, in KiB.
const RESIDENT_KIB_MAX: u64 = 64 * 1024;

/// What becomes of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    Approved,
    Denied,
    TakenBack,
}

impl Fate {
    /// Half are approved, a quarter denied, and a quarter taken back.
    fn of(number: u32) -> Self {
        match number % 4 {
            0 | 2 => Self::Approved,
            1 => Self::Denied,
            _ => Self::TakenBack,
        }
    }
}

pub(crate) fn five_hundred_wait_at_once_and_each_gets_its_own_answer(host: &Host) {
    let life = host.agent_life();
    let descriptors = host.agent_descriptors();
    let wanted = crowd::names("asked", CROWD);
    let drivers = crowd::start(host, "asked", CROWD);
    let mut listed = BTreeMap::new();
    host.wait_until("everybody to wait", CROWD_LIMIT, || {
        listed = requests(&json(&host.root(&["writ", "status", "--json"])));
        listed.len() == wanted.len()
    });
    let resident = host.agent_memory_kib("VmRSS");
    assert!(resident <= RESIDENT_KIB_MAX, "{resident} KiB");
    assert_eq!(listed.keys().collect::<Vec<_>>(), wanted.keys().collect::<Vec<_>>());
    let to_bob = json(&host.as_user("bob", "writ pending --json"));
    assert_eq!(requests(&to_bob), listed, "bob is asked about all of them");

    // In the order of their IDs, which is none that they came in.
    let mut orders: Vec<(&str, &str, Fate)> = listed
        .iter()
        .map(|(name, id)| (id.as_str(), name.as_str(), Fate::of(wanted[name].1)))
        .collect();
    orders.sort_by_key(|(id, ..)| *id);
    let mut answers = String::new();
    let mut withdrawals: BTreeMap<&str, String> = BTreeMap::new();
    for (id, name, fate) in orders {
        match fate {
            Fate::Approved => answers += &format!("approve --yes {id}\n"),
            Fate::Denied => answers += &format!("deny {id} --comment not-{name}\n"),
            Fate::TakenBack => {
                *withdrawals.entry(wanted[name].0).or_default() += &format!("cancel {id}\n");
            }
        }
    }
    // Everybody at the same time.
    let mut typing = vec![("bob", answers)];
    typing.extend(withdrawals);
    let typing: Vec<_> = typing
        .into_iter()
        .map(|(user, lines)| {
            let each = "while read -r line; do writ $line </dev/null || exit; done";
            let mut running = host.start_as(user, each);
            running.write(lines.as_bytes());
            running.close_stdin();
            running
        })
        .collect();
    for running in typing {
        running.finish(CROWD_LIMIT).ok();
    }

    let ended = crowd::finish(drivers);
    let marks = crowd::marks(host, "asked");
    assert_eq!(ended.len(), wanted.len());
    for (name, (user, number)) in &wanted {
        let (status, said) = &ended[name];
        let own = said.contains(&listed[name]);
        match Fate::of(*number) {
            Fate::Approved => {
                assert_eq!(*status, i64::from(crowd::status(*number)), "{name}: {said}");
                assert_eq!(marks.get(name).map(String::as_str), Some(*user), "{name}: {said}");
            }
            Fate::Denied => {
                assert_eq!(*status, 1, "{name}: {said}");
                assert!(own && said.contains(&format!("not-{name}\n")), "{name}: {said}");
            }
            Fate::TakenBack => {
                assert_eq!(*status, 1, "{name}: {said}");
                assert!(own && said.contains("taken back"), "{name}: {said}");
            }
        }
    }
    let approved = wanted.values().filter(|(_, number)| Fate::of(*number) == Fate::Approved);
    assert_eq!(marks.len(), approved.count(), "what was not approved ran");

    assert_eq!(host.agent_life(), life);
    let most = host.agent_memory_kib("VmHWM");
    assert!(most <= RESIDENT_KIB_MAX, "{most} KiB");
    // One is new: the connection to PID 1, which the first approved command made.
    host.wait_until("its descriptors to be as many as before", CROWD_LIMIT, || {
        host.agent_descriptors() <= descriptors + 1
    });
}

/// The ID of each command that waits, by its name.
fn requests(listed: &Value) -> BTreeMap<String, String> {
    let pending = listed["requests"].as_array().expect("a list").iter();
    let pending = pending.filter(|request| request["state"] == "pending");
    pending
        .map(|request| {
            let text = |value: &Value| value.as_str().expect("a text").to_owned();
            (text(&request["command"]["argv"][1]), text(&request["id"]))
        })
        .collect()
}
