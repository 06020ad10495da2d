//! Managed clusters as ARM resources: made and changed by long operations, one at a time, and ended with all they hold.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use http::StatusCode;
use jiff::Timestamp;
use serde_json::{Value, json};
use uuid::Uuid;

use super::outcome::{self, set_states};
use super::versions::{self, Offer};
use super::{body, credentials, etags, node_group, pools, power, quota, rotation, sizes, upgrade, upkeep};
use crate::arm::{Answer, Ask, Poll, Refusal};
use crate::authority::Authority;
use crate::directory::{self, Principal};
use crate::entra::federation::ISSUERS;
use crate::kubernetes::{CLUSTERS, Clusters};
use crate::locks::{self, Deed};
use crate::operations::Operation;
use crate::parts::Kind;
use crate::resources::{self, Resource};
use crate::state::{Draft, StateError};
use crate::world::World;

/// How long Azure takes: a new cluster between four and six minutes.
const CREATION: Duration = Duration::from_secs(240);
const UPDATE: Duration = Duration::from_secs(75);
const DELETION: Duration = Duration::from_secs(180);
/// What AKS asks its callers to wait between two polls.
pub const POLL: Duration = Duration::from_secs(10);

/// 202 for what AKS has taken on: both addresses to poll, and the body where there is one.
pub fn accepted(operation: Operation, body: Option<Value>) -> Answer {
    Answer::Long { status: StatusCode::ACCEPTED, body, operation, poll: Poll::Both, retry_after: POLL }
}

pub struct ManagedClusters {
    pub running: Arc<Clusters>,
}

/// 409 while another operation goes on, also one of AKS itself.
pub fn check_free(cluster: &Resource, now: Timestamp) -> Result<(), Refusal> {
    let state = cluster.provisioning_state();
    if matches!(state, "Succeeded" | "Failed" | "Canceled" | "") {
        return upkeep::check(cluster, now);
    }
    let name = cluster.body["name"].as_str().unwrap_or_default();
    Err(Refusal::conflict(
        "OperationNotAllowed",
        format!(
            "Operation is not allowed: Another operation ({name} - {state}) is in progress, please wait for it to finish before starting a new operation. See https://aka.ms/aks-pending-operation for more details"
        ),
    ))
}

fn new_cluster(ask: &Ask, mut document: Value) -> Result<Resource, Refusal> {
    let failed = |error: &dyn std::fmt::Display| Refusal::internal(&error.to_string());
    let name = ask.id.name();
    let location = document["location"].as_str().unwrap_or_default().to_owned();
    let prefix = document["properties"]["dnsPrefix"].as_str().unwrap_or_default().to_owned();
    let tail: String = Uuid::new_v4().simple().to_string().chars().take(8).collect();
    let host = format!("{prefix}-{tail}.hcp.{location}.azmk8s.io").to_lowercase();
    document["id"] = json!(ask.canonical);
    document["name"] = json!(name);
    document["type"] = json!(CLUSTERS);
    let uid = Uuid::new_v4();
    let properties = &mut document["properties"];
    properties["resourceUID"] = json!(uid.simple().to_string());
    properties["fqdn"] = json!(host);
    properties["azurePortalFQDN"] = json!(host.replacen(".hcp.", ".portal.hcp.", 1));
    let authority = Authority::make(&format!("{name} ca")).map_err(|error| failed(&error))?;
    let private = json!({"authority": authority.kept(), "local_token": crate::machines::new_key(), "runs": false});
    Ok(Resource { body: document, private })
}

/// The parts of a standing cluster that a PUT does not touch.
fn carry_over(document: &mut Value, standing: &Value) {
    for field in ["id", "name", "type"] {
        document[field] = standing[field].clone();
    }
    // Asked for again, an identity stays who it is; one of another kind takes its place.
    let asked = &document["identity"];
    if asked.is_null() || asked["type"] == standing["identity"]["type"] {
        let others = asked["userAssignedIdentities"].clone();
        document["identity"] = standing["identity"].clone();
        if others.is_object() {
            document["identity"]["userAssignedIdentities"] = others;
        }
    }
    for field in ["resourceUID", "fqdn", "azurePortalFQDN", "identityProfile"] {
        document["properties"][field] = standing["properties"][field].clone();
    }
    let network = &mut document["properties"]["networkProfile"]["loadBalancerProfile"];
    if network.is_null() {
        *network = standing["properties"]["networkProfile"]["loadBalancerProfile"].clone();
    }
    let addons = document["properties"]["addonProfiles"].as_object_mut();
    for (key, addon) in addons.into_iter().flatten() {
        if let Some(addon) = addon.as_object_mut() {
            // The settling of the nodes takes away those that are no longer.
            let identity = standing["properties"]["addonProfiles"][key.as_str()]["identity"].clone();
            addon.insert("identity".into(), identity);
        }
    }
}

/// The issuer of the cluster's tokens, once it is asked for.
fn complete_issuer(draft: &mut Draft<'_>, world: &World, document: &mut Value) {
    let issuer = &document["properties"]["oidcIssuerProfile"];
    if issuer["enabled"] != true || issuer["issuerURL"].is_string() {
        return;
    }
    let location = document["location"].as_str().unwrap_or_default();
    // The slash at the end is part of the name: a federated credential without it does not match.
    let url = format!("https://{location}.oic.prod-aks.azure.com/{}/{}/", world.tenant, Uuid::new_v4());
    draft.put(ISSUERS, &url, json!({}));
    document["properties"]["oidcIssuerProfile"]["issuerURL"] = json!(url);
}

/// Makes or names who the cluster is; `before` is who it was, and is somebody no longer where another takes its place.
fn settle_identity(draft: &mut Draft<'_>, world: &World, cluster: &mut Resource, before: &Value) {
    if cluster.body["identity"]["principalId"].is_string() {
        return;
    }
    if let Some(gone) = before["principalId"].as_str().and_then(|it| Uuid::parse_str(it).ok()) {
        directory::remove(draft, gone);
    }
    let named = cluster.body.pointer_mut("/identity/userAssignedIdentities").and_then(Value::as_object_mut);
    for (id, told) in named.into_iter().flatten() {
        if let Some(found) = resources::find(draft, id) {
            let properties = &found.body["properties"];
            *told = json!({"clientId": properties["clientId"], "principalId": properties["principalId"]});
        }
    }
    if cluster.body["identity"]["type"] != "SystemAssigned" {
        return;
    }
    let name = cluster.body["name"].as_str().unwrap_or_default();
    let principal = Principal::managed_identity(name, cluster.id(), world.clock.now());
    directory::put(draft, &principal);
    cluster.body["identity"] =
        json!({"type": "SystemAssigned", "principalId": principal.object_id, "tenantId": world.tenant});
}

/// Monitoring needs a workspace that is there.
fn check_workspace(draft: &Draft<'_>, properties: &Value) -> Result<(), Refusal> {
    let addons = properties["addonProfiles"].as_object().into_iter().flatten();
    for (key, addon) in addons.filter(|(_, addon)| addon["enabled"] == true) {
        if !key.eq_ignore_ascii_case("omsagent") {
            continue;
        }
        let id = addon["config"]["logAnalyticsWorkspaceResourceID"].as_str().unwrap_or_default();
        if id.is_empty() || !id.starts_with('/') {
            return Err(Refusal::bad(
                "LinkedInvalidPropertyId",
                format!(
                    "Property id '{id}' at path 'properties.addonProfiles.omsagent.config.logAnalyticsWorkspaceResourceID' is invalid. Expect fully qualified resource Id that start with '/subscriptions/{{subscriptionId}}' or '/providers/{{resourceProviderNamespace}}/'."
                ),
            ));
        }
        if resources::find(draft, id).is_none() {
            return Err(Refusal::bad(
                "BadRequest",
                format!(
                    "Unable to get log analytics workspace info. Resource ID: {id}. Detail: StatusCode=404 -- Original Error: Code=\"ResourceNotFound\" Message=\"The Resource was not found.\""
                ),
            ));
        }
    }
    Ok(())
}

#[async_trait]
impl Kind for ManagedClusters {
    fn name(&self) -> &'static str {
        CLUSTERS
    }

    async fn put(&self, world: &Arc<World>, ask: &Ask) -> Result<Answer, Refusal> {
        let location = ask.location()?;
        let name = ask.id.name();
        check_name(name)?;
        let group = ask.canonical.split('/').nth(4).unwrap_or_default().to_owned();
        world
            .state
            .change(|draft| {
                let standing = resources::find(draft, &ask.canonical);
                ask.check_precondition(standing.as_ref().map(|it| &it.body))?;
                if let Some(standing) = &standing {
                    check_free(standing, draft.now)?;
                    power::check_running(standing, "updating")?;
                }
                let before = standing.as_ref().map(|it| &it.body);
                let asked = {
                    let mut asked = ask.body.clone();
                    asked["name"] = json!(name);
                    asked
                };
                let mut document = body::complete(&Offer::read(draft), &asked, before, name, &group, &location)?;
                check_workspace(draft, &document["properties"])?;
                sizes::check(draft, &document)?;
                let surging = pools::surging(before, &document);
                quota::check(draft, world, &document, &surging)?;
                complete_issuer(draft, world, &mut document);
                let who = standing.as_ref().map(|it| it.body["identity"].clone()).unwrap_or_default();
                let (mut cluster, verb, takes) = match standing {
                    None => {
                        let spread = Duration::from_secs(u64::from(Uuid::new_v4().as_bytes()[0]) % 120);
                        (new_cluster(ask, document)?, "create", CREATION + spread)
                    }
                    Some(mut standing) => {
                        carry_over(&mut document, &standing.body);
                        standing.body = document;
                        (standing, "update", UPDATE)
                    }
                };
                etags::renew(&mut cluster, None);
                settle_identity(draft, world, &mut cluster, &who);
                cluster.body["properties"]["powerState"] = json!({"code": "Running"});
                set_states(
                    &mut cluster,
                    match verb {
                        "create" => "Creating",
                        _ if surging.is_empty() => "Updating",
                        _ => "Upgrading",
                    },
                );
                resources::put(draft, &cluster);
                pools::mirror(draft, &cluster);
                let mut operation = Operation::begin(draft, &world.clock, CLUSTERS, cluster.id(), verb, takes);
                operation.arguments = json!({ "location": location });
                operation.put(draft);
                let status = if verb == "create" { StatusCode::CREATED } else { StatusCode::OK };
                Ok(Answer::Long {
                    status,
                    body: Some(cluster.body),
                    operation,
                    poll: Poll::AsyncOperation,
                    retry_after: POLL,
                })
            })
            .await
    }

    /// Changes the tags, which is all that AKS lets a PATCH change.
    async fn patch(&self, world: &Arc<World>, ask: &Ask) -> Result<Answer, Refusal> {
        world
            .state
            .change(|draft| {
                let mut cluster =
                    resources::find(draft, ask.id.as_str()).ok_or_else(|| Refusal::resource_not_found(&ask.id))?;
                ask.check_precondition(Some(&cluster.body))?;
                check_free(&cluster, draft.now)?;
                power::check_running(&cluster, "updating")?;
                if ask.body["tags"].is_object() {
                    cluster.body["tags"] = ask.body["tags"].clone();
                    etags::renew(&mut cluster, None);
                    pools::mirror(draft, &cluster);
                }
                resources::put(draft, &cluster);
                Ok(Answer::Document(StatusCode::OK, cluster.body))
            })
            .await
    }

    async fn delete(&self, world: &Arc<World>, ask: &Ask) -> Result<Answer, Refusal> {
        world
            .state
            .change(|draft| {
                let Some(mut cluster) = resources::find(draft, ask.id.as_str()) else {
                    return Ok(Answer::Empty(StatusCode::NO_CONTENT));
                };
                ask.check_precondition(Some(&cluster.body))?;
                // A cluster may be deleted while it is being made, but not twice.
                if cluster.provisioning_state() == "Deleting" {
                    check_free(&cluster, draft.now)?;
                }
                set_states(&mut cluster, "Deleting");
                resources::put(draft, &cluster);
                let mut operation = Operation::begin(draft, &world.clock, CLUSTERS, cluster.id(), "delete", DELETION);
                operation.arguments = json!({"location": cluster.body["location"]});
                operation.put(draft);
                Ok(accepted(operation, None))
            })
            .await
    }

    async fn act(&self, world: &Arc<World>, ask: &Ask, action: &str) -> Result<Answer, Refusal> {
        let found = world.state.read(|draft| resources::find(draft, ask.id.as_str()));
        let cluster = found.ok_or_else(|| Refusal::resource_not_found(&ask.id))?;
        match action.to_ascii_lowercase().as_str() {
            "listclusterusercredential" => credentials::user(world, &cluster, "clusterUser"),
            "listclustermonitoringusercredential" => credentials::user(world, &cluster, "clusterMonitoringUser"),
            "listclusteradmincredential" => credentials::admin(&cluster),
            verb @ ("start" | "stop") => power::change(world, ask, verb).await,
            "rotateclustercertificates" => rotation::begin(world, ask).await,
            _ => Err(Refusal::method_not_allowed()),
        }
    }

    async fn view(&self, world: &Arc<World>, ask: &Ask, view: &str) -> Result<Answer, Refusal> {
        let found = world.state.read(|draft| resources::find(draft, ask.id.as_str()));
        let cluster = found.ok_or_else(|| Refusal::resource_not_found(&ask.id))?;
        match view.to_ascii_lowercase().as_str() {
            "upgradeprofiles/default" => {
                let offer = world.state.read(Offer::read);
                Ok(Answer::Document(StatusCode::OK, versions::upgrade_profile(&offer, &cluster.body)))
            }
            "availableagentpoolversions" => {
                let offer = world.state.read(Offer::read);
                Ok(Answer::Document(StatusCode::OK, versions::of_pools(&offer, &cluster.body)))
            }
            _ => Err(Refusal::resource_not_found(&ask.id)),
        }
    }

    async fn proceed(&self, world: &Arc<World>, operation: &mut Operation) -> Result<Option<Timestamp>, Refusal> {
        match operation.verb.as_str() {
            "update" => upgrade::proceed(&self.running, world, operation).await,
            _ => Ok(None),
        }
    }

    async fn complete(&self, world: &Arc<World>, operation: &Operation) -> Result<(), Refusal> {
        match operation.verb.as_str() {
            "delete" => remove(&self.running, world, &operation.resource).await,
            "stop" => power::stop(&self.running, world, operation).await,
            "start" => power::start(&self.running, world, operation).await,
            rotation::ROTATE => rotation::complete(&self.running, world, operation).await,
            _ => outcome::bring_about(&self.running, world, operation).await,
        }
    }

    async fn fail(&self, world: &Arc<World>, operation: &Operation, refusal: &Refusal) -> Result<(), StateError> {
        outcome::fail(world, operation, refusal).await
    }

    fn leaving_takes(&self) -> Duration {
        DELETION
    }

    fn can_leave(&self, world: &World, draft: &Draft<'_>, cluster: &Resource) -> Result<(), Refusal> {
        check_deletable(draft, world, cluster.id())
    }

    fn leave(&self, world: &World, draft: &mut Draft<'_>, cluster: &Resource) {
        forget(draft, world, cluster);
        self.running.end_later(draft, cluster);
    }
}

/// Ends what runs in a cluster and takes it away with all that belongs to it.
async fn remove(running: &Clusters, world: &Arc<World>, id: &str) -> Result<(), Refusal> {
    world.state.read(|draft| check_deletable(draft, world, id))?;
    let Some(cluster) = world.state.read(|draft| resources::find(draft, id)) else { return Ok(()) };
    running.end(world, &cluster).await;
    world
        .state
        .change(|draft| {
            if let Some(cluster) = resources::find(draft, id) {
                forget(draft, world, &cluster);
                resources::remove(draft, cluster.id());
            }
            Ok(())
        })
        .await
}

/// The nodes' group goes with the cluster; a lock on it fails the deletion.
fn check_deletable(draft: &Draft<'_>, world: &World, id: &str) -> Result<(), Refusal> {
    match resources::find(draft, id) {
        Some(cluster) => locks::check(draft, &node_group::group_id(world, &cluster), Deed::Delete),
        None => Ok(()),
    }
}

/// Takes away what belongs to a cluster and lies elsewhere: its nodes' group, its issuer, its identity.
fn forget(draft: &mut Draft<'_>, world: &World, cluster: &Resource) {
    node_group::remove(draft, world, cluster);
    if let Some(issuer) = cluster.body["properties"]["oidcIssuerProfile"]["issuerURL"].as_str() {
        draft.remove(ISSUERS, issuer);
    }
    if let Some(id) = cluster.body["identity"]["principalId"].as_str().and_then(|it| Uuid::parse_str(it).ok()) {
        directory::remove(draft, id);
    }
}

fn check_name(name: &str) -> Result<(), Refusal> {
    let allowed = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    let edge = |c: Option<char>| c.is_some_and(|c| c.is_ascii_alphanumeric());
    if name.len() <= 63 && name.chars().all(allowed) && edge(name.chars().next()) && edge(name.chars().last()) {
        return Ok(());
    }
    Err(Refusal::bad("InvalidResourceName", format!("The resource name '{name}' is invalid. It has to be 1 to 63 letters, digits, hyphens and underscores, a letter or digit first and last."))
        .about("resourceName"))
}
