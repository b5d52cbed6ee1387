//! Policy files that are wrong, and a policy that only observes.

use serde_json::Value;
use writ_tests::{Host, PATIENCE};

use crate::POLICY;

/// What is wrong, where that is, and a word of the sentence about it.
const WRONG: [(&str, &str, &str); 5] = [
    ("[role.x]\nmembers = [\"dave\"]\nmembrs = []\n", "x.toml:3:", "membrs"),
    ("[role.x]\nmembers = \"dave\"\n", "x.toml:2:", "members"),
    (
        "[role.x]\nmembers = [\"dave\"]\n[[role.x.rule]]\ncommands = [\"touch /srv/*\"]\n\
         decision = \"allow\"\n",
        "x.toml:4:",
        "touch",
    ),
    (
        "[role.x]\nmembers = [\"dave\"]\n[[role.x.rule]]\ncommands = [\"/bin/ls ** x\"]\n\
         decision = \"allow\"\n",
        "x.toml:4:",
        "**",
    ),
    ("[role.x]\nmembers = [\"dave\"]\ncapabilities = [\"CAP_FLY\"]\n", "x.toml:3:", "CAP_FLY"),
];

/// Where the wrong files lie.
const FILE: &str = "/etc/writ/roles.d/x.toml";

pub(crate) fn a_policy_that_is_wrong_is_refused_with_its_place(host: &Host) {
    for (text, place, word) in WRONG {
        host.put(FILE, text, 0o644);
        is_refused(host, &[place, word]);
    }
    // Fine as text, but not root's alone to write.
    let fine = "[role.x]\nmembers = [\"dave\"]\n";
    host.put(FILE, fine, 0o666);
    is_refused(host, &["x.toml", "0666"]);
    host.put(FILE, fine, 0o644);
    host.root(&["chown", "alice", FILE]).ok();
    is_refused(host, &["x.toml", "belongs to the user 1000"]);
    host.root_sh(&format!(
        "mv {FILE} /srv/x.toml && chown root /srv/x.toml && ln -s /srv/x.toml {FILE}"
    ))
    .ok();
    is_refused(host, &["x.toml", "link"]);

    // An agent that starts anew with such files goes on with the last good ones.
    host.root(&["systemctl", "restart", "writd.service"]).ok();
    old_policy_holds(host);
    let status = host.root(&["writ", "status"]);
    assert!(status.ok().contains("were not taken"), "{status}");

    host.root(&["rm", FILE, "/srv/x.toml"]).ok();
    host.put(FILE, fine, 0o644);
    host.root(&["systemctl", "reload", "writd"]).ok();
    let status = host.root(&["writ", "status"]);
    assert!(status.ok().contains("Roles: 2"), "{status}");
    assert!(!status.ok().contains("not taken"), "{status}");
    host.take_policy(POLICY);
}

/// That the files are refused by every way, with these words, and change nothing.
#[track_caller]
fn is_refused(host: &Host, words: &[&str]) {
    let since = host.root(&["date", "+%s.%N"]).ok().to_owned();
    let reload = host.root(&["systemctl", "reload", "writd"]);
    assert_ne!(reload.status, 0, "{words:?} was taken: {reload}");
    let direct = host.root(&["writd", "reload"]);
    let status = host.root(&["writ", "status"]);
    let checked = host.root(&["writ", "check"]);
    checked.failed_with(1);
    for (said, text) in
        [(&direct, direct.failed_with(1)), (&status, status.ok()), (&checked, &checked.stdout)]
    {
        assert!(words.iter().all(|word| text.contains(word)), "{words:?} not in: {said}");
    }
    host.wait_until("the journal to say it", PATIENCE, || {
        let journal =
            host.root(&["journalctl", "-u", "writd", "-o", "cat", "--since", &format!("@{since}")]);
        words.iter().all(|word| journal.stdout.contains(word))
    });
    // Why is for root's eyes.
    let others = old_policy_holds(host);
    assert!(!words.iter().all(|word| others.contains(word)), "{others}");
}

/// That what was allowed is, and what was denied is not; gives what alice sees of the
/// agent's state.
#[track_caller]
fn old_policy_holds(host: &Host) -> String {
    let held = host.as_user("alice", "sudo id -u && ! sudo -n whoami && writ status");
    let seen = held.ok();
    assert!(!seen.contains("\nroot\n"), "{held}");
    seen.to_owned()
}

pub(crate) fn observing_blocks_nothing_and_records_all(host: &Host) {
    let observing = POLICY[0].1.replace("\"enforce\"", "\"observe\"");
    host.take_policy(&[("writ.toml", &observing), POLICY[1], POLICY[2]]);
    let since = host.root(&["date", "+%s"]).ok().to_owned();
    // One that would be asked about, one that would be denied, one that is allowed.
    for line in ["sudo -n touch /srv/bob/observed", "sudo -n whoami", "sudo -n id -u"] {
        host.as_user("alice", line).ok();
    }
    assert!(host.requests_of("observed").is_empty(), "nobody is to be asked");
    let mut decisions = Vec::new();
    host.wait_until("the journal to have them", PATIENCE, || {
        let journal = host.root(&[
            "journalctl",
            "-o",
            "json",
            "--since",
            &format!("@{since}"),
            "WRIT_EVENT=decision.made",
            "WRIT_USER=alice",
            "WRIT_FORCE=observed",
        ]);
        decisions = journal
            .stdout
            .lines()
            .map(|line| serde_json::from_str::<Value>(line).expect("JSON"))
            .collect();
        decisions.len() >= 3
    });
    for (word, command) in
        [("would_ask", "/srv/bob/observed"), ("deny", "whoami"), ("allow", "id -u")]
    {
        let found = decisions.iter().any(|decision| {
            decision["WRIT_DECISION"] == word
                && decision["WRIT_FORCE"] == "observed"
                && decision["WRIT_COMMAND"].as_str().is_some_and(|text| text.contains(command))
        });
        assert!(found, "no {word} of {command}: {decisions:?}");
    }
    host.take_policy(POLICY);
}
