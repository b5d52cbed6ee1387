//! Nobody decides on his own request, whichever way he goes about it.
//!
//! Everybody here is among those who are asked, so that being the requester is
//! the one thing that stands in the way.

use writ_tests::{Host, Output, PATIENCE, Terminal};

/// Runs `sudo touch FILE` at a terminal where it waits, and gives the request's ID.
fn ask(host: &Host, terminal: &Terminal, file: &str) -> String {
    terminal.type_line(&format!("sudo touch {file}"));
    host.request_of("pending", file)
}

/// That `output` is a refusal because the request is one's own, and that nothing ran.
#[track_caller]
fn is_refused(host: &Host, output: &Output, file: &str) {
    let said = output.failed_with(5);
    assert!(said.contains("nobody decides on his own request"), "{output}");
    assert!(!host.has(file), "it ran");
}

/// That somebody else can approve it, so that the refusals were about the person.
#[track_caller]
fn erin_approves(host: &Host, id: &str, file: &str) {
    host.as_user("erin", &format!("writ approve {id} --yes")).ok();
    host.wait_until("the command", PATIENCE, || host.has(file));
}

pub(crate) fn su_does_not_help_a_requester(host: &Host) {
    let file = "/srv/everybody/su";
    let alice = host.login("alice");
    for su in ["su carol", "su - carol"] {
        alice.type_line(su);
        alice.expect("Password: ");
        alice.type_line("carol");
        alice.prompt();
        assert_eq!(alice.run("id -un").0, "carol");
        let id = ask(host, &alice, file);
        // carol's account asks, alice is behind it: neither of them may answer.
        for user in ["alice", "carol"] {
            let tried = host.as_user(user, &format!("writ approve {id} --yes"));
            is_refused(host, &tried, file);
        }
        let pending = host.as_user("carol", "writ pending");
        assert!(!pending.ok().contains(&id), "{pending}");
        erin_approves(host, &id, file);
        alice.prompt();
        host.root(&["rm", file]).ok();
        alice.type_line("exit");
        alice.prompt();
    }
}

pub(crate) fn another_login_does_not_help_a_requester(host: &Host) {
    let file = "/srv/everybody/login";
    let alice = host.login("alice");
    let id = ask(host, &alice, file);
    let second = host.login("alice");
    let (said, status) = second.run(&format!("writ approve {id} --yes"));
    assert_eq!(status, 5, "{said}");
    // Her own terminal again, under another account.
    second.type_line("su carol");
    second.expect("Password: ");
    second.type_line("carol");
    second.prompt();
    let (said, status) = second.run(&format!("writ approve {id} --yes"));
    assert_eq!(status, 5, "{said}");
    assert!(said.contains("whichever account he uses"), "{said}");
    let tried = host.as_user("alice", &format!("writ deny {id}"));
    is_refused(host, &tried, file);
    erin_approves(host, &id, file);
    alice.prompt();
}

pub(crate) fn root_does_not_help_a_requester(host: &Host) {
    let file = "/srv/everybody/root";
    let alice = host.login("alice");
    alice.type_line("sudo bash");
    let shell = host.request_of("pending", "bash");
    host.as_user("bob", &format!("writ approve {shell} --yes")).ok();
    alice.expect("root@host");
    alice.prompt();
    assert_eq!(alice.run("id -u").0, "0");

    let other = host.login("alice");
    let id = ask(host, &other, file);
    let attempts = [
        format!("writ approve {id} --yes"),
        format!("su carol -c 'writ approve {id} --yes'"),
        format!("setpriv --reuid bob --clear-groups writ approve {id} --yes"),
        // A service of PID 1 has no login uid any more, but root is nobody who is asked.
        format!("systemd-run --quiet --pipe --wait writ approve {id} --yes"),
    ];
    for attempt in attempts {
        let (said, status) = alice.run(&attempt);
        assert_eq!(status, 5, "{attempt}: {said}");
        assert!(!host.has(file), "{attempt}: it ran");
    }
    erin_approves(host, &id, file);
    other.prompt();
    alice.type_line("exit");
    alice.prompt();
}

pub(crate) fn a_detached_process_does_not_help_a_requester(host: &Host) {
    let file = "/srv/everybody/detached";
    let decide = "#!/bin/sh\nwrit approve $1 --yes >/tmp/said 2>&1\necho $? >/tmp/status\n";
    host.put("/srv/decide", decide, 0o755);
    host.put("/srv/decide-as-carol", "echo carol | su carol -c \"/srv/decide $1\"\n", 0o755);
    // Her user manager is no session, and its services have no terminal.
    for script in ["decide", "decide-as-carol"] {
        let unit = format!("[Service]\nType=oneshot\nExecStart=/bin/sh /srv/{script} %i\n");
        host.put(&format!("/etc/systemd/user/{script}@.service"), unit, 0o644);
    }
    let alice = host.login("alice");
    let id = ask(host, &alice, file);
    let ways = [
        format!("systemctl --user daemon-reload && systemctl --user start decide@{id}"),
        format!("systemctl --user start decide-as-carol@{id}"),
        format!("setsid --wait /srv/decide {id}"),
        // As nohup(1) leaves it: nobody's child, its session gone.
        format!("(setsid /srv/decide {id} </dev/null >/dev/null 2>&1 &)"),
        format!("tmux -L own new-session -d '/srv/decide {id}'"),
    ];
    for way in ways {
        host.as_user("alice", &way).ok();
        host.wait_until(&way, PATIENCE, || host.has("/tmp/status"));
        let said = host.read("/tmp/said");
        assert_eq!(host.read("/tmp/status").trim(), "5", "{way}: {said}");
        assert!(said.contains("nobody decides on his own request"), "{way}: {said}");
        assert!(!host.has(file), "it ran: {way}");
        host.root(&["rm", "/tmp/said", "/tmp/status"]).ok();
    }
    erin_approves(host, &id, file);
    alice.prompt();
}

pub(crate) fn who_asked_through_another_account_cannot_answer_through_his_own(host: &Host) {
    let file = "/srv/everybody/bob";
    let bob = host.login("bob");
    bob.type_line("su alice");
    bob.expect("Password: ");
    bob.type_line("alice");
    bob.prompt();
    let id = ask(host, &bob, file);
    for user in ["bob", "alice"] {
        let tried = host.as_user(user, &format!("writ approve {id} --yes"));
        is_refused(host, &tried, file);
    }
    let shown = host.as_user("erin", &format!("writ show {id}"));
    assert!(shown.ok().contains("logged in as bob"), "{shown}");
    erin_approves(host, &id, file);
    bob.prompt();
}
