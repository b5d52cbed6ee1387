//! A login provider in this process, which does what it is told: also what none should. The
//! key in `rsa.pkcs8` is of no value.

use std::collections::HashMap;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard};

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::routing::{get, post};
use axum::{Json, Router};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use reqwest::Url;
use ring::hmac;
use ring::rand::SystemRandom;
use ring::signature::{self, EcdsaKeyPair, Ed25519KeyPair, KeyPair as _, RsaKeyPair};
use serde_json::{Map, Value, json};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;
use writ_hub::clock::now_ms;
use writ_hub::secret::{self, encode};

pub const CLIENT: &str = "writ hub";
const SECRET: &str = "a secret of +%& letters";

/// How ID tokens are signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Signed {
    Right(&'static str),
    /// `alg` none, without a signature.
    Not,
    /// HS256, with the public key that everybody knows as the secret.
    WithThePublicKey,
    /// By another key, under the name of the right one.
    ByAnother,
    /// By a key of another name.
    ByAStranger,
    /// Rightly, and then another claim was put in.
    ThenEdited,
}

/// What it does; what is here goes over what is right. `null` takes away.
pub struct Manners {
    pub claims: Value,
    pub userinfo: Value,
    pub metadata: Value,
    pub signed: Signed,
    pub slow: bool,
    /// Bytes that each of its documents is longer by.
    pub padding: usize,
    /// The name of its key.
    pub kid: String,
    /// How often it was asked for: metadata, keys.
    pub asked: (usize, usize),
    codes: HashMap<String, Code>,
}

#[derive(Clone)]
struct Code {
    nonce: String,
    challenge: String,
    redirect: String,
}

struct Keys {
    rsa: RsaKeyPair,
    p256: EcdsaKeyPair,
    p384: EcdsaKeyPair,
    ed: Ed25519KeyPair,
    other: EcdsaKeyPair,
}

#[derive(Clone)]
pub struct Provider {
    pub issuer: String,
    manners: Arc<Mutex<Manners>>,
    keys: Arc<Keys>,
}

impl Provider {
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let provider = Self::new("http", listener.local_addr().unwrap());
        let router = provider.router();
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        provider
    }

    /// With a certificate that is the hub's in other tests.
    pub async fn start_with_tls(certificate: &str, key: &str) -> Self {
        use rustls::pki_types::pem::PemObject as _;
        use rustls::pki_types::{CertificateDer, PrivateKeyDer};
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let provider = Self::new("https", listener.local_addr().unwrap());
        let ring = Arc::new(rustls::crypto::ring::default_provider());
        let config = rustls::ServerConfig::builder_with_provider(ring)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(
                vec![CertificateDer::from_pem_file(certificate).unwrap()],
                PrivateKeyDer::from_pem_file(key).unwrap(),
            )
            .unwrap();
        let listener = Tls { listener, acceptor: TlsAcceptor::from(Arc::new(config)) };
        let router = provider.router();
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        provider
    }

    fn new(scheme: &str, address: SocketAddr) -> Self {
        let random = SystemRandom::new();
        let ecdsa = |algorithm: &'static signature::EcdsaSigningAlgorithm| {
            let made = EcdsaKeyPair::generate_pkcs8(algorithm, &random).unwrap();
            EcdsaKeyPair::from_pkcs8(algorithm, made.as_ref(), &random).unwrap()
        };
        let keys = Keys {
            rsa: RsaKeyPair::from_pkcs8(include_bytes!("rsa.pkcs8")).unwrap(),
            p256: ecdsa(&signature::ECDSA_P256_SHA256_FIXED_SIGNING),
            p384: ecdsa(&signature::ECDSA_P384_SHA384_FIXED_SIGNING),
            ed: Ed25519KeyPair::from_seed_unchecked(&[7; 32]).unwrap(),
            other: ecdsa(&signature::ECDSA_P256_SHA256_FIXED_SIGNING),
        };
        let manners = Manners {
            claims: json!({}),
            userinfo: json!({}),
            metadata: json!({}),
            signed: Signed::Right("ES256"),
            slow: false,
            padding: 0,
            kid: "one".to_owned(),
            asked: (0, 0),
            codes: HashMap::new(),
        };
        Self {
            issuer: format!("{scheme}://localhost:{}", address.port()),
            manners: Arc::new(Mutex::new(manners)),
            keys: Arc::new(keys),
        }
    }

    pub fn manners(&self) -> MutexGuard<'_, Manners> {
        self.manners.lock().unwrap()
    }

    /// What a hub's configuration says of it.
    pub fn settings(&self, folder: &std::path::Path, more: &str) -> String {
        let file = folder.join("oidc.secret");
        std::fs::write(&file, format!("{SECRET}\n")).unwrap();
        format!(
            "[oidc]\nname = \"Example SSO\"\nissuer = \"{}\"\nclient_id = \"{CLIENT}\"\n\
             client_secret_file = \"{}\"\n{more}\n",
            self.issuer,
            file.display()
        )
    }

    /// Somebody logs in there, where the hub has sent him: what the browser is sent back with.
    pub fn log_in(&self, location: &str) -> String {
        let url = Url::parse(location).unwrap();
        assert_eq!(url.path(), "/authorize");
        let asked: HashMap<String, String> = url.query_pairs().into_owned().collect();
        assert_eq!(asked["response_type"], "code");
        assert_eq!(asked["client_id"], CLIENT);
        assert_eq!(asked["code_challenge_method"], "S256");
        assert!(asked["scope"].split(' ').any(|it| it == "openid"), "{asked:?}");
        let code = secret::secret().unwrap();
        let kept = Code {
            nonce: asked["nonce"].clone(),
            challenge: asked["code_challenge"].clone(),
            redirect: asked["redirect_uri"].clone(),
        };
        self.manners().codes.insert(code.clone(), kept);
        let mut back = Url::parse(&asked["redirect_uri"]).unwrap();
        back.query_pairs_mut()
            .append_pair("code", &code)
            .append_pair("state", &asked["state"])
            .append_pair("iss", &self.issuer);
        format!("{}?{}", back.path(), back.query().unwrap())
    }

    fn router(&self) -> Router {
        Router::new()
            .route("/.well-known/openid-configuration", get(metadata))
            .route("/keys", get(keys))
            .route("/token", post(token))
            .route("/userinfo", get(userinfo))
            .with_state(self.clone())
    }

    fn id_token(&self, code: &Code) -> String {
        let manners = self.manners();
        let now = now_ms() / 1_000;
        let mut claims = json!({
            "iss": self.issuer, "sub": "1001", "aud": CLIENT, "iat": now, "exp": now + 300,
            "nonce": code.nonce, "email": "bob@example.com", "email_verified": true,
        });
        over(&mut claims, &manners.claims);
        let keys = &self.keys;
        let random = SystemRandom::new();
        let part = |it: &Value| encode(it.to_string().as_bytes());
        let body = |algorithm: &str, kid: &str, claims: &Value| {
            format!("{}.{}", part(&json!({ "alg": algorithm, "kid": kid })), part(claims))
        };
        let ecdsa = |key: &EcdsaKeyPair, text: &str| {
            key.sign(&random, text.as_bytes()).unwrap().as_ref().to_vec()
        };
        let (text, signature) = match manners.signed {
            Signed::Right(algorithm) => {
                let text = body(algorithm, &manners.kid, &claims);
                let rsa = |padding: &'static dyn signature::RsaEncoding| {
                    let mut signature = vec![0; keys.rsa.public().modulus_len()];
                    keys.rsa.sign(padding, &random, text.as_bytes(), &mut signature).unwrap();
                    signature
                };
                let signature = match algorithm {
                    "RS256" => rsa(&signature::RSA_PKCS1_SHA256),
                    "RS384" => rsa(&signature::RSA_PKCS1_SHA384),
                    "RS512" => rsa(&signature::RSA_PKCS1_SHA512),
                    "PS256" => rsa(&signature::RSA_PSS_SHA256),
                    "PS384" => rsa(&signature::RSA_PSS_SHA384),
                    "PS512" => rsa(&signature::RSA_PSS_SHA512),
                    "ES256" => ecdsa(&keys.p256, &text),
                    "ES384" => ecdsa(&keys.p384, &text),
                    "EdDSA" => keys.ed.sign(text.as_bytes()).as_ref().to_vec(),
                    other => panic!("{other}"),
                };
                (text, signature)
            }
            Signed::Not => (body("none", &manners.kid, &claims), Vec::new()),
            Signed::WithThePublicKey => {
                let text = body("HS256", &manners.kid, &claims);
                let key = hmac::Key::new(hmac::HMAC_SHA256, keys.p256.public_key().as_ref());
                let signature = hmac::sign(&key, text.as_bytes()).as_ref().to_vec();
                (text, signature)
            }
            Signed::ByAnother => {
                let text = body("ES256", &manners.kid, &claims);
                let signature = ecdsa(&keys.other, &text);
                (text, signature)
            }
            Signed::ByAStranger => {
                let text = body("ES256", "stranger", &claims);
                let signature = ecdsa(&keys.other, &text);
                (text, signature)
            }
            Signed::ThenEdited => {
                let signature = ecdsa(&keys.p256, &body("ES256", &manners.kid, &claims));
                claims["sub"] = json!("1002");
                (body("ES256", &manners.kid, &claims), signature)
            }
        };
        format!("{text}.{}", encode(&signature))
    }
}

/// What is said beside goes over what is there.
fn over(there: &mut Value, said: &Value) {
    let there = there.as_object_mut().unwrap();
    for (name, value) in said.as_object().unwrap() {
        if value.is_null() {
            there.remove(name);
        } else {
            there.insert(name.clone(), value.clone());
        }
    }
}

type Said = (StatusCode, Json<Value>);

/// It may be slow, or say much more than is right.
async fn document(provider: &Provider, mut document: Value) -> Said {
    let (slow, padding) = {
        let manners = provider.manners();
        (manners.slow, manners.padding)
    };
    if slow {
        std::future::pending::<()>().await;
    }
    if padding > 0 {
        document["padding"] = json!("x".repeat(padding));
    }
    (StatusCode::OK, Json(document))
}

async fn metadata(State(provider): State<Provider>) -> Said {
    let issuer = &provider.issuer;
    let mut said = json!({
        "issuer": issuer,
        "authorization_endpoint": format!("{issuer}/authorize"),
        "token_endpoint": format!("{issuer}/token"),
        "jwks_uri": format!("{issuer}/keys"),
        "userinfo_endpoint": format!("{issuer}/userinfo"),
        "code_challenge_methods_supported": ["plain", "S256"],
        "authorization_response_iss_parameter_supported": true,
    });
    over(&mut said, &provider.manners().metadata);
    provider.manners().asked.0 += 1;
    document(&provider, said).await
}

async fn keys(State(provider): State<Provider>) -> Said {
    let keys = &provider.keys;
    let kid = provider.manners().kid.clone();
    let ec = |curve: &str, key: &EcdsaKeyPair| {
        let point = &key.public_key().as_ref()[1..];
        let (x, y) = point.split_at(point.len() / 2);
        json!({ "kty": "EC", "crv": curve, "kid": kid, "use": "sig", "x": encode(x), "y": encode(y) })
    };
    let rsa = ring::rsa::PublicKeyComponents::<Vec<u8>>::from(keys.rsa.public());
    let said = json!({ "keys": [
        { "kty": "something new", "kid": kid },
        { "kty": "RSA", "kid": kid, "n": encode(&rsa.n), "e": encode(&rsa.e) },
        { "kty": "OKP", "crv": "Ed25519", "kid": kid, "x": encode(keys.ed.public_key().as_ref()) },
        ec("P-384", &keys.p384),
        ec("P-256", &keys.p256),
    ] });
    provider.manners().asked.1 += 1;
    document(&provider, said).await
}

async fn token(State(provider): State<Provider>, headers: HeaderMap, body: String) -> Said {
    let sent = Url::parse(&format!("http://localhost/?{body}")).unwrap();
    let sent: HashMap<String, String> = sent.query_pairs().into_owned().collect();
    let refused = |error: &str| (StatusCode::BAD_REQUEST, Json(json!({ "error": error })));
    let form = |text: &str| {
        let url = Url::parse(&format!("http://localhost/?x={text}")).unwrap();
        url.query_pairs().next().unwrap().1.into_owned()
    };
    let basic = headers.get(header::AUTHORIZATION).and_then(|it| it.to_str().ok());
    let (client, secret) = match basic {
        Some(basic) => {
            let text = STANDARD.decode(basic.strip_prefix("Basic ").unwrap()).unwrap();
            let text = String::from_utf8(text).unwrap();
            let (client, secret) = text.split_once(':').unwrap();
            (form(client), form(secret))
        }
        None => (sent["client_id"].clone(), sent["client_secret"].clone()),
    };
    if (client.as_str(), secret.as_str()) != (CLIENT, SECRET) {
        return refused("invalid_client");
    }
    let code = provider.manners().codes.remove(&sent["code"]);
    let Some(code) = code else { return refused("invalid_grant") };
    if code.redirect != sent["redirect_uri"]
        || code.challenge != secret::digest(&sent["code_verifier"])
    {
        return refused("invalid_grant");
    }
    let id_token = provider.id_token(&code);
    let said = json!({ "id_token": id_token, "access_token": "access", "token_type": "Bearer" });
    document(&provider, said).await
}

async fn userinfo(State(provider): State<Provider>, headers: HeaderMap) -> Said {
    if headers.get(header::AUTHORIZATION).is_none_or(|it| it != "Bearer access") {
        return (StatusCode::UNAUTHORIZED, Json(json!({})));
    }
    let mut said = Value::Object(Map::new());
    over(&mut said, &json!({ "sub": "1001" }));
    over(&mut said, &provider.manners().userinfo);
    document(&provider, said).await
}

/// Speaks TLS before axum does.
struct Tls {
    listener: TcpListener,
    acceptor: TlsAcceptor,
}

impl axum::serve::Listener for Tls {
    type Io = TlsStream<TcpStream>;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Self::Io, Self::Addr) {
        loop {
            let (stream, address) = self.listener.accept().await.unwrap();
            if let Ok(stream) = self.acceptor.accept(stream).await {
                return (stream, address);
            }
        }
    }

    fn local_addr(&self) -> io::Result<Self::Addr> {
        self.listener.local_addr()
    }
}
