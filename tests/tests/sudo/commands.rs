//! The ways to call sudo.

use std::time::{Duration, Instant};

use writ_tests::{Host, PATIENCE};

use crate::policy::{Sudoers, approve, id_in, waiting_id};

pub(crate) fn what_policy_allows_runs_at_once(host: &Host) {
    for pty in ["Defaults use_pty", "Defaults !use_pty"] {
        let _sudoers = Sudoers::say(host, &format!("{pty}\nDefaults:carol runcwd=*"));
        let carol = host.login("carol");
        for (line, told) in [
            ("sudo id -u", "0"),
            ("sudo -n id -un", "root"),
            ("sudo -u bob id -un", "bob"),
            ("sudo -g games id -gn", "games"),
            ("sudo -i pwd", "/root"),
            ("sudo -s pwd", "/home/carol"),
            ("sudo -D /srv pwd", "/srv"),
            ("sudo A=1 sh -c 'echo $A'", "1"),
            ("echo data | sudo cat", "data"),
            ("sudo seq 3 | sudo tail -n 1", "3"),
            ("sudo -k id -u", "0"),
            ("sudo sudo -u bob id -un", "bob"),
            ("sudo true && sudo -l >/dev/null && sudo -v && echo ok", "ok"),
        ] {
            assert_eq!(carol.run(line), (told.to_owned(), 0), "{line} with {pty}");
        }
        carol.type_line("sudo -i; echo status $?");
        carol.expect("root@host:~# ");
        carol.type_line("exit 3");
        carol.expect("status 3\r\n");
        assert_eq!(host.as_user_with("carol", "sudo -n tr a-z A-Z", b"words").ok(), "WORDS");
    }
}

pub(crate) fn a_command_in_the_background_goes_on_and_its_end_is_on_record(host: &Host) {
    let carol = host.login("carol");
    let wait = "sh -c 'until [ -e /srv/open ]; do sleep .05; done; exit 5'";
    assert_eq!(carol.run(&format!("sudo -b {wait}")).1, 0);
    assert_eq!(finished(host, "/srv/open"), None);
    host.put("/srv/open", "", 0o644);
    host.wait_until("the record of its end", PATIENCE, || finished(host, "/srv/open").is_some());
    let finished = finished(host, "/srv/open").expect("it is there");
    assert!(finished.contains(r#"WRIT_EXIT_STATUS="5""#), "{finished}");
}

pub(crate) fn files_are_edited_with_sudoedit(host: &Host) {
    host.put("/srv/edited", "old\n", 0o600);
    let editor = "EDITOR='sed -i s/old/new/'";
    assert_eq!(host.login("carol").run(&format!("{editor} sudoedit /srv/edited")).1, 0);
    assert_eq!(host.read("/srv/edited"), "new\n");

    let editor = "EDITOR='sed -i s/new/newer/'";
    let alice = host.login("alice");
    alice.type_line(&format!("{editor} sudoedit /srv/edited"));
    let id = waiting_id(&alice);
    assert_eq!(host.read("/srv/edited"), "new\n");
    let shown = host.as_user("bob", &format!("writ show {id}"));
    assert!(shown.ok().contains("sudoedit /srv/edited"), "{shown}");
    approve(host, &id);
    alice.prompt();
    host.wait_until("the edit", PATIENCE, || host.read("/srv/edited") == "newer\n");
}

pub(crate) fn intercepted_commands_are_decided_one_by_one(host: &Host) {
    let _sudoers = Sudoers::say(host, "Defaults:dave intercept");
    let dave = host.login("dave");
    let (said, _) =
        dave.run("sudo sh -c '/usr/bin/id -u; /usr/bin/whoami; /usr/bin/uname; echo end'");
    let lines: Vec<&str> = said.lines().map(str::trim).collect();
    assert!(lines.contains(&"0"), "id is allowed: {said}");
    assert!(!lines.contains(&"root"), "whoami is denied: {said}");
    assert!(!lines.contains(&"Linux"), "uname is asked about: {said}");
    assert!(lines.contains(&"end"), "the shell goes on: {said}");
    let asked = said.lines().find(|line| line.contains("stays open")).expect("uname stays open");
    approve(host, &id_in(asked));
    let (said, _) = dave.run("sudo sh -c '/usr/bin/uname; echo end'");
    assert!(said.contains("Linux") && said.contains("end"), "{said}");
}

pub(crate) fn logged_subcommands_are_on_record_and_decided_on_by_nobody(host: &Host) {
    let _sudoers = Sudoers::say(host, "Defaults:dave log_subcmds");
    let dave = host.login("dave");
    assert_eq!(
        dave.run("sudo sh -c 'cd /srv; /usr/bin/id -u; /usr/bin/uname \"a b\" 2>&1 | /usr/bin/head -c 0; exit 3'"),
        ("0".to_owned(), 3)
    );
    let (id, _) = subcommands(host).pop().expect("one on record");
    let shown = host.root(&["writ", "audit", "show", &id]).ok().to_owned();
    let at = |what: &str| shown.find(what).unwrap_or_else(|| panic!("{what}: {shown}"));
    assert!(at("  started") < at("it started /usr/bin/id -u"), "{shown}");
    assert!(at("it started /usr/bin/uname 'a b'") < at("exited with 3"), "{shown}");
    assert!(!shown.contains("may not be on record"), "{shown}");
    let journal = host.root(&[
        "journalctl",
        "-o",
        "cat",
        "WRIT_EVENT=subcommand.started",
        &format!("WRIT_ID={id}"),
    ]);
    let journal = journal.ok();
    let of_id = journal.lines().find(|line| line.contains(r#"WRIT_COMMAND="/usr/bin/id -u""#));
    let of_id = of_id.unwrap_or_else(|| panic!("{journal}"));
    assert!(
        of_id.contains(r#"WRIT_USER="dave""#) && of_id.contains(r#"WRIT_CWD="/srv""#),
        "{of_id}"
    );
}

/// The agent is stopped while the commands of a shell go on: one of them waits for it, a
/// moment, and those that could not be told of are counted.
pub(crate) fn subcommands_wait_for_no_agent(host: &Host) {
    let _sudoers = Sudoers::say(host, "Defaults:dave log_subcmds");
    let mut dave = host.start_as("dave", "sudo sh -c '/usr/bin/id -u; read line; for i in 1 2 3 4 5; do /usr/bin/id -u; done; read line; /usr/bin/uname; exit 4'");
    dave.expect_stdout("0");
    host.root(&["systemctl", "kill", "--signal=STOP", "writd.service"]).ok();
    let since = Instant::now();
    dave.write(b"go on\n");
    host.wait_until("the shell to go on", PATIENCE, || dave.stdout().lines().count() == 6);
    assert!(since.elapsed() < Duration::from_secs(3), "{:?}", since.elapsed());
    host.root(&["systemctl", "kill", "--signal=CONT", "writd.service"]).ok();
    // What was not answered is not asked for a while.
    std::thread::sleep(Duration::from_secs(11));
    dave.write(b"and on\n");
    assert_eq!(dave.finish(PATIENCE).status, 4);
    let (_, told) = subcommands(host).pop().expect("one on record");
    assert!(told.contains("/usr/bin/uname") && told.contains(r#""missed":5"#), "{told}");
}

/// What is on record of commands that others started, under its ID.
fn subcommands(host: &Host) -> Vec<(String, String)> {
    let listed = host.root(&["writ", "audit", "list", "--json"]);
    let id = regex_lite::Regex::new(r#""id":"([0-9A-Z-]+)""#).expect("a form");
    let of = |line: &str| (id.captures(line).expect("an ID")[1].to_owned(), line.to_owned());
    let all = listed.ok().lines().filter(|line| line.contains(r#""event":"subcommand.started""#));
    all.map(of).collect()
}

pub(crate) fn a_command_inherits_no_descriptor(host: &Host) {
    // The fourth is that of ls itself, for the folder that it reads.
    for pty in ["Defaults use_pty", "Defaults !use_pty"] {
        let _sudoers = Sudoers::say(host, pty);
        let carol = host.login("carol");
        assert_eq!(carol.run("sudo ls /proc/self/fd | xargs").0, "0 1 2 3", "{pty}");
        let alice = host.login("alice");
        alice.type_line("sudo ls -C /proc/self/fd");
        approve(host, &waiting_id(&alice));
        alice.expect("\r\n0  1  2  3\r\n");
    }
}

pub(crate) fn exit_status_and_signal_are_passed_on_and_recorded(host: &Host) {
    let carol = host.login("carol");
    for (script, status, recorded) in [
        ("exit 0 # one", 0, r#"WRIT_EXIT_STATUS="0""#),
        ("exit 42 # two", 42, r#"WRIT_EXIT_STATUS="42""#),
        ("kill -9 $$ # three", 137, r#"WRIT_EXIT_STATUS="137" WRIT_SIGNAL="9""#),
        ("kill -TERM $$ # four", 143, r#"WRIT_EXIT_STATUS="143" WRIT_SIGNAL="15""#),
    ] {
        assert_eq!(carol.run(&format!("sudo sh -c '{script}'")).1, status, "{script}");
        host.wait_until("its record", PATIENCE, || finished(host, script).is_some());
        let finished = finished(host, script).expect("it is there");
        assert!(finished.contains(recorded), "{finished}");
    }
    host.put("/usr/local/bin/no-program", "#!/no/interpreter\n", 0o755);
    assert_eq!(carol.run("sudo no-program").1, 1);
    host.wait_until("its record", PATIENCE, || finished(host, "no-program").is_some());
    let finished = finished(host, "no-program").expect("it is there");
    // ENOENT (errno(3)): of the interpreter.
    assert!(finished.contains(r#"WRIT_EXEC_ERRNO="2""#), "{finished}");
}

/// The line of syslog about the end of a command that has this in it.
pub(crate) fn finished(host: &Host, command: &str) -> Option<String> {
    let log = host.read("/var/log/auth.log");
    let mut lines = log
        .lines()
        .filter(|line| line.contains(r#"WRIT_EVENT="command.finished""#) && line.contains(command));
    lines.next_back().map(str::to_owned)
}
