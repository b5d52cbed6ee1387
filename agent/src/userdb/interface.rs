//! What this service says of itself.

use serde::Serialize;

use super::refusal::Refusal;
use crate::introspection::SERVICE_INTERFACE;

/// The service's name, which is that of its socket.
pub(super) const SERVICE: &str = "io.writ.UserDatabase";

/// The interface that it serves.
pub(super) const INTERFACE_NAME: &str = "io.systemd.UserDatabase";

/// The part of it that is known here (systemd.io/USER_GROUP_API). Callers may send
/// filters of newer versions, and leave them out when they are told that they are
/// not known.
const INTERFACE: &str = "# The groups that Writ lends
interface io.systemd.UserDatabase

# Always NoRecordFound: no users are lent
method GetUserRecord(uid: ?int, userName: ?string, service: string) -> (record: object, incomplete: ?bool)

# The groups of which a membership is lent right now
method GetGroupRecord(gid: ?int, groupName: ?string, service: string) -> (record: object, incomplete: ?bool)

# The memberships that are lent right now
method GetMemberships(userName: ?string, groupName: ?string, service: string) -> (userName: string, groupName: string)

error NoRecordFound ()
error BadService ()
error ServiceNotAvailable ()
error ConflictingRecordFound ()
error EnumerationNotSupported ()
";

#[derive(Serialize)]
pub(super) struct Info {
    vendor: &'static str,
    product: &'static str,
    version: &'static str,
    url: &'static str,
    interfaces: [&'static str; 2],
}

/// The answer to `GetInfo`.
pub(super) fn info() -> Info {
    Info {
        vendor: "Writ",
        product: "writd",
        version: env!("CARGO_PKG_VERSION"),
        url: "",
        interfaces: ["org.varlink.service", INTERFACE_NAME],
    }
}

#[derive(Serialize)]
pub(super) struct Description {
    description: &'static str,
}

/// The answer to `GetInterfaceDescription`.
///
/// # Errors
/// When it is of no interface that is served.
pub(super) fn description(interface: String) -> Result<Description, Refusal> {
    match interface.as_str() {
        "org.varlink.service" => Ok(Description { description: SERVICE_INTERFACE }),
        INTERFACE_NAME => Ok(Description { description: INTERFACE }),
        _ => Err(Refusal::InterfaceNotFound { interface }),
    }
}
