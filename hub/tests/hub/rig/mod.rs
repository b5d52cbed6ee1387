//! A hub, and who calls it.

mod browser;
mod http;
mod passkey;
mod postgres;
mod provider;
mod real_provider;
mod replica;
mod texts;

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::net::TcpListener;
use writ_hub::clock::now_ms;
use writ_hub::config::Config;
use writ_hub::hub::Hub;
use writ_hub::secret;
use writ_hub::store::Store;
use writ_hub::verbs::serve;
use writ_hub::web::server;
use writ_signed::{Answer, ApproverKey, HostKey, Namespace, Signature, SignedQuestion};

pub use self::browser::Browser;
pub use self::http::{Http, Reply};
pub use self::passkey::Authenticator;
pub use self::postgres::Postgres;
pub use self::provider::{CLIENT, Provider, Signed};
pub use self::real_provider::RealProvider;
pub use self::replica::Replica;
pub use self::texts::{decision, question, question_of};

/// Longer than anything here takes, on a busy machine too.
pub const WAIT_MAX: Duration = Duration::from_secs(30);

/// A running hub.
pub struct Running {
    pub hub: Arc<Hub>,
    pub origin: String,
    pub address: SocketAddr,
    pub http: Http,
    _folder: Option<TempDir>,
}

/// A host that has enrolled.
pub struct EnrolledHost {
    pub key: HostKey,
    pub http: Http,
}

/// Somebody with an SSH key, logged in.
pub struct Approver {
    pub key: HostKey,
    pub http: Http,
}

impl Running {
    /// Over SQLite.
    pub async fn start() -> Self {
        Self::start_with("").await
    }

    /// Over SQLite, with more in its configuration.
    pub async fn start_with(more: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let database = format!("sqlite://{}", folder.path().join("hub.db").display());
        let mut running = Self::start_on(&database, more).await;
        running._folder = Some(folder);
        running
    }

    /// Over some database.
    pub async fn start_on(database: &str, more: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let origin = format!("http://localhost:{}", address.port());
        Self::serve(listener, &origin, database, more).await
    }

    /// At an origin of its own, as one of several replicas behind a balancer.
    pub async fn serve(listener: TcpListener, origin: &str, database: &str, more: &str) -> Self {
        let address = listener.local_addr().unwrap();
        let text = format!(
            "url = \"{origin}\"\nlisten = \"{address}\"\ndatabase = \"{database}\"\n{more}"
        );
        let config = Config::parse(Path::new("hub.toml"), &text).unwrap();
        let store = Store::open(database).await.unwrap();
        let hub = serve::start(config, store).await.unwrap();
        let serving = Arc::clone(&hub);
        tokio::spawn(async move { server::serve(serving, listener).await.unwrap() });
        let http = Http::new(address);
        Self { hub, origin: origin.to_owned(), address, http, _folder: None }
    }

    /// Keeps a folder for as long as the hub runs.
    pub fn keep(&mut self, folder: TempDir) {
        self._folder = Some(folder);
    }

    /// A token for a host.
    pub async fn token(&self, host: &str) -> String {
        let token = secret::secret().unwrap();
        let now = now_ms();
        self.hub.store.add_token(&secret::digest(&token), host, now, now + 60_000).await.unwrap();
        token
    }

    /// What a host with that key sends to enrol.
    pub fn enrolment(&self, token: &str, host: &str, key: &HostKey) -> Value {
        let text = format!("{}\n{token}\n{host}", self.origin);
        json!({
            "token": token,
            "host": host,
            "key": key.public().line(),
            "signature": key.sign(Namespace::Enroll, text.as_bytes()),
        })
    }

    /// Enrols a host.
    pub async fn enrolled(&self, name: &str, seed: u8) -> EnrolledHost {
        let key = HostKey::from_seed(&[seed; 32]);
        let token = self.token(name).await;
        let reply = self.http.post("/v1/enroll", &self.enrolment(&token, name, &key)).await;
        assert_eq!(reply.status, 201, "{}", reply.text);
        let credential = reply.json()["credential"].as_str().unwrap().to_owned();
        EnrolledHost { key, http: self.http.bearer(&credential) }
    }

    /// Adds an approver with an SSH key and logs him in.
    pub async fn approver(&self, name: &str, seed: u8) -> Approver {
        let key = HostKey::from_seed(&[seed; 32]);
        self.add_key(name, &key).await;
        let http = self.login(&key).await;
        Approver { key, http }
    }

    /// Adds an approver with an SSH key.
    pub async fn add_key(&self, name: &str, key: &HostKey) {
        let store = &self.hub.store;
        let person = store.add_person(&secret::name().unwrap(), name, now_ms()).await.unwrap();
        let line: ApproverKey = key.public().line().parse().unwrap();
        let fingerprint = key.fingerprint().to_string();
        store.add_ssh_key(&person, &fingerprint, &line.line(), now_ms()).await.unwrap();
    }

    /// Logs in by SSH key.
    pub async fn login(&self, key: &HostKey) -> Http {
        let challenge = self.challenge().await;
        let reply = self.http.post("/v1/login/ssh", &login_by(key, &challenge)).await;
        assert_eq!(reply.status, 200, "{}", reply.text);
        self.http.bearer(reply.json()["token"].as_str().unwrap())
    }

    /// A challenge to sign.
    pub async fn challenge(&self) -> String {
        let reply = self.http.post("/v1/login/challenge", &json!({})).await;
        assert_eq!(reply.status, 200, "{}", reply.text);
        reply.json()["challenge"].as_str().unwrap().to_owned()
    }

    /// A link's secret for enrolling a passkey.
    pub async fn invitation(&self, name: &str) -> String {
        let store = &self.hub.store;
        let now = now_ms();
        let person = store.add_person(&secret::name().unwrap(), name, now).await.unwrap();
        let token = secret::secret().unwrap();
        store.invite(&person, &secret::digest(&token), now, now + 60_000).await.unwrap();
        token
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.hub.end();
    }
}

/// What a program sends to log in by SSH key.
pub fn login_by(key: &HostKey, challenge: &str) -> Value {
    json!({
        "challenge": challenge,
        "key": key.public().line(),
        "signature": key.sign(Namespace::Login, challenge.as_bytes()),
    })
}

impl EnrolledHost {
    /// Puts a question: its digest.
    pub async fn ask(&self, question: &str) -> String {
        let signed = SignedQuestion::sign(&self.key, question.to_owned());
        let reply = self.put(&signed).await;
        assert_eq!(reply.status, 201, "{}", reply.text);
        signed.digest()
    }

    /// Puts something signed under its digest.
    pub async fn put(&self, signed: &SignedQuestion) -> Reply {
        let path = format!("/v1/host/questions/{}", signed.digest());
        self.http.put_text(&path, &signed.text().unwrap()).await
    }

    /// What waits for it.
    pub async fn answers(&self, after: i64, wait: u32) -> Vec<Value> {
        let reply = self.http.get(&format!("/v1/host/answers?after={after}&wait={wait}")).await;
        assert_eq!(reply.status, 200, "{}", reply.text);
        reply.json()["answers"].as_array().unwrap().clone()
    }
}

impl Approver {
    /// His signed answer.
    pub fn answer(&self, decision: &str) -> String {
        let signature = self.key.sign(Namespace::Decision, decision.as_bytes());
        let answer = Answer { decision: decision.to_owned(), signature: Signature::Ssh(signature) };
        answer.text().unwrap()
    }

    /// Hands an answer in.
    pub async fn submit(&self, digest: &str, answer: &str) -> Reply {
        self.http.post_text(&format!("/v1/questions/{digest}/answers"), answer).await
    }
}
