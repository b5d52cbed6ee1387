//! Two replicas in processes of their own over PostgreSQL, one of which is killed while
//! questions come in and answers go out at both.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tokio::sync::{Mutex, mpsc, watch};
use writ_hub::clock::now_ms;
use writ_hub::secret;
use writ_hub::store::Store;
use writ_signed::{ApproverKey, HostKey, Namespace, SignedQuestion, Verdict};

use crate::rig::{Approver, Http, Postgres, Replica, Reply, decision, login_by, question};

const ORIGIN: &str = "http://localhost:4711";

const HOSTS: usize = 8;

/// Of each host, one after the other.
const QUESTIONS: usize = 24;

const APPROVERS: usize = 4;

/// How long all of it may take, on a busy machine too.
const ALL_MAX: Duration = Duration::from_secs(120);

/// A call that was not answered is made again elsewhere after so long.
const AGAIN_AFTER: Duration = Duration::from_millis(20);

/// What stands before the replicas: who has lost one goes on with the other, as behind a
/// balancer.
struct Balancer {
    replicas: [SocketAddr; 2],
    turn: AtomicUsize,
    /// Calls that broke off.
    broken: AtomicUsize,
}

impl Balancer {
    /// Makes a call until it is answered; whoever calls cannot know whether one that broke off
    /// was heard.
    async fn call(&self, http: &Http, method: &str, path: &str, body: Option<&str>) -> Reply {
        let until = Instant::now() + ALL_MAX;
        loop {
            let turn = self.turn.fetch_add(1, Ordering::Relaxed);
            let there = http.clone().moved(self.replicas[turn % 2]);
            let method = method.parse().unwrap();
            match there.try_call(method, path, body.map(str::to_owned)).await {
                Ok(reply) if reply.status != 503 => return reply,
                Ok(reply) => eprintln!("{path}: {}", reply.text),
                Err(_) => {
                    self.broken.fetch_add(1, Ordering::Relaxed);
                }
            }
            assert!(Instant::now() < until, "{path}: nobody answers");
            tokio::time::sleep(AGAIN_AFTER).await;
        }
    }
}

/// A host that has enrolled.
struct Host {
    name: String,
    key: HostKey,
    http: Http,
}

/// Answers as they were signed, by the question's digest.
type Given = Arc<Mutex<HashMap<String, String>>>;

async fn enrolled(store: &Store, balancer: &Balancer, number: usize) -> Host {
    let name = format!("web-{number}");
    let key = HostKey::from_seed(&[u8::try_from(number).unwrap() + 1; 32]);
    let token = secret::secret().unwrap();
    let now = now_ms();
    store.add_token(&secret::digest(&token), &name, now, now + 60_000).await.unwrap();
    let text = format!("{ORIGIN}\n{token}\n{name}");
    let body = json!({
        "token": token,
        "host": name,
        "key": key.public().line(),
        "signature": key.sign(Namespace::Enroll, text.as_bytes()),
    });
    let http = Http::new(balancer.replicas[0]);
    let reply = balancer.call(&http, "POST", "/v1/enroll", Some(&body.to_string())).await;
    assert_eq!(reply.status, 201, "{}", reply.text);
    let http = http.bearer(reply.json()["credential"].as_str().unwrap());
    Host { name, key, http }
}

async fn approver(store: &Store, balancer: &Balancer, number: usize) -> Approver {
    let name = format!("approver-{number}");
    let key = HostKey::from_seed(&[u8::try_from(number).unwrap() + 101; 32]);
    let person = store.add_person(&name, &name, now_ms()).await.unwrap();
    let line: ApproverKey = key.public().line().parse().unwrap();
    let fingerprint = key.fingerprint().to_string();
    store.add_ssh_key(&person, &fingerprint, &line.line(), now_ms()).await.unwrap();
    let http = Http::new(balancer.replicas[0]);
    let begun = balancer.call(&http, "POST", "/v1/login/challenge", Some("{}")).await.json();
    let login = login_by(&key, begun["challenge"].as_str().unwrap()).to_string();
    let token = balancer.call(&http, "POST", "/v1/login/ssh", Some(&login)).await.json();
    Approver { key, http: http.bearer(token["token"].as_str().unwrap()) }
}

/// Puts one question after the other; each that the hub has acknowledged is told on.
async fn ask(host: &Host, balancer: &Balancer, asked: &mpsc::Sender<(String, usize)>, of: usize) {
    for digit in "0123456789ABCDEFGHJKMNPQRSTVWXYZ".chars().take(QUESTIONS) {
        let text = question(&host.name, &format!("7K3M-Q{digit}"));
        let signed = SignedQuestion::sign(&host.key, text.clone());
        let path = format!("/v1/host/questions/{}", signed.digest());
        let reply = balancer.call(&host.http, "PUT", &path, Some(&signed.text().unwrap())).await;
        // 200 where the replica that had taken it was gone before it said so.
        assert!(matches!(reply.status, 200 | 201), "{}", reply.text);
        asked.send((text, of)).await.unwrap();
    }
}

/// Reads each question that was acknowledged, at whichever replica, and answers it.
async fn answer(
    approver: &Approver,
    name: &str,
    balancer: &Balancer,
    asked: &Mutex<mpsc::Receiver<(String, usize)>>,
    keys: &[HostKey],
    given: &Given,
) {
    loop {
        let next = asked.lock().await.recv().await;
        let Some((text, of)) = next else { return };
        let digest = writ_signed::digest(&text);
        let path = format!("/v1/questions/{digest}");
        let there = balancer.call(&approver.http, "GET", &path, None).await;
        assert_eq!(there.status, 200, "a question that was acknowledged: {}", there.text);
        assert_eq!(there.json()["question"], text);
        let answer = approver.answer(&decision(&text, &keys[of], name, Verdict::Approve));
        let path = format!("{path}/answers");
        let reply = balancer.call(&approver.http, "POST", &path, Some(&answer)).await;
        assert!(matches!(reply.status, 200 | 201), "{}", reply.text);
        let before = given.lock().await.insert(digest, answer);
        assert!(before.is_none(), "asked about twice");
    }
}

/// Takes answers as a courier does: again from the beginning when its connection was lost, and
/// each once however often it comes.
async fn take(
    host: &Host,
    balancer: &Balancer,
    taken_all: &watch::Sender<usize>,
) -> Vec<(i64, Value)> {
    let mut taken: Vec<(i64, Value)> = Vec::new();
    let mut after = 0;
    while taken.len() < QUESTIONS {
        let broken = balancer.broken.load(Ordering::Relaxed);
        let path = format!("/v1/host/answers?after={after}&wait=5");
        let reply = balancer.call(&host.http, "GET", &path, None).await;
        assert_eq!(reply.status, 200, "{}", reply.text);
        let reply = reply.json();
        for numbered in reply["answers"].as_array().unwrap() {
            let (seq, answer) = (numbered["seq"].as_i64().unwrap(), &numbered["answer"]);
            match taken.iter().find(|(known, _)| *known == seq) {
                Some((_, before)) => assert_eq!(before, answer, "another under the same number"),
                None => {
                    taken.push((seq, answer.clone()));
                    taken_all.send_modify(|count| *count += 1);
                }
            }
            let path = format!("/v1/host/answers/{seq}/taken");
            let said = balancer.call(&host.http, "POST", &path, Some(r#"{"accepted":true}"#)).await;
            assert_eq!(said.status, 204, "{}", said.text);
            after = seq;
        }
        if balancer.broken.load(Ordering::Relaxed) != broken {
            after = 0;
        }
    }
    taken
}

#[tokio::test(flavor = "multi_thread")]
async fn a_replica_that_is_killed_under_load_loses_no_question_and_doubles_no_decision() {
    let Some(postgres) = Postgres::start() else { return };
    let folder = tempfile::tempdir().unwrap();
    let replica = |name: &str| Replica::start(folder.path(), name, ORIGIN, &postgres.address());
    let (mut one, other) = (replica("one"), replica("other"));
    let balancer = Arc::new(Balancer {
        replicas: [one.address, other.address],
        turn: AtomicUsize::new(0),
        broken: AtomicUsize::new(0),
    });
    let store = Store::open(&postgres.address()).await.unwrap();
    let mut hosts = Vec::new();
    for number in 0..HOSTS {
        hosts.push(Arc::new(enrolled(&store, &balancer, number).await));
    }
    assert_eq!(balancer.broken.load(Ordering::Relaxed), 0);

    let (asked, to_answer) = mpsc::channel(HOSTS * QUESTIONS);
    let (taken_all, mut count) = watch::channel(0);
    let to_answer = Arc::new(Mutex::new(to_answer));
    let given = Given::default();
    let mut asking = Vec::new();
    let mut taking = Vec::new();
    for (number, host) in hosts.iter().enumerate() {
        let (host, balancer, asked) = (Arc::clone(host), Arc::clone(&balancer), asked.clone());
        let (there, through, taken_all) =
            (Arc::clone(&host), Arc::clone(&balancer), taken_all.clone());
        asking.push(tokio::spawn(async move { ask(&host, &balancer, &asked, number).await }));
        taking.push(tokio::spawn(async move { take(&there, &through, &taken_all).await }));
    }
    drop(asked);
    let mut answering = Vec::new();
    for number in 0..APPROVERS {
        let approver = approver(&store, &balancer, number).await;
        let (balancer, to_answer) = (Arc::clone(&balancer), Arc::clone(&to_answer));
        let (given, keys) =
            (Arc::clone(&given), hosts.iter().map(|host| host.key.clone()).collect::<Vec<_>>());
        let name = format!("approver-{number}");
        answering.push(tokio::spawn(async move {
            answer(&approver, &name, &balancer, &to_answer, &keys, &given).await;
        }));
    }

    let all = async {
        count.wait_for(|count| *count >= HOSTS * QUESTIONS / 2).await.unwrap();
        let killed_at = *count.borrow();
        one.kill();
        assert!(killed_at < HOSTS * QUESTIONS, "it was killed when all was over");
        for task in asking.into_iter().chain(answering) {
            task.await.unwrap();
        }
        let mut taken = Vec::new();
        for task in taking {
            taken.push(task.await.unwrap());
        }
        taken
    };
    let taken = tokio::time::timeout(ALL_MAX, all).await.expect("it goes on without the one");
    assert!(balancer.broken.load(Ordering::Relaxed) > 0, "nobody noticed");

    let given = given.lock().await;
    assert_eq!(given.len(), HOSTS * QUESTIONS);
    for (host, taken) in hosts.iter().zip(taken) {
        // In the host's order, without a gap.
        let mut numbers: Vec<i64> = taken.iter().map(|(seq, _)| *seq).collect();
        numbers.sort_unstable();
        let whole: Vec<i64> = (1..=i64::try_from(QUESTIONS).unwrap()).collect();
        assert_eq!(numbers, whole, "{}", host.name);
        let mut questions = Vec::new();
        for (seq, answer) in &taken {
            let decision: Value =
                serde_json::from_str(answer["decision"].as_str().unwrap()).unwrap();
            let digest = decision["question"].as_str().unwrap().to_owned();
            let sent: Value = serde_json::from_str(&given[&digest]).unwrap();
            assert_eq!(*answer, sent, "as it was signed");
            // On record once, and taken.
            let standing = store.standing(&digest).await.unwrap();
            assert_eq!(standing.len(), 1, "{digest}");
            assert_eq!((standing[0].seq, standing[0].accepted), (*seq, Some(true)));
            questions.push(digest);
        }
        questions.sort_unstable();
        questions.dedup();
        assert_eq!(questions.len(), QUESTIONS, "{}: each question once", host.name);
        let left = balancer.call(&host.http, "GET", "/v1/host/answers?after=0&wait=0", None).await;
        assert_eq!(left.json()["answers"], json!([]), "{}", host.name);
    }
}
