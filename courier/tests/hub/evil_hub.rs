//! A hub that does as the test says, on loopback.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use crate::agent::PATIENCE;

/// What came.
#[derive(Clone, Debug)]
pub(crate) struct Call {
    /// Such as `PUT /v1/host/questions/aa`.
    pub(crate) line: String,
    pub(crate) body: String,
    pub(crate) credential: String,
}

/// What is replied.
#[derive(Clone)]
pub(crate) enum Reply {
    /// As a hub does.
    Usual,
    /// This status and body.
    Always(u16, String),
    /// The beginning of a body that never ends.
    Endless,
    /// Look there.
    Redirect(String),
}

#[derive(Default)]
struct State {
    calls: Vec<Call>,
    answers: Vec<(i64, String)>,
    replies: Vec<(String, Reply)>,
    streams: Vec<TcpStream>,
    lives: u64,
}

#[derive(Clone, Default)]
struct Shared(Arc<(Mutex<State>, Condvar)>);

pub(crate) struct EvilHub {
    port: u16,
    shared: Shared,
}

impl EvilHub {
    pub(crate) fn listening() -> Self {
        let mut hub = Self { port: 0, shared: Shared::default() };
        hub.come_back();
        hub
    }

    pub(crate) fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    pub(crate) fn die(&mut self) {
        self.shared.change(|state| {
            state.lives += 1;
            for stream in state.streams.drain(..) {
                let _ = stream.shutdown(Shutdown::Both);
            }
        });
        // Wakes the one that waits for a connection.
        let _ = TcpStream::connect(("127.0.0.1", self.port));
    }

    pub(crate) fn come_back(&mut self) {
        let until = Instant::now() + PATIENCE;
        let listener = loop {
            match TcpListener::bind(("127.0.0.1", self.port)) {
                Ok(listener) => break listener,
                Err(error) => assert!(Instant::now() < until, "{error}"),
            }
        };
        self.port = listener.local_addr().unwrap().port();
        let shared = self.shared.clone();
        let life = shared.change(|state| state.lives);
        thread::spawn(move || {
            for stream in listener.incoming() {
                let stream = stream.unwrap();
                if shared.change(|state| state.lives != life) {
                    return;
                }
                shared.change(|state| state.streams.push(stream.try_clone().unwrap()));
                let shared = shared.clone();
                thread::spawn(move || shared.serve(stream, life));
            }
        });
    }

    pub(crate) fn forget(&self) {
        self.shared.change(|state| state.calls.clear());
    }

    pub(crate) fn answer(&self, seq: i64, answer: &str) {
        self.shared.change(|state| state.answers.push((seq, answer.to_owned())));
    }

    /// To calls whose line begins so.
    pub(crate) fn reply_to(&self, line: &str, reply: Reply) {
        self.shared.change(|state| {
            state.replies.retain(|(known, _)| known != line);
            state.replies.push((line.to_owned(), reply));
        });
    }

    pub(crate) fn calls(&self) -> Vec<Call> {
        self.shared.change(|state| state.calls.clone())
    }

    pub(crate) fn await_line(&self, line: &str) {
        self.shared.wait(line, |call| call.line.starts_with(line));
    }

    pub(crate) fn await_call(&self, line: &str, body: &str) {
        self.shared.wait(&format!("{line} {body}"), |call| call.line == line && call.body == body);
    }
}

impl Shared {
    fn change<T>(&self, change: impl FnOnce(&mut State) -> T) -> T {
        let result = change(&mut self.0.0.lock().unwrap());
        self.0.1.notify_all();
        result
    }

    fn wait(&self, what: &str, is_it: impl Fn(&Call) -> bool) {
        let until = Instant::now() + PATIENCE;
        let mut state = self.0.0.lock().unwrap();
        while !state.calls.iter().any(&is_it) {
            let left = until.saturating_duration_since(Instant::now());
            assert!(!left.is_zero(), "{what} did not come: {:?}", state.calls);
            state = self.0.1.wait_timeout(state, left).unwrap().0;
        }
    }

    fn serve(&self, stream: TcpStream, life: u64) {
        let mut reader = BufReader::new(stream.try_clone().unwrap());
        let mut writer = stream;
        while let Some(call) = read(&mut reader) {
            self.change(|state| state.calls.push(call.clone()));
            let scripted = self.change(|state| {
                let found = state.replies.iter().find(|(line, _)| call.line.starts_with(line));
                found.map_or(Reply::Usual, |(_, reply)| reply.clone())
            });
            let written = match scripted {
                Reply::Usual => self.usual(&mut writer, &call, life),
                Reply::Always(status, body) => reply(&mut writer, status, "", &body),
                Reply::Redirect(to) => reply(&mut writer, 307, &format!("location: {to}\r\n"), ""),
                Reply::Endless => endless(&mut writer),
            };
            if written.is_err() {
                return;
            }
        }
    }

    fn usual(&self, writer: &mut TcpStream, call: &Call, life: u64) -> std::io::Result<()> {
        let Some(rest) = call.line.strip_prefix("GET /v1/host/answers?after=") else {
            if let Some(rest) = call.line.strip_prefix("POST /v1/host/answers/") {
                let seq: i64 = rest.strip_suffix("/taken").unwrap().parse().unwrap();
                self.change(|state| state.answers.retain(|(known, _)| *known != seq));
            }
            return reply(writer, 204, "", "");
        };
        let after: i64 = rest.split_once('&').unwrap().0.parse().unwrap();
        let wait = call.line.rsplit_once("wait=").unwrap().1.parse().unwrap();
        let until = Instant::now() + Duration::from_secs(wait);
        let mut state = self.0.0.lock().unwrap();
        let answers = loop {
            let found = state.answers.iter().filter(|(seq, _)| *seq > after);
            let found: Vec<String> = found
                .map(|(seq, answer)| format!(r#"{{"seq":{seq},"answer":{answer}}}"#))
                .collect();
            let is_other = state.replies.iter().any(|(line, _)| call.line.starts_with(line));
            if !found.is_empty() || state.lives != life || Instant::now() >= until || is_other {
                break found;
            }
            state = self.0.1.wait_timeout(state, Duration::from_secs(1)).unwrap().0;
        };
        drop(state);
        reply(writer, 200, "", &format!(r#"{{"answers":[{}]}}"#, answers.join(",")))
    }
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
