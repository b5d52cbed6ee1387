//! A grant ends while something runs on it.

use std::time::{Duration, Instant};

use writ_tests::{Host, PATIENCE};

use crate::policy::{
    GRACE, LATE_MAX, NO_ROLES, POLICY, approved, event, events, gone, left, modes, opened,
};

fn told(host: &Host, id: &str) -> Vec<String> {
    event(host, id, "command.finished", PATIENCE);
    let story = events(host, id);
    let end = story.iter().position(|event| event == "grant.ended").expect("it has ended");
    story[end..].to_vec()
}

pub(crate) fn a_shell_ends_with_its_grant_and_leaves_the_terminal_usable(host: &Host) {
    let (home, there) = ("root@host:~# ", "root@host:/home/dave# ");
    for (pty, shell, prompt) in [
        ("use_pty", "sudo -i", home),
        ("use_pty", "sudo -s", there),
        // Debian's profile of root turns messages off on the terminal that it finds, so
        // that with `sudo -i` no line would be seen here.
        ("!use_pty", "sudo -s", there),
        ("use_pty", "sudo su -l", home),
        ("!use_pty", "sudo su", there),
    ] {
        host.put("/etc/sudoers.d/pty", format!("Defaults {pty}\n"), 0o440);
        let dave = host.login("dave");
        let before = modes(&dave);
        dave.type_line(shell);
        let id = approved(host, &dave, "10m");
        dave.expect(prompt);
        dave.type_line("sleep 1000 & echo inside");
        dave.expect("\r\ninside");
        host.as_user("bob", &format!("writ revoke {id}")).ok();
        let since = Instant::now();
        dave.expect(&format!("writ: {id} has ended, and what runs on it ends now"));
        let late = gone(host, &id, since);
        println!(
            "{}: {shell} with {pty}: {late:?} from the revocation to the last process gone",
            host.release()
        );
        // sudo itself takes two seconds to end what it runs.
        assert!(late < LATE_MAX + Duration::from_secs(2), "{late:?}");
        dave.send(b"\r");
        dave.prompt();
        assert_eq!(modes(&dave), before, "{shell} with {pty}");
        assert_eq!(told(host, &id), ["grant.ended", "session.ended", "command.finished"]);
        let ended = event(host, &id, "session.ended", PATIENCE);
        assert_eq!(ended["how"], "stopped", "{ended}");
        let names = ended["processes"].to_string();
        assert!(
            names.contains("bash") && names.contains("sleep") && names.contains("sudo"),
            "{ended}"
        );
    }
    host.root(&["rm", "/etc/sudoers.d/pty"]).ok();
}

pub(crate) fn what_will_not_end_is_killed_after_the_grace_and_the_terminal_is_usable(host: &Host) {
    for pty in ["use_pty", "!use_pty"] {
        host.put("/etc/sudoers.d/pty", format!("Defaults {pty}\n"), 0o440);
        let dave = host.login("dave");
        let before = modes(&dave);
        dave.type_line(
            "dash -c 'sudo stubborn; stty -a' | tr ' ' '\\n' | grep opost | sed s/^/seen_/",
        );
        let id = approved(host, &dave, "5s");
        let since = Instant::now();
        host.wait_until("the command to run", PATIENCE, || left(host, &id) > 0);
        let late = gone(host, &id, since).saturating_sub(Duration::from_secs(5));
        println!("{}: {pty}: {late:?} from the deadline to the last process gone", host.release());
        assert!(late >= GRACE - Duration::from_secs(1) && late < GRACE + LATE_MAX, "{late:?}");
        // With a shell that puts nothing in order by itself.
        dave.expect("seen_opost");
        dave.prompt();
        assert_eq!(modes(&dave), before, "with {pty}");
        assert_eq!(told(host, &id), ["grant.ended", "session.ended", "command.finished"]);
    }
    host.root(&["rm", "/etc/sudoers.d/pty"]).ok();
}

pub(crate) fn whatever_ends_a_grant_ends_what_runs_on_it(host: &Host) {
    type End = fn(&Host, &str);
    let ends: [(&str, End); 3] = [
        ("revoked", crate::policy::close),
        ("policy", |host, _| host.take_policy(NO_ROLES)),
        ("expired", |_, _| ()),
    ];
    for (reason, end) in ends {
        let lasts = if reason == "expired" { "4s" } else { "10m" };
        let alice = host.login("alice");
        let (id, _) = opened(host, "alice", &format!("ops --for {lasts}"));
        alice.type_line("sudo sh -c 'echo up; sleep 1000'");
        alice.expect("\r\nup");
        end(host, &id);
        let ended = event(host, &id, "grant.ended", PATIENCE);
        assert_eq!(ended["reason"], reason, "{ended}");
        gone(host, &id, Instant::now());
        assert_eq!(
            told(host, &id),
            ["grant.ended", "session.ended", "command.finished"],
            "{reason}"
        );
        host.take_policy(POLICY);
    }
}

pub(crate) fn what_a_command_left_behind_ends_with_its_window(host: &Host) {
    let alice = host.login("alice");
    let (id, _) = opened(host, "alice", "ops --for 10m");
    alice.run("sudo sh -c 'setsid sleep 1000 >/dev/null 2>&1 &'");
    alice.run("sudo -b sleep 1000 >/dev/null 2>&1");
    host.wait_until("both to run", PATIENCE, || left(host, &id) >= 2);
    crate::policy::close(host, &id);
    gone(host, &id, Instant::now());
}

pub(crate) fn a_role_that_only_warns_ends_nothing(host: &Host) {
    let (id, _) = opened(host, "dave", "softly --for 4s");
    let dave = host.login("dave");
    dave.type_line("sudo sh -c 'echo up; read x; echo still'");
    dave.expect("\r\nup");
    dave.expect(&format!("writ: {id} ends in 1 second; leave what runs on it by then"));
    dave.expect(&format!("writ: {id} has ended; leave what still runs on it"));
    dave.type_line("on");
    dave.expect("still");
    dave.prompt();
    assert_eq!(told(host, &id), ["grant.ended", "command.finished"]);
}

pub(crate) fn a_window_ends_with_the_last_login_session(host: &Host) {
    let first = host.login("carol");
    let second = host.login("carol");
    let (said, _) = first.run("writ request visiting --for 10m");
    let id = crate::policy::id_in(&said);
    second.type_line("sudo sh -c 'nohup stubborn >/dev/null 2>&1 & echo up'");
    second.expect("\r\nup");
    second.prompt();
    first.type_line("exit");
    first.closed();
    second.run("true");
    assert_eq!(second.run(&format!("writ show {id} >/dev/null && echo open")).0, "open");
    second.type_line("exit");
    let ended = event(host, &id, "grant.ended", PATIENCE);
    assert_eq!(ended["reason"], "logout", "{ended}");
    gone(host, &id, Instant::now());
}
