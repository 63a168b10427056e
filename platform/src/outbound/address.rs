//! Which addresses outbound calls may reach: public ones, and networks the operator allows.
//!
//! Ranges after the IANA special-purpose registries. What is not plainly a public unicast address is refused.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::{IpNet, Ipv4Net, Ipv6Net};

const fn v4(a: u8, b: u8, c: u8, len: u8) -> Ipv4Net {
    Ipv4Net::new_assert(Ipv4Addr::new(a, b, c, 0), len)
}

const fn v6(a: u16, b: u16, c: u16, len: u8) -> Ipv6Net {
    Ipv6Net::new_assert(Ipv6Addr::new(a, b, c, 0, 0, 0, 0, 0), len)
}

const FORBIDDEN_V4: &[Ipv4Net] = &[
    v4(0, 0, 0, 8),       // this network
    v4(10, 0, 0, 8),      // private
    v4(100, 64, 0, 10),   // carrier-grade NAT
    v4(127, 0, 0, 8),     // loopback
    v4(169, 254, 0, 16),  // link local, cloud metadata
    v4(172, 16, 0, 12),   // private
    v4(192, 0, 0, 24),    // protocol assignments
    v4(192, 0, 2, 24),    // documentation
    v4(192, 88, 99, 24),  // 6to4 relays
    v4(192, 168, 0, 16),  // private
    v4(198, 18, 0, 15),   // benchmarks
    v4(198, 51, 100, 24), // documentation
    v4(203, 0, 113, 24),  // documentation
    v4(224, 0, 0, 4),     // multicast
    v4(240, 0, 0, 4),     // reserved, broadcast
];

const FORBIDDEN_V6: &[Ipv6Net] = &[
    v6(0, 0, 0, 8),           // unspecified, loopback, mapped, compatible, translated
    v6(0x64, 0xff9b, 1, 48),  // local NAT64
    v6(0x100, 0, 0, 64),      // discard
    v6(0x2001, 0, 0, 23),     // protocol assignments, Teredo
    v6(0x2001, 0xdb8, 0, 32), // documentation
    v6(0x2002, 0, 0, 16),     // 6to4
    v6(0x3fff, 0, 0, 20),     // documentation
    v6(0x5f00, 0, 0, 16),     // segment routing
    v6(0xfc00, 0, 0, 7),      // unique local
    v6(0xfe80, 0, 0, 10),     // link local
    v6(0xfec0, 0, 0, 10),     // site local
    v6(0xff00, 0, 0, 8),      // multicast
];

/// The well-known NAT64 prefix, whose addresses stand for the IPv4 address in their last four bytes.
const NAT64: Ipv6Net = Ipv6Net::new_assert(Ipv6Addr::new(0x64, 0xff9b, 0, 0, 0, 0, 0, 0), 96);

/// Whether `ip` is a public unicast address.
#[must_use]
pub fn is_public(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => !FORBIDDEN_V4.iter().any(|net| net.contains(&ip)),
        IpAddr::V6(ip) if NAT64.contains(&ip) => {
            let [.., a, b, c, d] = ip.octets();
            is_public(IpAddr::V4(Ipv4Addr::new(a, b, c, d)))
        }
        IpAddr::V6(ip) => !FORBIDDEN_V6.iter().any(|net| net.contains(&ip)),
    }
}

/// What may be reached. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub struct Guard {
    /// Allowed though not public.
    pub allow: Vec<IpNet>,
    /// Refused though public or allowed.
    pub deny: Vec<IpNet>,
}

impl Guard {
    /// Whether `ip` may be reached.
    #[must_use]
    pub fn permits(&self, ip: IpAddr) -> bool {
        let within = |nets: &[IpNet]| nets.iter().any(|net| net.contains(&ip));
        !within(&self.deny) && (is_public(ip) || within(&self.allow))
    }
}
