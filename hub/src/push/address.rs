//! Which addresses are outward. A notice must not become a way for who can name an address
//! (in a browser's subscription, or in the names of somebody else's domain) to have the hub
//! knock on doors that only it can reach.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use reqwest::Url;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};

/// Looks names up, and leaves out what is not on the Internet. What is connected to is what
/// was looked at: there is no second look-up that could say something else.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Outward;

impl Resolve for Outward {
    fn resolve(&self, name: Name) -> Resolving {
        Box::pin(async move {
            let outward = look_up(name.as_str(), 0).await?;
            Ok(Box::new(outward.into_iter()) as Addrs)
        })
    }
}

/// The addresses of a name that are on the Internet.
///
/// # Errors
/// When there is none.
pub(super) async fn look_up(name: &str, port: u16) -> io::Result<Vec<SocketAddr>> {
    let found: Vec<SocketAddr> = tokio::net::lookup_host((name, port)).await?.collect();
    let outward: Vec<SocketAddr> =
        found.into_iter().filter(|address| !is_inward(address.ip())).collect();
    if outward.is_empty() {
        let why = format!("{name} points to this machine or its own network");
        return Err(io::Error::new(io::ErrorKind::PermissionDenied, why));
    }
    Ok(outward)
}

/// Whether an address names something inward by itself; names are looked at when they are
/// looked up.
#[must_use]
pub fn is_inward_url(url: &Url) -> bool {
    let Some(host) = url.host_str() else { return true };
    let host = host.trim_start_matches('[').trim_end_matches(']');
    match host.parse::<IpAddr>() {
        Ok(address) => is_inward(address),
        Err(_) => {
            let host = host.trim_end_matches('.').to_ascii_lowercase();
            host == "localhost" || host.ends_with(".localhost")
        }
    }
}

/// Whether it is the https address of a service on the Internet, as far as its text says.
#[must_use]
pub fn is_public_https(text: &str) -> bool {
    Url::parse(text).is_ok_and(|url| {
        url.scheme() == "https"
            && url.username().is_empty()
            && url.password().is_none()
            && !is_inward_url(&url)
    })
}

/// Whether an address is not one of the Internet's (IANA's special-purpose registries).
#[must_use]
pub fn is_inward(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_inward_v4(address),
        IpAddr::V6(address) => is_inward_v6(address),
    }
}

fn is_inward_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    address.is_private()
        || address.is_loopback()
        || address.is_link_local()
        || address.is_multicast()
        || address.is_documentation()
        || a == 0
        || a >= 240
        || (a == 100 && (64..128).contains(&b)) // carriers' own, RFC 6598
        || (a == 192 && b == 0 && c == 0)
        || (a == 198 && (18..20).contains(&b))
}

fn is_inward_v6(address: Ipv6Addr) -> bool {
    let [a, b, c, d, e, f, high, low] = address.segments();
    let within = |high: u16, low: u16| {
        let [h1, h2] = high.to_be_bytes();
        let [l1, l2] = low.to_be_bytes();
        is_inward_v4(Ipv4Addr::new(h1, h2, l1, l2))
    };
    // What carries an address of IPv4 is what that is: mapped, compatible, translated, 6to4.
    if [a, b, c, d, e] == [0; 5] && (f == 0 || f == 0xffff) {
        return within(high, low);
    }
    if [a, b] == [0x64, 0xff9b] {
        return c != 0 || within(high, low);
    }
    if a == 0x2002 {
        return within(b, c);
    }
    // Of IPv6 only 2000::/3 is given out; documentation, Teredo and benchmarks are in it.
    a & 0xe000 != 0x2000 || (a == 0x2001 && (b < 0x200 || b == 0xdb8)) || a == 0x3fff
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_near_the_hub_is_inward_however_it_is_written() {
        for text in [
            "127.0.0.1",
            "10.1.2.3",
            "172.16.0.1",
            "192.168.1.1",
            "169.254.169.254",
            "0.0.0.0",
            "100.64.0.1",
            "192.0.0.8",
            "198.18.0.1",
            "224.0.0.1",
            "255.255.255.255",
            "::1",
            "::",
            "fe80::1",
            "fc00::1",
            "fd12::1",
            "ff02::1",
            "::ffff:127.0.0.1",
            "::ffff:10.0.0.1",
            "::127.0.0.1",
            "64:ff9b::7f00:1",
            "64:ff9b:1::1",
            "2002:7f00:1::",
            "2001:db8::1",
            "2001::1",
        ] {
            assert!(is_inward(text.parse().unwrap()), "{text}");
        }
        for text in ["192.0.2.255", "203.0.113.9"] {
            assert!(is_inward(text.parse().unwrap()), "{text} is documentation");
        }
        for text in ["1.1.1.1", "172.32.0.1", "100.128.0.1", "2606:4700::1111", "64:ff9b::101:101"]
        {
            assert!(!is_inward(text.parse().unwrap()), "{text}");
        }
    }

    #[tokio::test]
    async fn a_name_that_points_inward_is_not_connected_to() {
        let refused = Outward.resolve("localhost".parse().unwrap()).await;
        let why = refused.err().expect("localhost is this machine").to_string();
        assert!(why.contains("its own network"), "{why}");
    }

    #[test]
    fn addresses_in_disguise_are_seen_through() {
        for text in [
            "https://localhost/x",
            "https://LOCALHOST./x",
            "https://a.localhost/",
            "https://[::1]/",
            "https://127.1/",
            "https://2130706433/",
            "https://0x7f.0.0.1/",
            "https://017700000001/",
            "https://[::ffff:7f00:1]/",
            "http://example.com/",
            "https://user@example.com/",
            "ftp://example.com/",
            "example.com",
        ] {
            assert!(!is_public_https(text), "{text}");
        }
        assert!(is_public_https("https://push.example.com/v1/abc"));
    }
}
