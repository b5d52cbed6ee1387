//! `writ doctor` says whether lending works, and is right.

use writ_tests::Host;

use crate::lender::{is_in, lend};

/// Lines of nsswitch.conf, and whether groups can be lent with them.
const LINES: [(&str, bool); 8] = [
    ("group: files systemd", true),
    ("group: files [SUCCESS=merge] systemd", true),
    ("group: systemd files", true),
    ("group: files [SUCCESS=return] systemd", true),
    ("group: files systemd\ninitgroups: files [SUCCESS=continue] systemd", true),
    ("group: files", false),
    ("group: files [NOTFOUND=return] systemd", false),
    ("group: files systemd\ninitgroups: files systemd", false),
];

/// The module, away.
const MODULE_AWAY: &str = "mv /usr/lib/*/libnss_systemd.so.2 /root";
const MODULE_BACK: &str = "mv /root/libnss_systemd.so.2 /usr/lib/$(uname -m)-linux-gnu";

pub(crate) fn doctor_tells_the_hosts_that_can_lend_from_those_that_cannot(host: &Host) {
    // bob is in another group of the file, carol in none.
    let is_lent = || is_in(host, "bob", "adm") && is_in(host, "carol", "adm");
    lend(host, &[("bob", "adm"), ("carol", "adm")]);
    host.root(&["cp", "--preserve", "/etc/nsswitch.conf", "/root"]).ok();
    for (lines, lends) in LINES {
        host.root_sh("sed -i '/^group:/d; /^initgroups:/d' /etc/nsswitch.conf").ok();
        let add = ["sh", "-c", "cat >>/etc/nsswitch.conf"];
        host.root_with(&add, format!("{lines}\n").as_bytes()).ok();
        let doctor = host.root(&["writ", "doctor"]);
        assert_eq!(is_lent(), lends, "{lines}");
        assert_eq!(doctor.status, i32::from(!lends), "{lines}: {doctor}");
        if !lends {
            // What it says to write does it.
            let (_, rest) = doctor.stdout.split_once("write `").expect("the line to write");
            let (line, _) = rest.split_once('`').expect("its end");
            let (database, _) = line.split_once(':').expect("its name");
            let write = format!("sed -i 's/^{database}:.*/{line}/' /etc/nsswitch.conf");
            host.root_sh(&write).ok();
            assert!(is_lent(), "{lines}: {line}");
            host.root(&["writ", "doctor"]).ok();
        }
    }
    host.root(&["mv", "/root/nsswitch.conf", "/etc/nsswitch.conf"]).ok();
    host.root_sh(MODULE_AWAY).ok();
    let doctor = host.root(&["writ", "doctor"]);
    assert!(!is_lent());
    host.root_sh(MODULE_BACK).ok();
    assert!(doctor.stdout.contains("(Debian's package libnss-systemd)"), "{doctor}");
    assert_eq!(doctor.status, 1, "{doctor}");
    assert!(is_lent());
    let doctor = host.root(&["writ", "doctor"]);
    assert!(doctor.ok().contains("[SUCCESS=merge]"), "{doctor}");
    lend(host, &[]);
}
