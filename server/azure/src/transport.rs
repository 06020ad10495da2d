//! Sends requests: the one place where proxy, trusted authorities and time-outs are set for all that speaks to Azure.
use crate::{cloud::Cloud, config::Config, error::Error, one_try::OneTry, operation::Reply, proxy::Route, trace};
use azure_core::http::{ClientOptions, HttpClient, RetryOptions, Transport as SdkTransport};
use http::{HeaderValue, Method, header};
use reqwest::{Certificate, Client, ClientBuilder, Proxy, redirect::Policy};
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;
use std::{path::Path, sync::Arc, time::Duration};
use url::Url;
use uuid::Uuid;

const CONNECT: Duration = Duration::from_secs(5);
/// Azure answers a write within seconds, the rest being an operation.
const ANSWER: Duration = Duration::from_secs(30);
/// A web app that takes longer than this to answer a check does not answer.
const PLAIN_ANSWER: Duration = Duration::from_secs(10);
/// Every vault has a host of its own, and what is said to it is said within seconds.
const IDLE: Duration = Duration::from_secs(5);
const USER_AGENT: &str = concat!("keystead/", env!("CARGO_PKG_VERSION"));

/// The clients, and what made them.
#[derive(Clone)]
pub(crate) struct Transport {
    client: Client,
    plain: Client,
    route: Route,
    cloud: Arc<Cloud>,
}

impl Transport {
    pub(crate) fn new(config: &Config) -> Result<Self, Error> {
        let route = Route::new(config.proxy.clone(), &config.no_proxy);
        let authorities = match &config.extra_ca {
            Some(path) => authorities(path)?,
            None => Vec::new(),
        };
        let through = route.clone();
        let proxy = Proxy::custom(move |url| url.host_str().and_then(|host| through.to(host)).cloned());
        Ok(Self {
            client: build(base(&authorities).proxy(proxy).timeout(ANSWER).redirect(Policy::none()))?,
            plain: build(base(&authorities).timeout(PLAIN_ANSWER).redirect(Policy::limited(3)))?,
            route,
            cloud: Arc::new(config.cloud.clone()),
        })
    }

    /// What every client of the SDK is made with. Nothing tries again by itself: whoever calls decides.
    pub(crate) fn sdk(&self) -> ClientOptions {
        self.options(Arc::new(self.client.clone()))
    }

    /// What every credential of the SDK is made with.
    pub(crate) fn sdk_sign_in(&self) -> ClientOptions {
        self.options(Arc::new(OneTry(self.client.clone())))
    }

    fn options(&self, client: Arc<dyn HttpClient>) -> ClientOptions {
        ClientOptions {
            retry: RetryOptions::none(),
            transport: Some(SdkTransport::new(client)),
            cloud: Some(Arc::new(self.cloud.sdk())),
            ..ClientOptions::default()
        }
    }

    /// The client for all of Azure.
    pub(crate) fn client(&self) -> &Client {
        &self.client
    }

    /// A client without any proxy, for what is not Azure: the web apps.
    pub(crate) fn plain(&self) -> &Client {
        &self.plain
    }

    pub(crate) fn route(&self) -> &Route {
        &self.route
    }

    /// One request and its answer, whatever its status; without a token where anybody is answered. Only a GET that found no connection is sent again, once.
    pub(crate) async fn exchange(
        &self,
        method: Method,
        url: Url,
        resource: &str,
        token: Option<&SecretString>,
        body: Option<&Value>,
        further: Option<(&'static str, &str)>,
    ) -> Result<Reply, Error> {
        let id = Uuid::new_v4().to_string();
        let bearer = token.map(bearer).transpose();
        let bearer = bearer
            .map_err(|_| Error::rejected(method.as_str(), resource, "BadToken", "the token cannot be a header"))?;
        let send = || {
            let mut request = self
                .client
                .request(method.clone(), url.clone())
                .header(header::ACCEPT, "application/json")
                .header("x-ms-client-request-id", &id);
            if let Some(bearer) = &bearer {
                request = request.header(header::AUTHORIZATION, bearer.clone());
            }
            if let Some(trace) = trace::current() {
                request = request.header("traceparent", trace);
            }
            if let Some((name, value)) = further {
                request = request.header(name, value);
            }
            request = match body {
                Some(body) => request.json(body),
                None if method == Method::POST => request.header(header::CONTENT_LENGTH, 0),
                None => request,
            };
            request.send()
        };
        let response = match send().await {
            Err(error) if error.is_connect() && method == Method::GET => send().await,
            other => other,
        };
        let lost = |error: reqwest::Error| Error::unreachable(method.as_str(), resource, cause(error));
        let response = response.map_err(lost)?;
        Ok(Reply {
            status: response.status().as_u16(),
            headers: response.headers().clone(),
            body: response.bytes().await.map_err(lost)?.to_vec(),
        })
    }
}

fn bearer(token: &SecretString) -> Result<HeaderValue, header::InvalidHeaderValue> {
    let mut bearer = HeaderValue::try_from(format!("Bearer {}", token.expose_secret()))?;
    bearer.set_sensitive(true);
    Ok(bearer)
}

/// What lies under an error of the client; its own text holds the address, which may be a signed one.
pub(crate) fn cause(error: reqwest::Error) -> String {
    let mut text = error_chain(&error.without_url());
    if text.is_empty() {
        text = "the connection failed".to_owned();
    }
    text
}

/// The words of an error and of all that lie under it.
pub(crate) fn error_chain(error: &(dyn std::error::Error + 'static)) -> String {
    let mut words = vec![error.to_string()];
    let mut source = error.source();
    while let Some(under) = source {
        let text = under.to_string();
        if !words.iter().any(|word| word.contains(&text)) {
            words.push(text);
        }
        source = under.source();
    }
    words.join(": ")
}

fn base(authorities: &[Certificate]) -> ClientBuilder {
    // `no_proxy` first: the environment of the process says nothing here.
    let builder = Client::builder().no_proxy().user_agent(USER_AGENT).connect_timeout(CONNECT).pool_idle_timeout(IDLE);
    if authorities.is_empty() { builder } else { builder.tls_certs_merge(authorities.to_vec()) }
}

fn build(builder: ClientBuilder) -> Result<Client, Error> {
    builder.build().map_err(|error| {
        Error::rejected(
            "CONNECT",
            "azure",
            "BadConfiguration",
            format!("the http client cannot be made: {}", cause(error)),
        )
    })
}

fn authorities(path: &Path) -> Result<Vec<Certificate>, Error> {
    let wrong = |why: String| {
        let message = format!("the certificate authorities in {} cannot be read: {why}", path.display());
        Error::rejected("CONNECT", "azure", "BadConfiguration", message)
    };
    let pem = std::fs::read(path).map_err(|error| wrong(error.to_string()))?;
    Certificate::from_pem_bundle(&pem).map_err(|error| wrong(cause(error)))
}
