//! What an approver does every day.

use serde_json::Value;
use writ_signed::{Verdict, digest};

use crate::desk::{Desk, error, out, refused};
use crate::hub::{Host, Hub, question, question_at};
use crate::{stranger, web};

#[test]
fn what_is_open_is_listed_and_shown() {
    let hub = Hub::started();
    let desk = Desk::of_bob(&hub, &[("web-1", &web())]);
    assert!(out(&desk.run(&["pending"])).contains("Nothing is open"));
    let text = question("web-1", "7K3M-Q2", "/srv/a b\u{1b}[2J");
    let digest = hub.asks(&web(), &text);
    let listed = desk.run(&["pending"]);
    let said = out(&listed);
    assert!(
        listed.status.success() && said.contains("7K3M-Q2") && said.contains("web-1"),
        "{said}"
    );
    let listed: Value = serde_json::from_str(&out(&desk.run(&["pending", "--json"]))).unwrap();
    assert_eq!(listed["questions"][0]["digest"], digest.as_str());
    for which in ["7K3M-Q2", "7k3m-q2", &digest] {
        let shown = desk.run(&["show", which]);
        let said = out(&shown);
        assert!(shown.status.success(), "{}", error(&shown));
        assert!(
            said.contains("/usr/bin/touch '/srv/a b\\e[2J'") && said.contains(&digest),
            "{said}"
        );
        assert!(!said.contains('\u{1b}'), "{said:?}");
    }
    let shown: Value =
        serde_json::from_str(&out(&desk.run(&["show", "7K3M-Q2", "--json"]))).unwrap();
    assert_eq!(shown["question"], text.as_str());
    assert_eq!(shown["host_key"], web().fingerprint().to_string());
}

#[test]
fn an_approval_is_signed_for_exactly_the_question_that_was_shown() {
    let hub = Hub::started();
    let desk = Desk::of_bob(&hub, &[("web-1", &web())]);
    let text = question("web-1", "7K3M-Q2", "/srv/x");
    hub.asks(&web(), &text);
    let words = ["approve", "7K3M-Q2", "--for", "10m", "--uses", "1", "--comment", "go", "--yes"];
    let done = desk.run(&words);
    assert_eq!(done.status.code(), Some(0), "{}", error(&done));
    let said = out(&done);
    assert!(said.contains("/usr/bin/touch /srv/x"), "{said}");
    assert!(said.contains("web-1 has taken your approval of 7K3M-Q2, the hub says"), "{said}");
    let given = &hub.answers()[0].decision;
    assert_eq!((given.approver.as_str(), given.verdict), ("bob", Verdict::Approve));
    assert_eq!((given.host.as_str(), given.id.as_str()), ("web-1", "7K3M-Q2"));
    assert_eq!((given.host_key, &given.question), (web().fingerprint(), &digest(&text)));
    assert_eq!((given.lasts_ms, given.uses), (Some(600_000), Some(1)));
    assert_eq!(given.comment.as_deref(), Some("go"));
    assert_eq!(given.expires_wall_ms - given.made_wall_ms, 15 * 60_000);
}

#[test]
fn a_denial_says_why() {
    let hub = Hub::started();
    let desk = Desk::of_bob(&hub, &[("web-1", &web())]);
    hub.asks(&web(), &question("web-1", "7K3M-Q2", "/srv/x"));
    let done = desk.run(&["deny", "7K3M-Q2", "--comment", "not today"]);
    assert_eq!(done.status.code(), Some(0), "{}", error(&done));
    let given = &hub.answers()[0].decision;
    assert_eq!((given.verdict, given.comment.as_deref()), (Verdict::Deny, Some("not today")));
}

#[test]
fn what_the_host_makes_of_it_is_told() {
    let hub = Hub::started();
    let desk = Desk::of_bob(&hub, &[("web-1", &web())]);
    let digest = hub.asks(&web(), &question("web-1", "7K3M-Q2", "/srv/x"));
    hub.host(Host::Refuses("bob is the requester\u{1b}[2J"));
    let done = desk.run(&["approve", "7K3M-Q2", "--yes"]);
    refused(&done, 3, &["web-1 did not take your answer", "bob is the requester\\e[2J"]);
    hub.host(Host::IsAway);
    let done = desk.run(&["approve", "7K3M-Q2", "--yes", "--wait", "1s"]);
    refused(&done, 4, &["web-1 has not taken it yet", &digest]);
    hub.is_over(&digest, "approved\u{7}", "erin");
    let shown = out(&desk.run(&["show", "7K3M-Q2"]));
    assert!(shown.contains("says that it is over: approved\\u{7}, by erin"), "{shown}");
    assert!(shown.contains("says that bob approved, and the host did not take it"), "{shown}");
}

#[test]
fn nothing_is_signed_that_was_not_meant() {
    let hub = Hub::started();
    let desk = Desk::of_bob(&hub, &[("web-1", &web())]);
    let text = question("web-1", "7K3M-Q2", "/srv/x");
    let digest = hub.asks(&web(), &text);
    refused(&desk.run(&["approve", "7K3M-Q2"]), 2, &["no terminal to show it and to ask on"]);
    let other = writ_signed::digest("another");
    refused(&desk.run(&["approve", "7K3M-Q2", "--digest", &other]), 1, &["nothing was signed"]);
    let long = desk.run(&["approve", "7K3M-Q2", "--yes", "--expires", "25h"]);
    refused(&long, 1, &["more than a day"]);
    let mut terminal = desk.at_terminal(&["approve", "7K3M-Q2"]);
    let shown = terminal.expect("Approve this as bob? [y/n] ");
    assert!(shown.contains("/usr/bin/touch /srv/x"), "{shown}");
    terminal.type_line("n");
    terminal.expect("Nothing was signed.");
    assert_eq!(terminal.end().1, Some(4));
    assert!(hub.answers().is_empty());
    let done = desk.run(&["approve", "7K3M-Q2", "--digest", &digest]);
    assert_eq!(done.status.code(), Some(0), "{}", error(&done));
}

#[test]
fn a_host_is_asked_about_once_and_known_from_then_on() {
    let hub = Hub::started();
    let desk = Desk::of_bob(&hub, &[]);
    hub.asks(&web(), &question("web-1", "7K3M-Q2", "/srv/x"));
    let print = web().fingerprint().to_string();
    let without = desk.run(&["approve", "7K3M-Q2", "--yes"]);
    refused(&without, 1, &["does not know the host web-1", &print]);
    assert!(!out(&without).contains("/srv/x"), "nothing of it is shown");
    for said in ["no", "y"] {
        let mut terminal = desk.at_terminal(&["show", "7K3M-Q2"]);
        terminal.expect(&print);
        terminal.expect("Is it this one? [yes/no] ");
        terminal.type_line(said);
        let (all, code) = terminal.end();
        assert!(code == Some(1) && !all.contains("/srv/x"), "{all}");
        assert_eq!(desk.known_hosts(), "");
    }
    let mut terminal = desk.at_terminal(&["approve", "7K3M-Q2"]);
    terminal.expect("Is it this one? [yes/no] ");
    terminal.type_line("yes");
    terminal.expect("Approve this as bob? [y/n] ");
    terminal.type_line("y");
    terminal.expect("has taken your approval");
    assert_eq!(terminal.end().1, Some(0));
    assert_eq!(desk.known_hosts(), format!("web-1 {}\n", web().public().line()));
    assert!(desk.run(&["show", "7K3M-Q2"]).status.success());
}

#[test]
fn one_id_of_two_hosts_is_told_apart_by_host() {
    let hub = Hub::started();
    let desk = Desk::of_bob(&hub, &[("web-1", &web()), ("db-1", &stranger())]);
    hub.asks(&web(), &question("web-1", "7K3M-Q2", "/srv/web"));
    hub.asks(&stranger(), &question("db-1", "7K3M-Q2", "/srv/db"));
    refused(&desk.run(&["approve", "7K3M-Q2", "--yes"]), 2, &["web-1, db-1", "--host"]);
    let shown = out(&desk.run(&["show", "7K3M-Q2", "--host", "db-1"]));
    assert!(shown.contains("/srv/db"), "{shown}");
    refused(&desk.run(&["show", "8ABC-DE"]), 1, &["no question 8ABC-DE"]);
    refused(&desk.run(&["show", "../session"]), 2, &[]);
}

#[test]
fn an_old_question_is_said_to_be_over_whatever_the_hub_says() {
    let hub = Hub::started();
    let desk = Desk::of_bob(&hub, &[("web-1", &web())]);
    let hour_ago = crate::hub::now_ms() - 3_600_000;
    hub.asks(&web(), &question_at("web-1", "7K3M-Q2", "/srv/x", hour_ago));
    let shown = out(&desk.run(&["show", "7K3M-Q2"]));
    assert!(shown.contains("it is over, by the clock of this machine"), "{shown}");
}
