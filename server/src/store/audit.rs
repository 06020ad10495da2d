//! The record: appended within the transaction of the effect, read by whoever may, never changed.

pub mod chain;
mod told;

pub use told::{asked, decided, of_request, steps, words};

use super::{Error, Store, Tx, document, on_both};
use domain::Moment;
use domain::account::AccountId;
use domain::audit::chain::Link;
use domain::audit::{Act, Actor, Entry, Recorded, Subject, Way};
use domain::id::EnvironmentId;

#[derive(sqlx::FromRow)]
struct Row {
    id: String,
    at: i64,
    act: String,
    actor: Option<String>,
    actor_name: String,
    way: String,
    on_behalf_of: Option<String>,
    from_address: Option<String>,
    subject_kind: String,
    subject: String,
    subject_name: String,
    environment: Option<String>,
    environment_name: Option<String>,
    team: Option<String>,
    digest: Option<String>,
    detail: String,
    seq: Option<i64>,
    leaf: Option<String>,
    hash: Option<String>,
}

impl TryFrom<Row> for Recorded {
    type Error = Error;

    fn try_from(row: Row) -> Result<Recorded, Error> {
        let link = match (row.seq, row.leaf, row.hash) {
            (Some(seq), Some(leaf), Some(hash)) => Some(Link { seq, leaf, hash }),
            _ => None,
        };
        let entry = Entry {
            at: Moment(row.at),
            act: document::word(&row.act, Act::of_key)?,
            by: Actor {
                account: row.actor.map(AccountId),
                name: row.actor_name,
                way: document::word(&row.way, Way::of_key)?,
                on_behalf_of: row.on_behalf_of,
                from: row.from_address,
                with: None, // it stands in the detail
            },
            subject: Subject { kind: row.subject_kind, id: row.subject, name: row.subject_name },
            environment: row.environment.map(EnvironmentId::new).zip(row.environment_name),
            team: row.team.as_deref().map(super::environment::team).transpose()?,
            digest: row.digest,
            detail: document::read(&row.detail)?,
        };
        Ok(Recorded { id: row.id, entry, link })
    }
}

/// Writes it down. Its id is made here: it orders entries of one moment, and nothing refers to it before.
pub async fn append(tx: &mut Tx, entry: &Entry) -> Result<(), Error> {
    const SQL: &str = "insert into audit (id, at, act, actor, actor_name, way, on_behalf_of, from_address, \
        subject_kind, subject, subject_name, environment, environment_name, team, digest, detail) \
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)";
    let Entry { at, act, by, subject, environment, team, digest, detail } = entry;
    let (id, detail) = (uuid::Uuid::now_v7().to_string(), document::write(detail)?);
    let (environment, name) = environment.as_ref().map(|(id, name)| (id.as_str(), name.as_str())).unzip();
    on_both!(tx.on(), db => {
        let append = sqlx::query(SQL).bind(&id).bind(at.0).bind(act.key());
        let append = append.bind(by.account.as_ref().map(|account| account.0.as_str())).bind(&by.name);
        let append = append.bind(by.way.key()).bind(&by.on_behalf_of).bind(&by.from);
        let append = append.bind(&subject.kind).bind(&subject.id).bind(&subject.name);
        let append = append.bind(environment).bind(name).bind(team.as_ref().map(|team| team.as_str()));
        append.bind(digest).bind(&detail).execute(db).await.map(drop)
    })?;
    Ok(())
}

/// What is looked for; what is empty narrows nothing.
#[derive(Clone, Debug)]
pub struct Bounds {
    /// `None`: also what is about no team.
    pub teams: Option<Vec<String>>,
    /// Part of an account name.
    pub person: String,
    /// Name of an environment, or of what it was done to.
    pub environment: String,
    /// Key of an act.
    pub act: String,
    /// From this moment on, and before that one.
    pub from: Moment,
    pub until: Moment,
}

/// `$1` to `$6`, as [`Bounds`] binds them.
macro_rules! narrowed {
    () => {
        "($1 = '' or $1 like '%,' || team || ',%') \
         and ($2 = '' or lower(actor_name) like $2 escape '\\' or lower(coalesce(on_behalf_of, '')) like $2 escape '\\') \
         and ($3 = '' or environment_name = $3 or subject_name = $3) and ($4 = '' or act = $4) and at >= $5 and at < $6"
    };
}
use narrowed;

macro_rules! columns {
    () => {
        "id, at, act, actor, actor_name, way, on_behalf_of, from_address, subject_kind, subject, subject_name, \
         environment, environment_name, team, digest, detail, seq, leaf, hash"
    };
}
use columns;

impl Bounds {
    fn teams(&self) -> String {
        self.teams.as_ref().map(|teams| format!(",{},", teams.join(","))).unwrap_or_default()
    }

    /// A pattern in which only our own signs stand for others.
    fn person(&self) -> String {
        let person = self.person.trim().to_lowercase();
        if person.is_empty() {
            return person;
        }
        let plain: String =
            person.chars().flat_map(|c| ['\\'].into_iter().filter(move |_| "\\%_".contains(c)).chain([c])).collect();
        format!("%{plain}%")
    }
}

/// Newest first, below the cursor where there is one.
pub async fn list(
    store: &Store,
    bounds: &Bounds,
    below: Option<(Moment, &str)>,
    limit: i64,
) -> Result<Vec<Recorded>, Error> {
    const SQL: &str = concat!(
        "select ",
        columns!(),
        " from audit where ",
        narrowed!(),
        " and ($7 < 0 or at < $7 or (at = $7 and id < $8)) order by at desc, id desc limit $9"
    );
    let (at, id) = below.map_or((-1, ""), |(at, id)| (at.0, id));
    let (teams, person) = (bounds.teams(), bounds.person());
    let rows: Vec<Row> = on_both!(store.read(), db => {
        let list = sqlx::query_as(SQL).bind(&teams).bind(&person).bind(bounds.environment.trim()).bind(&bounds.act);
        let list = list.bind(bounds.from.0).bind(bounds.until.0).bind(at).bind(id).bind(limit);
        list.fetch_all(db).await
    })?;
    rows.into_iter().map(Recorded::try_from).collect()
}
