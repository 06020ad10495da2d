//! Speaks to Azure Resource Manager: one client for every kind of resource, documents in and documents out.
use crate::{
    error::{Error, Kind},
    id::ResourceId,
    lately::Lately,
    operation::{self, Answer, Follow, Next, Operation, Progress, Reply},
    pace::Pace,
    refusal,
    request::Request,
    seen::Seen,
    shared::Shared,
    token::Tokens,
    transport::Transport,
};
use http::Method;
use jiff::Timestamp;
use serde_json::Value;
use std::{sync::Arc, time::Duration};
use url::Url;

/// Pages of a list that are followed at most; Azure's own are of hundreds of entries.
const MOST_PAGES: usize = 1000;

/// Azure Resource Manager.
///
/// A call is one request: whoever calls decides on trying again. Only a GET whose connection could not be made is
/// sent a second time at once. Throttling comes back as [`Kind::Throttled`], and holds for all calls that follow.
#[derive(Clone)]
pub struct Arm {
    transport: Transport,
    tokens: Tokens,
    pace: Pace,
    base: Url,
    scope: String,
    shared: Shared,
    /// What the worker that calls has just seen; nobody's where nobody remembers.
    lately: Option<Lately>,
    /// What a look is answered from before Azure is asked.
    seen: Option<Seen>,
}

impl Arm {
    pub(crate) fn new(transport: Transport, tokens: Tokens, pace: Pace, base: Url, audience: &str) -> Self {
        let scope = format!("{}/.default", audience.trim_end_matches('/'));
        Self { transport, tokens, pace, base, scope, shared: Shared::default(), lately: None, seen: None }
    }

    /// The same for one worker, which remembers for a moment what it sees and writes ([`Arm::lately`]).
    pub(crate) fn remembering(&self) -> Self {
        Self { lately: Some(Lately::default()), ..self.clone() }
    }

    /// The same for whoever is content with what these lists say of the resources in them.
    pub(crate) fn seeing(&self, seen: Seen) -> Self {
        Self { seen: Some(seen), ..self.clone() }
    }

    /// The resource as it is; `None` where there is none.
    pub async fn get(&self, id: &ResourceId) -> Result<Option<Value>, Error> {
        if let Some(seen) = self.seen.as_ref().and_then(|seen| seen.find(id)) {
            return Ok(seen.cloned());
        }
        let found = match self.read(Request::get(id)?).await {
            Ok(document) => Some(document),
            Err(error) if error.kind() == Kind::NotFound => None,
            Err(error) => return Err(error),
        };
        if let Some(lately) = &self.lately {
            lately.read(id.as_str(), found.as_ref(), self.pace.now());
        }
        Ok(found)
    }

    /// The resource as this worker knows it: what it has just read, or that it cannot be there, since nothing was and
    /// nobody but itself has made anything since. Otherwise it is asked for.
    pub async fn lately(&self, id: &ResourceId) -> Result<Option<Value>, Error> {
        match self.lately.as_ref().and_then(|lately| lately.of(id.as_str(), self.pace.now())) {
            Some(known) => Ok(known),
            None => self.get(id).await,
        }
    }

    /// A fact of the whole subscription as somebody asked for it at most so long ago; of many who ask at once, one does.
    pub async fn shared(&self, id: &ResourceId, oldest: Duration) -> Result<Arc<Option<Value>>, Error> {
        self.shared.get(id.as_str(), oldest, self.pace.now(), self.get(id)).await
    }

    /// Creates the resource, or replaces it by this document.
    pub async fn put(&self, id: &ResourceId, body: &Value) -> Result<Answer, Error> {
        self.write(Request::put(id, body)?).await
    }

    /// Replaces the resource where it still has this `eTag`; else the error is a [`Kind::Conflict`].
    pub async fn put_if_match(&self, id: &ResourceId, body: &Value, etag: &str) -> Result<Answer, Error> {
        let mut request = Request::put(id, body)?;
        request.if_match = Some(etag.to_owned());
        self.write(request).await
    }

    /// Changes what the document names and leaves the rest.
    pub async fn patch(&self, id: &ResourceId, body: &Value) -> Result<Answer, Error> {
        self.write(Request::patch(id, body)?).await
    }

    /// Deletes the resource; one that is gone already is `Done(Null)`.
    pub async fn delete(&self, id: &ResourceId) -> Result<Answer, Error> {
        self.write(Request::delete(id)?).await
    }

    /// Does something with a resource (`listClusterUserCredential`) or asks a provider (`checkNameAvailability` on
    /// [`ResourceId::provider`]). A body of `Null` sends none.
    pub async fn post(&self, path: impl AsRef<str>, action: &str, body: &Value) -> Result<Answer, Error> {
        self.write(Request::post(path.as_ref(), action, body)?).await
    }

    /// All entries of a list, page after page: `{scope}/providers/Microsoft.Authorization/roleAssignments` with the
    /// filter `atScope()`, `/subscriptions/{s}/providers/Microsoft.KeyVault/deletedVaults`, and so on.
    pub async fn list(&self, path: &str, filter: Option<&str>) -> Result<Vec<Value>, Error> {
        let request = Request::list(path, filter)?;
        let mut next = Some(request.url(&self.base));
        let mut entries = Vec::new();
        for _ in 0..MOST_PAGES {
            let Some(url) = next.take() else {
                return Ok(entries);
            };
            let mut page = self.fetch(url, path).await?;
            // Kubernetes versions come as `values`.
            let found = ["value", "values"].into_iter().find_map(|name| match page.get_mut(name) {
                Some(Value::Array(found)) => Some(std::mem::take(found)),
                _ => None,
            });
            // What is no list is never taken for an empty one.
            let unclear = || Error::rejected("GET", path, "NotUnderstood", "the answer holds no list");
            entries.extend(found.ok_or_else(unclear)?);
            if let Some(link) = page.get("nextLink").and_then(Value::as_str).filter(|link| !link.is_empty()) {
                next = Some(self.followed(link, path)?);
            }
        }
        Err(Error::rejected("GET", path, "EndlessList", "the list goes on beyond 1000 pages; narrow it with a filter"))
    }

    /// Looks once at an operation. [`Kind::NotFound`] means that Azure no longer knows it (it keeps them for hours):
    /// look at the resource instead.
    pub async fn poll(&self, operation: &Operation) -> Result<Progress, Error> {
        let resource = operation.resource.as_str();
        let reply = match &operation.follow {
            Follow::AsyncOperation { url, .. } | Follow::Location { url } => {
                self.exchange(Method::GET, self.followed(url, resource)?, resource, None, None).await?
            }
            Follow::ResourceState => {
                let request = Request::at(resource)?;
                self.exchange(Method::GET, request.url(&self.base), resource, None, None).await?
            }
        };
        match operation::polled(operation, resource, &reply)? {
            Next::Answer(progress) => Ok(progress),
            Next::Read(place) if place == resource => Ok(Progress::Succeeded(self.read(Request::at(resource)?).await?)),
            Next::Read(url) => Ok(Progress::Succeeded(self.fetch(self.followed(&url, resource)?, resource).await?)),
        }
    }

    /// A question that is asked by POST, at an address of its own; page after page is asked for by the same.
    pub(crate) async fn question(
        &self,
        url: Url,
        resource: &str,
        body: &Value,
        further: (&'static str, &str),
    ) -> Result<Reply, Error> {
        self.exchange(Method::POST, url, resource, Some(body), Some(further)).await
    }

    pub(crate) fn base(&self) -> &Url {
        &self.base
    }

    pub(crate) fn scope(&self) -> &str {
        &self.scope
    }

    async fn write(&self, request: Request) -> Result<Answer, Error> {
        let url = request.url(&self.base);
        let if_match = request.if_match.as_deref().map(|etag| ("if-match", etag));
        let write = self.lately.as_ref().map(|lately| (lately, lately.writes(&request.path, self.pace.now())));
        let reply = self.exchange(request.method.clone(), url, &request.path, request.body.as_ref(), if_match).await?;
        let begun = operation::begun(&request.method, &request.path, &reply, Timestamp::now())?;
        if let Some((lately, write)) = write.filter(|_| request.method == Method::PUT) {
            lately.written(write, self.pace.now());
        }
        Ok(begun)
    }

    async fn read(&self, request: Request) -> Result<Value, Error> {
        self.fetch(request.url(&self.base), &request.path).await
    }

    async fn fetch(&self, url: Url, resource: &str) -> Result<Value, Error> {
        let reply = self.exchange(Method::GET, url, resource, None, None).await?;
        match reply.status {
            200..=299 => reply.document(resource),
            status => Err(refusal::read("GET", resource, status, &reply.headers, &reply.body)),
        }
    }

    async fn exchange(
        &self,
        method: Method,
        url: Url,
        resource: &str,
        body: Option<&Value>,
        further: Option<(&'static str, &str)>,
    ) -> Result<Reply, Error> {
        self.pace.turn(&method, url.path(), resource).await?;
        let token = self.tokens.get(&self.scope).await?;
        let path = url.path().to_owned();
        let reply = self.transport.exchange(method.clone(), url, resource, Some(&token), body, further).await?;
        self.pace.told(&method, &path, &reply);
        if reply.status == 401 {
            // Whoever tries again brings another one.
            self.tokens.forget(&self.scope, &token).await;
        }
        Ok(reply)
    }

    /// An address that Azure gave us; our token goes nowhere else than to Azure Resource Manager.
    pub(crate) fn followed(&self, link: &str, resource: &str) -> Result<Url, Error> {
        let url = self.base.join(link).ok();
        let ours = |url: &Url| {
            let (host, base) = (url.host_str().unwrap_or_default(), self.base.host_str().unwrap_or_default());
            url.scheme() == self.base.scheme() && (host == base || host.ends_with(&format!(".{base}")))
        };
        url.filter(ours).ok_or_else(|| {
            let message = "the answer points to an address that is not Azure Resource Manager's; it was not followed";
            Error::rejected("GET", resource, "ForeignAddress", message)
        })
    }
}
