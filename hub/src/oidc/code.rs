//! A code is exchanged for tokens, by the hub alone and with what only this login has.

use reqwest::Url;
use serde::Deserialize;

use super::call::{self, words};
use super::metadata::{ClientAuth, Metadata};
use super::{Login, Part, Provider, Trouble};

/// What the token endpoint answers.
#[derive(Debug, Deserialize)]
pub(super) struct Tokens {
    pub(super) id_token: Option<String>,
    pub(super) access_token: Option<String>,
}

/// What it answers when it says no (RFC 6749, 5.2).
#[derive(Debug, Deserialize)]
struct NoTokens {
    error: String,
    error_description: Option<String>,
}

impl Provider {
    /// What the provider gives for a code.
    pub(super) async fn exchange(
        &self,
        metadata: &Metadata,
        code: &str,
        login: &Login,
    ) -> Result<Tokens, Trouble> {
        let verifier = login.verifier();
        let mut form = vec![
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", &self.redirect),
            ("code_verifier", &verifier),
        ];
        let (client, secret) = (&self.settings.client_id, &self.secret);
        let request =
            self.caller.client(Part::Token, &metadata.token)?.post(metadata.token.clone());
        let request = match metadata.auth {
            // Both encoded as a form's, before they are joined (RFC 6749, 2.3.1).
            ClientAuth::Basic => request.basic_auth(encoded(client), Some(encoded(secret))),
            ClientAuth::Post => {
                form.extend([("client_id", client.as_str()), ("client_secret", secret.as_str())]);
                request
            }
        };
        let request = request.header("accept", "application/json").form(&form);
        let (status, bytes) = self.caller.send(Part::Token, request).await?;
        if status.is_success() {
            return call::parse(Part::Token, &bytes);
        }
        match serde_json::from_slice::<NoTokens>(&bytes) {
            Ok(no) => Err(refused(&no.error, no.error_description.as_deref())),
            Err(_) => {
                Err(Trouble::Unreachable { part: Part::Token, why: format!("it answers {status}") })
            }
        }
    }
}

/// What the provider says when it says no.
pub(super) fn refused(error: &str, description: Option<&str>) -> Trouble {
    Trouble::Refused(match description {
        Some(description) => format!("{} ({})", words(error), words(description)),
        None => words(error),
    })
}

/// As a form has it.
fn encoded(text: &str) -> String {
    // A query of one name without a value is that name.
    let mut url = Url::parse("http://localhost").ok();
    let encoded = url.as_mut().and_then(|url| {
        url.query_pairs_mut().append_key_only(text);
        url.query().map(str::to_owned)
    });
    encoded.unwrap_or_default()
}
