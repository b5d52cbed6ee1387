//! Break-glass while the agent is away. Whoever runs the tests is who asks: root.

use std::fs;
use std::io::{Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixListener;
use std::thread;

use serde_json::{Value, json};
use writ_engine::Event;

use super::snapshot::tests::Host;
use super::spool::tests::entry;
use super::tests::{ask, asked, kept, ready, role, state};

/// What no rule of [`role`] lets pass.
fn touch() -> Value {
    let mut call = ask("/usr/bin/touch", &["touch", "/srv/x"], "root");
    call["interactive"] = true.into();
    call
}

fn glass(reason: &str) -> Value {
    let mut call = touch();
    call["break_glass"] = true.into();
    call["reason"] = reason.into();
    call
}

fn host(mode: &str, from: &str) -> Host {
    let host_file = format!("mode = \"{mode}\"\n[break_glass]\nfrom = [{from}]\n");
    ready(Host::with_files(&host_file, &role("\"/usr/bin/id **\"")))
}

fn named() -> Host {
    host("enforce", "\"root\"")
}

fn message(reply: &Value) -> String {
    let parameters = &reply["parameters"];
    let message = parameters["message"].as_str().or(parameters["answer"]["message"].as_str());
    message.unwrap_or_default().to_owned()
}

#[test]
fn who_is_named_is_offered_it_says_why_and_it_is_on_the_disk_before_it_passes() {
    let host = named();
    let offer = asked(&host, &touch());
    assert_eq!(state(&offer), "wanted", "{offer}");
    assert_eq!(offer["parameters"]["answer"]["wants_reason"], true);
    assert!(message(&offer).contains("You may break the glass"), "{offer}");
    assert!(kept(&host).is_empty(), "an offer is nothing yet");
    let broken = asked(&host, &glass("disk full"));
    assert_eq!(state(&broken), "allowed", "{broken}");
    assert!(broken["parameters"]["answer"]["started_boot_ms"].as_u64().unwrap() > 0);
    assert!(message(&broken).contains("the glass is broken"), "{broken}");
    let [entry] = &kept(&host)[..] else { panic!("one entry") };
    assert!(entry.glass);
    assert_eq!(entry.about.reason.as_deref(), Some("disk full"));
    assert_eq!(entry.about.requester.account.name, "root");
    // A door that lost the answer hears it again.
    assert_eq!(state(&asked(&host, &glass("disk full"))), "allowed");
    assert_eq!(kept(&host).len(), 1);
    let Event::GlassReported { about, .. } = entry.clone().event() else { panic!("{entry:?}") };
    assert_eq!(about.reason.as_deref(), Some("disk full"));
}

#[test]
fn what_a_rule_lets_pass_needs_no_glass() {
    let host = named();
    let mut id = ask("/usr/bin/id", &["id"], "root");
    id["interactive"] = true.into();
    assert_eq!(state(&asked(&host, &id)), "allowed");
    assert!(!kept(&host)[0].glass);
}

#[test]
fn where_nobody_can_be_asked_why_it_is_refused_with_the_way() {
    let host = named();
    let mut unattended = touch();
    unattended["interactive"] = false.into();
    unattended["reason"] = "of the environment".into();
    let reply = asked(&host, &unattended);
    assert_eq!(reply["error"], "io.writ.Agent.Refused");
    assert!(message(&reply).contains("lets nothing of the kind pass"), "{reply}");
    assert!(message(&reply).contains("writ breakglass --reason TEXT"), "{reply}");
    assert!(kept(&host).is_empty());
}

#[test]
fn who_is_not_named_is_neither_offered_it_nor_given_it() {
    for from in ["", "\"nobody\", \"%no-such-group\""] {
        let host = host("enforce", from);
        let reply = asked(&host, &touch());
        assert_eq!(reply["error"], "io.writ.Agent.Refused");
        assert!(!message(&reply).contains("glass"), "{reply}");
        let reply = asked(&host, &glass("let me"));
        assert_eq!(reply["error"], "io.writ.Agent.Refused");
        assert!(message(&reply).contains("root may not break the glass"), "{reply}");
        assert!(kept(&host).is_empty());
    }
}

#[test]
fn without_a_reason_or_with_one_that_is_too_long_it_is_not_broken() {
    let host = named();
    let mut none = glass("x");
    none.as_object_mut().unwrap().remove("reason");
    for call in [none, glass(""), glass(" \n\t")] {
        let reply = asked(&host, &call);
        assert!(message(&reply).contains("say why"), "{reply}");
    }
    assert_eq!(asked(&host, &glass(&"x".repeat(2049)))["error"], "io.writ.Agent.NoRecord");
    assert!(kept(&host).is_empty());
    assert_eq!(state(&asked(&host, &glass(&"x".repeat(2048)))), "allowed");
}

#[test]
fn what_is_typed_acts_on_nobody_who_reads_it() {
    let host = named();
    let forged = "x\u{1b}[2J\r\nwrit: root approved\u{7}\u{9b}1m";
    assert_eq!(state(&asked(&host, &glass(forged))), "allowed");
    let line = kept(&host)[0].line();
    assert!(line.starts_with("BREAK-GLASS: root runs as root"), "{line}");
    assert!(!line.chars().any(char::is_control), "{line:?}");
    assert_eq!(kept(&host)[0].about.reason.as_deref(), Some(forged), "it is whole on record");
}

#[test]
fn a_policy_that_has_changed_gives_it_to_nobody() {
    let host = named();
    host.write("writ.toml", "mode = \"enforce\"\n[break_glass]\nfrom = []\n");
    for call in [touch(), glass("x")] {
        let reply = asked(&host, &call);
        assert!(message(&reply).contains("the policy files have changed"), "{reply}");
    }
    assert!(kept(&host).is_empty());
}

#[test]
fn what_cannot_be_put_down_does_not_pass() {
    let host = named();
    let folder = host.places.without_agent();
    for number in 1..=250 {
        fs::write(folder.join(format!("{number:010}-0-{number:032x}.json")), "{}").unwrap();
    }
    let full = asked(&host, &glass("x"));
    assert_eq!(full["error"], "io.writ.Agent.NoRecord");
    assert!(message(&full).contains("as much has passed without the agent"), "{full}");
    fs::remove_dir_all(&folder).unwrap();
    assert_eq!(asked(&host, &glass("x"))["error"], "io.writ.Agent.NoRecord");
    fs::create_dir(&folder).unwrap();
    fs::set_permissions(&folder, fs::Permissions::from_mode(0o777)).unwrap();
    assert_eq!(asked(&host, &glass("x"))["error"], "io.writ.Agent.NoRecord");
    assert_eq!(fs::read_dir(&folder).unwrap().count(), 0);
}

/// Something at the agent's socket that says this to each who asks, or nothing.
fn agent(host: &Host, says: Option<Value>) {
    let listener = UnixListener::bind(&host.places.socket).unwrap();
    thread::spawn(move || {
        let mut held = Vec::new();
        while let Ok((mut stream, _)) = listener.accept() {
            if let Some(says) = &says {
                let mut frame = [0; 512];
                let _ = stream.read(&mut frame);
                let mut bytes = serde_json::to_vec(says).unwrap();
                bytes.push(0);
                let _ = stream.write_all(&bytes);
            }
            held.push(stream);
        }
    });
}

#[test]
fn an_agent_that_answers_is_asked_whatever_it_says() {
    for says in [
        json!({ "parameters": { "vendor": "Writ" } }),
        json!({ "error": "io.writ.Agent.TooMany", "parameters": { "message": "64 at once" } }),
        json!({ "error": "io.writ.Agent.NoRecord", "parameters": { "message": "broken" } }),
        json!({ "error": "of.another.version" }),
        json!("nonsense"),
    ] {
        let host = named();
        agent(&host, Some(says.clone()));
        for call in [touch(), glass("x")] {
            let reply = asked(&host, &call);
            assert!(message(&reply).contains("Writ's agent is there"), "{says}: {reply}");
        }
        assert!(kept(&host).is_empty());
    }
}

#[test]
fn an_agent_that_hangs_is_away() {
    let host = named();
    agent(&host, None);
    assert_eq!(state(&asked(&host, &glass("x"))), "allowed");
}

#[test]
fn only_commands_of_sudo_and_only_where_policy_binds() {
    let host = named();
    let mut session = json!({
        "attempt": "0123456789abcdef0123456789abcdef",
        "door": "pam",
        "interactive": true,
        "session": { "service": "su", "run_as": { "user": "root", "uid": 0 } },
    });
    let reply = asked(&host, &session);
    assert!(!message(&reply).contains("glass"), "{reply}");
    session["break_glass"] = true.into();
    session["reason"] = "x".into();
    assert_eq!(asked(&host, &session)["error"], "org.varlink.service.InvalidParameter");
    assert!(kept(&host).is_empty());
    let observed = self::host("observe", "\"root\"");
    assert_eq!(state(&asked(&observed, &glass("x"))), "allowed");
    assert!(!kept(&observed)[0].glass, "nothing is there to be broken");
}

#[test]
fn an_entry_of_before_is_read_as_no_break_glass() {
    let text = serde_json::to_string(&entry(1000, 1)).unwrap();
    assert!(!text.contains("glass"), "{text}");
}
