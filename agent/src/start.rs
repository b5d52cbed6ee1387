//! What the agent knows of its own start.

use std::fs;
use std::sync::Arc;

use writ_engine::Event;
use writ_engine::id::IdKey;
use writ_engine::policy::Policy;
use writ_protocol::ErrorReply;

/// The kernel's name for this boot (random(4)).
const BOOT_ID: &str = "/proc/sys/kernel/random/boot_id";

/// What the kernel says of PID 1 (proc_pid_stat(5)).
const FIRST_PROCESS: &str = "/proc/1/stat";

/// The place of the start time among the fields after the name of the program.
const START_FIELD: usize = 22 - 3;

/// The event of the start.
///
/// # Errors
/// When the kernel does not tell this boot from another, or has no randomness: then
/// nothing can be granted that is sure to end with a reboot.
pub(crate) fn started(policy: Arc<Policy>, torn_bytes: Option<u64>) -> Result<Event, ErrorReply> {
    let refused = |message: String| ErrorReply::Refused { message };
    let read = |path: &str| {
        fs::read_to_string(path).map_err(|error| refused(format!("{path} cannot be read: {error}")))
    };
    let boot_id = boot_name(&read(BOOT_ID)?, &read(FIRST_PROCESS)?)
        .ok_or_else(|| refused(format!("{FIRST_PROCESS} is not what proc_pid_stat(5) says")))?;
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

/// What tells this boot from any other. A container is booted without its kernel,
/// whose boot id stays the same; but its PID 1 is then a new one.
fn boot_name(boot_id: &str, first_process: &str) -> Option<String> {
    // The name of the program is in brackets, and may have brackets in it.
    let (_, fields) = first_process.rsplit_once(") ")?;
    let started = fields.split(' ').nth(START_FIELD)?;
    Some(format!("{}/{started}", boot_id.trim()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_boot_is_named_by_the_kernel_and_by_the_start_of_its_first_process() {
        let stat = "1 (a) b) S 0 1 1 0 -1 4194560 1 2 3 4 5 6 7 8 20 0 1 0 1208325 9 10 11\n";
        assert_eq!(boot_name("0a67-bc\n", stat).as_deref(), Some("0a67-bc/1208325"));
        assert_eq!(boot_name("0a67-bc", "nonsense"), None);
        assert!(boot_name("x", &fs::read_to_string(FIRST_PROCESS).unwrap()).is_some());
    }
}
