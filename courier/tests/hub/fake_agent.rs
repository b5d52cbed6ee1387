//! An agent that has questions and takes answers.

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::Shutdown;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::PathBuf;
use std::sync::{Arc, Condvar, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use writ_protocol::FrameDecoder;
use writ_protocol::calls::Incoming;

/// How long anything may take.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

#[derive(Default)]
struct Told {
    hub: String,
    open: BTreeMap<String, String>,
    closed: Vec<Value>,
    answers: Vec<String>,
    refusal: Option<String>,
    hub_state: Option<Value>,
    streams: Vec<UnixStream>,
    lives: u64,
}

#[derive(Clone, Default)]
struct Shared(Arc<(Mutex<Told>, Condvar)>);

pub(crate) struct FakeAgent {
    pub(crate) folder: tempfile::TempDir,
    shared: Shared,
}

impl FakeAgent {
    /// Of a host that is enrolled at a hub, which its settings name.
    pub(crate) fn enrolled(url: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let credential = json!({ "url": url, "host": "h1", "credential": "secret" });
        std::fs::write(folder.path().join("credential.json"), credential.to_string()).unwrap();
        let agent = Self { folder, shared: Shared::default() };
        agent.set_hub(url);
        agent.come_back();
        agent
    }

    pub(crate) fn set_hub(&self, url: &str) {
        self.shared.change(|told| url.clone_into(&mut told.hub));
    }

    pub(crate) fn socket(&self) -> PathBuf {
        self.folder.path().join("agent")
    }

    pub(crate) fn come_back(&self) {
        let _ = std::fs::remove_file(self.socket());
        let listener = UnixListener::bind(self.socket()).unwrap();
        let shared = self.shared.clone();
        let life = shared.change(|told| told.lives);
        thread::spawn(move || {
            for stream in listener.incoming() {
                let stream = stream.unwrap();
                if shared.change(|told| told.lives != life) {
                    return;
                }
                shared.change(|told| told.streams.push(stream.try_clone().unwrap()));
                let shared = shared.clone();
                thread::spawn(move || shared.serve(stream, life));
            }
        });
    }

    pub(crate) fn go_away(&mut self) {
        let _ = std::fs::remove_file(self.socket());
        self.shared.change(|told| {
            told.lives += 1;
            for stream in told.streams.drain(..) {
                let _ = stream.shutdown(Shutdown::Both);
            }
        });
    }

    pub(crate) fn open(&self, digest: &str) {
        let signed = format!(r#"{{"question": "{digest}"}}"#);
        self.shared.change(|told| told.open.insert(digest.to_owned(), signed));
    }

    pub(crate) fn close(&self, digest: &str, outcome: &str, by: Option<&str>) {
        self.shared.change(|told| {
            told.open.remove(digest);
            told.closed.push(json!({ "digest": digest, "outcome": outcome, "by": by }));
        });
    }

    /// From now on, with these words.
    pub(crate) fn refuse(&self, why: &str) {
        self.shared.change(|told| told.refusal = Some(why.to_owned()));
    }

    pub(crate) fn answers(&self) -> Vec<String> {
        self.shared.change(|told| told.answers.clone())
    }

    pub(crate) fn await_answers(&self, count: usize) -> Vec<String> {
        self.shared.wait("so many answers", |told| {
            (told.answers.len() >= count).then(|| told.answers.clone())
        })
    }

    /// Waits until the courier says of the hub that it is well, or not, with such words.
    pub(crate) fn await_hub_state(&self, words: Option<&str>) -> String {
        self.shared.wait(&format!("{words:?} of the hub"), |told| {
            let error = told.hub_state.as_ref()?.get("error").and_then(Value::as_str);
            let matches = match (words, error) {
                (None, None) => true,
                (Some(words), Some(error)) => error.contains(words),
                _ => false,
            };
            matches.then(|| error.unwrap_or_default().to_owned())
        })
    }
}

impl Shared {
    fn change<T>(&self, change: impl FnOnce(&mut Told) -> T) -> T {
        let result = change(&mut self.0.0.lock().unwrap());
        self.0.1.notify_all();
        result
    }

    fn wait<T>(&self, what: &str, mut look: impl FnMut(&Told) -> Option<T>) -> T {
        let until = Instant::now() + PATIENCE;
        let mut told = self.0.0.lock().unwrap();
        loop {
            if let Some(found) = look(&told) {
                return found;
            }
            let left = until.saturating_duration_since(Instant::now());
            assert!(!left.is_zero(), "{what} did not come: {:?}", told.hub_state);
            told = self.0.1.wait_timeout(told, left).unwrap().0;
        }
    }

    fn serve(&self, mut stream: UnixStream, life: u64) {
        let mut decoder = FrameDecoder::default();
        let mut buffer = [0; 4096];
        let frame = loop {
            if let Some(frame) = decoder.next_frame().unwrap() {
                break frame;
            }
            match stream.read(&mut buffer) {
                Ok(0) | Err(_) => return,
                Ok(read) => decoder.push(&buffer[..read]),
            }
        };
        let call = Incoming::parse(&frame).unwrap();
        let parameters: Value = serde_json::from_str(call.parameters.unwrap().get()).unwrap();
        let reply = match call.method.as_ref() {
            "io.writ.Agent.CourierSettings" => {
                let hub = self.change(|told| told.hub.clone());
                let settings =
                    json!({ "host": "web-1", "collectors": [], "hub": { "url": hub, "pins": [] } });
                let _ = send(&mut stream, &json!({ "parameters": settings, "continues": true }));
                // It stays as it is until the agent goes away.
                let _ = stream.read(&mut buffer);
                return;
            }
            "io.writ.Agent.Outbox" => return self.tell_questions(&mut stream, life),
            "io.writ.Agent.CourierState" => {
                self.change(|told| told.hub_state = parameters.get("hub").cloned());
                json!({ "parameters": {} })
            }
            "io.writ.Agent.DecideSigned" => self.change(|told| {
                told.answers.push(parameters["answer"].as_str().unwrap().to_owned());
                match &told.refusal {
                    Some(message) => json!({
                        "error": "io.writ.Agent.Refused", "parameters": { "message": message },
                    }),
                    None => {
                        json!({ "parameters": { "granted": true, "approvals": 1, "needed": 1 } })
                    }
                }
            }),
            other => panic!("{other} is called"),
        };
        let _ = send(&mut stream, &reply);
    }

    fn tell_questions(&self, stream: &mut UnixStream, life: u64) {
        let mut known: Vec<String> = Vec::new();
        let mut closed = self.change(|told| told.closed.len());
        let mut first = true;
        loop {
            let mut replies = Vec::new();
            {
                let mut told = self.0.0.lock().unwrap();
                loop {
                    if told.lives != life {
                        return;
                    }
                    for (digest, signed) in &told.open {
                        if !known.contains(digest) {
                            known.push(digest.clone());
                            replies
                                .push(json!({ "opened": { "digest": digest, "signed": signed } }));
                        }
                    }
                    for question in &told.closed[closed..] {
                        replies.push(json!({ "closed": question }));
                    }
                    closed = told.closed.len();
                    if std::mem::take(&mut first) {
                        replies.push(json!({ "current": true }));
                    }
                    if !replies.is_empty() {
                        break;
                    }
                    told = self.0.1.wait(told).unwrap();
                }
            }
            for reply in replies {
                if send(stream, &json!({ "parameters": reply, "continues": true })).is_err() {
                    return;
                }
            }
        }
    }
}

fn send(stream: &mut UnixStream, reply: &Value) -> std::io::Result<()> {
    let mut frame = serde_json::to_vec(reply).unwrap();
    frame.push(0);
    stream.write_all(&frame)
}
