//! `writ doctor` finds what is not as it should be, and says what to do.

use writ_tests::Host;

use crate::state::{closed, open};

/// Something that can be wrong: how it comes about, what takes it away, and what
/// is said about it.
struct Fault {
    cause: &'static str,
    cure: &'static str,
    what: &'static str,
    remedy: &'static str,
}

/// The sudo.conf of an open door.
const KEPT: &str = "cp --preserve /root/opened /etc/sudo.conf";

const FAULTS: [Fault; 14] = [
    Fault {
        cause: "chmod 0666 /etc/sudo.conf",
        cure: KEPT,
        what: "sudo passes over /etc/sudo.conf and runs commands without Writ",
        remedy: "chmod 0644 /etc/sudo.conf",
    },
    Fault {
        cause: "chown alice /etc/sudo.conf",
        cure: KEPT,
        what: "sudo passes over /etc/sudo.conf and runs commands without Writ",
        remedy: "chown root:root /etc/sudo.conf",
    },
    Fault {
        cause: "sed -i 's/^Plugin writ_audit/Plugn writ_audit/' /etc/sudo.conf",
        cure: KEPT,
        what: "runs commands without Writ: Plugn writ_audit sudo_writ.so",
        remedy: "`writ enable sudo` writes the lines anew",
    },
    Fault {
        cause: "sed -i '/^Plugin writ_approval/d' /etc/sudo.conf",
        cure: "writ enable sudo && cmp /root/opened /etc/sudo.conf",
        what: "names only one of Writ's two plugins",
        remedy: "`writ enable sudo` writes the lines anew",
    },
    Fault {
        cause: "echo 'Path plugin_dir /opt/sudo/' >>/etc/sudo.conf",
        cure: KEPT,
        what: "/opt/sudo/sudo_writ.so: the file is not there",
        remedy: "`writ disable sudo` gives sudo back",
    },
    Fault {
        // sudo puts the two together as they are.
        cause: "echo 'Path plugin_dir /usr/libexec/sudo' >>/etc/sudo.conf",
        cure: KEPT,
        what: "/usr/libexec/sudosudo_writ.so: the file is not there",
        remedy: "`writ disable sudo` gives sudo back",
    },
    Fault {
        cause: "mv /usr/libexec/sudo/sudo_writ.so /root",
        cure: "mv /root/sudo_writ.so /usr/libexec/sudo",
        what: "/usr/libexec/sudo/sudo_writ.so: the file is not there",
        remedy: "install the package `writ` again",
    },
    Fault {
        cause: "chmod 0666 /usr/libexec/sudo/sudo_writ.so",
        cure: "chmod 0644 /usr/libexec/sudo/sudo_writ.so",
        what: "must be root's and not writable by others, or whoever writes it is root",
        remedy: "chmod go-w /usr/libexec/sudo/sudo_writ.so",
    },
    Fault {
        cause: "systemctl stop writd.socket writd.service",
        cure: "systemctl start writd.socket writd.service",
        what: "Writ's agent cannot be reached",
        remedy: "`systemctl enable --now writd.socket`",
    },
    Fault {
        cause: "systemctl disable --quiet writd.socket",
        cure: "systemctl enable --quiet writd.socket",
        what: "writd.socket is not enabled: after the next boot nobody would answer",
        remedy: "`systemctl enable --now writd.socket`",
    },
    Fault {
        cause: "systemctl mask --quiet writd.service",
        cure: "systemctl unmask --quiet writd.service",
        what: "writd.service is masked",
        remedy: "`systemctl unmask writd.service`",
    },
    Fault {
        cause: "echo nonsense >/etc/writ/roles.d/new.toml; writd reload || true",
        cure: "rm /etc/writ/roles.d/new.toml; writd reload",
        what: "/etc/writ/roles.d/new.toml:1:",
        remedy: "mend the place and `systemctl reload writd`",
    },
    Fault {
        cause: "echo '{\"until_wall_ms\": 1}' >/var/lib/writ/rollback-sudo",
        cure: "writ enable sudo --confirm",
        what: "the trial of sudo ended at 1970-01-01",
        remedy: "`writ enable sudo --confirm` keeps it, `writ disable sudo` undoes it",
    },
    Fault {
        cause: "writ disable sudo; writ enable sudo --rollback-after 1h
            systemctl disable --quiet writ-rollback.service",
        cure: "systemctl enable --quiet writ-rollback.service; writ enable sudo --confirm",
        what: "writ-rollback.service is not enabled",
        remedy: "`systemctl enable writ-rollback.service`",
    },
];

pub(crate) fn a_healthy_host_is_told_so(host: &Host) {
    open(host);
    let doctor = host.root(&["writ", "doctor"]);
    assert_eq!(doctor.ok(), "Writ enforces its policy.\nsudo asks Writ.\nNothing is wrong.");
    let printed = writ_tests::json(&host.root(&["writ", "doctor", "--json"]));
    assert_eq!(printed["well"], true);
    closed(host);
    let doctor = host.root(&["writ", "doctor"]);
    assert!(
        doctor.ok().contains("sudo does not ask Writ; `writ enable sudo` lets it."),
        "{doctor}"
    );
}

pub(crate) fn each_fault_is_named_with_its_remedy(host: &Host) {
    open(host);
    host.root(&["cp", "--preserve", "/etc/sudo.conf", "/root/opened"]).ok();
    for Fault { cause, cure, what, remedy } in FAULTS {
        host.root_sh(cause).ok();
        let doctor = host.root(&["writ", "doctor"]);
        assert_eq!(doctor.status, 1, "{cause}: {doctor}");
        assert!(doctor.stdout.contains(what), "{cause}: {doctor}");
        assert!(doctor.stdout.contains(remedy), "{cause}: {doctor}");
        assert!(!doctor.stdout.contains("Nothing is wrong"), "{cause}: {doctor}");
        host.root_sh(cure).ok();
    }
    host.root(&["writ", "doctor"]).ok();
}

pub(crate) fn a_broken_ledger_is_named_until_it_is_acknowledged(host: &Host) {
    open(host);
    host.root_sh("systemctl stop writd.service && sed -i '1s/started/stopped/' /var/lib/writ/ledger/00000001.jsonl").ok();
    let doctor = host.root(&["writ", "doctor"]);
    assert_eq!(doctor.status, 1, "{doctor}");
    for words in [
        "the ledger is broken",
        "the agent refuses everything",
        "`writ audit acknowledge --comment",
    ] {
        assert!(doctor.stdout.contains(words), "{doctor}");
    }
    let refused = host.as_user("alice", "sudo -n true");
    assert!(refused.failed_with(1).contains("ledger"), "{refused}");
    host.root(&["writ", "audit", "acknowledge", "--comment", "a test has done this"]).ok();
    host.root(&["writ", "doctor"]).ok();
    host.as_user("alice", "sudo -n true").ok();
}
