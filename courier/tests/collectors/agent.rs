//! An agent that has events and settings, and hears how the courier fares.

use std::io::{Read, Write};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::PathBuf;
use std::sync::{Arc, Condvar, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::json;
use writ_protocol::FrameDecoder;
use writ_protocol::calls::Incoming;
use writ_protocol::courier::{
    CollectorState, CourierState, Event, EventReply, Events, Field, Settings,
};

/// How long anything may take.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

#[derive(Default)]
struct Told {
    events: u64,
    settings: Option<Settings>,
    state: Vec<CollectorState>,
    open: Vec<UnixStream>,
    starts: u64,
}

#[derive(Clone, Default)]
struct Shared(Arc<(Mutex<Told>, Condvar)>);

pub(crate) struct FakeAgent {
    pub(crate) folder: tempfile::TempDir,
    shared: Shared,
}

impl FakeAgent {
    pub(crate) fn with_events(count: u64) -> Self {
        let agent = Self { folder: tempfile::tempdir().unwrap(), shared: Shared::default() };
        agent.add_events(count);
        agent.listen();
        agent
    }

    pub(crate) fn socket(&self) -> PathBuf {
        self.folder.path().join("agent")
    }

    fn listen(&self) {
        let _ = std::fs::remove_file(self.socket());
        let listener = UnixListener::bind(self.socket()).unwrap();
        let shared = self.shared.clone();
        let start = shared.change(|told| told.starts);
        thread::spawn(move || {
            for stream in listener.incoming() {
                let stream = stream.unwrap();
                if shared.change(|told| told.starts != start) {
                    return;
                }
                shared.change(|told| told.open.push(stream.try_clone().unwrap()));
                let shared = shared.clone();
                thread::spawn(move || shared.serve(stream));
            }
        });
    }

    /// Every connection is lost, and so is what it was told.
    pub(crate) fn restart(&mut self) {
        self.shared.change(|told| {
            told.starts += 1;
            told.state.clear();
            for stream in told.open.drain(..) {
                let _ = stream.shutdown(std::net::Shutdown::Both);
            }
        });
        self.listen();
    }

    pub(crate) fn add_events(&self, count: u64) {
        self.shared.change(|told| told.events += count);
    }

    pub(crate) fn tell(&self, collectors: &[String]) {
        self.tell_with(collectors, None);
    }

    pub(crate) fn tell_with(&self, collectors: &[String], ca: Option<&str>) {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../uplink/tests/certificates/");
        self.shared.change(|told| {
            told.settings = Some(Settings {
                host: "web-1".to_owned(),
                collectors: collectors.to_vec(),
                collectors_ca: ca.map(|ca| format!("{folder}{ca}")),
                hub: None,
            });
        });
    }

    pub(crate) fn await_error(&self, url: &str) -> String {
        self.shared.wait("an error", |told| {
            told.state.iter().find(|state| state.url == url)?.error.clone()
        })
    }

    pub(crate) fn await_no_error(&self, url: &str) {
        self.shared.wait("no error", |told| {
            let state = told.state.iter().find(|state| state.url == url)?;
            state.error.is_none().then_some(())
        });
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
            assert!(!left.is_zero(), "{what} did not come: {:?}", told.state);
            told = self.0.1.wait_timeout(told, left).unwrap().0;
        }
    }

    /// Waits for a change as long as the connection is of this start.
    fn next<T>(&self, start: u64, mut look: impl FnMut(&Told) -> Option<T>) -> Option<T> {
        let mut told = self.0.0.lock().unwrap();
        loop {
            if told.starts != start {
                return None;
            }
            if let Some(found) = look(&told) {
                return Some(found);
            }
            told = self.0.1.wait(told).unwrap();
        }
    }

    fn serve(&self, mut stream: UnixStream) {
        let start = self.change(|told| told.starts);
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
        let parameters = call.parameters.unwrap().get().to_owned();
        match call.method.as_ref() {
            "io.writ.Agent.CourierSettings" => {
                let mut known = None;
                while let Some(settings) = self.next(start, |told| {
                    told.settings.clone().filter(|settings| known.as_ref() != Some(settings))
                }) {
                    if reply(&mut stream, &settings, true).is_err() {
                        return;
                    }
                    known = Some(settings);
                }
            }
            "io.writ.Agent.Events" => {
                let Events { mut after, digest } = serde_json::from_str(&parameters).unwrap();
                assert_eq!(digest, (after > 0).then(|| digest_of(after)));
                while let Some(events) =
                    self.next(start, |told| (told.events > after).then_some(told.events))
                {
                    for seq in after + 1..=events {
                        let told = EventReply { event: event(seq), missing: 0, again: false };
                        if reply(&mut stream, &told, true).is_err() {
                            return;
                        }
                    }
                    after = events;
                }
            }
            "io.writ.Agent.CourierState" => {
                let CourierState { collectors, .. } = serde_json::from_str(&parameters).unwrap();
                self.change(|told| told.state = collectors);
                let _ = reply(&mut stream, &json!({}), false);
            }
            other => panic!("{other} is called"),
        }
    }
}

fn reply(
    stream: &mut UnixStream,
    parameters: &impl serde::Serialize,
    continues: bool,
) -> std::io::Result<()> {
    let mut frame =
        serde_json::to_vec(&json!({ "parameters": parameters, "continues": continues })).unwrap();
    frame.push(0);
    stream.write_all(&frame)
}

fn digest_of(seq: u64) -> String {
    format!("{seq:064x}")
}

fn event(seq: u64) -> Event {
    let field = |name: &str, value: &str| Field { name: name.to_owned(), value: value.to_owned() };
    Event {
        seq,
        digest: digest_of(seq),
        wall_ms: 1_800_000_000_000,
        event: "request.opened".to_owned(),
        priority: 5,
        fields: vec![
            field("WRIT_EVENT", "request.opened"),
            field("WRIT_REASON", "ü \"x\" ]"),
            field("WRIT_ID", "7K3M-Q2"),
        ],
    }
}
