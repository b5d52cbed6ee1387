//! What browsers are told and what other sites' pages cannot do.

use reqwest::Method;
use serde_json::json;

use crate::logging_in::{enrolled, page};
use crate::rig::{Running, question};

#[tokio::test]
async fn a_cookie_alone_changes_nothing() {
    let hub = Running::start().await;
    let passkey = enrolled(&hub, "bob").await;
    let (cookie, whole) = page(&hub, &passkey).await;
    assert_eq!(cookie.get("/v1/questions").await.status, 200, "it looks");
    let path = format!("/v1/questions/{}/answers", "0".repeat(64));
    cookie.post(&path, &json!({})).await.refuses(403, "cross-site", "x-writ-csrf");
    let guessed = cookie.with("x-writ-csrf", "guessed");
    guessed.post(&path, &json!({})).await.refuses(403, "cross-site", "x-writ-csrf");
    guessed.call(Method::DELETE, "/v1/session", None).await.refuses(403, "cross-site", "");
    whole.post(&path, &json!({})).await.refuses(400, "malformed", "no answer");
}

#[tokio::test]
async fn what_another_sites_page_sends_is_refused_whoever_is_logged_in() {
    let hub = Running::start().await;
    let passkey = enrolled(&hub, "bob").await;
    let (_, whole) = page(&hub, &passkey).await;
    let path = format!("/v1/questions/{}/answers", "0".repeat(64));
    for (name, value) in [
        ("origin", "https://evil.example.com"),
        ("origin", "null"),
        ("origin", "http://localhost"),
        ("sec-fetch-site", "cross-site"),
        ("sec-fetch-site", "same-site"),
    ] {
        for path in [path.as_str(), "/v1/login/challenge", "/v1/enroll"] {
            let foreign = whole.with(name, value);
            foreign.post(path, &json!({})).await.refuses(403, "cross-site", "another site");
        }
    }
    let own = whole.with("origin", &hub.origin).with("sec-fetch-site", "same-origin");
    own.post(&path, &json!({})).await.refuses(400, "malformed", "");
    // A form can send no JSON without asking first.
    let form = whole.with("content-type", "text/plain");
    form.post(&path, &json!({})).await.refuses(400, "malformed", "application/json");
}

#[tokio::test]
async fn a_cookie_is_for_this_hub_alone() {
    let hub = Running::start().await;
    let passkey = enrolled(&hub, "bob").await;
    let sent = crate::logging_in::by_passkey(&passkey, &hub.challenge().await);
    let reply = hub.http.post("/v1/login/passkey", &sent).await;
    let cookie = reply.headers["set-cookie"].to_str().unwrap().to_owned();
    for part in ["HttpOnly", "SameSite=Strict", "Path=/"] {
        assert!(cookie.contains(part), "{cookie}");
    }
    assert!(!cookie.contains("Domain"), "{cookie}");
    // It is no bearer token, and a bearer token is no cookie.
    let secret = reply.cookie().split_once('=').unwrap().1.to_owned();
    hub.http.bearer(&secret).get("/v1/session").await.refuses(401, "not-logged-in", "");
}

#[tokio::test]
async fn every_answer_says_what_a_browser_may_do_with_it() {
    let hub = Running::start().await;
    for path in ["/", "/app.js", "/v1/session", "/v1/openapi.json", "/nowhere", "/v1/questions/x"] {
        let reply = hub.http.get(path).await;
        let policy = reply.headers["content-security-policy"].to_str().unwrap();
        assert!(policy.contains("default-src 'none'") && policy.contains("script-src 'self';"));
        assert!(!policy.contains("unsafe"), "{policy}");
        for (name, value) in [
            ("x-content-type-options", "nosniff"),
            ("x-frame-options", "DENY"),
            ("referrer-policy", "no-referrer"),
            ("cross-origin-opener-policy", "same-origin"),
        ] {
            assert_eq!(reply.headers[name], value, "{path}");
        }
        let cache = reply.headers["cache-control"].to_str().unwrap();
        assert!(matches!(cache, "no-store" | "no-cache"), "{path}: {cache}");
    }
    hub.http.get("/nowhere").await.refuses(404, "not-found", "openapi.json");
    hub.http.post("/v1/health", &json!({})).await.refuses(405, "method", "");
    hub.http.get("/v1/history?before=soon").await.refuses(401, "not-logged-in", "");
    let bob = hub.approver("bob", 50).await;
    bob.http.get("/v1/history?before=soon").await.refuses(400, "malformed", "");
}

#[tokio::test]
async fn the_page_has_nothing_inline_and_nothing_from_elsewhere() {
    let hub = Running::start().await;
    let html = hub.http.get("/").await;
    assert_eq!(html.headers["content-type"], "text/html; charset=utf-8");
    for part in ["onclick", "onload", "style=", "<style", "javascript:", "http://", "https://"] {
        assert!(!html.text.contains(part), "{part}");
    }
    for tag in html.text.split("<script").skip(1) {
        let (attributes, inside) = tag.split_once('>').unwrap();
        assert!(attributes.contains("src=\"/"), "{tag}");
        assert!(inside.starts_with("</script>"), "{tag}");
    }
    for file in ["app", "answer", "api", "element", "passkey", "question", "text", "views"] {
        let script = hub.http.get(&format!("/{file}.js")).await.text;
        assert!(!script.is_empty(), "{file}");
        for part in [
            "innerHTML",
            "outerHTML",
            "insertAdjacentHTML",
            "document.write",
            "eval(",
            "new Function",
        ] {
            assert!(!script.contains(part), "{file}.js: {part}");
        }
    }
}

#[tokio::test]
async fn live_views_hear_of_questions_and_end_with_their_session() {
    let hub = Running::start().await;
    let host = hub.enrolled("web-1", 1).await;
    let bob = hub.approver("bob", 50).await;
    hub.http.get("/v1/events").await.refuses(401, "not-logged-in", "");
    let mut view = bob.http.open("/v1/events").await;
    assert_eq!(view.headers()["content-type"], "text/event-stream");
    let digest = host.ask(&question("web-1", "7K3M-Q2")).await;
    let mut heard = String::new();
    while !heard.contains(&format!("event: question\ndata: {digest}")) {
        let chunk = view.chunk().await.unwrap().expect("the view goes on");
        heard.push_str(std::str::from_utf8(&chunk).unwrap());
    }
    assert!(heard.starts_with("event: resync"), "{heard}");
    // One person opens so many and no more.
    let mut views = Vec::new();
    for _ in 1..writ_hub::limits::VIEWS_PER_PERSON_MAX {
        views.push(bob.http.open("/v1/events").await);
        assert_eq!(views.last().unwrap().status(), 200);
    }
    bob.http.get("/v1/events").await.refuses(429, "too-often", "live views");
}
