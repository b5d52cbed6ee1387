//! The way to the hub: through the proxy that the settings name, or not at all.

use std::time::{Duration, Instant};

use writ_tests::{Host, PATIENCE};

use crate::afar::{SETTINGS, calls, enrolled, with_policy};
use crate::certificates;

/// The hub, by a name that the host itself could reach as well.
const FAR: &str = "https://hub.far.example:10443";

/// What went through the proxy of the settings, and through the one of the environment.
const PROXIED: &str = "/srv/proxied";
const TRAPPED: &str = "/srv/trapped";

/// Within this, a question that cannot be carried is refused, and the answer is there.
const REFUSED_MAX: Duration = Duration::from_secs(10);

fn unit(host: &Host, name: &str, line: &str) {
    let unit = format!("[Service]\nExecStart=/usr/bin/python3 {line}\n");
    host.put(&format!("/etc/systemd/system/{name}.service"), unit, 0o644);
    host.root_sh(&format!("systemctl daemon-reload && systemctl restart {name}")).ok();
}

/// The ports from which the proxy called, each for the hub.
fn proxied_from(host: &Host) -> Vec<u64> {
    let port = |line: &str| {
        let port = line.strip_prefix("CONNECT hub.far.example:10443 ");
        port.and_then(|port| port.parse().ok()).unwrap_or_else(|| panic!("{line}"))
    };
    host.read(PROXIED).lines().map(port).collect()
}

pub(crate) fn the_courier_goes_through_its_proxy_and_no_other(host: &Host) {
    enrolled(host);
    host.root(&["systemctl", "stop", "hub"]).ok();
    certificates::make(host, "hub.far.example");
    host.root_sh(
        "grep -q hub.far.example /etc/hosts || echo 127.0.0.1 hub.far.example >>/etc/hosts",
    )
    .ok();
    host.root_sh("rm -f /srv/hub/calls /srv/proxied /srv/trapped").ok();
    host.put("/srv/proxy.py", include_str!("proxy.py"), 0o644);
    unit(host, "far-hub", "/srv/hub.py 10443 /srv/tls/server.pem /srv/tls/server.key");
    unit(host, "proxy", &format!("/srv/proxy.py 10128 {PROXIED}"));
    unit(host, "trap", &format!("/srv/proxy.py 10129 {TRAPPED}"));
    let mut environment = "[Service]\n".to_owned();
    for name in ["http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"]
    {
        environment.push_str(&format!("Environment={name}=http://127.0.0.1:10129\n"));
    }
    // Nor does it make an exception for the hub.
    environment.push_str("Environment=no_proxy=* NO_PROXY=*\n");
    host.root(&["mkdir", "-p", "/etc/systemd/system/writ-courier.service.d"]).ok();
    host.put("/etc/systemd/system/writ-courier.service.d/trap.conf", environment, 0o644);
    host.root(&["systemctl", "daemon-reload"]).ok();
    let settings = SETTINGS.replace(
        "url = \"http://127.0.0.1:10080\"",
        &format!("url = \"{FAR}\"\nproxy = \"http://127.0.0.1:10128\"\nca = \"/srv/tls/ca.pem\""),
    );
    with_policy(host, &settings);
    host.root(&["systemctl", "restart", "writ-courier"]).ok();
    let kept =
        host.root_sh("tr '\\0' '\\n' </proc/$(systemctl show -P MainPID writ-courier)/environ");
    assert!(kept.ok().contains("HTTPS_PROXY=http://127.0.0.1:10129"), "{kept}");
    host.root_with(&["writ", "enroll", FAR], b"right-token\n").ok();
    host.wait_until("writ doctor to be content", PATIENCE, || {
        host.root(&["writ", "doctor"]).status == 0
    });
    let asked = host.as_user("alice", "writ request --no-wait -- touch /srv/proxied-question");
    let id = asked.ok().to_owned();
    let is_there = || calls(host, "PUT ").iter().any(|call| call["body"].to_string().contains(&id));
    host.wait_until("the question at the hub", PATIENCE, is_there);
    host.as_user("alice", &format!("writ cancel {id}")).ok();
    let answered = calls(host, "");
    assert!(answered.len() >= 3, "{answered:?}");
    let ports = proxied_from(host);
    for call in &answered {
        let from = call["from"].as_u64().expect("a port");
        assert!(ports.contains(&from), "{call} came by another way than {ports:?}");
    }
    // Without its proxy it takes no other way, and whoever waits is told.
    host.root(&["systemctl", "stop", "proxy"]).ok();
    let waits = host.start_as("alice", "writ request -- touch /srv/no-proxy");
    waits.expect_stderr("the hub cannot be reached; local approvers are still asked");
    let asked = host.request_of("pending", "/srv/no-proxy");
    let was_sent = |host: &Host| {
        calls(host, "PUT ").iter().any(|call| call["body"].to_string().contains(&asked))
    };
    assert!(!was_sent(host), "it went by another way");
    host.root(&["systemctl", "start", "proxy"]).ok();
    host.wait_until("the question at the hub", 2 * PATIENCE, || was_sent(host));
    assert!(!host.has(TRAPPED), "{}", host.read(TRAPPED));
    host.as_user("alice", &format!("writ cancel {asked}")).ok();
    waits.finish(PATIENCE);
    host.root_sh(
        "rm -r /etc/systemd/system/writ-courier.service.d && systemctl daemon-reload && \
         systemctl stop far-hub proxy trap",
    )
    .ok();
}

pub(crate) fn with_the_courier_gone_who_waits_is_told_at_once(host: &Host) {
    enrolled(host);
    let strict = SETTINGS.replace("[ask]\n", "[ask]\nwithout_hub = \"deny\"\n");
    for (settings, file, denies) in
        [(SETTINGS, "/srv/gone-local", false), (strict.as_str(), "/srv/gone-deny", true)]
    {
        with_policy(host, settings);
        host.root(&["systemctl", "restart", "writ-courier"]).ok();
        host.wait_until("writ doctor to be content", PATIENCE, || {
            host.root(&["writ", "doctor"]).status == 0
        });
        // Open while the courier is killed: it hears of it, too.
        let mut early = host.start_as("alice", &format!("writ request -- touch {file}-early"));
        host.wait_until("the request", PATIENCE, || {
            !host.requests_of(&format!("{file}-early")).is_empty()
        });
        assert!(early.is_running());
        // Stopped as well, and what would start it again.
        host.root_sh(
            "systemctl stop writ-courier.path; systemctl kill --signal=KILL writ-courier; \
             systemctl stop writ-courier",
        )
        .ok();
        let began = Instant::now();
        early.expect_stderr("the hub cannot be reached");
        let late = host.start_as("alice", &format!("writ request -- touch {file}-late"));
        late.expect_stderr("the hub cannot be reached");
        println!("{file}: both were told after {:?}", began.elapsed());
        if denies {
            for waits in [early, late] {
                let said = waits.finish(REFUSED_MAX);
                assert_eq!(said.status, 3, "{said}");
                assert!(said.stderr.contains("hub"), "{said}");
                println!("{}", said.stderr);
            }
            assert!(!host.has(&format!("{file}-late")));
        } else {
            for (waits, name) in [(early, "early"), (late, "late")] {
                let id = host.request_of("pending", &format!("{file}-{name}"));
                host.as_user("bob", &format!("writ approve {id} --yes")).ok();
                let said = waits.finish(PATIENCE);
                assert_eq!(said.status, 0, "{said}");
            }
        }
        host.root(&["systemctl", "start", "writ-courier.path"]).ok();
    }
    with_policy(host, SETTINGS);
}
