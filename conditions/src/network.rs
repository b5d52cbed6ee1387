//! `in_network(source_ip, "10.0.0.0/8")`.

use std::net::IpAddr;
use std::sync::Arc;

use cel::ExecutionError;

/// The name of the function.
pub(crate) const NAME: &str = "in_network";

/// Whether an address is of a network, written as RFC 4632 and RFC 4291 do. An IPv4
/// address that is written as an IPv6 one (`::ffff:10.0.0.1`) is of IPv4 networks.
pub(crate) fn in_network(
    address: Arc<String>,
    network: Arc<String>,
) -> Result<bool, ExecutionError> {
    let said = |what: String| ExecutionError::function_error(NAME, what);
    let (base, prefix) =
        parse(&network).ok_or_else(|| said(format!("{network:?} is no network")))?;
    let address: IpAddr =
        address.parse().map_err(|_| said(format!("{address:?} is no IP address")))?;
    Ok(match (address.to_canonical(), base) {
        (IpAddr::V4(address), IpAddr::V4(base)) => {
            let mask = u32::MAX.checked_shl(32 - prefix).unwrap_or(0);
            (address.to_bits() ^ base.to_bits()) & mask == 0
        }
        (IpAddr::V6(address), IpAddr::V6(base)) => {
            let mask = u128::MAX.checked_shl(128 - prefix).unwrap_or(0);
            (address.to_bits() ^ base.to_bits()) & mask == 0
        }
        (IpAddr::V4(_), IpAddr::V6(_)) | (IpAddr::V6(_), IpAddr::V4(_)) => false,
    })
}

/// The address and the length of the prefix of a network.
fn parse(network: &str) -> Option<(IpAddr, u32)> {
    let (base, prefix) = network.split_once('/')?;
    let base: IpAddr = base.parse().ok()?;
    let most = if base.is_ipv4() { 32 } else { 128 };
    let digits = prefix.bytes().all(|byte| byte.is_ascii_digit());
    let prefix = prefix.parse().ok().filter(|prefix| digits && *prefix <= most)?;
    Some((base, prefix))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_in(address: &str, network: &str) -> Option<bool> {
        in_network(Arc::new(address.to_owned()), Arc::new(network.to_owned())).ok()
    }

    #[test]
    fn an_address_is_of_the_networks_that_share_its_prefix() {
        for (address, network, expected) in [
            ("10.1.2.3", "10.0.0.0/8", true),
            ("11.1.2.3", "10.0.0.0/8", false),
            ("10.1.2.3", "10.1.2.3/32", true),
            ("10.1.2.4", "10.1.2.3/32", false),
            ("203.0.113.9", "0.0.0.0/0", true),
            ("::ffff:10.1.2.3", "10.0.0.0/8", true),
            ("2001:db8::1", "2001:db8::/32", true),
            ("2001:db9::1", "2001:db8::/32", false),
            ("2001:db8::1", "::/0", true),
            ("2001:db8::1", "0.0.0.0/0", false),
        ] {
            assert_eq!(is_in(address, network), Some(expected), "{address} {network}");
        }
    }

    #[test]
    fn what_is_no_address_or_network_is_of_none() {
        for (address, network) in [
            ("", "10.0.0.0/8"),
            ("host.example.org", "10.0.0.0/8"),
            ("10.0.0.1 ", "10.0.0.0/8"),
            ("10.0.0.1", "10.0.0.0"),
            ("10.0.0.1", "10.0.0.0/33"),
            ("10.0.0.1", "10.0.0.0/+8"),
            ("10.0.0.1", "10.0/8"),
            ("::1", "::/129"),
        ] {
            assert_eq!(is_in(address, network), None, "{address} {network}");
        }
    }
}
