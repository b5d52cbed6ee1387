//! The names of Writ's units, which say what they belong to: `writ-7K3M-Q2-1f3a7c02.scope`
//! is the one of an attempt under 7K3M-Q2. Both are on record, so that a unit is found
//! again after a restart.

use std::fmt;

use writ_engine::facts::AttemptId;
use writ_engine::id::RequestId;

/// What every name begins with.
const PREFIX: &str = "writ-";

/// How much of an attempt stands in a name, in hexadecimal digits: it is random, and
/// there are not many under one ID.
const ATTEMPT_DIGITS: usize = 8;

/// How many names the units of one kind and attempt may have ([`UnitName::all`]).
const NAMES: usize = 4;

/// The kind of a unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Around processes that somebody else started.
    Scope,
    /// Started by PID 1.
    Service,
    /// The limit of a service: a timer that stops it.
    Limit,
}

/// The name of a unit of Writ's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct UnitName {
    text: String,
    kind: Kind,
}

impl UnitName {
    /// The unit of an attempt.
    #[must_use]
    pub(crate) fn new(kind: Kind, id: RequestId, attempt: &AttemptId) -> Self {
        let attempt = attempt.as_str().get(..ATTEMPT_DIGITS).unwrap_or_default();
        Self { text: format!("{PREFIX}{id}-{attempt}{}", kind.suffix()), kind }
    }

    /// The names that the units of an attempt may have, one after the other: what cannot be
    /// changed (a scope, a timer) has another put in its place.
    #[must_use]
    pub(crate) fn all(kind: Kind, id: RequestId, attempt: &AttemptId) -> Vec<Self> {
        let digits = attempt.as_str();
        let turned = |by: usize| {
            let (first, rest) = digits.split_at_checked(by * ATTEMPT_DIGITS)?;
            AttemptId::parse(&format!("{rest}{first}"))
        };
        let turned = (0..NAMES).filter_map(turned);
        turned.map(|attempt| Self::new(kind, id, &attempt)).collect()
    }

    /// A name as PID 1 has it; none when it is not one of ours.
    #[must_use]
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let rest = text.strip_prefix(PREFIX)?;
        let ends = |kind: Kind| Some((kind, rest.strip_suffix(kind.suffix())?));
        let (kind, stem) = [Kind::Scope, Kind::Service, Kind::Limit].into_iter().find_map(ends)?;
        let (id, attempt) = stem.rsplit_once('-')?;
        let whole = attempt.len() == ATTEMPT_DIGITS
            && attempt.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        let id: RequestId = id.parse().ok()?;
        // An ID can be written in more than one way; the name has but one.
        (whole && stem.starts_with(&id.to_string())).then(|| Self { text: text.to_owned(), kind })
    }

    /// The kind.
    #[must_use]
    pub(crate) const fn kind(&self) -> Kind {
        self.kind
    }

    /// What the unit was started under.
    #[must_use]
    pub(crate) fn id(&self) -> Option<RequestId> {
        let stem = self.text.strip_prefix(PREFIX)?.strip_suffix(self.kind.suffix())?;
        let (id, _) = stem.rsplit_once('-')?;
        id.parse().ok()
    }

    /// The name.
    #[must_use]
    pub(crate) fn as_str(&self) -> &str {
        &self.text
    }

    /// Its object on the bus: every byte that is no letter or digit stands as `_` and
    /// its number (`sd_bus_path_encode(3)`).
    pub(super) fn object(&self) -> String {
        let mut path = "/org/freedesktop/systemd1/unit/".to_owned();
        for byte in self.text.bytes() {
            if byte.is_ascii_alphanumeric() {
                path.push(char::from(byte));
            } else {
                path.push_str(&format!("_{byte:02x}"));
            }
        }
        path
    }
}

impl Kind {
    const fn suffix(self) -> &'static str {
        match self {
            Self::Scope => ".scope",
            Self::Service => ".service",
            Self::Limit => "-limit.timer",
        }
    }
}

impl fmt::Display for UnitName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(kind: Kind) -> UnitName {
        let attempt = AttemptId::parse("1F3A7C020000000000000000000000ff").unwrap();
        UnitName::new(kind, "7K3M-Q2".parse().unwrap(), &attempt)
    }

    #[test]
    fn a_unit_is_named_by_what_it_belongs_to_and_found_by_it() {
        let scope = name(Kind::Scope);
        assert_eq!(scope.as_str(), "writ-7K3M-Q2-1f3a7c02.scope");
        assert_eq!(UnitName::parse(scope.as_str()), Some(scope.clone()));
        let service = name(Kind::Service);
        assert_eq!(UnitName::parse(service.as_str()).map(|name| name.kind()), Some(Kind::Service));
        let limit = name(Kind::Limit);
        assert_eq!(limit.as_str(), "writ-7K3M-Q2-1f3a7c02-limit.timer");
        assert_eq!(limit.id(), scope.id());
        assert_eq!(UnitName::parse(limit.as_str()), Some(limit));
    }

    #[test]
    fn an_attempt_has_a_few_names_that_are_all_its_own() {
        let attempt = AttemptId::parse("0000000011111111222222223333333f").unwrap();
        let names = UnitName::all(Kind::Scope, "7K3M-Q2".parse().unwrap(), &attempt);
        let names: Vec<&str> = names.iter().map(UnitName::as_str).collect();
        assert_eq!(
            names,
            [
                "writ-7K3M-Q2-00000000.scope",
                "writ-7K3M-Q2-11111111.scope",
                "writ-7K3M-Q2-22222222.scope",
                "writ-7K3M-Q2-3333333f.scope"
            ]
        );
    }

    #[test]
    fn what_is_not_named_like_a_unit_of_ours_is_none() {
        for other in [
            "writ-rollback.service",
            "writ-7K3M-Q2.scope",
            "writ-7K3M-Q2-1.scope",
            "writ-7k3m-q2-1f3a7c02.scope",
            "writ-7K3M-Q2-1f3a7c02.timer",
            "writ-7K3M-Q2-1f3a7c02-limit.service",
            "writ-7K3M-Q2-limit.timer",
            "ssh.service",
        ] {
            assert_eq!(UnitName::parse(other), None, "{other}");
        }
    }

    #[test]
    fn the_object_of_a_unit_is_its_name_escaped() {
        assert_eq!(
            name(Kind::Scope).object(),
            "/org/freedesktop/systemd1/unit/writ_2d7K3M_2dQ2_2d1f3a7c02_2escope"
        );
    }
}
