//! Questions and decisions.

use writ_engine::facts::{Action, Aim, Command, Door, RunAs, Uid};
use writ_engine::question::{QUESTION_VERSION, Question, Requester};
use writ_engine::time::{Span, WallTime};
use writ_hub::clock::now_ms;
use writ_signed::{Decision, HostKey, Verdict};

/// alice asks on a host to run a command.
pub fn question(host: &str, id: &str) -> String {
    question_of(host, id, |_| {})
}

/// The same, changed.
pub fn question_of(host: &str, id: &str, change: impl FnOnce(&mut Question)) -> String {
    let mut question = Question {
        version: QUESTION_VERSION,
        host: host.to_owned(),
        id: id.parse().unwrap(),
        requester: Requester {
            user: "alice".to_owned(),
            uid: Uid(1000),
            login_user: None,
            login_uid: None,
            session_uid: None,
        },
        door: Door::Sudo,
        aim: Aim::Command(Command {
            path: "/usr/bin/systemctl".to_owned(),
            argv: ["systemctl", "restart", "nginx"].map(str::to_owned).to_vec(),
            cwd: "/home/alice".to_owned(),
            run_as: RunAs { user: "root".to_owned(), uid: Uid(0), group: None },
            action: Action::Run,
        }),
        extends: None,
        sha256: Some("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad".to_owned()),
        tty: Some("/dev/pts/3".to_owned()),
        source_ip: Some("192.0.2.7".to_owned()),
        role: Some("web-operator".to_owned()),
        rule: Some("restart".to_owned()),
        doubt: None,
        reason: Some("nginx hangs".to_owned()),
        ticket: Some("OPS-1234".to_owned()),
        asked: vec!["@oncall".to_owned()],
        needed: 1,
        all_of: vec![],
        escalate: vec![],
        self_approval: false,
        opened_wall_ms: WallTime(u64::try_from(now_ms()).unwrap()),
        timeout_ms: Span(180_000),
        lasts_ms: Span(1_800_000),
        uses: 1,
        reauth: false,
        signed: true,
    };
    change(&mut question);
    question.text().unwrap()
}

/// A decision on a question.
pub fn decision(question: &str, host_key: &HostKey, approver: &str, verdict: Verdict) -> String {
    let asked = Question::parse(question).unwrap();
    let now = u64::try_from(now_ms()).unwrap();
    let decision = Decision {
        version: 1,
        host: asked.host,
        host_key: host_key.fingerprint(),
        id: asked.id.to_string(),
        question: writ_signed::digest(question),
        verdict,
        comment: None,
        lasts_ms: None,
        uses: None,
        approver: approver.to_owned(),
        made_wall_ms: now,
        expires_wall_ms: now + 600_000,
    };
    decision.text().unwrap()
}
