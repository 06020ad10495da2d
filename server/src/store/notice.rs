//! Notices: events that people are told of, written in the transaction of their effect and told after it.
//!
//! An event is kept without whom it is told to: who may decide is known by the configuration and by who has signed in,
//! and is looked up once, when it is told. That writes its [`telling`]s and the mark that it was told in one transaction.

pub mod events;
pub mod reached;
pub mod telling;
pub mod unwanted;

use super::{Error, Store, Tx, document, on_both};
use domain::Moment;
use domain::id::RequestId;
use domain::notice::Notice;

/// A notice under its id.
#[derive(Clone, Debug, PartialEq)]
pub struct Kept {
    pub id: String,
    pub notice: Notice,
}

impl Kept {
    fn read((id, body): (String, String)) -> Result<Kept, Error> {
        Ok(Kept { id, notice: document::read(&body)? })
    }
}

/// Keeps it, where the same event is not kept yet; `key` says what makes it the same.
pub async fn add(tx: &mut Tx, key: &str, notice: &Notice) -> Result<(), Error> {
    const SQL: &str = "insert into notice (id, event_key, kind, at, about, subject, team, body)
        values ($1, $2, $3, $4, $5, $6, $7, $8) on conflict (event_key) do nothing";
    let (id, body) = (uuid::Uuid::now_v7().to_string(), document::write(notice)?);
    let (about, subject) = notice.about.key();
    let key = format!("{}:{key}", notice.kind.key());
    on_both!(tx.on(), db => {
        let add = sqlx::query(SQL).bind(&id).bind(&key).bind(notice.kind.key()).bind(notice.at.0).bind(about);
        let add = add.bind(subject).bind(notice.team.as_ref().map(|team| team.as_str())).bind(&body);
        add.execute(db).await.map(drop)
    })?;
    Ok(())
}

/// Those that nobody was told of yet, oldest first.
pub async fn untold(store: &Store, limit: i64) -> Result<Vec<Kept>, Error> {
    const SQL: &str = "select id, body from notice where told_at is null order by id limit $1";
    let rows: Vec<(String, String)> =
        on_both!(store.read(), db => sqlx::query_as(SQL).bind(limit).fetch_all(db).await)?;
    rows.into_iter().map(Kept::read).collect()
}

/// Marks it as told, until the transaction's end for this teller alone; false where another was first.
pub async fn told(tx: &mut Tx, id: &str, now: Moment) -> Result<bool, Error> {
    const SQL: &str = "update notice set told_at = $2 where id = $1 and told_at is null";
    let told = on_both!(tx.on(), db => {
        sqlx::query(SQL).bind(id).bind(now.0).execute(db).await.map(|done| done.rows_affected())
    })?;
    Ok(told == 1)
}

/// Requests that wait and since when the people who are asked now have been asked.
pub async fn asked_since(store: &Store, now: Moment) -> Result<Vec<(RequestId, Moment)>, Error> {
    const SQL: &str = "select request.id, coalesce(max(notice.at), request.sent_at) from request
        left join notice on notice.subject = request.id
        and notice.kind in ('request.waits', 'request.lapsed', 'request.escalated')
        where request.state = 'waiting' and request.lapses_at > $1 group by request.id, request.sent_at
        order by request.id limit 1000";
    let rows: Vec<(String, i64)> = on_both!(store.read(), db => sqlx::query_as(SQL).bind(now.0).fetch_all(db).await)?;
    Ok(rows.into_iter().map(|(id, at)| (RequestId::new(id), Moment(at))).collect())
}

/// Drops what is older and of which nothing is still to be sent.
pub async fn sweep(store: &Store, before: Moment) -> Result<(), Error> {
    const TELLINGS: &str = "delete from telling where state <> 'waiting'
        and notice in (select id from notice where at < $1 and told_at is not null)";
    const NOTICES: &str = "delete from notice where at < $1 and told_at is not null
        and not exists (select 1 from telling where telling.notice = notice.id)";
    for sql in [TELLINGS, NOTICES] {
        on_both!(store.write(), db => sqlx::query(sql).bind(before.0).execute(db).await.map(drop))?;
    }
    Ok(())
}
