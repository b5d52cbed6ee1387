//! Why: reasons and tickets, typed or brought along.

use writ_tests::{Host, Terminal};

use crate::policy::{approve, as_bob, waiting_id};

pub(crate) fn a_reason_is_typed_at_the_terminal_and_edited(host: &Host) {
    let alice = host.login("alice");
    let (modes, _) = alice.run("stty -a");
    alice.type_line("sudo tty");
    alice.expect("Reason: ");
    // All wrong, gone again; then an umlaut too many, a letter amid the others.
    alice.send("what is this\x15".as_bytes());
    alice.send("disk füllü\x7f is ull\x1b[D\x1b[D\x1b[Df".as_bytes());
    alice.see("the line as edited", |screen| screen.ends_with("Reason: disk füll is full"));
    alice.send(b"\r");
    let id = waiting_id(&alice);
    assert_eq!(field(host, &id, "reason"), "disk füll is full");
    approve(host, &id);
    alice.expect("/dev/pts/");
    alice.prompt();
    assert_eq!(alice.run("stty -a").0, modes);

    alice.type_line("sudo tty; echo status $?");
    alice.expect("Reason: ");
    alice.send(b"half a rea\x03");
    alice.expect("writ: left; nothing was asked of anybody");
    alice.expect("status 1\r\n");
    assert_eq!(alice.run("stty -a").0, modes);
}

pub(crate) fn a_reason_is_asked_beside_a_pipeline_whose_data_stays_whole(host: &Host) {
    let alice = host.login("alice");
    alice.type_line("seq 20000 | sudo tee /srv/data | sha256sum");
    alice.expect("Reason: ");
    alice.type_line("numbers are needed");
    approve(host, &waiting_id(&alice));
    let sum = alice.expect_regex("[0-9a-f]{64}  -");
    alice.prompt();
    assert_eq!(alice.run("seq 20000 | sha256sum").0, sum);
    assert_eq!(host.root_sh("sha256sum </srv/data").ok(), sum);
}

pub(crate) fn reason_and_ticket_come_from_the_environment(host: &Host) {
    let alice = host.login("alice");
    alice.type_line("WRIT_REASON='it is time' WRIT_TICKET=OPS-17 sudo arch");
    let id = waiting_id(&alice);
    assert!(!alice.transcript().contains("Reason: "));
    assert_eq!(field(host, &id, "reason"), "it is time");
    assert_eq!(field(host, &id, "ticket"), "OPS-17");
    approve(host, &id);
    alice.prompt();
}

pub(crate) fn a_ticket_that_does_not_match_is_asked_for_again(host: &Host) {
    let alice = host.login("alice");
    alice.type_line("WRIT_REASON='it is time' sudo arch --version");
    typed_ticket(&alice, "ops 17");
    typed_ticket(&alice, "OPS-17");
    let id = waiting_id(&alice);
    assert_eq!(field(host, &id, "ticket"), "OPS-17");
    approve(host, &id);
    alice.prompt();

    let refused = host.as_user("alice", "WRIT_REASON=why WRIT_TICKET=17 sudo arch --help");
    let said = refused.failed_with(1);
    assert!(said.contains("WRIT_TICKET") && said.contains("OPS-[0-9]+"), "{refused}");
}

fn typed_ticket(alice: &Terminal, ticket: &str) {
    alice.expect("Ticket (must match OPS-[0-9]+): ");
    alice.type_line(ticket);
}

pub(crate) fn a_reason_that_nobody_can_be_asked_for_is_named(host: &Host) {
    let refused = host.as_user("alice", "echo data | sudo tee /srv/unreasoned");
    assert!(refused.stderr.contains("WRIT_REASON"), "{refused}");
    assert!(!host.has("/srv/unreasoned"));
    assert_eq!(host.as_user("alice", "sudo tty").status, 1);
}

/// What `writ show` says under this name.
fn field(host: &Host, id: &str, name: &str) -> String {
    let shown = as_bob(host, &format!("writ show {id}"));
    let line = shown.ok().lines().find_map(|line| line.trim().strip_prefix(name));
    line.unwrap_or_else(|| panic!("no {name} in\n{shown}")).trim().to_owned()
}
