//! Network addresses: ranges that a tenant allows, and the parts that are counted or stored.

use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::{fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A range of addresses such as `203.0.113.0/24`. A single address is a range of one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct IpRange {
    first: IpAddr,
    prefix: u8,
}

#[cfg(feature = "contract")]
confab_core::describe_as_string!(IpRange, "^[0-9A-Fa-f.:]+(/[0-9]{1,3})?$");

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an address or a range such as 203.0.113.0/24 is expected")]
pub struct IpRangeError;

impl IpRange {
    /// Returns whether the range has an address. An IPv4 address in IPv6 form is the IPv4 address.
    pub fn contains(&self, ip: IpAddr) -> bool {
        let ip = ip.to_canonical();
        ip.is_ipv4() == self.first.is_ipv4() && truncate(ip, self.prefix) == self.first
    }
}

/// Clears the bits after a prefix.
fn truncate(ip: IpAddr, prefix: u8) -> IpAddr {
    match ip {
        IpAddr::V4(v4) => {
            let host_bits = 32_u32.saturating_sub(u32::from(prefix));
            let mask = u32::MAX.checked_shl(host_bits).unwrap_or(0);
            IpAddr::V4(Ipv4Addr::from_bits(v4.to_bits() & mask))
        }
        IpAddr::V6(v6) => {
            let host_bits = 128_u32.saturating_sub(u32::from(prefix));
            let mask = u128::MAX.checked_shl(host_bits).unwrap_or(0);
            IpAddr::V6(Ipv6Addr::from_bits(v6.to_bits() & mask))
        }
    }
}

fn bits_of(ip: IpAddr) -> u8 {
    if ip.is_ipv4() { 32 } else { 128 }
}

impl FromStr for IpRange {
    type Err = IpRangeError;

    /// Bits after the prefix are cleared: `203.0.113.7/24` is `203.0.113.0/24`.
    fn from_str(text: &str) -> Result<Self, IpRangeError> {
        let (ip, prefix) = match text.split_once('/') {
            Some((ip, prefix)) => (ip, Some(prefix)),
            None => (text, None),
        };
        let written: IpAddr = ip.parse().map_err(|_| IpRangeError)?;
        let ip = written.to_canonical();
        let prefix = match prefix {
            // A prefix counts the bits of the form in which the address was written.
            Some(digits) if written == ip && digits.bytes().all(|byte| byte.is_ascii_digit()) => {
                digits.parse().map_err(|_| IpRangeError)?
            }
            Some(_) => return Err(IpRangeError),
            None => bits_of(ip),
        };
        if prefix > bits_of(ip) {
            return Err(IpRangeError);
        }
        let first = truncate(ip, prefix);
        Ok(Self { first, prefix })
    }
}

impl fmt::Display for IpRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.first)?;
        if self.prefix < bits_of(self.first) {
            write!(f, "/{}", self.prefix)?;
        }
        Ok(())
    }
}

impl Serialize for IpRange {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for IpRange {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

/// Returns the part of an address that rate limits count. A site has a whole /64 of IPv6.
pub fn source_of_ip(ip: IpAddr) -> String {
    match ip.to_canonical() {
        IpAddr::V4(v4) => v4.to_string(),
        v6 => truncate(v6, 64).to_string(),
    }
}

/// Returns the part of an address that is stored when a tenant masks addresses.
pub fn mask_ip(ip: IpAddr) -> IpAddr {
    let ip = ip.to_canonical();
    truncate(ip, if ip.is_ipv4() { 24 } else { 48 })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn range(text: &str) -> IpRange {
        text.parse().unwrap()
    }

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn ranges_contain_the_addresses_with_their_prefix() {
        for (text, inside, outside) in [
            ("203.0.113.0/24", "203.0.113.255", "203.0.114.0"),
            ("203.0.113.7/24", "203.0.113.0", "203.0.112.255"),
            ("203.0.113.7", "203.0.113.7", "203.0.113.8"),
            ("203.0.113.7", "::ffff:203.0.113.7", "::ffff:203.0.113.8"),
            ("::ffff:203.0.113.7", "203.0.113.7", "203.0.113.8"),
            ("2001:db8::/32", "2001:db8:ffff::1", "2001:db9::1"),
            ("0.0.0.0/0", "198.51.100.1", "2001:db8::1"),
            ("::/0", "2001:db8::1", "198.51.100.1"),
        ] {
            assert!(range(text).contains(ip(inside)), "{text} {inside}");
            assert!(!range(text).contains(ip(outside)), "{text} {outside}");
        }
    }

    #[test]
    fn ranges_have_one_spelling() {
        assert_eq!(range("203.0.113.7/24").to_string(), "203.0.113.0/24");
        assert_eq!(range("203.0.113.7/32").to_string(), "203.0.113.7");
        assert_eq!(range("2001:DB8:0::1/64").to_string(), "2001:db8::/64");
        let json = serde_json::to_value(range("203.0.113.0/24")).unwrap();
        assert_eq!(json, "203.0.113.0/24");
        assert_eq!(
            serde_json::from_value::<IpRange>(json).unwrap(),
            range("203.0.113.0/24")
        );
    }

    #[test]
    fn malformed_ranges_are_refused() {
        for text in [
            "",
            "/",
            "example.com",
            "203.0.113",
            "203.0.113.0/",
            "203.0.113.0/33",
            "203.0.113.0/+8",
            "203.0.113.0/-1",
            "203.0.113.0/999",
            "2001:db8::/129",
            "203.0.113.0/24/8",
            " 203.0.113.0",
            "::ffff:203.0.113.0/24",
        ] {
            assert_eq!(text.parse::<IpRange>(), Err(IpRangeError), "{text}");
        }
    }

    #[test]
    fn sources_and_masks_keep_the_network_alone() {
        assert_eq!(source_of_ip(ip("203.0.113.7")), "203.0.113.7");
        assert_eq!(source_of_ip(ip("::ffff:203.0.113.7")), "203.0.113.7");
        assert_eq!(source_of_ip(ip("2001:db8:1:2:3:4:5:6")), "2001:db8:1:2::");
        assert_eq!(mask_ip(ip("203.0.113.7")), ip("203.0.113.0"));
        assert_eq!(mask_ip(ip("2001:db8:1:2:3:4:5:6")), ip("2001:db8:1::"));
    }

    proptest! {
        #[test]
        fn ranges_contain_their_first_address_and_are_read_back(bits: u32, prefix in 0_u8..=32) {
            let range = range(&format!("{}/{prefix}", Ipv4Addr::from_bits(bits)));
            prop_assert!(range.contains(Ipv4Addr::from_bits(bits).into()));
            prop_assert_eq!(range.to_string().parse(), Ok(range));
        }
    }
}
