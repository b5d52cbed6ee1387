//! What the agent and the courier say to each other. Only root and the courier's
//! account may call these.

use serde::{Deserialize, Serialize};

/// The account of the courier, which has no other right than to make these calls.
pub const ACCOUNT: &str = "writ-courier";

/// What is to be carried where. Called with `more`: told anew after each change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CourierSettings {}

/// Reply of [`CourierSettings`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Settings {
    /// The host's name.
    pub host: String,
    /// Collectors, such as `tls://logs.example.com:6514`.
    #[serde(default)]
    pub collectors: Vec<String>,
    /// The file with the authorities that may vouch for them; none: those of the host.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub collectors_ca: Option<String>,
    /// Where people answer from afar.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hub: Option<HubSettings>,
}

/// Where people answer from afar.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HubSettings {
    /// Its origin, such as `https://hub.example.com`.
    pub url: String,
    /// The proxy on the way.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proxy: Option<String>,
    /// The file with the authorities that may vouch for it; none: those of the host.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ca: Option<String>,
    /// The SHA-256 of public keys in Base64, one of which it must have; none: any.
    #[serde(default)]
    pub pins: Vec<String>,
}

/// The events of the ledger, from one on. Called with `more`; the replies go on with
/// what happens later.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Events {
    /// The number of the last event that is had; 0 for all that the ledger holds.
    pub after: u64,
    /// Its digest, by which it is known again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub digest: Option<String>,
}

/// Reply of [`Events`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EventReply {
    /// The event.
    pub event: Event,
    /// How many lines between the one before and this the ledger does not hold any more.
    #[serde(default)]
    pub missing: u64,
    /// The ledger does not hold the event that was named by number and digest: this and
    /// the next ones may have been told before.
    #[serde(default)]
    pub again: bool,
}

/// An event, as the journal has it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Event {
    /// The number of its line in the ledger.
    pub seq: u64,
    /// The digest of that line, 64 hexadecimal digits.
    pub digest: String,
    /// When, in milliseconds since 1970-01-01 UTC.
    pub wall_ms: u64,
    /// Its name, such as `request.opened`.
    pub event: String,
    /// syslog(3) priority, 0 to 7.
    pub priority: u8,
    /// Its fields, in their fixed order.
    pub fields: Vec<Field>,
}

/// A field of an event, as the journal has it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Field {
    /// Such as `WRIT_USER`.
    pub name: String,
    /// Its value, with nothing in it that acts.
    pub value: String,
}

/// The courier says how it fares.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CourierState {
    /// Each collector.
    #[serde(default)]
    pub collectors: Vec<CollectorState>,
    /// The hub, where there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hub: Option<HubState>,
}

/// How the hub is served.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HubState {
    /// Why questions do not reach it at present.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

/// How one collector is served.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CollectorState {
    /// As in the settings.
    pub url: String,
    /// The number of the last event that it was sent; 0 for none.
    pub sent: u64,
    /// Why it gets nothing at present.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

/// The questions for the hub. Called with `more`; first everything that is open, then
/// what opens and what is over, as it comes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Outbox {}

/// Reply of [`Outbox`]: exactly one of the three.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct OutboxReply {
    /// A question that people are asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub opened: Option<OpenedQuestion>,
    /// One that nobody is asked any more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub closed: Option<ClosedQuestion>,
    /// All that was open when the call came has been told.
    #[serde(default)]
    pub current: bool,
}

/// A question that people are asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OpenedQuestion {
    /// SHA-256 of its text, 64 hexadecimal digits.
    pub digest: String,
    /// The text with the host's signature, as JSON: `{"question": …, "signature": …}`.
    pub signed: String,
}

/// A question that is over.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClosedQuestion {
    /// SHA-256 of its text, 64 hexadecimal digits.
    pub digest: String,
    /// How: approved, denied, expired, cancelled, or over where it is not known.
    pub outcome: String,
    /// By whom, where somebody decided.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
}

/// Root makes the host known to the hub of the settings: what is sent there with a token.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Enroll {
    /// The token.
    pub token: String,
}

/// Reply of [`Enroll`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Enrollment {
    /// Where the hub is.
    pub hub: HubSettings,
    /// The host's name.
    pub host: String,
    /// Its public key, as a line of OpenSSH's.
    pub key: String,
    /// The signature of the hub's origin, the token and the name, each on a line: an
    /// armored SSHSIG for `enroll@writ`.
    pub signature: String,
}
