//! What stands between the network and the portal: the certificate it shows, the proxies it trusts, the limits it keeps.

use ipnet::IpNet;
use serde::Deserialize;
use std::net::IpAddr;
use std::path::PathBuf;

/// The portal's own certificate; both files are PEM, and are read anew when they change.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tls {
    /// The server's certificate first, then those between it and the authority.
    pub certificate: PathBuf,
    pub key: PathBuf,
}

/// Proxies in front of the portal. What they say of the caller is believed of them alone.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Proxy {
    /// Their addresses: `10.0.0.0/8`, or a single one.
    #[serde(default)]
    pub trusted: Vec<Net>,
    /// In which header they name the caller.
    #[serde(default)]
    pub header: Header,
}

/// One address, or all that begin alike.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(try_from = "String")]
pub struct Net(IpNet);

impl TryFrom<String> for Net {
    type Error = String;

    fn try_from(text: String) -> Result<Net, String> {
        let one = text.parse::<IpAddr>().map(IpNet::from);
        let net = text.parse().or(one).map_err(|_| format!("{text} is no address and no net, as 10.0.0.0/8 is one"))?;
        Ok(Net(net))
    }
}

impl Net {
    pub fn contains(&self, address: IpAddr) -> bool {
        self.0.contains(&address)
    }
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Header {
    /// With `X-Forwarded-Proto` beside it.
    #[default]
    XForwardedFor,
    /// RFC 7239.
    Forwarded,
}

/// How often and how slowly somebody may ask. Each number of requests a minute may also come at once; 0 is no limit.
/// Each server counts for itself.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RequestLimits {
    /// Requests of one person.
    pub person_a_minute: u32,
    /// Requests with one token.
    pub token_a_minute: u32,
    /// Requests from one address by nobody that is known.
    pub stranger_a_minute: u32,
    /// Requests to the sign-in and back from it, from one address.
    pub sign_in_a_minute: u32,
    /// Longest time for the head of a request, and for a TLS handshake.
    pub head_seconds: u64,
    /// Longest pause within the body of a request.
    pub body_seconds: u64,
}

impl Default for RequestLimits {
    fn default() -> Self {
        RequestLimits {
            person_a_minute: 3000,
            token_a_minute: 3000,
            stranger_a_minute: 600,
            sign_in_a_minute: 120,
            head_seconds: 30,
            body_seconds: 10,
        }
    }
}
