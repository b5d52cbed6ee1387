//! Who sees what is lent.

use writ_tests::Host;

use crate::lender::{SOCKET, is_in, lend};

/// How often a group is lent and taken back.
const ROUNDS: usize = 20;

pub(crate) fn what_is_lent_is_seen_everywhere_at_once_and_not_once_it_has_ended(host: &Host) {
    for _ in 0..2 {
        lend(host, &[]);
        assert!(!host.has(SOCKET), "there is a socket though nothing is lent");
        nobody_sees_adm(host);
        lend(host, &[("bob", "adm"), ("bob", "games")]);
        everybody_sees_adm(host);
    }
    for _ in 0..ROUNDS {
        lend(host, &[("bob", "games")]);
        assert!(!is_in(host, "bob", "adm"));
        lend(host, &[("bob", "adm")]);
        assert!(is_in(host, "bob", "adm") && !is_in(host, "bob", "games"));
    }
    assert!(!is_in(host, "carol", "adm"), "somebody else has it too");
    let file = host.root(&["grep", "bob", "/etc/group"]);
    assert!(!file.ok().contains("adm"), "{file}");
    lend(host, &[]);
    nobody_sees_adm(host);
}

pub(crate) fn with_userdbd_running_it_is_the_same(host: &Host) {
    host.root(&["systemctl", "start", "systemd-userdbd.socket", "systemd-userdbd.service"]).ok();
    lend(host, &[("bob", "adm")]);
    everybody_sees_adm(host);
    lend(host, &[]);
    nobody_sees_adm(host);
}

fn everybody_sees_adm(host: &Host) {
    let id = host.root(&["id", "bob"]);
    assert!(id.ok().contains("4(adm)"), "{id}");
    let initgroups = host.root(&["getent", "initgroups", "bob"]);
    assert!(initgroups.ok().split_whitespace().any(|gid| gid == "4"), "{initgroups}");
    let sudo = host.root(&["sudo", "-n", "-u", "bob", "id", "-G"]);
    assert!(sudo.ok().split(' ').any(|gid| gid == "4"), "{sudo}");
    let ssh = host.as_user("bob", "id -nG && cat /var/log/auth.log | wc -l && sudo -n true");
    assert!(ssh.ok().contains("adm"), "{ssh}");
}

fn nobody_sees_adm(host: &Host) {
    assert!(!is_in(host, "bob", "adm"));
    let initgroups = host.root(&["getent", "initgroups", "bob"]);
    assert!(!initgroups.ok().split_whitespace().any(|gid| gid == "4"), "{initgroups}");
    let sudo = host.root(&["sudo", "-n", "-u", "bob", "id", "-G"]);
    assert!(!sudo.ok().split(' ').any(|gid| gid == "4"), "{sudo}");
    let ssh = host.as_user("bob", "id -nG; cat /var/log/auth.log >/dev/null || sudo -n true");
    assert!(!ssh.stdout.contains("adm"), "{ssh}");
    assert!(ssh.failed_with(1).contains("/var/log/auth.log: Permission denied"), "{ssh}");
    assert!(ssh.stderr.contains("password is required"), "sudoers' %adm still holds: {ssh}");
}

pub(crate) fn getent_lists_a_lent_member_where_groups_are_merged(host: &Host) {
    lend(host, &[("bob", "adm")]);
    let members = || host.root(&["getent", "group", "adm"]).ok().to_owned();
    assert!(!members().contains("bob"), "{}", members());
    host.root(&[
        "sed",
        "-i.kept",
        "s/^group:.*/group: files [SUCCESS=merge] systemd/",
        "/etc/nsswitch.conf",
    ])
    .ok();
    assert!(members().contains("bob"), "{}", members());
    assert!(is_in(host, "bob", "adm"));
    lend(host, &[]);
    assert!(!members().contains("bob"), "{}", members());
    host.root(&["mv", "/etc/nsswitch.conf.kept", "/etc/nsswitch.conf"]).ok();
}

pub(crate) fn programs_of_systemd_see_it_too(host: &Host) {
    lend(host, &[("bob", "adm"), ("bob", "shadow"), ("carol", "shadow")]);
    let groups = host.root(&["userdbctl", "--no-legend", "groups-of-user", "bob"]);
    assert!(groups.ok().contains("adm") && groups.stdout.contains("shadow"), "{groups}");
    let users = host.root(&["userdbctl", "--no-legend", "users-in-group", "shadow"]);
    assert!(users.ok().contains("bob") && users.stdout.contains("carol"), "{users}");
    let ours = ["--with-varlink=yes", "--with-nss=no", "--with-dropin=no", "--multiplexer=no"];
    let ours = [&["userdbctl", "--no-legend"], &ours[..], &["group"]].concat();
    let groups = host.root(&ours);
    assert!(groups.ok().contains("adm") && groups.stdout.contains("shadow"), "{groups}");
    let services = host.root(&["userdbctl", "services"]);
    let line = services.ok().lines().find(|line| line.contains("io.writ.UserDatabase"));
    assert!(line.is_some_and(|line| line.contains("yes")), "{services}");
    if host.has("/usr/bin/varlinkctl") {
        let info = host.root(&["varlinkctl", "info", SOCKET]);
        assert!(info.ok().contains("io.systemd.UserDatabase"), "{info}");
        let interface = host.root(&["varlinkctl", "introspect", SOCKET, "io.systemd.UserDatabase"]);
        assert!(interface.ok().contains("GetMemberships"), "{interface}");
    }
    lend(host, &[]);
}
