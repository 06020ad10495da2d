//! The accounts behind names, each with where mail reaches it and whether it wants any: one look for all who may be told.

use crate::store::{Error, Store, document, on_both};
use domain::account::{Account, AccountId};
use domain::notice::Kind;
use sqlx::QueryBuilder;
use std::collections::{BTreeSet, HashMap};

/// Somebody who has signed in, and has not left.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reached {
    pub account: Account,
    /// As the directory said it at the last sign-in.
    pub email: Option<String>,
    /// Whether mail of the kind that was asked about is not wanted.
    pub unwanted: bool,
}

#[derive(sqlx::FromRow)]
struct Row {
    id: String,
    name: String,
    roles: String,
    teams: String,
    approver_groups: Option<String>,
    email: Option<String>,
    unwanted: Option<String>,
}

impl TryFrom<Row> for Reached {
    type Error = Error;
    fn try_from(row: Row) -> Result<Reached, Error> {
        let account = Account {
            id: AccountId(row.id),
            name: row.name,
            roles: document::read(&row.roles)?,
            teams: document::read(&row.teams)?,
            groups: row.approver_groups.as_deref().map(document::read).transpose()?.unwrap_or_default(),
        };
        Ok(Reached { account, email: row.email, unwanted: row.unwanted.is_some() })
    }
}

/// By account name; of several that bore one, the one seen last. Whom nobody has seen is not among them.
pub async fn by_name(store: &Store, names: &BTreeSet<String>, kind: Kind) -> Result<HashMap<String, Reached>, Error> {
    const SQL: &str = "select a.id, a.name, a.roles, a.teams, a.approver_groups, a.email, u.kind as unwanted
        from account a left join notice_unwanted u on u.account = a.id and u.kind = ";
    if names.is_empty() {
        return Ok(HashMap::new());
    }
    let rows: Vec<Row> = on_both!(store.read(), db => {
        let mut all = QueryBuilder::new(SQL);
        all.push_bind(kind.key()).push(" where a.left_at is null and a.name in (");
        let mut listed = all.separated(", ");
        for name in names {
            listed.push_bind(name.as_str());
        }
        all.push(") order by a.seen_at, a.id").build_query_as().fetch_all(db).await
    })?;
    rows.into_iter().map(|row| Reached::try_from(row).map(|one| (one.account.name.clone(), one))).collect()
}
