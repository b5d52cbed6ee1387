//! `writ sign` on a machine without an agent, with real keys of ssh-keygen(1).
#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test may stop at what it did not expect"
)]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use tempfile::TempDir;
use writ_signed::{
    Answer, ApproverKey, HostKey, SignedQuestion, Verdict, Verified, armor, code, digest,
};

const QUESTION: &str = r#"{"version":1,"host":"web-1","id":"7K3M-Q2","requester":{"user":"alice","uid":1000},"door":"sudo","aim":{"command":{"path":"/bin/sh","argv":["sh","-c","echo \u001b[2Jhi"],"cwd":"/","run_as":{"user":"root","uid":0},"action":"run"}},"asked":["@oncall"],"needed":1,"opened_wall_ms":"1795475525000","timeout_ms":"300000","lasts_ms":"3600000","uses":1,"signed":true}"#;

struct Desk {
    folder: TempDir,
}

impl Desk {
    fn new() -> Self {
        let desk = Self { folder: tempfile::tempdir().expect("a folder") };
        desk.question(&SignedQuestion::sign(&host(), QUESTION.into()));
        desk
    }

    fn at(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn question(&self, signed: &SignedQuestion) {
        let block = armor::wrap(armor::QUESTION, signed.text().expect("JSON").as_bytes());
        fs::write(self.at("question"), block).expect("written");
    }

    /// A key of that type, without a passphrase.
    fn key(&self, kind: &str) -> PathBuf {
        let path = self.at(kind);
        let made = Command::new("ssh-keygen")
            .args(["-q", "-t", kind, "-N", "", "-C", "bob", "-f"])
            .arg(&path)
            .status()
            .expect("ssh-keygen, of OpenSSH's client");
        assert!(made.success());
        path
    }

    fn sign(&self, key: &Path, more: &[&str]) -> Output {
        Command::new(env!("CARGO_BIN_EXE_writ"))
            .arg("sign")
            .arg(self.at("question"))
            .arg("--key")
            .arg(key)
            .args(["--as", "bob"])
            .args(more)
            .env_clear()
            .env("PATH", "/usr/bin:/bin")
            .env("HOME", self.folder.path())
            .envs(std::env::var_os("SSH_AUTH_SOCK").map(|socket| ("SSH_AUTH_SOCK", socket)))
            .stdin(Stdio::null())
            .output()
            .expect("writ")
    }
}

fn host() -> HostKey {
    HostKey::from_seed(&[7; 32])
}

fn fingerprint() -> String {
    host().fingerprint().to_string()
}

fn error(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn verified(output: &Output, key: &Path) -> Verified {
    assert!(output.status.success(), "{}", error(output));
    let block = String::from_utf8(output.stdout.clone()).expect("text");
    let json = armor::unwrap(armor::ANSWER, &block).expect("a block");
    let answer = Answer::parse(&String::from_utf8(json).expect("text")).expect("an answer");
    let line = fs::read_to_string(key.with_extension("pub")).expect("a public key");
    let key: ApproverKey = line.parse().expect("a key");
    answer.verify([&key]).expect("a signature")
}

#[test]
fn each_kind_of_key_signs_without_an_agent() {
    let desk = Desk::new();
    for kind in ["ed25519", "ecdsa"] {
        let key = desk.key(kind);
        let output = desk.sign(&key, &["--host-key", &fingerprint(), "--yes", "--for", "10m"]);
        let decision = verified(&output, &key).decision;
        assert_eq!(decision.question, digest(QUESTION));
        assert_eq!(decision.host_key, host().fingerprint());
        assert_eq!((decision.verdict, decision.lasts_ms), (Verdict::Approve, Some(600_000)));
        assert_eq!(decision.expires_wall_ms - decision.made_wall_ms, 15 * 60_000);
        let shown = error(&output);
        assert!(shown.contains("echo \\e[2Jhi") && !shown.contains('\u{1b}'), "{shown}");
        assert!(shown.contains(&code(QUESTION)), "{shown}");
    }
}

#[test]
fn a_key_that_only_ssh_agent_has_signs_by_its_public_part() {
    let desk = Desk::new();
    let key = desk.key("ed25519");
    let socket = desk.at("agent");
    let mut agent = Command::new("ssh-agent")
        .arg("-D")
        .arg("-a")
        .arg(&socket)
        .stdout(Stdio::null())
        .spawn()
        .expect("ssh-agent, of OpenSSH's client");
    let until = std::time::Instant::now() + std::time::Duration::from_secs(10);
    while !socket.exists() && std::time::Instant::now() < until {
        std::thread::yield_now();
    }
    let added = Command::new("ssh-add")
        .arg("-q")
        .arg(&key)
        .env("SSH_AUTH_SOCK", &socket)
        .status()
        .expect("ssh-add");
    fs::remove_file(&key).expect("gone");
    let output = Command::new(env!("CARGO_BIN_EXE_writ"))
        .arg("sign")
        .arg(desk.at("question"))
        .arg("--key")
        .arg(key.with_extension("pub"))
        .args(["--as", "bob", "--deny", "--comment", "no", "--yes"])
        .args(["--host-key", &fingerprint()])
        .env("SSH_AUTH_SOCK", &socket)
        .stdin(Stdio::null())
        .output()
        .expect("writ");
    agent.kill().expect("killed");
    agent.wait().expect("gone");
    assert!(added.success());
    let decision = verified(&output, &key).decision;
    assert_eq!((decision.verdict, decision.comment.as_deref()), (Verdict::Deny, Some("no")));
}

#[test]
fn a_question_of_an_unknown_or_another_host_is_not_signed() {
    let desk = Desk::new();
    let key = desk.key("ed25519");
    let refused = |output: Output, word: &str| {
        assert_eq!(output.status.code(), Some(1), "{}", error(&output));
        assert!(output.stdout.is_empty(), "nothing is signed");
        assert!(error(&output).contains(word), "{}", error(&output));
    };
    refused(desk.sign(&key, &["--yes"]), "does not know the host web-1");
    let other = HostKey::from_seed(&[8; 32]);
    let theirs = other.fingerprint().to_string();
    refused(desk.sign(&key, &["--yes", "--host-key", &theirs]), "not the key of --host-key");
    fs::create_dir_all(desk.at(".config/writ")).expect("a folder");
    let hosts = |key: &HostKey| {
        let line = format!("web-1 {}\n", key.public().line());
        fs::write(desk.at(".config/writ/hosts"), line).expect("written");
    };
    hosts(&other);
    refused(desk.sign(&key, &["--yes"]), "forged, or the host has a new key");
    hosts(&host());
    assert!(desk.sign(&key, &["--yes"]).status.success());
    let mut edited = SignedQuestion::sign(&host(), QUESTION.into());
    edited.question = edited.question.replace("alice", "carol");
    desk.question(&edited);
    refused(desk.sign(&key, &["--yes"]), "was changed on its way");
    desk.question(&SignedQuestion::sign(&other, QUESTION.into()));
    refused(desk.sign(&key, &["--yes"]), "forged");
    desk.question(&SignedQuestion::sign(&host(), "{}".into()));
    refused(desk.sign(&key, &["--yes"]), "no question");
}

#[test]
fn nothing_is_signed_that_was_not_meant() {
    let desk = Desk::new();
    let key = desk.key("ed25519");
    let known = ["--host-key", &fingerprint()];
    let sign = |more: &[&str]| desk.sign(&key, &[&known[..], more].concat());
    let other = sign(&["--digest", &digest("another")]);
    assert_eq!(other.status.code(), Some(1));
    assert!(other.stdout.is_empty());
    assert!(sign(&["--digest", &digest(QUESTION)]).status.success());
    let long = sign(&["--yes", "--expires", "25h"]);
    assert_eq!(long.status.code(), Some(1), "{}", error(&long));
    let none = desk.sign(&desk.at("missing"), &[&known[..], &["--yes"]].concat());
    assert_eq!(none.status.code(), Some(1));
    assert!(error(&none).contains("did not sign"), "{}", error(&none));
}

#[test]
fn nobody_is_asked_about_what_he_cannot_see() {
    let desk = Desk::new();
    let key = desk.key("ed25519");
    // At a terminal, where the question goes elsewhere.
    let line = format!(
        "{} sign {} --key {} --as bob --host-key {} 2>{}",
        env!("CARGO_BIN_EXE_writ"),
        desk.at("question").display(),
        key.display(),
        fingerprint(),
        desk.at("said").display(),
    );
    let output = Command::new("script")
        .args(["--quiet", "--return", "--flush", "--command", &line, "/dev/null"])
        .stdin(Stdio::null())
        .output()
        .expect("script(1)");
    let said = fs::read_to_string(desk.at("said")).expect("what it said");
    assert_eq!(output.status.code(), Some(2), "{said}");
    assert!(said.contains("no terminal to show it on"), "{said}");
    assert!(!String::from_utf8_lossy(&output.stdout).contains("BEGIN"), "something was signed");
}
