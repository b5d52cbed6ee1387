//! Actions of polkit that a window of a role lends (`actions = […]`).

mod passing;

use passing::{
    a_dead_agent_lends_no_action, a_group_of_the_hosts_own_is_refused_and_named,
    a_window_that_runs_out_lends_nothing_more, an_action_passes_in_the_window_and_only_there,
    doctor_says_when_the_rule_is_gone, pkexec_passes_in_a_window_that_lends_it,
    rules_that_come_before_may_still_say_no, what_was_started_in_the_window_goes_on,
};
use writ_tests::{Host, PolicyFiles, scenarios};

scenarios! {
    prepare: units_and_people,
    both: [
        an_action_passes_in_the_window_and_only_there,
        what_was_started_in_the_window_goes_on,
        pkexec_passes_in_a_window_that_lends_it,
        a_window_that_runs_out_lends_nothing_more,
        a_dead_agent_lends_no_action,
        a_group_of_the_hosts_own_is_refused_and_named,
        rules_that_come_before_may_still_say_no,
        doctor_says_when_the_rule_is_gone,
    ],
}

const POLICY: PolicyFiles<'_> = &[
    ("writ.toml", "mode = \"enforce\"\nunmatched = \"pass\"\n[ask]\nfrom = [\"bob\"]\n"),
    (
        "roles.d/units.toml",
        r#"[role.units]
members = ["alice"]
actions = ["org.freedesktop.systemd1.manage-units"]
[role.exec]
members = ["alice"]
actions = ["org.freedesktop.policykit.exec"]
decision = "allow"
"#,
    ),
];

fn units_and_people(host: &Host) {
    host.put(
        "/etc/systemd/system/toy.service",
        "[Unit]\nStartLimitIntervalSec=0\n[Service]\nExecStart=sleep infinity\n",
        0o644,
    );
    host.root(&["systemctl", "daemon-reload"]).ok();
    host.install_product(POLICY);
}
