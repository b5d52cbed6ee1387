//! The record: ledger, journal and syslog tell one story, nobody forges it, and
//! without it nothing is done.

mod disk;
mod forging;
mod lasting;
mod story;
mod syslog;
mod tampering;

use disk::{
    a_full_disk_lets_nothing_run_but_what_is_roots, the_end_of_a_command_waits_for_room_on_the_disk,
};
use forging::nothing_that_was_typed_forges_a_field_or_a_line;
use lasting::{a_reboot_ends_everything_on_record, the_ledger_rotates_and_keeps_what_is_open};
use story::{an_auditor_needs_no_root, one_command_is_one_story_everywhere};
use tampering::{
    a_changed_line_seals_the_agent_until_root_acknowledges, a_torn_line_is_cut_off_and_recorded,
    lines_cut_off_at_the_end_are_missed,
};
use writ_tests::{Host, PolicyFiles, scenarios};

scenarios! {
    prepare: recording,
    both: [
        one_command_is_one_story_everywhere,
        an_auditor_needs_no_root,
        nothing_that_was_typed_forges_a_field_or_a_line,
        a_torn_line_is_cut_off_and_recorded,
        the_ledger_rotates_and_keeps_what_is_open,
        a_changed_line_seals_the_agent_until_root_acknowledges,
        a_reboot_ends_everything_on_record,
        // The last three: what they take away, or have written elsewhere, is missed from
        // then on.
        lines_cut_off_at_the_end_are_missed,
        the_end_of_a_command_waits_for_room_on_the_disk,
        a_full_disk_lets_nothing_run_but_what_is_roots,
    ],
}

const POLICY: PolicyFiles<'_> = &[
    (
        "writ.toml",
        "mode = \"enforce\"\nunmatched = \"deny\"\n[ask]\nfrom = [\"bob\"]\n\
         [noninteractive]\nwait = \"1s\"\n",
    ),
    (
        "roles.d/srv.toml",
        r#"[role.srv]
members = ["alice", "dave"]
[[role.srv.rule]]
name = "look"
commands = ["/usr/bin/id **", "/usr/bin/echo **", "/usr/bin/head -n1 /srv/*"]
decision = "allow"
[[role.srv.rule]]
name = "touch"
commands = ["/usr/bin/touch **"]
decision = "ask"
"#,
    ),
];

/// Where the ledger lies.
const LEDGER: &str = "/var/lib/writ/ledger";

fn recording(host: &Host) {
    host.install_product(POLICY);
    host.root(&["usermod", "--append", "--groups", "adm", "dave"]).ok();
}

/// Stops the agent, runs a script of root's on the ledger (in its folder), and
/// starts the agent again.
#[track_caller]
fn while_the_agent_is_down(host: &Host, script: &str) {
    host.root(&["systemctl", "stop", "writd.socket", "writd.service"]).ok();
    host.root_sh(&format!("cd {LEDGER} && {script}")).ok();
    host.root(&["systemctl", "start", "writd.socket", "writd.service"]).ok();
}

/// Asks for `touch FILE` in advance and gives the request's ID.
#[track_caller]
fn in_advance(host: &Host, file: &str) -> String {
    let asked = host.as_user("alice", &format!("writ request --no-wait -- touch {file}"));
    asked.ok().to_owned()
}

/// bob approves.
#[track_caller]
fn approve(host: &Host, id: &str) {
    host.as_user("bob", &format!("writ approve {id} --yes")).ok();
}
