//! Drafts: forms that are still being filled, every answer but the password, each for its account alone.

use super::{Error, Store, Tx, document, on_both};
use app::portal::Draft;
use domain::Moment;
use domain::account::AccountId;
use domain::id::DraftId;

#[derive(sqlx::FromRow)]
struct Row {
    id: String,
    form: String,
    errors: String,
    tried: i64,
    saved_at: i64,
}

impl TryFrom<Row> for Draft {
    type Error = Error;
    fn try_from(row: Row) -> Result<Draft, Error> {
        Ok(Draft {
            id: DraftId::new(row.id),
            form: document::read(&row.form)?,
            errors: document::read(&row.errors)?,
            tried: row.tried == 1,
            saved: Moment(row.saved_at),
        })
    }
}

/// This account's, newest first, at most 50.
pub async fn list(store: &Store, account: &AccountId) -> Result<Vec<Draft>, Error> {
    const SQL: &str = "select id, form, errors, tried, saved_at from draft where account = $1
        order by saved_at desc, id desc limit 50";
    let rows: Vec<Row> = on_both!(store.read(), db => sqlx::query_as(SQL).bind(&account.0).fetch_all(db).await)?;
    rows.into_iter().map(Draft::try_from).collect()
}

pub async fn find(store: &Store, account: &AccountId, id: &DraftId) -> Result<Option<Draft>, Error> {
    const SQL: &str = "select id, form, errors, tried, saved_at from draft where id = $1 and account = $2";
    let row: Option<Row> = on_both!(store.read(), db => {
        sqlx::query_as(SQL).bind(id.as_str()).bind(&account.0).fetch_optional(db).await
    })?;
    row.map(Draft::try_from).transpose()
}

/// Keeps a new one.
pub async fn begin(store: &Store, account: &AccountId, draft: &Draft) -> Result<(), Error> {
    const SQL: &str = "insert into draft (id, account, form, errors, tried, saved_at) values ($1, $2, $3, $4, $5, $6)";
    write(store, SQL, account, draft).await.map(drop)
}

/// Keeps a new one with what the transaction does otherwise.
pub async fn begin_in(tx: &mut Tx, account: &AccountId, draft: &Draft) -> Result<(), Error> {
    const SQL: &str = "insert into draft (id, account, form, errors, tried, saved_at) values ($1, $2, $3, $4, $5, $6)";
    let (form, errors) = (document::write(&draft.form)?, document::write(&draft.errors)?);
    on_both!(tx.on(), db => {
        let begin = sqlx::query(SQL).bind(draft.id.as_str()).bind(&account.0).bind(&form).bind(&errors);
        begin.bind(i64::from(draft.tried)).bind(draft.saved.0).execute(db).await.map(drop)
    })?;
    Ok(())
}

/// Keeps what an earlier one says now. One that was sent or dropped meanwhile stays gone; that, and another account's,
/// is `NotFound`.
pub async fn keep(store: &Store, account: &AccountId, draft: &Draft) -> Result<(), Error> {
    const SQL: &str =
        "update draft set form = $3, errors = $4, tried = $5, saved_at = $6 where id = $1 and account = $2";
    let kept = write(store, SQL, account, draft).await?;
    if kept == 1 { Ok(()) } else { Err(Error::NotFound) }
}

async fn write(store: &Store, sql: &'static str, account: &AccountId, draft: &Draft) -> Result<u64, Error> {
    let (form, errors) = (document::write(&draft.form)?, document::write(&draft.errors)?);
    let written = on_both!(store.write(), db => {
        let write = sqlx::query(sql).bind(draft.id.as_str()).bind(&account.0).bind(&form).bind(&errors);
        let write = write.bind(i64::from(draft.tried)).bind(draft.saved.0).execute(db).await;
        write.map(|done| done.rows_affected())
    })?;
    Ok(written)
}

/// Drops it; whether it was there is no matter.
pub async fn drop_one(tx: &mut Tx, account: &AccountId, id: &DraftId) -> Result<(), Error> {
    const SQL: &str = "delete from draft where id = $1 and account = $2";
    on_both!(tx.on(), db => sqlx::query(SQL).bind(id.as_str()).bind(&account.0).execute(db).await.map(drop))?;
    Ok(())
}
