//! What a team holds of its quota; who reserves of it takes the team's turn, so that no two take the last place.

use super::cost::known;
use super::{Error, Store, Tx, document, on_both};
use domain::Moment;
use domain::account::AccountId;
use domain::cost::{Amount, Costing};
use domain::id::EnvironmentId;
use domain::name::TeamName;
use domain::wish::Wish;

/// An environment whose name is held, with the change of it that waits for its decision.
#[derive(Clone, Debug, PartialEq)]
pub struct Holder {
    pub id: EnvironmentId,
    pub name: String,
    pub team: TeamName,
    pub owner: AccountId,
    pub wish: Wish,
    pub monthly: Option<Amount>,
    pub asked: Option<Wish>,
    pub asked_cost: Option<Costing>,
}

#[derive(sqlx::FromRow)]
struct Row {
    id: String,
    name: String,
    team: String,
    owner: String,
    wish: String,
    monthly: Option<i64>,
    currency: Option<String>,
    asked: Option<String>,
    asked_cost: Option<String>,
}

impl TryFrom<Row> for Holder {
    type Error = Error;
    fn try_from(row: Row) -> Result<Holder, Error> {
        Ok(Holder {
            id: EnvironmentId::new(row.id),
            name: row.name,
            team: super::environment::team(&row.team)?,
            owner: AccountId(row.owner),
            wish: document::read(&row.wish)?,
            monthly: known(row.currency, row.monthly)?,
            asked: row.asked.as_deref().map(document::read).transpose()?,
            asked_cost: row.asked_cost.as_deref().map(document::read).transpose()?,
        })
    }
}

/// Nobody else reserves of this team's quota until the transaction has ended.
pub async fn take_turn(tx: &mut Tx, team: &TeamName, now: Moment) -> Result<(), Error> {
    const SQL: &str = "insert into quota_turn (team, taken_at) values ($1, $2)
        on conflict (team) do update set taken_at = excluded.taken_at";
    on_both!(tx.on(), db => sqlx::query(SQL).bind(team.as_str()).bind(now.0).execute(db).await.map(drop))?;
    Ok(())
}

macro_rules! held {
    ($teams:literal) => {
        concat!(
            "select e.id, e.name, e.team, e.owner, e.wish, e.monthly, e.currency, r.wish as asked, r.cost as asked_cost
            from environment e left join request r on r.environment = e.id and r.state = 'waiting'
            and r.kind = 'change' where ",
            $teams,
            " and e.held = 1 order by e.name"
        )
    };
}
const HELD: &str = held!("e.team = $1");

/// Everything that counts, by name.
pub async fn held(store: &Store, team: &TeamName) -> Result<Vec<Holder>, Error> {
    let rows: Vec<Row> = on_both!(store.read(), db => sqlx::query_as(HELD).bind(team.as_str()).fetch_all(db).await)?;
    rows.into_iter().map(Holder::try_from).collect()
}

/// The same of several teams at once.
pub async fn held_of(store: &Store, teams: &[&TeamName]) -> Result<Vec<Holder>, Error> {
    if let [only] = teams {
        return held(store, only).await;
    }
    const SEVERAL: &str = held!("$1 like '%,' || e.team || ',%'");
    let teams = format!(",{},", teams.iter().map(|team| team.as_str()).collect::<Vec<_>>().join(","));
    let rows: Vec<Row> = on_both!(store.read(), db => sqlx::query_as(SEVERAL).bind(&teams).fetch_all(db).await)?;
    rows.into_iter().map(Holder::try_from).collect()
}

#[derive(sqlx::FromRow)]
struct Of {
    team: String,
    #[sqlx(flatten)]
    row: Row,
}

/// The same of these teams (`None`: all), each with its team.
pub async fn held_by_team(store: &Store, teams: Option<&[String]>) -> Result<Vec<(TeamName, Holder)>, Error> {
    const SQL: &str = "select e.team, e.id, e.name, e.owner, e.wish, e.monthly, e.currency, r.wish as asked,
        r.cost as asked_cost from environment e
        left join request r on r.environment = e.id and r.state = 'waiting' and r.kind = 'change'
        where ($1 = '' or $1 like '%,' || e.team || ',%') and e.held = 1 order by e.name";
    let teams = teams.map(|teams| format!(",{},", teams.join(","))).unwrap_or_default();
    let rows: Vec<Of> = on_both!(store.read(), db => sqlx::query_as(SQL).bind(&teams).fetch_all(db).await)?;
    rows.into_iter().map(|of| Ok((super::environment::team(&of.team)?, Holder::try_from(of.row)?))).collect()
}

/// The same for whoever has the team's turn.
pub async fn held_in(tx: &mut Tx, team: &TeamName) -> Result<Vec<Holder>, Error> {
    let rows: Vec<Row> = on_both!(tx.on(), db => sqlx::query_as(HELD).bind(team.as_str()).fetch_all(db).await)?;
    rows.into_iter().map(Holder::try_from).collect()
}
