//! Logging in: by SSH key or passkey, over a challenge that is good once. A session shows
//! questions; it answers none.

use serde_json::{Value, json};
use writ_hub::clock::now_ms;
use writ_signed::{HostKey, Verdict};

use crate::rig::{Authenticator, Http, Reply, Running, decision, login_by, question};

/// Enrols a passkey for somebody.
pub async fn enrolled(hub: &Running, name: &str) -> Authenticator {
    let passkey = Authenticator::new(&hub.origin, name.as_bytes());
    let reply = enrol(hub, name, &passkey).await;
    assert_eq!(reply.status, 201, "{}", reply.text);
    passkey
}

async fn enrol(hub: &Running, name: &str, passkey: &Authenticator) -> Reply {
    let invitation = hub.invitation(name).await;
    let begun = hub.http.post("/v1/passkeys/challenge", &json!({ "invitation": invitation })).await;
    assert_eq!(begun.status, 200, "{}", begun.text);
    assert_eq!(begun.json()["person"], name);
    let challenge = begun.json()["challenge"].as_str().unwrap().to_owned();
    hub.http.post("/v1/passkeys", &passkey.make(&invitation, &challenge)).await
}

/// What the page sends to log in.
pub fn by_passkey(passkey: &Authenticator, challenge: &str) -> Value {
    json!({
        "challenge": challenge,
        "id": passkey.id_text(),
        "assertion": passkey.assert(challenge),
    })
}

/// Logs in as the page does: with the cookie alone, and with the second secret too.
pub async fn page(hub: &Running, passkey: &Authenticator) -> (Http, Http) {
    let challenge = hub.challenge().await;
    let reply = hub.http.post("/v1/login/passkey", &by_passkey(passkey, &challenge)).await;
    assert_eq!(reply.status, 200, "{}", reply.text);
    let cookie = hub.http.with("cookie", &reply.cookie());
    let whole = cookie.with("x-writ-csrf", reply.json()["csrf"].as_str().unwrap());
    (cookie, whole)
}

#[tokio::test]
async fn a_passkey_is_enrolled_logs_in_and_signs_an_answer() {
    let hub = Running::start().await;
    let host = hub.enrolled("web-1", 1).await;
    let passkey = enrolled(&hub, "bob").await;
    let (_, bob) = page(&hub, &passkey).await;
    let session = bob.get("/v1/session").await.json();
    assert_eq!(session["person"], "bob");
    let line = session["lines"][0].as_str().unwrap();
    assert!(line.starts_with("webauthn-es256 ") && line.contains(&hub.origin), "{line}");
    line.parse::<writ_signed::ApproverKey>().unwrap();

    let text = question("web-1", "7K3M-Q2");
    let digest = host.ask(&text).await;
    let decision = decision(&text, &host.key, "bob", Verdict::Approve);
    let assertion = passkey.assert(&decision);
    let answer = json!({ "decision": decision, "signature": { "passkey": assertion } });
    let reply = bob.post(&format!("/v1/questions/{digest}/answers"), &answer).await;
    assert_eq!(reply.status, 201, "{}", reply.text);
    assert_eq!(host.answers(0, 0).await[0]["answer"], answer);
}

#[tokio::test]
async fn a_stolen_session_answers_nothing() {
    let hub = Running::start().await;
    let host = hub.enrolled("web-1", 1).await;
    let passkey = enrolled(&hub, "bob").await;
    let (_, stolen) = page(&hub, &passkey).await;
    let text = question("web-1", "7K3M-Q2");
    let digest = host.ask(&text).await;
    let path = format!("/v1/questions/{digest}/answers");
    let decision = decision(&text, &host.key, "bob", Verdict::Approve);
    // Another's passkey, made for this hub, and another's SSH key.
    let other = enrolled(&hub, "mallory").await;
    for signature in [
        json!({ "passkey": other.assert(&decision) }),
        json!({ "passkey": passkey.assert("something else that bob has signed") }),
        json!({ "ssh": HostKey::from_seed(&[66; 32])
            .sign(writ_signed::Namespace::Decision, decision.as_bytes()) }),
    ] {
        let answer = json!({ "decision": decision, "signature": signature });
        stolen.post(&path, &answer).await.refuses(422, "not-verified", "");
    }
    // Nor does it add a key: that takes a link of the admin's.
    let challenge = hub.challenge().await;
    let made = other.make("guessed", &challenge);
    stolen.post("/v1/passkeys", &made).await.refuses(403, "not-yours", "link");
    assert!(host.answers(0, 0).await.is_empty());
}

#[tokio::test]
async fn a_login_is_for_this_hub_and_once() {
    let hub = Running::start().await;
    let passkey = enrolled(&hub, "bob").await;
    let challenge = hub.challenge().await;
    assert!(challenge.contains(&hub.origin), "{challenge}");
    let sent = by_passkey(&passkey, &challenge);
    assert_eq!(hub.http.post("/v1/login/passkey", &sent).await.status, 200);
    let again = hub.http.post("/v1/login/passkey", &sent).await;
    again.refuses(422, "not-verified", "used before");
    let made_up = by_passkey(&passkey, "login@writ\norigin x\nnonce y\nexpires_wall_ms 9\n");
    hub.http.post("/v1/login/passkey", &made_up).await.refuses(422, "not-verified", "");

    let key = HostKey::from_seed(&[50; 32]);
    hub.add_key("carol", &key).await;
    let challenge = hub.challenge().await;
    let sent = login_by(&key, &challenge);
    assert_eq!(hub.http.post("/v1/login/ssh", &sent).await.status, 200);
    hub.http.post("/v1/login/ssh", &sent).await.refuses(422, "not-verified", "used before");
    let stranger = login_by(&HostKey::from_seed(&[51; 32]), &hub.challenge().await);
    hub.http.post("/v1/login/ssh", &stranger).await.refuses(422, "not-verified", "knows nobody");
    let mut posing = login_by(&HostKey::from_seed(&[51; 32]), &hub.challenge().await);
    posing["key"] = json!(key.public().line());
    hub.http.post("/v1/login/ssh", &posing).await.refuses(422, "not-verified", "another key");
}

#[tokio::test]
async fn an_assertion_that_is_not_the_users_own_at_this_hub_logs_nobody_in() {
    let hub = Running::start().await;
    let mut passkey = enrolled(&hub, "bob").await;
    let refused = async |passkey: &Authenticator| {
        let sent = by_passkey(passkey, &hub.challenge().await);
        hub.http.post("/v1/login/passkey", &sent).await.refuses(422, "not-verified", "");
    };
    // Nobody was there, or it was not seen who.
    for flags in [0x00, 0x01, 0x04] {
        passkey.flags = flags;
        refused(&passkey).await;
    }
    passkey.flags = 0x05;
    // Another site, which looks alike.
    passkey.origin = "http://localhost.example.com".to_owned();
    refused(&passkey).await;
    passkey.origin = hub.origin.clone();
    // Another key under the same ID.
    let other = Authenticator::new(&hub.origin, b"bob");
    refused(&other).await;
    let sent = by_passkey(&passkey, &hub.challenge().await);
    assert_eq!(hub.http.post("/v1/login/passkey", &sent).await.status, 200);
}

#[tokio::test]
async fn a_link_enrols_one_passkey_that_was_made_here() {
    let hub = Running::start().await;
    let invitation = hub.invitation("bob").await;
    let begin = json!({ "invitation": invitation });
    let challenge = async || {
        let begun = hub.http.post("/v1/passkeys/challenge", &begin).await;
        begun.json()["challenge"].as_str().unwrap().to_owned()
    };
    let mut passkey = Authenticator::new(&hub.origin, b"bob");
    // Unverified user, another site, another ID than the authenticator's, another algorithm.
    passkey.flags = 0x01;
    let sent = passkey.make(&invitation, &challenge().await);
    hub.http.post("/v1/passkeys", &sent).await.refuses(422, "not-verified", "PIN");
    passkey.flags = 0x05;
    passkey.origin = "https://elsewhere.example.com".to_owned();
    let sent = passkey.make(&invitation, &challenge().await);
    hub.http.post("/v1/passkeys", &sent).await.refuses(422, "not-verified", "elsewhere");
    passkey.origin = hub.origin.clone();
    let mut sent = passkey.make(&invitation, &challenge().await);
    sent["id"] = json!("bm90LWl0cw");
    hub.http.post("/v1/passkeys", &sent).await.refuses(422, "not-verified", "");
    sent = passkey.make(&invitation, &challenge().await);
    sent["algorithm"] = json!(-257);
    hub.http.post("/v1/passkeys", &sent).await.refuses(400, "malformed", "ES256");
    // And then it does, once.
    let sent = passkey.make(&invitation, &challenge().await);
    assert_eq!(hub.http.post("/v1/passkeys", &sent).await.status, 201);
    hub.http.post("/v1/passkeys/challenge", &begin).await.refuses(403, "not-yours", "used");
    let other = Authenticator::new(&hub.origin, b"other");
    let sent = other.make(&invitation, &hub.challenge().await);
    hub.http.post("/v1/passkeys", &sent).await.refuses(403, "not-yours", "used");
}

#[tokio::test]
async fn a_session_ends_when_it_is_said_and_when_its_time_is_up() {
    let hub = Running::start_with("session = \"1h\"").await;
    let passkey = enrolled(&hub, "bob").await;
    let (_, bob) = page(&hub, &passkey).await;
    assert_eq!(bob.call(reqwest::Method::DELETE, "/v1/session", None).await.status, 204);
    bob.get("/v1/session").await.refuses(401, "not-logged-in", "");
    let (_, bob) = page(&hub, &passkey).await;
    hub.hub.store.sweep(now_ms() + 3_600_001, 0).await.unwrap();
    bob.get("/v1/session").await.refuses(401, "not-logged-in", "");
}

#[tokio::test]
async fn the_store_has_no_secret_in_it() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("hub.db");
    let hub = Running::start_on(&format!("sqlite://{}", file.display()), "").await;
    let token = hub.token("web-1").await;
    let key = HostKey::from_seed(&[1; 32]);
    let reply = hub.http.post("/v1/enroll", &hub.enrolment(&token, "web-1", &key)).await;
    let credential = reply.json()["credential"].as_str().unwrap().to_owned();
    let invitation = hub.invitation("bob").await;
    let passkey = enrolled(&hub, "carol").await;
    let sent = by_passkey(&passkey, &hub.challenge().await);
    let login = hub.http.post("/v1/login/passkey", &sent).await;
    let cookie = login.cookie().split_once('=').unwrap().1.to_owned();
    let mut bytes = std::fs::read(&file).unwrap();
    bytes.extend(std::fs::read(folder.path().join("hub.db-wal")).unwrap_or_default());
    let has = |text: &str| bytes.windows(text.len()).any(|it| it == text.as_bytes());
    assert!(has("web-1"), "the store is looked at");
    for secret in [token, credential, invitation, cookie] {
        assert!(!has(&secret), "a secret is in the store");
    }
    use std::os::unix::fs::PermissionsExt as _;
    assert_eq!(file.metadata().unwrap().permissions().mode() & 0o777, 0o600);
}
