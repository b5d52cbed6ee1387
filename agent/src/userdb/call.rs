//! A call, parsed: past this file there are only queries that can be answered.

use std::fmt;

use serde::Deserialize;
use serde::de::{DeserializeOwned, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;
use writ_protocol::calls::Incoming;

use super::interface::{INTERFACE_NAME, SERVICE};
use super::refusal::Refusal;

/// The longest name that is looked for, in bytes: no Linux host has longer ones
/// (`LOGIN_NAME_MAX`, limits.h(0p)).
const NAME_BYTES_MAX: usize = 256;

/// Numbers that no user and no group can have (systemd.io/UIDS-GIDS).
const NOBODYS_NUMBERS: [u32; 2] = [0xFFFF, u32::MAX];

/// What is asked for; each `None` is "any".
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Query {
    Users,
    Groups { name: Option<String>, gid: Option<u32> },
    Memberships { user: Option<String>, group: Option<String> },
    Info,
    Description { interface: String },
}

impl Query {
    /// What a call asks for.
    ///
    /// # Errors
    /// As systemd.io/USER_GROUP_API and varlink.org name them.
    pub(super) fn of(incoming: &Incoming<'_>) -> Result<Self, Refusal> {
        let method = incoming.method.as_ref();
        let not_found = || Refusal::MethodNotFound { method: method.to_owned() };
        let (interface, name) = method.rsplit_once('.').ok_or_else(not_found)?;
        let text = incoming.parameters.map_or("{}", RawValue::get);
        let query = match (interface, name) {
            ("org.varlink.service", "GetInfo") => return Ok(Self::Info),
            ("org.varlink.service", "GetInterfaceDescription") => {
                let found = Parameters::of(text, &["interface"])?;
                let interface = found.interface.ok_or_else(|| invalid("interface"))?;
                return Ok(Self::Description { interface });
            }
            (INTERFACE_NAME, "GetUserRecord") => {
                let found = Parameters::of(text, &["service", "userName", "uid"])?;
                (found.service, Self::Users)
            }
            (INTERFACE_NAME, "GetGroupRecord") => {
                let found = Parameters::of(text, &["service", "groupName", "gid"])?;
                (found.service, Self::Groups { name: found.group, gid: found.gid })
            }
            (INTERFACE_NAME, "GetMemberships") => {
                let found = Parameters::of(text, &["service", "userName", "groupName"])?;
                (found.service, Self::Memberships { user: found.user, group: found.group })
            }
            _ => return Err(not_found()),
        };
        let (service, query) = query;
        if service.as_deref() == Some(SERVICE) { Ok(query) } else { Err(Refusal::BadService) }
    }
}

#[derive(Debug, Default)]
struct Parameters {
    service: Option<String>,
    interface: Option<String>,
    user: Option<String>,
    group: Option<String>,
    gid: Option<u32>,
}

impl Parameters {
    /// The parameters of a call that takes those of `known`. An error names the
    /// parameter: systemd leaves one out that a service does not know.
    fn of(text: &str, known: &[&str]) -> Result<Self, Refusal> {
        let fields: Fields<'_> = serde_json::from_str(text).map_err(|_| invalid("parameters"))?;
        let mut found = Self::default();
        let mut seen: Vec<&str> = Vec::new();
        for (field, value) in &fields.0 {
            if !known.contains(&field.as_str()) || seen.contains(&field.as_str()) {
                return Err(invalid(field));
            }
            seen.push(field);
            match field.as_str() {
                "service" => found.service = parsed(field, value)?,
                "interface" => found.interface = parsed(field, value)?,
                "userName" => found.user = name(field, value)?,
                "groupName" => found.group = name(field, value)?,
                "gid" => found.gid = number(field, value)?,
                // Nobody has a record here; it is only seen that it is one.
                _ => drop(number(field, value)?),
            }
        }
        Ok(found)
    }
}

/// The fields of an object as they came, doubled ones too.
struct Fields<'a>(Vec<(String, &'a RawValue)>);

impl<'de> Deserialize<'de> for Fields<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Each;
        impl<'de> Visitor<'de> for Each {
            type Value = Fields<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<Self::Value, M::Error> {
                let mut fields = Vec::new();
                while let Some(field) = map.next_entry()? {
                    fields.push(field);
                }
                Ok(Fields(fields))
            }
        }
        deserializer.deserialize_map(Each)
    }
}

fn invalid(parameter: &str) -> Refusal {
    Refusal::InvalidParameter { parameter: parameter.to_owned() }
}

/// In Varlink, null is the same as left out.
fn parsed<T: DeserializeOwned>(field: &str, value: &RawValue) -> Result<Option<T>, Refusal> {
    serde_json::from_str(value.get()).map_err(|_| invalid(field))
}

fn name(field: &str, value: &RawValue) -> Result<Option<String>, Refusal> {
    let name: Option<String> = parsed(field, value)?;
    match name {
        Some(name) if !can_be_a_name(&name) => Err(invalid(field)),
        name => Ok(name),
    }
}

fn number(field: &str, value: &RawValue) -> Result<Option<u32>, Refusal> {
    let number: Option<u32> = parsed(field, value)?;
    match number {
        Some(number) if NOBODYS_NUMBERS.contains(&number) => Err(invalid(field)),
        number => Ok(number),
    }
}

/// The relaxed rules of systemd.io/USER_NAMES.
fn can_be_a_name(name: &str) -> bool {
    (1..=NAME_BYTES_MAX).contains(&name.len())
        && !name.chars().any(|letter| letter.is_control() || matches!(letter, ':' | '/'))
        && !name.bytes().all(|byte| byte.is_ascii_digit())
        && name.trim() == name
        && !matches!(name, "." | "..")
}
