//! Holds what stands of a finished environment against what was approved, and asks Azure's log who may have changed it.

use super::Engine;
use super::context::{Context, Subject};
use super::place::Place;
use super::step::StepError;
use crate::store::event::{self, Journal};
use crate::store::{self, Error, job};
use azure::{Azure, Seen};
use domain::Moment;
use domain::id::EnvironmentId;
use domain::job::{Purpose, State};
use domain::plan::{Line, Verb};
use domain::view::environment::Drifted;
use serde_json::Value;
use std::collections::HashMap;

impl Engine {
    /// The job that finished what stands of an environment; `None` where nothing is finished that could drift.
    pub async fn finished(&self, environment: &EnvironmentId) -> Result<Option<Journal>, Error> {
        if store::environment::is_released(&self.store, environment).await? {
            return Ok(None);
        }
        let Some(newest) = job::newest(&self.store, environment).await? else { return Ok(None) };
        let stands = |journal: &Journal| {
            journal.status.state() == State::Succeeded && Purpose::of(&journal.job.outline) != Purpose::Destroy
        };
        Ok(event::load(&self.store, &newest).await?.filter(stands))
    }

    /// What a repair would do, line by line; `None` where this server does not know the recipe or the team. Where `seen`
    /// shows everything as it was approved, Azure is not asked for it again; what differs there is looked at itself.
    pub async fn drift(
        &self,
        finished: &Journal,
        seen: Option<Seen>,
        now: Moment,
    ) -> Result<Option<Vec<Drifted>>, StepError> {
        if let Some(seen) = seen {
            let lines = self.differing(finished, &self.azure.seeing(seen), now).await?;
            if lines.as_ref().is_none_or(Vec::is_empty) {
                return Ok(lines.map(|_| Vec::new()));
            }
        }
        let Some(lines) = self.differing(finished, &self.azure, now).await? else { return Ok(None) };
        if lines.is_empty() {
            return Ok(Some(Vec::new()));
        }
        let (job, status) = (&finished.job, &finished.status);
        let installation = self.installation().await?;
        let since = status.ended.unwrap_or(job.created_at);
        let writers =
            match self.writers(&Place::new(&installation.subscription, &job.wish), since, &installation.identity).await
            {
                Ok(writers) => writers,
                Err(error) => {
                    // Who it was is good to know; what differs is known without it.
                    tracing::warn!(%error, "Azure's activity log could not be read");
                    HashMap::new()
                }
            };
        let by = |line: &Line| writers.get(&line.name.to_lowercase()).cloned();
        Ok(Some(lines.into_iter().map(|line| Drifted { by: by(&line), line }).collect()))
    }

    /// Lines of a repair's plan, as `azure` shows the world.
    async fn differing(&self, finished: &Journal, azure: &Azure, now: Moment) -> Result<Option<Vec<Line>>, StepError> {
        let (job, status) = (&finished.job, &finished.status);
        let environment = &job.environment;
        let (Some(recipe), Ok(team)) = (self.recipe(&job.recipe), self.team(&job.team)) else { return Ok(None) };
        let installation = self.installation().await?;
        let subject = Subject { wish: &job.wish, team, environment, installation: &installation };
        let cx = Context::looking(subject, azure, &self.store, now);
        let outline = recipe.outline_of_change(&job.wish, &job.wish, &status.ledger(&job.outline));
        let plan = recipe.plan_looked(&cx, &outline, None).await?;
        // A step that is newer than the environment was never approved for it: its absence is no drift.
        let approved = |line: &Line| job.outline.iter().any(|step| step.key == line.step);
        Ok(Some(plan.lines.into_iter().filter(|line| line.verb != Verb::Keep && approved(line)).collect()))
    }

    /// Who else wrote what in the environment's group since then: by the resource's name in lower case.
    async fn writers(
        &self,
        place: &Place,
        since: Moment,
        own: &str,
    ) -> Result<HashMap<String, (String, Moment)>, azure::Error> {
        let group = place.resource_group();
        let path = format!("{}/providers/Microsoft.Insights/eventtypes/management/values", place.subscription());
        let filter = format!("eventTimestamp ge '{}' and resourceGroupName eq '{}'", since.rfc3339(), group.name());
        let events = self.azure.arm().list(&path, Some(&filter)).await?;
        let mut writers: HashMap<String, (String, Moment)> = HashMap::new();
        for event in &events {
            let Some((name, who, at)) = written(event, own) else { continue };
            let newer = writers.get(&name).is_none_or(|(_, known)| *known < at);
            if newer {
                writers.insert(name, (who, at));
            }
        }
        Ok(writers)
    }
}

/// A write that came through, by somebody else: of what, by whom, when.
fn written(event: &Value, own: &str) -> Option<(String, String, Moment)> {
    let status = event["status"]["value"].as_str()?;
    let operation = event["operationName"]["value"].as_str()?.to_lowercase();
    if !["Succeeded", "Accepted"].contains(&status) || operation.ends_with("/read") {
        return None;
    }
    let claims = &event["claims"];
    let ids = ["http://schemas.microsoft.com/identity/claims/objectidentifier", "oid"];
    if ids.iter().any(|id| claims[*id] == own) || event["caller"] == own {
        return None;
    }
    let at: jiff::Timestamp = event["eventTimestamp"].as_str()?.parse().ok()?;
    let name = event["resourceId"].as_str()?.rsplit('/').next()?.to_lowercase();
    Some((name, event["caller"].as_str()?.to_owned(), Moment(at.as_millisecond())))
}
