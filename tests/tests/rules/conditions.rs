//! `when`.

use writ_tests::Host;

pub(crate) fn a_condition_is_about_the_login_that_asks(host: &Host) {
    let alice = host.login("alice");
    let (said, status) = alice.run("sudo touch /srv/terminal");
    assert_eq!(status, 0, "{said}");
    assert!(host.has("/srv/terminal"));
    host.root(&["rm", "/srv/terminal"]).ok();

    // The same, without a terminal.
    let output = host.as_user("alice", "sudo -n touch /srv/terminal");
    assert!(output.to_string().contains("no role that alice has"), "{output}");
    assert!(!host.has("/srv/terminal"), "it ran");
}

pub(crate) fn where_a_fact_is_missing_what_allows_asks_and_says_why(host: &Host) {
    let command = "sudo -n touch /srv/ticket";
    let output = host.as_user("alice", command);
    assert!(output.to_string().contains("stays open"), "{output}");
    assert!(!host.has("/srv/ticket"), "it ran");
    let id = host.request_of("pending", "/srv/ticket");
    let why = "its condition cannot be evaluated: `ticket` is not known";
    let shown = host.as_user("bob", &format!("writ show {id}"));
    assert!(shown.ok().contains(why), "{shown}");
    let journal = host.root(&["journalctl", "-o", "export", &format!("WRIT_ID={id}")]);
    assert!(journal.ok().contains("WRIT_DOUBT=`ticket` is not known"), "{journal}");
    host.as_user("alice", &format!("writ cancel {id}")).ok();

    let output = host.as_user("alice", &format!("WRIT_TICKET=X-1 {command}"));
    assert!(output.to_string().contains("no role that alice has"), "{output}");
    host.as_user("alice", &format!("WRIT_TICKET=OPS-1 {command}")).ok();
    assert!(host.has("/srv/ticket"));
}
