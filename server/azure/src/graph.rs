//! Asks Microsoft Graph who somebody is, who is in a group, in which groups somebody is, and which accounts are still
//! there.
use crate::{error::Error, refusal, token::Tokens, transport::Transport};
use http::{HeaderMap, Method};
use serde::Deserialize;
use serde::de::DeserializeOwned;
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

/// An object of the directory.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Principal {
    pub id: String,
    /// `#microsoft.graph.user`, `#microsoft.graph.group`, `#microsoft.graph.servicePrincipal`.
    #[serde(rename = "@odata.type", default)]
    pub kind: String,
    #[serde(default)]
    pub display_name: Option<String>,
    #[serde(default)]
    pub user_principal_name: Option<String>,
}

impl Principal {
    /// The name to sign in with, or else the one to read.
    pub fn name(&self) -> Option<&str> {
        self.user_principal_name.as_deref().or(self.display_name.as_deref()).filter(|name| !name.is_empty())
    }
}

#[derive(Deserialize)]
struct Page {
    value: Vec<Principal>,
    #[serde(rename = "@odata.nextLink", default)]
    next: Option<String>,
}

/// Pages of members that are read at most; beyond it the group is said to be too large.
const MOST_PAGES: usize = 50;

impl Graph {
    pub(crate) fn new(transport: Transport, tokens: Tokens, base: Url) -> Self {
        Self { transport, tokens, base }
    }

    /// Object ids of everything that this user (an object id) is a member of, also through another group. An
    /// administrator has to have granted our identity `GroupMember.Read.All` and `User.ReadBasic.All`
    /// (<https://learn.microsoft.com/graph/api/directoryobject-getmemberobjects>); otherwise it is `Denied`.
    pub async fn groups_of(&self, user: &str) -> Result<Vec<String>, Error> {
        let url = self.at(&["users", user, "getMemberObjects"]);
        let body = json!({ "securityEnabledOnly": false });
        Ok(self.ask::<Ids>(Method::POST, url, Some(&body)).await?.value)
    }

    /// Everybody who is in this group (an object id), also through another one, with what they are. Needs
    /// `GroupMember.Read.All` (<https://learn.microsoft.com/graph/api/group-list-transitivemembers>).
    pub async fn members(&self, group: &str) -> Result<Vec<Principal>, Error> {
        let mut next = Some(self.at(&["groups", group, "transitiveMembers"]));
        let mut members = Vec::new();
        for _ in 0..MOST_PAGES {
            let Some(url) = next.take() else { return Ok(members) };
            let resource = self.named(&url);
            let page: Page = self.ask(Method::GET, url, None).await?;
            members.extend(page.value);
            next = match page.next {
                None => None,
                Some(link) => Some(self.followed(&link, &resource)?),
            };
        }
        Err(Error::rejected("GET", group, "TooManyMembers", "the group has too many members to be read"))
    }

    /// Who these are (object ids, at most 1,000), of those that the directory knows. Needs `Directory.Read.All`
    /// (<https://learn.microsoft.com/graph/api/directoryobject-getbyids>).
    pub async fn known(&self, ids: &[String]) -> Result<Vec<Principal>, Error> {
        let body = json!({ "ids": ids });
        Ok(self.ask::<Page>(Method::POST, self.at(&["directoryObjects", "getByIds"]), Some(&body)).await?.value)
    }

    fn at(&self, parts: &[&str]) -> Url {
        let mut url = self.base.clone();
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.clear().push("v1.0").extend(parts);
        }
        url
    }

    /// As errors name it.
    fn named(&self, url: &Url) -> String {
        format!("{}{}", self.base.host_str().unwrap_or_default(), url.path())
    }

    async fn ask<T: DeserializeOwned>(&self, method: Method, url: Url, body: Option<&Value>) -> Result<T, Error> {
        let resource = self.named(&url);
        let scope = format!("{}/.default", self.base.as_str().trim_end_matches('/'));
        let token = self.tokens.get(&scope).await?;
        let said = method.as_str().to_owned();
        let reply = self.transport.exchange(method, url, &resource, Some(&token), body, None).await?;
        if reply.status != 200 {
            return Err(refusal::read(&said, &resource, reply.status, &reply.headers, &reply.body));
        }
        let unclear = |_| Error::rejected(&said, &resource, "NotUnderstood", "the answer is not what Graph documents");
        serde_json::from_value(reply.document(&resource)?).map_err(unclear)
    }

    /// The next page's address; our token goes nowhere else than to Graph.
    fn followed(&self, link: &str, resource: &str) -> Result<Url, Error> {
        let ours = |url: &Url| url.scheme() == self.base.scheme() && url.host_str() == self.base.host_str();
        self.base.join(link).ok().filter(ours).ok_or_else(|| {
            let message = "the answer points to an address that is not Microsoft Graph's; it was not followed";
            Error::rejected("GET", resource, "ForeignAddress", message)
        })
    }

    /// What becomes of these users (object ids), [`Graph::MOST`] at a time: one call, however many they are. An
    /// administrator has to have granted our identity `User.Read.All`; otherwise it is `Denied`
    /// (<https://learn.microsoft.com/graph/json-batching>).
    pub async fn accounts(&self, users: &[&str]) -> Result<Vec<(String, Account)>, Error> {
        let question = |user: &&str| json!({ "id": user, "method": "GET", "url": format!("/users/{user}?$select=id,accountEnabled") });
        let body = json!({ "requests": users.iter().map(question).collect::<Vec<_>>() });
        let url = self.at(&["$batch"]);
        let resource = self.named(&url);
        let batch: Batch = self.ask(Method::POST, url, Some(&body)).await?;
        let mut told = Vec::new();
        for part in batch.responses {
            let account = match part.status {
                200 if part.body["accountEnabled"] == json!(false) => Account::Disabled,
                200 => Account::Enabled,
                404 => Account::Gone,
                status => {
                    let body = part.body.to_string();
                    return Err(refusal::read("GET", &resource, status, &HeaderMap::new(), body.as_bytes()));
                }
            };
            told.push((part.id, account));
        }
        Ok(told)
    }

    /// How many users [`Graph::accounts`] may be asked about at once.
    pub const MOST: usize = 20;
}
