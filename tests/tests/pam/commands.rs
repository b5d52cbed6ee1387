//! Commands that come in through PAM: doas, sudo-rs, and sudo with its plugin.

use writ_tests::Host;

use crate::policy::{approve, as_bob, decisions, event, id_in, pending, waiting_id};

pub(crate) fn sudo_asks_once_where_its_plugin_is(host: &Host) {
    let alice = host.login("alice");
    let (before, waiting) = (decisions(host), pending(host));
    assert_eq!(alice.run("sudo -n id -u"), ("0".to_owned(), 0));
    assert_eq!(decisions(host), before + 1);
    for line in ["sudo -n -l >/dev/null", "sudo -n -v", "sudo -K"] {
        assert_eq!(alice.run(line), (String::new(), 0), "{line}");
    }
    assert_eq!((decisions(host), pending(host)), (before + 1, waiting));
}

pub(crate) fn doas_asks_for_its_command(host: &Host) {
    assert_eq!(host.as_user("alice", "doas id -u").ok(), "0");
    let denied = host.as_user("alice", "doas whoami");
    assert!(denied.failed_with(1).contains("writ: denied: the rule \"never\""), "{denied}");
    let alice = host.login("alice");
    alice.type_line("doas sh -c 'echo done as $(id -un)'; echo status $?");
    let id = waiting_id(&alice);
    let shown = as_bob(host, &format!("writ show {id}"));
    assert!(shown.ok().contains("/usr/bin/sh -c 'echo done as $(id -un)'"), "{shown}");
    approve(host, &id);
    alice.expect("done as root\r\nstatus 0\r\n");
    event(host, &id, "command.finished");
}

pub(crate) fn doas_runs_the_approved_command_once(host: &Host) {
    let left = host.as_user("alice", "doas touch /srv/once");
    let id = id_in(left.failed_with(1));
    assert!(!host.has("/srv/once"));
    approve(host, &id);
    // What is approved is the same whichever door it comes in by.
    host.as_user("alice", "doas touch /srv/once").ok();
    event(host, &id, "grant.ended");
    let again = host.as_user("alice", "doas touch /srv/once");
    assert!(again.failed_with(1).contains("stays open"), "{again}");
    as_bob(host, &format!("writ deny {}", id_in(&again.stderr))).ok();
}

pub(crate) fn sudo_rs_asks_for_its_command(host: &Host) {
    assert_eq!(host.as_user("alice", "sudo-rs id -u").ok(), "0");
    assert_eq!(host.as_user("alice", "sudo-rs -u bob id -un").ok(), "bob");
    let denied = host.as_user("alice", "sudo-rs whoami");
    assert!(denied.failed_with(1).contains("writ: denied: the rule \"never\""), "{denied}");
    let alice = host.login("alice");
    alice.type_line("sudo-rs sh -c 'echo done as $(id -un)'; echo status $?");
    let id = waiting_id(&alice);
    approve(host, &id);
    alice.expect("done as root\r\nstatus 0\r\n");
    event(host, &id, "command.finished");
    let alice = host.login("alice");
    alice.type_line("sudo-rs -i");
    let id = waiting_id(&alice);
    let shown = as_bob(host, &format!("writ show {id}"));
    assert!(shown.ok().contains("-bash") && shown.ok().contains("/root"), "{shown}");
    as_bob(host, &format!("writ deny {id}")).ok();
    alice.expect("writ: denied: ");
}

pub(crate) fn sudo_rs_lists_and_checks_without_a_question(host: &Host) {
    let alice = host.login("alice");
    let (before, waiting) = (decisions(host), pending(host));
    for line in ["sudo-rs -l >/dev/null", "sudo-rs -v", "sudo-rs -K", "sudo-rs -k"] {
        assert_eq!(alice.run(line), (String::new(), 0), "{line}");
    }
    assert_eq!((decisions(host), pending(host)), (before, waiting));
}

pub(crate) fn a_name_that_may_be_two_files_is_refused(host: &Host) {
    let line = "mkdir -p ~/bin && ln -sf /usr/bin/touch ~/bin/id && PATH=~/bin:$PATH sudo-rs id /srv/two; rm -r ~/bin";
    let refused = host.as_user("alice", line);
    assert!(refused.stderr.contains("it cannot be told which id would run"), "{refused}");
    assert!(!host.has("/srv/two"));
}

/// The same line through either: whether it ran, was refused by a rule or left open, and
/// which request it came to.
pub(crate) fn commands_have_the_same_verdict_through_sudo_and_sudo_rs(host: &Host) {
    const LINES: usize = 200;
    let script = format!(
        r#"
import random, subprocess
random.seed(7)
commands = ["id", "/usr/bin/id", "whoami", "/usr/bin/whoami", "true", "/bin/true", "/usr/bin/true",
            "./tool", "/usr/bin/../bin/id", "echo", "/usr/bin/env"]
arguments = ["", "-u", "-n", "a b", "$HOME", "x;y", "--", "\\", "*", "\u00fc", "'", "-l"]
options = [[], ["-u", "bob"], ["-n"], ["-u", "root"], ["--user=dave"], ["-g", "adm"], ["--"], ["-nu", "erin"]]
def verdict(program, words):
    done = subprocess.run([program] + words, stdin=subprocess.DEVNULL, capture_output=True, text=True)
    for sign in ["stays open", "the rule \"never\"", "speaks of this command", "not found"]:
        if sign in done.stderr:
            return sign
    return "denied" if "writ: denied" in done.stderr else "ran"
from concurrent.futures import ThreadPoolExecutor
differ = 0
seen = {{}}
lines = []
for _ in range({LINES}):
    words = random.choice(options) + [random.choice(commands)]
    lines.append(words + random.choices(arguments, k=random.randrange(4)))
pool = ThreadPoolExecutor(12)
ones = list(pool.map(lambda words: verdict("sudo", words), lines))
others = list(pool.map(lambda words: verdict("sudo-rs", words), lines))
for words, one, other in zip(lines, ones, others):
    seen[one] = seen.get(one, 0) + 1
    if one != other:
        differ += 1
        print(words, one, other)
print(seen)
print("differ", differ)
"#
    );
    host.put("/srv/differ.py", script, 0o644);
    let told = host.as_user("alice", "cp /usr/bin/echo ~/tool; python3 /srv/differ.py");
    assert!(told.ok().ends_with("differ 0"), "{told}");
}
