//! The chain over the record: what is not sealed yet, what is, and the signed checkpoints between.

use super::{Bounds, Row, columns, narrowed};
use crate::store::{Error, Store, Tx, on_both};
use domain::Moment;
use domain::audit::Recorded;
use domain::audit::chain::{Checkpoint, Link};

/// A checkpoint with its signature.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signed {
    pub checkpoint: Checkpoint,
    pub public_key: String,
    pub signature: String,
}

#[derive(sqlx::FromRow)]
struct SealRow {
    number: i64,
    seq: i64,
    hash: String,
    count: i64,
    at: i64,
    public_key: String,
    signature: String,
}

impl From<SealRow> for Signed {
    fn from(row: SealRow) -> Signed {
        let SealRow { number, seq, hash, count, at, public_key, signature } = row;
        Signed { checkpoint: Checkpoint { number, seq, hash, count, at: Moment(at) }, public_key, signature }
    }
}

macro_rules! seals {
    ($rest:literal) => {
        concat!("select number, seq, hash, count, at, public_key, signature from audit_seal ", $rest)
    };
}

/// What has been committed and has no place yet, oldest first. A transaction that is open now comes in the next batch:
/// the chain's order is the sealer's, never that of ids or times.
pub async fn unsealed(tx: &mut Tx, limit: i64) -> Result<Vec<Recorded>, Error> {
    const SQL: &str = concat!("select ", columns!(), " from audit where seq is null order by at, id limit $1");
    let rows: Vec<Row> = on_both!(tx.on(), db => sqlx::query_as(SQL).bind(limit).fetch_all(db).await)?;
    rows.into_iter().map(Recorded::try_from).collect()
}

/// Whether there is anything to seal.
pub async fn any_unsealed(store: &Store) -> Result<bool, Error> {
    const SQL: &str = "select count(*) from (select id from audit where seq is null limit 1) as waiting";
    let (count,): (i64,) = on_both!(store.read(), db => sqlx::query_as(SQL).fetch_one(db).await)?;
    Ok(count > 0)
}

const NEWEST: &str = seals!("order by number desc limit 1");

pub async fn newest_in(tx: &mut Tx) -> Result<Option<Signed>, Error> {
    let row: Option<SealRow> = on_both!(tx.on(), db => sqlx::query_as(NEWEST).fetch_optional(db).await)?;
    Ok(row.map(Signed::from))
}

pub async fn newest(store: &Store) -> Result<Option<Signed>, Error> {
    let row: Option<SealRow> = on_both!(store.read(), db => sqlx::query_as(NEWEST).fetch_optional(db).await)?;
    Ok(row.map(Signed::from))
}

/// Writes a checkpoint and the places that it covers. [`Error::Behind`] where another sealer was first: nothing of it
/// may be committed then.
pub async fn seal(tx: &mut Tx, signed: &Signed, links: &[(&str, &Link)]) -> Result<(), Error> {
    const SEAL: &str = "insert into audit_seal (number, seq, hash, count, at, public_key, signature) \
        values ($1, $2, $3, $4, $5, $6, $7)";
    const PLACE: &str = "update audit set seq = $2, leaf = $3, hash = $4 where id = $1 and seq is null";
    let Signed { checkpoint: Checkpoint { number, seq, hash, count, at }, public_key, signature } = signed;
    let first = |error: sqlx::Error| match Error::taken(error, "number") {
        Error::Taken(_) => Error::Behind,
        other => other,
    };
    on_both!(tx.on(), db => {
        let seal = sqlx::query(SEAL).bind(number).bind(seq).bind(hash).bind(count).bind(at.0);
        seal.bind(public_key).bind(signature).execute(db).await.map(drop).map_err(first)
    })?;
    for (id, link) in links {
        let placed = on_both!(tx.on(), db => {
            let place = sqlx::query(PLACE).bind(*id).bind(link.seq).bind(&link.leaf).bind(&link.hash);
            place.execute(db).await.map(|done| done.rows_affected()).map_err(first)
        })?;
        if placed != 1 {
            return Err(Error::Behind);
        }
    }
    Ok(())
}

/// First and last place of what is looked for; `None` where there is none.
pub async fn span(store: &Store, bounds: &Bounds) -> Result<Option<(i64, i64)>, Error> {
    const SQL: &str = concat!("select min(seq), max(seq) from audit where ", narrowed!(), " and seq is not null");
    let (teams, person) = (bounds.teams(), bounds.person());
    let (first, last): (Option<i64>, Option<i64>) = on_both!(store.read(), db => {
        let span = sqlx::query_as(SQL).bind(&teams).bind(&person).bind(bounds.environment.trim()).bind(&bounds.act);
        span.bind(bounds.from.0).bind(bounds.until.0).fetch_one(db).await
    })?;
    Ok(first.zip(last))
}

#[derive(sqlx::FromRow)]
struct Linked {
    #[sqlx(flatten)]
    row: Row,
    wanted: i64,
}

/// Sealed entries above one place and up to another, in order; of each, whether it is looked for.
pub async fn links(
    store: &Store,
    bounds: &Bounds,
    above: i64,
    up_to: i64,
    limit: i64,
) -> Result<Vec<(Recorded, bool)>, Error> {
    const SQL: &str = concat!(
        "select ",
        columns!(),
        ", cast(case when ",
        narrowed!(),
        " then 1 else 0 end as bigint) as wanted from audit where seq > $7 and seq <= $8 order by seq limit $9"
    );
    let (teams, person) = (bounds.teams(), bounds.person());
    let rows: Vec<Linked> = on_both!(store.read(), db => {
        let links = sqlx::query_as(SQL).bind(&teams).bind(&person).bind(bounds.environment.trim()).bind(&bounds.act);
        let links = links.bind(bounds.from.0).bind(bounds.until.0).bind(above).bind(up_to).bind(limit);
        links.fetch_all(db).await
    })?;
    rows.into_iter().map(|linked| Ok((Recorded::try_from(linked.row)?, linked.wanted == 1))).collect()
}

/// The last checkpoint below a place.
pub async fn checkpoint_below(store: &Store, seq: i64) -> Result<Option<Signed>, Error> {
    const SQL: &str = seals!("where seq < $1 order by seq desc limit 1");
    let row: Option<SealRow> = on_both!(store.read(), db => sqlx::query_as(SQL).bind(seq).fetch_optional(db).await)?;
    Ok(row.map(Signed::from))
}

/// The first checkpoint that covers a place.
pub async fn checkpoint_over(store: &Store, seq: i64) -> Result<Option<Signed>, Error> {
    const SQL: &str = seals!("where seq >= $1 order by seq limit 1");
    let row: Option<SealRow> = on_both!(store.read(), db => sqlx::query_as(SQL).bind(seq).fetch_optional(db).await)?;
    Ok(row.map(Signed::from))
}

/// Checkpoints above one place and up to another, in order.
pub async fn checkpoints(store: &Store, above: i64, up_to: i64) -> Result<Vec<Signed>, Error> {
    const SQL: &str = seals!("where seq > $1 and seq <= $2 order by seq");
    let rows: Vec<SealRow> =
        on_both!(store.read(), db => sqlx::query_as(SQL).bind(above).bind(up_to).fetch_all(db).await)?;
    Ok(rows.into_iter().map(Signed::from).collect())
}
