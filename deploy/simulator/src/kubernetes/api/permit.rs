//! Decides whether somebody may do what they ask: by role assignments in Azure for people of the directory, where the
//! cluster says so (Azure RBAC for Kubernetes), else by the cluster's own roles.

use super::identify::{Person, Standing};
use super::path::Place;
use crate::kubernetes::MASTERS;
use crate::kubernetes::cluster::Cluster;
use crate::kubernetes::kind::Kind;
use crate::kubernetes::rbac::{self, Wish};
use crate::kubernetes::refusal::Refusal;
use crate::roles::{self, Act};

/// Lets the request through or refuses it with the text that AKS uses.
pub(super) async fn check(cluster: &Cluster, who: &Person, verb: &str, place: &Place) -> Result<(), Refusal> {
    let kind = place.kind;
    let resource = match place.part.as_str() {
        "" => kind.plural.to_owned(),
        part => format!("{}/{part}", kind.plural),
    };
    let wish = Wish { verb, group: kind.group, resource: &resource, namespace: &place.namespace, name: &place.name };
    // Everybody who is known may ask what they may do.
    if kind.only_asked || allows(cluster, who, &wish).await.is_some() {
        return Ok(());
    }
    Err(Refusal::forbidden(kind, &place.name, denied(cluster, who, &wish)))
}

/// Refuses a role or binding that gives away more than its author may.
pub(super) async fn check_rights(
    cluster: &Cluster,
    who: &Person,
    kind: &'static Kind,
    object: &serde_json::Value,
) -> Result<(), Refusal> {
    let (verb, of, name) = rbac::instead(kind, object);
    let namespace = if of.namespaced { crate::kubernetes::object::namespace(object) } else { "" };
    let wish = Wish { verb, group: of.group, resource: of.plural, namespace, name };
    if allows(cluster, who, &wish).await.is_some() {
        return Ok(());
    }
    rbac::check_held(cluster, who.subject(), kind, object).await
}

/// What somebody is told who may not do that.
pub(super) fn denied(cluster: &Cluster, who: &Person, wish: &Wish<'_>) -> String {
    let (plural, _) = wish.resource.split_once('/').unwrap_or((wish.resource, ""));
    let dot = if wish.group.is_empty() { "" } else { "." };
    let name = if wish.name.is_empty() { String::new() } else { format!(" \"{}\"", wish.name) };
    let range = match wish.namespace {
        "" => "at the cluster scope".to_owned(),
        namespace => format!("in the namespace \"{namespace}\""),
    };
    let message = format!(
        "{plural}{dot}{}{name} is forbidden: User \"{}\" cannot {} resource \"{}\" in API group \"{}\" {range}",
        wish.group, who.name, wish.verb, wish.resource, wish.group
    );
    match is_azures(cluster, who) {
        Some(_) => format!("{message}: {NO_ASSIGNMENT}"),
        None => message,
    }
}

/// What Azure says of somebody whom no assignment lets do that.
pub(super) const NO_ASSIGNMENT: &str =
    "User does not have access to the resource in Azure. Update role assignment to allow access.";

/// The object id of somebody about whom Azure is asked.
pub(super) fn is_azures(cluster: &Cluster, who: &Person) -> Option<uuid::Uuid> {
    let facts = cluster.facts();
    match who.standing {
        Standing::Entra(id) if facts.azure_rbac => {
            (!facts.admin_groups.iter().any(|group| who.groups.contains(group))).then_some(id)
        }
        _ => None,
    }
}

/// Why somebody may do that; nothing where they may not.
pub(super) async fn allows(cluster: &Cluster, who: &Person, wish: &Wish<'_>) -> Option<String> {
    if who.groups.iter().any(|group| group == MASTERS) {
        return Some(String::new());
    }
    let Some(id) = is_azures(cluster, who) else { return rbac::allows(cluster, who.subject(), wish).await };
    let action = data_action(wish);
    let scope = match wish.namespace {
        "" => cluster.id.clone(),
        namespace => format!("{}/namespaces/{namespace}", cluster.id),
    };
    let now = cluster.now();
    let may = cluster.world.state.read(|draft| roles::allows(draft, id, &scope, Act::Data(&action), now));
    may.then(|| "Access allowed by Azure RBAC".to_owned())
}

/// The data action that AKS asks Azure about; parts of an object are not told apart from it.
fn data_action(wish: &Wish<'_>) -> String {
    let word = match wish.verb {
        "get" | "list" | "watch" => "read",
        "create" | "update" | "patch" => "write",
        "delete" | "deletecollection" => "delete",
        "bind" => "bind/action",
        "escalate" => "escalate/action",
        "impersonate" => "impersonate/action",
        _ => "action",
    };
    let group = if wish.group.is_empty() { String::new() } else { format!("{}/", wish.group) };
    let plural = wish.resource.split('/').next().unwrap_or_default();
    format!("Microsoft.ContainerService/managedClusters/{group}{plural}/{word}")
}
