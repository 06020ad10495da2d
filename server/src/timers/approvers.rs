//! Asks the directory now and then who is in the groups that approve something, so that also those are told of what waits
//! for them who have not signed in yet.

use super::{Next, Timer};
use crate::store::{self, Store, approver, timer};
use async_trait::async_trait;
use azure::{Azure, Kind};
use domain::Moment;
use domain::approval::Group;

/// How often, in milliseconds.
const EVERY: i64 = 600_000;

pub struct ApproverLook {
    pub store: Store,
    pub azure: Azure,
    /// Those that the configuration names.
    pub groups: Vec<Group>,
}

impl ApproverLook {
    /// Sets the timer, where no server has yet.
    pub async fn begin(store: &Store, now: Moment) -> Result<(), store::Error> {
        timer::set_once(store, timer::APPROVERS, "", now).await
    }
}

#[async_trait]
impl Timer for ApproverLook {
    fn kind(&self) -> &'static str {
        timer::APPROVERS
    }

    /// Where Keystead may not ask, or the group is not there, whoever is in one is known from their first sign-in on.
    async fn ring(&self, _subject: &str, now: Moment) -> Result<Next, String> {
        for group in &self.groups {
            let names: Vec<String> = match self.azure.graph().members(&group.id).await {
                Ok(members) => members.into_iter().filter_map(|member| member.user_principal_name).collect(),
                Err(error) if matches!(error.kind(), Kind::Denied | Kind::NotFound) => {
                    tracing::warn!(group = group.title, %error, "the directory does not say who is in a group that approves");
                    Vec::new()
                }
                Err(error) => return Err(error.to_string()),
            };
            approver::keep(&self.store, &group.id, &names, now).await.map_err(|error| error.to_string())?;
        }
        Ok(Next::Again(now.plus(EVERY)))
    }
}
