//! What is on record afterwards.

use writ_tests::{Host, PATIENCE};

use crate::commands::finished;
use crate::policy::{approve, left_open};

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
    host.put("/usr/local/bin/no-program", "\x7fELF", 0o755);
    assert_eq!(carol.run("sudo no-program").1, 1);
    host.wait_until("its record", PATIENCE, || finished(host, "no-program").is_some());
    let finished = finished(host, "no-program").expect("it is there");
    println!("{finished}");
}

pub(crate) fn journal_and_syslog_tell_the_story_under_one_id(host: &Host) {
    let line = "sudo echo a story";
    let id = left_open(host, "alice", line);
    approve(host, &id);
    host.as_user("alice", line).ok();
    let story = [("request.opened", "2"), ("decision.made", "1")];
    let _ = story;
    for (event, says) in [
        ("request.opened", r#"WRIT_USER="alice""#),
        ("decision.made", r#"WRIT_BY="bob""#),
        ("grant.started", r#"WRIT_FOR="#),
        ("command.started", r#"WRIT_COMMAND="/usr/bin/echo a story""#),
        ("command.finished", r#"WRIT_EXIT_STATUS="0""#),
        ("grant.ended", ""),
    ] {
        let written = format!(r#"WRIT_EVENT="{event}" WRIT_ID="{id}""#);
        host.wait_until(&format!("{event} in auth.log"), PATIENCE, || {
            let log = host.read("/var/log/auth.log");
            log.lines().filter(|line| line.contains(&written) && line.contains(says)).count() == 1
        });
        let (event, id) = (format!("WRIT_EVENT={event}"), format!("WRIT_ID={id}"));
        let found = host.root(&["journalctl", "-o", "cat", "-t", "writd", &event, &id]);
        assert_eq!(found.ok().lines().count(), 1, "{found}");
    }
}
