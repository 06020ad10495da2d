//! Who is at the other end: the peer of the connection, or whom a proxy names that the configuration trusts.
//!
//! Anybody can write these headers. So they are read from the right, where the nearest proxy wrote, and only as far as
//! each address that wrote is trusted: the first one that is not is the caller, whatever stands left of it.

use crate::config::{Header, Proxy};
use axum::extract::{ConnectInfo, Request, State};
use axum::http::HeaderMap;
use axum::http::header::FORWARDED;
use axum::middleware::Next;
use axum::response::{IntoResponse, Redirect, Response};
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use url::Url;

/// What is trusted, and the address that people type.
#[derive(Clone, Debug)]
pub struct Proxies {
    proxy: Arc<Proxy>,
    public: Url,
}

/// The caller's address, in the request's extensions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CallerAddress(pub IpAddr);

/// Keeps the caller's address; whoever came to a trusted proxy without TLS is sent to the public address that has it.
pub async fn resolve(State(proxies): State<Proxies>, mut request: Request, next: Next) -> Response {
    let peer = request.extensions().get::<ConnectInfo<SocketAddr>>().map(|ConnectInfo(peer)| peer.ip());
    if let Some(peer) = peer {
        if proxies.public.scheme() == "https"
            && proxies.proxy.scheme(peer, request.headers()).as_deref() == Some("http")
        {
            let path = request.uri().path_and_query().map_or("/", |path| path.as_str());
            let to = format!("{}{path}", proxies.public.as_str().trim_end_matches('/'));
            return Redirect::permanent(&to).into_response();
        }
        let caller = proxies.proxy.caller(peer, request.headers());
        request.extensions_mut().insert(CallerAddress(caller));
    }
    next.run(request).await
}

impl Proxies {
    pub fn new(proxy: &Proxy, public: &Url) -> Proxies {
        Proxies { proxy: Arc::new(proxy.clone()), public: public.clone() }
    }
}

impl Proxy {
    fn trusts(&self, address: IpAddr) -> bool {
        self.trusted.iter().any(|net| net.contains(address))
    }

    /// The right-most address that is not trusted; where what stands before it cannot be read, the last one that could.
    fn caller(&self, peer: IpAddr, headers: &HeaderMap) -> IpAddr {
        let mut caller = peer.to_canonical();
        if !self.trusts(caller) {
            return caller;
        }
        let mut hops = self.hops(headers);
        while self.trusts(caller) {
            let Some(hop) = hops.pop() else { break };
            let Some(address) = hop.address else { break };
            caller = address;
        }
        caller
    }

    /// By which scheme the caller came to the nearest proxy, where that one is trusted and says it.
    fn scheme(&self, peer: IpAddr, headers: &HeaderMap) -> Option<String> {
        if !self.trusts(peer.to_canonical()) {
            return None;
        }
        let said = match self.header {
            Header::XForwardedFor => items(headers, "x-forwarded-proto").pop(),
            Header::Forwarded => self.hops(headers).pop().and_then(|hop| hop.proto),
        };
        said.map(|said| said.to_ascii_lowercase())
    }

    /// In the order of the headers: the nearest last.
    fn hops(&self, headers: &HeaderMap) -> Vec<Hop> {
        match self.header {
            Header::XForwardedFor => {
                let each = items(headers, "x-forwarded-for").into_iter();
                each.map(|item| Hop { address: address(&item), proto: None }).collect()
            }
            Header::Forwarded => items(headers, FORWARDED.as_str()).iter().map(|item| Hop::of(item)).collect(),
        }
    }
}

struct Hop {
    /// None where the proxy hides it, or it cannot be read.
    address: Option<IpAddr>,
    proto: Option<String>,
}

impl Hop {
    /// `for="[2001:db8::1]:4711";proto=https;by=…`
    fn of(element: &str) -> Hop {
        let mut hop = Hop { address: None, proto: None };
        for pair in split(element, ';') {
            let Some((name, value)) = pair.split_once('=') else { continue };
            let value = value.trim().trim_matches('"');
            match name.trim().to_ascii_lowercase().as_str() {
                "for" => hop.address = address(value),
                "proto" => hop.proto = Some(value.to_owned()),
                _ => {}
            }
        }
        hop
    }
}

/// The items of every line of a header, in order; a line that is no text is one item that says nothing.
fn items(headers: &HeaderMap, name: &str) -> Vec<String> {
    let lines = headers.get_all(name).iter().map(|line| line.to_str().unwrap_or("unknown"));
    lines.flat_map(|line| split(line, ',')).map(|item| item.trim().to_owned()).collect()
}

/// At every separator that stands in no quotation.
fn split(text: &str, separator: char) -> Vec<&str> {
    let mut quoted = false;
    text.split(move |letter| {
        quoted ^= letter == '"';
        letter == separator && !quoted
    })
    .collect()
}

/// An address, with or without a port: `192.0.2.1`, `192.0.2.1:4711`, `2001:db8::1`, `[2001:db8::1]:4711`.
fn address(text: &str) -> Option<IpAddr> {
    let bare = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')).unwrap_or(text);
    let found = bare.parse().ok().or_else(|| text.parse::<SocketAddr>().ok().map(|address| address.ip()));
    found.map(|address: IpAddr| address.to_canonical())
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::{HeaderName, HeaderValue};

    fn proxy(header: Header) -> Proxy {
        let trusted = ["10.0.0.0/8", "fd00::/8"].map(|net| net.to_owned().try_into().expect("a net")).to_vec();
        Proxy { trusted, header }
    }

    fn headers(lines: &[(&str, &str)]) -> HeaderMap {
        let each = lines.iter().map(|(name, value)| {
            (HeaderName::try_from(*name).expect("a name"), HeaderValue::from_str(value).expect("a value"))
        });
        each.collect()
    }

    /// Whoever sends what, and who is taken to be the caller.
    #[test]
    fn the_caller_is_the_nearest_address_that_is_not_trusted() {
        let proxy = proxy(Header::XForwardedFor);
        for (peer, forwarded, caller) in [
            // Not by a proxy: whatever is said, it is the peer.
            ("192.0.2.9", &[][..], "192.0.2.9"),
            ("192.0.2.9", &["10.0.0.1"], "192.0.2.9"),
            ("192.0.2.9", &["203.0.113.7, 10.0.0.2"], "192.0.2.9"),
            ("127.0.0.1", &["203.0.113.7"], "127.0.0.1"),
            // By one proxy, and by two.
            ("10.0.0.1", &["203.0.113.7"], "203.0.113.7"),
            ("10.0.0.1", &["203.0.113.7, 10.0.0.2"], "203.0.113.7"),
            ("10.0.0.1", &["203.0.113.7", "10.0.0.2"], "203.0.113.7"),
            ("::ffff:10.0.0.1", &["203.0.113.7"], "203.0.113.7"),
            ("fd00::1", &["2001:db8::7"], "2001:db8::7"),
            // The caller had written something into the header already.
            ("10.0.0.1", &["198.51.100.1, 203.0.113.7"], "203.0.113.7"),
            ("10.0.0.1", &["198.51.100.1", "203.0.113.7"], "203.0.113.7"),
            ("10.0.0.1", &["10.9.9.9, 203.0.113.7, 10.0.0.2"], "203.0.113.7"),
            ("10.0.0.1", &["127.0.0.1, 203.0.113.7"], "203.0.113.7"),
            // Nothing, or nothing that can be read: whoever was read last.
            ("10.0.0.1", &[], "10.0.0.1"),
            ("10.0.0.1", &[""], "10.0.0.1"),
            ("10.0.0.1", &["unknown"], "10.0.0.1"),
            ("10.0.0.1", &["203.0.113.7, <script>, 10.0.0.2"], "10.0.0.2"),
            ("10.0.0.1", &["10.0.0.3, 10.0.0.2"], "10.0.0.3"),
            // With ports.
            ("10.0.0.1", &["203.0.113.7:4711"], "203.0.113.7"),
            ("10.0.0.1", &["[2001:db8::7]:4711"], "2001:db8::7"),
            ("10.0.0.1", &["::ffff:203.0.113.7"], "203.0.113.7"),
        ] {
            let lines: Vec<_> = forwarded.iter().map(|line| ("x-forwarded-for", *line)).collect();
            let found = proxy.caller(peer.parse().expect("an address"), &headers(&lines));
            assert_eq!(found.to_string(), caller, "{peer} {forwarded:?}");
        }
    }

    #[test]
    fn the_standard_header_is_read_with_its_quotations_and_the_other_one_is_not() {
        let proxy = proxy(Header::Forwarded);
        for (forwarded, caller) in [
            ("for=203.0.113.7;proto=https", "203.0.113.7"),
            ("For=\"[2001:db8::7]:4711\"; by=10.0.0.1", "2001:db8::7"),
            ("for=198.51.100.1, for=203.0.113.7, for=10.0.0.2", "203.0.113.7"),
            ("for=_hidden, for=10.0.0.2", "10.0.0.2"),
            ("for=\"203.0.113.7, for=198.51.100.1\"", "10.0.0.1"),
            ("proto=https", "10.0.0.1"),
        ] {
            let lines = headers(&[("forwarded", forwarded), ("x-forwarded-for", "198.51.100.99")]);
            assert_eq!(proxy.caller([10, 0, 0, 1].into(), &lines).to_string(), caller, "{forwarded}");
        }
    }

    #[test]
    fn the_scheme_is_believed_of_a_trusted_proxy_alone() {
        let (trusted, other): (IpAddr, IpAddr) = ([10, 0, 0, 1].into(), [192, 0, 2, 1].into());
        let lines = headers(&[("x-forwarded-proto", "https, HTTP"), ("forwarded", "for=1.1.1.1;proto=http")]);
        for header in [Header::XForwardedFor, Header::Forwarded] {
            assert_eq!(proxy(header).scheme(trusted, &lines).as_deref(), Some("http"));
            assert_eq!(proxy(header).scheme(other, &lines), None);
            assert_eq!(proxy(header).scheme(trusted, &HeaderMap::new()), None);
        }
        assert_eq!(Proxy::default().scheme(trusted, &lines), None);
    }
}
