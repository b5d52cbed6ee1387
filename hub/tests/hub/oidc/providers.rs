//! Providers that are down, slow, long, wrong, or change.

use std::time::{Duration, Instant};

use serde_json::json;
use writ_hub::limits::{OIDC_REPLY_BYTES_MAX, OIDC_WAIT_MAX};

use super::{begin, fails, log_in, named, session_cookie, start};
use crate::logging_in::{enrolled, page};
use crate::rig::{Provider, Running, Signed};

#[tokio::test]
async fn a_provider_that_is_not_what_it_should_be_is_not_used() {
    let folder = tempfile::tempdir().unwrap();
    for (metadata, words) in [
        (json!({ "issuer": "https://login.example.com" }), "the same to the letter"),
        (json!({ "issuer": null }), "missing field"),
        (json!({ "jwks_uri": null }), "missing field"),
        (json!({ "token_endpoint": "http://login.example.com/token" }), "no https://"),
        (json!({ "authorization_endpoint": "javascript:alert(1)" }), "no https://"),
        (json!({ "jwks_uri": "https://u:p@login.example.com/" }), "no https://"),
        (json!({ "code_challenge_methods_supported": ["plain"] }), "PKCE"),
        (json!({ "token_endpoint_auth_methods_supported": ["none"] }), "client_secret_basic"),
    ] {
        let provider = Provider::start().await;
        provider.manners().metadata = metadata;
        let hub = Running::start_with(&provider.settings(folder.path(), "")).await;
        let reply = hub.http.post("/v1/login/oidc", &json!({})).await;
        reply.refuses(503, "fault", words);
        assert!(reply.headers.get("set-cookie").is_none());
    }
    // What it names elsewhere, near the hub, is not called: neither by number nor by name.
    for (name, words) in [
        ("token_endpoint", "its token endpoint"),
        ("jwks_uri", "its keys"),
        ("userinfo_endpoint", "its userinfo endpoint"),
    ] {
        let inward = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = inward.local_addr().unwrap().port();
        for at in [format!("https://127.0.0.1:{port}/"), format!("https://a.localhost:{port}/")] {
            let provider = Provider::start().await;
            provider.manners().metadata = json!({ name: at });
            provider.manners().claims = json!({ "email": null });
            let hub = start(&provider, "").await;
            let (browser, reply) = log_in(&hub, &provider).await;
            fails(&browser, &reply, words).await;
            fails(&browser, &browser.get("/v1/login/oidc/callback").await, "network").await;
        }
        let knocked = tokio::time::timeout(Duration::from_millis(50), inward.accept()).await;
        assert!(knocked.is_err(), "{name} was called");
    }
    // Another way to show itself to the provider.
    let provider = Provider::start().await;
    provider.manners().metadata =
        json!({ "token_endpoint_auth_methods_supported": ["client_secret_post"] });
    let hub = start(&provider, "").await;
    named(&hub, "bob", "bob@example.com").await;
    session_cookie(&log_in(&hub, &provider).await.1);
}

#[tokio::test]
async fn a_provider_that_is_down_holds_nobody_up() {
    let nowhere = Provider::start().await;
    let folder = tempfile::tempdir().unwrap();
    let settings = nowhere.settings(folder.path(), "");
    let port = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = port.local_addr().unwrap().port();
    let settings = settings.replace(&nowhere.issuer, &format!("http://localhost:{port}"));
    let hub = Running::start_with(&settings).await;
    // Passkeys log in as ever.
    let passkey = enrolled(&hub, "bob").await;
    page(&hub, &passkey).await;
    let reply = hub.http.post("/v1/login/oidc", &json!({})).await;
    reply.refuses(503, "fault", "Example SSO: its metadata");
    reply.refuses(503, "fault", "a passkey");
}

#[tokio::test]
async fn what_a_provider_sends_has_a_bound_and_a_time() {
    let long = Provider::start().await;
    long.manners().padding = OIDC_REPLY_BYTES_MAX;
    let hub = start(&long, "").await;
    hub.http.post("/v1/login/oidc", &json!({})).await.refuses(503, "fault", "is longer than");
    // It is left alone for a while then.
    hub.http.post("/v1/login/oidc", &json!({})).await.refuses(503, "fault", "is longer than");
    assert_eq!(long.manners().asked, (1, 0));

    let slow = Provider::start().await;
    slow.manners().slow = true;
    let hub = start(&slow, "").await;
    let begun = Instant::now();
    let calls = (0..8).map(|_| {
        let http = hub.http.clone();
        async move { http.post("/v1/login/oidc", &json!({})).await }
    });
    for reply in futures_util::future::join_all(calls).await {
        reply.refuses(503, "fault", "took longer than");
    }
    // Those that came together have waited together.
    assert!(begun.elapsed() < OIDC_WAIT_MAX * 2, "{:?}", begun.elapsed());
    assert_eq!(slow.manners().asked, (1, 0));

    // What it sends for a code is bounded, too.
    let late = Provider::start().await;
    let hub = start(&late, "").await;
    named(&hub, "bob", "bob@example.com").await;
    let on_the_way = begin(&hub).await;
    let back = late.log_in(&on_the_way.location);
    late.manners().padding = OIDC_REPLY_BYTES_MAX;
    fails(&on_the_way.browser, &on_the_way.browser.get(&back).await, "is longer than").await;
}

#[tokio::test]
async fn a_provider_may_change_its_keys_and_is_not_asked_for_them_again_and_again() {
    let provider = Provider::start().await;
    let hub = start(&provider, "").await;
    named(&hub, "bob", "bob@example.com").await;
    for _ in 0..3 {
        session_cookie(&log_in(&hub, &provider).await.1);
    }
    assert_eq!(provider.manners().asked, (1, 1));
    provider.manners().kid = "two".to_owned();
    session_cookie(&log_in(&hub, &provider).await.1);
    assert_eq!(provider.manners().asked, (1, 2));
    provider.manners().signed = Signed::ByAStranger;
    for _ in 0..10 {
        let (browser, reply) = log_in(&hub, &provider).await;
        fails(&browser, &reply, "no key of the provider's").await;
    }
    let (_, asked) = provider.manners().asked;
    assert!(asked <= 8, "it was asked {asked} times");
}

#[tokio::test]
async fn a_provider_with_certificates_of_its_own_is_known_by_these_alone() {
    const CERTIFICATE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/hub/rig/localhost.crt");
    const KEY: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/hub/rig/localhost.key");
    let provider = Provider::start_with_tls(CERTIFICATE, KEY).await;
    let hub = start(&provider, &format!("ca_file = \"{CERTIFICATE}\"")).await;
    named(&hub, "bob", "bob@example.com").await;
    session_cookie(&log_in(&hub, &provider).await.1);
    // One with TLS sends nobody where there is none, not on this machine either.
    provider.manners().metadata =
        json!({ "authorization_endpoint": "http://localhost:9/authorize" });
    let hub = start(&provider, &format!("ca_file = \"{CERTIFICATE}\"")).await;
    hub.http.post("/v1/login/oidc", &json!({})).await.refuses(503, "fault", "no https://");
    let hub = start(&provider, "").await;
    hub.http.post("/v1/login/oidc", &json!({})).await.refuses(503, "fault", "certificate");
}
