//! What a requester may try.

use writ_tests::{Host, Terminal};

use crate::policy::{approve, as_bob, left_open, waiting_id};

/// A clear screen, a title, marks that turn what follows around, a break of the
/// line, no UTF-8: as bash writes it.
const NASTY: &str = r"$'a\e[2Jb\e]0;t\ac\u202ed\u2066e\nf\rg\x9b1mh\xff\xfei\u200bj\\x41 k\t'";

pub(crate) fn an_argument_of_any_bytes_runs_unchanged_and_is_shown_escaped(host: &Host) {
    let plain = host.as_user("alice", &format!("printf %s {NASTY} | sha256sum"));
    let bob = host.login("bob");
    bob.look_away();
    let line = format!("sudo printf %s {NASTY}");
    let id = left_open(host, "alice", &line);
    bob.expect(&format!("writ approve {id}"));
    let views = as_bob(host, &format!("writ pending && writ show {id} && writ status"));
    assert_eq!(acts(views.ok()), None, "{views}");
    bob.type_line(&format!("writ show {id}"));
    bob.prompt();
    let raw = String::from_utf8_lossy(&bob.raw()).into_owned();
    for sign in ["\x1b[2J", "\x1b]0;t\x07", "\u{202e}", "\u{2066}", "\u{200b}"] {
        assert!(!raw.contains(sign), "{sign:?} reached bob's terminal");
    }
    approve(host, &id);
    assert_eq!(host.as_user("alice", &format!("{line} | sha256sum")).ok(), plain.ok());
}

pub(crate) fn a_long_argument_is_whole(host: &Host) {
    let long = r#""$(head -c 102400 /dev/zero | tr '\0' x)""#;
    let line = format!("sudo printf %s-end {long}");
    let plain = host.as_user("alice", &format!("printf %s-end {long} | sha256sum"));
    let bob = host.login("bob");
    bob.look_away();
    let id = left_open(host, "alice", &line);
    bob.expect(&format!("writ approve {id}"));
    let shown = as_bob(host, &format!("writ show {id}"));
    assert!(shown.ok().matches('x').count() >= 102_400);
    approve(host, &id);
    assert_eq!(host.as_user("alice", &format!("{line} | sha256sum")).ok(), plain.ok());
}

pub(crate) fn a_command_that_the_requester_may_write_is_refused(host: &Host) {
    let alice = host.login("alice");
    alice.run("printf '#!/bin/sh\\ntouch /srv/own\\n' >own; chmod +x own");
    refused_as_writable(&alice, "sudo ./own", "/home/alice");
    host.root_sh("install -d -o alice /srv/hers && install -m 755 /usr/bin/touch /srv/hers/touch")
        .ok();
    refused_as_writable(&alice, "sudo /srv/hers/touch /srv/own", "/srv/hers");
    host.root_sh("ln -s /srv/hers/touch /usr/local/bin/linked").ok();
    refused_as_writable(&alice, "sudo linked /srv/own", "/srv/hers");
    assert!(!host.has("/srv/own"));
}

fn refused_as_writable(alice: &Terminal, line: &str, named: &str) {
    let (said, status) = alice.run(line);
    assert_eq!(status, 1, "{said}");
    assert!(said.contains("writ: denied: ") && said.contains(named), "{said}");
}

pub(crate) fn a_program_that_was_replaced_is_not_started(host: &Host) {
    host.put("/usr/local/bin/tool", "#!/bin/sh\necho the tool\n", 0o755);
    let alice = host.login("alice");
    alice.type_line("sudo tool; echo status $?");
    let id = waiting_id(&alice);
    host.put("/usr/local/bin/tool", "#!/bin/sh\ntouch /srv/replaced\n", 0o755);
    approve(host, &id);
    let told = alice.expect("status 1\r\n");
    assert!(told.contains("the file /usr/local/bin/tool is not what it was"), "{told}");
    assert!(!host.has("/srv/replaced"));
}

pub(crate) fn nothing_runs_unapproved_under_tight_limits_or_without_descriptors(host: &Host) {
    let around = [
        "ulimit -n 8; COMMAND",
        "ulimit -n 5; COMMAND",
        "ulimit -f 0; COMMAND",
        "ulimit -u 1; COMMAND",
        "ulimit -s 256; COMMAND",
        "ulimit -v 40000; COMMAND",
        "ulimit -t 1; COMMAND",
        "COMMAND <&-",
        "COMMAND >&-",
        "COMMAND 2>&-",
        "COMMAND <&- >&- 2>&-",
        "trap '' INT TERM HUP PIPE TSTP; COMMAND",
    ];
    let mut line = String::new();
    for (number, around) in around.iter().enumerate() {
        let command = around.replace("COMMAND", &format!("exec sudo -n touch /srv/tight-{number}"));
        line.push_str(&format!("(({command}); echo $? >&3) 3>&1 & "));
    }
    let refused = host.as_user("alice", &format!("{line} wait"));
    let statuses: Vec<&str> = refused.ok().lines().collect();
    assert_eq!(statuses, vec!["1"; around.len()], "{refused}");
    assert!(!refused.stderr.contains("panicked"), "{refused}");
    let made = host.root_sh("ls -d /srv/tight-* 2>/dev/null");
    assert_eq!(made.stdout, "", "{refused}");

    let allowed = ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"]
        .map(|closed| format!("sudo -n touch /srv/closed {closed}"))
        .join(" && ");
    host.as_user("carol", &allowed).ok();
}

pub(crate) fn the_environment_decides_nothing(host: &Host) {
    let line = "WRIT_SOCKET=/tmp/none WRIT_AGENT=/tmp/none WRIT_MODE=observe WRIT_DECISION=allow \
        WRIT_ID=AAAA-AA SUDO_COMMAND=/usr/bin/true SUDO_USER=root USER=root LOGNAME=root \
        LD_PRELOAD=/tmp/none.so LD_LIBRARY_PATH=/tmp NOTIFY_SOCKET=/tmp/none \
        LISTEN_FDS=3 HOME=/root http_proxy=http://127.0.0.1:9 sudo -n touch /srv/environment";
    let refused = host.as_user("alice", line);
    assert_eq!(refused.status, 1, "{refused}");
    assert!(refused.stderr.contains("stays open"), "{refused}");
    assert!(!host.has("/srv/environment"));
}

/// The first character that would act on a terminal or cannot be seen.
fn acts(text: &str) -> Option<char> {
    text.chars().find(|c| {
        c.is_control() && *c != '\n' || ('\u{200b}'..='\u{206f}').contains(c) || *c == '\u{fffd}'
    })
}
