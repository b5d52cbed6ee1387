//! Answers: signed by the approver, checked, and handed to the host that they are for, in
//! order, until it has taken them.

use std::time::Instant;

use serde_json::json;
use writ_signed::{Answer, HostKey, Namespace, Signature, Verdict};

use crate::rig::{Approver, EnrolledHost, Running, decision, question};

async fn asked(hub: &Running) -> (EnrolledHost, Approver, String, String) {
    let host = hub.enrolled("web-1", 1).await;
    let bob = hub.approver("bob", 50).await;
    let text = question("web-1", "7K3M-Q2");
    let digest = host.ask(&text).await;
    (host, bob, text, digest)
}

#[tokio::test]
async fn an_answer_reaches_the_host_that_waits_for_it() {
    let hub = Running::start().await;
    let (host, bob, text, digest) = asked(&hub).await;
    let answer = bob.answer(&decision(&text, &host.key, "bob", Verdict::Approve));
    let begun = Instant::now();
    let (answers, submitted) =
        tokio::join!(host.answers(0, 50), async { bob.submit(&digest, &answer).await });
    assert_eq!(submitted.status, 201, "{}", submitted.text);
    assert!(begun.elapsed() < crate::rig::WAIT_MAX, "it waited for its time to be up");
    assert_eq!(answers.len(), 1);
    let carried: Answer = serde_json::from_value(answers[0]["answer"].clone()).unwrap();
    assert_eq!(carried, Answer::parse(&answer).unwrap(), "as it was signed");

    let taken = format!("/v1/host/answers/{}/taken", answers[0]["seq"]);
    assert_eq!(host.http.post(&taken, &json!({ "accepted": true })).await.status, 204);
    assert_eq!(host.http.post(&taken, &json!({ "accepted": true })).await.status, 204, "again");
    assert!(host.answers(0, 0).await.is_empty());
    let whole = bob.http.get(&format!("/v1/questions/{digest}")).await.json();
    assert_eq!(whole["answers"][0]["accepted"], true);
    assert_eq!(whole["answers"][0]["approver"], "bob");
}

#[tokio::test]
async fn an_answer_that_was_not_taken_comes_again_and_a_doubled_one_is_one() {
    let hub = Running::start().await;
    let (host, bob, text, digest) = asked(&hub).await;
    let answer = bob.answer(&decision(&text, &host.key, "bob", Verdict::Deny));
    let first = bob.submit(&digest, &answer).await;
    assert_eq!(first.status, 201, "{}", first.text);
    let again = bob.submit(&digest, &answer).await;
    assert_eq!((again.status, again.json()), (200, first.json()), "the same answer");
    let other = bob.answer(&decision(&text, &host.key, "bob", Verdict::Approve));
    bob.submit(&digest, &other).await.refuses(409, "conflict", "answered");
    // A courier that lost its connection asks again from where it was.
    assert_eq!(host.answers(0, 0).await, host.answers(0, 0).await);
    assert_eq!(host.answers(0, 0).await.len(), 1);
    // What the host refused may be answered anew.
    let taken = format!("/v1/host/answers/{}/taken", first.json()["seq"]);
    let no = json!({ "accepted": false, "why": "no key of bob's is pinned here" });
    assert_eq!(host.http.post(&taken, &no).await.status, 204);
    let whole = bob.http.get(&format!("/v1/questions/{digest}")).await.json();
    assert_eq!(whole["answers"][0]["why"], "no key of bob's is pinned here");
    assert_eq!(bob.submit(&digest, &other).await.status, 201);
    let seqs: Vec<i64> =
        host.answers(0, 0).await.iter().map(|it| it["seq"].as_i64().unwrap()).collect();
    assert!(seqs.len() == 1 && seqs[0] > first.json()["seq"].as_i64().unwrap(), "{seqs:?}");
}

#[tokio::test]
async fn a_host_reads_its_own_answers_only() {
    let hub = Running::start().await;
    let (host, bob, text, digest) = asked(&hub).await;
    let other = hub.enrolled("web-2", 2).await;
    let answer = bob.answer(&decision(&text, &host.key, "bob", Verdict::Approve));
    let seq = bob.submit(&digest, &answer).await.json()["seq"].clone();
    assert!(other.answers(0, 0).await.is_empty());
    let taken = format!("/v1/host/answers/{seq}/taken");
    let reply = other.http.post(&taken, &json!({ "accepted": true })).await;
    reply.refuses(404, "not-found", "");
    assert_eq!(host.answers(0, 0).await.len(), 1, "it still waits for its host");
    // Nor does a person read them in a host's place, or a host what people see.
    bob.http.get("/v1/host/answers").await.refuses(401, "not-logged-in", "");
    host.http.get("/v1/questions").await.refuses(401, "not-logged-in", "");
    let reply = host.http.post_text(&format!("/v1/questions/{digest}/answers"), &answer).await;
    reply.refuses(401, "not-logged-in", "");
}

#[tokio::test]
async fn what_the_host_would_refuse_is_refused_with_its_reason() {
    let hub = Running::start().await;
    let (host, bob, text, digest) = asked(&hub).await;
    let carol = hub.approver("carol", 51).await;
    let good = decision(&text, &host.key, "bob", Verdict::Approve);
    // Altered after it was signed.
    let mut altered = Answer::parse(&bob.answer(&good)).unwrap();
    altered.decision = good.replace("approve", "deny");
    let altered = altered.text().unwrap();
    bob.submit(&digest, &altered).await.refuses(422, "not-verified", "");
    // In somebody else's name, with one's own key, and with the other's session.
    bob.submit(&digest, &bob.answer(&decision(&text, &host.key, "carol", Verdict::Approve)))
        .await
        .refuses(403, "not-yours", "carol");
    carol.submit(&digest, &bob.answer(&good)).await.refuses(403, "not-yours", "bob");
    carol
        .submit(&digest, &bob.answer(&decision(&text, &host.key, "carol", Verdict::Approve)))
        .await
        .refuses(422, "not-verified", "none of the approver's");
    // A signature for something else.
    let signature = bob.key.sign(Namespace::Login, good.as_bytes());
    let other = Answer { decision: good.clone(), signature: Signature::Ssh(signature) };
    bob.submit(&digest, &other.text().unwrap()).await.refuses(422, "not-verified", "");
    // For another question, another host, another key.
    let elsewhere = question("web-1", "7K3M-Q9");
    bob.submit(&digest, &bob.answer(&decision(&elsewhere, &host.key, "bob", Verdict::Approve)))
        .await
        .refuses(422, "not-verified", "");
    let key = HostKey::from_seed(&[9; 32]);
    bob.submit(&digest, &bob.answer(&decision(&text, &key, "bob", Verdict::Approve)))
        .await
        .refuses(422, "not-verified", "another key");
    let renamed = good.replace("\"host\":\"web-1\"", "\"host\":\"db-1\"");
    bob.submit(&digest, &bob.answer(&renamed)).await.refuses(422, "not-verified", "db-1");
    // Expired.
    let mut old: serde_json::Value = serde_json::from_str(&good).unwrap();
    (old["made_wall_ms"], old["expires_wall_ms"]) = (json!("1000"), json!("2000"));
    bob.submit(&digest, &bob.answer(&old.to_string())).await.refuses(
        422,
        "not-verified",
        "expired",
    );
    // No question.
    let nowhere = "0".repeat(64);
    bob.submit(&nowhere, &bob.answer(&good)).await.refuses(404, "not-found", "");

    assert!(host.answers(0, 0).await.is_empty(), "none of it is handed on");
    let audit = hub.hub.store.audit(100).await.unwrap();
    assert!(audit.iter().filter(|it| it.event == "answer.refused").count() >= 8);
    assert_eq!(bob.submit(&digest, &bob.answer(&good)).await.status, 201);
}

#[tokio::test]
async fn a_question_that_is_over_takes_no_answer() {
    let hub = Running::start().await;
    let (host, bob, text, digest) = asked(&hub).await;
    let over = json!({ "outcome": "cancelled" });
    host.http.post(&format!("/v1/host/questions/{digest}/over"), &over).await;
    let answer = bob.answer(&decision(&text, &host.key, "bob", Verdict::Approve));
    bob.submit(&digest, &answer).await.refuses(409, "conflict", "over");
    assert!(host.answers(0, 0).await.is_empty());
}

#[tokio::test]
async fn a_key_that_was_removed_signs_nothing_and_its_sessions_end() {
    let hub = Running::start().await;
    let (host, bob, text, digest) = asked(&hub).await;
    let store = &hub.hub.store;
    let person = store.person("bob").await.unwrap().unwrap();
    let line = store.lines(&person).await.unwrap().remove(0);
    assert!(store.remove_line(&person, &line, 0).await.unwrap());
    let answer = bob.answer(&decision(&text, &host.key, "bob", Verdict::Approve));
    bob.submit(&digest, &answer).await.refuses(401, "not-logged-in", "");
    let challenge = hub.challenge().await;
    let reply = hub.http.post("/v1/login/ssh", &crate::rig::login_by(&bob.key, &challenge)).await;
    reply.refuses(422, "not-verified", "knows nobody");
}

#[tokio::test]
async fn answers_outlive_the_hub() {
    let folder = tempfile::tempdir().unwrap();
    let database = format!("sqlite://{}", folder.path().join("hub.db").display());
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let origin = format!("http://localhost:{}", address.port());
    let first = Running::serve(listener, &origin, &database, "").await;
    let (host, bob, text, digest) = asked(&first).await;
    let answer = bob.answer(&decision(&text, &host.key, "bob", Verdict::Approve));
    let submitted = bob.submit(&digest, &answer).await;
    assert_eq!(submitted.status, 201, "{}", submitted.text);
    drop(first);
    let second = Running::start_on(&database, "").await;
    let key = host.http.clone().moved(second.address);
    let host = EnrolledHost { http: key, ..host };
    let answers = host.answers(0, 0).await;
    assert_eq!(answers[0]["seq"], submitted.json()["seq"]);
}

/// What would make a decision, or sign in a host's or approver's place, is not in the program.
#[test]
fn there_is_nothing_in_the_hub_that_makes_a_decision_or_signs_one() {
    fn walk(folder: &std::path::Path, seen: &mut usize) {
        for entry in std::fs::read_dir(folder).unwrap().flatten() {
            let path = entry.path();
            if path.is_dir() {
                walk(&path, seen);
                continue;
            }
            *seen += 1;
            let text = std::fs::read_to_string(&path).unwrap();
            for made in ["HostKey", "Decision {", "Answer {", "Assertion {", "Sshsig::armored"] {
                assert!(!text.contains(made), "{}: {made}", path.display());
            }
        }
    }
    let mut seen = 0;
    walk(&std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut seen);
    assert!(seen > 40, "{seen} files");
}
