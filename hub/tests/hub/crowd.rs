//! A fleet at one hub: each host waits for answers on a connection of its own. It is measured
//! here, and bounded elsewhere: run it by its name, with `--ignored --nocapture`.

use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use writ_hub::clock::now_ms;
use writ_hub::secret;
use writ_hub::store::{Enrolment, Store};
use writ_signed::{HostKey, Verdict};

use crate::rig::{Approver, EnrolledHost, Http, decision, login_by, question};

const HOSTS: usize = 10_000;
const ANSWERED: usize = 500;

/// Resident, in MiB, of a process.
fn resident(pid: u32) -> f64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<f64>().unwrap() / 1024.0
}

fn key(number: usize) -> HostKey {
    let mut seed = [7; 32];
    seed[..8].copy_from_slice(&number.to_le_bytes());
    HostKey::from_seed(&seed)
}

async fn enrol(store: &Store, number: usize) -> String {
    let (name, key, credential) =
        (format!("host-{number}"), key(number), format!("secret-{number}"));
    let now = now_ms();
    store.add_token(&secret::digest(&name), &name, now, now + 60_000).await.unwrap();
    let host = Enrolment {
        token: &secret::digest(&name),
        id: &name,
        name: &name,
        key_line: &key.public().line(),
        fingerprint: &key.fingerprint().to_string(),
        credential: &secret::digest(&credential),
    };
    store.enrol(&host, now).await.unwrap().unwrap();
    credential
}

/// Waits for an answer: when it came.
async fn wait(address: SocketAddr, credential: &str) -> Option<Instant> {
    let mut stream = TcpStream::connect(address).await.unwrap();
    let head = format!(
        "GET /v1/host/answers?wait=60 HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {credential}\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    let mut reply = Vec::new();
    let mut buffer = [0; 512];
    loop {
        let count = stream.read(&mut buffer).await.unwrap();
        reply.extend(&buffer[..count]);
        if count == 0 {
            return None;
        }
        if reply.ends_with(b"]}") {
            return reply.windows(5).any(|it| it == b"\"seq\"").then(Instant::now);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "10,000 connections, a minute: run it by its name"]
async fn ten_thousand_hosts_wait_at_one_hub() {
    let most = rustix::process::getrlimit(rustix::process::Resource::Nofile).maximum;
    let limit = rustix::process::Rlimit { current: most, maximum: most };
    rustix::process::setrlimit(rustix::process::Resource::Nofile, limit).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let database = format!("sqlite://{}", folder.path().join("hub.db").display());
    let config = folder.path().join("hub.toml");
    let text = format!(
        "url = \"http://localhost:4711\"\nlisten = \"127.0.0.1:0\"\ndatabase = \"{database}\"\n"
    );
    std::fs::write(&config, text).unwrap();
    let store = Store::open(&database).await.unwrap();
    let mut credentials = Vec::new();
    for number in 0..HOSTS {
        credentials.push(enrol(&store, number).await);
    }
    let program = std::env::var_os("WRIT_HUB").unwrap_or(env!("CARGO_BIN_EXE_writ-hub").into());
    let mut hub = Command::new(program)
        .arg("--config")
        .arg(&config)
        .arg("serve")
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let said = BufReader::new(hub.stderr.take().unwrap()).lines().next().unwrap().unwrap();
    let address: SocketAddr = said.rsplit(' ').next().unwrap().parse().unwrap();
    let http = Http::new(address);
    let before = resident(hub.id());

    // One approver, and questions of the first hosts.
    let bob = HostKey::from_seed(&[99; 32]);
    let person = store.add_person("bob", "bob", now_ms()).await.unwrap();
    let line = bob.public().line();
    store.add_ssh_key(&person, &bob.fingerprint().to_string(), &line, now_ms()).await.unwrap();
    let challenge = http.post("/v1/login/challenge", &serde_json::json!({})).await.json();
    let challenge = challenge["challenge"].as_str().unwrap().to_owned();
    let token = http.post("/v1/login/ssh", &login_by(&bob, &challenge)).await.json();
    let bob = Approver { key: bob, http: http.bearer(token["token"].as_str().unwrap()) };
    let mut texts = Vec::new();
    for (number, credential) in credentials.iter().enumerate().take(ANSWERED) {
        let host = EnrolledHost { key: key(number), http: http.bearer(credential) };
        let text = question(&format!("host-{number}"), "7K3M-Q2");
        host.ask(&text).await;
        texts.push((text, host.key));
    }

    let mut waiting = Vec::new();
    for credential in credentials {
        waiting.push(tokio::spawn(async move { wait(address, &credential).await }));
        if waiting.len() % 100 == 0 {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
    // All are there when the hub has all connections.
    let descriptors = || std::fs::read_dir(format!("/proc/{}/fd", hub.id())).unwrap().count();
    let until = Instant::now() + Duration::from_secs(40);
    while descriptors() < HOSTS && Instant::now() < until {
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    assert!(descriptors() >= HOSTS, "{}", descriptors());
    let with_all = resident(hub.id());
    let mut sent = Vec::new();
    for (number, (text, key)) in texts.iter().enumerate() {
        let answer = bob.answer(&decision(text, key, "bob", Verdict::Approve));
        let begun = Instant::now();
        let reply = bob.submit(&writ_signed::digest(text), &answer).await;
        match reply.status {
            201 => sent.push((number, begun)),
            // One person's rate; a crowd of them is what would answer so fast.
            429 => tokio::time::sleep(Duration::from_millis(60)).await,
            other => panic!("{other}: {}", reply.text),
        }
    }
    let mut took = Vec::new();
    for (number, begun) in &sent {
        let came = (&mut waiting[*number]).await.unwrap().expect("it is answered");
        took.push(came.saturating_duration_since(*begun));
    }
    took.sort_unstable();
    let (half, most) = (took[took.len() / 2], took[took.len() * 99 / 100]);
    eprintln!(
        "{HOSTS} hosts: {before:.0} MiB before, {with_all:.0} MiB with all; {} answers: median {half:?}, 99th percentile {most:?}",
        took.len()
    );
    assert!(with_all < 512.0, "{with_all} MiB");
    let _ = rustix::process::kill_process(
        rustix::process::Pid::from_child(&hub),
        rustix::process::Signal::KILL,
    );
    let _ = hub.wait();
}
