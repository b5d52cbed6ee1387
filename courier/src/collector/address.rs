//! Where a collector is. The agent's policy reader has checked it already.

/// How events travel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Transport {
    /// RFC 5425.
    Tls,
    /// RFC 6587, section 3.4.1.
    Tcp,
    /// RFC 5426.
    Udp,
}

/// A collector's address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Address {
    pub transport: Transport,
    /// A name, or an address without brackets.
    pub host: String,
    pub port: u16,
}

impl Address {
    /// Reads `tls://host:6514` and the like.
    pub(crate) fn parse(url: &str) -> Option<Self> {
        let (scheme, rest) = url.split_once("://")?;
        let transport = match scheme {
            "tls" => Transport::Tls,
            "tcp" => Transport::Tcp,
            "udp" => Transport::Udp,
            _ => return None,
        };
        let (host, port) = rest.rsplit_once(':')?;
        let bare = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
        Some(Self { transport, host: bare.unwrap_or(host).to_owned(), port: port.parse().ok()? })
    }

    /// Whether it is spoken to with TLS.
    pub(crate) fn is_tls(&self) -> bool {
        self.transport == Transport::Tls
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_read() {
        let address = Address::parse("tls://[::1]:6514").unwrap();
        assert_eq!((address.host.as_str(), address.port), ("::1", 6514));
        assert!(address.is_tls());
        assert_eq!(Address::parse("udp://logs:514").unwrap().transport, Transport::Udp);
        assert_eq!(Address::parse("https://logs:514"), None);
    }
}
