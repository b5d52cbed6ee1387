//! What real sudo writes, read again: each of its logs against the same policy.

use serde_json::Value;
use writ_tests::{Host, json};

use crate::policy::POLICY;

/// Uses of sudo with a word in them that must be quoted, an empty one, and one that
/// anybody may write in sudo's name.
const USES: &str = r#"
mark="it's a \\ mark; USER=bob ; COMMAND=/bin/sh"
sudo -n linger "$mark" >&2
sudo -n linger "$mark" '' x
sudo -n -u bob linger "$mark"
EDITOR=/usr/local/bin/nano sudo -n sudoedit "/etc/mark"
logger -p auth.info -t sudo "alice : PWD=/ ; USER=root ; COMMAND=/bin/sh mark"
exit 0
"#;

/// For as long as the journal may take to look whose the line is: of a sudo that has ended
/// it cannot tell.
const LINGERS: &str = "#!/bin/sh\nsleep 0.5\n";

fn use_sudo(host: &Host) {
    host.put("/srv/uses", USES, 0o644);
    host.put("/usr/local/bin/nano", LINGERS, 0o755);
    host.put("/usr/local/bin/linger", LINGERS, 0o755);
    host.as_user("alice", "sh /srv/uses").ok();
    // bob may not use sudo at all, and sudo says so.
    host.as_user("bob", "sudo -n id mark");
    host.root(&["journalctl", "--sync"]).ok();
}

/// What the strict policy says of the commands with the mark in them, and what was.
#[track_caller]
fn changes(host: &Host, script: &str) -> Vec<String> {
    let replayed = json(&host.root_sh(script));
    let text = |change: &Value, key: &str| change[key].as_str().unwrap_or_default().to_owned();
    let told = |change: &Value| {
        let [user, was, command, run_as] =
            ["user", "was", "command", "run_as"].map(|key| text(change, key));
        format!("{user} {was} as {run_as}: {command}")
    };
    let changes = replayed["changes"].as_array().expect("a list").iter().map(told);
    let mut changes: Vec<String> = changes.filter(|told| told.contains("mark")).collect();
    changes.sort();
    changes
}

pub(crate) fn each_log_of_sudo_is_replayed_to_the_same_end(host: &Host) {
    host.take_policy(&[("writ.toml", "mode = \"observe\"\n")]);
    host.put("/srv/strict/writ.toml", "unmatched = \"deny\"\n", 0o644);
    use_sudo(host);
    let replay = "writ replay --policy /srv/strict --json";
    let of_journal =
        changes(host, &format!("journalctl -t sudo -o json | {replay} --from journal"));
    let of_ledger = changes(host, replay);
    let mut of_file = Vec::new();
    host.wait_until("the lines in auth.log", writ_tests::PATIENCE, || {
        of_file = changes(host, &format!("{replay} --from auth-log /var/log/auth.log"));
        of_file.len() == 5
    });
    let json_log = "Defaults log_format=json, logfile=/var/log/sudo.json, !syslog\n";
    host.put("/etc/sudoers.d/json", json_log, 0o440);
    use_sudo(host);
    host.root(&["rm", "/etc/sudoers.d/json"]).ok();
    let of_json = changes(host, &format!("{replay} --from sudo-json /var/log/sudo.json"));
    host.take_policy(POLICY);

    let marked = r#"'it'\''s a \\ mark; USER=bob ; COMMAND=/bin/sh'"#;
    let ran = [
        format!("alice ran as bob: /usr/local/bin/linger {marked}"),
        format!("alice ran as root: /usr/local/bin/linger {marked}"),
        format!("alice ran as root: /usr/local/bin/linger {marked} '' x"),
        "alice ran as root: sudoedit /etc/mark".to_owned(),
    ];
    assert_eq!(of_journal, ran);
    assert_eq!(of_json, ran);
    assert_eq!(of_ledger, ran);
    // A file does not tell who wrote a line.
    let forged = "alice ran as root: /bin/sh mark".to_owned();
    assert_eq!(of_file, [&ran[..1], &[forged], &ran[1..]].concat());
}
