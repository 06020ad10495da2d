//! The nodes' right to pull the web app's image, where it lies in an Azure Container Registry.

use super::assignment::{Assignment, Made, given_already, made};
use super::{Cluster, line};
use crate::engine::refusal::failure;
use crate::engine::{Context, Found, Progress, References, Step, StepError, Subject, Undo, Values, answer};
use async_trait::async_trait;
use azure::ResourceId;
use azure::roles::{self, PrincipalType};
use domain::environment::Part;
use domain::{naming, plan, wish::Wish};
use serde_json::Value;

pub struct RegistryRole;

/// The registry lies in a group of its own, so it is found by its address.
async fn registry(cx: &Context<'_>) -> Result<Option<ResourceId>, StepError> {
    let subscription = ResourceId::subscription(cx.azure.subscription());
    let path = format!("{subscription}/providers/Microsoft.ContainerRegistry/registries");
    let registries = cx.azure.arm().list(&path, None).await?;
    let wanted = naming::registry(cx.subject.wish).unwrap_or_default();
    let found = registries.iter().find(|registry| {
        let address = registry["properties"]["loginServer"].as_str();
        address.is_some_and(|address| address.eq_ignore_ascii_case(wanted))
    });
    Ok(found.and_then(|registry| registry["id"].as_str()?.parse().ok()))
}

fn assignment(registry: ResourceId, kubelet: &str) -> Assignment {
    Assignment {
        scope: registry,
        principal: kubelet.to_owned(),
        kind: PrincipalType::ServicePrincipal,
        role: roles::ACR_PULL,
    }
}

#[async_trait]
impl Step for RegistryRole {
    type Needs = (Cluster,);
    type Output = Made;
    const KEY: &'static str = "registry-role";
    const TITLE: &'static str = "Role on registry";
    const PART: Option<Part> = None;

    fn applies(&self, wish: &Wish) -> bool {
        naming::registry(wish).is_some()
    }

    fn resource(&self, wish: &Wish) -> String {
        format!("{} on {}", roles::ACR_PULL.name, naming::registry(wish).unwrap_or_default())
    }

    fn plan(&self, subject: &Subject<'_>) -> Vec<plan::Line> {
        let registry = naming::registry(subject.wish).unwrap_or_default();
        let detail = format!("{}-agentpool on {registry}", naming::cluster(subject.wish));
        vec![line(Self::KEY, roles::ACR_PULL.name, "Role assignment", detail)]
    }

    fn permits(&self, subject: &Subject<'_>) -> Vec<String> {
        let registry = naming::registry(subject.wish).unwrap_or_default();
        vec![format!("The nodes of {} may pull images from {registry}.", naming::cluster(subject.wish))]
    }

    fn wants(&self, _subject: &Subject<'_>, _needs: &References<Self>) -> Value {
        Value::Null // being there is enough: its id says all
    }

    /// Another node size makes another cluster, and with it another identity of the nodes.
    fn leaves_former(&self, former: &Wish, wish: &Wish) -> bool {
        former.cluster.node_size != wish.cluster.node_size || naming::registry(former) != naming::registry(wish)
    }

    async fn look(&self, cx: &Context<'_>, (cluster,): &References<Self>) -> Result<Found<Made>, StepError> {
        match (registry(cx).await?, cluster.known()) {
            (Some(registry), Some(cluster)) => {
                let id = assignment(registry, &cluster.kubelet_object_id).id();
                answer::found(cx, cx.get(&id).await?, made)
            }
            _ => Ok(Found::Absent),
        }
    }

    async fn run(
        &self,
        cx: &Context<'_>,
        (cluster,): &Values<Self>,
        _wants: &Value,
    ) -> Result<Progress<Made>, StepError> {
        let Some(registry) = registry(cx).await? else {
            return Err(StepError::Person {
                failure: failure(
                    "the registry is not in this subscription",
                    None,
                    "The image names an Azure Container Registry that Keystead does not see here.",
                    "Give Keystead's identity a role on that registry, or roll back and ask with another image.",
                    None,
                ),
            });
        };
        let assignment = assignment(registry, &cluster.kubelet_object_id);
        match cx.azure.arm().put(&assignment.id(), &assignment.document()).await {
            Err(error) if given_already(&error) => Ok(Progress::Made(Made { id: assignment.id().to_string() })),
            answer => answer::begun(answer?, made),
        }
    }

    async fn follow(
        &self,
        cx: &Context<'_>,
        _needs: &Values<Self>,
        operation: &Value,
    ) -> Result<Progress<Made>, StepError> {
        answer::followed(cx, operation, made).await
    }

    /// The registry outlives the environment, so the assignment is removed by itself: by the id that was noted, else by
    /// what it must be.
    async fn undo(&self, cx: &Context<'_>, (cluster,): &References<Self>) -> Result<Undo, StepError> {
        let noted = cx.stood_id().and_then(|id| id.parse().ok());
        let computed = match (&noted, cluster.known()) {
            (None, Some(cluster)) => {
                registry(cx).await?.map(|registry| assignment(registry, &cluster.kubelet_object_id).id())
            }
            _ => None,
        };
        match noted.or(computed) {
            Some(id) => answer::undone(cx.azure.arm().delete(&id).await?),
            None => Ok(Undo::Gone),
        }
    }
}
