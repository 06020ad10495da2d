//! Sessions: a person's own, listed and ended; every replica forgets one that has ended.

use super::Service;
use super::error::failed;
use crate::store::{self, Change};
use app::portal::{Answer, Sessions};
use async_trait::async_trait;
use domain::account::Caller;
use domain::audit::{Act, Actor, Entry, Subject};
use domain::view::session::Row;

#[async_trait]
impl Sessions for Service {
    async fn sessions(&self, caller: &Caller, here: &str) -> Answer<Vec<Row>> {
        let found = store::session::of(&self.store, &caller.account.id, self.clock.now()).await;
        let mut rows = found.map_err(failed("listing sessions"))?;
        rows.iter_mut().for_each(|row| row.here = row.id == here);
        Ok(rows)
    }

    async fn end_session(&self, caller: &Caller, id: &str) -> Answer<()> {
        let account = &caller.account;
        let subject = Subject::account(&account.id, account.name.as_str());
        let told = Entry::new(self.clock.now(), Act::SessionEnded, Actor::of(caller), subject);
        let ended = store::session::remove_own(&self.store, &account.id, id, &told).await;
        ended.map_err(failed("ending a session"))?;
        self.store.announce(Change::Session(id.to_owned())).await;
        Ok(())
    }

    async fn end_other_sessions(&self, caller: &Caller, here: &str) -> Answer<()> {
        for row in self.sessions(caller, here).await?.iter().filter(|row| !row.here) {
            self.end_session(caller, &row.id).await?;
        }
        Ok(())
    }
}
