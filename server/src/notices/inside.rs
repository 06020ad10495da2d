//! Which addresses lie inside: on this machine, on its link, in a private network, or nowhere on the internet.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Whether somebody outside could not mean it. Addresses of version 6 that carry one of version 4 are judged by that.
pub fn is_inside(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(four) => four_inside(four),
        IpAddr::V6(six) => carried(six).map_or_else(|| six_inside(six), four_inside),
    }
}

/// By the IANA registry of special-purpose addresses.
fn four_inside(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    let special = match a {
        0 | 10 | 127 => true,
        100 => (64..128).contains(&b),
        169 => b == 254,
        172 => (16..32).contains(&b),
        192 => b == 168 || (b == 0 && (c == 0 || c == 2)),
        198 => b == 18 || b == 19 || (b == 51 && c == 100),
        203 => b == 0 && c == 113,
        _ => false,
    };
    special || a >= 224
}

fn six_inside(address: Ipv6Addr) -> bool {
    let [first, second, ..] = address.segments();
    address.is_loopback()
        || address.is_unspecified()
        || first & 0xfe00 == 0xfc00 // unique local
        || first & 0xffc0 == 0xfe80 // link-local
        || first & 0xffc0 == 0xfec0 // site-local, as it once was
        || first & 0xff00 == 0xff00 // multicast
        || (first == 0x2001 && second == 0x0db8) // documentation
}

/// The address of version 4 in one that is mapped, translated (64:ff9b::/96) or tunnelled (2002::/16).
fn carried(address: Ipv6Addr) -> Option<Ipv4Addr> {
    let four = |high: u16, low: u16| Ipv4Addr::from((u32::from(high) << 16) | u32::from(low));
    match address.segments() {
        [0, 0, 0, 0, 0, 0xffff, high, low] | [0x64, 0xff9b, 0, 0, 0, 0, high, low] => Some(four(high, low)),
        [0, 0, 0, 0, 0, 0, high, low] if high != 0 => Some(four(high, low)),
        [0x2002, high, low, ..] => Some(four(high, low)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_lies_inside_is_told_in_every_way_of_writing_it() {
        let inside = |text: &str| is_inside(text.parse().expect("an address"));
        for text in [
            "127.0.0.1",
            "127.8.8.8",
            "10.1.2.3",
            "172.16.0.1",
            "172.31.255.255",
            "192.168.1.1",
            "169.254.169.254",
            "100.64.0.1",
            "0.0.0.0",
            "224.0.0.1",
            "255.255.255.255",
            "198.18.0.1",
            "::1",
            "::",
            "fe80::1",
            "fd00::1",
            "fec0::1",
            "ff02::1",
            "::ffff:127.0.0.1",
            "::ffff:10.0.0.1",
            "64:ff9b::a9fe:a9fe",
            "2002:7f00:1::",
            "::127.0.0.1",
            "2001:db8::1",
        ] {
            assert!(inside(text), "{text}");
        }
        for text in ["8.8.8.8", "172.32.0.1", "100.128.0.1", "192.0.1.1", "2606:4700::1111", "::ffff:8.8.8.8"] {
            assert!(!inside(text), "{text}");
        }
    }
}
