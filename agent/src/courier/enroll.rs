//! What makes the host known to a hub.

use std::rc::Rc;

use writ_protocol::ErrorReply;
use writ_protocol::courier::{Enroll, Enrollment};
use writ_signed::Namespace;

use super::settings::hub_settings;
use crate::agent::Agent;
use crate::connection::Caller;
use crate::signing;

/// The longest token, in bytes.
const TOKEN_BYTES_MAX: usize = 512;

/// Signs, for root, that this host wants to be known to the hub of the policy.
///
/// # Errors
/// When the caller is not root, the policy names no hub, the token cannot be one, or the
/// host has no key.
pub(crate) async fn enroll(
    agent: &Rc<Agent>,
    caller: &Caller,
    enroll: Enroll,
) -> Result<Enrollment, ErrorReply> {
    if !caller.peer.is_root() {
        return Err(ErrorReply::PermissionDenied);
    }
    let refused = |message: &str| ErrorReply::Refused { message: message.to_owned() };
    let token = enroll.token;
    let is_token = !token.is_empty()
        && token.len() <= TOKEN_BYTES_MAX
        && token.bytes().all(|byte| byte.is_ascii_graphic());
    if !is_token {
        return Err(refused("this is no token; `writ-hub token` prints one"));
    }
    let hub = hub_settings(&agent.courier.remote.borrow()).ok_or_else(|| {
        refused(
            "writ.toml names no hub: put `url` into its table [hub], then `systemctl reload writd`",
        )
    })?;
    let key = signing::key(agent)?;
    let host = agent.host();
    let text = format!("{}\n{token}\n{host}", hub.url);
    let signature = key.sign(Namespace::Enroll, text.as_bytes());
    Ok(Enrollment { hub, host, key: key.public().line(), signature })
}
