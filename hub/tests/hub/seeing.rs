//! Who may see only some hosts sees nothing of the others, by whatever way he looks.

use serde_json::{Value, json};
use writ_hub::clock::now_ms;
use writ_hub::store::Sees;
use writ_signed::Verdict;

use crate::rig::{Approver, Http, Postgres, Running, decision, question};

async fn only(hub: &Running, name: &str, patterns: &[&str]) {
    let store = &hub.hub.store;
    let person = store.person(name).await.unwrap().unwrap();
    let patterns = patterns.iter().map(|it| (*it).to_owned()).collect();
    store.let_see(&person, &Sees::Only(patterns), now_ms()).await.unwrap();
}

async fn listed(http: &Http, path: &str) -> Vec<String> {
    let reply = http.get(path).await.json();
    assert!(reply["more"].as_i64().unwrap_or(0) == 0, "{reply}");
    let lines = reply["questions"].as_array().or(reply["hosts"].as_array()).unwrap().clone();
    let name = |line: &Value| line["host"].as_str().or(line["name"].as_str()).unwrap().to_owned();
    let mut names: Vec<String> = lines.iter().map(name).collect();
    names.sort();
    names
}

async fn sees_only_what_is_like_his_patterns(hub: &Running) {
    let bob: Approver = hub.approver("bob", 50).await;
    let carol = hub.approver("carol", 51).await;
    only(hub, "bob", &["web-*", "a_*"]).await;
    let all = ["WEB-3", "a_1", "ab1", "db-1", "web-1", "xweb-1"];
    let mut digests = Vec::new();
    for (seed, name) in (1..).zip(all) {
        let host = hub.enrolled(name, seed).await;
        digests.push((host.ask(&question(name, "7K3M-Q2")).await, host));
    }
    for path in ["/v1/questions", "/v1/hosts"] {
        assert_eq!(listed(&bob.http, path).await, ["a_1", "web-1"]);
        assert_eq!(listed(&carol.http, path).await, all);
    }
    // Not by its digest either, and no word that it is there.
    let (digest, host) = &digests[3];
    let path = format!("/v1/questions/{digest}");
    carol.http.get(&path).await.json()["host"].as_str().unwrap();
    let unknown = bob.http.get(&format!("/v1/questions/{}", "0".repeat(64))).await;
    let hidden = bob.http.get(&path).await;
    hidden.refuses(404, "not-found", "no such question");
    assert_eq!(hidden.text, unknown.text);
    bob.http.get(&format!("{path}/signed")).await.refuses(404, "not-found", "");
    let text = question("db-1", "7K3M-Q2");
    let answer = bob.answer(&decision(&text, &host.key, "bob", Verdict::Approve));
    bob.submit(digest, &answer).await.refuses(404, "not-found", "");
    assert!(host.answers(0, 0).await.is_empty());
    // What is over, too.
    for (digest, host) in &digests {
        let over = json!({ "outcome": "expired" });
        host.http.post(&format!("/v1/host/questions/{digest}/over"), &over).await;
    }
    assert_eq!(listed(&bob.http, "/v1/history").await, ["a_1", "web-1"]);
    assert_eq!(listed(&carol.http, "/v1/history").await, all);
    // Nor is his browser woken for it.
    let store = &hub.hub.store;
    let person = store.person("bob").await.unwrap().unwrap();
    store.subscribe(&person, "https://push.example.com/bob", now_ms()).await.unwrap();
    assert_eq!(store.subscriptions("web-9").await.unwrap().len(), 1);
    assert!(store.subscriptions("db-1").await.unwrap().is_empty());
    // Until he may see all again.
    store.let_see(&person, &Sees::All, now_ms()).await.unwrap();
    assert_eq!(listed(&bob.http, "/v1/hosts").await, all);
    assert_eq!(store.subscriptions("db-1").await.unwrap().len(), 1);
}

#[tokio::test]
async fn who_is_limited_to_hosts_sees_nothing_of_others() {
    sees_only_what_is_like_his_patterns(&Running::start().await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn postgresql_limits_him_in_the_same_way() {
    let Some(postgres) = Postgres::start() else { return };
    sees_only_what_is_like_his_patterns(&Running::start_on(&postgres.address(), "").await).await;
}

#[tokio::test]
async fn events_of_hosts_that_he_does_not_see_are_not_told() {
    let hub = Running::start().await;
    let bob = hub.approver("bob", 50).await;
    only(&hub, "bob", &["web-*"]).await;
    let (db, web) = (hub.enrolled("db-1", 1).await, hub.enrolled("web-1", 2).await);
    let mut events = bob.http.open("/v1/events").await;
    let hidden = db.ask(&question("db-1", "7K3M-Q2")).await;
    let over = json!({ "outcome": "expired" });
    db.http.post(&format!("/v1/host/questions/{hidden}/over"), &over).await;
    let seen = web.ask(&question("web-1", "7K3M-Q3")).await;
    // In their order: when the later one is here, the earlier would have been.
    let mut heard = String::new();
    while !heard.contains(&seen) {
        heard.push_str(std::str::from_utf8(&events.chunk().await.unwrap().unwrap()).unwrap());
    }
    assert!(!heard.contains(&hidden), "{heard}");
}
