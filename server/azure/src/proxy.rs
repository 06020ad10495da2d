//! Decides which hosts are reached through the proxy; the same rule for every client.
use url::Url;

/// The proxy and its exceptions.
#[derive(Clone, Default)]
pub(crate) struct Route {
    proxy: Option<Url>,
    direct: Vec<String>,
}

impl Route {
    pub(crate) fn new(proxy: Option<Url>, direct: &[String]) -> Self {
        let direct = direct.iter().map(|host| host.trim_start_matches(['*', '.']).to_ascii_lowercase()).collect();
        Self { proxy, direct }
    }

    /// The proxy that leads to the host of this address; `None` is the direct way.
    pub(crate) fn to(&self, host: &str) -> Option<&Url> {
        let host = host.to_ascii_lowercase();
        let is_direct = self.direct.iter().any(|direct| {
            host.strip_suffix(direct.as_str())
                .is_some_and(|head| !direct.is_empty() && (head.is_empty() || head.ends_with('.')))
        });
        self.proxy.as_ref().filter(|_| !is_direct)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_named_host_and_all_below_it_go_directly_and_all_others_through_the_proxy() {
        let direct = ["169.254.169.254", ".internal.example", "*.corp.example"].map(str::to_owned);
        let route = Route::new(Some(Url::parse("http://proxy:3128").unwrap()), &direct);
        for host in ["169.254.169.254", "a.internal.example", "INTERNAL.example", "x.y.corp.example"] {
            assert!(route.to(host).is_none(), "{host}");
        }
        for host in ["management.azure.com", "notinternal.example", "1.169.254.169"] {
            assert!(route.to(host).is_some(), "{host}");
        }
    }
}
