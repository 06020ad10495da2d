//! Asks Microsoft Graph in which groups somebody is, where a sign-in's token could not hold them, and which accounts are
//! still there.
use crate::{error::Error, refusal, token::Tokens, transport::Transport};
use http::Method;
use serde::Deserialize;
use serde_json::{Value, json};
use url::Url;

/// Microsoft Graph, in our own name.
#[derive(Clone)]
pub struct Graph {
    transport: Transport,
    tokens: Tokens,
    base: Url,
}

/// What the directory says of an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Account {
    Enabled,
    Disabled,
    Gone,
}

#[derive(Deserialize)]
struct Batch {
    responses: Vec<Part>,
}

#[derive(Deserialize)]
struct Part {
    id: String,
    status: u16,
    #[serde(default)]
    body: Value,
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

    /// What becomes of these users (object ids), [`Graph::MOST`] at a time: one call, however many they are. An
    /// administrator has to have granted our identity `User.Read.All`; otherwise it is `Denied`
    /// (<https://learn.microsoft.com/graph/json-batching>).
    pub async fn accounts(&self, users: &[&str]) -> Result<Vec<(String, Account)>, Error> {
        let resource = format!("{}/v1.0/$batch", self.base.host_str().unwrap_or_default());
        let scope = format!("{}/.default", self.base.as_str().trim_end_matches('/'));
        let mut url = self.base.clone();
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.clear().extend(["v1.0", "$batch"]);
        }
        let token = self.tokens.get(&scope).await?;
        let question = |user: &&str| json!({ "id": user, "method": "GET", "url": format!("/users/{user}?$select=id,accountEnabled") });
        let body = json!({ "requests": users.iter().map(question).collect::<Vec<_>>() });
        let reply = self.transport.exchange(Method::POST, url, &resource, Some(&token), Some(&body), None).await?;
        if reply.status != 200 {
            return Err(refusal::read("POST", &resource, reply.status, &reply.headers, &reply.body));
        }
        let unclear = |_| Error::rejected("POST", &resource, "NotUnderstood", "the answer holds no answers");
        let batch: Batch = serde_json::from_value(reply.document(&resource)?).map_err(unclear)?;
        let mut told = Vec::new();
        for part in batch.responses {
            let account = match part.status {
                200 if part.body["accountEnabled"] == json!(false) => Account::Disabled,
                200 => Account::Enabled,
                404 => Account::Gone,
                status => {
                    let body = part.body.to_string();
                    return Err(refusal::read("GET", &resource, status, &reply.headers, body.as_bytes()));
                }
            };
            told.push((part.id, account));
        }
        Ok(told)
    }

    /// How many users [`Graph::accounts`] may be asked about at once.
    pub const MOST: usize = 20;
}
