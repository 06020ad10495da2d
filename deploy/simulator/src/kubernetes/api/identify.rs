//! Finds out who asks: a client certificate, an Entra token for the AKS server application, a service account's token, or
//! the token of a local account; and in whose name, where somebody may speak for others.

use axum::body::Body;
use http::{Request, header};
use subtle::ConstantTimeEq;
use uuid::Uuid;

use crate::arm;
use crate::directory;
use crate::door::Shown;
use crate::kubernetes::client_certificate;
use crate::kubernetes::cluster::Cluster;
use crate::kubernetes::rbac::Subject;
use crate::kubernetes::refusal::Refusal;
use crate::kubernetes::{LOCAL_ACCOUNT, MASTERS};

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
    /// Somebody of the directory: role assignments in Azure, by object id, where the cluster asks these.
    Entra(Uuid),
    /// Everybody else: the cluster's own roles.
    Kubernetes,
}

/// In this group are all who are known.
pub(super) const KNOWN: &str = "system:authenticated";

impl Person {
    /// Somebody whose rights come from the cluster's own roles.
    pub(super) fn of_cluster(name: &str, mut groups: Vec<String>) -> Self {
        groups.push(KNOWN.to_owned());
        Self { name: name.to_owned(), groups, standing: Standing::Kubernetes }
    }

    pub(super) fn subject(&self) -> Subject<'_> {
        Subject { name: &self.name, groups: &self.groups }
    }
}

/// The person behind a request: by the certificate of its connection, else by its `Authorization` header.
pub(super) fn person(cluster: &Cluster, request: &Request<Body>) -> Result<Person, Refusal> {
    let shown = request.extensions().get::<Shown>().and_then(|shown| shown.0.as_ref());
    if let Some((name, groups)) =
        shown.and_then(|shown| client_certificate::named(&cluster.authority, shown, cluster.now()))
    {
        return Ok(Person::of_cluster(&name, groups));
    }
    let token = request
        .headers()
        .get(header::AUTHORIZATION)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.strip_prefix("Bearer ").or_else(|| value.strip_prefix("bearer ")))
        .map(str::trim)
        .ok_or_else(Refusal::unauthorized)?;
    let facts = cluster.facts();
    if let Some(local) = &facts.local_token
        && bool::from(local.as_bytes().ct_eq(token.as_bytes()))
    {
        return Ok(Person::of_cluster(LOCAL_ACCOUNT, vec![MASTERS.to_owned()]));
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
    groups.push(KNOWN.to_owned());
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
    Some(Person::of_cluster(name, groups_of_account(name)))
}

/// The groups of a service account, by its full name; none where it is no service account's.
pub(super) fn groups_of_account(name: &str) -> Vec<String> {
    let account = name.strip_prefix("system:serviceaccount:").and_then(|it| it.split_once(':'));
    account.map_or_else(Vec::new, |(namespace, _)| {
        vec!["system:serviceaccounts".to_owned(), format!("system:serviceaccounts:{namespace}")]
    })
}
