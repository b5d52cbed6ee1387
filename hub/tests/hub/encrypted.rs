//! TLS by the hub's own certificate. Those in `rig/` are of no value: localhost's, for tests.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;

use reqwest::{Certificate, Client, StatusCode};
use serde_json::json;
use writ_hub::limits::TLS_WAIT_MAX;

use crate::logging_in::{by_passkey, enrolled};
use crate::oidc::named;
use crate::rig::{Provider, Running, WAIT_MAX};

pub(crate) const CERTIFICATE: &str =
    concat!(env!("CARGO_MANIFEST_DIR"), "/tests/hub/rig/localhost.crt");
pub(crate) const KEY: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/hub/rig/localhost.key");

async fn start() -> Running {
    start_with("").await
}

async fn start_with(more: &str) -> Running {
    let folder = tempfile::tempdir().unwrap();
    let database = format!("sqlite://{}", folder.path().join("hub.db").display());
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let origin = format!("https://localhost:{}", listener.local_addr().unwrap().port());
    let tls = format!("[tls]\ncertificate = \"{CERTIFICATE}\"\nkey = \"{KEY}\"\n{more}");
    let mut running = Running::serve(listener, &origin, &database, &tls).await;
    let certificate = Certificate::from_pem(&std::fs::read(CERTIFICATE).unwrap()).unwrap();
    let client = Client::builder()
        .no_proxy()
        .redirect(reqwest::redirect::Policy::none())
        .tls_certs_only([certificate])
        .build()
        .unwrap();
    running.http = running.http.clone().through(client, &origin);
    running.keep(folder);
    running
}

#[tokio::test]
async fn by_tls_the_cookie_is_for_this_host_and_tls_alone() {
    let hub = start().await;
    let passkey = enrolled(&hub, "bob").await;
    let sent = by_passkey(&passkey, &hub.challenge().await);
    let reply = hub.http.post("/v1/login/passkey", &sent).await;
    assert_eq!(reply.status, StatusCode::OK, "{}", reply.text);
    let cookie = reply.headers["set-cookie"].to_str().unwrap();
    assert!(cookie.starts_with("__Host-writ=") && cookie.ends_with("; Secure"), "{cookie}");
    let lasts = reply.headers["strict-transport-security"].to_str().unwrap();
    assert!(lasts.starts_with("max-age="), "{lasts}");
    let bob = hub.http.with("cookie", &reply.cookie());
    assert_eq!(bob.get("/v1/questions").await.status, 200);
    // Under a name that another host of the domain could plant, it is none.
    let planted = hub.http.with("cookie", &reply.cookie().replace("__Host-", ""));
    planted.get("/v1/questions").await.refuses(401, "not-logged-in", "");
}

#[tokio::test]
async fn by_tls_a_login_at_the_provider_is_bound_to_this_host_alone_too() {
    let provider = Provider::start().await;
    let folder = tempfile::tempdir().unwrap();
    let hub = start_with(&provider.settings(folder.path(), "")).await;
    named(&hub, "bob", "bob@example.com").await;
    let begun = hub.http.post("/v1/login/oidc", &json!({})).await;
    let cookie = begun.headers["set-cookie"].to_str().unwrap();
    assert!(cookie.starts_with("__Host-writ-login=") && cookie.ends_with("; Secure"), "{cookie}");
    assert!(cookie.contains("; Path=/; HttpOnly; SameSite=Lax; "), "{cookie}");
    let back = provider.log_in(begun.json()["location"].as_str().unwrap());
    let planted = begun.cookie().replace("__Host-", "");
    let reply = hub.http.with("cookie", &planted).get(&back).await;
    assert_eq!(reply.headers["location"], "/#/login/failed");
    let reply = hub.http.with("cookie", &begun.cookie()).get(&back).await;
    assert_eq!(reply.headers["location"], "/");
    let cookies: Vec<&str> =
        reply.headers.get_all("set-cookie").iter().map(|it| it.to_str().unwrap()).collect();
    assert!(cookies[0].starts_with("__Host-writ=") && cookies[0].ends_with("; Secure"));
    // What was for the way there and back is gone.
    assert!(cookies[1].starts_with("__Host-writ-login=;") && cookies[1].contains("Max-Age=0"));
}

#[tokio::test(flavor = "multi_thread")]
async fn who_speaks_no_tls_hears_nothing() {
    let hub = start().await;
    let address = hub.address;
    let heard = tokio::task::spawn_blocking(move || {
        let mut plain = TcpStream::connect(address).unwrap();
        plain.set_read_timeout(Some(WAIT_MAX)).unwrap();
        plain.write_all(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n").unwrap();
        let mut heard = Vec::new();
        let _ = plain.read_to_end(&mut heard);
        // And who says nothing at all is not waited for.
        let mut silent = TcpStream::connect(address).unwrap();
        silent.set_read_timeout(Some(TLS_WAIT_MAX + WAIT_MAX)).unwrap();
        assert_eq!(silent.read(&mut [0; 1]).unwrap(), 0, "it is closed");
        heard
    });
    let heard = heard.await.unwrap();
    assert!(!heard.starts_with(b"HTTP"), "{}", String::from_utf8_lossy(&heard));
}

#[tokio::test]
async fn a_certificate_that_cannot_be_used_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let empty = folder.path().join("empty.pem");
    std::fs::write(&empty, "").unwrap();
    for (certificate, key, words) in [
        ("/nowhere.pem", KEY, "/nowhere.pem"),
        (CERTIFICATE, "/nowhere.key", "/nowhere.key"),
        (empty.to_str().unwrap(), KEY, "no certificate"),
        (CERTIFICATE, CERTIFICATE, "localhost.crt"),
    ] {
        let tls = format!("[tls]\ncertificate = \"{certificate}\"\nkey = \"{key}\"\n");
        let text = format!("url = \"https://localhost\"\nlisten = \"127.0.0.1:0\"\n{tls}");
        let config = writ_hub::config::Config::parse(std::path::Path::new("x"), &text).unwrap();
        let database = format!("sqlite://{}", folder.path().join("hub.db").display());
        let store = writ_hub::store::Store::open(&database).await.unwrap();
        let hub = writ_hub::verbs::serve::start(config, store).await.unwrap();
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let error = writ_hub::web::server::serve(hub.clone(), listener).await.unwrap_err();
        hub.end();
        assert!(error.contains(words), "{error}");
    }
}
