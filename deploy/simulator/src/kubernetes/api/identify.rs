//! Finds out who asks: an Entra token for the AKS server application, a service account's token, or a local account.

use http::{HeaderMap, header};
use subtle::ConstantTimeEq;
use uuid::Uuid;

use crate::arm;
use crate::directory;
use crate::kubernetes::cluster::Cluster;
use crate::kubernetes::refusal::Refusal;

/// The application that every AKS cluster's API server is in Entra; tokens are made out for it.
pub(super) const SERVER_APPLICATION: &str = "6dae42f8-4368-4678-94ff-3960e28e3630";

/// Who asks.
#[derive(Debug, Clone)]
pub(super) struct Person {
    /// As Kubernetes writes it: an object id, `system:serviceaccount:NAMESPACE:NAME`, `masterclient`.
    pub(super) name: String,
    pub(super) groups: Vec<String>,
    pub(super) standing: Standing,
}

/// Where somebody's rights come from.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Standing {
    /// Role assignments in Azure, by object id.
    Entra(Uuid),
    /// The cluster's own account; it may do everything.
    LocalAdministrator,
    /// A service account; nothing is granted to it here.
    ServiceAccount,
}

/// The person behind a request's `Authorization` header.
pub(super) fn person(cluster: &Cluster, headers: &HeaderMap) -> Result<Person, Refusal> {
    let token = headers
        .get(header::AUTHORIZATION)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.strip_prefix("Bearer ").or_else(|| value.strip_prefix("bearer ")))
        .map(str::trim)
        .ok_or_else(Refusal::unauthorized)?;
    let facts = cluster.facts();
    if let Some(local) = &facts.local_token
        && bool::from(local.as_bytes().ct_eq(token.as_bytes()))
    {
        return Ok(Person {
            name: "masterclient".into(),
            groups: vec!["system:masters".into(), "system:authenticated".into()],
            standing: Standing::LocalAdministrator,
        });
    }
    if facts.entra
        && let Some(person) = from_entra(cluster, token)
    {
        return Ok(person);
    }
    service_account(cluster, &facts.issuer, token).ok_or_else(Refusal::unauthorized)
}

fn from_entra(cluster: &Cluster, token: &str) -> Option<Person> {
    let world = &cluster.world;
    let audiences = [SERVER_APPLICATION, &format!("api://{SERVER_APPLICATION}")];
    let caller = arm::verify_bearer(world, token, &audiences).ok()?;
    let groups = world.state.read(|draft| directory::groups_of(draft, caller.object_id));
    let mut groups: Vec<String> = groups.into_iter().map(|group| group.to_string()).collect();
    groups.push("system:authenticated".into());
    // People are known by their sign-in name, programs by their object id.
    let name = if caller.name.contains('@') { caller.name } else { caller.object_id.to_string() };
    Some(Person { name, groups, standing: Standing::Entra(caller.object_id) })
}

fn service_account(cluster: &Cluster, issuer: &str, token: &str) -> Option<Person> {
    let claims = cluster.world.tokens.verify(issuer, token, cluster.now()).ok()?;
    let for_us = match &claims["aud"] {
        serde_json::Value::Array(all) => all.iter().any(|it| it == issuer),
        one => one == issuer,
    };
    let name = claims["sub"].as_str().filter(|it| for_us && it.starts_with("system:serviceaccount:"))?;
    let namespace = name.split(':').nth(2).unwrap_or("");
    let groups = vec![
        "system:serviceaccounts".to_string(),
        format!("system:serviceaccounts:{namespace}"),
        "system:authenticated".to_string(),
    ];
    Some(Person { name: name.to_string(), groups, standing: Standing::ServiceAccount })
}
