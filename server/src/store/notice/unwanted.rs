//! What each person does not want mailed; whoever has said nothing is mailed everything.

use crate::store::{Error, Store, on_both};
use domain::account::AccountId;
use domain::notice::Kind;
use std::collections::BTreeSet;

/// Kinds that this account does not want mailed; what only a newer version knows is left out.
pub async fn of(store: &Store, account: &AccountId) -> Result<BTreeSet<Kind>, Error> {
    const SQL: &str = "select kind from notice_unwanted where account = $1";
    let rows: Vec<(String,)> = on_both!(store.read(), db => sqlx::query_as(SQL).bind(&account.0).fetch_all(db).await)?;
    Ok(rows.iter().filter_map(|(kind,)| Kind::of_key(kind)).collect())
}

/// In place of what was chosen before.
pub async fn choose(store: &Store, account: &AccountId, unwanted: &BTreeSet<Kind>) -> Result<(), Error> {
    const FORGET: &str = "delete from notice_unwanted where account = $1";
    const SQL: &str = "insert into notice_unwanted (account, kind) values ($1, $2) on conflict do nothing";
    let mut tx = store.begin().await?;
    on_both!(tx.on(), db => sqlx::query(FORGET).bind(&account.0).execute(db).await.map(drop))?;
    for kind in unwanted {
        on_both!(tx.on(), db => sqlx::query(SQL).bind(&account.0).bind(kind.key()).execute(db).await.map(drop))?;
    }
    tx.commit().await
}
