//! Log Analytics knows this cluster's nodes and the web app's pods, and heard of them lately.

use super::{Check, Found, Subject};
use async_trait::async_trait;
use domain::moment::duration;
use domain::naming::WEB_APP;
use domain::wish::Wish;

pub(super) struct Inventory;

/// First records take Azure 10 to 15 minutes; before that their absence says nothing. Source: Microsoft's
/// "Troubleshoot Container insights".
const FIRST_RECORDS_MS: i64 = 20 * 60_000;

#[async_trait]
impl Check for Inventory {
    fn key(&self) -> &'static str {
        "inventory"
    }

    fn title(&self) -> &'static str {
        "Node and pod inventory is fresh"
    }

    fn applies(&self, wish: &Wish) -> bool {
        wish.insights.is_some()
    }

    async fn ask(&self, subject: &Subject) -> Result<Found, azure::Error> {
        let id = subject.place().workspace();
        let workspace = subject.azure().arm().get(&id).await?;
        let Some(customer) = workspace.as_ref().and_then(|workspace| workspace["properties"]["customerId"].as_str())
        else {
            let remedy = "Have the workspace recovered: Azure keeps deleted workspaces for 14 days.";
            return Ok(Found::failed("no workspace", "The Log Analytics workspace is gone.", remedy));
        };
        let cluster = subject.place().cluster();
        let nodes = format!(
            "KubeNodeInventory | where TimeGenerated > ago(15m) and ClusterId =~ '{cluster}' | summarize arg_max(TimeGenerated, *) by Computer | project Computer, Status"
        );
        let pods = format!(
            "KubePodInventory | where TimeGenerated > ago(15m) and ClusterId =~ '{cluster}' and Namespace == '{WEB_APP}' | summarize arg_max(TimeGenerated, *) by Name | project Name, PodStatus"
        );
        let logs = subject.azure().logs();
        let (nodes, pods) =
            futures::try_join!(logs.query(customer, &nodes, "PT1H"), logs.query(customer, &pods, "PT1H"))?;
        let (nodes, pods) = (nodes.rows.len(), pods.rows.len());
        let wanted = subject.wish().cluster.nodes as usize;
        let since = subject.insights_since().map(|since| subject.now().since(since));
        let young = since.is_none_or(|since| since < FIRST_RECORDS_MS);
        let found = if nodes >= wanted && pods > 0 {
            Found::passed(format!("{nodes} nodes, {pods} pods"))
        } else if young {
            let age = since.map_or_else(String::new, |since| format!(" Insights are on for {}.", duration(since)));
            Found::could_not_tell(
                "no record yet",
                format!("The first records take Azure 10 to 15 minutes.{age} It is asked again by itself."),
            )
        } else {
            Found::failed(
                format!("{nodes} of {wanted} nodes, {pods} pods"),
                "Records of the last 15 minutes are missing: the agents do not send, or send elsewhere.",
                "Check the data collection rule, its association and the ama-logs pods in kube-system.",
            )
        };
        Ok(found.with("workspace", id.name()).with("nodes", nodes.to_string()).with("pods", pods.to_string()))
    }
}
