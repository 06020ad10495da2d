//! Jobs as lists and pages ask for them; what happens afterwards arrives as events.

use crate::error::PortalError;
use domain::id::JobId;
use domain::view::Page;
use domain::view::job::{Line, Row, Whole};
use leptos::prelude::*;
use serde::{Deserialize, Serialize};
use server_fn::codec::Json;

/// A job with its log so far.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Opened {
    pub job: Whole,
    pub lines: Vec<Line>,
}

#[server(prefix = "/ask", endpoint = "jobs/list", input = Json)]
pub async fn jobs(environment: String, after: String) -> Result<Page<Row>, PortalError> {
    let (portal, caller) = super::port()?;
    let environment = Some(environment.as_str()).filter(|name| !name.is_empty());
    portal.jobs(&caller, environment, &after).await
}

#[server(prefix = "/ask", endpoint = "jobs/one", input = Json)]
pub async fn job(id: JobId) -> Result<Opened, PortalError> {
    let (portal, caller) = super::port()?;
    let job = portal.job(&caller, &id).await?;
    let mut lines: Vec<Line> = Vec::new();
    loop {
        let after = lines.last().map_or(0, |line| line.number);
        let more = portal.lines(&caller, &id, after, None).await?;
        if more.is_empty() {
            return Ok(Opened { job, lines });
        }
        lines.extend(more);
    }
}
