//! A client that hides nothing.

use std::net::SocketAddr;

use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use reqwest::{Client, Method};
use serde_json::Value;

/// Calls a hub.
#[derive(Clone)]
pub struct Http {
    base: String,
    headers: HeaderMap,
    client: Client,
}

/// What came back.
pub struct Reply {
    pub status: u16,
    pub headers: HeaderMap,
    pub text: String,
}

impl Http {
    pub fn new(address: SocketAddr) -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = Client::builder()
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .timeout(super::WAIT_MAX * 3)
            .build()
            .unwrap();
        Self { base: format!("http://{address}"), headers: HeaderMap::new(), client }
    }

    pub fn with(&self, name: &str, value: &str) -> Self {
        let mut other = self.clone();
        let name = HeaderName::from_bytes(name.as_bytes()).unwrap();
        other.headers.insert(name, HeaderValue::from_str(value).unwrap());
        other
    }

    pub fn bearer(&self, token: &str) -> Self {
        self.with("authorization", &format!("Bearer {token}"))
    }

    pub async fn get(&self, path: &str) -> Reply {
        self.call(Method::GET, path, None).await
    }

    pub async fn post(&self, path: &str, body: &Value) -> Reply {
        self.call(Method::POST, path, Some(body.to_string())).await
    }

    pub async fn post_text(&self, path: &str, body: &str) -> Reply {
        self.call(Method::POST, path, Some(body.to_owned())).await
    }

    pub async fn put_text(&self, path: &str, body: &str) -> Reply {
        self.call(Method::PUT, path, Some(body.to_owned())).await
    }

    pub async fn call(&self, method: Method, path: &str, body: Option<String>) -> Reply {
        self.try_call(method, path, body).await.unwrap()
    }

    /// An error where the connection broke off.
    pub async fn try_call(
        &self,
        method: Method,
        path: &str,
        body: Option<String>,
    ) -> reqwest::Result<Reply> {
        let mut request = self
            .client
            .request(method, format!("{}{path}", self.base))
            .headers(self.headers.clone());
        if let Some(body) = body {
            if !self.headers.contains_key("content-type") {
                request = request.header("content-type", "application/json");
            }
            request = request.body(body);
        }
        let reply = request.send().await?;
        Ok(Reply {
            status: reply.status().as_u16(),
            headers: reply.headers().clone(),
            text: reply.text().await?,
        })
    }

    /// The reply as it comes, for what goes on.
    pub async fn open(&self, path: &str) -> reqwest::Response {
        let request = self.client.get(format!("{}{path}", self.base)).headers(self.headers.clone());
        request.send().await.unwrap()
    }
}

impl Reply {
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|_| panic!("no JSON: {}", self.text))
    }

    /// That it is a problem of that kind, with a sentence.
    #[track_caller]
    pub fn refuses(&self, status: u16, kind: &str, words: &str) {
        assert_eq!(self.status, status, "{}", self.text);
        assert_eq!(self.headers["content-type"], "application/problem+json");
        let problem = self.json();
        assert_eq!(problem["type"], format!("urn:writ:problem:{kind}"), "{problem}");
        assert_eq!(problem["status"], status);
        let detail = problem["detail"].as_str().unwrap();
        assert!(detail.contains(words), "{detail}");
    }

    pub fn cookie(&self) -> String {
        let cookie = self.headers["set-cookie"].to_str().unwrap();
        cookie.split(';').next().unwrap().to_owned()
    }
}

impl Http {
    /// The same caller at another hub.
    pub fn moved(self, address: SocketAddr) -> Self {
        Self { base: format!("http://{address}"), ..self }
    }
}

impl Http {
    /// The same caller by another client, at an address of its own.
    pub fn through(self, client: Client, base: &str) -> Self {
        Self { base: base.to_owned(), client, ..self }
    }
}
