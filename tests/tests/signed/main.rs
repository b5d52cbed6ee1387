//! Answers that are signed away from the host, with real keys of ssh-keygen(1).

mod attacks;
mod given;

use attacks::{
    a_copy_counts_no_second_time, a_flood_of_nonsense_holds_nobody_else_up,
    a_key_that_was_taken_out_counts_no_more, an_answer_is_for_one_host_and_one_question,
    nobody_signs_for_himself_or_in_anothers_name,
};
use given::{
    a_key_in_ssh_agent_signs, a_signed_answer_starts_the_sudo_that_waits, a_signed_no_is_a_no,
    the_key_of_the_host_is_made_once_and_roots_alone,
};
use writ_tests::{Host, scenarios};

scenarios! {
    prepare: signing,
    both: [
        the_key_of_the_host_is_made_once_and_roots_alone,
        a_signed_answer_starts_the_sudo_that_waits,
        a_key_in_ssh_agent_signs,
        a_signed_no_is_a_no,
        a_copy_counts_no_second_time,
        nobody_signs_for_himself_or_in_anothers_name,
        a_key_that_was_taken_out_counts_no_more,
        a_flood_of_nonsense_holds_nobody_else_up,
        an_answer_is_for_one_host_and_one_question,
    ],
}

const HOST: &str = r#"mode = "enforce"
unmatched = "deny"
[ask]
from = ["alice", "bob", "erin"]
timeout = "10m"
signed = true
[noninteractive]
wait = "1s"
"#;

const ROLE: &str = r#"[role.srv]
members = ["alice"]
[[role.srv.rule]]
name = "touch"
commands = ["/usr/bin/touch *"]
decision = "ask"
[[role.srv.rule]]
name = "two"
commands = ["/usr/bin/mkdir *"]
decision = "ask"
ask = { count = 2 }
"#;

/// The keys of the people; erin has no account on this host, mallory no place in the
/// policy.
const PEOPLE: [&str; 4] = ["alice", "bob", "erin", "mallory"];

fn signing(host: &Host) {
    host.install_product(&[("writ.toml", "mode = \"enforce\"\n")]);
    host.root_sh("install -d /srv/keys").ok();
    for name in PEOPLE {
        let key = format!("ssh-keygen -q -t ed25519 -N '' -C {name} -f /srv/keys/{name}");
        host.root_sh(&key).ok();
    }
    take(host, &["alice", "bob", "erin"]);
}

/// Brings the policy into force, with the keys of these approvers.
#[track_caller]
fn take(host: &Host, keyed: &[&str]) {
    let mut approvers = String::new();
    for name in ["alice", "bob", "erin"] {
        approvers.push_str(&format!("[approver.{name}]\n"));
        match name {
            "erin" => {}
            name => approvers.push_str(&format!("unix_user = \"{name}\"\n")),
        }
        if keyed.contains(&name) {
            let key = host.read(&format!("/srv/keys/{name}.pub"));
            approvers.push_str(&format!("keys = [\"{}\"]\n", key.trim()));
        }
    }
    host.take_policy(&[
        ("writ.toml", HOST),
        ("roles.d/srv.toml", ROLE),
        ("approvers.d/people.toml", &approvers),
    ]);
}

/// alice asks for a command; gives the request's ID.
#[track_caller]
fn asked(host: &Host, command: &str) -> String {
    host.as_user("alice", &format!("writ request --no-wait -- {command}")).ok();
    let file = command.rsplit(' ').next().expect("a file");
    host.request_of("pending", file)
}

/// The question of a request, in a file, for whoever signs.
#[track_caller]
fn carried(host: &Host, id: &str) -> String {
    let file = format!("/srv/{id}.question");
    host.root_sh(&format!("writ offline {id} >{file}; grep -q 'BEGIN WRIT QUESTION' {file}")).ok();
    file
}

/// Somebody signs an answer with a key, in a name; gives the file with the answer.
#[track_caller]
fn signed(host: &Host, id: &str, key: &str, name: &str, more: &str) -> String {
    let question = carried(host, id);
    let answer = format!("/srv/{id}.{key}.{name}.answer");
    let line = format!(
        "writ sign {question} --key /srv/keys/{key} --as {name} --yes {more} --host-key \"$(writ host-key | sed -n 's/^# //p')\" >{answer}"
    );
    host.root_sh(&line).ok();
    answer
}
