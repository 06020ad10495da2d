//! One file of the page with its address, its kind and its compressed copies.

use bytes::Bytes;
use sha2::{Digest, Sha256};

/// A file as it goes over the wire.
#[derive(Clone, Debug)]
pub struct Asset {
    /// `/pkg/NAME.HASH.EXT`, the hash being the first 16 hexadecimal digits of the content's SHA-256.
    pub path: String,
    /// The value of `Content-Type`.
    pub content_type: String,
    plain: Bytes,
    brotli: Option<Bytes>,
    gzip: Option<Bytes>,
}

/// How a body is compressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encoding {
    Brotli,
    Gzip,
    Identity,
}

impl Encoding {
    /// The value of `Content-Encoding`; `None` for the plain bytes, which carry no such header.
    pub fn token(self) -> Option<&'static str> {
        match self {
            Self::Brotli => Some("br"),
            Self::Gzip => Some("gzip"),
            Self::Identity => None,
        }
    }
}

impl Asset {
    /// The smallest copy that the value of `Accept-Encoding` allows (empty: the plain bytes). An answer made of it
    /// says `Vary: Accept-Encoding`.
    pub fn body(&self, accept_encoding: &str) -> (Encoding, Bytes) {
        let copies = [(Encoding::Brotli, &self.brotli), (Encoding::Gzip, &self.gzip)];
        for (encoding, copy) in copies {
            if let (Some(token), Some(copy)) = (encoding.token(), copy)
                && accepts(accept_encoding, token)
            {
                return (encoding, copy.clone());
            }
        }
        (Encoding::Identity, self.plain.clone())
    }

    pub(crate) fn of(name: &str, plain: Bytes, brotli: Option<Bytes>, gzip: Option<Bytes>) -> Self {
        let digest = hex::encode(Sha256::digest(&plain));
        let (stem, ending) = name.rsplit_once('.').unwrap_or((name, "bin"));
        let kind = mime_guess::from_ext(ending).first_or_octet_stream();
        let charset = if kind.type_() == "text" || kind.subtype() == "javascript" { "; charset=utf-8" } else { "" };
        Self {
            path: format!("{}{stem}.{}.{ending}", crate::PREFIX, &digest[..16]),
            content_type: format!("{}{charset}", kind.essence_str()),
            plain,
            brotli,
            gzip,
        }
    }
}

/// Whether the list names the coding with a weight above zero (RFC 9110, 12.5.3; `*` is not used by browsers and is
/// taken as "no").
fn accepts(list: &str, token: &str) -> bool {
    list.split(',').any(|entry| {
        let mut parts = entry.split(';').map(str::trim);
        let named = parts.next().is_some_and(|name| name.eq_ignore_ascii_case(token));
        let weight = parts.find_map(|part| part.strip_prefix("q="));
        named && weight.is_none_or(|weight| weight.parse::<f32>().is_ok_and(|weight| weight > 0.0))
    })
}
