//! PostgreSQL, and two hubs that share it: what comes in at one goes out at the other.

use std::sync::Arc;

use serde_json::json;
use tokio::net::TcpListener;
use writ_signed::Verdict;

use crate::oidc::named;
use crate::rig::{Authenticator, EnrolledHost, Postgres, Provider, Running, decision, question};

async fn replica(postgres: &Postgres, origin: &str) -> Running {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    Running::serve(listener, origin, &postgres.address(), "").await
}

fn at(host: &EnrolledHost, hub: &Running) -> EnrolledHost {
    EnrolledHost {
        key: writ_signed::HostKey::from_seed(&[1; 32]),
        http: host.http.clone().moved(hub.address),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_decision_reaches_the_host_whichever_replica_it_hangs_on() {
    let Some(postgres) = Postgres::start() else { return };
    let origin = "http://localhost:4711";
    let (one, other) = tokio::join!(replica(&postgres, origin), replica(&postgres, origin));
    let host = one.enrolled("web-1", 1).await;
    let there = at(&host, &other);
    let bob = one.approver("bob", 50).await;
    let mut view = bob.http.clone().moved(other.address).open("/v1/events").await;
    let text = question("web-1", "7K3M-Q2");
    let digest = there.ask(&text).await;
    let again = host.put(&writ_signed::SignedQuestion::sign(&host.key, text.clone())).await;
    assert_eq!(again.status, 200, "known at both");

    let answer = bob.answer(&decision(&text, &host.key, "bob", Verdict::Approve));
    let begun = std::time::Instant::now();
    let (answers, submitted) =
        tokio::join!(there.answers(0, 50), async { bob.submit(&digest, &answer).await });
    assert_eq!(submitted.status, 201, "{}", submitted.text);
    assert!(begun.elapsed() < crate::rig::WAIT_MAX, "nobody told the other replica");
    assert_eq!(answers[0]["seq"], submitted.json()["seq"]);
    let mut heard = String::new();
    while !heard.contains(&digest) {
        heard.push_str(std::str::from_utf8(&view.chunk().await.unwrap().unwrap()).unwrap());
    }

    // One is gone; the other has it all.
    drop(one);
    let taken = format!("/v1/host/answers/{}/taken", answers[0]["seq"]);
    assert_eq!(there.http.post(&taken, &json!({ "accepted": true })).await.status, 204);
    assert!(there.answers(0, 0).await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn many_answers_at_two_replicas_come_in_order_none_lost_and_none_twice() {
    let Some(postgres) = Postgres::start() else { return };
    let origin = "http://localhost:4711";
    let (one, other) = tokio::join!(replica(&postgres, origin), replica(&postgres, origin));
    let host = Arc::new(one.enrolled("web-1", 1).await);
    let bob = Arc::new(one.approver("bob", 50).await);
    let ids = "0123456789ABCDEFGHJKMNPQRSTVWXYZ".chars();
    let texts: Vec<String> =
        ids.map(|digit| question("web-1", &format!("7K3M-Q{digit}"))).collect();
    for text in &texts {
        host.ask(text).await;
    }
    let sending = texts.iter().enumerate().map(|(index, text)| {
        let answer = bob.answer(&decision(text, &host.key, "bob", Verdict::Approve));
        let digest = writ_signed::digest(text);
        let hub = if index % 2 == 0 { &one } else { &other };
        let http = bob.http.clone().moved(hub.address);
        async move {
            // Each twice, as who has lost his connection does.
            let path = format!("/v1/questions/{digest}/answers");
            let (first, second) =
                tokio::join!(http.post_text(&path, &answer), http.post_text(&path, &answer));
            let mut statuses = [first.status, second.status];
            statuses.sort_unstable();
            assert_eq!(statuses, [200, 201], "{} {}", first.text, second.text);
        }
    });
    let there = at(&host, &other);
    let receiving = async {
        let mut seen: Vec<i64> = Vec::new();
        while seen.len() < texts.len() {
            let after = seen.last().copied().unwrap_or(0);
            let answers = there.answers(after, 20).await;
            seen.extend(answers.iter().map(|it| it["seq"].as_i64().unwrap()));
        }
        seen
    };
    let (seen, _) = tokio::join!(receiving, futures_util::future::join_all(sending));
    let whole: Vec<i64> = (1..=i64::try_from(texts.len()).unwrap()).collect();
    assert_eq!(seen, whole);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_login_that_begins_at_one_replica_ends_at_the_other_and_once() {
    let Some(postgres) = Postgres::start() else { return };
    let provider = Provider::start().await;
    let folder = tempfile::tempdir().unwrap();
    let settings = provider.settings(folder.path(), "");
    let serve = async || {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        Running::serve(listener, "http://localhost:4711", &postgres.address(), &settings).await
    };
    let (one, other) = (serve().await, serve().await);
    named(&one, "bob", "bob@example.com").await;
    let begun = one.http.post("/v1/login/oidc", &json!({})).await;
    let back = provider.log_in(begun.json()["location"].as_str().unwrap());
    let browser = other.http.with("cookie", &begun.cookie());
    let reply = browser.get(&back).await;
    assert_eq!((reply.status, reply.headers["location"].to_str().unwrap()), (303, "/"));
    let bob = one.http.with("cookie", &reply.cookie());
    let session = bob.get("/v1/session").await.json();
    assert_eq!(session["person"], "bob");
    let again = browser.clone().moved(one.address).get(&back).await;
    assert_eq!(again.headers["location"], "/#/login/failed");
    // His first passkey, too.
    let bob = bob.with("x-writ-csrf", session["csrf"].as_str().unwrap()).moved(other.address);
    let first = bob.post("/v1/passkeys/first", &json!({})).await;
    let passkey = Authenticator::new("http://localhost:4711", b"bob");
    let made = passkey.make(first.json()["invitation"].as_str().unwrap(), &one.challenge().await);
    assert_eq!(one.http.post("/v1/passkeys", &made).await.status, 201);
    bob.post("/v1/passkeys/first", &json!({})).await.refuses(403, "not-yours", "have a key");
    let bob = one.hub.store.person("bob").await.unwrap().unwrap();
    assert_eq!(one.hub.store.first_lines(&bob).await.unwrap().len(), 1);
    assert!(other.hub.store.account_of(&bob).await.unwrap().unwrap().is_bound);
    assert!(other.hub.store.remove_account(&bob, 0).await.unwrap());
}
