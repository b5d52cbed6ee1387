//! What `writ enable` does not do: lock people out.

use writ_tests::Host;

use crate::state::{FORMER, SudoLoop, closed, same, sudo_asks};

/// Why a door is not opened: the cause, what takes it away again, what is said.
struct Reason {
    cause: &'static str,
    cure: &'static str,
    status: i32,
    says: &'static str,
}

const REASONS: [Reason; 9] = [
    Reason {
        cause: "systemctl stop writd.socket writd.service",
        cure: "systemctl start writd.socket",
        status: 6,
        says: "Writ's agent cannot be reached",
    },
    Reason {
        cause: "echo nonsense >>/etc/writ/writ.toml; writd reload || true",
        cure: "sed -i '$d' /etc/writ/writ.toml; writd reload",
        status: 1,
        says: "/etc/writ/writ.toml:",
    },
    Reason {
        cause: "mv $plugin /root",
        cure: "mv /root/sudo_writ.so $plugin",
        status: 1,
        says: "the file is not there",
    },
    Reason {
        cause: "chown alice $plugin",
        cure: "chown root $plugin",
        status: 1,
        says: "must be root's and not writable by others",
    },
    Reason {
        cause: "chmod 0664 $plugin",
        cure: "chmod 0644 $plugin",
        status: 1,
        says: "must be root's and not writable by others",
    },
    Reason {
        cause: "chmod 0777 ${plugin%/*}",
        cure: "chmod 0755 ${plugin%/*}",
        status: 1,
        says: "must be root's and not writable by others",
    },
    Reason {
        cause: "mv $plugin /root; ln -s /home/alice/sudo_writ.so $plugin; cp /root/sudo_writ.so /home/alice",
        cure: "mv /root/sudo_writ.so $plugin; rm /home/alice/sudo_writ.so",
        status: 1,
        says: "must be root's and not writable by others",
    },
    Reason {
        cause: "mv $plugin /root; mkdir $plugin",
        cure: "rmdir $plugin; mv /root/sudo_writ.so $plugin",
        status: 1,
        says: "not a regular file",
    },
    Reason {
        cause: "chmod 0666 /etc/sudo.conf",
        cure: "chmod 0644 /etc/sudo.conf",
        status: 1,
        says: "sudo passes over /etc/sudo.conf",
    },
];

/// How often that is tried beside running sudos.
const ROUNDS: usize = 12;

/// Takes the second half of the plugin off: its file is as it should be, and sudo
/// dies of it.
const TRUNCATE: &str = "cp $plugin /root && truncate --size=$(($(stat -c %s $plugin) / 2)) $plugin";

const MEND: &str = "mv /root/sudo_writ.so $plugin";

pub(crate) fn nothing_is_enabled_that_would_lock_people_out(host: &Host) {
    closed(host);
    for Reason { cause, cure, status, says } in REASONS {
        on_plugin(host, cause);
        let refused = host.root(&["writ", "enable", "sudo"]);
        assert_eq!(refused.status, status, "{cause}: {refused}");
        assert!(refused.stderr.contains(says), "{cause}: {refused}");
        assert!(same(host, FORMER, "/etc/sudo.conf"), "{cause}");
        on_plugin(host, cure);
    }
    let stranger = host.as_user("alice", "writ enable sudo");
    assert!(stranger.failed_with(5).contains("only root may do this"), "{stranger}");
    assert!(!sudo_asks(host));
    // None of it has stayed.
    host.root(&["writ", "enable", "sudo"]).ok();
}

pub(crate) fn a_plugin_that_cannot_be_loaded_is_met_by_nobody(host: &Host) {
    closed(host);
    on_plugin(host, TRUNCATE);
    let others = SudoLoop::start(host);
    for _ in 0..ROUNDS {
        let refused = host.root(&["writ", "enable", "sudo"]);
        let sentence = refused.failed_with(1);
        assert!(sentence.contains("sudo would not work: `sudo -V` fails"), "{refused}");
    }
    others.none_failed(host);
    assert!(same(host, FORMER, "/etc/sudo.conf"));
    on_plugin(host, MEND);
}

pub(crate) fn without_a_rehearsal_a_plugin_that_cannot_be_loaded_is_taken_back(host: &Host) {
    closed(host);
    on_plugin(host, TRUNCATE);
    // Who may not mount has no stage.
    let refused = host.root(&["setpriv", "--bounding-set=-sys_admin", "writ", "enable", "sudo"]);
    let sentence = refused.failed_with(1);
    assert!(sentence.contains("the former /etc/sudo.conf is back"), "{refused}");
    assert!(same(host, FORMER, "/etc/sudo.conf"));
    assert!(!sudo_asks(host));
    on_plugin(host, MEND);
}

/// Runs a script that knows where the plugin is.
#[track_caller]
fn on_plugin(host: &Host, script: &str) {
    host.root_sh(&format!("plugin=/usr/libexec/sudo/sudo_writ.so; {script}")).ok();
}
