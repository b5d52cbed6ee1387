//! What is elsewhere: collectors of events, and the hub where people answer from afar.

use std::fmt;
use std::net::{Ipv4Addr, Ipv6Addr};

/// The most collectors.
pub const COLLECTORS_MAX: usize = 4;
/// The most keys that the hub may have.
pub const PINS_MAX: usize = 8;
/// The longest address, in bytes.
pub(crate) const ADDRESS_BYTES_MAX: usize = 512;

/// The longest name of a host, in bytes (RFC 1035, section 2.3.4).
const HOST_BYTES_MAX: usize = 253;
/// What stands before the digest of a pinned key, as in curl's `--pinnedpubkey`.
const PIN_START: &str = "sha256//";
/// A SHA-256 in Base64, without its one `=`.
const PIN_DIGITS: usize = 43;

/// What of a policy is for the courier.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Remote {
    /// Where events go.
    pub audit: Audit,
    /// Where people answer from afar.
    pub hub: Option<Hub>,
}

/// Where events go.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Audit {
    /// The collectors.
    pub collectors: Vec<Collector>,
    /// The file with the authorities that may vouch for those with TLS, in PEM; left
    /// out, those of the host.
    pub ca: Option<String>,
}

/// Where people answer from afar.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hub {
    /// Its origin, such as `https://hub.example.com`.
    pub url: String,
    /// The proxy on the way to it.
    pub proxy: Option<String>,
    /// The file with the authorities that may vouch for it, in PEM; left out, those of
    /// the host.
    pub ca: Option<String>,
    /// The SHA-256 of keys, one of which it must have, in Base64; none: any key.
    pub pins: Vec<String>,
}

/// How events travel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Transport {
    /// RFC 5425.
    Tls,
    /// RFC 6587, with the length before each.
    Tcp,
    /// RFC 5426.
    Udp,
}

/// One collector.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Collector {
    /// How.
    pub transport: Transport,
    /// A name, or an address without brackets.
    pub host: String,
    /// The port.
    pub port: u16,
}

/// Why an address is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AddressError {
    /// Another scheme, or none.
    #[error("does not begin with tls://, tcp:// or udp://")]
    CollectorScheme,
    /// Another scheme, or none.
    #[error("does not begin with https://")]
    HubScheme,
    /// Anybody on the way could read along.
    #[error(
        "begins with http://, which is only for a hub on this host (localhost, 127.0.0.1, [::1])"
    )]
    Plain,
    /// Another scheme, or none.
    #[error("does not begin with http:// or https://")]
    ProxyScheme,
    /// Where.
    #[error("names no host")]
    Host,
    /// No port where there must be one, or none that is a number from 1 to 65535.
    #[error("has no port from 1 to 65535 at its end")]
    Port,
    /// A path, a query or a user.
    #[error("has more in it than a host and a port")]
    More,
    /// Too long.
    #[error("is longer than {ADDRESS_BYTES_MAX} bytes")]
    Long,
}

impl Collector {
    /// Reads `tls://host:6514` and the like.
    ///
    /// # Errors
    /// When it is none.
    pub fn parse(text: &str) -> Result<Self, AddressError> {
        let schemes =
            [("tls://", Transport::Tls), ("tcp://", Transport::Tcp), ("udp://", Transport::Udp)];
        let found = schemes
            .into_iter()
            .find_map(|(scheme, transport)| Some((text.strip_prefix(scheme)?, transport)));
        let (rest, transport) = found.ok_or(AddressError::CollectorScheme)?;
        let (host, port) = host_and_port(rest)?;
        Ok(Self { transport, host: host.to_owned(), port: port.ok_or(AddressError::Port)? })
    }
}

impl fmt::Display for Collector {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = match self.transport {
            Transport::Tls => "tls",
            Transport::Tcp => "tcp",
            Transport::Udp => "udp",
        };
        if self.host.contains(':') {
            return write!(formatter, "{scheme}://[{}]:{}", self.host, self.port);
        }
        write!(formatter, "{scheme}://{}:{}", self.host, self.port)
    }
}

/// The origin of a hub, without a slash at its end.
pub(crate) fn hub_origin(text: &str) -> Result<String, AddressError> {
    let text = text.strip_suffix('/').unwrap_or(text);
    if let Some(rest) = text.strip_prefix("https://") {
        return host_and_port(rest).map(|_| text.to_owned());
    }
    let rest = text.strip_prefix("http://").ok_or(AddressError::HubScheme)?;
    let (host, _) = host_and_port(rest)?;
    if is_loopback(host) { Ok(text.to_owned()) } else { Err(AddressError::Plain) }
}

/// The address of a proxy.
///
/// # Errors
/// When it is none.
pub fn proxy(text: &str) -> Result<String, AddressError> {
    let text = text.strip_suffix('/').unwrap_or(text);
    let rest = text.strip_prefix("http://").or_else(|| text.strip_prefix("https://"));
    let (_, port) = host_and_port(rest.ok_or(AddressError::ProxyScheme)?)?;
    port.ok_or(AddressError::Port).map(|_| text.to_owned())
}

/// The Base64 of a pinned key's digest.
#[must_use]
pub fn pin(text: &str) -> Option<String> {
    let digest = text.strip_prefix(PIN_START)?;
    let digits = digest.strip_suffix('=')?;
    let is_digit = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'+' || byte == b'/';
    (digits.len() == PIN_DIGITS && digits.bytes().all(is_digit)).then(|| digest.to_owned())
}

/// A loopback address, or the one name that never means another (RFC 6761, section 6.3),
/// which browsers want for trying passkeys. The courier does not look it up.
fn is_loopback(host: &str) -> bool {
    if host == "localhost" {
        return true;
    }
    let v4 = host.parse().is_ok_and(|address: Ipv4Addr| address.is_loopback());
    v4 || host.parse().is_ok_and(|address: Ipv6Addr| address.is_loopback())
}

fn host_and_port(text: &str) -> Result<(&str, Option<u16>), AddressError> {
    if text.len() > ADDRESS_BYTES_MAX {
        return Err(AddressError::Long);
    }
    if text.contains(['/', '?', '#', '@']) {
        return Err(AddressError::More);
    }
    let (host, rest) = match text.strip_prefix('[') {
        Some(text) => {
            let (host, rest) = text.split_once(']').ok_or(AddressError::Host)?;
            host.parse::<Ipv6Addr>().map_err(|_| AddressError::Host)?;
            (host, rest)
        }
        None => {
            let end = text.find(':').unwrap_or(text.len());
            let (host, rest) = text.split_at_checked(end).ok_or(AddressError::Host)?;
            if !is_name(host) {
                return Err(AddressError::Host);
            }
            (host, rest)
        }
    };
    if rest.is_empty() {
        return Ok((host, None));
    }
    let digits = rest.strip_prefix(':').ok_or(AddressError::Host)?;
    let port = Some(digits).filter(|digits| digits.bytes().all(|byte| byte.is_ascii_digit()));
    let port = port.and_then(|digits| digits.parse().ok()).filter(|port| *port > 0);
    port.ok_or(AddressError::Port).map(|port| (host, Some(port)))
}

/// A name, or an IPv4 address, which has the same letters.
fn is_name(host: &str) -> bool {
    let is_letter = |byte: u8| byte.is_ascii_alphanumeric() || b"-._".contains(&byte);
    let is_first = |byte: &u8| byte.is_ascii_alphanumeric();
    host.len() <= HOST_BYTES_MAX
        && host.bytes().all(is_letter)
        && host.as_bytes().first().is_some_and(is_first)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_collector_is_told_as_it_was_written() {
        for text in ["tls://logs.example.com:6514", "tcp://10.0.0.1:601", "udp://[2001:db8::1]:514"]
        {
            assert_eq!(Collector::parse(text).unwrap().to_string(), text);
        }
        assert_eq!(Collector::parse("udp://[::1]:514").unwrap().host, "::1");
    }

    #[test]
    fn what_is_no_collector_is_refused() {
        for (text, why) in [
            ("logs.example.com:6514", AddressError::CollectorScheme),
            ("https://logs:6514", AddressError::CollectorScheme),
            ("tls://:6514", AddressError::Host),
            ("tls://-x:6514", AddressError::Host),
            ("tls://a b:6514", AddressError::Host),
            ("tls://[::g]:6514", AddressError::Host),
            ("tls://[::1]6514", AddressError::Host),
            ("tls://logs", AddressError::Port),
            ("tls://logs:", AddressError::Port),
            ("tls://logs:0", AddressError::Port),
            ("tls://logs:+1", AddressError::Port),
            ("tls://logs:65536", AddressError::Port),
            ("tls://logs:1/x", AddressError::More),
            ("tls://user@logs:1", AddressError::More),
        ] {
            assert_eq!(Collector::parse(text), Err(why), "{text}");
        }
        let long = format!("tls://{}:1", "a".repeat(ADDRESS_BYTES_MAX));
        assert_eq!(Collector::parse(&long), Err(AddressError::Long));
    }

    #[test]
    fn without_tls_a_hub_is_on_this_host() {
        let origin = |text| hub_origin(text);
        assert_eq!(origin("https://hub.example.com/").unwrap(), "https://hub.example.com");
        assert_eq!(origin("http://127.0.0.1:8080").unwrap(), "http://127.0.0.1:8080");
        assert_eq!(origin("http://[::1]:8080").unwrap(), "http://[::1]:8080");
        assert_eq!(origin("http://localhost:8080").unwrap(), "http://localhost:8080");
        for text in [
            "http://hub.example.com",
            "http://localhost.evil.example",
            "http://127.0.0.1.evil.example",
        ] {
            assert_eq!(origin(text), Err(AddressError::Plain), "{text}");
        }
        assert_eq!(origin("http://127.0.0.1@evil.example"), Err(AddressError::More));
        assert_eq!(origin("https://hub.example.com/path"), Err(AddressError::More));
        assert_eq!(origin("ftp://hub.example.com"), Err(AddressError::HubScheme));
    }

    #[test]
    fn a_pin_is_a_sha256_in_base64() {
        let digest = format!("{}=", "A".repeat(43));
        assert_eq!(pin(&format!("sha256//{digest}")), Some(digest.clone()));
        for text in [digest.as_str(), "sha256//AAAA=", "sha256//", "sha1//AAAA"] {
            assert_eq!(pin(text), None, "{text}");
        }
        assert_eq!(pin(&format!("sha256//{}=", "%".repeat(43))), None);
    }
}
