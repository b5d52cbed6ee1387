//! What is signed to log in or to enrol a passkey: a text that names the hub and is good once,
//! for some minutes. It is no decision, whatever signs it: a decision is JSON.
//!
//! ```text
//! login@writ
//! origin https://hub.example.com
//! nonce 3q2-7w…
//! expires_wall_ms 1796040000000
//! ```

use crate::clock::in_ms;
use crate::hub::Hub;
use crate::limits::CHALLENGE_LASTS;
use crate::problem::{Kind, Problem};
use crate::secret;

/// A challenge that was made.
#[derive(Debug)]
pub struct Challenge {
    /// The text.
    pub text: String,
    /// Until when it is good, in milliseconds since 1970-01-01 UTC.
    pub expires_ms: i64,
}

/// Makes one.
///
/// # Errors
/// When too many stand, or the store does not do it.
pub async fn make(hub: &Hub, now: i64) -> Result<Challenge, Problem> {
    let expires_ms = now.saturating_add(in_ms(CHALLENGE_LASTS));
    let text = format!(
        "login@writ\norigin {}\nnonce {}\nexpires_wall_ms {expires_ms}\n",
        hub.config.url.as_str(),
        secret::secret()?
    );
    if !hub.store.add_challenge(&secret::digest(&text), now, expires_ms).await? {
        return Err(Kind::TooOften.because("too many logins have begun; wait some minutes"));
    }
    Ok(Challenge { text, expires_ms })
}

/// Uses one up.
///
/// # Errors
/// When it is none of this hub's, was used, or is over.
pub async fn take(hub: &Hub, text: &str, now: i64) -> Result<(), Problem> {
    if hub.store.use_challenge(&secret::digest(text), now).await? {
        return Ok(());
    }
    Err(Kind::NotVerified
        .because("the challenge is none of this hub's, was used before, or is over; begin anew"))
}
