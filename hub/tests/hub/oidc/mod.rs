//! Logging in at a provider (OpenID Connect), which may be anything but what it should be.

mod accounts;
mod providers;
mod tokens;

use std::net::Ipv4Addr;
use std::sync::atomic::{AtomicU32, Ordering};

use serde_json::json;
use tempfile::TempDir;
use writ_hub::clock::now_ms;
use writ_hub::secret;
use writ_signed::{HostKey, Namespace, Verdict};

use crate::rig::{Authenticator, Http, Provider, Reply, Running, decision, question};

/// A hub whose people log in at a provider, too.
pub async fn start(provider: &Provider, more: &str) -> Running {
    let folder = tempfile::tempdir().unwrap();
    let settings = provider.settings(folder.path(), more);
    start_in(folder, &settings).await
}

async fn start_in(folder: TempDir, settings: &str) -> Running {
    let database = format!("sqlite://{}", folder.path().join("hub.db").display());
    let settings = format!("proxies = [\"127.0.0.1\"]\n{settings}");
    let mut hub = Running::start_on(&database, &settings).await;
    hub.keep(folder);
    hub
}

/// The admin adds somebody.
pub async fn named(hub: &Running, name: &str, account: &str) {
    let store = &hub.hub.store;
    let person = store.add_person(&secret::name().unwrap(), name, now_ms()).await.unwrap();
    assert!(store.name_account(&person, account, now_ms()).await.unwrap());
}

/// A browser on its way to the provider: with its cookie, and where it was sent.
struct OnTheWay {
    browser: Http,
    location: String,
}

async fn begin(hub: &Running) -> OnTheWay {
    let browser = elsewhere(hub);
    let reply = browser.post("/v1/login/oidc", &json!({})).await;
    assert_eq!(reply.status, 200, "{}", reply.text);
    let location = reply.json()["location"].as_str().unwrap().to_owned();
    OnTheWay { browser: browser.with("cookie", &reply.cookie()), location }
}

/// A browser at an address of its own, so that bounds on addresses do not count here.
fn elsewhere(hub: &Running) -> Http {
    static NEXT: AtomicU32 = AtomicU32::new(0x0a00_0001);
    let address = Ipv4Addr::from(NEXT.fetch_add(1, Ordering::Relaxed));
    hub.http.with("x-forwarded-for", &address.to_string())
}

/// A whole login, as a browser does it.
async fn log_in(hub: &Running, provider: &Provider) -> (Http, Reply) {
    let on_the_way = begin(hub).await;
    let back = provider.log_in(&on_the_way.location);
    let reply = on_the_way.browser.get(&back).await;
    (on_the_way.browser, reply)
}

/// Who is logged in then: as the page does it, with its second secret.
pub async fn logged_in(hub: &Running, provider: &Provider) -> Http {
    let (_, reply) = log_in(hub, provider).await;
    let cookie = session_cookie(&reply);
    let bob = hub.http.with("cookie", cookie.split(';').next().unwrap());
    let session = bob.get("/v1/session").await.json();
    bob.with("x-writ-csrf", session["csrf"].as_str().unwrap())
}

#[track_caller]
fn session_cookie(reply: &Reply) -> String {
    assert_eq!((reply.status, &reply.headers["location"]), (303, &"/".parse().unwrap()));
    let cookies = reply.headers.get_all("set-cookie").iter().map(|it| it.to_str().unwrap());
    cookies.map(str::to_owned).find(|it| it.starts_with("writ=")).unwrap()
}

/// That nobody was logged in, and what the page says of it.
async fn fails(browser: &Http, reply: &Reply, words: &str) {
    assert_eq!(reply.status, 303, "{}", reply.text);
    assert_eq!(reply.headers["location"], "/#/login/failed", "it should fail: {words}");
    assert!(reply.headers.get("set-cookie").is_none(), "{words}");
    let why = browser.get("/v1/login/oidc/failure").await.json();
    let why = why["why"].as_str().unwrap();
    assert!(why.contains(words), "{why:?} does not say {words:?}");
}

async fn audit(hub: &Running, event: &str) -> Vec<String> {
    let entries = hub.hub.store.audit(100).await.unwrap();
    entries.into_iter().filter(|it| it.event == event).map(|it| it.detail).collect()
}

#[tokio::test]
async fn who_logs_in_at_the_provider_sees_questions_and_answers_none() {
    let provider = Provider::start().await;
    let hub = start(&provider, "").await;
    named(&hub, "bob", "bob@example.com").await;
    assert_eq!(hub.http.get("/v1/login").await.json(), json!({ "oidc": "Example SSO" }));
    let host = hub.enrolled("web-1", 1).await;
    let text = question("web-1", "7K3M-Q2");
    let digest = host.ask(&text).await;
    let (_, reply) = log_in(&hub, &provider).await;
    let cookie = session_cookie(&reply);
    assert!(cookie.contains("HttpOnly; SameSite=Strict"), "{cookie}");
    let bob = hub.http.with("cookie", cookie.split(';').next().unwrap());
    let session = bob.get("/v1/session").await.json();
    assert_eq!((&session["person"], &session["lines"]), (&json!("bob"), &json!([])));
    let listed = bob.get("/v1/questions").await.json();
    assert_eq!(listed["questions"][0]["digest"], digest);
    let login = audit(&hub, "login").await;
    assert_eq!(login, [format!("by OIDC, as 1001 at {}", provider.issuer)]);

    let bob = bob.with("x-writ-csrf", session["csrf"].as_str().unwrap());
    let decision = decision(&text, &host.key, "bob", Verdict::Approve);
    let path = format!("/v1/questions/{digest}/answers");
    let stranger = Authenticator::new(&hub.origin, b"stranger");
    for signature in [
        json!({ "passkey": stranger.assert(&decision) }),
        json!({ "ssh": HostKey::from_seed(&[9; 32]).sign(Namespace::Decision, decision.as_bytes()) }),
    ] {
        let answer = json!({ "decision": decision, "signature": signature });
        bob.post(&path, &answer).await.refuses(422, "not-verified", "");
    }
    assert!(host.answers(0, 0).await.is_empty());
}

#[tokio::test]
async fn an_answer_counts_once_and_in_the_browser_that_asked() {
    let provider = Provider::start().await;
    let hub = start(&provider, "").await;
    named(&hub, "bob", "bob@example.com").await;
    let bob = begin(&hub).await;
    let cookie = hub.http.post("/v1/login/oidc", &json!({})).await;
    let cookie = cookie.headers["set-cookie"].to_str().unwrap().to_owned();
    assert!(cookie.ends_with("HttpOnly; SameSite=Lax; Max-Age=600"), "{cookie}");
    let back = provider.log_in(&bob.location);
    // Mallory has bob, or somebody without any cookie, come with an answer of her own login:
    // he would be logged in as her. Nor does it spoil what he has begun.
    let mallory = begin(&hub).await;
    let hers = provider.log_in(&mallory.location);
    for browser in [&bob.browser, &hub.http] {
        fails(browser, &browser.get(&hers).await, "begun in another browser").await;
    }
    // She takes his answer to her own browser.
    fails(&mallory.browser, &mallory.browser.get(&back).await, "begun in another browser").await;
    // Or puts his code into an answer to her login: it goes with his verifier alone.
    let code = |path: &str| path.split(['=', '&']).nth(1).unwrap().to_owned();
    let stolen = hers.replace(&code(&hers), &code(&back));
    fails(&mallory.browser, &mallory.browser.get(&stolen).await, "invalid_grant").await;
    // His login is as it was, but for the code, which is used up.
    fails(&bob.browser, &bob.browser.get(&back).await, "invalid_grant").await;
    fails(&bob.browser, &bob.browser.get(&back).await, "invalid_grant").await;
    let again = audit(&hub, "login.refused").await;
    assert!(again[0].contains("answered before"), "{again:?}");

    let (browser, reply) = {
        let carol = begin(&hub).await;
        let back = provider.log_in(&carol.location);
        let reply = carol.browser.get(&back).await;
        session_cookie(&reply);
        (carol.browser.clone(), carol.browser.get(&back).await)
    };
    fails(&browser, &reply, "answered before").await;
    // What takes too long is over.
    let slow = begin(&hub).await;
    let back = provider.log_in(&slow.location);
    hub.hub.store.sweep(now_ms() + 600_001, 0).await.unwrap();
    fails(&slow.browser, &slow.browser.get(&back).await, "longer than 10 minutes").await;
}

#[tokio::test]
async fn nothing_that_comes_back_says_where_to_or_who_is_logged_in() {
    let provider = Provider::start().await;
    let hub = start(&provider, "").await;
    named(&hub, "bob", "bob@example.com").await;
    // A page of another site cannot begin a login.
    let foreign = hub.http.with("origin", "https://evil.example.com");
    foreign.post("/v1/login/oidc", &json!({})).await.refuses(403, "cross-site", "");
    // A session that somebody has put into the browser beforehand.
    let fixed = "writ=chosen-by-somebody-else";
    let on_the_way = begin(&hub).await;
    let back = provider.log_in(&on_the_way.location);
    let more = "&redirect_uri=https://evil.example.com/&next=//evil.example.com&url=javascript:1";
    let own = hub.http.post("/v1/login/oidc", &json!({})).await.cookie();
    assert!(own.starts_with("writ-login="));
    let browser = on_the_way.browser.with("x-forwarded-host", "evil.example.com");
    let reply = browser.get(&format!("{back}{more}")).await;
    let cookie = session_cookie(&reply);
    assert!(!cookie.starts_with(fixed), "{cookie}");
    let planted = hub.http.with("cookie", fixed);
    planted.get("/v1/session").await.refuses(401, "not-logged-in", "");
    // The provider says no, in words that would act if they were not only text.
    let on_the_way = begin(&hub).await;
    let back = provider.log_in(&on_the_way.location);
    let (path, rest) = back.split_once("?code=").unwrap();
    let rest = rest.split_once('&').unwrap().1;
    let said = "error=access_denied&error_description=no%0a%1b[2J%E2%80%AEx";
    let reply = on_the_way.browser.get(&format!("{path}?{said}&{rest}")).await;
    fails(&on_the_way.browser, &reply, "access_denied (no\\n\\e[2J\\u{202e}x)").await;
    // What cannot be read is a sentence, too; and there is nothing to read without a provider.
    let reply = hub.http.get("/v1/login/oidc/callback?code=1&code=2").await;
    assert_eq!(
        (reply.status, reply.headers["location"].to_str().unwrap()),
        (303, "/#/login/failed")
    );
    let alone = Running::start().await;
    alone.http.post("/v1/login/oidc", &json!({})).await.refuses(404, "not-found", "[oidc]");
    assert_eq!(alone.http.get("/v1/login").await.json(), json!({}));
    fails(&alone.http, &alone.http.get("/v1/login/oidc/callback?code=1").await, "begin anew").await;
}

#[tokio::test]
async fn an_answer_of_another_provider_is_not_taken_to_this_one() {
    let provider = Provider::start().await;
    let hub = start(&provider, "").await;
    named(&hub, "bob", "bob@example.com").await;
    let iss = |back: &str| back[back.find("&iss=").unwrap()..].to_owned();
    for (instead, words) in
        [("&iss=https%3A%2F%2Fother.example.com", "other.example.com"), ("", "whose it is")]
    {
        let on_the_way = begin(&hub).await;
        let back = provider.log_in(&on_the_way.location);
        let back = back.replace(&iss(&back), instead);
        fails(&on_the_way.browser, &on_the_way.browser.get(&back).await, words).await;
    }
}

#[tokio::test]
async fn refused_logins_of_one_address_leave_the_record_to_others() {
    let hub = Running::start().await;
    let refused = async |browser: &Http| browser.get("/v1/login/oidc/callback?code=1").await;
    for _ in 0..100 {
        refused(&hub.http).await;
    }
    let entries = audit(&hub, "login.refused").await.len();
    assert!((1..=30).contains(&entries), "{entries}");
    let provider = Provider::start().await;
    let hub = start(&provider, "").await;
    let one = elsewhere(&hub);
    for _ in 0..100 {
        refused(&one).await;
    }
    refused(&elsewhere(&hub)).await;
    let entries = hub.hub.store.audit(100).await.unwrap();
    let from: std::collections::BTreeSet<String> = entries.into_iter().map(|it| it.who).collect();
    assert_eq!(from.len(), 2, "{from:?}");
}
