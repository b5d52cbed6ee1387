//! Logging in at a provider (OpenID Connect), which may be anything but what it should be.

use std::net::Ipv4Addr;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tempfile::TempDir;
use writ_hub::clock::now_ms;
use writ_hub::limits::{OIDC_REPLY_BYTES_MAX, OIDC_WAIT_MAX};
use writ_hub::secret;
use writ_signed::{HostKey, Namespace, Verdict};

use crate::logging_in::{enrolled, page};
use crate::rig::{
    Authenticator, CLIENT, Http, Provider, Reply, Running, Signed, decision, question,
};

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
async fn a_token_that_does_not_hold_logs_nobody_in() {
    let provider = Provider::start().await;
    let hub = start(&provider, "").await;
    named(&hub, "bob", "bob@example.com").await;
    let now = now_ms() / 1_000;
    for (claims, words) in [
        (json!({ "nonce": "another" }), "another login (nonce)"),
        (json!({ "nonce": null }), "another login (nonce)"),
        (json!({ "aud": "another" }), "for another client"),
        (json!({ "aud": ["another"] }), "for another client"),
        (json!({ "aud": [] }), "for another client"),
        (json!({ "aud": null }), "`aud`"),
        (json!({ "aud": [CLIENT, "another"] }), "does not say which asked"),
        (json!({ "aud": [CLIENT, "another"], "azp": "another" }), "issued to another client"),
        (json!({ "azp": "another" }), "issued to another client"),
        (json!({ "iss": "https://login.example.com" }), "of another issuer"),
        (json!({ "iss": [provider.issuer, "x"] }), "does not hold"),
        (json!({ "iss": null }), "`iss`"),
        (json!({ "exp": now - 90 }), "expired"),
        (json!({ "exp": "9999999999" }), "does not hold"),
        (json!({ "exp": null }), "has no exp"),
        (json!({ "nbf": now + 90 }), "for later"),
        (json!({ "iat": now + 90 }), "issued at another time"),
        (json!({ "iat": now - 720 }), "issued at another time"),
        (json!({ "iat": null }), "does not hold"),
        (json!({ "sub": "" }), "subject"),
        (json!({ "sub": null }), "`sub`"),
        (json!({ "sub": 1001 }), "does not hold"),
        (json!({ "sub": "x".repeat(256) }), "subject"),
    ] {
        provider.manners().claims = claims;
        let (browser, reply) = log_in(&hub, &provider).await;
        fails(&browser, &reply, words).await;
    }
    provider.manners().claims = json!({});
    for (signed, words) in [
        (Signed::Not, "none that is taken here"),
        (Signed::WithThePublicKey, "HS256 is no algorithm"),
        (Signed::ByAnother, "no key of the provider's"),
        (Signed::ByAStranger, "no key of the provider's"),
        (Signed::ThenEdited, "no key of the provider's"),
    ] {
        provider.manners().signed = signed;
        let (browser, reply) = log_in(&hub, &provider).await;
        fails(&browser, &reply, words).await;
    }
    let refused = audit(&hub, "login.refused").await;
    assert!(refused.iter().any(|it| it.contains("HS256")), "{refused:?}");
    assert_eq!(audit(&hub, "account.bound").await, Vec::<String>::new());
    // And the right one does.
    provider.manners().signed = Signed::Right("ES256");
    session_cookie(&log_in(&hub, &provider).await.1);
}

#[tokio::test]
async fn whichever_algorithm_a_provider_signs_with_is_verified() {
    let provider = Provider::start().await;
    let hub = start(&provider, "").await;
    named(&hub, "bob", "bob@example.com").await;
    for algorithm in
        ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "EdDSA"]
    {
        provider.manners().signed = Signed::Right(algorithm);
        session_cookie(&log_in(&hub, &provider).await.1);
    }
    // Several audiences, where it says that the hub asked; a clock that is somewhat off.
    let now = now_ms() / 1_000;
    for claims in [
        json!({ "aud": [CLIENT, "another"], "azp": CLIENT }),
        json!({ "aud": [CLIENT], "iat": now + 30, "nbf": now + 30, "exp": now + 300 }),
        json!({ "exp": now - 30, "iat": now - 330 }),
    ] {
        provider.manners().claims = claims;
        session_cookie(&log_in(&hub, &provider).await.1);
    }
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
async fn an_account_is_the_provider_s_own_name_for_somebody_once_he_has_logged_in() {
    let provider = Provider::start().await;
    let hub = start(&provider, "").await;
    let attempt = async |claims: Value| {
        provider.manners().claims = claims;
        log_in(&hub, &provider).await
    };
    let (browser, reply) = attempt(json!({})).await;
    fails(&browser, &reply, "writ-hub people add NAME --oidc bob@example.com").await;
    named(&hub, "bob", "bob@example.com").await;
    for verified in [json!(null), json!(false), json!("false"), json!(1)] {
        let (browser, reply) = attempt(json!({ "email_verified": verified })).await;
        fails(&browser, &reply, "has not verified").await;
    }
    let (browser, reply) = attempt(json!({ "email": null })).await;
    fails(&browser, &reply, "does not say your email").await;
    session_cookie(&attempt(json!({})).await.1);
    // His address changes; he is the same.
    session_cookie(&attempt(json!({ "email": "robert@example.com" })).await.1);
    session_cookie(&attempt(json!({ "email": null })).await.1);
    // His address becomes another's, who is not him.
    let (browser, reply) = attempt(json!({ "sub": "2002" })).await;
    fails(&browser, &reply, "another account").await;
    let (browser, reply) = attempt(json!({ "sub": "2002", "email": "BOB@example.com" })).await;
    fails(&browser, &reply, "knows nobody").await;
    // Until the admin says so; who was logged in is not any more.
    let bob = logged_in(&hub, &{
        provider.manners().claims = json!({});
        provider.clone()
    })
    .await;
    let store = &hub.hub.store;
    let person = store.person("bob").await.unwrap().unwrap();
    assert!(store.remove_account(&person, now_ms()).await.unwrap());
    bob.get("/v1/session").await.refuses(401, "not-logged-in", "");
    named(&hub, "bob", "bob@example.com").await;
    session_cookie(&attempt(json!({ "sub": "2002" })).await.1);
    let (browser, reply) = attempt(json!({})).await;
    fails(&browser, &reply, "another account").await;
    // One account is one person's.
    let carol = store.add_person("carol", "carol", now_ms()).await.unwrap();
    assert!(!store.name_account(&carol, "bob@example.com", now_ms()).await.unwrap());
}

#[tokio::test]
async fn what_the_token_leaves_out_is_asked_for_of_the_same_person() {
    let provider = Provider::start().await;
    let more = "groups = [\"approvers\", \"admins\"]\nscopes = [\"groups\"]";
    let hub = start(&provider, more).await;
    named(&hub, "bob", "bob@example.com").await;
    let attempt = async |claims: Value, userinfo: Value| {
        provider.manners().claims = claims;
        provider.manners().userinfo = userinfo;
        log_in(&hub, &provider).await
    };
    let bare = json!({ "email": null, "email_verified": null });
    let told =
        json!({ "email": "bob@example.com", "email_verified": true, "groups": ["approvers"] });
    let mut other = told.clone();
    other["sub"] = json!("2002");
    let (browser, reply) = attempt(bare.clone(), other).await;
    fails(&browser, &reply, "somebody else than the ID token").await;
    let mut nobodys = told.clone();
    nobodys["sub"] = json!(null);
    let (browser, reply) = attempt(bare.clone(), nobodys).await;
    fails(&browser, &reply, "somebody else than the ID token").await;
    // An address of the one place is not verified by the other.
    let half = json!({ "email": "bob@example.com", "groups": ["approvers"] });
    let (browser, reply) = attempt(json!({ "email": null }), half).await;
    fails(&browser, &reply, "has not verified").await;
    for groups in [json!(["others"]), json!([]), json!(null), json!("approvers2"), json!({})] {
        let mut told = told.clone();
        told["groups"] = groups;
        let (browser, reply) = attempt(bare.clone(), told).await;
        fails(&browser, &reply, "approvers, admins").await;
    }
    session_cookie(&attempt(bare.clone(), told).await.1);
    session_cookie(&attempt(json!({ "groups": "admins" }), json!({})).await.1);
    // Whoever has left the groups is not let in, though his account is known.
    let (browser, reply) = attempt(json!({ "groups": ["others"] }), json!({})).await;
    fails(&browser, &reply, "approvers, admins").await;
}

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

#[tokio::test]
async fn a_login_at_the_provider_makes_a_first_passkey_and_no_other() {
    let provider = Provider::start().await;
    let hub = start(&provider, "").await;
    named(&hub, "bob", "bob@example.com").await;
    let bob = logged_in(&hub, &provider).await;
    let invitation = async |caller: &Http| {
        let reply = caller.post("/v1/passkeys/first", &json!({})).await;
        assert_eq!(reply.status, 200, "{}", reply.text);
        reply.json()["invitation"].as_str().unwrap().to_owned()
    };
    // The cookie alone is not enough, and a session that is not new is not either.
    let (_, reply) = log_in(&hub, &provider).await;
    let cookie = session_cookie(&reply).split(';').next().unwrap().to_owned();
    let alone = hub.http.with("cookie", &cookie);
    alone.post("/v1/passkeys/first", &json!({})).await.refuses(403, "cross-site", "");
    hub.http.post("/v1/passkeys/first", &json!({})).await.refuses(401, "not-logged-in", "");
    let digest = secret::digest(cookie.split_once('=').unwrap().1);
    let (now, store) = (now_ms(), &hub.hub.store);
    assert!(!store.invite_first(&digest, now + 1, "x", now + 60_000).await.unwrap());
    // Of several invitations the last stands.
    let before = invitation(&bob).await;
    let after = invitation(&bob).await;
    let passkey = Authenticator::new(&hub.origin, b"bob");
    let made = passkey.make(&before, &hub.challenge().await);
    hub.http.post("/v1/passkeys", &made).await.refuses(403, "not-yours", "link");
    let made = passkey.make(&after, &hub.challenge().await);
    assert_eq!(hub.http.post("/v1/passkeys", &made).await.status, 201);
    bob.post("/v1/passkeys/first", &json!({})).await.refuses(403, "not-yours", "have a key");
    page(&hub, &passkey).await;
    let added = audit(&hub, "passkey.added").await;
    assert!(added[0].ends_with("on the word of the login provider"), "{added:?}");
    // Whoever has got a key meanwhile does not make another with what he was given before.
    provider.manners().claims = json!({ "sub": "2002", "email": "carol@example.com" });
    named(&hub, "carol", "carol@example.com").await;
    let carol = logged_in(&hub, &provider).await;
    let early = invitation(&carol).await;
    hub.add_key("carol", &HostKey::from_seed(&[50; 32])).await;
    let other = Authenticator::new(&hub.origin, b"carol");
    let made = other.make(&early, &hub.challenge().await);
    hub.http.post("/v1/passkeys", &made).await.refuses(403, "not-yours", "link");
    carol.post("/v1/passkeys/first", &json!({})).await.refuses(403, "not-yours", "have a key");
    // An admin's link makes more, as ever.
    enrolled(&hub, "carol").await;
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
