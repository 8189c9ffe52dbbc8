//! Where a request comes from, as the address ranges that are limited together.

use std::net::IpAddr;

use super::MINUTE;
use super::bucket::Rate;

const PERIOD: i64 = 10 * MINUTE;
/// Ranges of IPv4 that have a bucket of their own: prefix length and wrong attempts in ten minutes.
const IPV4: [(u32, i64); 2] = [(32, 5), (24, 30)];
/// Ranges of IPv6: a /64 is one network at home, a /56 or a /48 what one customer of a provider gets.
const IPV6: [(u32, i64); 3] = [(64, 5), (56, 10), (48, 20)];

/// The ranges that an address belongs to, narrowest first, each as a key with its limit.
pub(crate) fn ranges(address: IpAddr) -> Vec<(String, Rate)> {
    match address.to_canonical() {
        IpAddr::V4(address) => {
            let range = |(length, tokens): (u32, i64)| {
                let network = std::net::Ipv4Addr::from_bits(address.to_bits() & (u32::MAX << (32 - length)));
                (format!("{network}/{length}"), Rate::per(tokens, PERIOD))
            };
            IPV4.into_iter().map(range).collect()
        }
        IpAddr::V6(address) => {
            let range = |(length, tokens): (u32, i64)| {
                let network =
                    std::net::Ipv6Addr::from_bits(address.to_bits() & (u128::MAX << (128 - length)));
                (format!("{network}/{length}"), Rate::per(tokens, PERIOD))
            };
            IPV6.into_iter().map(range).collect()
        }
    }
}

/// The range that counts as one household when it matters whether somebody there guessed wrong before:
/// an IPv4 address, an IPv6 /56.
pub(crate) fn household(address: IpAddr) -> String {
    let index = usize::from(address.to_canonical().is_ipv6());
    ranges(address).swap_remove(index).0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(address: &str) -> Vec<String> {
        ranges(address.parse().unwrap()).into_iter().map(|(key, _)| key).collect()
    }

    #[test]
    fn ranges_of_both_families() {
        assert_eq!(keys("192.0.2.77"), ["192.0.2.77/32", "192.0.2.0/24"]);
        assert_eq!(
            keys("2001:db8:1:2ff::9"),
            ["2001:db8:1:2ff::/64", "2001:db8:1:200::/56", "2001:db8:1::/48"]
        );
        assert_eq!(keys("::ffff:192.0.2.77"), keys("192.0.2.77"), "mapped addresses are IPv4");
    }

    #[test]
    fn a_household_is_an_ipv4_address_or_an_ipv6_56() {
        assert_eq!(household("192.0.2.77".parse().unwrap()), "192.0.2.77/32");
        assert_eq!(household("2001:db8:1:2ff::9".parse().unwrap()), "2001:db8:1:200::/56");
    }
}
