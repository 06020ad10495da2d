//! Leads an ARM request to what answers it: subscription, group, operation, function or kind.
use std::collections::BTreeMap;
use std::sync::Arc;

use axum::response::{IntoResponse, Response};
use http::request::Parts as RequestParts;
use http::{Method, StatusCode};
use percent_encoding::percent_decode_str;

use super::answer::{Answer, Ask};
use super::authorize::{authenticate, permit};
use super::limits::{Left, Limits};
use super::path::ResourceId;
use super::refusal::Refusal;
use super::{checks, cloud, groups, lists, pages, polls, subscriptions};
use crate::activity;
use crate::operations;
use crate::parts::{Function, Kind};
use crate::policy;
use crate::settings::Settings;
use crate::world::World;

/// Answers one request. `left` receives the headers that tell what is left of the limits.
pub(super) async fn route(
    world: &Arc<World>,
    request: RequestParts,
    body: &[u8],
    correlation: &str,
    left: &mut Left,
) -> Result<Response, Refusal> {
    let path = percent_decode_str(request.uri.path()).decode_utf8_lossy().into_owned();
    let path = format!("/{}", path.trim_matches('/'));
    if path.eq_ignore_ascii_case("/metadata/endpoints") {
        let api_version = checks::api_version(&query(&request))?;
        return Ok(axum::Json(cloud::endpoints(&api_version)).into_response());
    }
    // Nothing is taken from who is not known, and they too are told what there is.
    *left = Limits::all(&request.method, &path);
    let caller = authenticate(world, &request.headers)?;
    let settings = world.state.read(Settings::read);
    if settings.rate_limits {
        let (told, taken) = world.limits.take(&world.clock, caller.object_id, &request.method, &path);
        *left = told;
        taken?;
        world.limits.take_of_aks(&world.clock, &request.method, &path)?;
    }
    let mut query = query(&request);
    let api_version = checks::api_version(&query)?;
    query.remove("api-version");
    let mut ask = Ask {
        method: request.method,
        // A path without a provider is a subscription's or a group's own; it stands in for the time being.
        id: ResourceId::parse(&path)
            .or_else(|| ResourceId::parse(&format!("{path}/providers/Microsoft.Resources")))
            .ok_or_else(|| unknown(&path))?,
        canonical: path.clone(),
        api_version,
        query,
        parts: BTreeMap::new(),
        headers: request.headers,
        body: checks::body(body)?,
        caller,
        correlation: correlation.to_owned(),
        noted: Arc::default(),
    };
    check_subscription(world, &path)?;
    let answer = answer(world, &path, &mut ask).await;
    let mut answer = activity::witness(world, &ask, answer).await?;
    if let Answer::Long { operation, .. } = &mut answer {
        operations::prolong(world, operation).await?;
    }
    let answer = pages::cut(&ask, settings.page_size, answer)?;
    Ok(answer.into_response(world, &ask.api_version))
}

/// The parameters, `api-version` in whatever case it is written.
fn query(request: &RequestParts) -> BTreeMap<String, String> {
    let query = request.uri.query().unwrap_or_default();
    let named = |name: &str| if name.eq_ignore_ascii_case("api-version") { "api-version" } else { name }.to_owned();
    form_urlencoded::parse(query.as_bytes()).map(|(name, value)| (named(&name), value.into_owned())).collect()
}

async fn answer(world: &Arc<World>, path: &str, ask: &mut Ask) -> Result<Answer, Refusal> {
    if let Some(answer) = subscriptions::answer(world, path, ask) {
        return answer;
    }
    if let Some(answer) = polls::answer(world, path, ask) {
        return answer;
    }
    if let Some(answer) = groups::answer(world, path, ask).await {
        return answer;
    }
    if let Some((function, parts)) = find_function(world, path, &ask.method) {
        let scope = path[..path.to_ascii_lowercase().rfind("/providers").unwrap_or(path.len())].to_owned();
        permit(world, ask, function.action(), &scope).map_err(|refusal| function.refused(refusal))?;
        ask.parts = parts;
        return function.run(world, ask).await;
    }
    if ResourceId::parse(path).is_none() {
        return Err(unknown(path));
    }
    if ask.id.is_resource() {
        return on_resource(world, ask).await;
    }
    if let Some(kind) = world.parts.kind(&ask.id.kind())
        && ask.method == Method::GET
    {
        permit(world, ask, &format!("{}/read", kind.name()), ask.id.scope())?;
        checks::scope(world, &ask.id)?;
        return lists::of_kind(world, ask, kind);
    }
    on_part_of_resource(world, ask).await
}

async fn on_resource(world: &Arc<World>, ask: &mut Ask) -> Result<Answer, Refusal> {
    let Some(kind) = world.parts.kind(&ask.id.kind()) else {
        return match &ask.method {
            // For example …/upgradeProfiles/default: a view of its parent.
            &Method::GET if ask.id.parent().is_some() => on_part_of_resource(world, ask).await,
            _ => Err(unknown_kind(world, ask)),
        };
    };
    let verb = match ask.method {
        Method::GET | Method::HEAD => "read",
        Method::PUT | Method::PATCH => "write",
        Method::DELETE => "delete",
        _ => return Err(Refusal::method_not_allowed()),
    };
    permit(world, ask, &format!("{}/{verb}", kind.name()), ask.id.as_str())?;
    let scope = match checks::scope(world, &ask.id) {
        // What is to go is already gone with its group.
        Err(refusal) if verb == "delete" && refusal.code == "ResourceNotFound" => {
            return Ok(Answer::Empty(StatusCode::NO_CONTENT));
        }
        scope => scope?,
    };
    ask.canonical = ask.id.canonical(kind.name(), &scope);
    if verb == "write" {
        checks::registered(world, ask.id.namespace())?;
        checks::can_write(world, &ask.id)?;
        checks::shape(&ask.body)?;
        let now = world.clock.now();
        world.state.read(|draft| policy::check(draft, &policy::wished(draft, ask, kind.name()), now))?;
    }
    match ask.method {
        Method::PUT => kind.put(world, ask).await,
        Method::PATCH => kind.patch(world, ask).await,
        Method::DELETE => kind.delete(world, ask).await,
        _ => kind.get(world, ask).await,
    }
}

/// An action or a view: the last part (for a view the last two) names it, the rest a resource.
async fn on_part_of_resource(world: &Arc<World>, ask: &mut Ask) -> Result<Answer, Refusal> {
    let owner_of = |levels: usize| -> Option<(ResourceId, &dyn Kind)> {
        if levels > ask.id.rest().len() {
            return None;
        }
        let mut id = ask.id.clone();
        for _ in 0..levels {
            id = id.without_last()?;
        }
        let kind = world.parts.kind(&id.kind()).filter(|_| id.is_resource())?;
        Some((id, kind))
    };
    let found = (1..=2).find_map(|levels| owner_of(levels).map(|owner| (levels, owner)));
    let Some((levels, (id, kind))) = found else {
        return Err(unknown_kind(world, ask));
    };
    let rest = ask.id.rest();
    let name = rest[rest.len() - levels..].join("/");
    let word = rest[rest.len() - levels].clone();
    let verb = if ask.method == Method::POST { "action" } else { "read" };
    permit(world, ask, &format!("{}/{word}/{verb}", kind.name()), id.as_str())?;
    let scope = checks::scope(world, &id)?;
    ask.canonical = id.canonical(kind.name(), &scope);
    ask.id = id;
    match ask.method {
        Method::POST => kind.act(world, ask, &name).await,
        Method::GET => kind.view(world, ask, &name).await,
        _ => Err(Refusal::method_not_allowed()),
    }
}

fn find_function<'a>(
    world: &'a World,
    path: &str,
    method: &Method,
) -> Option<(&'a dyn Function, BTreeMap<String, String>)> {
    let at = format!("{path}/").to_ascii_lowercase().rfind("/providers/")?;
    let asked: Vec<&str> = path.get(at + "/providers/".len()..).unwrap_or_default().split('/').collect();
    world.parts.functions().filter(|function| function.method() == *method).find_map(|function| {
        let pattern: Vec<&str> = function.path().split('/').collect();
        if pattern.len() != asked.len() {
            return None;
        }
        let mut parts = BTreeMap::new();
        for (wanted, asked) in pattern.iter().zip(&asked) {
            match wanted.strip_prefix('{').and_then(|name| name.strip_suffix('}')) {
                Some(name) => drop(parts.insert(name.to_owned(), (*asked).to_owned())),
                None if wanted.eq_ignore_ascii_case(asked) => {}
                None => return None,
            }
        }
        Some((function, parts))
    })
}

fn check_subscription(world: &World, path: &str) -> Result<(), Refusal> {
    let Some(asked) = super::part_after(path, "subscriptions") else {
        return Ok(());
    };
    if asked.eq_ignore_ascii_case(&world.subscription.to_string()) {
        return Ok(());
    }
    Err(Refusal::not_found("SubscriptionNotFound", format!("The subscription '{asked}' could not be found.")))
}

fn unknown(path: &str) -> Refusal {
    Refusal::not_found("NotFound", format!("No service answers for the path '{path}'."))
}

fn unknown_kind(world: &World, ask: &Ask) -> Refusal {
    let namespace = ask.id.namespace();
    let prefix = format!("{}/", namespace.to_ascii_lowercase());
    if !world.parts.kinds().any(|kind| kind.name().to_ascii_lowercase().starts_with(&prefix)) {
        return Refusal::not_found(
            "InvalidResourceNamespace",
            format!("The resource namespace '{namespace}' is invalid."),
        );
    }
    let kind = ask.id.kind();
    let short = kind.split_once('/').map_or("", |(_, short)| short);
    Refusal::not_found(
        "InvalidResourceType",
        format!(
            "The resource type '{short}' could not be found in the namespace '{namespace}' for api version '{}'.",
            ask.api_version
        ),
    )
}
