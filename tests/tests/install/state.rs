//! What a scenario starts from.

use writ_tests::{Host, Output, Running, package};

/// The sudo.conf of these hosts, kept from before Writ came.
pub(crate) const FORMER: &str = "/root/sudo.conf";

/// What admins have in it, in no particular encoding.
const FOREIGN_LINES: &[u8] =
    b"\n  Set  disable_coredump\tfalse   # ours\n# caf\xe9 \r\nPath askpass \\\n  /usr/bin/false\n#\n";

/// How long a sudo without a terminal waits here: as short as makes no difference.
const WAIT: &[u8] = b"[noninteractive]\nwait = \"1s\"\n";

/// How often alice's sudo has to have run beside what it is to survive.
const RUNS_MIN: usize = 20;

/// alice is an admin, as the first policy takes admins; sudo.conf has lines that
/// are not Writ's.
pub(crate) fn people_and_a_sudo_conf_of_their_own(host: &Host) {
    host.root(&["usermod", "--append", "--groups", "sudo", "alice"]).ok();
    host.root_with(&["sh", "-c", "cat >>/etc/sudo.conf"], FOREIGN_LINES).ok();
    host.root(&["cp", "--preserve", "/etc/sudo.conf", FORMER]).ok();
}

/// The package is installed, the first policy is in force, the door is closed and
/// sudo.conf as it was.
pub(crate) fn closed(host: &Host) {
    // Not there, or not whole, after a scenario that failed.
    let verified = host.root(&["dpkg", "--verify", "writ"]);
    if !host.has("/usr/bin/writ") || !verified.stdout.is_empty() {
        host.install(&package());
    }
    host.root(&["writ", "disable", "sudo"]).ok();
    host.root(&["cp", "--preserve", FORMER, "/etc/sudo.conf"]).ok();
    if !host.has("/etc/writ/writ.toml") {
        host.root(&["writ", "init", "--approver", "bob", "--enforce"]).ok();
        host.root_with(&["sh", "-c", "cat >>/etc/writ/writ.toml && writd reload"], WAIT).ok();
    }
}

/// As [`closed`], and sudo asks.
pub(crate) fn open(host: &Host) {
    closed(host);
    host.root(&["writ", "enable", "sudo"]).ok();
}

/// Nothing of Writ is on the host.
pub(crate) fn without_writ(host: &Host) {
    closed(host);
    host.root(&["dpkg", "--purge", "writ"]).ok();
    host.root(&["rm", "-rf", "/var/lib/writ"]).ok();
}

/// What the agent wrote into the journal with these fields, oldest first.
pub(crate) fn entries(host: &Host, matches: &[&str]) -> Vec<serde_json::Value> {
    let mut command = vec!["journalctl", "-o", "json", "SYSLOG_IDENTIFIER=writd"];
    command.extend(matches);
    let said = host.root(&command);
    said.ok().lines().map(|line| serde_json::from_str(line).expect("JSON")).collect()
}

/// Whether two files have the same bytes.
pub(crate) fn same(host: &Host, one: &str, other: &str) -> bool {
    host.root(&["cmp", "--silent", one, other]).status == 0
}

/// Whether sudo asks: the first policy has people asked about this command, which
/// runs at once without Writ.
#[track_caller]
pub(crate) fn sudo_asks(host: &Host) -> bool {
    let ran = host.as_user("alice", "sudo -n uname --all 2>&1");
    match ran.status {
        0 => false,
        1 => {
            assert!(ran.stdout.contains("stays open"), "{ran}");
            true
        }
        _ => panic!("{ran}"),
    }
}

/// alice's sudo, over and over, with a command that the first policy allows.
pub(crate) struct SudoLoop(Running);

impl SudoLoop {
    pub(crate) fn start(host: &Host) -> Self {
        let line = r#"rm -f enough; runs=0
            while [ ! -e enough ]; do
                said=$(sudo -n true 2>&1) || echo "failed with $?: $said"
                runs=$((runs + 1))
                [ $runs != 1 ] || echo started
            done
            echo $runs"#;
        let running = host.start_as("alice", line);
        running.expect_stdout("started");
        Self(running)
    }

    /// Ends it.
    ///
    /// # Panics
    /// When any sudo has failed.
    #[track_caller]
    pub(crate) fn none_failed(self, host: &Host) {
        host.root(&["touch", "/home/alice/enough"]).ok();
        let ran: Output = self.0.finish(writ_tests::PATIENCE);
        let runs = ran.ok().lines().last().and_then(|runs| runs.parse().ok()).unwrap_or(0);
        assert!(!ran.stdout.contains("failed"), "{ran}");
        assert!(runs >= RUNS_MIN, "that was no test: {ran}");
    }
}
