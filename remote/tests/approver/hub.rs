//! A stand-in for a hub, on loopback, that does as hubs do, or as the test says.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex};
use std::thread;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};
use writ_signed::{
    Answer, ApproverKey, HostKey, Namespace, PublicKey, SignedQuestion, Sshsig, Verified, digest,
};

/// Longer than anything here takes, on a busy machine too.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

const TOKEN: &str = "token-of-the-stand-in";

/// What came.
#[derive(Clone, Debug)]
pub(crate) struct Call {
    /// Such as `GET /v1/questions`.
    pub(crate) line: String,
    pub(crate) body: String,
    pub(crate) credential: String,
}

/// What is replied in the place of what a hub does.
#[derive(Clone)]
pub(crate) enum Reply {
    /// This status and body.
    Always(u16, String),
    /// The beginning of a body that never ends.
    Endless,
    /// Look there.
    Redirect(String),
    /// A body of which a byte comes now and then.
    Dripping,
    /// Nothing, ever.
    Silence,
}

/// What the host makes of answers.
#[derive(Clone, Default)]
pub(crate) enum Host {
    #[default]
    Takes,
    Refuses(&'static str),
    IsAway,
}

struct Question {
    digest: String,
    signed: SignedQuestion,
    over: Option<(String, String)>,
    answers: Vec<Value>,
}

#[derive(Default)]
struct State {
    origin: String,
    people: Vec<(String, ApproverKey)>,
    questions: Vec<Question>,
    calls: Vec<Call>,
    replies: Vec<(String, Reply)>,
    challenge: Option<String>,
    list: Option<Value>,
    host: Host,
    answers: Vec<Verified>,
    listeners: Vec<TcpStream>,
    streams: Vec<TcpStream>,
}

#[derive(Clone, Default)]
struct Shared(Arc<(Mutex<State>, Condvar)>);

/// The hub; bob is known there.
pub(crate) struct Hub {
    port: u16,
    shared: Shared,
}

pub(crate) fn now_ms() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    u64::try_from(since.as_millis()).unwrap()
}

/// The text of a question of a host, put now.
pub(crate) fn question(host: &str, id: &str, argument: &str) -> String {
    question_at(host, id, argument, now_ms())
}

pub(crate) fn question_at(host: &str, id: &str, argument: &str, opened_ms: u64) -> String {
    json!({
        "version": 1, "host": host, "id": id,
        "requester": {"user": "alice", "uid": 1000},
        "door": "sudo",
        "aim": {"command": {"path": "/usr/bin/touch", "argv": ["touch", argument], "cwd": "/",
            "run_as": {"user": "root", "uid": 0}, "action": "run"}},
        "asked": ["@oncall"], "needed": 1,
        "opened_wall_ms": opened_ms.to_string(), "timeout_ms": "300000",
        "lasts_ms": "3600000", "uses": 1
    })
    .to_string()
}

impl Hub {
    pub(crate) fn started() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let hub = Self { port, shared: Shared::default() };
        hub.change(|state| state.origin = hub.url());
        let shared = hub.shared.clone();
        thread::spawn(move || {
            for stream in listener.incoming() {
                let stream = stream.unwrap();
                shared.change(|state| state.streams.push(stream.try_clone().unwrap()));
                let shared = shared.clone();
                thread::spawn(move || shared.serve(stream));
            }
        });
        hub
    }

    pub(crate) fn url(&self) -> String {
        format!("http://localhost:{}", self.port)
    }

    /// Somebody is known by a key.
    pub(crate) fn knows(&self, person: &str, key_line: &str) {
        let key = key_line.parse().unwrap();
        self.change(|state| state.people.push((person.to_owned(), key)));
    }

    /// A host asks. Gives the digest.
    pub(crate) fn asks(&self, key: &HostKey, text: &str) -> String {
        self.has(digest(text), SignedQuestion::sign(key, text.to_owned()))
    }

    /// It has something under a digest, whatever that is.
    pub(crate) fn has(&self, digest: String, signed: SignedQuestion) -> String {
        let kept = Question { digest: digest.clone(), signed, over: None, answers: vec![] };
        self.change(|state| state.questions.push(kept));
        self.tell("question", &digest);
        digest
    }

    pub(crate) fn is_over(&self, digest: &str, outcome: &str, by: &str) {
        self.change(|state| {
            let found = state.questions.iter_mut().find(|it| it.digest == digest).unwrap();
            found.over = Some((outcome.to_owned(), by.to_owned()));
        });
        self.tell("over", digest);
    }

    /// To calls whose line begins so.
    pub(crate) fn reply_to(&self, line: &str, reply: Reply) {
        self.change(|state| state.replies.push((line.to_owned(), reply)));
    }

    pub(crate) fn challenge(&self, text: impl Into<String>) {
        self.change(|state| state.challenge = Some(text.into()));
    }

    /// Its list of what is open says this.
    pub(crate) fn lists(&self, list: Value) {
        self.change(|state| state.list = Some(list));
    }

    pub(crate) fn host(&self, host: Host) {
        self.change(|state| state.host = host);
    }

    pub(crate) fn calls(&self) -> Vec<Call> {
        self.change(|state| state.calls.clone())
    }

    pub(crate) fn count(&self, line: &str) -> usize {
        self.calls().iter().filter(|call| call.line.starts_with(line)).count()
    }

    /// The answers that came and that verify with the key of who gave them.
    pub(crate) fn answers(&self) -> Vec<Verified> {
        self.change(|state| state.answers.clone())
    }

    /// Waits until somebody listens to what changes.
    pub(crate) fn await_listener(&self) {
        let until = Instant::now() + PATIENCE;
        let mut state = self.shared.0.0.lock().unwrap();
        while state.listeners.is_empty() {
            let left = until.saturating_duration_since(Instant::now());
            assert!(!left.is_zero(), "nobody listens: {:?}", state.calls);
            state = self.shared.0.1.wait_timeout(state, left).unwrap().0;
        }
    }

    /// Loses every connection.
    pub(crate) fn hang_up(&self) {
        self.change(|state| {
            state.listeners.clear();
            for stream in state.streams.drain(..) {
                let _ = stream.shutdown(Shutdown::Both);
            }
        });
    }

    /// Tells whoever listens.
    pub(crate) fn tell(&self, event: &str, data: &str) {
        self.change(|state| {
            for listener in &mut state.listeners {
                let _ = write!(listener, "event: {event}\ndata: {data}\n\n");
            }
        });
    }

    fn change<T>(&self, change: impl FnOnce(&mut State) -> T) -> T {
        self.shared.change(change)
    }
}

impl Shared {
    fn change<T>(&self, change: impl FnOnce(&mut State) -> T) -> T {
        let result = change(&mut self.0.0.lock().unwrap());
        self.0.1.notify_all();
        result
    }

    fn serve(&self, stream: TcpStream) {
        let mut reader = BufReader::new(stream.try_clone().unwrap());
        let mut writer = stream;
        while let Some(call) = read(&mut reader) {
            let scripted = self.change(|state| {
                state.calls.push(call.clone());
                let found =
                    state.replies.iter().rev().find(|(line, _)| call.line.starts_with(line));
                found.map(|(_, reply)| reply.clone())
            });
            let written = match scripted {
                Some(Reply::Always(status, body)) => reply(&mut writer, status, "", &body),
                Some(Reply::Redirect(to)) => {
                    reply(&mut writer, 307, &format!("location: {to}\r\n"), "")
                }
                Some(Reply::Endless) => endless(&mut writer),
                Some(Reply::Dripping) => dripping(&mut writer),
                Some(Reply::Silence) => continue,
                None if call.line == "GET /v1/events" => self.listens(&mut writer, &call),
                None => {
                    let (status, body) = self.change(|state| state.usual(&call));
                    let body = if status == 204 { String::new() } else { body.to_string() };
                    reply(&mut writer, status, "", &body)
                }
            };
            if written.is_err() {
                return;
            }
        }
    }

    fn listens(&self, writer: &mut TcpStream, call: &Call) -> std::io::Result<()> {
        if call.credential != format!("Bearer {TOKEN}") {
            return reply(writer, 401, "", &no("nobody is logged in").1.to_string());
        }
        write!(writer, "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\n")?;
        write!(writer, "event: resync\ndata: all\n\n:\n\n")?;
        let listener = writer.try_clone()?;
        self.change(|state| state.listeners.push(listener));
        Ok(())
    }
}

fn no(detail: &str) -> (u16, Value) {
    (401, json!({"type": "urn:writ:problem:x", "title": "No", "status": 401, "detail": detail}))
}

impl State {
    fn usual(&mut self, call: &Call) -> (u16, Value) {
        let sent: Value = serde_json::from_str(&call.body).unwrap_or_default();
        let (method, path) = call.line.split_once(' ').unwrap();
        match path {
            "/v1/login/challenge" => {
                let expires = now_ms() + 300_000;
                let usual = format!(
                    "login@writ\norigin {}\nnonce 0123456789abcdef-_\nexpires_wall_ms {expires}\n",
                    self.origin
                );
                let text = self.challenge.clone().unwrap_or(usual);
                return (200, json!({"challenge": text, "expires_wall_ms": expires}));
            }
            "/v1/login/ssh" => return self.log_in(&sent),
            _ if call.credential != format!("Bearer {TOKEN}") => return no("nobody is logged in"),
            "/v1/session" if method == "DELETE" => return (204, Value::Null),
            _ => {}
        }
        let rest = path.strip_prefix("/v1/questions");
        match rest.map(|rest| rest.trim_start_matches('/')) {
            Some("") => {
                let usual = || self.lines(|question| question.over.is_none());
                (200, self.list.clone().unwrap_or_else(usual))
            }
            None if path == "/v1/history" => (200, self.lines(|question| question.over.is_some())),
            Some(rest) => match rest.split_once('/') {
                Some((digest, "answers")) => self.submit(digest, &call.body),
                _ => match self.questions.iter().find(|it| it.digest == rest) {
                    Some(found) => (200, whole(found)),
                    None => (404, no("there is no such question").1),
                },
            },
            None => (404, Value::Null),
        }
    }

    fn log_in(&self, sent: &Value) -> (u16, Value) {
        let key = PublicKey::from_line(sent["key"].as_str().unwrap()).unwrap();
        let signature = Sshsig::parse(sent["signature"].as_str().unwrap()).unwrap();
        let text = sent["challenge"].as_str().unwrap();
        assert_eq!(*signature.key(), key);
        signature.verify(Namespace::Login, text.as_bytes()).unwrap();
        let is_his = |known: &ApproverKey| known.fingerprint() == key.fingerprint();
        match self.people.iter().find(|(_, known)| is_his(known)) {
            Some((person, _)) => {
                let expires = now_ms() + 3_600_000;
                (200, json!({"token": TOKEN, "person": person, "expires_wall_ms": expires}))
            }
            None => (422, no("the hub knows nobody with the key").1),
        }
    }

    fn lines(&self, which: impl Fn(&Question) -> bool) -> Value {
        let questions: Vec<Value> =
            self.questions.iter().filter(|it| which(it)).map(line).collect();
        json!({"now_ms": now_ms(), "more": 0, "questions": questions})
    }

    fn submit(&mut self, digest: &str, body: &str) -> (u16, Value) {
        let answer = Answer::parse(body).unwrap();
        let claimed = answer.claimed().unwrap();
        let keys = self.people.iter().filter(|(name, _)| *name == claimed.approver);
        let keys: Vec<&ApproverKey> = keys.map(|(_, key)| key).collect();
        let verified = answer.verify(keys).unwrap();
        assert_eq!(verified.decision.question, digest);
        let seq = self.answers.len();
        let mut given = json!({"seq": seq, "approver": claimed.approver, "given_ms": now_ms(),
            "verdict": verified.decision.verdict});
        match self.host {
            Host::Takes => given["accepted"] = true.into(),
            Host::Refuses(why) => (given["accepted"], given["why"]) = (false.into(), why.into()),
            Host::IsAway => {}
        }
        self.answers.push(verified);
        let found = self.questions.iter_mut().find(|it| it.digest == digest).unwrap();
        found.answers.push(given);
        (201, json!({"seq": seq}))
    }
}

fn line(question: &Question) -> Value {
    let said: Value = serde_json::from_str(&question.signed.question).unwrap_or_default();
    let mut line = json!({
        "digest": question.digest, "host": said["host"].as_str().unwrap_or("web-1"),
        "id": said["id"].as_str().unwrap_or("7K3M-Q2"),
        "requester": "alice", "summary": "/usr/bin/touch …", "received_ms": now_ms() - 1_000,
        "closes_ms": now_ms() + 299_000
    });
    if let Some((outcome, by)) = &question.over {
        (line["over_ms"], line["outcome"], line["by"]) =
            (now_ms().into(), outcome.as_str().into(), by.as_str().into());
    }
    line
}

fn whole(question: &Question) -> Value {
    let mut whole = line(question);
    whole["now_ms"] = now_ms().into();
    whole["question"] = question.signed.question.as_str().into();
    whole["signature"] = question.signed.signature.as_str().into();
    whole["answers"] = question.answers.clone().into();
    whole["notices"] = json!([]);
    whole
}

fn read(reader: &mut BufReader<TcpStream>) -> Option<Call> {
    let mut line = String::new();
    if reader.read_line(&mut line).ok()? == 0 {
        return None;
    }
    let line = line.trim_end().strip_suffix(" HTTP/1.1")?.to_owned();
    let (mut length, mut credential) = (0, String::new());
    loop {
        let mut header = String::new();
        reader.read_line(&mut header).ok()?;
        let header = header.trim_end();
        if header.is_empty() {
            break;
        }
        let (name, value) = header.split_once(": ")?;
        match name.to_ascii_lowercase().as_str() {
            "content-length" => length = value.parse().ok()?,
            "authorization" => value.clone_into(&mut credential),
            _ => {}
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    Some(Call { line, body: String::from_utf8(body).ok()?, credential })
}

fn reply(writer: &mut TcpStream, status: u16, headers: &str, body: &str) -> std::io::Result<()> {
    let length = body.len();
    write!(writer, "HTTP/1.1 {status} X\r\n{headers}content-length: {length}\r\n\r\n{body}")
}

fn endless(writer: &mut TcpStream) -> std::io::Result<()> {
    write!(writer, "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n")?;
    loop {
        write!(writer, "1000\r\n{}\r\n", " ".repeat(0x1000))?;
    }
}

fn dripping(writer: &mut TcpStream) -> std::io::Result<()> {
    write!(writer, "HTTP/1.1 200 OK\r\ncontent-length: 100000\r\n\r\n")?;
    loop {
        writer.write_all(b" ")?;
        thread::sleep(Duration::from_millis(50));
    }
}
