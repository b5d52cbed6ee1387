//! A command is put into a scope of its own.

use std::time::Duration;

use writ_tests::{Host, PATIENCE};

use crate::policy::{approved, event, events, opened, property, scopes};

pub(crate) fn a_command_of_people_runs_in_a_scope_that_ends(host: &Host) {
    let dave = host.login("dave");
    dave.type_line("sudo cat /proc/self/cgroup -");
    let id = approved(host, &dave, "5m");
    dave.expect(&format!("/user.slice/user-1003.slice/writ-{id}-"));
    let scopes = scopes(host, &id);
    let [scope] = scopes.as_slice() else { panic!("{scopes:?}") };
    assert_eq!(property(host, scope, "Slice"), "user-1003.slice");
    assert_eq!(property(host, scope, "SendSIGHUP"), "yes");
    assert_eq!(property(host, scope, "TimeoutStopUSec"), "10.500000s");
    let limit = property(host, scope, "RuntimeMaxUSec");
    assert!(limit.starts_with("5min ") || limit.starts_with("4min 5"), "{limit}");
    let says = property(host, scope, "Description");
    assert!(says.starts_with(&format!("Writ {id}: dave runs as root: ")), "{says}");
    dave.send(b"\x04");
    dave.prompt();
    host.wait_until("the scope to go", PATIENCE, || crate::policy::scopes(host, &id).is_empty());
    event(host, &id, "grant.ended", PATIENCE);
    let story = events(host, &id);
    assert!(!story.contains(&"session.ended".to_owned()), "it ended by itself: {story:?}");
}

pub(crate) fn what_policy_allows_stays_where_it_is(host: &Host) {
    for user in ["alice", "carol", "dave"] {
        let (said, _) = host.login(user).run("sudo cat /proc/self/cgroup");
        assert!(said.contains("session-") && !said.contains("writ-"), "{said}");
    }
    let units =
        host.root(&["systemctl", "list-units", "--all", "--plain", "--no-legend", "writ-*-*-*.*"]);
    assert_eq!(units.ok(), "");
}

pub(crate) fn every_way_to_call_sudo_goes_on_working_in_a_scope(host: &Host) {
    let (id, _) = opened(host, "alice", "ops --for 10m");
    for pty in ["use_pty", "!use_pty"] {
        host.put("/etc/sudoers.d/pty", format!("Defaults {pty}\nDefaults:alice runcwd=*\n"), 0o440);
        let alice = host.login("alice");
        for (line, told) in [
            ("sudo id -u", "0"),
            ("sudo -n id -un", "root"),
            ("sudo -u bob id -un", "bob"),
            ("sudo -i pwd", "/root"),
            ("sudo -s pwd", "/home/alice"),
            ("echo data | sudo cat", "data"),
            ("sudo seq 3 | sudo tail -n 1", "3"),
            ("sudo sh -c 'exit 3' || echo $?", "3"),
            ("sudo sudo -u bob id -un", "bob"),
            ("sudo grep -o writ-[^/]*scope /proc/self/cgroup | cut -c1-5", "writ-"),
            ("sudo su -c 'id -u' -", "0"),
        ] {
            assert_eq!(alice.run(line), (told.to_owned(), 0), "{line} with {pty}");
        }
        alice.type_line("sudo -i; echo status $?");
        alice.expect("root@host:~# ");
        alice.type_line("exit 3");
        alice.expect("status 3\r\n");
    }
    host.root(&["rm", "/etc/sudoers.d/pty"]).ok();
    assert_eq!(host.as_user_with("alice", "sudo -n tr a-z A-Z", b"words").ok(), "WORDS");
    crate::policy::close(host, &id);
}

pub(crate) fn who_opens_a_session_with_sudo_is_put_back_and_known_as_before(host: &Host) {
    let (id, _) = opened(host, "alice", "ops --for 10m");
    for shell in
        ["sudo -u bob -i", "sudo su -l bob", "sudo sudo -u bob -i", "sudo sh -c 'su - bob; :'"]
    {
        let alice = host.login("alice");
        alice.type_line(shell);
        alice.expect("bob@host:~$ ");
        // As bob, and still alice: nobody decides on a request of his own.
        host.wait_until("all of it to be in the scope", PATIENCE, || {
            alice.look_away();
            alice.type_line("cut -d/ -f2-4 /proc/self/cgroup");
            alice.expect_one_of(&["/user-1000.slice/writ-", "/user-1001.slice/", "session-"]) == 0
        });
        let there = scopes(host, &id);
        assert_eq!(there.len(), 1, "{shell}: {there:?}");
        let limit = property(host, &there[0], "RuntimeMaxUSec");
        assert!(limit.starts_with("10min") || limit.starts_with("9min"), "{limit}");
        alice.type_line("exit");
        alice.prompt();
        host.wait_until("the scope to go", PATIENCE, || scopes(host, &id).is_empty());
    }
    crate::policy::close(host, &id);
}

pub(crate) fn what_cannot_be_held_is_not_started_and_root_is_never_kept_out(host: &Host) {
    let (id, _) = opened(host, "alice", "ops --for 10m");
    let alice = host.login("alice");
    host.root_sh("systemctl restart writd && mount --bind /dev/null /run/dbus/system_bus_socket")
        .ok();
    let (said, status) = alice.run("sudo touch /srv/unheld");
    let roots = host.root(&["sudo", "id", "-u"]);
    host.root(&["umount", "/run/dbus/system_bus_socket"]).ok();
    assert!(said.contains("could not be made sure that it ends with"), "{said}");
    assert_eq!((status, roots.ok()), (1, "0"));
    assert!(!host.has("/srv/unheld"));
    let finished = event(host, &id, "command.finished", PATIENCE);
    assert_eq!(finished["ending"]["exec_errno"], 13, "{finished}");
    assert_eq!(alice.run("sudo touch /srv/held"), (String::new(), 0));
    crate::policy::close(host, &id);
}

pub(crate) fn a_slow_pid_1_holds_nobody_else_up(host: &Host) {
    let (id, _) = opened(host, "alice", "ops --for 10m");
    // Stopped, the bus takes the call and hands it on to nobody.
    host.root_sh("kill -STOP $(systemctl show --value --property MainPID dbus)").ok();
    let waiting = host.start_root(&["runuser", "-u", "alice", "--", "sudo", "-n", "true"]);
    host.wait_until("the start on record", PATIENCE, || {
        crate::policy::events(host, &id).contains(&"command.started".to_owned())
    });
    let others =
        host.root(&["runuser", "-u", "dave", "--", "sudo", "-n", "cat", "/proc/self/cgroup"]);
    let refused = waiting.finish(Duration::from_secs(30));
    host.root_sh("kill -CONT $(pidof dbus-daemon dbus-broker)").ok();
    others.ok();
    assert_eq!(refused.status, 1, "{refused}");
    assert!(refused.stderr.contains("PID 1 has not answered within"), "{refused}");
    crate::policy::close(host, &id);
}

pub(crate) fn a_command_that_was_asked_for_in_advance_is_held_and_warned_where_it_runs(
    host: &Host,
) {
    let asked = host.as_user("dave", "writ request --no-wait --for 5s -- stubborn early");
    let id = crate::policy::id_in(&(asked.ok().to_owned() + &asked.stderr));
    host.as_user("bob", &format!("writ approve --yes {id}")).ok();
    let dave = host.login("dave");
    dave.type_line("sudo stubborn early");
    dave.expect("\r\nup");
    assert_eq!(scopes(host, &id).len(), 1);
    dave.expect(&format!("writ: {id} ends in 1 second, "));
    dave.expect(&format!("writ: {id} has ended, "));
    dave.prompt();
}
