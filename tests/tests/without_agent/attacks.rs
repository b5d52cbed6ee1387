//! Those who would have more pass than should, or have it pass unseen.

use writ_tests::Host;

use crate::policy::{PASSES, POLICY, ROLES, SPOOL, WRIT_TOML, away, back, kept, records};

const COPY: &str = "/var/lib/writ/policy.last-good";

pub(crate) fn users_reach_neither_the_policy_nor_the_record_nor_the_socket(host: &Host) {
    away(host);
    host.as_user("alice", "sudo -n touch /srv/passed-secret").ok();
    let entry = format!("{SPOOL}/{}", kept(host).first().expect("an entry"));
    let tries = [
        format!("cat {entry}"),
        format!("rm {entry}"),
        format!("echo x >{SPOOL}/0000000001-0-{}.json", "0".repeat(32)),
        format!("ls {SPOOL}"),
        format!("cat {COPY}"),
        format!("echo '[]' >{COPY}"),
        "python3 -c \"import socket; socket.socket(socket.AF_UNIX).connect('/run/writ/without-agent')\"".to_owned(),
        "mv /run/writ/without-agent /run/writ/mine".to_owned(),
        "/usr/libexec/writ/writ-without-agent </dev/null".to_owned(),
        "systemctl stop writ-without-agent.socket".to_owned(),
    ];
    let tried: Vec<_> = tries.iter().map(|line| (line, host.as_user("carol", line))).collect();
    let there = host.has(&entry);
    let mode = host.root(&["stat", "-c", "%U %a", &entry]);
    back(host);
    for (line, output) in tried {
        assert_ne!(output.status, 0, "{line}: {output}");
    }
    assert!(there);
    assert_eq!(mode.ok(), "root 600");
    assert_eq!(records(host, "passed-secret").len(), 1);
}

pub(crate) fn a_policy_that_the_agent_has_not_taken_lets_nothing_pass(host: &Host) {
    let wider = ROLES.replace("/usr/bin/id **", "ALL");
    away(host);
    host.put_policy(&[("writ.toml", WRIT_TOML), ("roles.d/roles.toml", &wider)]);
    let wide = host.as_user("alice", "sudo -n touch /srv/wider");
    // A rule that was taken out meanwhile is not gone by either.
    host.put_policy(&[("writ.toml", WRIT_TOML)]);
    let gone = host.as_user("alice", "sudo -n id");
    host.put_policy(POLICY);
    let same = host.as_user("alice", "sudo -n id -u");
    back(host);
    for refused in [wide, gone] {
        assert!(refused.failed_with(1).contains("the policy files have changed"), "{refused}");
    }
    assert!(!host.has("/srv/wider"));
    assert_eq!(same.ok(), "0");
}

pub(crate) fn a_copy_of_the_policy_that_is_a_link_or_a_users_is_none(host: &Host) {
    away(host);
    host.root_sh(&format!(
        "cp -p {COPY} /srv/copy && mv {COPY} {COPY}.kept && ln -s /srv/copy {COPY}"
    ))
    .ok();
    let link = host.as_user("alice", "sudo -n id");
    host.root_sh(&format!("rm {COPY} && cp {COPY}.kept {COPY} && chown alice {COPY}")).ok();
    let users = host.as_user("alice", "sudo -n id");
    host.root_sh(&format!("chown root {COPY} && chmod 666 {COPY}")).ok();
    let writable = host.as_user("alice", "sudo -n id");
    host.root(&["rm", COPY]).ok();
    let none = host.as_user("alice", "sudo -n id");
    host.root(&["mv", &format!("{COPY}.kept"), COPY]).ok();
    let again = host.as_user("alice", "sudo -n id -u");
    back(host);
    for refused in [link, users, writable, none] {
        assert!(refused.failed_with(1).contains("left no copy of its policy"), "{refused}");
    }
    assert_eq!(again.ok(), "0");
}

pub(crate) fn what_cannot_be_put_down_does_not_run(host: &Host) {
    away(host);
    // As many as an account may leave there.
    let fill = format!(
        "for n in $(seq 1 250); do echo '{{}}' >{SPOOL}/$(printf '%010d' $n)-$(id -u alice)-$(printf '%032x' $n).json; done"
    );
    host.root_sh(&fill).ok();
    let full = host.as_user("alice", "sudo -n touch /srv/passed-full");
    host.root_sh(&format!("rm -f {SPOOL}/*.json && mount -t tmpfs -o ro none {SPOOL}")).ok();
    let unwritable = host.as_user("alice", "sudo -n touch /srv/passed-unwritable");
    host.root(&["umount", SPOOL]).ok();
    back(host);
    assert!(full.failed_with(1).contains("as much has passed without the agent"), "{full}");
    assert!(unwritable.failed_with(1).contains("denied: "), "{unwritable}");
    assert!(!host.has("/srv/passed-full") && !host.has("/srv/passed-unwritable"));
}

pub(crate) fn a_program_that_who_asks_may_write_is_refused(host: &Host) {
    host.put("/srv/tools/tool", "#!/bin/sh\necho ran\n", 0o755);
    away(host);
    let roots = host.as_user("alice", "sudo -n /srv/tools/tool");
    host.root(&["chown", "alice", "/srv/tools/tool"]).ok();
    let own = host.as_user("alice", "sudo -n /srv/tools/tool");
    host.root_sh("chown root /srv/tools/tool && chown alice /srv/tools").ok();
    let folder = host.as_user("alice", "sudo -n /srv/tools/tool");
    host.root(&["chown", "root", "/srv/tools"]).ok();
    back(host);
    assert_eq!(roots.ok(), "ran");
    assert!(own.failed_with(1).contains("alice may write /srv/tools/tool"), "{own}");
    assert!(folder.failed_with(1).contains("alice may write /srv/tools"), "{folder}");
}

pub(crate) fn what_was_typed_acts_on_nobody_who_reads_it(host: &Host) {
    away(host);
    let odd = host.as_user("alice", "sudo -n id \"$(printf 'a\\033[2Jb\\377')\"; true");
    back(host);
    assert!(odd.stderr.contains(PASSES), "{odd}");
    let listed = host.root(&["writ", "audit", "list"]);
    assert!(!listed.ok().contains('\u{1b}'), "{listed}");
    assert!(records(host, "\\\\xff").len() == 1, "the bytes are whole on record");
}
