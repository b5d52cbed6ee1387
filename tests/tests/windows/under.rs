//! What runs while a window is open.

use writ_tests::Host;

use crate::policy::{as_bob, end, events, id_in, is_in, opened};

pub(crate) fn a_command_of_the_role_passes_and_is_on_record_under_the_window(host: &Host) {
    let id = opened(host, "alice", "logs --for 10m");
    host.as_user("alice", "sudo -n touch /srv/under-one && sudo -n touch /srv/under-two").ok();
    assert!(host.has("/srv/under-one") && host.has("/srv/under-two"));
    let listed = host.root(&["writ", "audit", "list", "--id", &id]);
    for word in ["/srv/under-one", "/srv/under-two"] {
        assert!(listed.ok().contains(word), "{word}: {listed}");
    }
    let told = events(host, &id);
    assert_eq!(told.iter().filter(|event| *event == "command.started").count(), 2, "{told:?}");
    assert_eq!(told.iter().filter(|event| *event == "command.finished").count(), 2, "{told:?}");
    // Somebody else's window is nobody else's.
    let other = host.as_user("dave", "sudo -n touch /srv/under-other");
    assert_eq!(other.status, 1, "{other}");
    end(host, "alice", &id);
    let after = host.as_user("alice", "sudo -n touch /srv/under-after");
    assert_eq!(after.status, 1, "{after}");
    assert!(!host.has("/srv/under-other") && !host.has("/srv/under-after"));
}

pub(crate) fn what_more_people_must_answer_is_asked_about_all_the_same(host: &Host) {
    let id = opened(host, "alice", "logs --for 10m");
    let asked = host.as_user("alice", "sudo -n id -u");
    let request = id_in(asked.failed_with(1));
    assert_ne!(request, id);
    host.as_user("alice", &format!("writ cancel {request}")).ok();
    end(host, "alice", &id);
}

pub(crate) fn a_program_that_a_lent_group_may_write_is_not_let_through(host: &Host) {
    host.put("/usr/local/bin/staffed", "#!/bin/sh\ntouch /srv/staffed\n", 0o775);
    host.root(&["chown", "root:adm", "/usr/local/bin/staffed"]).ok();
    let id = opened(host, "alice", "logs --for 10m");
    let refused = host.as_user("alice", "sudo -n staffed");
    assert!(refused.failed_with(1).contains("may write /usr/local/bin/staffed"), "{refused}");
    end(host, "alice", &id);
    assert!(!host.has("/srv/staffed"));
}

pub(crate) fn one_window_ending_takes_nothing_that_another_lends(host: &Host) {
    let logs = opened(host, "alice", "logs --for 10m");
    let staff = id_in(host.as_user("alice", "writ request staff --json").ok());
    as_bob(host, &format!("writ revoke {logs}")).ok();
    assert!(is_in(host, "alice", "adm") && is_in(host, "alice", "staff"));
    end(host, "alice", &staff);
}
