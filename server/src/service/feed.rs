//! The feed as the caller may see it: in pages, and as it comes.

mod placing;
mod reader;

use super::Service;
use super::error::failed;
use super::paging::rows;
use crate::store::feed::{self, Bounds};
use app::error::PortalError;
use app::portal::{Answer, Feed, FeedChange};
use async_trait::async_trait;
use domain::account::Caller;
use domain::environment::State;
use domain::feed::{Filter, Kind, Page};
use domain::field::FieldError;
use futures::StreamExt;
use futures::stream::BoxStream;
pub use placing::FeedPlace;
pub(super) use reader::Reader;
use reader::Wanted;

#[async_trait]
impl Feed for Service {
    async fn events(&self, caller: &Caller, filter: &Filter) -> Answer<Page> {
        let bounds = bounds(caller, filter)?;
        self.page_of_events(&bounds, filter).await
    }

    async fn follow_events(&self, caller: &Caller, filter: &Filter) -> Answer<BoxStream<'static, FeedChange>> {
        let wanted = Wanted { bounds: bounds(caller, filter)?, ends: false, over: false };
        self.followed_events(wanted, filter).await
    }

    async fn events_of(&self, caller: &Caller, environment: &str, filter: &Filter) -> Answer<Page> {
        let (bounds, _) = self.bounds_of(caller, environment, filter).await?;
        self.page_of_events(&bounds, filter).await
    }

    async fn follow_events_of(
        &self,
        caller: &Caller,
        environment: &str,
        filter: &Filter,
    ) -> Answer<BoxStream<'static, FeedChange>> {
        let (bounds, state) = self.bounds_of(caller, environment, filter).await?;
        let over = matches!(state, State::Gone | State::Released);
        self.followed_events(Wanted { bounds, ends: true, over }, filter).await
    }
}

impl Service {
    async fn page_of_events(&self, bounds: &Bounds, filter: &Filter) -> Answer<Page> {
        let (limit, after) = (rows(filter.limit)?, cursor(&filter.after)?.unwrap_or_default());
        let failed = failed("reading events");
        self.feed.place_all().await.map_err(&failed)?;
        // Before the events: what comes in between is behind it.
        let last = feed::last(&self.store).await.map_err(&failed)?;
        let most = i64::try_from(limit).unwrap_or(i64::MAX).saturating_add(1);
        let mut found = feed::read(&self.store, bounds, after, most).await.map_err(&failed)?;
        let more = found.len() > limit;
        found.truncate(limit);
        let next = found.last().filter(|_| more).map(|placed| placed.place);
        let newest = found.last().map_or(after, |placed| placed.place);
        Ok(Page {
            next: next.map(|place| place.to_string()),
            cursor: next.unwrap_or(newest.max(last)).to_string(),
            rows: found.into_iter().map(|placed| placed.event).collect(),
        })
    }

    async fn followed_events(&self, wanted: Wanted, filter: &Filter) -> Answer<BoxStream<'static, FeedChange>> {
        let after = cursor(&filter.after)?;
        let heard = self.feed.follow(wanted, after).await.map_err(failed("following events"))?;
        Ok(heard.boxed())
    }

    /// Of the environment that bears the name now, or bore it last; with its state.
    async fn bounds_of(&self, caller: &Caller, environment: &str, filter: &Filter) -> Answer<(Bounds, State)> {
        let found = self.seen_environment(caller, environment).await?;
        let mut bounds = bounds(caller, filter)?;
        bounds.environment = found.name;
        bounds.environment_id = Some(found.id);
        Ok((bounds, found.state))
    }
}

/// What the caller may see of what is wanted.
fn bounds(caller: &Caller, filter: &Filter) -> Answer<Bounds> {
    let words = filter.kind.split(',').map(str::trim).filter(|word| !word.is_empty());
    let kinds = words.map(|word| Kind::of_key(word).ok_or_else(|| unknown(word))).collect::<Result<_, _>>()?;
    Ok(Bounds {
        teams: super::paging::teams(caller, &filter.team),
        kinds,
        environment: filter.environment.clone(),
        environment_id: None,
    })
}

fn unknown(word: &str) -> PortalError {
    let known: Vec<&str> = Kind::ALL.iter().map(|kind| kind.key()).collect();
    let said = format!("There are no events of kind {word}. There are: {}.", known.join(", "));
    PortalError::invalid(vec![FieldError::new("kind", said)])
}

fn cursor(text: &str) -> Answer<Option<i64>> {
    let wrong = |_| {
        PortalError::invalid(vec![FieldError::new("after", "The `cursor` or `next` of a page, or an event's `id`.")])
    };
    if text.is_empty() { Ok(None) } else { text.parse().map(Some).map_err(wrong) }
}
