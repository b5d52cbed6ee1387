//! From a person at his own machine to a command on a host: the agent, the courier and the
//! hub as their packages install them, and an approver who has nothing of Writ.

mod own_terminal;

use std::time::Duration;

use own_terminal::{
    a_host_is_asked_about_once_and_then_known_at_a_terminal,
    a_host_with_another_key_is_refused_with_the_line,
    a_key_file_says_no_and_what_is_open_is_listed_until_then,
    an_inbox_fills_as_questions_come_also_after_the_hub_was_lost,
    ssh_agent_signs_at_an_approvers_own_terminal,
    what_the_host_does_not_take_is_told_with_its_reason, writ_hands_its_words_and_environment_on,
};
use writ_tests::{Host, PATIENCE, PolicyFiles, hub_package, scenarios};

scenarios! {
    prepare: connected,
    both: [
        a_signature_from_afar_lets_the_waiting_sudo_run,
        a_no_from_afar_is_told_with_the_name,
        an_answer_outlives_every_part_that_carries_it,
        a_key_that_the_admin_took_away_decides_nothing,
        the_requester_decides_nothing_from_afar,
        a_host_is_asked_about_once_and_then_known_at_a_terminal,
        a_host_with_another_key_is_refused_with_the_line,
        ssh_agent_signs_at_an_approvers_own_terminal,
        a_key_file_says_no_and_what_is_open_is_listed_until_then,
        what_the_host_does_not_take_is_told_with_its_reason,
        an_inbox_fills_as_questions_come_also_after_the_hub_was_lost,
        writ_hands_its_words_and_environment_on,
        what_must_not_be_decided_on_the_host_is_refused_without_the_hub,
    ],
}

/// How long a service may take to come up, on a busy machine too.
const UP_MAX: Duration = Duration::from_secs(60);

const HUB: &str = "http://localhost:8080";

const HUB_TOML: &str = "url = \"http://localhost:8080\"\nlisten = \"127.0.0.1:8080\"\n";

const SETTINGS: &str = "mode = \"enforce\"\nunmatched = \"deny\"\n[ask]\nfrom = [\"@oncall\"]\n\
     justification = \"off\"\n[noninteractive]\nwait = \"50s\"\n[hub]\nurl = \"http://localhost:8080\"\n";

const ROLE: &str = r#"[role.srv]
members = ["alice"]
[[role.srv.rule]]
name = "touch"
commands = ["/usr/bin/touch **"]
decision = "ask"
[[role.srv.rule]]
name = "only from afar"
commands = ["/usr/bin/mkdir **"]
decision = "ask"
ask = { signed = true, without_hub = "deny" }
"#;

fn connected(host: &Host) {
    host.install_product(&[("writ.toml", "mode = \"observe\"\n")]);
    host.install(&hub_package());
    host.put("/etc/writ-hub/hub.toml", HUB_TOML, 0o644);
    host.put("/srv/approver.py", include_str!("approver.py"), 0o644);
    host.root(&["systemctl", "restart", "writ-hub.service"]).ok();
    host.wait_until("the hub to be up", UP_MAX, || {
        host.root_sh("writ-hub people list").status == 0
    });
    host.root_sh(
        "cd /srv && for name in erin alice; do \
           ssh-keygen -q -t ed25519 -N '' -C $name -f $name.key && \
           writ-hub people add $name --ssh-key \"$(cat $name.key.pub)\"; done && \
         writ host-key | grep -o 'ssh-ed25519 [^ ]*' >/srv/host.pub",
    )
    .ok();
    pinned(host);
    let name = host.root(&["hostname"]).ok().trim().to_owned();
    let token = host.root(&["writ-hub", "token", &name]).ok().to_owned();
    let token = token.split_whitespace().last().expect("a token").to_owned();
    let enrolled = host.root_with(&["writ", "enroll", HUB], format!("{token}\n").as_bytes());
    enrolled.ok();
    host.wait_until("writ doctor to be content", UP_MAX, || {
        host.root(&["writ", "doctor"]).status == 0
    });
}

/// erin, who has no account that counts here, and alice herself are on call.
fn pinned(host: &Host) {
    let line = |name: &str| host.read(&format!("/srv/{name}.key.pub")).trim().to_owned();
    let erin = format!("[approver.erin]\nteams = [\"oncall\"]\nkeys = [\"{}\"]\n", line("erin"));
    let alice = format!(
        "[approver.alice]\nunix_user = \"alice\"\nteams = [\"oncall\"]\nkeys = [\"{}\"]\n",
        line("alice")
    );
    let files: PolicyFiles<'_> = &[
        ("writ.toml", SETTINGS),
        ("roles.d/srv.toml", ROLE),
        ("approvers.d/erin.toml", &erin),
        ("approvers.d/alice.toml", &alice),
    ];
    host.take_policy(files);
}

/// The approver's program, as somebody who has only what is his and the host's public key.
fn answers(host: &Host, name: &str, verdict: &str, id: &str) -> writ_tests::Output {
    let key = format!("/srv/{name}.key");
    let argv = ["python3", "/srv/approver.py", HUB, &key, name, "/srv/host.pub", verdict, id];
    host.root(&argv)
}

/// Waits until the hub has the question, and answers it.
#[track_caller]
fn answered(host: &Host, name: &str, verdict: &str, id: &str) {
    assert_eq!(answers(host, name, verdict, id).ok().trim(), "201");
}

fn a_signature_from_afar_lets_the_waiting_sudo_run(host: &Host) {
    let sudo = host.start_as("alice", "sudo -n touch /srv/afar");
    let id = host.request_of("pending", "/srv/afar");
    answered(host, "erin", "approve", &id);
    sudo.finish(PATIENCE).ok();
    assert!(host.has("/srv/afar"));
    let shown = host.root(&["writ", "audit", "show", &id]);
    let print = host.root(&["ssh-keygen", "-l", "-f", "/srv/erin.key.pub"]).ok().to_owned();
    let print = print.split(' ').nth(1).expect("a fingerprint").to_owned();
    for part in ["erin", &print] {
        assert!(shown.ok().contains(part), "{part}: {shown}");
    }
    host.root(&["writ", "audit", "verify"]).ok();
}

fn a_no_from_afar_is_told_with_the_name(host: &Host) {
    let sudo = host.start_as("alice", "sudo -n touch /srv/denied");
    let id = host.request_of("pending", "/srv/denied");
    answered(host, "erin", "deny", &id);
    let said = sudo.finish(PATIENCE);
    assert!(said.status != 0 && said.stderr.contains("erin said no"), "{said}");
    assert!(!host.has("/srv/denied"));
}

/// Each of them is killed while somebody waits; the command runs, once.
fn an_answer_outlives_every_part_that_carries_it(host: &Host) {
    for (number, unit) in ["writ-courier", "writ-hub", "writd"].into_iter().enumerate() {
        let file = format!("/srv/killed-{number}");
        let sudo = host.start_as("alice", &format!("sudo -n touch {file}"));
        let id = host.request_of("pending", &file);
        host.root(&["systemctl", "kill", "--signal=KILL", unit]).ok();
        answered(host, "erin", "approve", &id);
        sudo.finish(UP_MAX).ok();
        assert!(host.has(&file), "{unit}");
        let listed = host.root(&["writ", "audit", "list", "--json", "--id", &id]);
        assert_eq!(listed.ok().matches("\"grant.started\"").count(), 1, "{unit}: {listed}");
        assert_eq!(listed.ok().matches("\"command.started\"").count(), 1, "{unit}: {listed}");
    }
}

fn a_key_that_the_admin_took_away_decides_nothing(host: &Host) {
    let asked = host.as_user("alice", "writ request --no-wait -- touch /srv/taken-away");
    let id = asked.ok().to_owned();
    let alice = host.read("/etc/writ/approvers.d/alice.toml");
    let files: PolicyFiles<'_> =
        &[("writ.toml", SETTINGS), ("roles.d/srv.toml", ROLE), ("approvers.d/alice.toml", &alice)];
    host.take_policy(files);
    // The hub knows her still, and takes it; the host does not.
    answered(host, "erin", "approve", &id);
    host.wait_until("the refusal to be on record", PATIENCE, || {
        host.root(&["writ", "audit", "list", "--json"]).ok().contains("answer.refused")
    });
    assert_eq!(host.request_of("pending", "/srv/taken-away"), id);
    pinned(host);
    host.as_user("alice", &format!("writ cancel {id}")).ok();
}

fn the_requester_decides_nothing_from_afar(host: &Host) {
    let asked = host.as_user("alice", "writ request --no-wait -- touch /srv/own");
    let id = asked.ok().to_owned();
    answered(host, "alice", "approve", &id);
    host.wait_until("the refusal to be on record", PATIENCE, || {
        let listed = host.root(&["writ", "audit", "list", "--json"]);
        let refused = |line: &&str| line.contains("answer.refused") && line.contains(&id);
        listed.ok().lines().any(|line| refused(&line)) || listed.ok().contains("own request")
    });
    assert_eq!(host.request_of("pending", "/srv/own"), id);
    host.as_user("alice", &format!("writ cancel {id}")).ok();
}

fn what_must_not_be_decided_on_the_host_is_refused_without_the_hub(host: &Host) {
    host.root(&["systemctl", "stop", "writ-hub"]).ok();
    let said = host.as_user("alice", "sudo -n mkdir /srv/only-from-afar");
    assert!(said.status != 0, "{said}");
    assert!(said.stderr.contains("the hub cannot be reached"), "{said}");
    host.root(&["systemctl", "start", "writ-hub"]).ok();
    host.wait_until("writ doctor to be content", UP_MAX, || {
        host.root(&["writ", "doctor"]).status == 0
    });
    let sudo = host.start_as("alice", "sudo -n mkdir /srv/only-from-afar");
    let id = host.request_of("pending", "/srv/only-from-afar");
    answered(host, "erin", "approve", &id);
    sudo.finish(UP_MAX).ok();
    assert!(host.has("/srv/only-from-afar"));
}
