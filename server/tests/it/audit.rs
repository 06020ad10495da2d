//! The record of what was done: written with the effect, sealed after the commit, exported, and proved wrong where it is.

mod export;
mod record;
mod sealed;

use crate::support::browser::Browser;
use crate::support::portal::Portal;
use app::portal::Audit;
use domain::account::{Caller, Role};
use domain::view::audit::{Filter, List};

impl Portal {
    pub async fn auditor(&self) -> Caller {
        self.caller("auditor", Role::Auditor, None).await
    }

    /// What this caller reads.
    async fn read(&self, caller: &Caller, filter: &Filter) -> List {
        self.service.audit(caller, filter).await.unwrap()
    }

    /// Every line of an act, oldest first: who did it on whose behalf to what.
    pub(crate) async fn told(&self, act: &str) -> Vec<String> {
        let filter = Filter { action: act.to_owned(), ..Filter::default() };
        let auditor = crate::support::portal::caller("auditor", Role::Auditor, None);
        let list = self.read(&auditor, &filter).await;
        let told = list.rows.iter().rev().map(|row| {
            let behalf = row.on_behalf_of.as_ref().map(|name| format!(" for {name}")).unwrap_or_default();
            format!("{}{behalf} ({}): {}", row.person, row.way, row.subject.2)
        });
        told.collect()
    }

    /// A signed-in browser.
    async fn browser(&self, name: &str) -> Browser {
        let mut browser = Browser::on(&self.router);
        browser.sign_in(&format!("{name}@contoso.example"), "/").await;
        browser
    }
}
