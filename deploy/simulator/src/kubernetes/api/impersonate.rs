//! Lets somebody speak for others (`kubectl --as`), where they may.

use http::{HeaderMap, StatusCode};
use serde_json::json;

use super::identify::{self, Person};
use super::permit;
use crate::kubernetes::cluster::Cluster;
use crate::kubernetes::rbac::Wish;
use crate::kubernetes::refusal::Refusal;

/// In whose name a request is made: the caller's own, or that of who is named in its headers.
pub(super) async fn behind(cluster: &Cluster, who: Person, headers: &HeaderMap) -> Result<Person, Refusal> {
    let all = |name: &str| headers.get_all(name).iter().filter_map(|it| it.to_str().ok()).map(str::to_owned);
    let mut groups: Vec<String> = all("impersonate-group").collect();
    let Some(name) = all("impersonate-user").next().filter(|name| !name.is_empty()) else {
        return match groups.is_empty() {
            true => Ok(who),
            false => Err(Refusal::bad_request(
                "requested [{Group  ".to_owned() + &groups.join(" ") + "}] without impersonating a user",
            )),
        };
    };
    let account = name.strip_prefix("system:serviceaccount:").and_then(|it| it.split_once(':'));
    match account {
        Some((namespace, account)) => check(cluster, &who, "serviceaccounts", namespace, account).await?,
        None => check(cluster, &who, "users", "", &name).await?,
    }
    for group in &groups {
        check(cluster, &who, "groups", "", group).await?;
    }
    if groups.is_empty() {
        groups = identify::groups_of_account(&name);
    }
    Ok(Person::of_cluster(&name, groups))
}

async fn check(cluster: &Cluster, who: &Person, resource: &str, namespace: &str, name: &str) -> Result<(), Refusal> {
    let wish = Wish { verb: "impersonate", group: "", resource, namespace, name };
    if permit::allows(cluster, who, &wish).await.is_some() {
        return Ok(());
    }
    let message = permit::denied(cluster, who, &wish);
    let refusal = Refusal::new(StatusCode::FORBIDDEN, "Forbidden", message);
    Err(refusal.with_details(json!({"name": name, "kind": resource})))
}
