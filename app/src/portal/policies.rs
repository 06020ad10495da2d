//! Policies: read by those whom they are for, written, tried out and switched by platform engineers.

use super::Answer;
use async_trait::async_trait;
use domain::account::Caller;
use domain::name::PolicyName;
use domain::view::policy::{List, Whole};

#[async_trait]
pub trait Policies: Send + Sync {
    /// Those that may concern the caller, and the templates.
    async fn policies(&self, caller: &Caller) -> Answer<List>;
    /// One of them; a version that is not on is shown with what it would have done to the requests of so many days.
    async fn policy(&self, caller: &Caller, name: &str, version: Option<u32>, days: u32) -> Answer<Whole>;
    /// Adds the version after `base`, 0 for the first; a new policy has the name that follows from its title. Nothing
    /// is switched by it. `Invalid` names every wrong line, under the field `text`.
    async fn write_policy(
        &self,
        caller: &Caller,
        name: Option<&str>,
        base: u32,
        text: &str,
    ) -> Answer<(PolicyName, u32)>;
    /// Switches a version on, or the policy off where there is none; `seen` is what was on.
    async fn switch_policy(&self, caller: &Caller, name: &str, seen: Option<u32>, version: Option<u32>) -> Answer<()>;
}
