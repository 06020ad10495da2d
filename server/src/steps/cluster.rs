//! The AKS cluster: an identity that Azure keeps, sign-in through Entra alone, and nothing left to a default.

use super::{Providers, ResourceGroup, line, place};
use crate::engine::compare::{Difference, differences, merged};
use crate::engine::{Context, Found, Progress, References, Step, StepError, Subject, Undo, Values, answer};
use async_trait::async_trait;
use domain::environment::Part;
use domain::view::job::Tone;
use domain::wish::Wish;
use domain::{naming, plan};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

pub struct Cluster;

/// The facts that later steps hang on. The issuer keeps its trailing slash, because a federated credential compares it
/// to the letter; the object id is the nodes' identity, to which a role is given.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Made {
    pub id: String,
    pub issuer: String,
    pub kubelet_object_id: String,
}

fn made(document: &Value) -> Result<Made, StepError> {
    Ok(Made {
        id: answer::text(document, "/id")?,
        issuer: answer::text(document, "/properties/oidcIssuerProfile/issuerURL")?,
        kubelet_object_id: answer::text(document, "/properties/identityProfile/kubeletidentity/objectId")?,
    })
}

#[async_trait]
impl Step for Cluster {
    type Needs = (Providers, ResourceGroup);
    type Output = Made;
    const KEY: &'static str = "cluster";
    const TITLE: &'static str = "Cluster";
    const PART: Option<Part> = Some(Part::Cluster);

    fn resource(&self, wish: &Wish) -> String {
        naming::cluster(wish)
    }

    fn lies_in(&self, _wish: &Wish) -> Option<&'static str> {
        Some(ResourceGroup::KEY)
    }

    fn plan(&self, subject: &Subject<'_>) -> Vec<plan::Line> {
        let cluster = &subject.wish.cluster;
        let detail = format!(
            "{} × {}, Kubernetes {}, {} tier, system-assigned identity, local accounts off",
            cluster.nodes,
            cluster.node_size,
            cluster.kubernetes,
            cluster.tier.word()
        );
        vec![line(Self::KEY, self.resource(subject.wish), "AKS cluster", detail)]
    }

    /// The size of a pool's machines is decided when the pool is made, and the one system pool cannot be removed.
    fn in_place(&self, differences: &[Difference]) -> bool {
        !differences.iter().any(|difference| difference.field.ends_with("/vmSize"))
    }

    fn wants(&self, subject: &Subject<'_>, _needs: &References<Self>) -> Value {
        document(subject)
    }

    async fn look(&self, cx: &Context<'_>, _needs: &References<Self>) -> Result<Found<Made>, StepError> {
        answer::found(cx, cx.get(&place(&cx.subject).cluster()).await?, made)
    }

    /// What is there keeps everything that is not named, its add-ons above all, since a PUT replaces the whole.
    async fn run(&self, cx: &Context<'_>, _needs: &Values<Self>, wants: &Value) -> Result<Progress<Made>, StepError> {
        let (arm, id) = (cx.azure.arm(), place(&cx.subject).cluster());
        let Some(there) = cx.get(&id).await? else { return answer::begun(arm.put(&id, wants).await?, made) };
        if self.in_place(&differences(wants, &there)) {
            return answer::begun(arm.put(&id, &merged(&there, wants)).await?, made);
        }
        cx.say(Tone::Plain, format!("{} is removed and made again", naming::cluster(cx.subject.wish)));
        match answer::undone(arm.delete(&id).await?)? {
            Undo::Gone => answer::begun(arm.put(&id, wants).await?, made),
            Undo::Asked { operation, after } => {
                Ok(Progress::Asked { operation: json!({ REPLACING: operation }), after })
            }
        }
    }

    async fn follow(
        &self,
        cx: &Context<'_>,
        _needs: &Values<Self>,
        operation: &Value,
    ) -> Result<Progress<Made>, StepError> {
        let Some(removal) = operation.get(REPLACING) else { return answer::followed(cx, operation, made).await };
        match answer::followed_undo(cx, removal).await? {
            Undo::Asked { operation, after } => {
                Ok(Progress::Asked { operation: json!({ REPLACING: operation }), after })
            }
            Undo::Gone => {
                let id = place(&cx.subject).cluster();
                answer::begun(cx.azure.arm().put(&id, &document(&cx.subject)).await?, made)
            }
        }
    }

    async fn undo(&self, cx: &Context<'_>, _needs: &References<Self>) -> Result<Undo, StepError> {
        answer::undone(cx.azure.arm().delete(&place(&cx.subject).cluster()).await?)
    }

    async fn follow_undo(
        &self,
        cx: &Context<'_>,
        _needs: &References<Self>,
        operation: &Value,
    ) -> Result<Undo, StepError> {
        answer::followed_undo(cx, operation).await
    }
}

/// Beside an operation that removes the cluster so that it can be made again.
const REPLACING: &str = "replacing";

fn document(subject: &Subject<'_>) -> Value {
    let cluster = &subject.wish.cluster;
    json!({
        "location": subject.wish.region,
        "tags": subject.tags(),
        "identity": { "type": "SystemAssigned" },
        "sku": { "name": "Base", "tier": cluster.tier.word() },
        "properties": {
            "kubernetesVersion": cluster.kubernetes,
            "dnsPrefix": naming::cluster(subject.wish),
            "nodeResourceGroup": naming::node_resource_group(subject.wish),
            "enableRBAC": true,
            "disableLocalAccounts": true,
            "aadProfile": { "managed": true, "enableAzureRBAC": true, "tenantID": subject.installation.tenant },
            "oidcIssuerProfile": { "enabled": true },
            "securityProfile": { "workloadIdentity": { "enabled": true } },
            "agentPoolProfiles": [{
                "name": "nodes",
                "mode": "System",
                "type": "VirtualMachineScaleSets",
                "osType": "Linux",
                "osSKU": "Ubuntu",
                "vmSize": cluster.node_size,
                "orchestratorVersion": cluster.kubernetes,
                "count": cluster.nodes,
                "enableAutoScaling": false,
                "maxPods": 110,
                "upgradeSettings": { "maxSurge": "1", "drainTimeoutInMinutes": 30, "undrainableNodeBehavior": "Cordon" },
            }],
            "networkProfile": {
                "networkPlugin": "azure",
                "networkPluginMode": "overlay",
                "networkDataplane": "cilium",
                "networkPolicy": "cilium",
                "loadBalancerSku": "standard",
                "outboundType": "loadBalancer",
                "podCidr": "10.244.0.0/16",
                "serviceCidr": "10.0.0.0/16",
                "dnsServiceIP": "10.0.0.10",
            },
            // Kubernetes itself is raised by a person, node images by Azure in the maintenance window.
            "autoUpgradeProfile": { "upgradeChannel": "none", "nodeOSUpgradeChannel": "NodeImage" },
        },
    })
}
