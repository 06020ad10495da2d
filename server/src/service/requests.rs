//! Requests: the port's questions, each answered by the file of its reason.

mod approving;
mod asking;
mod deciding;
mod lapsing;
mod listing;

pub(super) use approving::{Approval, Came, once_more};
pub(super) use asking::{New, SENT_ALREADY};

use super::deciders::{Asked as Whose, Deciders};
use super::error::failed;
use super::{Service, permit};
use crate::store::{self, request::Request};
use app::error::PortalError;
use app::portal::{Answer, Requests, Submission};
use async_trait::async_trait;
use domain::account::Caller;
use domain::approval::{Entry, has_answered};
use domain::audit::Actor;
use domain::form::Form;
use domain::id::RequestId;
use domain::naming;
use domain::permission::Action;
use domain::request::Decision;
use domain::view::Page;
use domain::view::request::{HandingOver, PlanPanel, Row, Show, Whole};
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
        Ok(self.whole(caller, self.seen_request(caller, id).await?))
    }

    async fn decide(
        &self,
        caller: &Caller,
        id: &RequestId,
        decision: Decision,
        comment: &str,
        digest: &str,
        level: Option<u32>,
    ) -> Answer<Whole> {
        self.decide_request(caller, id, decision, comment, digest, level).await
    }

    async fn withdraw(&self, caller: &Caller, id: &RequestId) -> Answer<Whole> {
        self.withdraw_request(caller, id).await
    }

    async fn comment(&self, caller: &Caller, id: &RequestId, text: &str) -> Answer<Whole> {
        self.comment_request(caller, id, text).await
    }

    async fn handing_over(&self, caller: &Caller) -> Answer<HandingOver> {
        self.handing_over_of(caller).await
    }

    async fn hand_over(&self, caller: &Caller, to: &str, until: &str) -> Answer<()> {
        self.hand_over_to(caller, to, until).await
    }

    async fn take_back(&self, caller: &Caller) -> Answer<()> {
        self.take_back_of(caller).await
    }
}

/// A request with everything by which the role table judges it.
#[derive(Clone)]
struct Seen {
    request: Request,
    record: Vec<Entry>,
    deciders: Arc<Deciders>,
}

impl Seen {
    /// What it is to the role table for this caller, and for whom they would decide.
    fn whose(&self, caller: &Caller) -> Whose<'_> {
        let answered = |name: &str| has_answered(&self.record, self.request.round, name);
        self.deciders.asked(caller, (&self.request).into(), answered)
    }
}

impl Service {
    /// The request, if the caller may see it, its record, and who decides.
    async fn seen_request(&self, caller: &Caller, id: &RequestId) -> Answer<Seen> {
        let found = store::request::find(&self.store, id).await.map_err(failed("reading a request"))?;
        let request = found.ok_or_else(PortalError::not_found)?;
        let record = store::record::of(&self.store, id).await.map_err(failed("reading a request"))?;
        let seen = Seen { request, record, deciders: self.deciders().await? };
        permit(caller, Action::See, &seen.whose(caller).subject)?;
        Ok(seen)
    }
}

/// Who decides, for the record of what is done.
fn actor(caller: &Caller, on_behalf: Option<&str>) -> Actor {
    match on_behalf {
        Some(name) => Actor::of(caller).on_behalf_of(name),
        None => Actor::of(caller),
    }
}

/// What the list's search finds an environment by: lower case, each word between spaces.
pub(super) fn search(wish: &Wish, owner: &str) -> String {
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
