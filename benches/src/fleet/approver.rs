//! Somebody who answers.

use std::net::SocketAddr;
use std::time::Instant;

use serde_json::json;
use writ_signed::{Answer, Decision, HostKey, Namespace, Signature, Verdict};

use super::connection::{Connection, Request};
use super::host::{Asking, Member, from};
use super::hub::Hub;

/// How long a decision stands, in milliseconds.
const STANDS_MS: u64 = 3_600_000;

/// Above the numbers of hosts: where approvers call from.
const FIRST_NUMBER: usize = 100_000;

/// An approver with an SSH key, logged in.
pub(crate) struct Approver {
    name: String,
    key: HostKey,
    token: String,
    hub: SocketAddr,
    /// Since his first answer: the hub closes what says nothing.
    connection: Option<Connection>,
}

/// So many approvers.
pub(crate) async fn logged_in(hub: &Hub, count: usize) -> Vec<Approver> {
    let mut approvers = Vec::new();
    for number in 0..count {
        approvers.push(Approver::log_in(hub, number).await);
    }
    approvers
}

impl Approver {
    async fn log_in(hub: &Hub, number: usize) -> Self {
        let name = format!("approver-{number}");
        let mut seed = [99; 32];
        seed[..8].copy_from_slice(&number.to_le_bytes());
        let key = HostKey::from_seed(&seed);
        let line = key.public().line();
        hub.admin(&["people", "add", &name, "--ssh-key", &line]);
        let mut connection = Connection::open(hub.address).await;
        let from = from(FIRST_NUMBER + number);
        let begin = Request::new("POST", "/v1/login/challenge", &from, "{}");
        let begun = connection.call(&begin).await.expect(&[200]).json();
        let challenge = begun["challenge"].as_str().expect("a challenge");
        let signature = key.sign(Namespace::Login, challenge.as_bytes());
        let login = json!({ "challenge": challenge, "key": line, "signature": signature });
        let login = Request::new("POST", "/v1/login/ssh", &from, &login.to_string());
        let token = connection.call(&login).await.expect(&[200]).json();
        let token = token["token"].as_str().expect("a token").to_owned();
        Self { name, key, token, hub: hub.address, connection: None }
    }

    /// The calls that it takes to answer a question of a host: to read it, and to hand in the
    /// answer, signed.
    pub(crate) fn answer(&self, host: &Member, asking: &Asking, now_ms: u64) -> [Request; 2] {
        let decision = Decision {
            version: 1,
            host: host.name.clone(),
            host_key: host.key.fingerprint(),
            id: "7K3M-Q2".to_owned(),
            question: asking.digest.clone(),
            verdict: Verdict::Approve,
            comment: None,
            lasts_ms: None,
            uses: None,
            approver: self.name.clone(),
            made_wall_ms: now_ms,
            expires_wall_ms: now_ms + STANDS_MS,
        };
        let decision = decision.text().expect("a decision");
        let signature = Signature::Ssh(self.key.sign(Namespace::Decision, decision.as_bytes()));
        let body = Answer { decision, signature }.text().expect("an answer");
        let path = format!("/v1/questions/{}", asking.digest);
        [
            Request::shown("GET", &path, &self.token, ""),
            Request::shown("POST", &format!("{path}/answers"), &self.token, &body),
        ]
    }

    /// Reads the question and answers it: when the answer was sent.
    pub(crate) async fn submit(&mut self, [read, answer]: &[Request; 2]) -> Instant {
        let connection = match &mut self.connection {
            Some(connection) => connection,
            none => none.insert(Connection::open(self.hub).await),
        };
        connection.call(read).await.expect(&[200]);
        let sent = Instant::now();
        connection.call(answer).await.expect(&[201]);
        sent
    }
}
