//! The portal's REST API as the commands ask it: with the token, safely repeated, and refused in the portal's own words.

use crate::exit::{Exit, Failure};
use crate::login::Known;
use crate::retry::Patience;
use domain::problem::Problem;
use reqwest::header::{ACCEPT, AUTHORIZATION, ETAG, HeaderMap, HeaderValue, IF_MATCH, LOCATION};
use reqwest::{Method, Response};
use secrecy::ExposeSecret;
use serde_json::Value;
use std::time::Duration;
use url::Url;
use uuid::Uuid;

/// Longest time until there is a connection, and until an answer is whole; a portal waits for jobs a minute at most.
const CONNECT: Duration = Duration::from_secs(10);
const WHOLE: Duration = Duration::from_secs(100);

/// What asks `address`; a machine's own address is asked past every proxy.
pub(crate) fn client(address: &Url, headers: HeaderMap) -> Result<reqwest::Client, Failure> {
    let http = reqwest::Client::builder().default_headers(headers).connect_timeout(CONNECT);
    let http = http.user_agent(concat!("keystead/", env!("CARGO_PKG_VERSION"))).read_timeout(WHOLE);
    let here = address.host_str().is_some_and(|host| host == "localhost" || host.starts_with("127."));
    let http = if here { http.no_proxy() } else { http };
    http.build().map_err(|error| Failure::new(Exit::Failed, format!("preparing to ask: {error}")))
}

pub(crate) struct Api {
    http: reqwest::Client,
    server: Url,
}

/// What the portal answered.
pub(crate) struct Answer {
    pub body: Value,
    etag: Option<String>,
    location: Option<String>,
}

impl Answer {
    /// Names the state that was read, for a change of exactly that.
    pub(crate) fn state(&self) -> String {
        self.etag.clone().unwrap_or_else(|| "*".to_owned())
    }

    /// Id of the job or request where it leads to.
    pub(crate) fn leads_to(&self, noun: &str) -> Option<String> {
        let (before, id) = self.location.as_deref()?.rsplit_once('/')?;
        before.ends_with(&format!("/{noun}")).then(|| id.to_owned())
    }
}

impl Api {
    pub(crate) fn of(known: &Known) -> Result<Api, Failure> {
        let bearer = format!("Bearer {}", known.token.expose_secret());
        let mut bearer = HeaderValue::from_str(&bearer).map_err(|_| Failure::usage("This is no token."))?;
        bearer.set_sensitive(true);
        let headers = HeaderMap::from_iter([(AUTHORIZATION, bearer)]);
        Ok(Api { http: client(&known.server, headers)?, server: known.server.clone() })
    }

    /// As somebody whom the portal does not know yet.
    pub(crate) fn of_stranger(server: &Url) -> Result<Api, Failure> {
        Ok(Api { http: client(server, HeaderMap::new())?, server: server.clone() })
    }

    pub(crate) fn server(&self) -> &Url {
        &self.server
    }

    fn at(&self, path: &[&str], query: &[(&str, &str)]) -> Result<Url, Failure> {
        let mut url = self.server.clone();
        let wrong = |()| Failure::usage(format!("{} is no address of a portal.", self.server));
        url.path_segments_mut().map_err(wrong)?.pop_if_empty().extend(["api", "v1"]).extend(path);
        let said = query.iter().filter(|(_, value)| !value.is_empty());
        url.query_pairs_mut().extend_pairs(said);
        if url.query() == Some("") {
            url.set_query(None);
        }
        Ok(url)
    }

    pub(crate) async fn get(&self, path: &[&str], query: &[(&str, &str)]) -> Result<Answer, Failure> {
        self.whole(Method::GET, self.at(path, query)?, None, None).await
    }

    /// Says something new.
    pub(crate) async fn post(&self, path: &[&str], body: Option<&Value>) -> Result<Answer, Failure> {
        self.whole(Method::POST, self.at(path, &[])?, body, None).await
    }

    /// Changes what was read in this state.
    pub(crate) async fn change(&self, path: &[&str], body: Option<&Value>, state: &str) -> Result<Answer, Failure> {
        self.whole(Method::POST, self.at(path, &[])?, body, Some(state)).await
    }

    /// Puts a document; `state` is that of what it replaces.
    pub(crate) async fn put(&self, path: &[&str], body: &Value, state: Option<&str>) -> Result<Answer, Failure> {
        self.whole(Method::PUT, self.at(path, &[])?, Some(body), state).await
    }

    /// A file.
    pub(crate) async fn file(&self, path: &[&str]) -> Result<Vec<u8>, Failure> {
        let request = self.http.get(self.at(path, &[])?).timeout(WHOLE);
        let answer = self.sent(request).await?;
        Ok(answer.bytes().await.map_err(|error| self.away(&error))?.to_vec())
    }

    /// What comes, behind the id that was heard last.
    pub(crate) async fn listen(
        &self,
        path: &[&str],
        query: &[(&str, &str)],
        last: Option<&str>,
    ) -> Result<Response, Failure> {
        let mut request = self.http.get(self.at(path, query)?).header(ACCEPT, "text/event-stream");
        if let Some(last) = last {
            request = request.header("last-event-id", last);
        }
        let answer = request.send().await.map_err(|error| self.away(&error))?;
        self.refused(answer).await
    }

    /// Asked again where nothing was answered: the key says that it is the same command.
    async fn whole(
        &self,
        method: Method,
        url: Url,
        body: Option<&Value>,
        state: Option<&str>,
    ) -> Result<Answer, Failure> {
        let key = Uuid::new_v4().to_string();
        let mut request = self.http.request(method.clone(), url).header(ACCEPT, "application/json").timeout(WHOLE);
        if method != Method::GET {
            request = request.header("idempotency-key", key);
        }
        if let Some(state) = state {
            request = request.header(IF_MATCH, state);
        }
        if let Some(body) = body {
            request = request.json(body);
        }
        let answer = self.sent(request).await?;
        let header = |name| answer.headers().get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
        let (etag, location) = (header(ETAG), header(LOCATION));
        let bytes = answer.bytes().await.map_err(|error| self.away(&error))?;
        let unread =
            |error| Failure::new(Exit::Failed, format!("the answer of {} does not read: {error}", self.server));
        let body = if bytes.is_empty() { Value::Null } else { serde_json::from_slice(&bytes).map_err(unread)? };
        Ok(Answer { body, etag, location })
    }

    async fn sent(&self, request: reqwest::RequestBuilder) -> Result<Response, Failure> {
        let mut patience = Patience::default();
        loop {
            let again = request.try_clone().ok_or_else(|| Failure::new(Exit::Failed, "it cannot be sent again"))?;
            match again.send().await {
                Ok(answer) if patience.waits_for(&answer).await => {}
                Ok(answer) => return self.refused(answer).await,
                Err(error) if patience.waits(&error).await => {}
                Err(error) => return Err(self.away(&error)),
            }
        }
    }

    async fn refused(&self, answer: Response) -> Result<Response, Failure> {
        let status = answer.status();
        if status.is_success() {
            return Ok(answer);
        }
        let text = answer.text().await.unwrap_or_default();
        match serde_json::from_str::<Problem>(&text) {
            Ok(problem) => Err(Failure::of(&problem)),
            Err(_) => {
                let said = format!("{} answered {status}, and not as a portal does", self.server);
                Err(Failure::new(Exit::of_status(status.as_u16()), said))
            }
        }
    }

    fn away(&self, error: &reqwest::Error) -> Failure {
        let mut why: &dyn std::error::Error = error;
        while let Some(deeper) = why.source() {
            why = deeper;
        }
        Failure::new(Exit::Unreachable, format!("{} does not answer: {why}", self.server))
    }
}
