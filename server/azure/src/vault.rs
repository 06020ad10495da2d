//! Speaks to one Key Vault: facts of its secrets out, values in, and no value ever out.
use crate::{
    credential,
    error::{Error, Kind},
    refusal,
    transport::{Transport, error_chain},
};
use azure_core::{Error as SdkError, credentials::TokenCredential, error::ErrorKind, time::OffsetDateTime};
use azure_security_keyvault_secrets::{
    ResourceExt, ResourceId, SecretClient, SecretClientOptions,
    models::{SecretAttributes, SecretProperties, SetSecretParameters},
};
use futures::TryStreamExt;
use http::{HeaderMap, HeaderName, HeaderValue};
use jiff::Timestamp;
use secrecy::{ExposeSecret, SecretString};
use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

/// What is known of a secret without its value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SecretFacts {
    pub name: String,
    /// 32 hexadecimal digits; absent in a [`Vault::list`], which names no versions.
    pub version: Option<String>,
    pub enabled: bool,
    /// To the second, as Key Vault has it.
    pub created: Option<Timestamp>,
    pub updated: Option<Timestamp>,
    pub tags: BTreeMap<String, String>,
}

/// One Key Vault's secrets.
///
/// A refusal for want of a role is [`Kind::Denied`] with the inner code `ForbiddenByRbac` and the whole text, which
/// names caller, action and resource; it is also what the first minutes after a role assignment look like.
#[derive(Clone)]
pub struct Vault {
    client: Result<Arc<SecretClient>, Error>,
    uri: String,
}

impl Vault {
    pub(crate) fn new(uri: &str, credential: Arc<dyn TokenCredential>, transport: &Transport) -> Self {
        let options = SecretClientOptions { client_options: transport.sdk(), ..SecretClientOptions::default() };
        let client = SecretClient::new(uri, credential, Some(options))
            .map(Arc::new)
            .map_err(|error| Error::rejected("CONNECT", uri, "BadVaultAddress", error_chain(&error)));
        Self { client, uri: uri.to_owned() }
    }

    /// The vault's address, `https://kv-shop.vault.azure.net/`.
    pub fn uri(&self) -> &str {
        &self.uri
    }

    /// The newest version of a secret, enabled or not; `None` where there is none. It is read from the list of
    /// versions, so that no value crosses the wire and a role that sees only names (Key Vault Reader) is enough.
    pub async fn get(&self, name: &str) -> Result<Option<SecretFacts>, Error> {
        let lost = |error| self.refused("GET", name, &error);
        let versions = async {
            self.client()?
                .list_secret_properties_versions(name, None)
                .map_err(lost)?
                .try_collect::<Vec<_>>()
                .await
                .map_err(lost)
        };
        match versions.await {
            Ok(versions) => {
                Ok(versions.into_iter().map(facts).max_by(|a, b| (a.created, a.updated).cmp(&(b.created, b.updated))))
            }
            Err(error) if error.kind() == Kind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// All secrets of the vault, without their versions.
    pub async fn list(&self) -> Result<Vec<SecretFacts>, Error> {
        let lost = |error| self.refused("GET", "", &error);
        let all =
            self.client()?.list_secret_properties(None).map_err(lost)?.try_collect::<Vec<_>>().await.map_err(lost)?;
        Ok(all.into_iter().map(facts).map(|facts| SecretFacts { version: None, ..facts }).collect())
    }

    /// Writes a new version. Each call makes one, so look first where a repetition must not.
    pub async fn set(
        &self,
        name: &str,
        value: &SecretString,
        tags: &BTreeMap<String, String>,
    ) -> Result<SecretFacts, Error> {
        let lost = |error| self.refused("PUT", name, &error);
        let parameters = SetSecretParameters {
            value: Some(value.expose_secret().to_owned()),
            tags: Some(tags.clone().into_iter().collect()),
            ..SetSecretParameters::default()
        };
        let body = parameters.try_into().map_err(lost)?;
        let written = self.client()?.set_secret(name, body, None).await.map_err(lost)?.into_model().map_err(lost)?;
        let id = written.resource_id().ok();
        Ok(of(id, written.attributes, written.tags))
    }

    /// Deletes a secret; it stays recoverable for the vault's retention. One that is gone already is deleted.
    pub async fn delete(&self, name: &str) -> Result<(), Error> {
        match self.client()?.delete_secret(name, None).await {
            Ok(_) => Ok(()),
            Err(error) => match self.refused("DELETE", name, &error) {
                error if error.kind() == Kind::NotFound => Ok(()),
                error => Err(error),
            },
        }
    }

    fn client(&self) -> Result<&SecretClient, Error> {
        self.client.as_deref().map_err(Clone::clone)
    }

    fn refused(&self, method: &str, name: &str, error: &SdkError) -> Error {
        let resource = format!("{}secrets/{name}", self.uri);
        if let ErrorKind::HttpResponse { raw_response: Some(raw), .. } = error.kind() {
            let headers: HeaderMap = raw
                .headers()
                .iter()
                .filter_map(|(name, value)| {
                    Some((HeaderName::try_from(name.as_str()).ok()?, HeaderValue::from_str(value.as_str()).ok()?))
                })
                .collect();
            return refusal::read(method, &resource, raw.status().into(), &headers, raw.body().as_ref());
        }
        match error.kind() {
            ErrorKind::HttpResponse { status, error_code, .. } => {
                let body = serde_json::json!({"code": error_code, "message": error.to_string()}).to_string();
                refusal::read(method, &resource, (*status).into(), &HeaderMap::new(), body.as_bytes())
            }
            ErrorKind::Credential => credential::refused(&resource, error),
            _ if credential::raw(error).is_some() => credential::refused(&resource, error),
            _ if credential::lost(error) => Error::unreachable(method, &resource, error_chain(error)),
            _ => Error::rejected(method, &resource, "NotUnderstood", error_chain(error)),
        }
    }
}

fn facts(properties: SecretProperties) -> SecretFacts {
    let id = properties.resource_id().ok();
    of(id, properties.attributes, properties.tags)
}

fn of(
    id: Option<ResourceId>,
    attributes: Option<SecretAttributes>,
    tags: Option<HashMap<String, String>>,
) -> SecretFacts {
    let attributes = attributes.unwrap_or_default();
    let (name, version) = id.map(|id| (id.name, id.version)).unwrap_or_default();
    SecretFacts {
        name,
        version,
        enabled: attributes.enabled.unwrap_or(true),
        created: attributes.created.and_then(timestamp),
        updated: attributes.updated.and_then(timestamp),
        tags: tags.unwrap_or_default().into_iter().collect(),
    }
}

fn timestamp(time: OffsetDateTime) -> Option<Timestamp> {
    Timestamp::from_second(time.unix_timestamp()).ok()
}
