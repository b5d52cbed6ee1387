//! A host of the fleet, and the one question that it asks.

use std::net::SocketAddr;
use std::time::Instant;

use serde_json::json;
use tokio::sync::oneshot;
use writ_engine::facts::{Action, Aim, Command, Door, RunAs, Uid};
use writ_engine::question::{QUESTION_VERSION, Question, Requester};
use writ_engine::time::{Span, WallTime};
use writ_signed::{HostKey, Namespace, SignedQuestion};

use super::connection::{Connection, Request};
use super::hub::{Hub, ORIGIN};

/// How long a question stands: longer than all of it takes.
const TIMEOUT_MS: u64 = 3_600_000;

/// How long a call for answers waits, as the courier's.
const WAIT_SECONDS: u32 = 50;

/// Hosts that enrol side by side.
const ENROLLING: usize = 32;

/// A host that has enrolled.
pub(crate) struct Member {
    pub(crate) name: String,
    pub(crate) key: HostKey,
    credential: String,
}

/// Enrols so many, each from an address of its own.
pub(crate) async fn enrolled(hub: &Hub, count: usize) -> Vec<Member> {
    let names: Vec<String> = (0..count).map(|number| format!("host-{number}")).collect();
    let words: Vec<&str> =
        std::iter::once("token").chain(names.iter().map(String::as_str)).collect();
    let tokens = hub.admin(&words);
    let lines: Vec<(usize, String)> = tokens.lines().map(str::to_owned).enumerate().collect();
    assert_eq!(lines.len(), count, "a token for each host");
    let mut under_way = Vec::new();
    for part in lines.chunks(count.div_ceil(ENROLLING)) {
        let (part, address) = (part.to_vec(), hub.address);
        under_way.push(tokio::spawn(async move {
            let mut connection = Connection::open(address).await;
            let mut members = Vec::new();
            for (number, line) in part {
                members.push(enrol(&mut connection, number, &line).await);
            }
            members
        }));
    }
    let mut members = Vec::new();
    for part in under_way {
        members.extend(part.await.expect("hosts that enrol"));
    }
    members
}

/// A line is "HOST TOKEN".
async fn enrol(connection: &mut Connection, number: usize, line: &str) -> Member {
    let (name, token) = line.split_once(' ').expect("two words");
    let mut seed = [7; 32];
    seed[..8].copy_from_slice(&number.to_le_bytes());
    let key = HostKey::from_seed(&seed);
    let body = json!({
        "token": token,
        "host": name,
        "key": key.public().line(),
        "signature": key.sign(Namespace::Enroll, format!("{ORIGIN}\n{token}\n{name}").as_bytes()),
    });
    let request = Request::new("POST", "/v1/enroll", &from(number), &body.to_string());
    let reply = connection.call(&request).await.expect(&[201]).json();
    let credential = reply["credential"].as_str().expect("a credential").to_owned();
    Member { name: name.to_owned(), key, credential }
}

/// Where that one calls from, as the proxy says it.
pub(super) fn from(number: usize) -> String {
    let number = u32::try_from(number).expect("a host's number");
    let address = std::net::Ipv4Addr::from(0x0A00_0000 | number);
    format!("X-Forwarded-For: {address}\r\n")
}

/// A question, ready to be asked.
pub(crate) struct Asking {
    pub(crate) digest: String,
    put: Request,
    over: Request,
    credential: String,
}

impl Member {
    /// Its question, signed.
    pub(crate) fn asking(&self, now_ms: u64) -> Asking {
        let signed = SignedQuestion::sign(&self.key, question(&self.name, now_ms));
        let digest = signed.digest();
        let path = format!("/v1/host/questions/{digest}");
        let body = signed.text().expect("two texts");
        let over = r#"{"outcome":"approved","by":"approver"}"#;
        Asking {
            put: Request::shown("PUT", &path, &self.credential, &body),
            over: Request::shown("POST", &format!("{path}/over"), &self.credential, over),
            credential: self.credential.clone(),
            digest,
        }
    }

    /// Waits for answers again and again. Its first one is told: its number, and when it was
    /// there.
    pub(crate) async fn wait(self, hub: SocketAddr, told: oneshot::Sender<(i64, Instant)>) {
        let mut connection = Connection::open(hub).await;
        let (mut told, mut after) = (Some(told), 0);
        loop {
            let path = format!("/v1/host/answers?after={after}&wait={WAIT_SECONDS}");
            let call = Request::shown("GET", &path, &self.credential, "");
            let reply = connection.call(&call).await;
            let arrived = Instant::now();
            let reply = reply.expect(&[200]).json();
            let answers = reply["answers"].as_array().expect("a list");
            let Some(last) = answers.last() else { continue };
            assert_eq!(answers.len(), 1, "{} has asked once", self.name);
            after = last["seq"].as_i64().expect("a number");
            let told = told.take().unwrap_or_else(|| panic!("{}: two answers", self.name));
            let _ = told.send((after, arrived));
        }
    }
}

impl Asking {
    /// Puts the question; the connection is for what comes after.
    pub(crate) async fn put(&self, hub: SocketAddr) -> Connection {
        let mut connection = Connection::open(hub).await;
        connection.call(&self.put).await.expect(&[201]);
        connection
    }

    /// Says that the answer was taken, and that the question is over.
    pub(crate) async fn done(&self, connection: &mut Connection, seq: i64) {
        let path = format!("/v1/host/answers/{seq}/taken");
        let taken = Request::shown("POST", &path, &self.credential, r#"{"accepted":true}"#);
        connection.call(&taken).await.expect(&[204]);
        connection.call(&self.over).await.expect(&[204]);
    }
}

fn question(host: &str, now_ms: u64) -> String {
    let question = Question {
        version: QUESTION_VERSION,
        host: host.to_owned(),
        id: "7K3M-Q2".parse().expect("an ID"),
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
        sha256: None,
        tty: Some("/dev/pts/3".to_owned()),
        source_ip: Some("192.0.2.7".to_owned()),
        role: Some("web-operator".to_owned()),
        rule: Some("restart".to_owned()),
        doubt: None,
        reason: Some("nginx hangs".to_owned()),
        ticket: None,
        asked: vec!["@oncall".to_owned()],
        needed: 1,
        all_of: vec![],
        escalate: vec![],
        self_approval: false,
        opened_wall_ms: WallTime(now_ms),
        timeout_ms: Span(TIMEOUT_MS),
        lasts_ms: Span(1_800_000),
        uses: 1,
        reauth: false,
        signed: true,
    };
    question.text().expect("a question")
}
