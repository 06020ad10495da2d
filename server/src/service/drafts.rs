//! Drafts: each account's own, every answer but the password.

use super::Service;
use super::error::failed;
use super::sending::new_id;
use crate::store;
use app::error::PortalError;
use app::portal::{Answer, Draft, Drafts};
use async_trait::async_trait;
use domain::account::Caller;
use domain::field::FieldError;
use domain::form::Form;
use domain::id::DraftId;

#[async_trait]
impl Drafts for Service {
    async fn drafts(&self, caller: &Caller) -> Answer<Vec<Draft>> {
        store::draft::list(&self.store, &caller.account.id).await.map_err(failed("listing drafts"))
    }

    async fn draft(&self, caller: &Caller, id: &DraftId) -> Answer<Draft> {
        let found = store::draft::find(&self.store, &caller.account.id, id).await.map_err(failed("reading a draft"))?;
        found.ok_or_else(PortalError::not_found)
    }

    async fn save_draft(
        &self,
        caller: &Caller,
        id: Option<&DraftId>,
        form: &Form,
        errors: &[FieldError],
        tried: bool,
    ) -> Answer<DraftId> {
        self.may_ask(caller)?;
        let (form, errors, saved) = (form.clone(), errors.to_vec(), self.clock.now());
        let new = || DraftId::new(new_id());
        let draft = Draft { id: id.cloned().unwrap_or_else(new), form, errors, tried, saved };
        let kept = match id {
            Some(_) => store::draft::keep(&self.store, &caller.account.id, &draft).await,
            None => store::draft::begin(&self.store, &caller.account.id, &draft).await,
        };
        kept.map_err(failed("keeping a draft"))?;
        Ok(draft.id)
    }

    async fn drop_draft(&self, caller: &Caller, id: &DraftId) -> Answer<()> {
        let drop = async {
            let mut tx = self.store.begin().await?;
            store::draft::drop_one(&mut tx, &caller.account.id, id).await?;
            tx.commit().await
        };
        drop.await.map_err(failed("dropping a draft"))
    }
}
