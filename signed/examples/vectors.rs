//! Writes docs/protocol-vectors.json anew, to standard output: documents for whoever
//! writes another implementation. Keys of SSH are made, and sign, with ssh-keygen(1).
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "it is run by hand, and stops where anything is wrong"
)]

#[path = "../tests/kit/mod.rs"]
mod kit;

use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::{Value, json};
use writ_signed::{Answer, Decision, Namespace, Signature, SignedQuestion, Verdict, code, digest};

use kit::*;

const QUESTION: &str = r#"{"version":1,"host":"web-1","id":"7K3M-Q2","requester":{"user":"alice","uid":1000},"door":"sudo","aim":{"command":{"path":"/usr/bin/systemctl","argv":["systemctl","restart","nginx"],"cwd":"/home/alice","run_as":{"user":"root","uid":0},"action":"run"}},"asked":["@oncall"],"needed":1,"opened_wall_ms":"1800000000000","timeout_ms":"300000","lasts_ms":"3600000","uses":1}"#;
const NOW_WALL_MS: u64 = 1_800_000_060_000;

fn main() {
    let host = host_key();
    let signed = SignedQuestion::sign(&host, QUESTION.to_owned());
    let approve = Decision { question: digest(QUESTION), ..decision(host.fingerprint()) };
    let text = approve.text().unwrap();
    let folder = std::env::temp_dir().join(format!("writ-vectors-{}", std::process::id()));
    std::fs::create_dir(&folder).unwrap();
    let mut answers = Vec::new();
    let mut add = |name: &str, keys: Vec<String>, answer: Answer, counts: bool| {
        let answer = answer.text().unwrap();
        answers.push(json!({"name": name, "keys": keys, "answer": answer, "counts": counts}));
    };
    for (kind, bits) in [("ed25519", "256"), ("ecdsa", "256"), ("ecdsa", "384")] {
        let line = make_key(&folder, kind, bits);
        let name = format!("ssh-keygen {kind} {bits}");
        let namespace = Namespace::Decision.as_str();
        add(&name, vec![line.clone()], by_keygen(&folder, kind, bits, namespace, &text), true);
        if kind == "ed25519" {
            let other = by_keygen(&folder, kind, bits, "file", &text);
            add("for another namespace", vec![line.clone()], other, false);
            let mut edited = by_keygen(&folder, kind, bits, namespace, &text);
            edited.decision = edited.decision.replace("600000", "900000");
            add("another text than was signed", vec![line], edited, false);
        }
    }
    for key in [security_key(ed25519(2)), security_key(p256(2))] {
        let line = key.public().line();
        let kind = key.public().kind();
        let required = format!("verify-required {line}");
        add(&format!("{kind}, touched"), vec![line.clone()], key.answer(&approve, TOUCHED), true);
        add(&format!("{kind}, not touched"), vec![line], key.answer(&approve, 0), false);
        let touched = key.answer(&approve, TOUCHED);
        add(
            &format!("{kind}, not verified, as is required"),
            vec![required.clone()],
            touched,
            false,
        );
        let verified = key.answer(&approve, TOUCHED | VERIFIED);
        add(&format!("{kind}, verified"), vec![required], verified, true);
    }
    for mut device in [Device::new(p256(4)), Device::new(ed25519(4))] {
        let line = vec![device.passkey().line()];
        let kind = device.passkey().algorithm().kind();
        add(kind, line.clone(), device.answer(&approve), true);
        device.flags = TOUCHED;
        add(&format!("{kind}, user not verified"), line.clone(), device.answer(&approve), false);
        device.flags = TOUCHED | VERIFIED;
        device.client = device.client.replace("hub.example.com", "hub.example.org");
        add(&format!("{kind}, on another site"), line, device.answer(&approve), false);
    }
    let key = ed25519(2);
    let line = vec![key.public().line()];
    let deny = Decision { verdict: Verdict::Deny, lasts_ms: None, uses: None, ..approve.clone() };
    add("a no", line.clone(), key.answer(&deny), true);
    let other = ed25519(3);
    add("another key", line.clone(), other.answer(&approve), false);
    let expired = Decision { made_wall_ms: 1, expires_wall_ms: 2, ..approve.clone() };
    add("expired", line.clone(), key.answer(&expired), false);
    let host_key = writ_signed::HostKey::from_seed(&[9; 32]).fingerprint();
    let elsewhere = Decision { host_key, ..approve.clone() };
    add("for another host of the same name", line.clone(), key.answer(&elsewhere), false);
    let question = digest(&QUESTION.replace("nginx", "ssh"));
    let edited = Decision { question, ..approve.clone() };
    add("on another question", line.clone(), key.answer(&edited), false);
    let carol = Decision { approver: "carol".to_owned(), ..approve };
    add("by another name", line, key.answer(&carol), false);
    std::fs::remove_dir_all(&folder).unwrap();
    let seed = "01".repeat(32);
    let vectors = json!({
        "host": {
            "seed": seed,
            "key": host.public().line(),
            "fingerprint": host.fingerprint(),
        },
        "question": {
            "text": QUESTION,
            "digest": digest(QUESTION),
            "code": code(QUESTION),
            "signed": signed.text().unwrap(),
        },
        "approver": "bob",
        "now_wall_ms": NOW_WALL_MS.to_string(),
        "answers": Value::Array(answers),
    });
    println!("{}", serde_json::to_string_pretty(&vectors).unwrap());
}

fn make_key(folder: &Path, kind: &str, bits: &str) -> String {
    let path = folder.join(format!("{kind}-{bits}"));
    let made = Command::new("ssh-keygen")
        .args(["-q", "-t", kind, "-b", bits, "-N", "", "-C", "bob", "-f"])
        .arg(&path)
        .status();
    assert!(made.unwrap().success());
    std::fs::read_to_string(path.with_extension("pub")).unwrap().trim().to_owned()
}

fn by_keygen(folder: &Path, kind: &str, bits: &str, namespace: &str, text: &str) -> Answer {
    let mut signing = Command::new("ssh-keygen")
        .args(["-Y", "sign", "-q", "-n", namespace, "-f"])
        .arg(folder.join(format!("{kind}-{bits}")))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    signing.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
    let armored = String::from_utf8(signing.wait_with_output().unwrap().stdout).unwrap();
    Answer { decision: text.to_owned(), signature: Signature::Ssh(armored) }
}
