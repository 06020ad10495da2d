//! Requests: sent with a frozen plan, decided once, listed for those who asked and for those who decide.

use super::{Error, Store, Tx, document, feed, on_both};
use domain::Moment;
use domain::account::{AccountId, Way};
use domain::approval::Rule;
use domain::cost::Costing;
use domain::feed::{Detail, Kind as Told};
use domain::id::{EnvironmentId, JobId, RequestId};
use domain::name::TeamName;
use domain::plan::Plan;
use domain::request::{Kind, State};
use domain::wish::Wish;

/// A request as it is kept.
#[derive(Clone, Debug, PartialEq)]
pub struct Request {
    pub id: RequestId,
    pub kind: Kind,
    pub environment: EnvironmentId,
    pub environment_name: String,
    pub team: TeamName,
    pub requester: AccountId,
    pub requester_name: String,
    pub wish: Wish,
    /// What it replaces, where it changes an environment that stands.
    pub former: Option<Wish>,
    /// Of a removal: whether what Azure would keep is purged.
    pub purge: bool,
    pub plan: Plan,
    pub digest: String,
    pub state: State,
    pub sent_at: Moment,
    pub lapses_at: Moment,
    pub decided_by_name: Option<String>,
    pub decided_at: Option<Moment>,
    pub comment: Option<String>,
    pub job: Option<JobId>,
    /// How it is approved; the level that is asked now, and how often approvals have lapsed.
    pub rule: Rule,
    pub level: u32,
    pub round: u32,
    /// By the prices of when it was sent, where there were any.
    pub cost: Option<Costing>,
    /// The W3C `traceparent` that it came with.
    pub trace: Option<String>,
}

#[derive(sqlx::FromRow)]
struct Row {
    id: String,
    kind: String,
    environment: String,
    environment_name: String,
    team: String,
    requester: String,
    requester_name: String,
    wish: String,
    former: Option<String>,
    purge: i64,
    plan: String,
    digest: String,
    state: String,
    sent_at: i64,
    lapses_at: i64,
    decided_by_name: Option<String>,
    decided_at: Option<i64>,
    comment: Option<String>,
    job: Option<String>,
    rule: Option<String>,
    level: i64,
    round: i64,
    cost: Option<String>,
    trace: Option<String>,
}

impl TryFrom<Row> for Request {
    type Error = Error;
    fn try_from(row: Row) -> Result<Request, Error> {
        Ok(Request {
            id: RequestId::new(row.id),
            kind: document::word(&row.kind, Kind::of_key)?,
            environment: EnvironmentId::new(row.environment),
            environment_name: row.environment_name,
            team: super::environment::team(&row.team)?,
            requester: AccountId(row.requester),
            requester_name: row.requester_name,
            wish: document::read(&row.wish)?,
            former: row.former.as_deref().map(document::read).transpose()?,
            purge: row.purge == 1,
            plan: document::read(&row.plan)?,
            digest: row.digest,
            state: document::word(&row.state, State::of_key)?,
            sent_at: Moment(row.sent_at),
            lapses_at: Moment(row.lapses_at),
            decided_by_name: row.decided_by_name,
            decided_at: row.decided_at.map(Moment),
            comment: row.comment,
            job: row.job.map(JobId::new),
            rule: row.rule.as_deref().map(document::read).transpose()?.unwrap_or_default(),
            level: u32::try_from(row.level).unwrap_or_default(),
            round: u32::try_from(row.round).unwrap_or_default(),
            cost: row.cost.as_deref().map(document::read).transpose()?,
            trace: row.trace,
        })
    }
}

macro_rules! selected {
    ($rest:literal) => {
        concat!(
            "select id, kind, environment, environment_name, team, requester, requester_name, wish, former, purge,
            plan, digest, state, sent_at, lapses_at, decided_by_name, decided_at, comment, job, rule, level, round, cost,
            trace from request ",
            $rest
        )
    };
}

/// Sends it; `Taken("environment")` where another request about the environment waits for its decision.
pub async fn add(tx: &mut Tx, request: &Request) -> Result<(), Error> {
    const SQL: &str = "insert into request (id, kind, environment, environment_name, team, requester, requester_name,
        wish, plan, digest, state, sent_at, lapses_at, job, former, purge, rule, cost, trace)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19)";
    let cost = request.cost.as_ref().map(document::write).transpose()?;
    let former = request.former.as_ref().map(document::write).transpose()?;
    let (wish, plan) = (document::write(&request.wish)?, document::write(&request.plan)?);
    let rule = document::write(&request.rule)?;
    on_both!(tx.on(), db => {
        let add = sqlx::query(SQL).bind(request.id.as_str()).bind(request.kind.key());
        let add = add.bind(request.environment.as_str()).bind(&request.environment_name).bind(request.team.as_str());
        let add = add.bind(&request.requester.0).bind(&request.requester_name).bind(&wish).bind(&plan);
        let add = add.bind(&request.digest).bind(request.state.key()).bind(request.sent_at.0).bind(request.lapses_at.0);
        let add = add.bind(request.job.as_ref().map(JobId::as_str)).bind(&former).bind(i64::from(request.purge));
        let add = add.bind(&rule).bind(&cost).bind(&request.trace);
        add.execute(db).await.map(drop).map_err(|error| Error::taken(error, "environment"))
    })?;
    let of = feed::Of {
        team: request.team.to_string(),
        environment: request.environment.to_string(),
        environment_name: request.environment_name.clone(),
    };
    let detail = Detail {
        state: Some(request.state.key().to_owned()),
        by: Some(request.requester_name.clone()),
        title: Some(request.kind.title(&request.environment_name)),
        job: request.job.clone(),
        ..Detail::default()
    };
    feed::of_request(tx, Told::RequestSent, &of, &request.id, detail, request.sent_at).await
}

pub async fn find(store: &Store, id: &RequestId) -> Result<Option<Request>, Error> {
    const SQL: &str = selected!("where id = $1");
    let row: Option<Row> = on_both!(store.read(), db => {
        sqlx::query_as(SQL).bind(id.as_str()).fetch_optional(db).await
    })?;
    row.map(Request::try_from).transpose()
}

/// The plan that was approved last for a job.
pub async fn approved_plan(store: &Store, job: &JobId) -> Result<Option<Plan>, Error> {
    const SQL: &str = "select plan from request where job = $1 and state = 'approved' order by id desc limit 1";
    let row: Option<(String,)> =
        on_both!(store.read(), db => sqlx::query_as(SQL).bind(job.as_str()).fetch_optional(db).await)?;
    row.map(|(plan,)| document::read(&plan)).transpose()
}

/// The request that waits for a decision about this environment, if there is one.
pub async fn waiting_for(store: &Store, environment: &EnvironmentId) -> Result<Option<RequestId>, Error> {
    const SQL: &str = "select id from request where environment = $1 and state = 'waiting' order by id limit 1";
    let row: Option<(String,)> =
        on_both!(store.read(), db => sqlx::query_as(SQL).bind(environment.as_str()).fetch_optional(db).await)?;
    Ok(row.map(|(id,)| RequestId::new(id)))
}

/// The approved request by which Keystead let go of an environment.
pub async fn release_of(store: &Store, environment: &EnvironmentId) -> Result<Option<RequestId>, Error> {
    const SQL: &str = "select id from request where environment = $1 and kind = 'release' and state = 'approved'";
    let row: Option<(String,)> = on_both!(store.read(), db => {
        sqlx::query_as(SQL).bind(environment.as_str()).fetch_optional(db).await
    })?;
    Ok(row.map(|(id,)| RequestId::new(id)))
}

/// What an environment began with.
pub async fn first_of(store: &Store, environment: &EnvironmentId) -> Result<Option<RequestId>, Error> {
    const SQL: &str = "select id from request where environment = $1 order by id limit 1";
    let row: Option<(String,)> = on_both!(store.read(), db => {
        sqlx::query_as(SQL).bind(environment.as_str()).fetch_optional(db).await
    })?;
    Ok(row.map(|(id,)| RequestId::new(id)))
}

/// Newest first, those of these teams (`None`: all) before the cursor (an id, or empty).
pub async fn list(store: &Store, teams: Option<&[String]>, before: &str, limit: i64) -> Result<Vec<Request>, Error> {
    const SQL: &str =
        selected!("where ($1 = '' or $1 like '%,' || team || ',%') and ($2 = '' or id < $2) order by id desc limit $3");
    let teams = teams.map(|teams| format!(",{},", teams.join(","))).unwrap_or_default();
    let rows: Vec<Row> = on_both!(store.read(), db => {
        sqlx::query_as(SQL).bind(&teams).bind(before).bind(limit).fetch_all(db).await
    })?;
    rows.into_iter().map(Request::try_from).collect()
}

/// Newest first, this account's own before the cursor.
pub async fn of(store: &Store, requester: &AccountId, before: &str, limit: i64) -> Result<Vec<Request>, Error> {
    const SQL: &str = selected!("where requester = $1 and ($2 = '' or id < $2) order by id desc limit $3");
    let rows: Vec<Row> = on_both!(store.read(), db => {
        sqlx::query_as(SQL).bind(&requester.0).bind(before).bind(limit).fetch_all(db).await
    })?;
    rows.into_iter().map(Request::try_from).collect()
}

/// Oldest first, all that wait for a decision, of these teams (`None`: all), after the cursor.
pub async fn waiting(store: &Store, teams: Option<&[String]>, after: &str, limit: i64) -> Result<Vec<Request>, Error> {
    const SQL: &str = selected!(
        "where state = 'waiting' and ($1 = '' or $1 like '%,' || team || ',%') and id > $2 order by id limit $3"
    );
    let teams = teams.map(|teams| format!(",{},", teams.join(","))).unwrap_or_default();
    let rows: Vec<Row> = on_both!(store.read(), db => {
        sqlx::query_as(SQL).bind(&teams).bind(after).bind(limit).fetch_all(db).await
    })?;
    rows.into_iter().map(Request::try_from).collect()
}

/// Which requests: an empty text bounds nothing.
#[derive(Clone, Debug, Default)]
pub struct Bounds<'a> {
    /// Of these teams; `None`: all.
    pub teams: Option<&'a [String]>,
    pub requester: &'a str,
    pub state: &'a str,
    pub kind: &'a str,
}

/// A list in one order, of one requester, one team, one kind, one state, and everything.
macro_rules! found {
    ($order:literal) => {
        [
            found!(@ "where requester = $1", $order),
            found!(@ "where team = $1", $order),
            found!(@ "where kind = $1", $order),
            found!(@ "where state = $1", $order),
            found!(@ "where $1 = ''", $order),
        ]
    };
    (@ $scope:literal, $order:literal) => {
        concat!(
            "select id, kind, environment, environment_name, team, requester, requester_name, wish, former, purge,
            plan, digest, state, sent_at, lapses_at, decided_by_name, decided_at, comment, job, rule, level, round, cost, trace
            from request ",
            $scope,
            " and ($2 = '' or $2 like '%,' || team || ',%') and ($3 = '' or state = $3) and ($4 = '' or kind = $4) and ",
            $order,
            " limit $6"
        )
    };
}

/// Those within the bounds behind the cursor (an id, or empty), oldest or newest first.
pub async fn found(
    store: &Store,
    bounds: &Bounds<'_>,
    oldest_first: bool,
    after: &str,
    limit: i64,
) -> Result<Vec<Request>, Error> {
    const OLDEST: [&str; 5] = found!("id > $5 order by id");
    const NEWEST: [&str; 5] = found!("id < $5 order by id desc");
    // Ids are hexadecimal: every one comes before a z.
    let (texts, after) = match (oldest_first, after) {
        (true, _) => (OLDEST, after),
        (false, "") => (NEWEST, "z"),
        (false, _) => (NEWEST, after),
    };
    let teams = bounds.teams.map(|teams| format!(",{},", teams.join(","))).unwrap_or_default();
    let (sql, scope) = match bounds.teams {
        _ if !bounds.requester.is_empty() => (texts[0], bounds.requester),
        Some([only]) => (texts[1], only.as_str()),
        _ if !bounds.kind.is_empty() => (texts[2], bounds.kind),
        _ if !bounds.state.is_empty() => (texts[3], bounds.state),
        _ => (texts[4], ""),
    };
    let rows: Vec<Row> = on_both!(store.read(), db => {
        let find = sqlx::query_as(sql).bind(scope).bind(&teams).bind(bounds.state).bind(bounds.kind);
        find.bind(after).bind(limit).fetch_all(db).await
    })?;
    rows.into_iter().map(Request::try_from).collect()
}

/// What of a request that waits says who decides.
#[derive(Clone, Debug, PartialEq)]
pub struct Open {
    pub id: RequestId,
    pub team: TeamName,
    pub requester: AccountId,
    pub requester_name: String,
    pub rule: Rule,
    pub level: u32,
}

/// All that wait, in short; oldest first, at most so many.
pub async fn open(store: &Store, limit: i64) -> Result<Vec<Open>, Error> {
    const SQL: &str = "select id, team, requester, requester_name, rule, level from request where state = 'waiting'
        order by id limit $1";
    let rows: Vec<(String, String, String, String, Option<String>, i64)> =
        on_both!(store.read(), db => sqlx::query_as(SQL).bind(limit).fetch_all(db).await)?;
    let read =
        |(id, team, requester, requester_name, rule, level): (String, String, String, String, Option<String>, i64)| {
            Ok(Open {
                id: RequestId::new(id),
                team: super::environment::team(&team)?,
                requester: AccountId(requester),
                requester_name,
                rule: rule.as_deref().map(document::read).transpose()?.unwrap_or_default(),
                level: u32::try_from(level).unwrap_or_default(),
            })
        };
    rows.into_iter().map(read).collect()
}

/// How many there are: of these teams (`None`: all) or, where one is named, of this requester.
pub async fn count(store: &Store, teams: Option<&[String]>, requester: Option<&AccountId>) -> Result<i64, Error> {
    const SQL: &str = "select count(*) from request
        where ($1 = '' or $1 like '%,' || team || ',%') and ($2 = '' or requester = $2)";
    let teams = teams.map(|teams| format!(",{},", teams.join(","))).unwrap_or_default();
    let requester = requester.map_or("", |account| account.0.as_str());
    let (count,): (i64,) = on_both!(store.read(), db => {
        sqlx::query_as(SQL).bind(&teams).bind(requester).fetch_one(db).await
    })?;
    Ok(count)
}

/// Decided last, of these teams (`None`: all).
pub async fn decided(store: &Store, teams: Option<&[String]>, limit: i64) -> Result<Vec<Request>, Error> {
    const SQL: &str = selected!(
        "where decided_at is not null and ($1 = '' or $1 like '%,' || team || ',%')
        order by decided_at desc, id desc limit $2"
    );
    let teams = teams.map(|teams| format!(",{},", teams.join(","))).unwrap_or_default();
    let rows: Vec<Row> =
        on_both!(store.read(), db => sqlx::query_as(SQL).bind(&teams).bind(limit).fetch_all(db).await)?;
    rows.into_iter().map(Request::try_from).collect()
}

/// As the database writes how somebody came in.
pub(super) fn way(way: Way) -> &'static str {
    match way {
        Way::Browser => "browser",
        Way::Token => "token",
    }
}

/// An end to the waiting.
#[derive(Clone, Debug)]
pub struct Ending<'a> {
    pub state: State,
    /// Account, its name and the way it came; `None` when time ended it.
    pub by: Option<(&'a AccountId, &'a str, Way)>,
    pub comment: Option<&'a str>,
    pub job: Option<&'a JobId>,
}

/// Ends the waiting once: false where somebody was first.
pub async fn end(tx: &mut Tx, id: &RequestId, ending: &Ending<'_>, now: Moment) -> Result<bool, Error> {
    const SQL: &str = "update request set state = $2, decided_by = $3, decided_by_name = $4, decided_way = $5,
        comment = $6, job = coalesce($7, job), decided_at = $8 where id = $1 and state = 'waiting'
        returning team, environment, environment_name";
    let way = ending.by.map(|(_, _, by)| way(by));
    let ended: Option<feed::Of> = on_both!(tx.on(), db => {
        let end = sqlx::query_as(SQL).bind(id.as_str()).bind(ending.state.key());
        let end = end.bind(ending.by.map(|(account, _, _)| account.0.as_str()));
        let end = end.bind(ending.by.map(|(_, name, _)| name)).bind(way).bind(ending.comment);
        let end = end.bind(ending.job.map(JobId::as_str)).bind(now.0);
        end.fetch_optional(db).await
    })?;
    let Some(of) = ended else { return Ok(false) };
    let kind = match ending.state {
        State::Withdrawn => Told::RequestWithdrawn,
        State::Expired => Told::RequestExpired,
        State::Waiting | State::Approved | State::Rejected | State::Returned => Told::RequestDecided,
    };
    let detail = Detail {
        state: Some(ending.state.key().to_owned()),
        by: ending.by.map(|(_, name, _)| name.to_owned()),
        job: ending.job.cloned(),
        ..Detail::default()
    };
    feed::of_request(tx, kind, &of, id, detail, now).await?;
    Ok(true)
}
