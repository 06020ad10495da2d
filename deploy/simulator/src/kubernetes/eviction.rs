//! Evicts a pod where its disruption budget allows it, and takes that from the budget at once.

use serde_json::{Value, json};

use super::cluster::Cluster;
use super::controllers::budget;
use super::kind;
use super::object::{self, number, text};
use super::refusal::Refusal;
use super::removal::Wish;
use super::store::Key;

impl Cluster {
    /// Deletes a pod unless that would violate its disruption budget.
    pub async fn evict(&self, key: &Key, wish: &Wish) -> Result<(), Refusal> {
        let pod = self.objects.get(key).await.ok_or_else(|| Refusal::not_found(key.kind, &key.name))?;
        if counts(&pod) {
            self.take_from_budget(&pod, wish.dry).await?;
        }
        self.delete(key, wish).await.map(drop)
    }

    /// Two evictions at the same time may not both take the last disruption that is allowed.
    async fn take_from_budget(&self, pod: &Value, dry: bool) -> Result<(), Refusal> {
        let (_, budgets) = self.objects.list(&kind::DISRUPTION_BUDGET, object::namespace(pod)).await;
        let covering: Vec<_> = budgets.iter().filter(|budget| budget::covers(budget, pod)).collect();
        let budget = match covering.as_slice() {
            [] => return Ok(()),
            [one] => one,
            _ => {
                return Err(Refusal::internal(
                    "This pod has more than one PodDisruptionBudget, which the eviction subresource does not support.",
                ));
            }
        };
        let now = object::time(self.now());
        let pod_is_ready = object::is_condition_true(pod, "Ready");
        let name = object::name(pod).to_string();
        let taking = |budget: &mut Value| {
            let count = |field: &str| number(budget, &format!("/status/{field}")).unwrap_or(0);
            let (healthy, wanted, allowed) =
                (count("currentHealthy"), count("desiredHealthy"), count("disruptionsAllowed"));
            // One that is not ready is not among those that count: it may go while enough others are.
            let always = text(budget, "/spec/unhealthyPodEvictionPolicy") == "AlwaysAllow";
            if !pod_is_ready && (always || (wanted > 0 && healthy >= wanted)) {
                return Ok(());
            }
            if allowed < 1 {
                return Err(Refusal::budget(object::name(budget), wanted, healthy));
            }
            if !dry {
                object::set(budget, &["status", "disruptionsAllowed"], json!(allowed - 1));
                object::set(budget, &["status", "disruptedPods", &name], json!(now));
            }
            Ok(())
        };
        self.objects.change(&Key::of(&kind::DISRUPTION_BUDGET, budget), taking).await?;
        Ok(())
    }
}

/// A pod that does not run, or no longer, disturbs nobody by leaving.
fn counts(pod: &Value) -> bool {
    text(pod, "/status/phase") == "Running" && !object::is_deleting(pod)
}
