//! Shows the subscription: itself, its tenant, its regions.
use http::{Method, StatusCode};
use serde_json::{Value, json};

use super::answer::{Answer, Ask};
use super::authorize::permit;
use super::refusal::Refusal;
use super::{lists, locations};
use crate::resources::Resource;
use crate::settings::Settings;
use crate::world::World;

/// Answers for paths about the subscription as a whole; `None` for every other path.
pub(super) fn answer(world: &World, path: &str, ask: &Ask) -> Option<Result<Answer, Refusal>> {
    if ask.method != Method::GET {
        return None;
    }
    let lower = path.to_ascii_lowercase();
    let parts: Vec<&str> = lower.trim_matches('/').split('/').collect();
    let ok = |body: Value| Some(Ok(Answer::Document(StatusCode::OK, body)));
    match parts.as_slice() {
        ["subscriptions"] => {
            // Who may not read the subscription does not see it.
            let seen = permit(world, ask, "Microsoft.Resources/subscriptions/read", &world.subscription_id()).is_ok();
            let value: Vec<Value> = seen.then(|| subscription(world)).into_iter().collect();
            ok(json!({"value": value, "count": {"type": "Total", "value": value.len()}}))
        }
        ["tenants"] => ok(json!({"value": [tenant(world)]})),
        ["subscriptions", _] => Some(read(world, ask, || subscription(world))),
        ["subscriptions", _, "locations"] => {
            Some(read(world, ask, || locations::list(&world.subscription.to_string())))
        }
        ["subscriptions", _, "resources"] => Some(everything(world, ask, &world.subscription_id())),
        ["subscriptions", _, "resourcegroups", _, "resources"] => {
            let scope = path.rsplit_once('/').map_or(path, |(scope, _)| scope);
            Some(everything(world, ask, scope))
        }
        _ => None,
    }
}

/// Who may not read the whole scope sees what it may read.
fn everything(world: &World, ask: &Ask, scope: &str) -> Result<Answer, Refusal> {
    let reads_all = permit(world, ask, "Microsoft.Resources/subscriptions/resources/read", scope).is_ok();
    let may_see = |one: &Resource| reads_all || permit(world, ask, &format!("{}/read", one.kind()), one.id()).is_ok();
    let body = lists::everything(world, ask, scope, may_see)?;
    Ok(Answer::Document(StatusCode::OK, body))
}

fn read(world: &World, ask: &Ask, body: impl FnOnce() -> Value) -> Result<Answer, Refusal> {
    let scope = world.subscription_id();
    permit(world, ask, "Microsoft.Resources/subscriptions/read", &scope)?;
    Ok(Answer::Document(StatusCode::OK, body()))
}

fn subscription(world: &World) -> Value {
    json!({
        "id": world.subscription_id(),
        "subscriptionId": world.subscription,
        "tenantId": world.tenant,
        "displayName": "Contoso Example",
        "state": world.state.read(Settings::read).subscription,
        "authorizationSource": "RoleBased",
        "managedByTenants": [],
        "subscriptionPolicies": {"locationPlacementId": "Public_2014-09-01", "quotaId": "PayAsYouGo_2014-09-01", "spendingLimit": "Off"},
    })
}

fn tenant(world: &World) -> Value {
    json!({
        "id": format!("/tenants/{}", world.tenant),
        "tenantId": world.tenant,
        "displayName": "Contoso Example",
        "defaultDomain": "contoso.example",
        "domains": ["contoso.example"],
        "tenantCategory": "Home",
        "tenantType": "AAD",
    })
}
