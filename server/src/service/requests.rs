//! Requests: the port's questions, each answered by the file of its reason.

mod asking;
mod deciding;
mod listing;

pub(super) use deciding::once_more;

use super::deciders::Deciders;
use super::error::failed;
use super::{Service, permit};
use crate::store::{self, request::Request};
use app::error::PortalError;
use app::portal::{Answer, Requests, Submission};
use async_trait::async_trait;
use domain::account::Caller;
use domain::form::Form;
use domain::id::RequestId;
use domain::naming;
use domain::permission::Action;
use domain::request::Decision;
use domain::view::Page;
use domain::view::request::{PlanPanel, Row, Show, Whole};
use domain::wish::Wish;
use std::sync::Arc;

#[async_trait]
impl Requests for Service {
    async fn plan(&self, caller: &Caller, form: &Form, password_typed: bool) -> Answer<PlanPanel> {
        self.plan_panel(caller, form, password_typed).await
    }

    async fn submit(&self, caller: &Caller, submission: Submission) -> Answer<RequestId> {
        self.send(caller, submission).await
    }

    async fn requests(&self, caller: &Caller, show: Show, after: &str) -> Answer<Page<Row>> {
        self.list_requests(caller, show, after).await
    }

    async fn request(&self, caller: &Caller, id: &RequestId) -> Answer<Whole> {
        let (request, deciders) = self.seen_request(caller, id).await?;
        Ok(self.whole(caller, request, &deciders))
    }

    async fn decide(
        &self,
        caller: &Caller,
        id: &RequestId,
        decision: Decision,
        comment: &str,
        digest: &str,
    ) -> Answer<Whole> {
        self.decide_request(caller, id, decision, comment, digest).await
    }

    async fn withdraw(&self, caller: &Caller, id: &RequestId) -> Answer<Whole> {
        self.withdraw_request(caller, id).await
    }
}

impl Service {
    /// The request, if the caller may see it, and who decides.
    async fn seen_request(&self, caller: &Caller, id: &RequestId) -> Answer<(Request, Arc<Deciders>)> {
        let found = store::request::find(&self.store, id).await.map_err(failed("reading a request"))?;
        let request = found.ok_or_else(PortalError::not_found)?;
        let deciders = self.deciders().await?;
        let subject = deciders.subject(&request.team, &request.requester, &request.requester_name);
        permit(caller, Action::See, &subject)?;
        Ok((request, deciders))
    }
}

/// What the list's search finds an environment by: lower case, each word between spaces.
fn search(wish: &Wish, owner: &str) -> String {
    let words = [
        wish.name.to_string(),
        owner.to_owned(),
        naming::resource_group(wish),
        naming::cluster(wish),
        naming::app_identity(wish),
        naming::workspace(wish),
        format!("vault:{}", wish.vault.name),
    ];
    format!(" {} ", words.join(" ")).to_lowercase()
}
