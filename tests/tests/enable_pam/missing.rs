//! A module that is gone from disk while services still ask for it.

use writ_tests::Host;

use crate::state::{FOLDER, closed, module, su_works};

/// Whether the account stack of login(1), at the console, lets a user on.
fn login(host: &Host, user: &str) -> bool {
    host.root(&["pamtester", "login", user, "acct_mgmt"]).status == 0
}

pub(crate) fn without_the_module_only_root_gets_through(host: &Host) {
    closed(host);
    host.root(&["writ", "enable", "pam", "su", "login", "sshd"]).ok();
    assert!(login(host, "root"));
    assert!(login(host, "alice"));
    host.root(&["pamtester", "login", "alice", "open_session", "close_session"]).ok();
    host.root_sh(&format!("mv {FOLDER}/pam_writ.so /root")).ok();

    assert!(login(host, "root"), "the console is root's");
    assert!(!login(host, "alice"));
    host.as_user("root", "true").ok();
    assert_ne!(host.as_user("alice", "true").status, 0);
    assert_eq!(host.root(&["su", "alice", "-c", "id -un"]).ok(), "alice", "root's own su");
    assert_eq!(host.root(&["su", "-", "alice", "-c", "id -un"]).ok(), "alice");
    let refused = host.root_sh(
        "echo bob | setpriv --reuid=alice --regid=alice --clear-groups su bob -c 'id -un'",
    );
    assert_ne!(refused.status, 0, "{refused}");
    assert!(!refused.stdout.contains("bob"), "{refused}");

    // A program that comes to the session stage alone gets no further.
    host.root(&["pamtester", "login", "root", "open_session", "close_session"]).ok();
    let session = host.root(&["pamtester", "login", "alice", "open_session"]);
    assert_ne!(session.status, 0, "{session}");

    // One that is there and cannot be loaded is as good as gone.
    host.root_sh(&format!("echo nonsense >{FOLDER}/pam_writ.so")).ok();
    assert!(login(host, "root"));
    assert_ne!(host.as_user("alice", "true").status, 0);

    host.root(&["writ", "disable", "pam"]).ok();
    host.as_user("alice", "true").ok();
}

pub(crate) fn no_limit_of_a_users_own_lets_him_by(host: &Host) {
    closed(host);
    host.root(&["writ", "enable", "pam", "su"]).ok();
    module(host, "pam_deny");
    for limit in (3..16).map(|files| format!("ulimit -n {files};")) {
        assert!(!su_works(host, &limit), "{limit}");
    }
    for limit in (2..14).map(|step| format!("ulimit -v {};", step * 1024)) {
        assert!(!su_works(host, &limit), "{limit}");
    }
    for limit in ["ulimit -f 0;", "ulimit -s 64;", "ulimit -d 0;", "LD_LIBRARY_PATH=/tmp"] {
        assert!(!su_works(host, limit), "{limit}");
    }
    module(host, "pam_permit");
    assert!(su_works(host, "ulimit -n 64;"), "that was no test");
}
