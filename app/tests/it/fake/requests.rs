//! What a faked portal answers of forms, plans and requests.

use super::Fake;
use app::error::PortalError;
use app::portal::{self, Answer, Draft, Submission};
use async_trait::async_trait;
use domain::account::Caller;
use domain::field::FieldError;
use domain::form::{Choices, Form};
use domain::id::{DraftId, PlanId, RequestId};
use domain::request::Decision;
use domain::view;
use secrecy::SecretString;

#[async_trait]
impl portal::Offers for Fake {
    async fn choices(&self, _: &Caller) -> Answer<Choices> {
        self.choices.clone()
    }
    async fn vault_name(&self, _: &Caller, _: &str) -> Answer<Option<String>> {
        Ok(None)
    }
    async fn environment_name(&self, _: &Caller, _: &str) -> Answer<Option<String>> {
        Ok(None)
    }
}

#[async_trait]
impl portal::Drafts for Fake {
    async fn drafts(&self, _: &Caller) -> Answer<Vec<Draft>> {
        Ok(self.drafts.clone())
    }
    async fn draft(&self, _: &Caller, id: &DraftId) -> Answer<Draft> {
        self.drafts.iter().find(|draft| draft.id == *id).cloned().ok_or_else(PortalError::not_found)
    }
    async fn save_draft(
        &self,
        _: &Caller,
        _: Option<&DraftId>,
        _: &Form,
        _: &[FieldError],
        _: bool,
    ) -> Answer<DraftId> {
        Ok(DraftId::new("draft"))
    }
    async fn drop_draft(&self, _: &Caller, _: &DraftId) -> Answer<()> {
        Ok(())
    }
}

#[async_trait]
impl portal::Requests for Fake {
    async fn plan(&self, _: &Caller, _: &Form, _: bool) -> Answer<view::request::PlanPanel> {
        self.plan.clone()
    }
    async fn submit(&self, _: &Caller, _: Submission) -> Answer<RequestId> {
        Ok(RequestId::new("request"))
    }
    async fn requests(&self, _: &Caller, _: view::request::Show, _: &str) -> Answer<view::Page<view::request::Row>> {
        self.requests.clone()
    }
    async fn request(&self, _: &Caller, _: &RequestId) -> Answer<view::request::Whole> {
        self.request.clone()
    }
    async fn decide(
        &self,
        _: &Caller,
        _: &RequestId,
        _: Decision,
        _: &str,
        _: &str,
        _: Option<u32>,
    ) -> Answer<view::request::Whole> {
        self.request.clone()
    }
    async fn withdraw(&self, _: &Caller, _: &RequestId) -> Answer<view::request::Whole> {
        self.request.clone()
    }
    async fn comment(&self, _: &Caller, _: &RequestId, _: &str) -> Answer<view::request::Whole> {
        self.request.clone()
    }
    async fn handing_over(&self, _: &Caller) -> Answer<view::request::HandingOver> {
        Ok(self.handing_over.clone())
    }
    async fn hand_over(&self, _: &Caller, _: &str, _: &str) -> Answer<()> {
        Ok(())
    }
    async fn take_back(&self, _: &Caller) -> Answer<()> {
        Ok(())
    }
}

#[async_trait]
impl portal::Changes for Fake {
    async fn changing(&self, _: &Caller, _: &str) -> Answer<view::request::Changing> {
        self.changing.clone()
    }
    async fn plan_change(&self, _: &Caller, _: &str, _: &Form) -> Answer<view::request::PlanPanel> {
        self.plan.clone()
    }
    async fn submit_change(&self, _: &Caller, _: &str, _: &Form) -> Answer<RequestId> {
        Ok(RequestId::new("request"))
    }
    async fn look(&self, _: &Caller, _: &str) -> Answer<()> {
        Ok(())
    }
    async fn submit_repair(&self, _: &Caller, _: &str) -> Answer<RequestId> {
        Ok(RequestId::new("request"))
    }
    async fn destruction(&self, _: &Caller, _: &str, _: bool) -> Answer<view::request::Destruction> {
        self.destruction.clone()
    }
    async fn submit_destruction(&self, _: &Caller, _: &str, _: bool, _: &str, _: &str) -> Answer<RequestId> {
        Ok(RequestId::new("request"))
    }
    async fn release(&self, _: &Caller, _: &str) -> Answer<view::request::Release> {
        self.release.clone()
    }
    async fn submit_release(&self, _: &Caller, _: &str, _: &str, _: &str) -> Answer<RequestId> {
        Ok(RequestId::new("request"))
    }
}

#[async_trait]
impl portal::Plans for Fake {
    async fn make_plan(&self, _: &Caller, _: &portal::Asking) -> Answer<view::plan::Made> {
        Err(PortalError::not_found())
    }
    async fn made_plan(&self, _: &Caller, _: &PlanId) -> Answer<view::plan::Made> {
        Err(PortalError::not_found())
    }
    async fn submit_plan(&self, _: &Caller, _: &PlanId, _: portal::Sent) -> Answer<RequestId> {
        Err(PortalError::not_found())
    }
}

#[async_trait]
impl portal::Wishes for Fake {
    async fn wish(&self, _: &Caller, _: &str) -> Answer<Form> {
        Err(PortalError::not_found())
    }
    async fn put(&self, _: &Caller, _: &str, _: &Form, _: Option<SecretString>) -> Answer<portal::Put> {
        Err(PortalError::not_found())
    }
}
