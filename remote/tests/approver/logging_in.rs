//! Whom the hub lets in, and what is kept of it.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use crate::desk::{Desk, error, mode, out, refused};
use crate::hub::{Hub, Reply, question};
use crate::web;

#[test]
fn one_login_serves_for_an_hour_and_is_kept_where_its_user_alone_reads_it() {
    let hub = Hub::started();
    let desk = Desk::of_bob(&hub, &[("web-1", &web())]);
    hub.asks(&web(), &question("web-1", "7K3M-Q2", "/srv/x"));
    for words in [&["pending"][..], &["show", "7K3M-Q2"], &["approve", "7K3M-Q2", "--yes"]] {
        assert!(desk.run(words).status.success());
    }
    assert_eq!(hub.count("POST /v1/login/ssh"), 1);
    let kept = desk.session().unwrap();
    assert_eq!((mode(&kept), mode(&desk.at("run/writ"))), (0o600, 0o700));
    assert!(out(&desk.run(&["logout"])).contains("has ended"));
    assert_eq!((hub.count("DELETE /v1/session"), desk.session()), (1, None));
    assert!(desk.run(&["pending"]).status.success());
    assert_eq!(hub.count("POST /v1/login/ssh"), 2);
}

#[test]
fn a_login_that_the_hub_forgot_is_made_anew() {
    let hub = Hub::started();
    let desk = Desk::of_bob(&hub, &[("web-1", &web())]);
    assert!(desk.run(&["pending"]).status.success());
    let kept = desk.session().unwrap();
    let changed = fs::read_to_string(&kept).unwrap().replace("token-of", "no-token-of");
    fs::write(&kept, changed).unwrap();
    let listed = desk.run(&["pending"]);
    assert!(listed.status.success(), "{}", error(&listed));
    assert_eq!(hub.count("POST /v1/login/ssh"), 2);
    // One that is kept is shown to that hub alone.
    let other = Hub::started();
    let elsewhere = desk.run(&["--hub", &other.url(), "pending"]);
    assert_eq!(elsewhere.status.code(), Some(2), "the hub is named once");
    fs::write(desk.session().unwrap(), "nonsense").unwrap();
    assert!(desk.run(&["pending"]).status.success());
}

#[test]
fn without_a_folder_of_ones_own_nothing_is_kept() {
    let hub = Hub::started();
    let desk = Desk::of_bob(&hub, &[]);
    fs::set_permissions(desk.at("run"), fs::Permissions::from_mode(0o755)).unwrap();
    for _ in 0..2 {
        assert!(desk.run(&["pending"]).status.success());
    }
    assert_eq!((hub.count("POST /v1/login/ssh"), desk.session()), (2, None));
}

#[test]
fn the_key_of_ssh_agent_that_the_hub_knows_is_found() {
    let hub = Hub::started();
    let desk = Desk::empty(&hub);
    let (other, mine) = (desk.key("other"), desk.key("mine"));
    assert!(other.exists());
    hub.knows("erin", &fs::read_to_string(mine.with_extension("pub")).unwrap());
    let desk = desk.with_agent(&["other", "mine"]);
    desk.add_host(&format!("web-1 {}\n", web().public().line()));
    hub.asks(&web(), &question("web-1", "7K3M-Q2", "/srv/x"));
    let done = desk.run(&["approve", "7K3M-Q2", "--yes"]);
    assert_eq!(done.status.code(), Some(0), "{}", error(&done));
    assert_eq!(hub.answers()[0].decision.approver, "erin");
    assert_eq!(hub.count("POST /v1/login/ssh"), 2, "the other key was tried first");
    // By the file with its public part, too, which ssh-keygen takes.
    let key = mine.with_extension("pub");
    let listed = desk.run(&["--key", key.to_str().unwrap(), "pending"]);
    assert!(listed.status.success(), "{}", error(&listed));
}

#[test]
fn who_is_not_known_is_told_what_to_do() {
    let hub = Hub::started();
    let desk = Desk::empty(&hub);
    refused(&desk.run(&["pending"]), 1, &["no ssh-agent", "--key"]);
    desk.key("bob");
    refused(&desk.run(&["pending"]), 5, &["lets nobody in by your key", "writ-hub people"]);
    fs::remove_file(desk.at("bob")).unwrap();
    let missing = desk.at("nothing");
    let listed = desk.run(&["--key", missing.to_str().unwrap(), "pending"]);
    refused(&listed, 1, &["ssh-keygen did not sign"]);
    let empty = Desk::empty(&hub).with_agent(&[]);
    refused(&empty.run(&["pending"]), 1, &["ssh-agent has no key"]);
}

#[test]
fn the_key_of_the_settings_is_taken() {
    let hub = Hub::started();
    let desk = Desk::of_bob(&hub, &[]);
    fs::rename(desk.at("bob"), desk.at("robert")).unwrap();
    let file = desk.at(".config/writ/config.toml");
    let key = desk.at("robert").display().to_string();
    fs::write(&file, format!("[hub.\"{}\"]\nkey = \"{key}\"\n", hub.url())).unwrap();
    let listed = desk.run(&["pending"]);
    assert!(listed.status.success(), "{}", error(&listed));
    fs::write(&file, "[hubs]\n").unwrap();
    refused(&desk.run(&["pending"]), 1, &["config.toml", "hubs"]);
}

#[test]
fn what_the_hub_will_not_have_comes_to_its_exit_code() {
    let hub = Hub::started();
    let desk = Desk::of_bob(&hub, &[("web-1", &web())]);
    let digest = hub.asks(&web(), &question("web-1", "7K3M-Q2", "/srv/x"));
    let path = format!("POST /v1/questions/{digest}/answers");
    for (status, code) in [(409, 3), (403, 5), (422, 1), (429, 6), (503, 6)] {
        let body = r#"{"detail":"because \u001b[2Jof this"}"#;
        hub.reply_to(&path, Reply::Always(status, body.to_owned()));
        let done = desk.run(&["approve", "7K3M-Q2", "--yes"]);
        refused(&done, code, &["because \\e[2Jof this"]);
    }
    assert!(hub.answers().is_empty());
}
