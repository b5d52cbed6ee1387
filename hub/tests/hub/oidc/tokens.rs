//! ID tokens, right and wrong.

use serde_json::json;
use writ_hub::clock::now_ms;

use super::{audit, fails, log_in, named, session_cookie, start};
use crate::rig::{CLIENT, Provider, Signed};

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
