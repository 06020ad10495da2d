//! Whether Azure still supports this Kubernetes version in this region.

use super::{Question, Warning, deny, warn};
use async_trait::async_trait;
use azure::Error;
use domain::plan::Finding;
use serde_json::Value;

pub(super) struct Kubernetes;

/// `1.36` of `1.36.2`.
fn minor(version: &str) -> String {
    version.split('.').take(2).collect::<Vec<_>>().join(".")
}

/// Supported for everybody, not only where long-term support is paid for.
fn official(version: &Value) -> bool {
    let plans = version["capabilities"]["supportPlan"].as_array();
    plans.is_none_or(|plans| plans.iter().any(|plan| plan == "KubernetesOfficial"))
}

#[async_trait]
impl Warning for Kubernetes {
    fn about(&self) -> &'static str {
        "the versions of Kubernetes"
    }

    async fn look(&self, question: &Question<'_>) -> Result<Vec<Finding>, Error> {
        if !question.makes("cluster") {
            return Ok(Vec::new());
        }
        let (subscription, region) = (question.place().subscription(), &question.subject.wish.region);
        let path = format!("{subscription}/providers/Microsoft.ContainerService/locations/{region}/kubernetesVersions");
        let offered = question.offered(&path, None).await?;
        let wanted = minor(question.subject.wish.cluster.kubernetes.as_str());
        let version = |one: &Value| one["version"].as_str().map(minor);
        let passing: Vec<String> =
            offered.iter().filter(|one| official(one) && one["isPreview"] != true).filter_map(version).collect();
        let would_pass = format!("{} would pass.", passing.join(", "));
        Ok(match offered.iter().find(|one| version(one).as_deref() == Some(wanted.as_str())) {
            None => {
                vec![deny("kubernetes", format!("Azure does not offer Kubernetes {wanted} in {region}: {would_pass}"))]
            }
            Some(found) if !official(found) => {
                let sentence =
                    format!("Kubernetes {wanted} has reached its end, but for paid long-term support: {would_pass}");
                vec![deny("kubernetes", sentence)]
            }
            Some(found) if found["isPreview"] == true => {
                vec![warn(
                    Some("kubernetes"),
                    format!("Kubernetes {wanted} is a preview, which Azure does not support."),
                )]
            }
            Some(_) => Vec::new(),
        })
    }
}
