//! Approvals that somebody has handed over to another until a time; at most one at a time of each person.

use super::{Error, Store, Tx, audit, notice, on_both};
use domain::Moment;
use domain::audit::Entry;
use domain::view::request::Handed;

const OPEN: &str = "select from_name, to_name, until_at from handover
    where ended_at is null and until_at > $1 order by from_name";

/// What is handed over now, of everybody; few.
pub async fn open(store: &Store, now: Moment) -> Result<Vec<Handed>, Error> {
    let rows: Vec<(String, String, i64)> =
        on_both!(store.read(), db => sqlx::query_as(OPEN).bind(now.0).fetch_all(db).await)?;
    Ok(rows.into_iter().map(handed).collect())
}

/// The same for whoever has the turn: nobody else hands over until the transaction has ended.
pub async fn open_in_turn(tx: &mut Tx, now: Moment) -> Result<Vec<Handed>, Error> {
    const TURN: &str = "insert into handover_turn (id, taken_at) values ('handovers', $1)
        on conflict (id) do update set taken_at = excluded.taken_at";
    on_both!(tx.on(), db => sqlx::query(TURN).bind(now.0).execute(db).await.map(drop))?;
    let rows: Vec<(String, String, i64)> =
        on_both!(tx.on(), db => sqlx::query_as(OPEN).bind(now.0).fetch_all(db).await)?;
    Ok(rows.into_iter().map(handed).collect())
}

fn handed((from, to, until): (String, String, i64)) -> Handed {
    Handed { from, to, until: Moment(until) }
}

/// Hands over; `Taken("handover")` where something of this person is handed over still.
pub async fn begin(tx: &mut Tx, id: &str, handed: &Handed, told: &Entry, now: Moment) -> Result<(), Error> {
    const OVER: &str = "update handover set ended_at = until_at where from_name = $1 and ended_at is null
        and until_at <= $2";
    const SQL: &str = "insert into handover (id, from_name, to_name, begun_at, until_at) values ($1, $2, $3, $4, $5)";
    on_both!(tx.on(), db => sqlx::query(OVER).bind(&handed.from).bind(now.0).execute(db).await.map(drop))?;
    on_both!(tx.on(), db => {
        let begin = sqlx::query(SQL).bind(id).bind(&handed.from).bind(&handed.to).bind(now.0).bind(handed.until.0);
        begin.execute(db).await.map(drop).map_err(|error| Error::taken(error, "handover"))
    })?;
    audit::append(tx, told).await?;
    notice::events::handed_over(tx, id, handed, now).await
}

/// Takes it back; whether there was something is no matter.
pub async fn end(store: &Store, from: &str, told: &Entry, now: Moment) -> Result<(), Error> {
    const SQL: &str = "update handover set ended_at = $2 where from_name = $1 and ended_at is null";
    let mut tx = store.begin().await?;
    let ended = on_both!(tx.on(), db => {
        sqlx::query(SQL).bind(from).bind(now.0).execute(db).await.map(|done| done.rows_affected())
    })?;
    if ended > 0 {
        audit::append(&mut tx, told).await?;
    }
    tx.commit().await
}
