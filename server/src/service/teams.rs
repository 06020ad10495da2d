//! What may be asked for, by whom, and how much of it: templates, the teams that the caller sees, and what they hold.

use super::error::failed;
use super::{Service, visible};
use crate::store;
use app::portal::{Answer, Teams};
use async_trait::async_trait;
use domain::account::Caller;
use domain::permission::{Action, Subject, may};
use domain::team::Team;
use domain::template::Template;
use domain::view::team::{Holds, Row};
use std::collections::BTreeMap;

#[async_trait]
impl Teams for Service {
    async fn templates(&self, _: &Caller) -> Answer<Vec<Template>> {
        let mut templates = self.choices.templates.clone();
        templates.sort_by(|one, other| one.name.as_str().cmp(other.name.as_str()));
        Ok(templates)
    }

    async fn teams(&self, caller: &Caller) -> Answer<Vec<Row>> {
        let deciders = self.deciders().await?;
        let row = |team: &Team| Row {
            name: team.name.to_string(),
            title: team.title.clone(),
            managers: deciders.managers_of(&team.name),
            cost_centre: team.cost_centre.clone(),
            asks: may(caller, Action::Request, &Subject::of(&team.name, None)).allowed(),
        };
        Ok(self.seen_teams(caller).into_iter().map(row).collect())
    }

    async fn quotas(&self, caller: &Caller) -> Answer<Vec<Holds>> {
        let seen = visible(caller);
        let held = store::quota::held_by_team(&self.store, seen.as_deref()).await.map_err(failed("reading quotas"))?;
        let mut by_team = BTreeMap::<String, Vec<_>>::new();
        for (team, holder) in held {
            by_team.entry(team.to_string()).or_default().push(holder);
        }
        let holds = |team: &Team| self.holds_of(team, by_team.get(team.name.as_str()).map_or(&[], Vec::as_slice));
        Ok(self.seen_teams(caller).into_iter().map(holds).collect())
    }
}

impl Service {
    /// By name.
    fn seen_teams(&self, caller: &Caller) -> Vec<&Team> {
        let sees = |team: &&Team| may(caller, Action::See, &Subject::of(&team.name, None)).allowed();
        let mut teams: Vec<&Team> = self.choices.teams.iter().filter(sees).collect();
        teams.sort_by(|one, other| one.name.as_str().cmp(other.name.as_str()));
        teams
    }
}
