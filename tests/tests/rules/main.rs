//! What rules are limited to: conditions over the facts of a request, and hours.

mod conditions;
mod hours;
mod pins;

use conditions::{
    a_condition_is_about_the_login_that_asks, where_a_fact_is_missing_what_allows_asks_and_says_why,
};
use hours::a_grant_and_what_runs_on_it_end_with_the_hours;
use pins::a_pinned_program_is_allowed_as_it_was_pinned_and_as_nothing_else;
use writ_tests::{Host, PolicyFiles, scenarios};

scenarios! {
    prepare: limited,
    both: [
        a_condition_is_about_the_login_that_asks,
        where_a_fact_is_missing_what_allows_asks_and_says_why,
        a_grant_and_what_runs_on_it_end_with_the_hours,
        a_pinned_program_is_allowed_as_it_was_pinned_and_as_nothing_else,
    ],
}

const POLICY: PolicyFiles<'_> = &[
    (
        "writ.toml",
        r#"mode = "enforce"
unmatched = "deny"
[ask]
from = ["bob"]
[noninteractive]
wait = "1s"
"#,
    ),
    (
        "roles.d/limited.toml",
        r#"[role.limited]
members = ["alice"]
time_zone = "UTC"
[[role.limited.rule]]
name = "by terminal"
commands = ["/usr/bin/touch /srv/terminal"]
decision = "allow"
when = "tty && interactive && user == 'alice' && (in_network(source_ip, '0.0.0.0/0') || in_network(source_ip, '::/0'))"
[[role.limited.rule]]
name = "by ticket"
commands = ["/usr/bin/touch /srv/ticket"]
decision = "allow"
when = "ticket.startsWith('OPS-') && args == ['/srv/ticket']"
"#,
    ),
];

fn limited(host: &Host) {
    host.install_product(POLICY);
}
