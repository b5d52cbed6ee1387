//! Commands that end while the agent is away, or after it came back.

use serde_json::{Value, json as value};
use writ_tests::{Host, PATIENCE, Running, json};

use crate::MARKS;
use crate::story::Ledger;

/// Longer than any test, in seconds, and no other process's time.
const FOREVER: u32 = 100_003;

/// A command of carol's that runs until it is ended.
struct Command<'a> {
    host: &'a Host,
    mark: &'static str,
    sudo: Running,
}

impl<'a> Command<'a> {
    #[track_caller]
    fn started(host: &'a Host, mark: &'static str) -> Self {
        let sudo = host.start_as("carol", &format!("sudo -n mark {mark} {FOREVER}"));
        host.wait_until("it to run", PATIENCE, || {
            host.has(MARKS) && host.read(MARKS).contains(mark)
        });
        Self { host, mark, sudo }
    }

    /// Sends a signal to the oldest process whose command line begins like this.
    #[track_caller]
    fn kill(&self, signal: &str, beginning: &str) {
        self.host.root(&["pkill", signal, "--oldest", "--full", &format!("^{beginning}")]).ok();
    }

    #[track_caller]
    fn kill_sudo(self) {
        self.kill("-KILL", &format!("sudo -n mark {}", self.mark));
        self.kill("-KILL", &format!("sleep {FOREVER}$"));
        self.sudo.finish(PATIENCE);
    }

    #[track_caller]
    fn ends_on_record_as(host: &Host, mark: &str, ending: &Value) {
        let mut endings = Vec::new();
        host.wait_until("its end on record", PATIENCE, || {
            endings = Ledger::read(host).endings(mark);
            !endings.is_empty()
        });
        assert_eq!(endings, std::slice::from_ref(ending));
    }
}

pub(crate) fn a_command_that_ended_while_the_agent_was_away_has_ended_on_record(host: &Host) {
    let command = Command::started(host, "allowed-away");
    host.root(&["systemctl", "stop", "writd.socket", "writd.service"]).ok();
    command.kill_sudo();
    assert!(Ledger::read(host).endings("allowed-away").is_empty());
    host.root(&["systemctl", "start", "writd.socket", "writd.service"]).ok();
    Command::ends_on_record_as(host, "allowed-away", &value!("unknown"));
}

pub(crate) fn a_command_that_ends_after_the_agent_came_back_has_ended_on_record(host: &Host) {
    let lost = Command::started(host, "allowed-lost");
    host.root(&["systemctl", "kill", "--signal=KILL", "writd"]).ok();
    let running = || json(&host.root(&["writ", "status", "--json"]))["agent"]["running"].clone();
    assert_eq!(running(), 1);
    lost.kill_sudo();
    Command::ends_on_record_as(host, "allowed-lost", &value!("unknown"));

    let told = Command::started(host, "allowed-told");
    host.root(&["systemctl", "kill", "--signal=KILL", "writd"]).ok();
    assert_eq!(running(), 1);
    told.kill("-TERM", &format!("sleep {FOREVER}$"));
    told.sudo.finish(PATIENCE);
    Command::ends_on_record_as(host, "allowed-told", &value!({ "signal": 15 }));
}
