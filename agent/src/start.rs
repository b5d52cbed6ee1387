//! What the agent knows of its own start.

use std::fs;
use std::sync::Arc;

use writ_engine::Event;
use writ_engine::id::IdKey;
use writ_engine::policy::Policy;
use writ_protocol::ErrorReply;

/// The kernel's name for this boot (random(4)).
const BOOT_ID: &str = "/proc/sys/kernel/random/boot_id";

/// The event of the start.
///
/// # Errors
/// When the kernel tells no boot id or has no randomness: then nothing can be
/// granted that is sure to end with a reboot.
pub(crate) fn started(policy: Arc<Policy>, torn_bytes: Option<u64>) -> Result<Event, ErrorReply> {
    let refused = |message: String| ErrorReply::Refused { message };
    let boot_id = fs::read_to_string(BOOT_ID)
        .map_err(|error| refused(format!("{BOOT_ID} cannot be read: {error}")))?
        .trim()
        .to_owned();
    let key = crate::random::short_number()
        .ok_or_else(|| refused("the kernel gives no random numbers".to_owned()))?;
    Ok(Event::Started {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        boot_id,
        fresh_key: IdKey(key),
        torn_bytes,
        policy,
    })
}
