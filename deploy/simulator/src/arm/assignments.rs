//! Role assignments as ARM resources, with the rules for writing one twice.
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use http::StatusCode;
use serde_json::{Value, json};
use uuid::Uuid;

use super::answer::{Answer, Ask};
use super::definitions::missing;
use super::filter::Filter;
use super::path::ResourceId;
use super::refusal::Refusal;
use crate::directory;
use crate::parts::{Kind, Parts};
use crate::resources::{self, Resource};
use crate::roles::condition::{Attribute, Attributes, guid};
use crate::roles::{self, ASSIGNMENTS, custom, definitions};
use crate::state::Draft;
use crate::world::World;

/// How long an assignment takes until the services that it is about honour it.
pub(super) const PROPAGATION: Duration = Duration::from_secs(30);
/// How long a new principal stays unknown to role assignments that do not name its kind.
const REPLICATION: Duration = Duration::from_secs(60);

/// Where the document of an assignment says to whom it is given.
const PRINCIPAL: &str = "/body/properties/principalId";

/// Adds assignments.
pub(super) fn attach(parts: &mut Parts) {
    parts.add_kind(Assignments);
}

struct Assignments;

#[async_trait]
impl Kind for Assignments {
    fn name(&self) -> &'static str {
        ASSIGNMENTS
    }

    async fn get(&self, world: &Arc<World>, ask: &Ask) -> Result<Answer, Refusal> {
        let found = world.state.read(|draft| resources::find(draft, ask.id.as_str()));
        let missing = || {
            let message = format!("The role assignment '{}' is not found.", ask.id.name());
            Refusal::not_found("RoleAssignmentNotFound", message)
        };
        Ok(Answer::Document(StatusCode::OK, found.ok_or_else(missing)?.body))
    }

    async fn put(&self, world: &Arc<World>, ask: &Ask) -> Result<Answer, Refusal> {
        let wanted = Wanted::parse(world, ask)?;
        let now = world.clock.now();
        world
            .state
            .change(|draft| {
                if let Some(mut found) = resources::find(draft, ask.id.as_str()) {
                    if wanted.same(&found) {
                        if wanted.change(&mut found.body["properties"]) {
                            found.body["properties"]["updatedOn"] = json!(now);
                            found.body["properties"]["updatedBy"] = json!(ask.caller.object_id);
                            resources::put(draft, &found);
                        }
                        return Ok(Answer::Document(StatusCode::OK, found.body));
                    }
                    return Err(Refusal::bad(
                        "RoleAssignmentUpdateNotPermitted",
                        "Tenant ID, application ID, principal ID, and scope are not allowed to be updated.",
                    ));
                }
                let siblings = format!("{}/providers/{ASSIGNMENTS}/", ask.id.scope());
                if resources::under(draft, &siblings).iter().any(|sibling| wanted.same(sibling)) {
                    return Err(Refusal::conflict("RoleAssignmentExists", "The role assignment already exists."));
                }
                let principal = directory::find(draft, wanted.principal);
                let replicated = principal.as_ref().is_some_and(|found| {
                    world.clock.shorten(REPLICATION) <= now.duration_since(found.created).unsigned_abs()
                });
                if wanted.kind.is_none() && !replicated {
                    return Err(Refusal::bad(
                        "PrincipalNotFound",
                        format!(
                            "Principal {} does not exist in the directory {}. Check that you have the correct principal ID. If you are creating this principal and then immediately assigning a role, this error might be related to a replication delay. In this case, set the role assignment principalType property to a value, such as ServicePrincipal, User, or Group. See https://aka.ms/docs-principaltype",
                            wanted.principal.simple(),
                            world.tenant
                        ),
                    ));
                }
                let found_kind = principal.map(|found| found.kind.as_str());
                if let (Some(asked), Some(found)) = (wanted.kind.as_deref(), found_kind)
                    && asked != found
                {
                    return Err(Refusal::bad(
                        "UnmatchedPrincipalType",
                        format!("The PrincipalId '{}' has type '{found}' , which is different from specified PrinciaplType '{asked}'.", wanted.principal.simple()),
                    ));
                }
                let kind = wanted.kind.as_deref().or(found_kind).unwrap_or("ServicePrincipal");
                let scope = ask.canonical.rsplit_once("/providers/").map_or("", |(scope, _)| scope);
                let scope = if scope.is_empty() { "/" } else { scope };
                let mut body = json!({
                    "id": ask.canonical,
                    "name": ask.id.name(),
                    "type": ASSIGNMENTS,
                    "properties": {
                        "roleDefinitionId": wanted.role,
                        "principalId": wanted.principal,
                        "principalType": kind,
                        "scope": scope,
                        "condition": null,
                        "conditionVersion": null,
                        "createdOn": now,
                        "updatedOn": now,
                        "createdBy": ask.caller.object_id,
                        "updatedBy": ask.caller.object_id,
                        "delegatedManagedIdentityResourceId": null,
                        "description": null,
                    },
                });
                wanted.change(&mut body["properties"]);
                let effective = world.hold(&ask.canonical, "propagation", PROPAGATION);
                let private = json!({"asked": draft.now, "effective": effective});
                resources::put(draft, &Resource { body: body.clone(), private });
                Ok(Answer::Document(StatusCode::CREATED, body))
            })
            .await
    }

    async fn delete(&self, world: &Arc<World>, ask: &Ask) -> Result<Answer, Refusal> {
        world
            .state
            .change(|draft| {
                let Some(found) = resources::find(draft, ask.id.as_str()) else {
                    return Ok(Answer::Empty(StatusCode::NO_CONTENT));
                };
                resources::remove(draft, ask.id.as_str());
                Ok(Answer::Document(StatusCode::OK, found.body))
            })
            .await
    }

    fn listed(&self, world: &World, ask: &Ask) -> Option<Result<Vec<Value>, Refusal>> {
        Some(list(world, ask))
    }
}

struct Wanted {
    role: String,
    principal: Uuid,
    kind: Option<String>,
    condition: Value,
    description: Value,
}

impl Wanted {
    fn parse(world: &World, ask: &Ask) -> Result<Self, Refusal> {
        if Uuid::parse_str(ask.id.name()).is_err() {
            return Err(Refusal::bad(
                "InvalidRoleAssignmentId",
                format!(
                    "The role assignment ID '{}' is not valid. The role assignment ID must be a GUID.",
                    ask.id.name()
                ),
            ));
        }
        let properties = asked(ask);
        let principal =
            properties["principalId"].as_str().and_then(|id| Uuid::parse_str(id).ok()).ok_or_else(|| {
                Refusal::bad("InvalidPrincipalId", "The principal ID is not valid. Principal ID must be a GUID.")
            })?;
        let role = properties["roleDefinitionId"].as_str().unwrap_or_default();
        let definition = world.state.read(|draft| custom::find(draft, role));
        let definition = definition.filter(|definition| definition.is_assignable_at(ask.id.scope()));
        let definition = definition.ok_or_else(|| missing(role))?;
        let kind = properties["principalType"].as_str().filter(|kind| !kind.is_empty()).map(str::to_owned);
        Ok(Self {
            role: definition.resource_id(&world.subscription.to_string()),
            principal,
            kind,
            condition: condition(properties)?,
            description: properties["description"].clone(),
        })
    }

    /// Writes what may change in an assignment; whether anything did.
    fn change(&self, properties: &mut Value) -> bool {
        let version = if self.condition.is_null() { Value::Null } else { json!("2.0") };
        let mut changed = false;
        for (field, value) in
            [("condition", &self.condition), ("conditionVersion", &version), ("description", &self.description)]
        {
            changed |= properties[field] != *value;
            properties[field] = value.clone();
        }
        changed
    }

    fn same(&self, assignment: &Resource) -> bool {
        let properties = &assignment.body["properties"];
        properties["roleDefinitionId"].as_str() == Some(self.role.as_str())
            && properties["principalId"].as_str() == Some(self.principal.to_string().as_str())
    }
}

/// What is asked for; older clients send the properties flat.
fn asked(ask: &Ask) -> &Value {
    if ask.body["properties"].is_object() { &ask.body["properties"] } else { &ask.body }
}

/// The condition, once it has been understood.
fn condition(properties: &Value) -> Result<Value, Refusal> {
    let Some(text) = properties["condition"].as_str().filter(|text| !text.trim().is_empty()) else {
        return Ok(Value::Null);
    };
    let bad = |why: String| Err(Refusal::bad("InvalidCondition", format!("The condition is not valid: {why}.")));
    match properties["conditionVersion"].as_str() {
        None | Some("2.0") => {}
        Some(other) => return bad(format!("the condition version '{other}' is not supported, use '2.0'")),
    }
    match roles::condition::read(text) {
        Ok(_) => Ok(json!(text)),
        Err(why) => bad(why),
    }
}

/// What a request about an assignment says of it, for the conditions of whoever asks.
pub(super) fn attributes(draft: &Draft<'_>, ask: &Ask, action: &str) -> Attributes {
    let standing;
    let (source, properties) = match action.strip_prefix(ASSIGNMENTS) {
        Some("/write") => ("Request", asked(ask)),
        Some("/delete") => {
            standing = resources::find(draft, ask.id.as_str()).unwrap_or_default();
            ("Resource", &standing.body["properties"])
        }
        _ => return Attributes::new(),
    };
    let mut found = Attributes::new();
    let mut note = |name: &str, value: Option<&str>| {
        if let Some(value) = value.filter(|value| !value.is_empty()) {
            found.insert(Attribute::new(source, &format!("{ASSIGNMENTS}:{name}")), vec![value.to_owned()]);
        }
    };
    let principal = properties["principalId"].as_str();
    let known = principal.and_then(|id| directory::find(draft, Uuid::parse_str(id).ok()?));
    note("RoleDefinitionId", properties["roleDefinitionId"].as_str().map(guid));
    note("PrincipalId", principal);
    note("PrincipalType", properties["principalType"].as_str().or(known.map(|known| known.kind.as_str())));
    found
}

/// The assignments that a list at a scope shows: at it, above it and (without `atScope()`) below it.
fn list(world: &World, ask: &Ask) -> Result<Vec<Value>, Refusal> {
    let text = ask.query.get("$filter").map_or("", String::as_str);
    let bad = || Refusal::bad("BadRequestFormat", format!("The filter '{text}' is not supported."));
    let filter = Filter::read(text).map_err(|_| bad())?;
    let known = |(name, operator): &(&str, &str)| match *operator {
        "()" => ["atScope", "assignedTo"].iter().any(|known| known.eq_ignore_ascii_case(name)),
        "eq" => name.eq_ignore_ascii_case("principalId"),
        _ => false,
    };
    if !filter.parts().iter().all(known) {
        return Err(bad());
    }
    let at_scope = filter.parts().iter().any(|(name, _)| name.eq_ignore_ascii_case("atScope"));
    Ok(world.state.read(|draft| {
        let same = |id: Option<&str>, wanted: &str| id.is_some_and(|id| id.eq_ignore_ascii_case(wanted));
        let groups = filter.functions("assignedTo").into_iter().filter_map(|arguments| arguments.first());
        let groups: BTreeMap<&str, Vec<String>> = groups
            .map(|member| {
                let groups = Uuid::parse_str(member).map(|id| directory::groups_of(draft, id)).unwrap_or_default();
                (member.as_str(), groups.iter().map(Uuid::to_string).collect())
            })
            .collect();
        let passes = |body: &Value| {
            let named = body["properties"]["principalId"].as_str();
            let holds = |_: &str, _: &str, wanted: &str| same(named, wanted);
            let is = |name: &str, arguments: &[String]| {
                let member = arguments.first().map(String::as_str).unwrap_or_default();
                name.eq_ignore_ascii_case("atScope")
                    || same(named, member)
                    || groups.get(member).is_some_and(|groups| groups.iter().any(|group| same(named, group)))
            };
            filter.passes(&holds, &is)
        };
        let mut found = roles::assignments_above(draft, ask.id.scope());
        found.retain(|one| passes(&one.body));
        if !at_scope {
            let prefix = format!("{}/", ask.id.scope());
            let below = match principals(&filter, &groups) {
                Some(all) => {
                    let of = |one: &String| resources::having(draft, &prefix, ASSIGNMENTS, PRINCIPAL, one);
                    let mut below: Vec<_> = all.iter().flat_map(of).filter(|one| passes(&one.body)).collect();
                    below.sort_by_cached_key(|one| resources::key(one.id()));
                    below
                }
                None => resources::matching(draft, &prefix, ASSIGNMENTS, passes),
            };
            found.extend(below.into_iter().filter(|one| {
                ResourceId::parse(one.id()).is_none_or(|id| !id.scope().eq_ignore_ascii_case(ask.id.scope()))
            }));
        }
        found.into_iter().map(|one| one.body).collect()
    }))
}

/// Those one of whom everything that passes is given to, each once; none where the filter lets others pass too.
fn principals(filter: &Filter, groups: &BTreeMap<&str, Vec<String>>) -> Option<BTreeSet<String>> {
    match filter {
        Filter::All(parts) => parts.iter().find_map(|part| principals(part, groups)),
        Filter::Any(parts) => {
            let all: Option<Vec<_>> = parts.iter().map(|part| principals(part, groups)).collect();
            Some(all?.into_iter().flatten().collect())
        }
        Filter::Term(_, _, wanted) => Some(BTreeSet::from([wanted.to_ascii_lowercase()])),
        Filter::Call(name, arguments) if name.eq_ignore_ascii_case("assignedTo") => {
            let member = arguments.first()?;
            let all = groups.get(member.as_str()).into_iter().flatten().chain([member]);
            Some(all.map(|one| one.to_ascii_lowercase()).collect())
        }
        Filter::Call(..) | Filter::Not(_) => None,
    }
}

/// Writes an assignment that is there from the start and in effect at once.
pub fn grant(draft: &mut Draft<'_>, world: &World, scope: &str, principal: Uuid, role: &str, kind: &str) {
    let Some(definition) = definitions::named(role) else {
        return;
    };
    let id = Uuid::new_v5(&Uuid::NAMESPACE_URL, format!("{scope}|{principal}|{role}").as_bytes());
    let now = world.clock.now();
    let body = json!({
        "id": format!("{scope}/providers/{ASSIGNMENTS}/{id}"),
        "name": id,
        "type": ASSIGNMENTS,
        "properties": {
            "roleDefinitionId": definition.resource_id(&world.subscription.to_string()),
            "principalId": principal, "principalType": kind, "scope": scope, "condition": null,
            "createdOn": now, "updatedOn": now, "createdBy": "", "updatedBy": "",
        },
    });
    resources::put(draft, &Resource::new(body));
}
