//! Our HTTP client towards the identity provider: the way that the configuration says, never what the environment says.

use crate::config::Azure;
use reqwest::redirect::Policy;
use std::time::Duration;

/// The proxy is the one of Azure, since the provider stands beside it; loopback is always reached directly.
pub fn client(azure: &Azure) -> Result<reqwest::Client, reqwest::Error> {
    let mut client = reqwest::Client::builder()
        .no_proxy()
        // A provider that redirects a back-channel call would lead us anywhere.
        .redirect(Policy::none())
        .timeout(Duration::from_secs(10));
    if let Some(proxy) = &azure.proxy {
        let mut direct = azure.no_proxy.join(",");
        direct.push_str(",127.0.0.1,localhost");
        client = client.proxy(reqwest::Proxy::all(proxy.clone())?.no_proxy(reqwest::NoProxy::from_string(&direct)));
    }
    if let Some(pem) = azure.extra_ca.as_ref().and_then(|path| std::fs::read(path).ok()) {
        client = client.tls_certs_merge(reqwest::Certificate::from_pem_bundle(&pem)?);
    }
    client.build()
}
