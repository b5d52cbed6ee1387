//! Whose account it is, and what he may do with it.

use serde_json::{Value, json};
use writ_hub::clock::now_ms;
use writ_hub::secret;
use writ_signed::HostKey;

use super::{audit, fails, log_in, logged_in, named, session_cookie, start};
use crate::logging_in::{enrolled, page};
use crate::rig::{Authenticator, Http, Provider};

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
    let anothers =
        json!({ "email": "robert@example.com", "email_verified": true, "groups": ["approvers"] });
    let (browser, reply) = attempt(json!({ "email_verified": null }), anothers).await;
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
