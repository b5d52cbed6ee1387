//! At a terminal.

use writ_tests::{Host, PATIENCE};

pub(crate) fn a_command_at_a_terminal_has_one_of_its_own(host: &Host) {
    let alice = host.login("alice");
    let (outer, _) = alice.run("tty");
    let (inner, status) = alice.run("writ run capture -- tty");
    assert!(inner.starts_with("/dev/pts/") && inner != outer && status == 0, "{inner} {outer}");
    assert_eq!(alice.run("writ run capture -- stat -c %U /dev/tty").1, 0);
    // It is the terminal that controls it.
    let (held, status) = alice.run("writ run capture -- sh -c 'echo there > /dev/tty'");
    assert_eq!((held.as_str(), status), ("there", 0));
    assert_eq!(alice.run("writ run capture -- sh -c 'exit 9'").1, 9);
    // With a pipe on either side it has none.
    assert_eq!(alice.run("writ run capture -- tty < /dev/null").0, "not a tty");
    assert_eq!(alice.run("echo words | writ run capture -- tr a-z A-Z").0, "WORDS");
    assert_eq!(alice.run("writ run capture -- sh -c 'test -t 1 || echo none' | cat").0, "none");
}

pub(crate) fn ctrl_c_and_job_control_work_in_the_shell(host: &Host) {
    let alice = host.login("alice");
    alice.type_line("writ shell capture; echo \"<$?>\"");
    alice.expect("$ ");
    alice.type_line("shopt -q login_shell && echo lo''gin; grep CapEff /proc/self/status");
    alice.expect("\r\nlogin\r\nCapEff:\t0000000000002000");
    alice.type_line("sleep 1000; echo after $?");
    alice.expect("sleep 1000; echo");
    host.wait_until("the sleep", PATIENCE, || host.root(&["pgrep", "-x", "sleep"]).status == 0);
    alice.send(b"\x03");
    alice.expect("^C");
    alice.type_line("echo st''ill; cat");
    alice.expect("still\r\n");
    alice.type_line("once");
    alice.expect("once\r\nonce\r\n");
    alice.send(b"\x1a");
    alice.expect("Stopped");
    alice.type_line("jobs; fg");
    alice.expect("\r\ncat\r\n");
    alice.type_line("again");
    alice.expect("again\r\nagain\r\n");
    alice.send(b"\x04");
    alice.prompt();
    alice.type_line("exit 3");
    alice.expect("logout\r\n<3>\r\n");
    alice.prompt();
}

pub(crate) fn ctrl_z_stops_a_command_between_pipes(host: &Host) {
    let alice = host.login("alice");
    // It appends: stopped between emptying the file and writing, it would leave an empty one.
    let count = "sh -c 'echo st''arted; while :; do echo >> /tmp/count; sleep 0.02; done'";
    alice.type_line(&format!("writ run capture -- {count} < /dev/null | cat"));
    alice.expect("started\r\n");
    let counted = || host.root(&["stat", "-c", "%s", "/tmp/count"]).stdout;
    alice.send(b"\x1a");
    alice.expect("Stopped");
    let mut last = counted();
    host.wait_until("it to stand still", PATIENCE, || {
        let before = std::mem::replace(&mut last, counted());
        host.root(&["sleep", "0.2"]).ok();
        !before.is_empty() && before == counted()
    });
    alice.type_line("fg");
    host.wait_until("it to go on", PATIENCE, || counted() != last);
    alice.send(b"\x03");
    alice.prompt();
}

pub(crate) fn a_resize_reaches_the_command(host: &Host) {
    let alice = host.login("alice");
    assert_eq!(alice.run("writ run capture -- stty size").0, "24 80");
    alice.type_line("writ run capture -- bash -c 'trap \"stty size\" WINCH; trap \"exit 4\" INT; echo re''ady; while :; do sleep 0.05; done'");
    alice.expect("ready\r\n");
    alice.resize(50, 132);
    alice.expect("50 132");
    alice.send(b"\x03");
    alice.prompt();
    alice.resize(24, 80);
}

pub(crate) fn the_terminal_is_as_it_was_before(host: &Host) {
    let alice = host.login("alice");
    let before = alice.run("stty -g").0;
    alice.run("writ run capture -- sh -c 'stty raw -echo; exit 1'");
    assert_eq!(alice.run("stty -g").0, before);
    // Also when it is told to end, and when the agent is lost for good.
    for end in ["pkill -TERM -x writ", "pkill -HUP -x writ"] {
        alice.type_line("writ run capture -- sh -c 'stty raw; echo star''ted; exec sleep 1000'");
        alice.expect("started");
        host.root_sh(end).ok();
        alice.prompt();
        assert_eq!(alice.run("stty -g").0, before, "{end}");
    }
}
