//! Lists as programs read them: rows within bounds, in an order whose cursor what is added meanwhile cannot shift.

use super::cache::Cache;
use super::environments::without_evidence;
use super::error::failed;
use super::{Service, visible};
use crate::store;
use crate::store::environment::{Bounds, Listed};
use crate::store::request::Bounds as Requested;
use app::error::PortalError;
use app::portal::{Answer, Lists, Rows};
use async_trait::async_trait;
use domain::account::Caller;
use domain::id::ValidationId;
use domain::view::environment::{Filter, Row, Show, Sort, Validation};
use domain::view::request;

/// By bounds, order, cursor and length.
pub(super) type EnvironmentRows = Cache<(Bounds, Sort, String, usize), Rows<Row>>;

#[async_trait]
impl Lists for Service {
    async fn environment_rows(&self, caller: &Caller, filter: &Filter, limit: usize) -> Answer<Rows<Row>> {
        let failed = failed("listing environments");
        let mut bounds = self.bounds(caller, filter);
        if let Some(state) = filter.state {
            let (first, last) = bounds.ranks;
            let (rank, all) = (state.rank(), filter.show == Show::All);
            let within = all || (first..=last).contains(&rank);
            bounds.ranks = if within { (rank, rank) } else { (1, 0) };
        }
        if !filter.owner.is_empty() {
            let owner = store::account::id_of(&self.store, &filter.owner).await.map_err(&failed)?;
            match owner.filter(|owner| bounds.owner.is_empty() || bounds.owner == owner.0) {
                Some(owner) => bounds.owner = owner.0,
                None => return Ok((Vec::new(), None)),
            }
        }
        let key = (bounds.clone(), filter.sort, filter.after.clone(), limit);
        let read = self.rows.read(key, self.clock.now(), async {
            let (rank, name, id) = cursor(filter.sort, &filter.after);
            let after = (rank, name.as_str(), id.as_str());
            let found = store::environment::list(&self.store, &bounds, filter.sort, after, more_than(limit)).await?;
            let next = found.get(limit).and_then(|_| found.get(limit - 1)).map(|last| cursor_of(filter.sort, last));
            Ok((found.iter().take(limit).map(|listed| self.row(listed)).collect(), next))
        });
        Ok(read.await.map_err(&failed)?.as_ref().clone())
    }

    async fn request_rows(
        &self,
        caller: &Caller,
        filter: &request::Filter,
        after: &str,
        limit: usize,
    ) -> Answer<Rows<request::Row>> {
        let failed = failed("listing requests");
        let mut teams = visible(caller);
        match filter.show {
            request::Show::Inbox => return Ok((self.inbox(caller, teams.as_deref()).await?.rows, None)),
            request::Show::Decided => {
                let found = store::request::decided(&self.store, teams.as_deref(), more_than(limit)).await;
                let found = found.map_err(&failed)?;
                return Ok((found.iter().take(limit).map(|request| self.request_row(request)).collect(), None));
            }
            request::Show::All | request::Show::Mine => {}
        }
        let mine = filter.show == request::Show::Mine;
        let mut requester = if mine { caller.account.id.0.clone() } else { String::new() };
        if mine {
            teams = None; // one's own, whatever team it was of
        }
        if !filter.owner.is_empty() {
            let owner = store::account::id_of(&self.store, &filter.owner).await.map_err(&failed)?;
            match owner.filter(|owner| requester.is_empty() || requester == owner.0) {
                Some(owner) => requester = owner.0,
                None => return Ok((Vec::new(), None)),
            }
        }
        if !filter.team.is_empty() {
            let seen = teams.as_ref().is_none_or(|teams| teams.contains(&filter.team)) && !filter.team.contains(',');
            if !seen {
                return Ok((Vec::new(), None));
            }
            teams = Some(vec![filter.team.clone()]);
        }
        let bounds = Requested {
            teams: teams.as_deref(),
            requester: &requester,
            state: filter.state.map_or("", |state| state.key()),
            kind: filter.kind.map_or("", |kind| kind.key()),
        };
        let oldest_first = filter.sort == request::Sort::Oldest;
        let found = store::request::found(&self.store, &bounds, oldest_first, after, more_than(limit)).await;
        let found = found.map_err(&failed)?;
        let next = found.get(limit).and_then(|_| found.get(limit - 1)).map(|last| last.id.to_string());
        Ok((found.iter().take(limit).map(|request| self.request_row(request)).collect(), next))
    }

    async fn validations(
        &self,
        caller: &Caller,
        environment: &str,
        after: &str,
        limit: usize,
    ) -> Answer<Rows<Validation>> {
        let environment = self.seen_environment(caller, environment).await?;
        let runs = store::validation::before(&self.store, &environment.id, after, more_than(limit)).await;
        let runs = runs.map_err(failed("listing runs of the checks"))?;
        let next = runs.get(limit).and_then(|_| runs.get(limit - 1)).map(|last| last.validation.id.to_string());
        let rows = runs.into_iter().take(limit).map(|run| without_evidence(run.validation));
        Ok((rows.collect(), next))
    }

    async fn validation(&self, caller: &Caller, environment: &str, id: Option<&ValidationId>) -> Answer<Validation> {
        let environment = self.seen_environment(caller, environment).await?;
        let failed = failed("reading a run of the checks");
        let run = match id {
            Some(id) => store::validation::find(&self.store, &environment.id, id).await.map_err(&failed)?,
            None => store::validation::newest(&self.store, &environment.id, 1).await.map_err(&failed)?.pop(),
        };
        run.map(|run| run.validation).ok_or_else(PortalError::not_found)
    }
}

/// One more than a page has, by which it is seen whether another follows.
fn more_than(limit: usize) -> i64 {
    i64::try_from(limit).unwrap_or(i64::MAX - 1).saturating_add(1)
}

/// `RANK.NAME.ID`, `NAME.ID` or the id: what the order goes by. Names hold no dot.
fn cursor_of(sort: Sort, last: &Listed) -> String {
    match sort {
        Sort::Need => format!("{}.{}.{}", last.state.rank(), last.name, last.id),
        Sort::Name => format!("{}.{}", last.name, last.id),
        Sort::Newest => last.id.to_string(),
    }
}

/// Where a page begins; from the first row on where there is no cursor, or one of another order.
fn cursor(sort: Sort, text: &str) -> (i64, String, String) {
    let parts: Vec<&str> = text.splitn(3, '.').collect();
    match (sort, parts.as_slice()) {
        (Sort::Need, [rank, name, id]) => (rank.parse().unwrap_or(-1), (*name).to_owned(), (*id).to_owned()),
        (Sort::Name, [name, id]) => (-1, (*name).to_owned(), (*id).to_owned()),
        (Sort::Newest, [id]) if !id.is_empty() => (-1, String::new(), (*id).to_owned()),
        // Ids are hexadecimal: every one comes before this.
        (Sort::Newest, _) => (-1, String::new(), "z".to_owned()),
        _ => (-1, String::new(), String::new()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_of_another_order_begins_anew() {
        assert_eq!(cursor(Sort::Name, "shop.17"), (-1, "shop".into(), "17".into()));
        assert_eq!(cursor(Sort::Need, "3.shop.17"), (3, "shop".into(), "17".into()));
        assert_eq!(cursor(Sort::Need, "shop.17"), (-1, String::new(), String::new()));
        assert_eq!(cursor(Sort::Newest, ""), (-1, String::new(), "z".into()));
    }
}
