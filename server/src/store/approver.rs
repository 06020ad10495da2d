//! Who is in the groups that approve something, as the directory itself says: for those who have not signed in yet.

use super::{Error, Store, on_both};
use domain::Moment;
use sqlx::QueryBuilder;

/// Rows of one statement; databases bound how much one may bind.
const AT_ONCE: usize = 500;

/// Keeps what a look at this group found, in place of what the look before did.
pub async fn keep(store: &Store, group: &str, names: &[String], now: Moment) -> Result<(), Error> {
    const SQL: &str = "insert into approver_member (group_id, name, seen_at) ";
    const AGAIN: &str = " on conflict (group_id, name) do update set seen_at = excluded.seen_at";
    const GONE: &str = "delete from approver_member where group_id = $1 and seen_at <> $2";
    let mut tx = store.begin().await?;
    for some in names.chunks(AT_ONCE) {
        on_both!(tx.on(), db => {
            let mut keep = QueryBuilder::new(SQL);
            keep.push_values(some, |mut row, name| {
                row.push_bind(group).push_bind(name).push_bind(now.0);
            });
            keep.push(AGAIN).build().execute(db).await.map(drop)
        })?;
    }
    on_both!(tx.on(), db => sqlx::query(GONE).bind(group).bind(now.0).execute(db).await.map(drop))?;
    tx.commit().await
}

/// Group and account name of everybody who is in one and has never signed in: of whom has, the sign-in says it.
pub async fn unseen(store: &Store) -> Result<Vec<(String, String)>, Error> {
    const SQL: &str = "select m.group_id, m.name from approver_member m
        where not exists (select 1 from account a where a.name = m.name) order by m.group_id, m.name";
    Ok(on_both!(store.read(), db => sqlx::query_as(SQL).fetch_all(db).await)?)
}
