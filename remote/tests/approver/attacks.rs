//! A hub that is somebody else's.

use std::net::TcpListener;
use std::time::Instant;

use serde_json::json;
use writ_signed::{HostKey, Namespace, SignedQuestion, digest};

use crate::desk::{Desk, SOON, out, refused};
use crate::hub::{Hub, Reply, now_ms, question};
use crate::{stranger, web};

/// That neither verb takes what the hub has, and nothing is signed.
#[track_caller]
fn nothing_comes_of_it(hub: &Hub, desk: &Desk, which: &str, words: &[&str]) {
    for verb in [&["show", which][..], &["approve", which, "--yes"], &["deny", which]] {
        let done = desk.run(verb);
        refused(&done, 1, words);
        assert!(!out(&done).contains("touch"), "nothing of it is shown: {}", out(&done));
    }
    assert!(hub.answers().is_empty());
    assert_eq!(hub.count("POST /v1/questions"), 0);
}

#[test]
fn a_question_that_another_key_signed_is_refused_with_the_line_of_the_right_one() {
    let hub = Hub::started();
    let desk = Desk::of_bob(&hub, &[("db-1", &stranger()), ("web-1", &web())]);
    hub.asks(&stranger(), &question("web-1", "7K3M-Q2", "/srv/x"));
    let print = stranger().fingerprint().to_string();
    nothing_comes_of_it(&hub, &desk, "7K3M-Q2", &["forged", &print, "line 2"]);
    // Nor does a terminal make a way around it.
    let (said, code) = desk.at_terminal(&["approve", "7K3M-Q2"]).end();
    assert!(code == Some(1) && said.contains("line 2") && !said.contains("yes/no"), "{said}");
}

#[test]
fn an_edited_question_is_refused() {
    let hub = Hub::started();
    let desk = Desk::of_bob(&hub, &[("web-1", &web())]);
    let text = question("web-1", "7K3M-Q2", "/srv/x");
    let mut signed = SignedQuestion::sign(&web(), text.clone());
    signed.question = text.replace("alice", "carol");
    hub.has(digest(&signed.question), signed);
    nothing_comes_of_it(&hub, &desk, "7K3M-Q2", &["was changed on its way"]);
}

#[test]
fn another_question_than_the_one_that_was_named_is_refused() {
    let hub = Hub::started();
    let desk = Desk::of_bob(&hub, &[("web-1", &web())]);
    // Two that the host did sign: the hub gives one for the digest of the other.
    let (one, other) =
        (question("web-1", "7K3M-Q2", "/srv/one"), question("web-1", "8ABC-DE", "/srv/other"));
    let wanted = digest(&one);
    hub.has(wanted.clone(), SignedQuestion::sign(&web(), other));
    nothing_comes_of_it(&hub, &desk, &wanted, &["another text than the one with the digest"]);
}

#[test]
fn a_list_that_lies_about_ids_and_hosts_is_found_out() {
    let hub = Hub::started();
    let desk = Desk::of_bob(&hub, &[("web-1", &web())]);
    let wanted = hub.asks(&web(), &question("web-1", "8ABC-DE", "/srv/x"));
    let line = |id: &str, host: &str| {
        json!({"now_ms": now_ms(), "more": 0, "questions": [{"digest": wanted, "host": host,
            "id": id, "requester": "alice", "summary": "/bin/true", "received_ms": 1,
            "closes_ms": now_ms() + 1000}]})
    };
    hub.lists(line("7K3M-Q2", "web-1"));
    nothing_comes_of_it(&hub, &desk, "7K3M-Q2", &["the question of 8ABC-DE for 7K3M-Q2"]);
    hub.lists(line("8ABC-DE", "db-1"));
    let done = desk.run(&["approve", "8ABC-DE", "--host", "db-1", "--yes"]);
    refused(&done, 1, &["a question of the host web-1 for one of db-1"]);
    assert!(hub.answers().is_empty());
}

#[test]
fn what_is_no_question_or_no_signature_is_refused() {
    let hub = Hub::started();
    let desk = Desk::of_bob(&hub, &[("web-1", &web())]);
    let signed = |key: &HostKey, text: &str| SignedQuestion::sign(key, text.to_owned());
    let unknown =
        question("web-1", "7K3M-Q2", "/srv/x").replace("\"uses\":1", "\"uses\":1,\"x\":1");
    let which = hub.has(digest(&unknown), signed(&web(), &unknown));
    nothing_comes_of_it(&hub, &desk, &which, &["nothing was signed"]);
    let text = question("web-1", "8ABC-DE", "/srv/x");
    for signature in ["", "-----BEGIN SSH SIGNATURE-----\n-----END SSH SIGNATURE-----\n"] {
        let text = format!("{text} {}", signature.len());
        let made = SignedQuestion { question: text.clone(), signature: signature.to_owned() };
        let which = hub.has(digest(&text), made);
        nothing_comes_of_it(&hub, &desk, &which, &["nothing was signed"]);
    }
    let login = web().sign(Namespace::Login, text.as_bytes());
    let which = hub.has(digest(&text), SignedQuestion { question: text, signature: login });
    nothing_comes_of_it(&hub, &desk, &which, &["login@writ"]);
}

#[test]
fn no_name_of_a_host_writes_a_line_of_its_own() {
    let hub = Hub::started();
    let desk = Desk::of_bob(&hub, &[]);
    let name = format!("db-1\nweb-1 {}", stranger().public().line());
    let which = hub.asks(&stranger(), &question(&name, "7K3M-Q2", "/srv/x"));
    let mut terminal = desk.at_terminal(&["show", &which]);
    let asked = terminal.expect("[yes/no] ");
    assert!(asked.contains("db-1\\nweb-1 ssh-ed25519"), "{asked}");
    terminal.type_line("yes");
    terminal.expect("is no name of a host");
    assert_eq!(terminal.end().1, Some(1));
    assert_eq!(desk.known_hosts(), "");
}

#[test]
fn a_key_that_is_known_under_another_name_is_said_to_be() {
    let hub = Hub::started();
    let desk = Desk::of_bob(&hub, &[("web-1", &web())]);
    hub.asks(&web(), &question("payroll", "7K3M-Q2", "/srv/x"));
    let mut terminal = desk.at_terminal(&["show", "7K3M-Q2"]);
    let asked = terminal.expect("[yes/no] ");
    assert!(asked.contains("known here already, of another name: web-1 (line 1"), "{asked}");
    terminal.type_line("no");
    assert_eq!(terminal.end().1, Some(1));
}

#[test]
fn nothing_but_a_login_to_this_hub_is_signed_for_one() {
    let hub = Hub::started();
    let desk = Desk::of_bob(&hub, &[]);
    let expires = now_ms() + 60_000;
    let decision = json!({"version": 1, "host": "web-1", "verdict": "approve"}).to_string();
    let login = |origin: &str, expires: u64| {
        format!("login@writ\norigin {origin}\nnonce 0123456789abcdef\nexpires_wall_ms {expires}\n")
    };
    for (text, word) in [
        (decision, "is no login"),
        (format!("{}\n{{}}", login(&hub.url(), expires)), "is no login"),
        (login(&hub.url(), expires).replace("login@", "decision@"), "is no login"),
        (login("https://bank.example.com", expires), "login to https://bank.example.com"),
        (login("https://x\u{1b}[2J", expires), "login to https://x\\e[2J"),
        (login(&hub.url(), 1), "has expired"),
        (login(&hub.url(), expires + 86_400_000), "has expired"),
    ] {
        hub.challenge(text);
        refused(&desk.run(&["pending"]), 1, &[word, "nothing was signed"]);
    }
    assert_eq!(hub.count("POST /v1/login/ssh"), 0, "no signature has left");
}

#[test]
fn nobody_is_followed_elsewhere() {
    let hub = Hub::started();
    let desk = Desk::of_bob(&hub, &[]);
    let elsewhere = TcpListener::bind("127.0.0.1:0").unwrap();
    elsewhere.set_nonblocking(true).unwrap();
    let to = format!("http://localhost:{}/v1/questions", elsewhere.local_addr().unwrap().port());
    for line in ["GET /v1/questions", "POST /v1/login/challenge"] {
        hub.reply_to(line, Reply::Redirect(to.clone()));
        let _ = std::fs::remove_dir_all(desk.at("run/writ"));
        refused(&desk.run(&["pending"]), 1, &["sends elsewhere (307"]);
        refused(&desk.run(&["pending"]), 1, &["sends elsewhere (307"]);
    }
    assert!(elsewhere.accept().is_err(), "nobody came");
}

#[test]
fn what_is_too_long_or_never_comes_ends() {
    let hub = Hub::started();
    let desk = Desk::of_bob(&hub, &[("web-1", &web())]);
    assert!(desk.run(&["pending"]).status.success());
    let begun = Instant::now();
    hub.reply_to("GET /v1/questions", Reply::Endless);
    refused(&desk.run(&["pending"]), 1, &["longer than 2048 KiB"]);
    hub.reply_to("GET /v1/questions", Reply::Always(500, "x".repeat(3 << 20)));
    refused(&desk.run(&["pending"]), 1, &["longer than 2048 KiB"]);
    for slow in [Reply::Silence, Reply::Dripping] {
        hub.reply_to("GET /v1/questions", slow);
        refused(&desk.run(&["pending"]), 6, &["cannot be reached"]);
    }
    assert!(begun.elapsed() < SOON);
}

#[test]
fn what_is_not_of_the_protocol_is_told_without_acting() {
    let hub = Hub::started();
    let desk = Desk::of_bob(&hub, &[]);
    assert!(desk.run(&["pending"]).status.success());
    let line = |digest: &str| {
        format!(
            r#"{{"now_ms":1,"questions":[{{"digest":"{digest}","host":"\u001b]0;x\u0007","id":"\u001b[2J","requester":"\u202e","summary":"a\nb","received_ms":1,"closes_ms":1}}]}}"#
        )
    };
    for body in ["", "<html>", "[]", r#"{"now_ms":"\u001b[2J"}"#, &line("../../session")] {
        hub.reply_to("GET /v1/questions", Reply::Always(200, body.to_owned()));
        refused(&desk.run(&["pending"]), 1, &["not of the protocol"]);
    }
    hub.reply_to("GET /v1/questions", Reply::Always(200, line(&"ab".repeat(32))));
    let listed = desk.run(&["pending"]);
    let said = out(&listed);
    assert!(
        listed.status.success() && said.contains("\\e]0;x\\u{7}") && said.contains("a\\nb"),
        "{said}"
    );
    assert!(!said.contains(['\u{1b}', '\u{7}', '\u{202e}']), "{said:?}");
    for token in [r#""""#, r#""a\r\nx: y""#, &format!("{:?}", "x".repeat(5_000)), "7"] {
        let _ = std::fs::remove_dir_all(desk.at("run/writ"));
        let body = format!(r#"{{"token":{token},"person":"bob","expires_wall_ms":{}}}"#, u64::MAX);
        hub.reply_to("POST /v1/login/ssh", Reply::Always(200, body));
        refused(&desk.run(&["pending"]), 1, &["not of the protocol"]);
        assert_eq!(desk.session(), None);
    }
}

#[test]
fn what_could_be_read_on_the_way_is_not_called() {
    let hub = Hub::started();
    let desk = Desk::of_bob(&hub, &[]);
    for url in ["http://hub.example.com", "http://127.0.0.1.example.com:1", "ftp://localhost:1"] {
        let called = desk.run_at(url, &["pending"]);
        refused(&called, 2, &["is no origin"]);
    }
    // Nobody speaks TLS there.
    let called = desk.run_at(&hub.url().replace("http:", "https:"), &["pending"]);
    refused(&called, 6, &["cannot be reached"]);
    let gone = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let called = desk.run_at(&format!("http://localhost:{gone}"), &["pending"]);
    refused(&called, 6, &["cannot be reached"]);
    assert!(hub.calls().is_empty());
}
