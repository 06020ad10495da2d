//! Lists as programs read them: pages of a length of their choice, filtered and sorted, without what a page shows beside.

use super::Answer;
use async_trait::async_trait;
use domain::account::Caller;
use domain::id::ValidationId;
use domain::view::{environment, request};

/// Rows of a page, and the cursor of the page after it.
pub type Rows<T> = (Vec<T>, Option<String>);

#[async_trait]
pub trait Lists: Send + Sync {
    async fn environment_rows(
        &self,
        caller: &Caller,
        filter: &environment::Filter,
        limit: usize,
    ) -> Answer<Rows<environment::Row>>;
    async fn request_rows(
        &self,
        caller: &Caller,
        filter: &request::Filter,
        after: &str,
        limit: usize,
    ) -> Answer<Rows<request::Row>>;
    /// Runs of an environment's checks, newest first, without their evidence.
    async fn validations(
        &self,
        caller: &Caller,
        environment: &str,
        after: &str,
        limit: usize,
    ) -> Answer<Rows<environment::Validation>>;
    /// One of them with everything that was found; the newest where none is named.
    async fn validation(
        &self,
        caller: &Caller,
        environment: &str,
        id: Option<&ValidationId>,
    ) -> Answer<environment::Validation>;
}
