//! A collector that can die and come back, and keeps what it got.

use std::collections::BTreeMap;
use std::io::Read;
use std::marker::PhantomData;
use std::net::{TcpListener, TcpStream, UdpSocket};
use std::ops::RangeInclusive;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};

use super::agent::PATIENCE;

/// TCP or UDP as it is.
pub(crate) struct Plain;
/// TLS, as `localhost`.
pub(crate) struct Secured;

#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Tcp,
    Udp,
    Tls,
}

pub(crate) struct Collector<K> {
    kind: Kind,
    port: u16,
    got: Arc<Mutex<Vec<String>>>,
    dead: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
    _kind: PhantomData<K>,
}

impl Collector<Plain> {
    pub(crate) fn listening() -> Self {
        Self::of(Kind::Tcp)
    }

    pub(crate) fn of_datagrams() -> Self {
        Self::of(Kind::Udp)
    }
}

impl Collector<Secured> {
    pub(crate) fn listening() -> Self {
        Self::of(Kind::Tls)
    }
}

impl<K> Collector<K> {
    fn of(kind: Kind) -> Self {
        let mut collector = Self {
            kind,
            port: 0,
            got: Arc::default(),
            dead: Arc::default(),
            thread: None,
            _kind: PhantomData,
        };
        collector.come_back();
        collector
    }

    pub(crate) fn url(&self) -> String {
        match self.kind {
            Kind::Tcp => format!("tcp://127.0.0.1:{}", self.port),
            Kind::Udp => format!("udp://127.0.0.1:{}", self.port),
            Kind::Tls => format!("tls://localhost:{}", self.port),
        }
    }

    /// Everything is closed.
    pub(crate) fn die(&mut self) {
        self.dead.store(true, Ordering::SeqCst);
        if let Some(thread) = self.thread.take() {
            thread.join().unwrap();
        }
    }

    pub(crate) fn forget(&self) {
        self.got.lock().unwrap().clear();
    }

    /// On the same port.
    pub(crate) fn come_back(&mut self) {
        self.dead = Arc::default();
        let (dead, got) = (Arc::clone(&self.dead), Arc::clone(&self.got));
        if self.kind == Kind::Udp {
            let socket = UdpSocket::bind(("127.0.0.1", self.port)).unwrap();
            self.port = socket.local_addr().unwrap().port();
            self.thread = Some(thread::spawn(move || datagrams(&socket, &dead, &got)));
            return;
        }
        // Any address of this host, for the tests of names.
        let listener = TcpListener::bind(("0.0.0.0", self.port)).unwrap();
        listener.set_nonblocking(true).unwrap();
        self.port = listener.local_addr().unwrap().port();
        let tls = (self.kind == Kind::Tls).then(server);
        self.thread = Some(thread::spawn(move || accept(&listener, tls, &dead, &got)));
    }

    pub(crate) fn messages(&self) -> Vec<String> {
        self.got.lock().unwrap().clone()
    }

    fn numbers(&self) -> Vec<u64> {
        self.messages().iter().map(|message| number(message)).collect()
    }

    pub(crate) fn await_event(&self, seq: u64) {
        self.wait(|numbers| numbers.contains(&seq));
    }

    /// Waits until these have come, each once or more often, none before one of a lower
    /// number has, and no others.
    pub(crate) fn await_events(&self, events: RangeInclusive<u64>) {
        self.wait(|numbers| events.clone().all(|seq| numbers.contains(&seq)));
        let numbers = self.numbers();
        assert!(numbers.iter().all(|seq| events.contains(seq)), "{numbers:?}");
        let mut highest = events.start() - 1;
        for seq in numbers {
            assert!(seq <= highest + 1, "{seq} came before {}", highest + 1);
            highest = highest.max(seq);
        }
    }

    /// How many came more than once.
    pub(crate) fn repeated(&self) -> usize {
        let mut times: BTreeMap<u64, usize> = BTreeMap::new();
        for seq in self.numbers() {
            *times.entry(seq).or_default() += 1;
        }
        times.values().filter(|times| **times > 1).count()
    }

    fn wait(&self, is_there: impl Fn(&[u64]) -> bool) {
        let until = Instant::now() + PATIENCE;
        while !is_there(&self.numbers()) {
            assert!(Instant::now() < until, "only {:?} came", self.numbers());
            thread::sleep(Duration::from_millis(5));
        }
    }
}

impl<K> Drop for Collector<K> {
    fn drop(&mut self) {
        self.die();
    }
}

fn number(message: &str) -> u64 {
    let (_, rest) = message.split_once("WRIT_LEDGER_SEQ=\"").expect(message);
    rest.split_once('"').unwrap().0.parse().unwrap()
}

fn datagrams(socket: &UdpSocket, dead: &AtomicBool, got: &Mutex<Vec<String>>) {
    socket.set_read_timeout(Some(Duration::from_millis(10))).unwrap();
    let mut buffer = [0; 65_536];
    while !dead.load(Ordering::SeqCst) {
        if let Ok(read) = socket.recv(&mut buffer) {
            got.lock().unwrap().push(String::from_utf8(buffer[..read].to_vec()).unwrap());
        }
    }
}

fn accept(
    listener: &TcpListener,
    tls: Option<Arc<ServerConfig>>,
    dead: &Arc<AtomicBool>,
    got: &Arc<Mutex<Vec<String>>>,
) {
    let mut served = Vec::new();
    while !dead.load(Ordering::SeqCst) {
        let Ok((stream, _)) = listener.accept() else {
            thread::sleep(Duration::from_millis(5));
            continue;
        };
        let (tls, dead, got) = (tls.clone(), Arc::clone(dead), Arc::clone(got));
        served.push(thread::spawn(move || serve(stream, tls, &dead, &got)));
    }
    for thread in served {
        thread.join().unwrap();
    }
}

fn serve(
    stream: TcpStream,
    tls: Option<Arc<ServerConfig>>,
    dead: &AtomicBool,
    got: &Mutex<Vec<String>>,
) {
    stream.set_nonblocking(false).unwrap();
    stream.set_read_timeout(Some(Duration::from_millis(10))).unwrap();
    let mut reader: Box<dyn Read> = match tls {
        None => Box::new(stream),
        Some(config) => Box::new(StreamOwned::new(ServerConnection::new(config).unwrap(), stream)),
    };
    let mut bytes = Vec::new();
    let mut buffer = [0; 4096];
    while !dead.load(Ordering::SeqCst) {
        match reader.read(&mut buffer) {
            Ok(0) => return,
            Ok(read) => bytes.extend_from_slice(&buffer[..read]),
            Err(error)
                if matches!(
                    error.kind(),
                    std::io::ErrorKind::WouldBlock | std::io::ErrorKind::TimedOut
                ) => {}
            Err(_) => return,
        }
        while let Some(message) = next(&mut bytes) {
            got.lock().unwrap().push(message);
        }
    }
}

/// The next message, by its count of bytes.
fn next(bytes: &mut Vec<u8>) -> Option<String> {
    let digits = bytes.iter().position(|byte| *byte == b' ')?;
    let count: usize = std::str::from_utf8(&bytes[..digits]).unwrap().parse().unwrap();
    let end = digits + 1 + count;
    if bytes.len() < end {
        return None;
    }
    let message = String::from_utf8(bytes[digits + 1..end].to_vec()).unwrap();
    bytes.drain(..end);
    Some(message)
}

fn server() -> Arc<ServerConfig> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../uplink/tests/certificates/");
    let certificate = CertificateDer::from_pem_file(format!("{folder}server.pem")).unwrap();
    let key = PrivateKeyDer::from_pem_file(format!("{folder}server.key")).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate], key)
        .unwrap();
    Arc::new(config)
}
