//! What a plan's reader should know before anybody is asked: one file a warning, all asked side by side.
//!
//! A warning never stands in a job's way: what it says beforehand, the step that meets it says again. It is answered from
//! a picture of the subscription that is some seconds old while a form is filled, and a moment when a plan is frozen,
//! because Azure Resource Manager allows about 25 sustained reads a second for a whole subscription.

mod cores;
mod deleted_vault;
mod identities;
mod kubernetes;
mod locks;
mod names;
mod node_size;
mod picture;
mod policy;
mod providers;
mod replaced;
mod rights;
mod standing;
#[cfg(test)]
mod tests;

use crate::engine::Subject;
use crate::engine::place::Place;
use async_trait::async_trait;
use azure::{Azure, Error};
use domain::Moment;
use domain::naming;
use domain::plan::{Finding, Plan, Verb};
use futures::future::join_all;

pub use deleted_vault::deleted_vault;
pub use picture::Picture;
pub use standing::standing;

/// How old an answer about what Azure offers may be even where a plan is frozen, in milliseconds.
const OFFERED: i64 = 30_000;

/// Key of the step that lets the nodes pull from a registry of Azure's.
const REGISTRY_ROLE: &str = "registry-role";

/// What a plan is about, and the way to look.
pub struct Question<'a> {
    pub subject: Subject<'a>,
    pub plan: &'a Plan,
    pub azure: &'a Azure,
    pub picture: &'a Picture,
    pub now: Moment,
    /// How old an answer may be, in milliseconds.
    pub oldest: i64,
}

/// One thing that may stand in a plan's way.
#[async_trait]
trait Warning: Send + Sync {
    /// "the quota of cores", for when it could not be asked.
    fn about(&self) -> &'static str;

    /// Nothing where all is well.
    async fn look(&self, question: &Question<'_>) -> Result<Vec<Finding>, Error>;
}

const ALL: [&dyn Warning; 11] = [
    &names::Names,
    &deleted_vault::DeletedVault,
    &node_size::NodeSize,
    &replaced::Replaced,
    &kubernetes::Kubernetes,
    &cores::Cores,
    &providers::Providers,
    &rights::Rights,
    &locks::Locks,
    &policy::Policy,
    &identities::Identities,
];

/// Everything that is to be said of a plan, in the order of [`ALL`]; what could not be asked says so.
pub async fn findings(question: &Question<'_>) -> Vec<Finding> {
    let asked = ALL.map(|warning| async move {
        warning.look(question).await.unwrap_or_else(|error| {
            tracing::warn!(%error, "asking about {} failed", warning.about());
            let why = match error.kind() {
                azure::Kind::Denied => "Keystead may not look at it here",
                _ => "Azure did not answer",
            };
            vec![warn(
                None,
                format!("Nothing is known about {}: {why}. The job meets it where it is there.", warning.about()),
            )]
        })
    });
    join_all(asked).await.into_iter().flatten().collect()
}

impl Question<'_> {
    fn place(&self) -> Place {
        Place::new(&self.subject.installation.subscription, self.subject.wish)
    }

    /// All entries of a list, as the picture has them.
    async fn list(&self, path: &str, filter: Option<&str>) -> Result<std::sync::Arc<Vec<serde_json::Value>>, Error> {
        self.picture.list(self.azure, path, filter, self.now, self.oldest).await
    }

    /// All entries of a list of what Azure offers to everybody: it changes by the week, and AKS answers once a second.
    async fn offered(&self, path: &str, filter: Option<&str>) -> Result<std::sync::Arc<Vec<serde_json::Value>>, Error> {
        self.picture.list(self.azure, path, filter, self.now, self.oldest.max(OFFERED)).await
    }

    /// The id of the registry that the image lies in, as Azure writes it; `None` where it is none of this subscription.
    async fn registry(&self) -> Result<Option<String>, Error> {
        let Some(server) = naming::registry(self.subject.wish) else { return Ok(None) };
        let path = format!("{}/providers/Microsoft.ContainerRegistry/registries", self.place().subscription());
        let registries = self.list(&path, None).await?;
        let wanted = |one: &&serde_json::Value| {
            one["properties"]["loginServer"].as_str().is_some_and(|address| address.eq_ignore_ascii_case(server))
        };
        Ok(registries.iter().find(wanted).and_then(|one| one["id"].as_str()).map(str::to_owned))
    }

    /// The command that gives Keystead's own identity a role.
    fn grant(&self, role: &str, scope: &str) -> String {
        let identity = &self.subject.installation.identity;
        format!(
            "Grant it: az role assignment create --assignee-object-id {identity} --assignee-principal-type ServicePrincipal \
             --role \"{role}\" --scope {scope}"
        )
    }

    /// Whether the plan makes or changes this step's thing.
    fn makes(&self, step: &str) -> bool {
        let made = |verb| matches!(verb, Verb::Create | Verb::Change | Verb::Replace);
        self.plan.lines.iter().any(|line| line.step == step && made(line.verb))
    }

    fn removes(&self) -> bool {
        self.plan.count(Verb::Delete) + self.plan.count(Verb::Replace) > 0
    }

    fn builds(&self) -> bool {
        self.plan.count(Verb::Create) + self.plan.count(Verb::Change) + self.plan.count(Verb::Replace) > 0
    }
}

/// The request cannot be sent like this.
fn deny(field: &str, sentence: String) -> Finding {
    Finding::deny(field, sentence)
}

fn warn(field: Option<&str>, sentence: String) -> Finding {
    Finding::warn(field, sentence)
}
