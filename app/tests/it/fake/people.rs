//! What a faked portal answers of people, teams and what is told to them.

use super::Fake;
use app::error::PortalError;
use app::portal::{self, Answer};
use async_trait::async_trait;
use domain::account::{AccountId, Caller};
use domain::name::PolicyName;
use domain::view;
use futures::stream::BoxStream;

#[async_trait]
impl portal::Frames for Fake {
    async fn frame(&self, _: &Caller) -> Answer<view::Frame> {
        self.frame.clone()
    }
}

#[async_trait]
impl portal::Sessions for Fake {
    async fn sessions(&self, _: &Caller, _: &str) -> Answer<Vec<view::session::Row>> {
        Ok(self.sessions.clone())
    }
    async fn end_session(&self, _: &Caller, _: &str) -> Answer<()> {
        Ok(())
    }
    async fn end_other_sessions(&self, _: &Caller, _: &str) -> Answer<()> {
        Ok(())
    }
}

#[async_trait]
impl portal::People for Fake {
    async fn people(&self, _: &Caller, _: &view::people::Filter) -> Answer<view::people::List> {
        self.people.clone()
    }
    async fn person(&self, _: &Caller, account: &AccountId) -> Answer<view::people::Row> {
        let list = self.people.clone()?;
        list.rows.into_iter().find(|row| row.id == *account).ok_or_else(PortalError::not_found)
    }
    async fn mark_left(&self, _: &Caller, _: &AccountId) -> Answer<view::people::Ended> {
        Ok(view::people::Ended::default())
    }
    async fn mark_back(&self, _: &Caller, _: &AccountId) -> Answer<()> {
        Ok(())
    }
    async fn left_behind(&self, _: &Caller) -> Answer<Vec<view::people::Behind>> {
        Ok(self.behind.clone())
    }
    async fn take_on(&self, _: &Caller, _: &str) -> Answer<()> {
        Ok(())
    }
}

#[async_trait]
impl portal::Teams for Fake {
    async fn templates(&self, _: &Caller) -> Answer<Vec<domain::template::Template>> {
        Ok(Vec::new())
    }
    async fn teams(&self, _: &Caller) -> Answer<Vec<view::team::Row>> {
        Ok(Vec::new())
    }
    async fn quotas(&self, _: &Caller) -> Answer<Vec<view::team::Holds>> {
        Ok(Vec::new())
    }
}

#[async_trait]
impl portal::Notices for Fake {
    async fn notices(&self, _: &Caller, _: &str, _: Option<u32>) -> Answer<view::notice::List> {
        self.notices.clone()
    }
    async fn choose_notices(&self, _: &Caller, _: &[domain::notice::Kind]) -> Answer<()> {
        Ok(())
    }
    async fn undelivered(&self, _: &Caller, _: &str, _: usize) -> Answer<view::notice::Deliveries> {
        Ok(view::notice::Deliveries::default())
    }
    async fn repeat_notice(&self, _: &Caller, _: &str) -> Answer<()> {
        Ok(())
    }
}

#[async_trait]
impl portal::Audit for Fake {
    async fn audit(&self, _: &Caller, _: &view::audit::Filter) -> Answer<view::audit::List> {
        self.audit.clone()
    }
    async fn audit_export(
        &self,
        _: &Caller,
        _: &view::audit::Filter,
        _: view::audit::Form,
    ) -> Answer<BoxStream<'static, Answer<String>>> {
        Err(PortalError::not_found())
    }
    async fn evidence(&self, _: &Caller, _: &str) -> Answer<Vec<u8>> {
        Err(PortalError::not_found())
    }
}

#[async_trait]
impl portal::Policies for Fake {
    async fn policies(&self, _: &Caller) -> Answer<view::policy::List> {
        self.policies.clone()
    }
    async fn policy(&self, _: &Caller, _: &str, _: Option<u32>, _: u32) -> Answer<view::policy::Whole> {
        self.policy.clone()
    }
    async fn write_policy(&self, _: &Caller, _: Option<&str>, _: u32, _: &str) -> Answer<(PolicyName, u32)> {
        Err(PortalError::not_found())
    }
    async fn switch_policy(&self, _: &Caller, _: &str, _: Option<u32>, _: Option<u32>) -> Answer<()> {
        Ok(())
    }
}
