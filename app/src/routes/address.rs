//! What an address is made of: parts that cannot leave their place.

pub(super) fn with_query(path: &str, pairs: &[(&str, &str)]) -> String {
    let mut address = path.to_owned();
    for (name, value) in pairs.iter().filter(|(_, value)| !value.is_empty()) {
        address.push(if address.contains('?') { '&' } else { '?' });
        address.push_str(name);
        address.push('=');
        address.push_str(&query(value));
    }
    address
}

pub(super) fn segment(text: &str) -> String {
    escape(text, "")
}

pub(super) fn query(text: &str) -> String {
    escape(text, "/")
}

/// Percent-encoding of everything but RFC 3986's unreserved characters and those in `also`.
fn escape(text: &str, also: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        let plain = byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) || also.as_bytes().contains(&byte);
        if plain {
            out.push(byte as char);
        } else {
            out.push('%');
            for half in [byte >> 4, byte & 15] {
                out.push(char::from_digit(u32::from(half), 16).unwrap_or('0').to_ascii_uppercase());
            }
        }
    }
    out
}
