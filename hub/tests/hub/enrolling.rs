//! Hosts enrol, once for each token, with the key that they have.

use serde_json::json;
use writ_hub::clock::now_ms;
use writ_signed::{HostKey, Namespace};

use crate::rig::{Running, question};

#[tokio::test]
async fn a_host_enrols_with_its_token_and_is_listed() {
    let hub = Running::start().await;
    let host = hub.enrolled("web-1", 1).await;
    let bob = hub.approver("bob", 50).await;
    let listed = bob.http.get("/v1/hosts").await.json();
    let listed = &listed["hosts"][0];
    assert_eq!(listed["name"], "web-1");
    assert_eq!(listed["key"], host.key.fingerprint().to_string());
    assert_eq!(listed["connected"], true);
}

#[tokio::test]
async fn a_token_lets_one_host_enrol_once() {
    let hub = Running::start().await;
    let (one, other) = (HostKey::from_seed(&[1; 32]), HostKey::from_seed(&[2; 32]));
    let token = hub.token("web-1").await;
    let foreign = hub.http.post("/v1/enroll", &hub.enrolment(&token, "web-2", &one)).await;
    foreign.refuses(403, "not-yours", "another host's");
    let first = hub.http.post("/v1/enroll", &hub.enrolment(&token, "web-1", &one)).await;
    assert_eq!(first.status, 201, "{}", first.text);
    let second = hub.http.post("/v1/enroll", &hub.enrolment(&token, "web-1", &other)).await;
    second.refuses(403, "not-yours", "used");
    let guessed = hub.http.post("/v1/enroll", &hub.enrolment("guessed", "web-1", &other)).await;
    guessed.refuses(403, "not-yours", "unknown");
    let audit = hub.hub.store.audit(100).await.unwrap();
    assert_eq!(audit.iter().filter(|entry| entry.event == "host.refused").count(), 3);
}

#[tokio::test]
async fn a_token_expires() {
    let hub = Running::start().await;
    let now = now_ms();
    let digest = writ_hub::secret::digest("late");
    hub.hub.store.add_token(&digest, "web-1", now - 2, now - 1).await.unwrap();
    let key = HostKey::from_seed(&[1; 32]);
    let reply = hub.http.post("/v1/enroll", &hub.enrolment("late", "web-1", &key)).await;
    reply.refuses(403, "not-yours", "expired");
}

#[tokio::test]
async fn who_has_a_token_and_not_the_key_enrols_nothing() {
    let hub = Running::start().await;
    let (mine, others) = (HostKey::from_seed(&[1; 32]), HostKey::from_seed(&[2; 32]));
    let token = hub.token("web-1").await;
    // Somebody else's key, with one's own signature.
    let mut sent = hub.enrolment(&token, "web-1", &mine);
    sent["key"] = json!(others.public().line());
    hub.http.post("/v1/enroll", &sent).await.refuses(422, "not-verified", "another key");
    // A signature for another hub, and one of another kind.
    let text = format!("https://other.example.com\n{token}\nweb-1");
    sent = hub.enrolment(&token, "web-1", &mine);
    sent["signature"] = json!(mine.sign(Namespace::Enroll, text.as_bytes()));
    hub.http.post("/v1/enroll", &sent).await.refuses(422, "not-verified", &hub.origin);
    let text = format!("{}\n{token}\nweb-1", hub.origin);
    sent["signature"] = json!(mine.sign(Namespace::Question, text.as_bytes()));
    hub.http.post("/v1/enroll", &sent).await.refuses(422, "not-verified", "");
    // None of this has used the token up.
    let reply = hub.http.post("/v1/enroll", &hub.enrolment(&token, "web-1", &mine)).await;
    assert_eq!(reply.status, 201, "{}", reply.text);
}

#[tokio::test]
async fn a_host_that_enrols_anew_has_a_new_credential_and_its_old_questions_are_over() {
    let hub = Running::start().await;
    let before = hub.enrolled("web-1", 1).await;
    let digest = before.ask(&question("web-1", "7K3M-Q2")).await;
    let after = hub.enrolled("web-1", 2).await;
    before.http.get("/v1/host/answers").await.refuses(401, "not-logged-in", "writ enroll");
    assert!(after.answers(0, 0).await.is_empty());
    let bob = hub.approver("bob", 50).await;
    let whole = bob.http.get(&format!("/v1/questions/{digest}")).await.json();
    assert_eq!(whole["outcome"], "host enrolled anew");
}

#[tokio::test]
async fn a_host_that_was_removed_is_out() {
    let hub = Running::start().await;
    let host = hub.enrolled("web-1", 1).await;
    host.ask(&question("web-1", "7K3M-Q2")).await;
    assert!(hub.hub.store.remove_host("web-1", now_ms()).await.unwrap());
    assert!(!hub.hub.store.remove_host("web-1", now_ms()).await.unwrap());
    host.http.get("/v1/host/answers").await.refuses(401, "not-logged-in", "removed");
    let bob = hub.approver("bob", 50).await;
    assert_eq!(bob.http.get("/v1/questions").await.json()["questions"], json!([]));
    assert_eq!(bob.http.get("/v1/hosts").await.json()["hosts"], json!([]));
}
