//! Asks Microsoft Graph in which groups somebody is, where a sign-in's token could not hold them.
use crate::{error::Error, refusal, token::Tokens, transport::Transport};
use http::Method;
use serde::Deserialize;
use serde_json::json;
use url::Url;

/// Microsoft Graph, in our own name.
#[derive(Clone)]
pub struct Graph {
    transport: Transport,
    tokens: Tokens,
    base: Url,
}

#[derive(Deserialize)]
struct Ids {
    value: Vec<String>,
}

impl Graph {
    pub(crate) fn new(transport: Transport, tokens: Tokens, base: Url) -> Self {
        Self { transport, tokens, base }
    }

    /// Object ids of everything that this user (an object id) is a member of, also through another group. An
    /// administrator has to have granted our identity `GroupMember.Read.All` and `User.ReadBasic.All`
    /// (<https://learn.microsoft.com/graph/api/directoryobject-getmemberobjects>); otherwise it is `Denied`.
    pub async fn groups_of(&self, user: &str) -> Result<Vec<String>, Error> {
        let resource = format!("{}/v1.0/users/{user}/getMemberObjects", self.base.host_str().unwrap_or_default());
        let scope = format!("{}/.default", self.base.as_str().trim_end_matches('/'));
        let mut url = self.base.clone();
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.clear().extend(["v1.0", "users", user, "getMemberObjects"]);
        }
        let token = self.tokens.get(&scope).await?;
        let body = json!({ "securityEnabledOnly": false });
        let reply = self.transport.exchange(Method::POST, url, &resource, Some(&token), Some(&body), None).await?;
        if reply.status != 200 {
            return Err(refusal::read("POST", &resource, reply.status, &reply.headers, &reply.body));
        }
        let unclear = |_| Error::rejected("POST", &resource, "NotUnderstood", "the answer holds no list of ids");
        Ok(serde_json::from_value::<Ids>(reply.document(&resource)?).map_err(unclear)?.value)
    }
}
