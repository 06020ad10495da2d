//! Decides whether somebody may do what they ask, from role assignments in Azure (Azure RBAC for Kubernetes).

use super::identify::{Person, Standing};
use super::path::Place;
use crate::kubernetes::cluster::Cluster;
use crate::kubernetes::kind::Kind;
use crate::kubernetes::refusal::Refusal;
use crate::roles::{self, Act};

/// Lets the request through or refuses it with the text that AKS uses.
pub(super) fn check(cluster: &Cluster, who: &Person, verb: &str, place: &Place) -> Result<(), Refusal> {
    if allows(cluster, who, verb, place.kind, &place.namespace) {
        return Ok(());
    }
    let kind = place.kind;
    let resource =
        if place.part.is_empty() { kind.plural.to_string() } else { format!("{}/{}", kind.plural, place.part) };
    let name = if place.name.is_empty() { String::new() } else { format!(" \"{}\"", place.name) };
    let range = match place.namespace.as_str() {
        "" => "at the cluster scope".to_string(),
        namespace => format!("in the namespace \"{namespace}\""),
    };
    let mut message = format!(
        "{}{name} is forbidden: User \"{}\" cannot {verb} resource \"{resource}\" in API group \"{}\" {range}",
        kind.qualified(),
        who.name,
        kind.group
    );
    if matches!(who.standing, Standing::Entra(_)) && cluster.facts().azure_rbac {
        message
            .push_str(": User does not have access to the resource in Azure. Update role assignment to allow access.");
    }
    Err(Refusal::forbidden(kind, &place.name, message))
}

/// Whether somebody may use a verb on a kind, in a namespace or (empty) in the whole cluster.
pub(super) fn allows(cluster: &Cluster, who: &Person, verb: &str, kind: &Kind, namespace: &str) -> bool {
    // Everybody who is known may ask what they may do.
    if kind.only_asked {
        return true;
    }
    let facts = cluster.facts();
    match &who.standing {
        Standing::LocalAdministrator => true,
        Standing::ServiceAccount => false,
        Standing::Entra(_) if facts.admin_groups.iter().any(|group| who.groups.contains(group)) => true,
        Standing::Entra(_) if !facts.azure_rbac => false,
        Standing::Entra(id) => {
            let action = data_action(verb, kind);
            let scope = match namespace {
                "" => cluster.id.clone(),
                namespace => format!("{}/namespaces/{namespace}", cluster.id),
            };
            let now = cluster.now();
            cluster.world.state.read(|draft| roles::allows(draft, *id, &scope, Act::Data(&action), now))
        }
    }
}

/// The data action that AKS asks Azure about; parts of an object are not told apart from it.
fn data_action(verb: &str, kind: &Kind) -> String {
    let word = match verb {
        "get" | "list" | "watch" => "read",
        "create" | "update" | "patch" => "write",
        "delete" | "deletecollection" => "delete",
        _ => "action",
    };
    let group = if kind.group.is_empty() { String::new() } else { format!("{}/", kind.group) };
    format!("Microsoft.ContainerService/managedClusters/{group}{}/{word}", kind.plural)
}
