//! Who is told beside the page: signed, retried, on record, and nobody who is near the hub
//! unless the admin says so.

use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Instant;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http_body_util::BodyExt as _;
use ring::hmac;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use writ_hub::config::Config;

use crate::rig::{Running, WAIT_MAX, question};

/// A request that a service got.
struct Got {
    method: String,
    path: String,
    headers: HeaderMap,
    body: Bytes,
}

/// A service that answers with statuses in turn, the last for ever.
#[derive(Clone)]
struct Service {
    got: Arc<Mutex<Vec<Got>>>,
    statuses: Arc<Mutex<Vec<u16>>>,
    url: String,
}

impl Service {
    async fn start(statuses: &[u16]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let statuses = Arc::new(Mutex::new(statuses.to_vec()));
        let service = Self { got: Arc::default(), statuses, url };
        let router = Router::new().fallback(take).with_state(service.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        service
    }

    /// Waits for so many requests.
    async fn gets(&self, count: usize) {
        let until = Instant::now() + WAIT_MAX;
        while self.got.lock().unwrap().len() < count {
            assert!(Instant::now() < until, "nobody calls");
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
    }
}

async fn take(State(service): State<Service>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let body = body.collect().await.unwrap().to_bytes();
    let (method, path) = (parts.method.to_string(), parts.uri.path().to_owned());
    service.got.lock().unwrap().push(Got { method, path, headers: parts.headers, body });
    let mut statuses = service.statuses.lock().unwrap();
    let status = if statuses.len() > 1 { statuses.remove(0) } else { statuses[0] };
    let headers = [("location", format!("{}/elsewhere", service.url))];
    (StatusCode::from_u16(status).unwrap(), headers, "so it is").into_response()
}

async fn notices(hub: &Running, digest: &str, state: &str, count: usize) -> Vec<Value> {
    let until = Instant::now() + WAIT_MAX;
    loop {
        let notices = hub.hub.store.notices(digest).await.unwrap();
        let there = notices.iter().filter(|it| it.state == state).count();
        if there == count {
            return notices
                .iter()
                .map(|it| json!({ "channel": it.channel, "attempts": it.attempts, "why": it.why }))
                .collect();
        }
        assert!(Instant::now() < until, "{notices:?}");
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn a_webhook_gets_what_is_asked_and_how_it_ended_signed() {
    let service = Service::start(&[200]).await;
    let folder = tempfile::tempdir().unwrap();
    let secret = folder.path().join("secret");
    std::fs::write(&secret, "a secret\n").unwrap();
    let hub = Running::start_with(&format!(
        "[[notify]]\nname = \"ops\"\nkind = \"webhook\"\nurl = \"{}/take\"\n\
         secret_file = \"{}\"\nhosts = [\"web-*\"]\nallow_inward = true\n",
        service.url,
        secret.display()
    ))
    .await;
    let host = hub.enrolled("web-1", 1).await;
    let other = hub.enrolled("db-1", 2).await;
    let unheard = other.ask(&question("db-1", "7K3M-Q3")).await;
    let digest = host.ask(&question("web-1", "7K3M-Q2")).await;
    service.gets(1).await;
    let over = json!({ "outcome": "denied", "by": "bob" });
    host.http.post(&format!("/v1/host/questions/{digest}/over"), &over).await;
    service.gets(2).await;
    notices(&hub, &digest, "sent", 2).await;
    assert!(hub.hub.store.notices(&unheard).await.unwrap().is_empty(), "not for that host");
    let got = service.got.lock().unwrap();
    for got in got.iter() {
        let header = |name: &str| got.headers[name].to_str().unwrap();
        let signed = format!("{}.{}.", header("webhook-id"), header("webhook-timestamp"));
        let signed = [signed.as_bytes(), &got.body].concat();
        let signature = header("webhook-signature").strip_prefix("v1,").unwrap();
        let signature = STANDARD.decode(signature).unwrap();
        let key = hmac::Key::new(hmac::HMAC_SHA256, b"a secret");
        hmac::verify(&key, &signed, &signature).unwrap();
    }
    let asked: Value = serde_json::from_slice(&got[0].body).unwrap();
    assert_eq!(asked["type"], "question.asked");
    assert_eq!(asked["data"]["url"], format!("{}/#/q/{digest}", hub.origin));
    assert!(!got[0].body.windows(9).any(|it| it == b"systemctl"), "without details");
    let over: Value = serde_json::from_slice(&got[1].body).unwrap();
    assert_eq!(over["data"]["outcome"], "denied");
}

#[tokio::test]
async fn ntfy_is_told_and_the_notice_is_taken_back() {
    let service = Service::start(&[200]).await;
    let hub = Running::start_with(&format!(
        "[[notify]]\nname = \"phones\"\nkind = \"ntfy\"\nurl = \"{}/topic\"\n\
         details = true\nallow_inward = true\n",
        service.url
    ))
    .await;
    let host = hub.enrolled("web-1", 1).await;
    let digest = host.ask(&question("web-1", "7K3M-Q2")).await;
    service.gets(1).await;
    let over = json!({ "outcome": "expired" });
    host.http.post(&format!("/v1/host/questions/{digest}/over"), &over).await;
    service.gets(2).await;
    let got = service.got.lock().unwrap();
    assert_eq!((got[0].method.as_str(), got[0].path.as_str()), ("POST", "/topic"));
    assert_eq!(got[0].headers["x-sequence-id"], digest[..32]);
    assert_eq!(got[0].headers["x-click"], format!("{}/#/q/{digest}", hub.origin));
    assert!(got[0].headers.get("x-actions").is_none(), "nothing that decides");
    assert!(std::str::from_utf8(&got[0].body).unwrap().contains("systemctl restart nginx"));
    assert_eq!(got[1].method, "DELETE");
    assert_eq!(got[1].path, format!("/topic/{}", &digest[..32]));
}

#[tokio::test]
async fn slack_and_teams_get_text_that_is_no_markup() {
    let service = Service::start(&[200]).await;
    let hub = Running::start_with(&format!(
        "[[notify]]\nname = \"slack\"\nkind = \"slack\"\nurl = \"{0}/slack\"\nallow_inward = true\n\
         [[notify]]\nname = \"teams\"\nkind = \"teams\"\nurl = \"{0}/teams\"\nallow_inward = true\n",
        service.url
    ))
    .await;
    let host = hub.enrolled("web-1", 1).await;
    let text = crate::rig::question_of("web-1", "7K3M-Q2", |it| {
        it.requester.user = "<!channel> [x](https://evil.example.com)".to_owned();
    });
    let digest = host.ask(&text).await;
    notices(&hub, &digest, "sent", 2).await;
    let got = service.got.lock().unwrap();
    let at = |path: &str| got.iter().find(|it| it.path == path).unwrap();
    let slack: Value = serde_json::from_slice(&at("/slack").body).unwrap();
    assert!(slack["text"].as_str().unwrap().starts_with("&lt;!channel&gt; [x]"), "{slack}");
    let teams: Value = serde_json::from_slice(&at("/teams").body).unwrap();
    let card = &teams["attachments"][0]["content"];
    assert_eq!(card["body"][0]["type"], "RichTextBlock");
    assert_eq!(card["actions"][0]["type"], "Action.OpenUrl");
    assert_eq!(card["actions"].as_array().unwrap().len(), 1, "nothing that decides");
}

#[tokio::test]
async fn what_does_not_go_is_tried_again_or_given_up_and_on_record() {
    let flaky = Service::start(&[503, 200]).await;
    let moved = Service::start(&[302]).await;
    let gone = Service::start(&[410]).await;
    let channel = |name: &str, service: &Service| {
        format!(
            "[[notify]]\nname = \"{name}\"\nkind = \"slack\"\nurl = \"{}\"\nallow_inward = true\n",
            service.url
        )
    };
    let more =
        [channel("flaky", &flaky), channel("moved", &moved), channel("gone", &gone)].concat();
    let hub = Running::start_with(&more).await;
    let host = hub.enrolled("web-1", 1).await;
    let digest = host.ask(&question("web-1", "7K3M-Q2")).await;
    let failed = notices(&hub, &digest, "failed", 2).await;
    for notice in failed.iter().filter(|it| it["channel"] != "flaky") {
        assert_eq!(notice["attempts"], 1, "{notice}");
    }
    let sent = notices(&hub, &digest, "sent", 1).await;
    let sent = sent.iter().find(|it| it["channel"] == "flaky").unwrap();
    assert_eq!(sent["attempts"], 2);
    let paths: Vec<String> = moved.got.lock().unwrap().iter().map(|it| it.path.clone()).collect();
    assert_eq!(paths, ["/"], "nobody is followed elsewhere");
    let bob = hub.approver("bob", 50).await;
    let whole = bob.http.get(&format!("/v1/questions/{digest}")).await.json();
    let gone =
        whole["notices"].as_array().unwrap().iter().find(|it| it["channel"] == "gone").unwrap();
    assert!(gone["why"].as_str().unwrap().contains("410"), "{gone}");
}

#[test]
fn an_address_that_points_inward_is_refused_unless_it_is_allowed() {
    let config = |url: &str, more: &str| {
        let text = format!(
            "url = \"https://hub.example.com\"\nlisten = \"127.0.0.1:0\"\n\
             [[notify]]\nname = \"x\"\nkind = \"slack\"\nurl = \"{url}\"\n{more}"
        );
        Config::parse(Path::new("hub.toml"), &text).map(drop).map_err(|error| error.to_string())
    };
    for url in [
        "https://127.0.0.1/x",
        "https://localhost:8080/",
        "https://[::1]/",
        "https://10.0.0.8/",
        "https://169.254.169.254/latest",
        "https://0x7f000001/",
        "https://[::ffff:10.0.0.1]/",
    ] {
        let error = config(url, "").unwrap_err();
        assert!(error.contains("allow_inward = true"), "{url}: {error}");
        config(url, "allow_inward = true\n").unwrap();
    }
    config("https://hooks.example.com/x", "").unwrap();
    assert!(config("http://hooks.example.com/x", "").unwrap_err().contains("TLS"));
    assert!(config("file:///etc/passwd", "").unwrap_err().contains("https://"));
}

#[tokio::test]
async fn a_browsers_address_that_points_inward_is_not_called() {
    let hub = Running::start_with("web_push = true\n").await;
    let bob = hub.approver("bob", 50).await;
    let session = bob.http.get("/v1/session").await.json();
    let key = writ_hub::secret::decode(session["push_key"].as_str().unwrap()).unwrap();
    assert_eq!((key.len(), key[0]), (65, 4), "a point of P-256");
    let subscribe = async |endpoint: &str| {
        let body = json!({ "endpoint": endpoint }).to_string();
        bob.http.put_text("/v1/subscriptions", &body).await
    };
    for endpoint in
        ["http://push.example.com/x", "https://localhost/x", "https://10.0.0.1/x", "https://[::1]/"]
    {
        subscribe(endpoint).await.refuses(400, "malformed", "https");
    }
    assert_eq!(subscribe("https://push.example.com/x").await.status, 204);
    assert_eq!(hub.hub.store.subscriptions("web-1").await.unwrap().len(), 1);
    let body = json!({ "endpoint": "https://push.example.com/x" }).to_string();
    let gone = bob.http.call(reqwest::Method::DELETE, "/v1/subscriptions", Some(body)).await;
    assert_eq!(gone.status, 204);
    assert!(hub.hub.store.subscriptions("web-1").await.unwrap().is_empty());
}

/// A mail server that takes one letter: what it was told.
async fn mail_server() -> (String, tokio::task::JoinHandle<String>) {
    use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("smtp://{}", listener.local_addr().unwrap());
    let taken = tokio::spawn(async move {
        let (stream, _) = listener.accept().await.unwrap();
        let mut stream = BufReader::new(stream);
        stream.write_all(b"220 here\r\n").await.unwrap();
        let (mut said, mut letter) = (String::new(), false);
        loop {
            let begin = said.len();
            if stream.read_line(&mut said).await.unwrap() == 0 {
                return said;
            }
            let line = said[begin..].trim_end().to_owned();
            let reply = match line.as_str() {
                "." if letter => "250 taken",
                _ if letter => continue,
                "DATA" => "354 go on",
                _ if line.starts_with("QUIT") => "221 bye",
                _ => "250 fine",
            };
            letter = line == "DATA";
            stream.write_all(format!("{reply}\r\n").as_bytes()).await.unwrap();
        }
    });
    (url, taken)
}

#[tokio::test]
async fn mail_has_no_line_that_a_question_made() {
    let (url, taken) = mail_server().await;
    let hub = Running::start_with(&format!(
        "[[notify]]\nname = \"mail\"\nkind = \"mail\"\nurl = \"{url}\"\nallow_inward = true\n\
         from = \"Writ <writ@example.com>\"\nto = [\"bob@example.com\", \"carol@example.com\"]\n"
    ))
    .await;
    let host = hub.enrolled("web-1", 1).await;
    let text = crate::rig::question_of("web-1", "7K3M-Q2", |it| {
        it.requester.user = "alice\r\nBcc: mallory@example.com\r\n.\r\n".to_owned();
    });
    let digest = host.ask(&text).await;
    notices(&hub, &digest, "sent", 1).await;
    let said = taken.await.unwrap();
    for part in
        ["MAIL FROM:<writ@example.com>", "RCPT TO:<bob@example.com>", "RCPT TO:<carol@example.com>"]
    {
        assert!(said.contains(part), "{said}");
    }
    assert!(!said.lines().any(|line| line.starts_with("Bcc")), "{said}");
    assert_eq!(said.matches("RCPT TO").count(), 2, "{said}");
    let link = format!("{}/#/q/{digest}", hub.origin);
    assert!(said.replace("=\r\n", "").replace("=3D", "=").contains(&link), "{said}");
}

#[test]
fn mail_wants_to_be_told_whose_it_is_and_who_gets_it() {
    let refused = |more: &str| {
        let text = format!(
            "url = \"https://hub.example.com\"\nlisten = \"127.0.0.1:0\"\n\
             [[notify]]\nname = \"x\"\nkind = \"mail\"\n{more}\n"
        );
        Config::parse(Path::new("hub.toml"), &text).unwrap_err().to_string()
    };
    let server = "url = \"smtps://mail.example.com\"";
    assert!(refused(server).contains("in from"));
    assert!(refused(&format!("{server}\nfrom = \"writ@example.com\"")).contains("in to"));
    let both = "from = \"writ@example.com\"\nto = [\"nonsense\"]";
    assert!(refused(&format!("{server}\n{both}")).contains("no mail address"));
    assert!(refused("url = \"https://mail.example.com\"").contains("smtps://"));
    let inward = "url = \"smtp://127.0.0.1\"\nfrom = \"a@example.com\"\nto = [\"b@example.com\"]";
    assert!(refused(inward).contains("allow_inward"));
}
