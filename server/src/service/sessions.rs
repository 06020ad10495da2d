//! Sessions: a person's own, listed and ended; every replica forgets one that has ended.

use super::Service;
use super::error::failed;
use crate::store::session::Which;
use crate::store::{self, Change};
use app::portal::{Answer, Sessions};
use async_trait::async_trait;
use domain::account::Caller;
use domain::audit::{Act, Actor, Entry, Subject};
use domain::view::session::Row;

#[async_trait]
impl Sessions for Service {
    async fn sessions(&self, caller: &Caller, here: &str) -> Answer<Vec<Row>> {
        let now = self.clock.now();
        let found = store::session::of(&self.store, &caller.account.id, now, now.plus(-self.idle)).await;
        let mut rows = found.map_err(failed("listing sessions"))?;
        rows.iter_mut().for_each(|row| row.here = row.id == here);
        Ok(rows)
    }

    async fn end_session(&self, caller: &Caller, id: &str) -> Answer<()> {
        self.end_sessions(caller, Which::One(id)).await
    }

    async fn end_other_sessions(&self, caller: &Caller, here: &str) -> Answer<()> {
        self.end_sessions(caller, Which::AllBut(here)).await
    }
}

impl Service {
    async fn end_sessions(&self, caller: &Caller, which: Which<'_>) -> Answer<()> {
        let account = &caller.account;
        let subject = Subject::account(&account.id, account.name.as_str());
        let told = Entry::new(self.clock.now(), Act::SessionEnded, Actor::of(caller), subject);
        let ended = store::session::end(&self.store, &account.id, which, told).await;
        for id in ended.map_err(failed("ending a session"))? {
            self.store.announce(Change::Session(id)).await;
        }
        Ok(())
    }
}
