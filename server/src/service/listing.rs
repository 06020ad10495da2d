//! The list of environments: which rows, how many there are of each kind, what they cost, where the next page begins.

use super::actual::Billed;
use super::cache::Cache;
use super::{Service, visible};
use crate::store;
use crate::store::environment::{Bounds, Environment, Listed};
use domain::Moment;
use domain::account::{AccountId, Caller};
use domain::cost::Amount;
use domain::environment::State;
use domain::name::TeamName;
use domain::view::environment::{Filter, Row, Show, Sort, TeamQuota};

/// Rows of one page.
const PAGE: usize = 50;
const DAY: i64 = 86_400_000;

/// Lists by their bounds, whose they are and their cursor.
pub(super) type Listings = Cache<(Bounds, AccountId, String), Listing>;

/// What the database knows of a list.
pub(super) struct Listing {
    pub(super) rows: Vec<Row>,
    pub(super) next: Option<String>,
    /// All, the caller's own, and those that need a person.
    pub(super) counts: (i64, i64, i64),
    /// What each team's cost a month.
    pub(super) sums: Vec<(TeamName, Amount)>,
    pub(super) quotas: Vec<TeamQuota>,
    /// What was billed this month.
    pub(super) billed: Option<Billed>,
    pub(super) nearest: Option<String>,
}

impl Service {
    pub(super) async fn listing(
        &self,
        mut bounds: Bounds,
        mine: &AccountId,
        after: &str,
    ) -> Result<Listing, store::Error> {
        let after = cursor(after);
        let after = after.as_ref().map_or((-1, "", ""), |(rank, name, id)| (*rank, name.as_str(), id.as_str()));
        let rows = store::environment::list(&self.store, &bounds, Sort::Need, after, PAGE as i64 + 1).await?;
        bounds.owner.clear();
        bounds.ranks = living();
        let counts = store::environment::count(&self.store, &bounds, mine).await?;
        let sums = store::cost::sums(&self.store, &bounds).await?;
        // Of those who see every team, for the one that they look at.
        let quotas = self.quotas_of(bounds.teams.as_deref().unwrap_or_default()).await?;
        let billed = self.billed(&bounds).await?;
        let nearest = match rows.is_empty() && !bounds.search.is_empty() {
            true => nearest(&bounds.search, &store::environment::names(&self.store, &bounds).await?),
            false => None,
        };
        let next = rows.get(PAGE).and_then(|_| rows.get(PAGE - 1)).map(cursor_of);
        Ok(Listing {
            rows: rows.iter().take(PAGE).map(|listed| self.row(listed)).collect(),
            next,
            counts,
            sums,
            quotas,
            billed,
            nearest,
        })
    }

    pub(super) fn row_of(&self, environment: &Environment) -> Row {
        self.row(&Listed {
            id: environment.id.clone(),
            name: environment.name.clone(),
            team: environment.team.clone(),
            region: environment.wish.region.to_string(),
            state: environment.state,
            detail: environment.detail.clone(),
            owner_name: environment.owner_name.clone(),
            arch: environment.arch,
            lifetime_days: environment.wish.lifetime.days,
            approved_at: environment.approved_at,
            updated_at: environment.updated_at,
            monthly: environment.monthly,
        })
    }

    pub(super) fn bounds(&self, caller: &Caller, filter: &Filter) -> Bounds {
        let mut teams = visible(caller);
        if !filter.team.is_empty() {
            let seen = teams.as_ref().is_none_or(|teams| teams.contains(&filter.team));
            // A team that the caller does not see, or one that a comma would split, has no rows.
            let wanted = Some(filter.team.clone()).filter(|team| seen && !team.contains(','));
            teams = Some(wanted.into_iter().collect());
        }
        Bounds {
            teams,
            owner: if filter.show == Show::Mine { caller.account.id.0.clone() } else { String::new() },
            search: filter.search.clone(),
            ranks: match filter.show {
                Show::All | Show::Mine => living(),
                Show::NeedsPerson => (State::NeedsPerson.rank(), State::NeedsPerson.rank()),
                Show::Gone => (State::Gone.rank(), State::Released.rank()),
            },
        }
    }

    /// Teams to filter by: the caller's own, or all for those who see everything.
    pub(super) fn filter_teams(&self, caller: &Caller) -> Vec<(String, String)> {
        let teams = self.choices.teams.iter().filter(|team| caller.sees_everything() || caller.in_team(&team.name));
        teams.map(|team| (team.name.to_string(), team.title.clone())).collect()
    }

    pub(super) fn row(&self, listed: &Listed) -> Row {
        Row {
            id: listed.id.clone(),
            name: listed.name.clone(),
            team: self.team(&listed.team).title,
            region: listed.region.clone(),
            state: listed.state,
            detail: listed.detail.clone(),
            owner: listed.owner_name.clone(),
            arch: listed.arch,
            ends: ends(listed.approved_at, listed.lifetime_days),
            lifetime_days: listed.lifetime_days,
            monthly: listed.monthly,
            updated: listed.updated_at,
        }
    }
}

/// First and last rank of what is not gone.
fn living() -> (i64, i64) {
    (0, State::Gone.rank() - 1)
}

/// A lifetime counts from the approval.
pub(super) fn ends(approved: Option<Moment>, days: u32) -> Option<Moment> {
    approved.map(|at| at.plus(i64::from(days) * DAY))
}

/// `RANK.NAME.ID`: names hold no dot.
fn cursor_of(listed: &Listed) -> String {
    format!("{}.{}.{}", listed.state.rank(), listed.name, listed.id)
}

fn cursor(text: &str) -> Option<(i64, String, String)> {
    let mut parts = text.splitn(3, '.');
    let rank = parts.next()?.parse().ok()?;
    Some((rank, parts.next()?.to_owned(), parts.next()?.to_owned()))
}

/// The name that is nearest to what was searched, where one is near at all.
fn nearest(search: &str, names: &[String]) -> Option<String> {
    let search = search.trim().to_lowercase();
    let scored = names.iter().map(|name| (strsim::jaro_winkler(&search, name), name));
    let best = scored.max_by(|a, b| a.0.total_cmp(&b.0))?;
    (best.0 > 0.75).then(|| best.1.clone())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mistyped_name_is_told_apart_from_nonsense() {
        let names = ["payments-staging".to_owned(), "checkout".to_owned()];
        assert_eq!(nearest("paymnts-staging", &names).as_deref(), Some("payments-staging"));
        assert_eq!(nearest("zzz", &names), None);
    }
}
