//! An approver at the hub's page, by what the page sends.

use std::fs::File;
use std::io::{BufRead as _, BufReader};
use std::net::{Ipv4Addr, SocketAddr};
use std::time::{Duration, SystemTime};

use serde_json::{Value, json};
use writ_signed::{Answer, Decision, Signature, Verdict};

use super::approving::PIPE;
use super::now;
use crate::fleet::{Connection, Passkey, Request};

/// What the hub is called there.
pub(crate) const ORIGIN: &str = "http://localhost:8080";

/// The same without its port: what passkeys know it by.
const HOST: &str = "localhost";

/// Where it listens.
const ADDRESS: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 8080);

/// Who answers.
pub(crate) const APPROVER: &str = "erin";

/// How long a decision stands, in milliseconds.
const STANDS_MS: u64 = 600_000;

/// Between two looks at what is open; a question comes by a courier.
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// Looks for one question.
const LOOKS_MAX: usize = 500;

/// After each answer: a person may call 1,200 times in a minute, and the page calls a few times
/// for each.
const REST: Duration = Duration::from_millis(200);

/// Makes a passkey with the link of an invitation, and prints its line for approvers.d.
pub(crate) fn enrol(link: &str) {
    block_on(async {
        let mut hub = Connection::open(ADDRESS).await;
        let (_, invitation) = link.rsplit_once("/#/enrol/").expect("a link");
        let body = json!({ "invitation": invitation }).to_string();
        let begin = Request::new("POST", "/v1/passkeys/challenge", "", &body);
        let begun = hub.call(&begin).await.expect(&[200]).json();
        let challenge = begun["challenge"].as_str().expect("a challenge");
        let made = Passkey::of(ORIGIN, HOST).made(invitation, challenge).to_string();
        let enrol = Request::new("POST", "/v1/passkeys", "", &made);
        let enrolled = hub.call(&enrol).await.expect(&[201]).json();
        println!("{}", enrolled["line"].as_str().expect("a line"));
    });
}

/// Approves what comes out of the pipe. Prints the request's ID, and when the answer, signed,
/// was about to be sent.
pub(crate) fn approve() {
    let asked = BufReader::new(File::open(PIPE).expect("the pipe"));
    block_on(async {
        let mut page = Page::log_in().await;
        for id in asked.lines() {
            let id = id.expect("a line");
            let digest = page.find(&id).await;
            let path = format!("/v1/questions/{digest}");
            let question = page.get(&path).await;
            let body = page.answer(&digest, &question);
            let answer = page.request("POST", &format!("{path}/answers"), &body);
            let begun = now();
            page.hub.call(&answer).await.expect(&[201]);
            println!("{id} {}", begun.as_nanos());
            tokio::time::sleep(REST).await;
        }
    });
}

/// The page of somebody who has logged in by passkey.
struct Page {
    hub: Connection,
    passkey: Passkey,
    /// Lines of a head: the cookie, and the session's second secret.
    session: String,
}

impl Page {
    async fn log_in() -> Self {
        let passkey = Passkey::of(ORIGIN, HOST);
        let mut hub = Connection::open(ADDRESS).await;
        let begin = Request::new("POST", "/v1/login/challenge", "", "{}");
        let begun = hub.call(&begin).await.expect(&[200]).json();
        let challenge = begun["challenge"].as_str().expect("a challenge");
        let body = json!({
            "challenge": challenge,
            "id": Passkey::id(),
            "assertion": passkey.assertion(challenge),
        });
        let login = Request::new("POST", "/v1/login/passkey", "", &body.to_string());
        let reply = hub.call(&login).await.expect(&[200]);
        let cookie = reply.header("set-cookie").and_then(|value| value.split(';').next());
        let csrf = reply.json()["csrf"].as_str().expect("a secret").to_owned();
        let session =
            format!("Cookie: {}\r\nX-Writ-CSRF: {csrf}\r\n", cookie.expect("the page's cookie"));
        Self { hub, passkey, session }
    }

    fn request(&self, method: &str, path: &str, body: &str) -> Request {
        Request::new(method, path, &self.session, body)
    }

    async fn get(&mut self, path: &str) -> Value {
        let request = self.request("GET", path, "");
        self.hub.call(&request).await.expect(&[200]).json()
    }

    /// The digest of a request's question, once the hub has it.
    async fn find(&mut self, id: &str) -> String {
        for _ in 0..LOOKS_MAX {
            let listed = self.get("/v1/questions").await;
            let questions = listed["questions"].as_array().expect("a list");
            if let Some(found) = questions.iter().find(|question| question["id"] == id) {
                return found["digest"].as_str().expect("a digest").to_owned();
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
        panic!("the hub has no question of {id}");
    }

    /// The body of a yes.
    fn answer(&self, digest: &str, question: &Value) -> String {
        let text = question["question"].as_str().expect("its text");
        let asked: Value = serde_json::from_str(text).expect("JSON");
        let wall = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).expect("after 1970");
        let made_wall_ms = u64::try_from(wall.as_millis()).expect("a time");
        let word = |of: &Value, name: &str| of[name].as_str().expect("a text").to_owned();
        let decision = Decision {
            version: 1,
            host: word(&asked, "host"),
            host_key: word(question, "host_key").parse().expect("a fingerprint"),
            id: word(&asked, "id"),
            question: digest.to_owned(),
            verdict: Verdict::Approve,
            comment: None,
            lasts_ms: None,
            uses: None,
            approver: APPROVER.to_owned(),
            made_wall_ms,
            expires_wall_ms: made_wall_ms + STANDS_MS,
        };
        let decision = decision.text().expect("a decision");
        let signature = Signature::Passkey(self.passkey.assertion(&decision));
        Answer { decision, signature }.text().expect("an answer")
    }
}

fn block_on(what: impl Future<Output = ()>) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.expect("an event loop").block_on(what);
}
