//! A door asks, and is answered: the tests are the door, which is root.

use std::fs;
use std::io::{Read, Write};
use std::os::unix::fs::{PermissionsExt, chown};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use writ_engine::record::Force;

use super::answer::answer;
use super::entry::Entry;
use super::snapshot::tests::Host;
use super::spool::Spool;

const ATTEMPT: &str = "0123456789abcdef0123456789abcdef";

/// Whoever runs the tests may do what stands here.
pub(super) fn role(commands: &str) -> String {
    format!(
        "[role.ops]\nmembers = [\"root\"]\n[[role.ops.rule]]\nname = \"look\"\ncommands = [{commands}]\nrun_as = [\"root\"]\ndecision = \"allow\"\nwithout_agent = \"allow\"\n[[role.ops.rule]]\nname = \"su\"\nservices = [\"su\"]\ndecision = \"allow\"\n"
    )
}

fn host(mode: &str) -> Host {
    ready(Host::with(mode, &role("\"/usr/bin/id **\"")))
}

pub(super) fn ready(host: Host) -> Host {
    let folder = host.places.without_agent();
    fs::create_dir(&folder).unwrap();
    fs::set_permissions(&folder, fs::Permissions::from_mode(0o750)).unwrap();
    host
}

pub(super) fn ask(path: &str, argv: &[&str], user: &str) -> Value {
    json!({
        "attempt": ATTEMPT,
        "door": "sudo",
        "interactive": false,
        "at_once": true,
        "command": {
            "path": path,
            "argv": argv,
            "cwd": "/",
            "edit": false,
            "run_as": { "user": user, "uid": if user == "root" { 0 } else { 65534 } },
        },
    })
}

fn id() -> Value {
    ask("/usr/bin/id", &["id", "-u"], "root")
}

pub(super) fn said(host: &Host, call: &Value) -> Value {
    let mut frame = serde_json::to_vec(call).unwrap();
    frame.push(0);
    told(host, &frame).unwrap_or(Value::Null)
}

/// What comes back for these bytes.
fn told(host: &Host, bytes: &[u8]) -> Option<Value> {
    let (mut door, inside) = UnixStream::pair().unwrap();
    let mut reply = Vec::new();
    std::thread::scope(|scope| {
        // A long question does not fit into the socket.
        scope.spawn(|| answer(inside, &host.places));
        let _ = door.write_all(bytes);
        let _ = door.shutdown(std::net::Shutdown::Write);
        door.read_to_end(&mut reply).unwrap();
    });
    assert_eq!(reply.pop().unwrap_or(0), 0);
    serde_json::from_slice(&reply).ok()
}

pub(super) fn asked(host: &Host, ask: &Value) -> Value {
    said(host, &json!({ "method": "io.writ.Agent.Ask", "parameters": ask, "more": true }))
}

pub(super) fn state(reply: &Value) -> &str {
    reply["parameters"]["answer"]["state"].as_str().unwrap_or("refused")
}

pub(super) fn kept(host: &Host) -> Vec<Entry> {
    let spool = Spool::at(host.places.without_agent());
    spool.names().unwrap().iter().map(|name| spool.read(name).unwrap()).collect()
}

#[test]
fn what_a_rule_lets_pass_is_on_the_disk_when_the_door_hears_of_it() {
    let host = host("enforce");
    let reply = asked(&host, &id());
    assert_eq!(state(&reply), "allowed", "{reply}");
    let answer = &reply["parameters"]["answer"];
    assert!(answer["started_boot_ms"].as_u64().unwrap() > 0);
    assert!(answer["message"].as_str().unwrap().contains("passes without Writ's agent"));
    assert_eq!(answer["id"], Value::Null);
    let [entry] = &kept(&host)[..] else { panic!("one entry") };
    assert_eq!((entry.attempt.as_str(), entry.force), (ATTEMPT, Force::Enforced));
    assert_eq!(entry.about.requester.account.name, "root");
    assert_eq!(entry.about.source.rule.as_deref(), Some("look"));
    assert_eq!(entry.about.act.aim.command().unwrap().argv, ["id", "-u"]);
    // A door that lost the answer hears it again.
    assert_eq!(state(&asked(&host, &id())), "allowed");
    assert_eq!(kept(&host).len(), 1);
}

#[test]
fn what_no_rule_lets_pass_is_refused_and_leaves_nothing() {
    let host = host("enforce");
    for (path, argv, user) in [
        ("/usr/bin/cat", ["cat"].as_slice(), "root"),
        ("/usr/bin/id", &["id"], "nobody"),
        ("/usr/bin/id\\x00", &["id"], "root"),
        ("/usr/bin/../bin/id", &["id"], "root"),
        ("/usr/bin/i\\xffd", &["\\xff"], "root"),
        ("id", &["id"], "root"),
        ("", &[], "root"),
    ] {
        let reply = asked(&host, &ask(path, argv, user));
        assert_eq!(reply["error"], "io.writ.Agent.Refused", "{path} {reply}");
    }
    assert!(kept(&host).is_empty());
}

#[test]
fn nothing_passes_that_cannot_be_put_down() {
    let host = host("enforce");
    fs::remove_dir(host.places.without_agent()).unwrap();
    assert_eq!(asked(&host, &id())["error"], "io.writ.Agent.NoRecord");
    fs::create_dir(host.places.without_agent()).unwrap();
    fs::set_permissions(host.places.without_agent(), fs::Permissions::from_mode(0o777)).unwrap();
    assert_eq!(asked(&host, &id())["error"], "io.writ.Agent.NoRecord");
    fs::set_permissions(host.places.without_agent(), fs::Permissions::from_mode(0o750)).unwrap();
    let mut wordy = id();
    wordy["reason"] = "x".repeat(4096).into();
    assert_eq!(asked(&host, &wordy)["error"], "io.writ.Agent.NoRecord");
    let long = "x".repeat(800 * 1024);
    let long = ask("/usr/bin/id", &["id", &long], "root");
    assert_eq!(asked(&host, &long)["error"], "io.writ.Agent.NoRecord");
    assert!(kept(&host).is_empty());
}

#[test]
fn observing_blocks_nothing_whatever_the_record() {
    let host = host("observe");
    let other = ask("/usr/bin/cat", &["cat"], "nobody");
    assert_eq!(state(&asked(&host, &other)), "allowed");
    assert_eq!(kept(&host)[0].force, Force::Observed);
    fs::remove_dir_all(host.places.without_agent()).unwrap();
    let reply = asked(&host, &other);
    assert_eq!(state(&reply), "allowed");
    let message = reply["parameters"]["answer"]["message"].as_str().unwrap();
    assert!(message.contains("it is in the system's log alone"), "{message}");
}

#[test]
fn a_policy_that_has_changed_lets_nothing_pass() {
    let host = host("enforce");
    host.write("roles.d/never.toml", "[role.never]\nmembers = [\"root\"]\n[[role.never.rule]]\ncommands = [\"ALL\"]\ndecision = \"deny\"\n");
    let reply = asked(&host, &id());
    let message = reply["parameters"]["message"].as_str().unwrap();
    assert!(message.contains("the policy files have changed"), "{reply}");
    assert!(kept(&host).is_empty());
}

#[test]
fn a_question_that_is_asked_again_later_is_not_put_down_yet() {
    let host = host("enforce");
    let mut later = id();
    later["at_once"] = false.into();
    let reply = asked(&host, &later);
    assert_eq!(state(&reply), "allowed");
    assert_eq!(reply["parameters"]["answer"]["started_boot_ms"], Value::Null);
    assert!(kept(&host).is_empty());
}

#[test]
fn sessions_of_services_that_a_rule_names_wait_and_others_are_left_alone() {
    let host = host("enforce");
    let session = |service: &str| {
        json!({
            "attempt": ATTEMPT,
            "door": "pam",
            "interactive": false,
            "session": { "service": service, "run_as": { "user": "root", "uid": 0 } },
        })
    };
    assert_eq!(asked(&host, &session("su"))["error"], "io.writ.Agent.Refused");
    assert_eq!(state(&asked(&host, &session("cron"))), "unasked");
    assert!(kept(&host).is_empty());
}

#[test]
fn what_is_no_question_is_answered_with_what_is_wrong_or_not_at_all() {
    let host = host("enforce");
    let named = |name: &str| said(&host, &json!({ "method": name, "parameters": id() }));
    for name in ["io.writ.Agent.Decide", "io.writ.Agent.Reload", "org.varlink.service.GetInfo"] {
        assert_eq!(named(name)["error"], "org.varlink.service.MethodNotFound");
    }
    let mut strange = id();
    strange["without_agent"] = true.into();
    assert_eq!(asked(&host, &strange)["error"], "org.varlink.service.InvalidParameter");
    for bytes in [&b""[..], b"\0", b"{\0", b"{\"method\":\"io.writ.Agent.Ask\"", b"[]\0", b"\xff\0"]
    {
        let reply = told(&host, bytes).unwrap_or(Value::Null);
        assert!(reply.is_null() || reply["error"].is_string(), "{reply}");
    }
    assert!(kept(&host).is_empty());
}

/// A folder where nothing on the way may be written by others.
fn root_folder() -> tempfile::TempDir {
    let folder = tempfile::Builder::new().prefix("writ-alone-").tempdir_in("/var/lib").unwrap();
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).unwrap();
    folder
}

#[test]
fn a_command_that_somebody_may_write_is_found_by_its_file_and_by_folders_above() {
    let folder = root_folder();
    let tool = folder.path().join("tool");
    fs::write(&tool, "#!/bin/sh\n").unwrap();
    fs::set_permissions(&tool, fs::Permissions::from_mode(0o755)).unwrap();
    let writable = |path: &Path| {
        let writer = crate::examine::Writer { uid: 1000, groups: [1000].into() };
        crate::examine::writable(path.to_str().unwrap(), &[writer]).map(PathBuf::from)
    };
    assert_eq!(writable(&tool), None);
    chown(&tool, Some(1000), None).unwrap();
    assert_eq!(writable(&tool), Some(tool.clone()));
    chown(&tool, Some(0), None).unwrap();
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o777)).unwrap();
    assert_eq!(writable(&tool), Some(folder.path().to_owned()));
    assert!(crate::examine::writable("/usr/bin/\\xzz", &[]).is_some(), "no path of any file");
}
