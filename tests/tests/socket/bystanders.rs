//! Who has nothing to do with it: a sudo that waits, a sudo that is allowed, and the
//! agent itself.

use std::ops::RangeInclusive;
use std::time::Duration;

use serde_json::{Value, json};
use writ_tests::{AgentLife, Host, PATIENCE, Running, json as parsed};

/// How much more memory the agent may hold afterwards, in KiB: what its allocator keeps for
/// the next time, because something small lies behind it. What is sent at it would be
/// hundreds of MiB.
const KEPT_KIB_MAX: u64 = 8 * 1024;

/// Someone who waits for approval while others misbehave, and the agent as it was
/// before they did.
pub(crate) struct Bystanders<'a> {
    host: &'a Host,
    waiting: Running,
    id: String,
    life: AgentLife,
    descriptors: usize,
    resident_kib: u64,
    refused: u64,
    waiting_for: String,
}

impl<'a> Bystanders<'a> {
    /// dave waits for the approval of a command with this word in it.
    #[track_caller]
    pub(crate) fn of(host: &'a Host, word: &str) -> Self {
        let waiting_for = format!("/srv/waited-{word}");
        let waiting = host.start_as("dave", &format!("sudo -n touch {waiting_for}"));
        let id = host.request_of("pending", &waiting_for);
        Self {
            host,
            waiting,
            id,
            waiting_for,
            life: host.agent_life(),
            descriptors: settled(host),
            resident_kib: host.agent_memory_kib("VmRSS"),
            refused: refused(host),
        }
    }

    /// What is allowed still runs, and root is let in.
    #[track_caller]
    pub(crate) fn are_served(&self) {
        self.host.as_user("carol", "sudo -n id -u").ok();
        self.host.root(&["sudo", "-n", "id", "-u"]).ok();
        self.host.as_user("bob", "writ status").ok();
    }

    /// Nothing happened to anybody but to `refused` connections: the agent is the
    /// same, holds what it held before, and dave gets his answer.
    #[track_caller]
    pub(crate) fn have_noticed_nothing(self, refused_connections: u64) {
        self.have_noticed_nothing_of(refused_connections..=refused_connections);
    }

    /// As [`Self::have_noticed_nothing`], where it depends on the machine how many are
    /// refused.
    #[track_caller]
    pub(crate) fn have_noticed_nothing_of(self, refused_connections: RangeInclusive<u64>) {
        self.are_served();
        let host = self.host;
        let refused = refused(host) - self.refused;
        assert!(refused_connections.contains(&refused), "{refused} connections were refused");
        assert_eq!(host.agent_life(), self.life);
        host.wait_until("its descriptors to be as many as before", PATIENCE, || {
            host.agent_descriptors() == self.descriptors
        });
        // What the last of them took is given back a moment after they are gone.
        let limit = self.resident_kib + KEPT_KIB_MAX;
        host.wait_until(&format!("at most {limit} KiB to be held"), PATIENCE, || {
            host.agent_memory_kib("VmRSS") <= limit
        });
        let pending = parsed(&host.as_user("bob", "writ pending --json"));
        assert!(pending.to_string().contains(&self.id), "{pending}");
        host.as_user("bob", &format!("writ approve --yes {}", self.id)).ok();
        self.waiting.finish(PATIENCE).ok();
        assert!(host.has(&self.waiting_for));
    }
}

/// How many connections were refused.
#[track_caller]
fn refused(host: &Host) -> u64 {
    let reply = host.call_agent("bob", "Status", &json!({}));
    let refused = reply["parameters"]["connections_refused"].as_u64();
    refused.unwrap_or_else(|| panic!("{reply}"))
}

/// How many descriptors the agent has once nobody comes or goes.
#[track_caller]
fn settled(host: &Host) -> usize {
    let mut before = host.agent_descriptors();
    host.wait_until("nobody to come or go", PATIENCE, || {
        std::mem::replace(&mut before, host.agent_descriptors()) == before
    });
    before
}

/// What was answered to each of these, said by `user` on a connection of its own.
#[track_caller]
pub(crate) fn say(host: &Host, user: &str, said: &[Value]) -> Vec<Heard> {
    let input = Value::from(said).to_string();
    let output = match user {
        "root" => host.root_with(&["python3", "/srv/talk.py"], input.as_bytes()),
        user => host.as_user_with(user, "python3 /srv/talk.py", input.as_bytes()),
    };
    let heard = parsed(&output);
    let heard = heard.as_array().expect("a list").iter();
    let heard: Vec<Heard> = heard
        .map(|heard| Heard {
            replies: heard["replies"].as_array().expect("a list").clone(),
            closed: heard["closed"] == true,
        })
        .collect();
    assert_eq!(heard.len(), said.len());
    heard
}

/// What came back.
#[derive(Debug)]
pub(crate) struct Heard {
    pub(crate) replies: Vec<Value>,
    pub(crate) closed: bool,
}

/// How long the slowest may take on a busy machine.
pub(crate) const SLOWEST: Duration = Duration::from_secs(180);
