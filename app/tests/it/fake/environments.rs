//! What a faked portal answers of environments, their jobs and what happens to them.

use super::Fake;
use app::error::PortalError;
use app::portal::{self, Answer, JobChange};
use async_trait::async_trait;
use domain::account::Caller;
use domain::feed;
use domain::id::{JobId, RequestId, ValidationId};
use domain::view;
use domain::view::access::{Access as Could, Uses};
use futures::stream::BoxStream;
use secrecy::SecretString;

#[async_trait]
impl portal::Environments for Fake {
    async fn environments(&self, _: &Caller, _: &view::environment::Filter) -> Answer<view::environment::List> {
        self.environments.clone()
    }
    async fn environment(&self, _: &Caller, _: &str) -> Answer<view::environment::Whole> {
        self.environment.clone()
    }
    async fn validate(&self, _: &Caller, _: &str) -> Answer<ValidationId> {
        Ok(ValidationId::new("run"))
    }
    async fn validated(&self, _: &Caller, _: &str) -> Answer<()> {
        Ok(())
    }
}

#[async_trait]
impl portal::Jobs for Fake {
    async fn jobs(&self, _: &Caller, _: &view::job::Filter) -> Answer<view::Page<view::job::Row>> {
        self.jobs.clone()
    }
    async fn job(&self, _: &Caller, _: &JobId) -> Answer<view::job::Whole> {
        self.job.clone()
    }
    async fn lines(&self, _: &Caller, _: &JobId, after: i64) -> Answer<Vec<view::job::Line>> {
        Ok(self.lines.iter().filter(|line| line.number > after).cloned().collect())
    }
    async fn tail(&self, _: &Caller, _: &JobId, _: i64, _: &str) -> Answer<view::job::Tail> {
        Ok(view::job::Tail { lines: self.lines.clone(), earlier: 0 })
    }
    async fn follow(&self, _: &Caller, _: &JobId, _: i64) -> Answer<BoxStream<'static, JobChange>> {
        Err(PortalError::not_found())
    }
    async fn rests(&self, _: &Caller, _: &JobId) -> Answer<()> {
        Ok(())
    }
    async fn cancel(&self, _: &Caller, _: &JobId, _: &str) -> Answer<()> {
        Ok(())
    }
    async fn retry(&self, _: &Caller, _: &JobId, _: Option<SecretString>, _: &str) -> Answer<()> {
        Ok(())
    }
    async fn change_vault_name(&self, _: &Caller, _: &JobId, _: &str) -> Answer<RequestId> {
        Ok(RequestId::new("request"))
    }
    async fn plan_again(&self, _: &Caller, _: &JobId) -> Answer<RequestId> {
        Ok(RequestId::new("request"))
    }
    async fn roll_back(&self, _: &Caller, _: &JobId, _: &str) -> Answer<()> {
        Ok(())
    }
    async fn take_over(&self, _: &Caller, _: &JobId, _: &str) -> Answer<()> {
        Ok(())
    }
}

#[async_trait]
impl portal::Secrets for Fake {
    async fn secrets(&self, _: &Caller, _: &str) -> Answer<view::environment::Secrets> {
        self.secrets.clone()
    }
    async fn secret(&self, _: &Caller, _: &str, _: &str) -> Answer<view::environment::Secret> {
        Err(PortalError::not_found())
    }
    async fn set_secret(
        &self,
        _: &Caller,
        _: &str,
        _: &str,
        _: Option<&str>,
        _: SecretString,
    ) -> Answer<view::environment::Secret> {
        Err(PortalError::not_found())
    }
}

#[async_trait]
impl portal::Access for Fake {
    async fn access(&self, _: &Caller, _: &str, _: &view::access::Filter) -> Answer<(Could, Answer<Uses>)> {
        Ok((self.access.clone()?, self.uses.clone()))
    }
}

#[async_trait]
impl portal::Feed for Fake {
    async fn events(&self, _: &Caller, _: &feed::Filter) -> Answer<feed::Page> {
        Err(PortalError::not_found())
    }
    async fn follow_events(&self, _: &Caller, _: &feed::Filter) -> Answer<BoxStream<'static, portal::FeedChange>> {
        Err(PortalError::not_found())
    }
    async fn events_of(&self, _: &Caller, _: &str, _: &feed::Filter) -> Answer<feed::Page> {
        Err(PortalError::not_found())
    }
    async fn follow_events_of(
        &self,
        _: &Caller,
        _: &str,
        _: &feed::Filter,
    ) -> Answer<BoxStream<'static, portal::FeedChange>> {
        Err(PortalError::not_found())
    }
}

#[async_trait]
impl portal::Lists for Fake {
    async fn environment_rows(
        &self,
        _: &Caller,
        _: &view::environment::Filter,
        _: usize,
    ) -> Answer<portal::Rows<view::environment::Row>> {
        Ok((Vec::new(), None))
    }
    async fn request_rows(
        &self,
        _: &Caller,
        _: &view::request::Filter,
        _: &str,
        _: usize,
    ) -> Answer<portal::Rows<view::request::Row>> {
        Ok((Vec::new(), None))
    }
    async fn validations(
        &self,
        _: &Caller,
        _: &str,
        _: &str,
        _: usize,
    ) -> Answer<portal::Rows<view::environment::Validation>> {
        Ok((Vec::new(), None))
    }
    async fn validation(&self, _: &Caller, _: &str, _: Option<&ValidationId>) -> Answer<view::environment::Validation> {
        Err(PortalError::not_found())
    }
}
