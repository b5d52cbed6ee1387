//! The hub as a service of a host: its package comes and goes, and it does its work in the
//! box that its unit makes.

use std::time::Duration;

use writ_tests::{Host, hub_package, scenarios};

scenarios! {
    prepare: installed,
    both: [
        without_a_configuration_it_waits_for_one,
        it_serves_in_its_box_and_as_its_own_account,
        what_the_admin_makes_while_it_serves_holds_at_once,
        a_hub_that_was_killed_is_there_again_with_all_it_had,
        purging_takes_its_state_along,
    ],
}

/// How long the service may take to come up, on a busy machine too.
const UP_MAX: Duration = Duration::from_secs(60);

const CONFIGURATION: &str = "url = \"http://localhost:8080\"\nlisten = \"127.0.0.1:8080\"\n";

/// Prints the status of a `GET`, by what is on the host.
const STATUS: &str = r#"
import sys, urllib.request, urllib.error
try:
    print(urllib.request.urlopen("http://127.0.0.1:8080" + sys.argv[1]).status)
except urllib.error.HTTPError as error:
    print(error.code)
except OSError:
    print(0)
"#;

fn installed(host: &Host) {
    host.install(&hub_package());
    host.put("/root/status.py", STATUS, 0o644);
}

fn status(host: &Host, path: &str) -> String {
    host.root(&["python3", "/root/status.py", path]).ok().trim().to_owned()
}

fn is_up(host: &Host) -> bool {
    status(host, "/v1/health") == "204"
}

fn without_a_configuration_it_waits_for_one(host: &Host) {
    let state = host.root(&["systemctl", "is-enabled", "writ-hub.service"]);
    assert_eq!(state.ok().trim(), "enabled");
    assert!(!is_up(host));
    let checked = host.root(&["writ-hub", "check"]);
    assert_ne!(checked.status, 0);
    assert!(checked.stderr.contains("/etc/writ-hub/hub.toml"), "{checked}");
}

fn it_serves_in_its_box_and_as_its_own_account(host: &Host) {
    host.put("/etc/writ-hub/hub.toml", CONFIGURATION, 0o644);
    host.root(&["writ-hub", "check"]).ok();
    // Made by root, before the service ever was: it is the service's all the same.
    host.root_sh("install -d -o writ-hub -g writ-hub -m 0700 /var/lib/writ-hub").ok();
    host.root(&["writ-hub", "token", "web-1"]).ok();
    host.root(&["systemctl", "start", "writ-hub.service"]).ok();
    host.wait_until("the hub is up", UP_MAX, || is_up(host));
    let who = host.root_sh("ps -o user= -C writ-hub");
    assert_eq!(who.ok().trim(), "writ-hub");
    let owners = host.root_sh("stat -c '%U %a' /var/lib/writ-hub/* | sort -u");
    assert_eq!(owners.ok().trim(), "writ-hub 600");
    let folder = host.root(&["stat", "-c", "%U %a", "/var/lib/writ-hub"]);
    assert_eq!(folder.ok().trim(), "writ-hub 700");
    assert_eq!(status(host, "/"), "200");
    assert_eq!(status(host, "/v1/questions"), "401");
    // What the unit promises, in systemd's own words.
    let exposure = host.root_sh("systemd-analyze security writ-hub.service --no-pager | tail -n 1");
    let exposure = exposure.ok().to_owned();
    assert!(exposure.contains("OK"), "{exposure}");
}

fn what_the_admin_makes_while_it_serves_holds_at_once(host: &Host) {
    let link = host.root(&["writ-hub", "people", "add", "bob"]);
    assert!(link.ok().starts_with("http://localhost:8080/#/enrol/"), "{link}");
    let listed = host.root(&["writ-hub", "people", "list"]);
    assert_eq!(listed.ok().trim(), "bob 0 keys");
    let owners = host.root_sh("stat -c %U /var/lib/writ-hub/* | sort -u");
    assert_eq!(owners.ok().trim(), "writ-hub", "root leaves no file of its own behind");
    assert!(is_up(host));
    for page in ["writ-hub", "writ-hub-people"] {
        let there = format!("/usr/share/man/man1/{page}.1.gz");
        assert!(host.has(&there) || host.has(there.trim_end_matches(".gz")), "{there}");
    }
}

fn a_hub_that_was_killed_is_there_again_with_all_it_had(host: &Host) {
    host.root(&["systemctl", "kill", "--signal=KILL", "writ-hub.service"]).ok();
    host.wait_until("the hub is up again", UP_MAX, || is_up(host));
    assert_eq!(host.root(&["writ-hub", "people", "list"]).ok().trim(), "bob 0 keys");
}

fn purging_takes_its_state_along(host: &Host) {
    host.root(&["dpkg", "--remove", "writ-hub"]).ok();
    assert!(!is_up(host));
    assert!(host.has("/var/lib/writ-hub/hub.db"));
    host.root(&["dpkg", "--purge", "writ-hub"]).ok();
    for path in ["/var/lib/writ-hub", "/etc/writ-hub", "/usr/bin/writ-hub"] {
        assert!(!host.has(path), "{path}");
    }
}
