//! The host that a policy is for.

use std::collections::BTreeSet;

use writ_engine::facts::Host;
use writ_engine::policy::HostPattern;
use writ_protocol::text;

use crate::name::{self, NameError};

/// The name of a host, in small letters: names of hosts are compared without
/// regard to case (RFC 4343), and so policy holds them in one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HostName(String);

impl HostName {
    /// The name that the kernel has (`uname(2)`, nodename), whatever it is.
    #[must_use]
    pub fn of(nodename: &[u8]) -> Self {
        Self(text::encode(nodename).to_lowercase())
    }

    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The host of that name with these tags.
    pub(crate) fn tagged(&self, tags: BTreeSet<String>) -> Host {
        Host { name: self.0.clone(), tags }
    }
}

/// Reads a host as a role names it: `web-*` or `tag:web`.
pub(crate) fn pattern(text: &str) -> Result<HostPattern, NameError> {
    if let Some(tag) = text.strip_prefix("tag:") {
        name::check_tag(tag)?;
        return Ok(HostPattern::Tag(tag.to_owned()));
    }
    name::check_host_pattern(text)?;
    Ok(HostPattern::Name(text.to_ascii_lowercase()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_held_in_small_letters() {
        assert_eq!(HostName::of(b"WEB-1").as_str(), "web-1");
        assert_eq!(pattern("WEB-*"), Ok(HostPattern::Name("web-*".into())));
    }

    #[test]
    fn a_tag_keeps_its_letters() {
        assert_eq!(pattern("tag:Web"), Ok(HostPattern::Tag("Web".into())));
        assert_eq!(pattern("tag:"), Err(NameError::Empty));
    }
}
