//! Evicts a pod where its disruption budget allows it, and takes that from the budget at once.

use axum::response::Response;
use http::StatusCode;
use serde_json::{Value, json};

use super::{Call, json_answer};
use crate::kubernetes::controllers::budget;
use crate::kubernetes::kind;
use crate::kubernetes::object::{self, number, text};
use crate::kubernetes::refusal::Refusal;
use crate::kubernetes::removal::Wish;
use crate::kubernetes::store::Key;

pub(super) async fn answer(call: Call) -> Result<Response, Refusal> {
    let eviction = call.json()?;
    let key = call.place.key();
    let pod = call.cluster.objects.get(&key).await.ok_or_else(|| Refusal::not_found(key.kind, &key.name))?;
    let mut wish = Wish::from_body(&eviction["deleteOptions"]);
    wish.dry |= call.query.is_dry();
    if counts(&pod) {
        take(&call, &pod, wish.dry).await?;
    }
    call.cluster.delete(&key, &wish).await?;
    Ok(json_answer(
        StatusCode::CREATED,
        &json!({"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success", "code": 201}),
    ))
}

/// A pod that does not run, or no longer, disturbs nobody by leaving.
fn counts(pod: &Value) -> bool {
    text(pod, "/status/phase") == "Running" && !object::is_deleting(pod)
}

/// Two evictions at the same time may not both take the last disruption that is allowed.
async fn take(call: &Call, pod: &Value, dry: bool) -> Result<(), Refusal> {
    let (_, budgets) = call.cluster.objects.list(&kind::DISRUPTION_BUDGET, object::namespace(pod)).await;
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
    let now = object::time(call.cluster.now());
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
    call.cluster.objects.change(&Key::of(&kind::DISRUPTION_BUDGET, budget), taking).await?;
    Ok(())
}
