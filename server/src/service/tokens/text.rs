//! A token's text: a prefix that those who look for leaked secrets know, 256 random bits, and a check sum.
//!
//! `keystead_pat_` (of a person) or `keystead_svc_` (of a service), 43 letters and digits, and six more that are the CRC-32
//! of everything before them, in base 62: so a scanner tells a token from a text that only looks like one without asking.

use rand::Rng;
use rand::distr::Alphanumeric;
use secrecy::SecretString;
use sha2::{Digest, Sha256};

const PERSONAL: &str = "keystead_pat_";
const SERVICE: &str = "keystead_svc_";
/// What older ones begin with; 64 hexadecimal digits follow.
const OLDER: &str = "keystead_";

const RANDOM: usize = 43; // 62^43 is just over 2^256
const SUM: usize = 6;

/// A new one, of a service or of a person.
pub(in crate::service) fn new(service: bool) -> String {
    let random: String = rand::rng().sample_iter(Alphanumeric).take(RANDOM).map(char::from).collect();
    let body = format!("{}{random}", if service { SERVICE } else { PERSONAL });
    let sum = sum(&body);
    format!("{body}{sum}")
}

/// Under what it is kept; `None` where it is no token of ours. An older server takes the plain hash, and so finds no token
/// whose scopes it would not look at.
pub(in crate::service) fn hash(token: &str) -> Option<String> {
    if token.starts_with(PERSONAL) || token.starts_with(SERVICE) {
        let body = token.get(..token.len().checked_sub(SUM)?)?;
        let random = body.get(PERSONAL.len()..)?;
        let plain = random.len() == RANDOM && random.bytes().all(|byte| byte.is_ascii_alphanumeric());
        return (plain && token[body.len()..] == sum(body)).then(|| digest(&format!("scoped:{token}")));
    }
    token.starts_with(OLDER).then(|| digest(token))
}

/// A token is 32 random bytes, so that a plain hash is enough.
fn digest(text: &str) -> String {
    hex::encode(Sha256::digest(text.as_bytes()))
}

fn sum(body: &str) -> String {
    const DIGITS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    let mut rest = crc32fast::hash(body.as_bytes()) as usize;
    let mut digits = ['0'; SUM];
    for place in digits.iter_mut().rev() {
        *place = char::from(DIGITS[rest % 62]);
        rest /= 62;
    }
    digits.iter().collect()
}

/// As it is kept in memory and shown once.
pub(in crate::service) fn secret(token: String) -> SecretString {
    SecretString::from(token)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_told_from_what_only_looks_like_one() {
        for service in [true, false] {
            let token = new(service);
            assert_eq!(token.len(), 62, "{token}");
            assert!(hash(&token).is_some_and(|hash| hash.len() == 64 && hash != digest(&token)));
            for place in 13..token.len() {
                let mut other: Vec<char> = token.chars().collect();
                other[place] = if other[place] == 'a' { 'b' } else { 'a' };
                assert_eq!(hash(&other.into_iter().collect::<String>()), None, "another sign at {place}");
            }
            assert_eq!(hash(&token[..61]), None);
            assert_eq!(hash(&format!("{token}0")), None);
            // A service's token does not become a person's by its prefix.
            assert_eq!(hash(&token.replace("pat", "tap").replace("svc", "pat").replace("tap", "svc")), None);
        }
        for none in ["", "keystead", "eyJhbGciOi", "keystead_pat_", "keystead_svc_é", "keystead_pat_\u{10348}aaaaaa"] {
            assert_eq!(hash(none), None, "{none}");
        }
        let older = format!("keystead_{}", "0".repeat(64));
        assert_eq!(hash(&older), Some(digest(&older)), "older ones go on working");
    }

    /// By the numbers of others: CRC-32 of `123456789` is 0xCBF43926.
    #[test]
    fn the_sum_is_the_one_that_everybody_computes() {
        assert_eq!(crc32fast::hash(b"123456789"), 0xCBF4_3926);
        assert_eq!(sum("123456789").len(), 6);
        assert_eq!(sum("123456789"), "3jZRME");
    }
}
