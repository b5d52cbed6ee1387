//! erin at her own terminal, with `writ --hub`: her account here is her workstation, and her
//! key is the only thing of hers that counts.

use writ_tests::{Host, Output, PATIENCE};

use crate::{HUB, UP_MAX};

/// Her words to the hub, with the key in a file.
fn hub(words: &str) -> String {
    format!("writ --hub {HUB} --key /home/erin/key {words}")
}

fn erin(host: &Host, words: &str) -> Output {
    host.as_user("erin", &hub(words))
}

/// Gives her the key, and the hosts that she knows.
fn sits_down(host: &Host, hosts: &str) {
    host.root_sh(
        "install -o erin -g erin -m 0600 /srv/erin.key /home/erin/key && \
         install -o erin -g erin -m 0644 /srv/erin.key.pub /home/erin/key.pub && \
         install -d -o erin -g erin /home/erin/.config /home/erin/.config/writ",
    )
    .ok();
    host.put("/home/erin/.config/writ/hosts", hosts, 0o666);
}

/// The line that an admin reads off the host.
fn line(host: &Host) -> String {
    host.root(&["writ", "host-key"]).ok().to_owned()
}

/// Waits until the hub has the question of a request.
#[track_caller]
fn came(host: &Host, id: &str) {
    // In one login, so that the hub is not asked to let her in each time.
    let pending = hub("pending --json");
    let looked =
        format!("for n in $(seq 60); do {pending} | grep -q {id} && exit; sleep 0.5; done; exit 9");
    host.as_user("erin", &looked).ok();
}

pub(crate) fn a_host_is_asked_about_once_and_then_known_at_a_terminal(host: &Host) {
    sits_down(host, "");
    let sudo = host.start_as("alice", "sudo -n touch /srv/first-use");
    let id = host.request_of("pending", "/srv/first-use");
    came(host, &id);
    // Without a terminal nobody can be asked.
    let refused = erin(host, &format!("approve {id} --yes"));
    assert!(refused.failed_with(1).contains("does not know the host"), "{refused}");
    let print =
        line(host).lines().nth(1).expect("a fingerprint").trim_start_matches("# ").to_owned();
    assert!(refused.stderr.contains(&print), "{refused}");
    let terminal = host.login("erin");
    terminal.type_line(&hub(&format!("approve {id}")));
    let asked = terminal.expect("Is it this one? [yes/no] ");
    assert!(asked.contains(&print), "{asked}");
    assert!(!asked.contains("/srv/first-use"), "it is shown before its host is known: {asked}");
    terminal.type_line("yes");
    let shown = terminal.expect("Approve this as erin? [y/n] ");
    assert!(shown.contains("/usr/bin/touch /srv/first-use"), "{shown}");
    terminal.type_line("y");
    terminal.expect("has taken your approval");
    sudo.finish(PATIENCE).ok();
    assert!(host.has("/srv/first-use"));
    let known = host.read("/home/erin/.config/writ/hosts");
    assert_eq!(known.trim(), line(host).lines().next().expect("a line"));
}

pub(crate) fn a_host_with_another_key_is_refused_with_the_line(host: &Host) {
    let name = host.root(&["hostname"]).ok().trim().to_owned();
    host.root_sh("rm -f /srv/other.key* && ssh-keygen -q -t ed25519 -N '' -f /srv/other.key").ok();
    let other = host.root_sh("cut -d' ' -f1,2 /srv/other.key.pub").ok().trim().to_owned();
    sits_down(host, &format!("# mine\n{name} {other}\n"));
    let asked = host.as_user("alice", "writ request --no-wait -- touch /srv/other-key");
    let id = asked.ok().to_owned();
    came(host, &id);
    for verb in ["show", "deny", "approve"] {
        let (said, status) = host.login("erin").run(&hub(&format!("{verb} {id}")));
        assert_eq!(status, 1, "{said}");
        assert!(said.contains("it is forged, or the host has a new key"), "{said}");
        assert!(said.contains("line 2") && !said.contains("/srv/other-key"), "{said}");
    }
    assert_eq!(host.request_of("pending", "/srv/other-key"), id);
    host.as_user("alice", &format!("writ cancel {id}")).ok();
}

pub(crate) fn ssh_agent_signs_at_an_approvers_own_terminal(host: &Host) {
    sits_down(host, &line(host));
    let sudo = host.start_as("alice", "sudo -n touch /srv/by-agent");
    let id = host.request_of("pending", "/srv/by-agent");
    came(host, &id);
    // The file is gone before anything is signed: the agent alone has the key.
    let approve = format!(
        "ssh-agent sh -c 'ssh-add -q /home/erin/key && rm /home/erin/key && \
         writ --hub {HUB} approve {id} --yes --comment fine'"
    );
    let done = host.as_user("erin", &approve);
    assert!(done.ok().contains("has taken your approval"), "{done}");
    sudo.finish(PATIENCE).ok();
    assert!(host.has("/srv/by-agent"));
    let shown = host.root(&["writ", "audit", "show", &id]);
    assert!(shown.ok().contains("erin") && shown.ok().contains("fine"), "{shown}");
    host.root(&["writ", "audit", "verify"]).ok();
}

pub(crate) fn a_key_file_says_no_and_what_is_open_is_listed_until_then(host: &Host) {
    sits_down(host, &line(host));
    let sudo = host.start_as("alice", "sudo -n touch /srv/said-no");
    let id = host.request_of("pending", "/srv/said-no");
    came(host, &id);
    let listed = erin(host, "pending");
    assert!(listed.ok().contains(&id) && listed.ok().contains("/srv/said-no"), "{listed}");
    let denied = erin(host, &format!("deny {id} --comment 'not on a Friday'"));
    assert!(denied.ok().contains("has taken your denial"), "{denied}");
    assert!(denied.ok().contains("/usr/bin/touch /srv/said-no"), "{denied}");
    let said = sudo.finish(PATIENCE);
    assert!(said.status != 0 && said.stderr.contains("erin said no"), "{said}");
    assert!(said.stderr.contains("not on a Friday"), "{said}");
    let listed = erin(host, "pending");
    assert!(!listed.ok().contains(&id), "{listed}");
    let again = erin(host, &format!("approve {id} --yes"));
    again.failed_with(3);
}

pub(crate) fn what_the_host_does_not_take_is_told_with_its_reason(host: &Host) {
    sits_down(host, &line(host));
    let asked = host.as_user("alice", "writ request --no-wait -- touch /srv/her-own");
    let id = asked.ok().to_owned();
    came(host, &id);
    host.root_sh("install -o alice -m 0600 /srv/alice.key /home/alice/key").ok();
    host.root_sh("install -d -o alice /home/alice/.config /home/alice/.config/writ").ok();
    host.put("/home/alice/.config/writ/hosts", line(host), 0o666);
    let own = format!("writ --hub {HUB} --key /home/alice/key approve {id} --yes");
    let refused = host.as_user("alice", &own);
    let said = refused.failed_with(3).to_owned();
    assert!(said.contains("did not take your answer") && said.contains("own request"), "{said}");
    assert_eq!(host.request_of("pending", "/srv/her-own"), id);
    host.as_user("alice", &format!("writ cancel {id}")).ok();
}

pub(crate) fn an_inbox_fills_as_questions_come_also_after_the_hub_was_lost(host: &Host) {
    sits_down(host, &line(host));
    let inbox = host.login("erin");
    inbox.type_line(&hub("watch"));
    for (number, verb) in ["approve", "deny"].into_iter().enumerate() {
        let file = format!("/srv/watched-{number}");
        let asked = host.as_user("alice", &format!("writ request --no-wait -- touch {file}"));
        let id = asked.ok().to_owned();
        let shown = inbox.expect_within(&format!("approve {id}"), UP_MAX);
        assert!(shown.contains(&format!("/usr/bin/touch {file}")), "{shown}");
        let yes = if verb == "approve" { "--yes" } else { "" };
        erin(host, &format!("{verb} {id} {yes}")).ok();
        inbox.expect(&format!("{id} on "));
        inbox.expect("is over, the hub says: ");
        if number == 0 {
            host.root(&["systemctl", "kill", "--signal=KILL", "writ-hub"]).ok();
            inbox.expect_within("it is called again", UP_MAX);
        }
    }
    inbox.send(b"\x03");
    inbox.prompt();
}

/// Nothing of `writ` itself is in the way: the same words, the same environment.
pub(crate) fn writ_hands_its_words_and_environment_on(host: &Host) {
    let help = host.as_user("erin", &format!("writ --hub {HUB} --help"));
    assert!(help.ok().contains("watch") && help.ok().contains("hub unreachable"), "{help}");
    let called = host.as_user("erin", "writ --hub=http://hub.example.com pending");
    assert!(called.failed_with(2).contains("is no origin"), "{called}");
    let late = host.as_user("erin", &format!("writ pending --hub {HUB}"));
    late.failed_with(2);
    let late = host.as_user("erin", &format!("writ --root / --hub {HUB} pending"));
    assert!(late.failed_with(2).contains("comes before"), "{late}");
    // WRIT_KEY is read by the other program, so it came through.
    let empty = "env -i PATH=/usr/bin WRIT_KEY=/nothing";
    let called =
        host.as_user("erin", &format!("{empty} writ --hub {HUB} --hosts /dev/null pending"));
    assert!(called.failed_with(1).contains("/nothing"), "{called}");
    let gone = host.as_user("erin", "writ --hub http://localhost:1 --key /home/erin/key pending");
    gone.failed_with(6);
    let files = host.root(&["dpkg", "-L", "writ"]);
    assert!(files.ok().contains("/man1/writ-remote-approve.1"), "{files}");
}
