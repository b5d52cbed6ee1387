//! A collector with TLS: rsyslog with GnuTLS, and a certificate by an authority that the
//! settings alone name.

use writ_tests::{Host, PATIENCE};

use crate::collectors::{await_all, have_the_fields_of_the_journal, messages};
use crate::{ROLE, certificates, is_there};

const OVER_TLS: &str = "/var/log/collected-tls.log";

/// By the name that its certificate has.
const BY_NAME: &str = "tls://logs.example:10614";

/// By an address that its certificate does not have.
const BY_ADDRESS: &str = "tls://127.0.0.1:10614";

const RSYSLOG: &str = r#"global(
    defaultNetstreamDriverCAFile="/srv/tls/ca.pem"
    defaultNetstreamDriverCertFile="/srv/tls/server.pem"
    defaultNetstreamDriverKeyFile="/srv/tls/server.key"
)
module(load="imtcp" streamDriver.name="gtls" streamDriver.mode="1" streamDriver.authMode="anon")
template(name="parsed" type="string" string="%app-name% %msgid% %hostname% %structured-data% | %msg%\n")
ruleset(name="tls") { action(type="omfile" file="/var/log/collected-tls.log" template="parsed") }
input(type="imtcp" port="10614" ruleset="tls")
"#;

const UNIT: &str = "[Service]\n\
     ExecStart=/usr/sbin/rsyslogd -n -f /srv/collector-tls.conf -i /run/collector-tls.pid\n";

fn collector(host: &Host) {
    certificates::make(host, "logs.example");
    host.root_sh("grep -q logs.example /etc/hosts || echo 127.0.0.1 logs.example >>/etc/hosts")
        .ok();
    host.put("/srv/collector-tls.conf", RSYSLOG, 0o644);
    host.put("/etc/systemd/system/collector-tls.service", UNIT, 0o644);
    host.root_sh("systemctl daemon-reload && systemctl restart collector-tls").ok();
}

/// Brings into force that events go there, if that authority has vouched for it.
#[track_caller]
fn send_to(host: &Host, url: &str, authority: &str) {
    let settings = format!(
        "mode = \"enforce\"\nunmatched = \"deny\"\n[ask]\nfrom = [\"bob\"]\n\
         [noninteractive]\nwait = \"1s\"\n\
         [audit]\ncollectors = [\"{url}\"]\nca = \"/srv/tls/{authority}.pem\"\n"
    );
    host.take_policy(&[("writ.toml", &settings), ("roles.d/srv.toml", ROLE)]);
    host.wait_until("the courier to run", PATIENCE, || is_there(host));
}

/// Waits until root is told that the collector gets nothing, and why.
#[track_caller]
fn await_trouble(host: &Host, url: &str, why: &str) {
    let mut told = String::new();
    let trouble = format!("the collector {url} gets nothing");
    host.wait_until(&format!("{trouble}: {why}"), PATIENCE, || {
        told = host.root(&["writ", "status"]).to_string();
        told.lines().any(|line| line.contains(&trouble) && line.contains(why))
    });
    println!("{}", told.lines().find(|line| line.contains(&trouble)).unwrap_or_default());
}

pub(crate) fn rsyslog_with_tls_gets_every_event_and_no_other_server_any(host: &Host) {
    collector(host);
    // Of an authority that has not vouched for it, or by a name that is not its own: nothing.
    for (url, authority, why) in
        [(BY_NAME, "other", "UnknownIssuer"), (BY_ADDRESS, "ca", "not valid for name")]
    {
        send_to(host, url, authority);
        host.as_user("alice", "sudo -n echo unsent").ok();
        await_trouble(host, url, why);
        assert!(!host.has(OVER_TLS), "{}", host.read(OVER_TLS));
    }
    // What was held back comes, too.
    send_to(host, BY_NAME, "ca");
    host.as_user("alice", "sudo -n echo 'a \"b\" ] \\ é'").ok();
    await_all(host, OVER_TLS);
    have_the_fields_of_the_journal(host, OVER_TLS);
    for number in 0..2 {
        host.root(&["systemctl", "stop", "collector-tls"]).ok();
        for missed in 0..20 {
            host.as_user("alice", &format!("sudo -n echo missed {number} {missed}")).ok();
        }
        await_trouble(host, BY_NAME, "");
        host.root(&["systemctl", "start", "collector-tls"]).ok();
        await_all(host, OVER_TLS);
    }
    host.wait_until("writ doctor to be content", PATIENCE, || {
        host.root(&["writ", "doctor"]).status == 0
    });
    // An authority that no longer vouches ends it.
    let before = messages(host, OVER_TLS).len();
    send_to(host, BY_NAME, "other");
    host.as_user("alice", "sudo -n echo held back").ok();
    await_trouble(host, BY_NAME, "UnknownIssuer");
    let since = messages(host, OVER_TLS);
    let held = since.values().filter(|line| line.contains("held back")).count();
    assert_eq!(held, 0, "{before} messages before, {} since", since.len());
    send_to(host, BY_NAME, "ca");
    await_all(host, OVER_TLS);
    host.root(&["systemctl", "stop", "collector-tls"]).ok();
}
