//! Makes tokens for service accounts (`TokenRequest`), signed by the cluster's issuer.

use std::time::Duration;

use axum::response::Response;
use http::StatusCode;
use serde_json::{Value, json};

use super::{Call, json_answer};
use crate::clock::{later, unix};
use crate::kubernetes::cluster::Cluster;
use crate::kubernetes::object::{self, list, number};
use crate::kubernetes::refusal::Refusal;
use crate::kubernetes::schema;

pub(super) async fn make(call: Call) -> Result<Response, Refusal> {
    let mut request = call.json()?;
    schema::check_object(call.place.kind, &request)?;
    let key = call.place.key();
    let account = call.cluster.objects.get(&key).await.ok_or_else(|| Refusal::not_found(key.kind, &key.name))?;
    let asked = number(&request, "/spec/expirationSeconds").unwrap_or(3600);
    let life = Duration::from_secs(u64::try_from(asked).unwrap_or(0).clamp(600, 86400));
    let audiences: Vec<String> =
        list(&request, "/spec/audiences").iter().filter_map(|it| it.as_str().map(str::to_string)).collect();
    let token = service_account_token(&call.cluster, &account, &audiences, life)?;
    request["kind"] = json!("TokenRequest");
    request["apiVersion"] = json!("authentication.k8s.io/v1");
    request["status"] = json!({
        "token": token,
        "expirationTimestamp": object::time(later(call.cluster.now(), life)),
    });
    Ok(json_answer(StatusCode::CREATED, &request))
}

/// A token for a service account; without audiences it is for the cluster itself.
pub fn service_account_token(
    cluster: &Cluster,
    account: &Value,
    audiences: &[String],
    life: Duration,
) -> Result<String, Refusal> {
    let facts = cluster.facts();
    let now = cluster.now();
    let (namespace, name) = (object::namespace(account), object::name(account));
    let own = [facts.issuer.clone()];
    let claims = json!({
        "iss": facts.issuer,
        "aud": if audiences.is_empty() { &own[..] } else { audiences },
        "sub": format!("system:serviceaccount:{namespace}:{name}"),
        "iat": unix(now),
        "nbf": unix(now),
        "exp": unix(later(now, life)),
        "jti": object::new_uid(),
        "kubernetes.io": {"namespace": namespace, "serviceaccount": {"name": name, "uid": object::uid(account)}},
    });
    cluster.world.tokens.sign(&facts.issuer, &claims).map_err(|error| Refusal::internal(error.to_string()))
}
