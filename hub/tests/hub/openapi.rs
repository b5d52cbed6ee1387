//! `openapi.json` is what the hub does: the same addresses and methods, and answers that fit.

use std::collections::BTreeSet;

use reqwest::Method;
use serde_json::{Value, json};
use writ_hub::api::OPENAPI;
use writ_hub::web::routes::routes;
use writ_signed::Verdict;

use crate::logging_in::by_passkey;
use crate::oidc::named;
use crate::rig::{Authenticator, Http, Provider, Reply, Running, decision, login_by, question};

fn document() -> Value {
    serde_json::from_str(OPENAPI).unwrap()
}

#[test]
fn every_address_is_described_and_no_other() {
    let document = document();
    let described: BTreeSet<(String, String)> = document["paths"]
        .as_object()
        .unwrap()
        .iter()
        .flat_map(|(path, methods)| {
            methods.as_object().unwrap().keys().map(|it| (path.clone(), it.clone()))
        })
        .collect();
    let there: BTreeSet<(String, String)> =
        routes().iter().map(|it| (it.path.to_owned(), it.method.to_owned())).collect();
    assert_eq!(described, there);
}

/// Why a value does not fit a schema.
fn misfit(document: &Value, schema: &Value, value: &Value) -> Option<String> {
    if let Some(name) = schema["$ref"].as_str() {
        return misfit(document, document.pointer(name.strip_prefix('#').unwrap()).unwrap(), value);
    }
    if let Some(choices) = schema["oneOf"].as_array() {
        let fitting = choices.iter().filter(|it| misfit(document, it, value).is_none()).count();
        return (fitting != 1).then(|| format!("{value} fits {fitting} of several"));
    }
    if schema["enum"].as_array().is_some_and(|values| !values.contains(value)) {
        return Some(format!("{value} is none of {}", schema["enum"]));
    }
    let right = match schema["type"].as_str().expect("a type") {
        "string" => value.is_string(),
        "integer" => value.is_i64(),
        "boolean" => value.is_boolean(),
        "array" => {
            let Some(items) = value.as_array() else { return Some(format!("{value} is no array")) };
            return items.iter().find_map(|it| misfit(document, &schema["items"], it));
        }
        "object" => {
            let Some(members) = value.as_object() else {
                return Some(format!("{value} is no object"));
            };
            let properties = schema["properties"].as_object()?;
            let required = schema["required"].as_array().unwrap();
            if let Some(missing) =
                required.iter().find(|it| !members.contains_key(it.as_str().unwrap()))
            {
                return Some(format!("{missing} is missing in {value}"));
            }
            return members.iter().find_map(|(name, member)| match properties.get(name) {
                Some(property) => misfit(document, property, member),
                None => Some(format!("{name:?} is not described")),
            });
        }
        other => panic!("the test knows no type {other}"),
    };
    (!right).then(|| format!("{value} is no {}", schema["type"]))
}

#[test]
fn the_test_itself_sees_what_does_not_fit() {
    let document = document();
    let schema = json!({ "$ref": "#/components/schemas/Accepted" });
    assert_eq!(misfit(&document, &schema, &json!({ "seq": 1 })), None);
    for wrong in [json!({}), json!({ "seq": "1" }), json!({ "seq": 1, "more": 1 }), json!([])] {
        assert!(misfit(&document, &schema, &wrong).is_some(), "{wrong}");
    }
}

struct Calls {
    document: Value,
    made: BTreeSet<(String, String)>,
}

impl Calls {
    /// Calls, and holds request and reply to the document.
    async fn call(
        &mut self,
        http: &Http,
        method: Method,
        template: &str,
        path: &str,
        body: Option<Value>,
    ) -> Reply {
        let name = method.as_str().to_ascii_lowercase();
        let operation = &self.document["paths"][template][&name];
        assert!(operation.is_object(), "{name} {template} is not described");
        if let Some(body) = &body {
            let schema = &operation["requestBody"]["content"]["application/json"]["schema"];
            assert_eq!(misfit(&self.document, schema, body), None, "{name} {template}");
        }
        let reply = http.call(method, path, body.map(|it| it.to_string())).await;
        let described = &operation["responses"][reply.status.to_string()];
        let described =
            if described.is_object() { described } else { &operation["responses"]["default"] };
        if described["content"].is_null() {
            assert_eq!(reply.text, "", "{name} {template}");
        } else {
            let kind = reply.headers["content-type"].to_str().unwrap();
            let schema = &described["content"][kind]["schema"];
            assert!(schema.is_object(), "{name} {template}: {} {kind}", reply.status);
            assert_eq!(misfit(&self.document, schema, &reply.json()), None, "{name} {template}");
        }
        if reply.status < 400 {
            self.made.insert((template.to_owned(), name));
        }
        reply
    }
}

#[tokio::test]
async fn what_the_hub_answers_fits_its_description() {
    let provider = Provider::start().await;
    let folder = tempfile::tempdir().unwrap();
    let settings = format!("web_push = true\n{}", provider.settings(folder.path(), ""));
    let hub = Running::start_with(&settings).await;
    let mut calls = Calls { document: document(), made: BTreeSet::new() };
    let (get, post, put, delete) = (Method::GET, Method::POST, Method::PUT, Method::DELETE);
    macro_rules! call {
        ($http:expr, $method:expr, $template:expr) => {
            call!($http, $method, $template, $template, None)
        };
        ($http:expr, $method:expr, $template:expr, $path:expr, $body:expr) => {
            calls.call(&$http, $method.clone(), $template, $path, $body).await
        };
    }
    call!(hub.http, get, "/v1/health");
    call!(hub.http, get, "/v1/openapi.json");
    // A host and its question.
    let key = writ_signed::HostKey::from_seed(&[1; 32]);
    let token = hub.token("web-1").await;
    let reply = call!(
        hub.http,
        post,
        "/v1/enroll",
        "/v1/enroll",
        Some(hub.enrolment(&token, "web-1", &key))
    );
    let host = hub.http.bearer(reply.json()["credential"].as_str().unwrap());
    let text = question("web-1", "7K3M-Q2");
    let signed = writ_signed::SignedQuestion::sign(&key, text.clone());
    let digest = signed.digest();
    let signed: Value = serde_json::from_str(&signed.text().unwrap()).unwrap();
    let path = format!("/v1/host/questions/{digest}");
    for status in [201, 200] {
        let reply = call!(host, put, "/v1/host/questions/{digest}", &path, Some(signed.clone()));
        assert_eq!(reply.status, status);
    }
    // Approvers.
    let invitation = hub.invitation("bob").await;
    let invited = Some(json!({ "invitation": invitation }));
    let begun = call!(hub.http, post, "/v1/passkeys/challenge", "/v1/passkeys/challenge", invited);
    let passkey = Authenticator::new(&hub.origin, b"bob");
    let made = passkey.make(&invitation, begun.json()["challenge"].as_str().unwrap());
    call!(hub.http, post, "/v1/passkeys", "/v1/passkeys", Some(made));
    let challenge = call!(hub.http, post, "/v1/login/challenge").json()["challenge"]
        .as_str()
        .unwrap()
        .to_owned();
    let login = call!(
        hub.http,
        post,
        "/v1/login/passkey",
        "/v1/login/passkey",
        Some(by_passkey(&passkey, &challenge))
    );
    let page = hub
        .http
        .with("cookie", &login.cookie())
        .with("x-writ-csrf", login.json()["csrf"].as_str().unwrap());
    call!(hub.http, get, "/v1/login");
    named(&hub, "erin", "bob@example.com").await;
    let reply = call!(hub.http, post, "/v1/login/oidc");
    let erin = hub.http.with("cookie", &reply.cookie());
    let back = provider.log_in(reply.json()["location"].as_str().unwrap());
    call!(erin, get, "/v1/login/oidc/failure");
    let reply = call!(erin, get, "/v1/login/oidc/callback", &back, None);
    let erin = hub.http.with("cookie", &reply.cookie());
    let session = call!(erin, get, "/v1/session").json();
    let erin = erin.with("x-writ-csrf", session["csrf"].as_str().unwrap());
    call!(erin, post, "/v1/passkeys/first");
    let ssh = writ_signed::HostKey::from_seed(&[50; 32]);
    hub.add_key("carol", &ssh).await;
    let sent = login_by(&ssh, &hub.challenge().await);
    let reply = call!(hub.http, post, "/v1/login/ssh", "/v1/login/ssh", Some(sent));
    let carol = hub.http.bearer(reply.json()["token"].as_str().unwrap());
    for path in ["/v1/session", "/v1/questions", "/v1/history", "/v1/hosts"] {
        call!(page, get, path);
        call!(carol, get, path);
        assert_eq!(call!(hub.http, get, path).status, 401);
    }
    // An answer on its way.
    let answer = json!({
        "decision": decision(&text, &key, "bob", Verdict::Approve),
        "signature": { "passkey": passkey.assert("something else") },
    });
    let (template, path) =
        ("/v1/questions/{digest}/answers", format!("/v1/questions/{digest}/answers"));
    assert_eq!(call!(page, post, template, &path, Some(answer)).status, 422);
    let decision = decision(&text, &key, "bob", Verdict::Approve);
    let assertion = passkey.assert(&decision);
    let answer = json!({ "decision": decision, "signature": { "passkey": assertion } });
    assert_eq!(call!(page, post, template, &path, Some(answer)).status, 201);
    let reply = call!(host, get, "/v1/host/answers", "/v1/host/answers?after=0&wait=0", None);
    let seq = reply.json()["answers"][0]["seq"].as_i64().unwrap();
    let taken = Some(json!({ "accepted": false, "why": "it is not pinned" }));
    call!(
        host,
        post,
        "/v1/host/answers/{seq}/taken",
        &format!("/v1/host/answers/{seq}/taken"),
        taken
    );
    let one = format!("/v1/questions/{digest}");
    call!(page, get, "/v1/questions/{digest}", &one, None);
    call!(page, get, "/v1/questions/{digest}/signed", &format!("{one}/signed"), None);
    let over = Some(json!({ "outcome": "denied", "by": "carol" }));
    call!(
        host,
        post,
        "/v1/host/questions/{digest}/over",
        &format!("/v1/host/questions/{digest}/over"),
        over
    );
    call!(page, get, "/v1/questions/{digest}", &one, None);
    assert_eq!(call!(page, get, "/v1/history").json()["questions"].as_array().unwrap().len(), 1);
    let browser = Some(json!({ "endpoint": "https://push.example.com/x" }));
    call!(page, put, "/v1/subscriptions", "/v1/subscriptions", browser.clone());
    call!(page, delete, "/v1/subscriptions", "/v1/subscriptions", browser);
    call!(page, delete, "/v1/session");

    let all: BTreeSet<(String, String)> =
        routes().iter().map(|it| (it.path.to_owned(), it.method.to_owned())).collect();
    let left: Vec<_> = all.difference(&calls.made).collect();
    // That one goes on, and has a test of its own.
    assert_eq!(left, [&("/v1/events".to_owned(), "get".to_owned())]);
}
