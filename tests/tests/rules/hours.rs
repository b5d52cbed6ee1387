//! `hours`.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use writ_tests::{Host, PATIENCE};

use crate::POLICY;

/// What must be left of the hours for people to ask and to answer.
const LEFT_MIN_S: u64 = 30;

/// Until hours of whole minutes are over, and what runs has been ended.
const OVER: Duration = Duration::from_secs(60 + LEFT_MIN_S + 30);

pub(crate) fn a_grant_and_what_runs_on_it_end_with_the_hours(host: &Host) {
    let role = format!(
        "[role.daily]\nmembers = [\"alice\"]\nhours = \"{} UTC\"\n[[role.daily.rule]]\n\
         commands = [\"/usr/bin/sleep *\"]\ndecision = \"ask\"\n",
        ending_soon()
    );
    let mut files = POLICY.to_vec();
    files.push(("roles.d/daily.toml", &role));
    host.take_policy(&files);

    let alice = host.login("alice");
    alice.type_line("sudo sleep 4711; echo \"<$?>\"");
    let id = host.request_of("pending", "4711");
    host.as_user("bob", &format!("writ approve {id} --yes")).ok();
    let runs = || host.root(&["pgrep", "-fx", "sleep 4711"]).status == 0;
    host.wait_until("it runs", PATIENCE, runs);
    host.wait_until("it is ended", OVER, || !runs());
    let (said, status) = host.login("alice").run("sudo sleep 0");
    assert_ne!(status, 0, "{said}");
    assert!(said.contains("no role that alice has"), "{said}");
    host.take_policy(POLICY);
}

/// Hours that it is now, and that end soon: after a minute and a half at most.
fn ending_soon() -> String {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970").as_secs();
    let end = (now + LEFT_MIN_S).div_ceil(60) * 60;
    let clock = |seconds: u64| format!("{:02}:{:02}", seconds / 3600 % 24, seconds / 60 % 60);
    format!("{}-{}", clock(now - 3600), clock(end))
}
