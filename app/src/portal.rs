//! Everything that may be asked of Keystead: one trait a noun, `Portal` is their sum. The server implements it once;
//! pages, plain forms and REST handlers are skins over it.

mod access;
pub mod audit;
pub mod changes;
pub mod choices;
pub mod drafts;
pub mod environments;
mod feed;
pub mod jobs;
mod lists;
mod notices;
mod people;
mod plans;
pub mod policies;
pub mod requests;
mod secrets;
mod sessions;
mod teams;
mod tokens;
mod webhooks;
mod wishes;

use crate::error::{Code, PortalError};
use async_trait::async_trait;
use domain::account::Caller;
use domain::view::Frame;
use leptos::prelude::use_context;
use std::sync::Arc;

pub use access::Access;
pub use audit::Audit;
pub use changes::Changes;
pub use choices::Offers;
pub use drafts::{Draft, Drafts};
pub use environments::Environments;
pub use feed::{Feed, FeedChange};
pub use jobs::{JobChange, Jobs};
pub use lists::{Lists, Rows};
pub use notices::Notices;
pub use people::People;
pub use plans::{Asking, Plans, Sent};
pub use policies::Policies;
pub use requests::{Requests, Submission};
pub use secrets::Secrets;
pub use sessions::Sessions;
pub use teams::Teams;
pub use tokens::Tokens;
pub use webhooks::Webhooks;
pub use wishes::{Put, Wishes};

pub type Answer<T> = Result<T, PortalError>;

/// The port and who asks it, for the page or server function at work; refused before sign-in.
pub fn asked() -> Answer<(Arc<dyn Portal>, Caller)> {
    let portal = use_context::<Arc<dyn Portal>>()
        .ok_or_else(|| PortalError::new(Code::Internal, "This page was made without a portal."))?;
    let caller = use_context::<Option<Caller>>().flatten().ok_or_else(PortalError::signed_out)?;
    Ok((portal, caller))
}

/// What every page's frame shows.
#[async_trait]
pub trait Frames: Send + Sync {
    async fn frame(&self, caller: &Caller) -> Answer<Frame>;
}

/// The whole port.
pub trait Portal:
    Frames
    + Offers
    + Drafts
    + Environments
    + Requests
    + Changes
    + Jobs
    + Sessions
    + Audit
    + Access
    + Notices
    + People
    + Policies
    + Tokens
    + Webhooks
    + Feed
    + Plans
    + Wishes
    + Teams
    + Lists
    + Secrets
{
}

impl<
    T: Frames
        + Offers
        + Drafts
        + Environments
        + Requests
        + Changes
        + Jobs
        + Sessions
        + Audit
        + Access
        + Notices
        + People
        + Policies
        + Tokens
        + Webhooks
        + Feed
        + Plans
        + Wishes
        + Teams
        + Lists
        + Secrets,
> Portal for T
{
}
