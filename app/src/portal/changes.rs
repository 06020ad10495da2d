//! An environment that shall become another one, or nothing: a form, a plan, an approval, as for a new one.

use super::Answer;
use async_trait::async_trait;
use domain::account::Caller;
use domain::form::Form;
use domain::id::RequestId;
use domain::view::request::{Changing, Destruction, PlanPanel, Release};

#[async_trait]
pub trait Changes: Send + Sync {
    /// What may be changed of an environment, and what may be chosen.
    async fn changing(&self, caller: &Caller, environment: &str) -> Answer<Changing>;

    /// What these answers would do to what stands; an empty one keeps what is there.
    async fn plan_change(&self, caller: &Caller, environment: &str, form: &Form) -> Answer<PlanPanel>;

    /// Sends it for approval, with the plan frozen over what stands now.
    async fn submit_change(&self, caller: &Caller, environment: &str, form: &Form) -> Answer<RequestId>;

    /// Looks now whether it is still as it was approved, instead of at the next quarter of an hour.
    async fn look(&self, caller: &Caller, environment: &str) -> Answer<()>;

    /// Sends for approval that it be made again as it was approved.
    async fn submit_repair(&self, caller: &Caller, environment: &str) -> Answer<RequestId>;

    /// What a removal would do; `purge` has Azure keep nothing of the vault.
    async fn destruction(&self, caller: &Caller, environment: &str, purge: bool) -> Answer<Destruction>;

    /// Sends it for approval; `digest` is of the plan that was looked at.
    async fn submit_destruction(
        &self,
        caller: &Caller,
        environment: &str,
        purge: bool,
        reason: &str,
        digest: &str,
    ) -> Answer<RequestId>;

    /// What stays on Azure, and what Keystead stops doing, where it lets go of an environment.
    async fn release(&self, caller: &Caller, environment: &str) -> Answer<Release>;

    /// Sends it for approval; `reason` is needed, `digest` is of the list that was looked at.
    async fn submit_release(&self, caller: &Caller, environment: &str, reason: &str, digest: &str)
    -> Answer<RequestId>;
}
