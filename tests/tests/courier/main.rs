//! The courier on a host: collectors that are real syslog daemons get every event, and
//! whoever has the courier in his hands can hold events back and no more.

mod afar;
mod captured;
mod certificates;
mod collectors;
mod encrypted;
mod unit;
mod way;

use afar::{
    a_host_is_enrolled_with_a_token, a_hub_that_is_away_is_told_and_holds_nobody_up,
    an_answer_counts_once_and_only_as_it_was_signed,
};
use captured::{a_captured_courier_decides_nothing_and_sees_no_more, others_get_no_events};
use collectors::{
    every_event_reaches_rsyslog_with_the_fields_of_the_journal,
    what_a_collector_missed_comes_when_it_is_back, without_collectors_the_courier_is_not_there,
};
use encrypted::rsyslog_with_tls_gets_every_event_and_no_other_server_any;
use unit::{it_has_no_privilege_and_is_small, the_agent_has_no_network_still};
use way::{
    the_courier_goes_through_its_proxy_and_no_other,
    with_the_courier_gone_who_waits_is_told_at_once,
};
use writ_tests::{Host, PolicyFiles, scenarios};

scenarios! {
    prepare: collecting,
    both: [
        without_collectors_the_courier_is_not_there,
        every_event_reaches_rsyslog_with_the_fields_of_the_journal,
        what_a_collector_missed_comes_when_it_is_back,
        rsyslog_with_tls_gets_every_event_and_no_other_server_any,
        it_has_no_privilege_and_is_small,
        the_agent_has_no_network_still,
        a_captured_courier_decides_nothing_and_sees_no_more,
        others_get_no_events,
        a_host_is_enrolled_with_a_token,
        an_answer_counts_once_and_only_as_it_was_signed,
        a_hub_that_is_away_is_told_and_holds_nobody_up,
        the_courier_goes_through_its_proxy_and_no_other,
        with_the_courier_gone_who_waits_is_told_at_once,
    ],
}

/// Without collectors.
const POLICY: PolicyFiles<'_> = &[("writ.toml", SETTINGS), ("roles.d/srv.toml", ROLE)];

/// With rsyslog as a collector, twice.
const COLLECTED: PolicyFiles<'_> = &[
    (
        "writ.toml",
        "mode = \"enforce\"\nunmatched = \"deny\"\n[ask]\nfrom = [\"bob\"]\n\
         [noninteractive]\nwait = \"1s\"\n[audit]\n\
         collectors = [\"tcp://127.0.0.1:10601\", \"udp://[::1]:10514\"]\n",
    ),
    ("roles.d/srv.toml", ROLE),
];

const SETTINGS: &str = "mode = \"enforce\"\nunmatched = \"deny\"\n[ask]\nfrom = [\"bob\"]\n\
     [noninteractive]\nwait = \"1s\"\n";

const ROLE: &str = r#"[role.srv]
members = ["alice"]
[[role.srv.rule]]
name = "look"
commands = ["/usr/bin/id **", "/usr/bin/echo **"]
decision = "allow"
[[role.srv.rule]]
name = "touch"
commands = ["/usr/bin/touch **"]
decision = "ask"
"#;

/// A second rsyslog, which is a collector for the network: what it gets it writes as it
/// parsed it, the structured data and the message apart.
const RSYSLOG: &str = r#"module(load="imtcp")
module(load="imudp")
template(name="parsed" type="string" string="%app-name% %msgid% %hostname% %structured-data% | %msg%\n")
ruleset(name="tcp") { action(type="omfile" file="/var/log/collected-tcp.log" template="parsed") }
ruleset(name="udp") { action(type="omfile" file="/var/log/collected-udp.log" template="parsed") }
input(type="imtcp" port="10601" ruleset="tcp")
input(type="imudp" port="10514" ruleset="udp")
"#;

const COLLECTOR_UNIT: &str = "[Service]\n\
     ExecStart=/usr/sbin/rsyslogd -n -f /srv/collector.conf -i /run/collector.pid\n";

fn collecting(host: &Host) {
    host.install_product(POLICY);
    host.put("/srv/collector.conf", RSYSLOG, 0o644);
    host.put("/etc/systemd/system/collector.service", COLLECTOR_UNIT, 0o644);
    host.put("/srv/as_courier.py", include_str!("as_courier.py"), 0o644);
    host.root(&["systemctl", "daemon-reload"]).ok();
    host.root(&["systemctl", "start", "collector"]).ok();
}

/// Whether PID 1 has the courier running.
fn is_there(host: &Host) -> bool {
    let told = host.root(&["systemctl", "show", "--property=ActiveState", "writ-courier"]);
    told.ok().trim() == "ActiveState=active"
}

/// Brings the policy with collectors into force, and waits for the courier.
#[track_caller]
fn with_collectors(host: &Host) {
    host.take_policy(COLLECTED);
    host.wait_until("the courier to run", writ_tests::PATIENCE, || is_there(host));
}
