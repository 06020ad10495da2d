//! Notices as people read them: what they were told, what they want mailed, and what could not be delivered.

use super::error::failed;
use super::{Service, paging, permit};
use crate::store::notice::{telling, unwanted};
use crate::store::{self, once};
use app::error::PortalError;
use app::portal::{Answer, Notices};
use async_trait::async_trait;
use domain::account::Caller;
use domain::audit::{Act, Actor, Entry, Subject};
use domain::notice::{Kind, address};
use domain::permission::{Action, Subject as Permitted, may};
use domain::view::notice::{Deliveries, List, MailWay};
use std::collections::BTreeSet;

/// Rows of one page, where no number is wished.
const PAGE: usize = 30;
/// Deliveries that are listed as failed.
const FAILED: usize = 100;
/// Of them on one page, at most.
const MOST: usize = 200;

#[async_trait]
impl Notices for Service {
    async fn notices(&self, caller: &Caller, after: &str, limit: Option<u32>) -> Answer<List> {
        let page = limit.map_or(Ok(PAGE), |limit| paging::rows(Some(limit)))?;
        let most = i64::try_from(page).unwrap_or(i64::MAX).saturating_add(1);
        let (failed, account) = (failed("listing notices"), &caller.account);
        let mut rows = telling::of(&self.store, &account.name, after, most).await.map_err(&failed)?;
        let more = rows.len() > page;
        rows.truncate(page);
        let unwanted = unwanted::of(&self.store, &account.id).await.map_err(&failed)?;
        let undelivered = match may(caller, Action::Deliver, &Permitted::everybody()).allowed() {
            true => Some(self.undelivered(caller, "", FAILED).await?.rows),
            false => None,
        };
        let email = store::account::email(&self.store, &account.name).await.map_err(&failed)?;
        Ok(List {
            next: rows.last().filter(|_| more).map(|row| row.id.clone()),
            rows,
            mail: match address(&account.name, email.as_deref()) {
                _ if !self.mails => MailWay::None,
                None => MailWay::NoAddress,
                Some(address) => MailWay::To(address),
            },
            choices: Kind::ALL.iter().map(|kind| (*kind, !unwanted.contains(kind))).collect(),
            undelivered,
        })
    }

    async fn choose_notices(&self, caller: &Caller, mailed: &[Kind]) -> Answer<()> {
        let unwanted: BTreeSet<Kind> = Kind::ALL.iter().copied().filter(|kind| !mailed.contains(kind)).collect();
        unwanted::choose(&self.store, &caller.account.id, &unwanted).await.map_err(failed("keeping a choice"))
    }

    async fn undelivered(&self, caller: &Caller, after: &str, limit: usize) -> Answer<Deliveries> {
        permit(caller, Action::Deliver, &Permitted::everybody())?;
        let limit = limit.clamp(1, MOST);
        let more = i64::try_from(limit).unwrap_or(i64::MAX) + 1;
        let rows = telling::undelivered(&self.store, after, more).await;
        let mut rows = rows.map_err(failed("listing what could not be delivered"))?;
        let next = rows.get(limit).and_then(|_| rows.get(limit - 1)).map(|row| row.id.clone());
        rows.truncate(limit);
        Ok(Deliveries { rows, next })
    }

    async fn repeat_notice(&self, caller: &Caller, id: &str) -> Answer<()> {
        permit(caller, Action::Deliver, &Permitted::everybody())?;
        if once::done::<()>().is_some() {
            return Ok(());
        }
        let now = self.clock.now();
        let repeat = async {
            let mut tx = self.store.begin().await?;
            let Some((notice, recipient)) = telling::again(&mut tx, id, now).await? else {
                return Ok(false);
            };
            let subject = Subject::installation("notice", notice.subject());
            let told = Entry::new(now, Act::NoticeRepeated, Actor::of(caller), subject);
            store::audit::append(&mut tx, &told.with("recipient", recipient)).await?;
            once::made(&());
            tx.commit().await.map(|()| true)
        };
        match repeat.await.map_err(failed("sending a notice again"))? {
            true => Ok(()),
            false => Err(PortalError::conflict("That was delivered meanwhile, or is not kept any more.")),
        }
    }
}
