//! A person waits: what he sees, how he leaves, how he comes back.

use std::time::{Duration, Instant};

use writ_tests::{Host, PATIENCE};

use crate::policy::{approve, as_bob, events, revoke, waiting_id};

/// What is at once for a person.
const AT_ONCE: Duration = Duration::from_secs(2);

pub(crate) fn sudo_waits_until_another_person_approves(host: &Host) {
    let (alice, bob) = (host.login("alice"), host.login("bob"));
    alice.type_line("sudo sh -c 'echo done as $(id -un); exit 7'; echo status $?");
    let id = waiting_id(&alice);
    let line = |left: &str| format!("writ: {id} waiting for bob · {left} left");
    alice
        .see("the line", |screen| screen.contains(&line("5:00")) || screen.contains(&line("4:59")));
    alice.see("the time run", |screen| screen.contains(&line("4:58")));
    assert_eq!(alice.screen().matches("waiting for").count(), 1, "{}", alice.screen());

    bob.expect("writ: alice asks to run as root: /usr/bin/sh -c 'echo done as $(id -un); exit 7'");
    bob.expect(&format!("writ approve {id}"));
    bob.type_line(&format!("writ approve {id}"));
    bob.expect("Approve this? [y/N] ");
    bob.type_line("y");
    bob.expect(&format!("{id} is approved."));

    alice.expect(&format!("writ: {id} was approved by bob\r\n"));
    alice.expect("done as root\r\nstatus 7\r\n");
    alice.prompt();
    assert!(!alice.screen().contains("waiting for"), "{}", alice.screen());
    let story = [
        "request.opened",
        "decision.made",
        "grant.started",
        "command.started",
        "command.finished",
        "grant.ended",
    ];
    host.wait_until("the whole story", PATIENCE, || events(host, &id).len() >= story.len());
    let mut told = events(host, &id);
    // A grant of one use ends when it is used.
    told[4..].sort();
    assert_eq!(told, story);
}

pub(crate) fn the_line_fits_a_narrow_terminal(host: &Host) {
    let alice = host.login("alice");
    alice.type_line("clear; sudo echo narrow");
    let id = waiting_id(&alice);
    alice.resize(24, 40);
    let line = format!("writ: {id} waiting · ");
    alice.see("a short line", |screen| {
        screen
            .lines()
            .next_back()
            .is_some_and(|last| last.starts_with(&line) && last.ends_with(" left"))
    });
    assert_eq!(alice.screen().lines().count(), 1, "{}", alice.screen());
    approve(host, &id);
    alice.expect("\r\nnarrow\r\n");
    alice.prompt();
}

pub(crate) fn a_password_is_asked_first_where_sudoers_wants_one(host: &Host) {
    let erin = host.login("erin");
    erin.type_line("sudo echo with a password");
    erin.expect("password for erin: ");
    erin.type_line("erin");
    approve(host, &waiting_id(&erin));
    erin.expect("\r\nwith a password\r\n");
}

pub(crate) fn a_denial_is_told_with_its_comment(host: &Host) {
    let alice = host.login("alice");
    alice.type_line("sudo touch /srv/denied; echo status $?");
    let id = waiting_id(&alice);
    as_bob(host, &format!("writ deny {id} --comment 'not on a friday'")).ok();
    alice.expect("writ: denied: ");
    let told = alice.expect("status 1\r\n");
    assert!(told.contains(&id) && told.contains("not on a friday"), "{told}");
    assert!(!host.has("/srv/denied"));
}

pub(crate) fn silence_is_a_no(host: &Host) {
    let alice = host.login("alice");
    alice.type_line("sudo uptime --pretty; echo status $?");
    let id = waiting_id(&alice);
    alice.expect(&format!("writ: denied: {id} has expired"));
    alice.expect("status 1\r\n");
    assert_ne!(as_bob(host, &format!("writ approve --yes {id}")).status, 0);
}

pub(crate) fn ctrl_c_leaves_at_once_and_the_same_command_comes_back(host: &Host) {
    let alice = host.login("alice");
    let (modes, _) = alice.run("stty -a");
    let command = "sudo sh -c 'echo as $(id -un)'; echo status $?";
    alice.type_line(command);
    let id = waiting_id(&alice);
    let pressed = Instant::now();
    alice.send(b"\x03");
    alice.expect(&format!("writ: request {id} stays open; run the same command again"));
    assert!(pressed.elapsed() < AT_ONCE, "{:?}", pressed.elapsed());
    // The shell takes a Ctrl-C that its child did not die of as the end of that command.
    alice.expect("status 1\r\n");
    alice.prompt();
    assert_eq!(alice.run("stty -a").0, modes);

    alice.type_line(command);
    assert_eq!(waiting_id(&alice), id);
    alice.send(b"\x03");
    alice.expect("stays open");
    alice.prompt();

    approve(host, &id);
    alice.type_line(command);
    alice.expect(&format!("writ: {id} was approved by bob\r\n"));
    alice.expect("as root\r\nstatus 0\r\n");
    alice.prompt();
    assert_eq!(alice.run("stty -a").0, modes);
}

pub(crate) fn ctrl_z_and_fg_keep_the_place(host: &Host) {
    let alice = host.login("alice");
    let (modes, _) = alice.run("stty -a");
    alice.type_line("sudo echo in the foreground");
    let id = waiting_id(&alice);
    alice.send(b"\x1a");
    alice.expect("Stopped");
    alice.prompt();
    assert_eq!(alice.run("echo another command"), ("another command".to_owned(), 0));
    alice.type_line("fg");
    assert_eq!(waiting_id(&alice), id);
    approve(host, &id);
    alice.expect("\r\nin the foreground\r\n");
    alice.prompt();
    assert_eq!(alice.run("stty -a").0, modes);
}

pub(crate) fn a_job_in_the_background_leaves_the_terminal_alone(host: &Host) {
    let alice = host.login("alice");
    alice.type_line("sudo echo from the background &");
    let id = waiting_id(&alice);
    alice.expect(" bob\r\n");
    let left_ms = || host.requests_of("background")[0]["remaining_ms"].as_u64();
    host.wait_until("two seconds to pass", PATIENCE, || left_ms() < Some(298_000));
    assert!(!alice.transcript().contains("left"), "{}", alice.screen());
    alice.type_line("fg");
    assert_eq!(waiting_id(&alice), id);
    alice.see("the time that is left", |screen| screen.contains("left"));
    alice.send(b"\x1a");
    alice.expect("Stopped");
    alice.type_line("bg; clear");
    approve(host, &id);
    alice.expect("from the background\r\n");
}

pub(crate) fn a_hang_up_ends_sudo_and_not_the_request(host: &Host) {
    let alice = host.login("alice");
    alice.type_line("sudo echo after a hang-up");
    let id = waiting_id(&alice);
    let sudo = process_of(host, "sudo echo after a hang-up");
    alice.hang_up();
    host.wait_until("sudo to end", PATIENCE, || !host.has(&format!("/proc/{sudo}")));
    assert!(as_bob(host, "writ pending").ok().contains(&id));
    approve(host, &id);
    assert_eq!(
        host.login("alice").run("sudo echo after a hang-up 2>/dev/null").0,
        "after a hang-up"
    );
}

pub(crate) fn term_ends_sudo_and_not_the_request(host: &Host) {
    let alice = host.login("alice");
    alice.type_line("sudo echo after a TERM; echo status $?");
    let id = waiting_id(&alice);
    host.root(&["kill", "-TERM", &process_of(host, "sudo echo after a TERM")]).ok();
    alice.expect(&format!("writ: request {id} stays open"));
    alice.expect("status 1\r\n");
    assert!(as_bob(host, "writ pending").ok().contains(&id));
    assert!(alice.run(&format!("writ cancel {id}")).0.contains(&id));
}

pub(crate) fn what_was_revoked_while_sudo_was_stopped_does_not_run(host: &Host) {
    let alice = host.login("alice");
    alice.type_line("sudo touch /srv/revoked-while-stopped");
    let id = waiting_id(&alice);
    alice.send(b"\x1a");
    alice.expect("Stopped");
    approve(host, &id);
    revoke(host, &id);
    alice.type_line("fg");
    alice.expect("the command was not started");
    alice.prompt();
    assert!(!host.has("/srv/revoked-while-stopped"));
}

pub(crate) fn what_has_expired_while_sudo_was_stopped_does_not_run(host: &Host) {
    let alice = host.login("alice");
    alice.type_line("sudo touch /srv/expired");
    let id = waiting_id(&alice);
    alice.send(b"\x1a");
    alice.expect("Stopped");
    as_bob(host, &format!("writ approve --yes --for 1s {id}")).ok();
    host.wait_until("the end of the grant", PATIENCE, || {
        events(host, &id).last().is_some_and(|event| event == "grant.ended")
    });
    alice.type_line("fg");
    alice.expect("the command was not started");
    alice.prompt();
    assert!(!host.has("/srv/expired"));
}

/// The process whose command line begins like this.
#[track_caller]
fn process_of(host: &Host, command_line: &str) -> String {
    let found = host.root(&["pgrep", "--oldest", "--full", &format!("^{command_line}")]);
    found.ok().to_owned()
}
