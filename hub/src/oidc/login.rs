//! One login at a provider, from the page and back to it. The browser keeps its one secret;
//! what the provider is told and what comes back is made of that, each by a digest of its
//! own, so that the store needs to keep nothing that a copy of it could be used for.

use crate::secret::{self, NoRandomness};

/// A login.
#[derive(Debug)]
pub struct Login {
    secret: String,
}

impl Login {
    /// A new one.
    ///
    /// # Errors
    /// When the kernel gives no random bytes.
    pub fn begin() -> Result<Self, NoRandomness> {
        Ok(Self { secret: secret::secret()? })
    }

    /// The one that a browser has the secret of.
    #[must_use]
    pub const fn of(secret: String) -> Self {
        Self { secret }
    }

    /// What the browser keeps.
    #[must_use]
    pub fn secret(&self) -> &str {
        &self.secret
    }

    /// What the store has of it.
    #[must_use]
    pub fn digest(&self) -> String {
        self.derived("browser")
    }

    /// What comes back with the answer, and shows that this browser asked (RFC 6749, 10.12).
    #[must_use]
    pub fn state(&self) -> String {
        self.derived("state")
    }

    /// What the ID token must hold, so that it was made for this login.
    #[must_use]
    pub fn nonce(&self) -> String {
        self.derived("nonce")
    }

    /// Who hands the code in must have this (RFC 7636).
    #[must_use]
    pub fn verifier(&self) -> String {
        self.derived("verifier")
    }

    /// What the provider is told of the verifier beforehand, by S256.
    #[must_use]
    pub fn challenge(&self) -> String {
        secret::digest(&self.verifier())
    }

    fn derived(&self, what: &str) -> String {
        secret::digest(&format!("oidc {what} {}", self.secret))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_told_of_a_login_does_not_tell_the_rest() {
        let login = Login::begin().unwrap();
        let all = [
            login.secret().to_owned(),
            login.digest(),
            login.state(),
            login.nonce(),
            login.verifier(),
            login.challenge(),
        ];
        for (index, one) in all.iter().enumerate() {
            assert!(!all.iter().skip(index + 1).any(|other| other == one));
            // RFC 7636, 4.1: from 43 to 128 characters of these.
            assert_eq!(one.len(), 43);
            assert!(one.bytes().all(|it| it.is_ascii_alphanumeric() || b"-_".contains(&it)));
        }
        assert_eq!(login.challenge(), secret::digest(&login.verifier()));
        assert_eq!(Login::of(login.secret().to_owned()).state(), login.state());
    }
}
