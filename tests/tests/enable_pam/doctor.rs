//! `writ doctor` knows each service that asks, and the package takes the lines along.

use writ_tests::Host;

use crate::state::{FOLDER, closed, untouched};

/// Something that can be wrong with su, and what is said.
const FAULTS: [(&str, &str); 7] = [
    ("sed -i '1i account sufficient pam_permit.so' /etc/pam.d/su", "not where, they were written"),
    ("sed -i '/pam_succeed_if/d' /etc/pam.d/su", "not as, or not where, they were written"),
    ("sed -i 's/default=die/default=ignore/' /etc/pam.d/su", "not as, or not where"),
    ("sed -i '/^account.*pam_writ/d' /etc/pam.d/su", "has lines of Writ's, and does not ask it"),
    ("chmod 0666 /etc/pam.d/su", "must be root's and not writable by others"),
    ("rm $module", "without it only root gets through"),
    ("chmod 0666 $module", "whoever writes it is root"),
];

pub(crate) fn doctor_names_each_fault(host: &Host) {
    closed(host);
    let doctor = host.root(&["writ", "doctor"]);
    assert!(!doctor.ok().contains("PAM"), "{doctor}");
    for (cause, what) in FAULTS {
        closed(host);
        host.root(&["writ", "enable", "pam", "su"]).ok();
        let doctor = host.root(&["writ", "doctor"]);
        assert!(doctor.ok().contains("These services of PAM ask Writ: su."), "{doctor}");
        host.root_sh(&format!("module={FOLDER}/pam_writ.so; {cause}")).ok();
        let doctor = host.root(&["writ", "doctor"]);
        assert_eq!(doctor.status, 1, "{cause}: {doctor}");
        assert!(doctor.stdout.contains(what), "{cause}: {doctor}");
        assert!(doctor.stdout.contains("`writ disable pam"), "{cause}: {doctor}");
    }
    closed(host);
    host.root_sh("writ enable pam polkit-1 && echo '# new' >>/usr/lib/pam.d/polkit-1").ok();
    let doctor = host.root(&["writ", "doctor"]);
    assert!(
        doctor.failed_with(1).is_empty() && doctor.stdout.contains("its package has changed since"),
        "{doctor}"
    );
    host.root_sh("sed -i '$d' /usr/lib/pam.d/polkit-1; writ doctor").ok();
}

pub(crate) fn removing_the_package_takes_the_lines_out(host: &Host) {
    closed(host);
    host.root(&["writ", "enable", "pam", "su", "sshd", "polkit-1"]).ok();
    host.root(&["dpkg", "--remove", "writ"]).ok();
    untouched(host);
    closed(host);
    // Kept from it, the package's last script sees to it.
    host.root(&["writ", "enable", "pam", "su", "sshd"]).ok();
    host.root_sh("printf '#!/bin/sh\\n' >/var/lib/dpkg/info/writ.prerm && dpkg --remove writ").ok();
    untouched(host);
}
