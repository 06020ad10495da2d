//! Quotas of teams: what is used while a form is filled, and a place reserved when it is sent.

use super::Service;
use super::error::failed;
use crate::config::TeamEntry;
use crate::store::quota::Holder;
use crate::store::{self, Tx};
use app::portal::Answer;
use domain::Moment;
use domain::account::AccountId;
use domain::cost::Costing;
use domain::field::FieldError;
use domain::id::EnvironmentId;
use domain::name::TeamName;
use domain::plan::Finding;
use domain::quota::{Asked, Held, Limits, Quota};
use domain::team::Team;
use domain::view::environment::TeamQuota;
use domain::view::team::{Holds, Part};
use domain::wish::Wish;

/// A wish that wants a place in its team's quota.
pub(super) struct Wanting<'a> {
    pub by: &'a AccountId,
    pub wish: &'a Wish,
    pub cost: Option<&'a Costing>,
    /// What it changes; a new environment where there is none.
    pub environment: Option<&'a EnvironmentId>,
}

impl Service {
    /// What of the quota would be used, and what is to be said of it; nothing for a team that has none.
    pub(super) async fn quota_shown(&self, wanting: &Wanting<'_>) -> Answer<Option<(Quota, Vec<Finding>)>> {
        let Some(limits) = self.limits(&wanting.wish.team) else { return Ok(None) };
        let holders = store::quota::held(&self.store, &wanting.wish.team).await;
        Ok(Some(self.reckoned(limits, &holders.map_err(failed("reading a quota"))?, wanting)))
    }

    /// Takes the team's turn and says what keeps the wish from a place; empty where it has one with the commit.
    pub(super) async fn reserve(
        &self,
        tx: &mut Tx,
        wanting: &Wanting<'_>,
        now: Moment,
    ) -> Result<Vec<FieldError>, store::Error> {
        let Some(limits) = self.limits(&wanting.wish.team) else { return Ok(Vec::new()) };
        store::quota::take_turn(tx, &wanting.wish.team, now).await?;
        let holders = store::quota::held_in(tx, &wanting.wish.team).await?;
        let (_, findings) = self.reckoned(limits, &holders, wanting);
        let error = |finding: Finding| FieldError::new(finding.field.unwrap_or_default(), finding.sentence);
        Ok(findings.into_iter().map(error).collect())
    }

    /// What of these teams' quotas is used; of teams that have none nothing is said.
    pub(super) async fn quotas_of(&self, teams: &[String]) -> Result<Vec<TeamQuota>, store::Error> {
        let of =
            |entry: &&TeamEntry| !entry.quota.bound_nothing() && teams.iter().any(|team| entry.name.as_str() == team);
        let bounded: Vec<&TeamEntry> = self.teams.iter().filter(of).collect();
        let names: Vec<&TeamName> = bounded.iter().map(|entry| &entry.name).collect();
        if names.is_empty() {
            return Ok(Vec::new());
        }
        let holders = store::quota::held_of(&self.store, &names).await?;
        let quota = |entry: &TeamEntry| {
            let held =
                holders.iter().filter(|holder| holder.team == entry.name).map(|holder| self.holds(holder, false));
            let (held, nothing) = (held.collect::<Vec<_>>(), Asked::default());
            let quota = Quota::reckon(&entry.title, &entry.quota, self.currency, &held, &nothing);
            TeamQuota { team: entry.name.to_string(), quota }
        };
        Ok(bounded.into_iter().map(quota).collect())
    }

    /// What a team holds, whether or not it is bounded.
    pub(super) fn holds_of(&self, team: &Team, holders: &[Holder]) -> Holds {
        let nobody = AccountId(String::new());
        let held = |holder: &Holder| {
            self.held(holder, &Wanting { by: &nobody, wish: &holder.wish, cost: None, environment: None })
        };
        let held: Vec<Held> = holders.iter().map(held).collect();
        let limits = self.limits(&team.name).cloned().unwrap_or_default();
        let sum = |of: fn(&Held) -> i64| held.iter().fold(0_i64, |sum, one| sum.saturating_add(of(one)));
        let part =
            |held: i64, of: Option<u32>, unit: i64| Part { held, of: of.map(|of| i64::from(of).saturating_mul(unit)) };
        Holds {
            team: team.name.to_string(),
            title: team.title.clone(),
            environments: part(sum(|_| 1), limits.environments, 1),
            cores: part(sum(|one| one.cores), limits.cores, 1),
            monthly: part(sum(|one| one.monthly), limits.monthly, 1_000_000),
            currency: self.currency,
        }
    }

    fn limits(&self, team: &TeamName) -> Option<&Limits> {
        let entry = self.teams.iter().find(|entry| entry.name == *team)?;
        Some(&entry.quota).filter(|limits| !limits.bound_nothing())
    }

    fn reckoned(&self, limits: &Limits, holders: &[Holder], wanting: &Wanting<'_>) -> (Quota, Vec<Finding>) {
        let held: Vec<Held> = holders.iter().map(|holder| self.held(holder, wanting)).collect();
        let before = wanting.environment.and_then(|id| holders.iter().position(|holder| holder.id == *id));
        let before = before.and_then(|at| held.get(at));
        let cores = self.cores_of(wanting.wish) - before.map_or(0, |one| one.cores);
        let after = wanting.cost.map(|cost| cost.monthly().amount.micros);
        let asked = Asked {
            environments: i64::from(before.is_none()),
            cores: cores.max(0),
            monthly: after.map(|after| after.saturating_sub(before.map_or(0, |one| one.monthly)).max(0)),
        };
        let quota = Quota::reckon(&self.team(&wanting.wish.team).title, limits, self.currency, &held, &asked);
        let findings = quota.findings(&held, &asked);
        (quota, findings)
    }

    /// What an environment holds; that which is asked for now is not among what would make room.
    fn held(&self, holder: &Holder, wanting: &Wanting<'_>) -> Held {
        self.holds(holder, holder.owner == *wanting.by && wanting.environment != Some(&holder.id))
    }

    /// With what a change that waits would add to it.
    fn holds(&self, holder: &Holder, own: bool) -> Held {
        let asked = holder.asked.as_ref().map_or(0, |asked| self.cores_of(asked));
        let priced = holder.monthly.filter(|monthly| monthly.currency == self.currency);
        let after = holder.asked_cost.as_ref().map(|cost| cost.monthly().amount);
        let after = after.filter(|amount| amount.currency == self.currency).map_or(0, |amount| amount.micros);
        Held {
            name: holder.name.clone(),
            own,
            nodes: i64::from(holder.wish.cluster.nodes),
            cores: self.cores_of(&holder.wish).max(asked),
            monthly: priced.map_or(0, |monthly| monthly.micros).max(after),
        }
    }

    fn cores_of(&self, wish: &Wish) -> i64 {
        i64::from(wish.cluster.nodes) * i64::from(self.cores(&wish.cluster.node_size))
    }
}
