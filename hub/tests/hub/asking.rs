//! Questions come in, as their hosts signed them and in no other way.

use serde_json::json;
use writ_engine::time::WallTime;
use writ_signed::{HostKey, SignedQuestion};

use crate::rig::{Running, question, question_of};

#[tokio::test]
async fn a_question_is_shown_byte_for_byte_as_it_was_signed() {
    let hub = Running::start().await;
    let host = hub.enrolled("web-1", 1).await;
    let bob = hub.approver("bob", 50).await;
    let text = question_of("web-1", "7K3M-Q2", |question| {
        question.reason = Some("<script>alert(1)</script> \u{202e} \u{1f4a5} \\x07".to_owned());
    });
    let digest = host.ask(&text).await;
    let signed = bob.http.get(&format!("/v1/questions/{digest}/signed")).await;
    let signed = SignedQuestion::parse(&signed.text).unwrap();
    assert_eq!(signed.question, text);
    signed.verify(host.key.public()).unwrap();
    let list = bob.http.get("/v1/questions").await.json();
    assert_eq!(list["questions"][0]["digest"], digest);
    assert_eq!(list["questions"][0]["summary"], "/usr/bin/systemctl restart nginx");
    assert_eq!(list["more"], 0);
}

#[tokio::test]
async fn a_question_that_comes_again_is_one_question() {
    let hub = Running::start().await;
    let host = hub.enrolled("web-1", 1).await;
    let bob = hub.approver("bob", 50).await;
    let text = question("web-1", "7K3M-Q2");
    host.ask(&text).await;
    let again = host.put(&SignedQuestion::sign(&host.key, text)).await;
    assert_eq!(again.status, 200, "{}", again.text);
    let list = bob.http.get("/v1/questions").await.json();
    assert_eq!(list["questions"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn what_the_host_did_not_sign_is_no_question_of_it() {
    let hub = Running::start().await;
    let host = hub.enrolled("web-1", 1).await;
    let text = question("web-1", "7K3M-Q2");
    // Edited on the way.
    let mut edited = SignedQuestion::sign(&host.key, text.clone());
    edited.question = text.replace("nginx", "sshd");
    host.put(&edited).await.refuses(422, "not-verified", "");
    // Signed by somebody else, who has stolen the credential.
    let forged = SignedQuestion::sign(&HostKey::from_seed(&[9; 32]), text.clone());
    host.put(&forged).await.refuses(422, "not-verified", "that of the host");
    // Under another digest.
    let signed = SignedQuestion::sign(&host.key, text.clone());
    let path = format!("/v1/host/questions/{}", "0".repeat(64));
    let reply = host.http.put_text(&path, &signed.text().unwrap()).await;
    reply.refuses(422, "not-verified", &signed.digest());
    // In the name of another host.
    let other = SignedQuestion::sign(&host.key, question("db-1", "7K3M-Q2"));
    host.put(&other).await.refuses(403, "not-yours", "db-1");
    // No question at all.
    let nonsense = SignedQuestion::sign(&host.key, "{\"version\":1}".to_owned());
    host.put(&nonsense).await.refuses(400, "malformed", "");
    // Without a credential, and with one that is a person's.
    let bob = hub.approver("bob", 50).await;
    let path = format!("/v1/host/questions/{}", signed.digest());
    let json = signed.text().unwrap();
    hub.http.put_text(&path, &json).await.refuses(401, "not-logged-in", "");
    bob.http.put_text(&path, &json).await.refuses(401, "not-logged-in", "");
    assert_eq!(bob.http.get("/v1/questions").await.json()["questions"], json!([]));
}

#[tokio::test]
async fn a_host_closes_its_own_questions_and_no_others() {
    let hub = Running::start().await;
    let (one, other) = (hub.enrolled("web-1", 1).await, hub.enrolled("web-2", 2).await);
    let bob = hub.approver("bob", 50).await;
    let digest = one.ask(&question("web-1", "7K3M-Q2")).await;
    let path = format!("/v1/host/questions/{digest}/over");
    let over = json!({ "outcome": "approved", "by": "bob" });
    other.http.post(&path, &over).await.refuses(404, "not-found", "");
    assert_eq!(one.http.post(&path, &over).await.status, 204);
    assert_eq!(one.http.post(&path, &over).await.status, 204, "again");
    let later = json!({ "outcome": "denied", "by": "carol" });
    assert_eq!(one.http.post(&path, &later).await.status, 204);
    let past = bob.http.get("/v1/history").await.json();
    assert_eq!(past["questions"][0]["digest"], digest);
    assert_eq!(past["questions"][0]["outcome"], "approved");
    assert_eq!(past["questions"][0]["by"], "bob");
    assert_eq!(bob.http.get("/v1/questions").await.json()["questions"], json!([]));
}

#[tokio::test]
async fn a_host_whose_clock_is_off_is_heard_all_the_same() {
    let hub = Running::start().await;
    let host = hub.enrolled("web-1", 1).await;
    let bob = hub.approver("bob", 50).await;
    for (id, opened) in [("7K3M-Q2", 0), ("7K3M-Q3", u64::MAX / 2)] {
        host.ask(&question_of("web-1", id, |it| it.opened_wall_ms = WallTime(opened))).await;
    }
    let list = bob.http.get("/v1/questions").await.json();
    let now = list["now_ms"].as_i64().unwrap();
    let questions = list["questions"].as_array().unwrap();
    assert_eq!(questions.len(), 2);
    for question in questions {
        let left = question["closes_ms"].as_i64().unwrap() - now;
        assert!((100_000..=180_000).contains(&left), "{left}");
    }
}

#[tokio::test]
async fn silence_ends_a_question_here_too() {
    let hub = Running::start().await;
    let host = hub.enrolled("web-1", 1).await;
    let bob = hub.approver("bob", 50).await;
    let digest = host.ask(&question("web-1", "7K3M-Q2")).await;
    let later = writ_hub::clock::now_ms() + 200_000;
    assert_eq!(hub.hub.store.sweep(later, 0).await.unwrap(), vec![digest.clone()]);
    let past = bob.http.get("/v1/history").await.json();
    assert_eq!(past["questions"][0]["outcome"], "expired");
    // The host knows better how it ended.
    let path = format!("/v1/host/questions/{digest}/over");
    host.http.post(&path, &json!({ "outcome": "cancelled" })).await;
    let past = bob.http.get("/v1/history").await.json();
    assert_eq!(past["questions"][0]["outcome"], "cancelled");
    // What is past keeping is gone.
    hub.hub.store.sweep(later, later).await.unwrap();
    bob.http.get(&format!("/v1/questions/{digest}")).await.refuses(404, "not-found", "");
}
