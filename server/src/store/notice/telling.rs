//! Tellings: one notice for one recipient on one channel, with how far that has come.

use super::Kept;
use crate::store::{Error, Store, Tx, document, on_both};
use domain::Moment;
use domain::notice::Notice;
use domain::view::notice::{Mailed, Row, Stand, Undelivered};
use sqlx::QueryBuilder;

/// How something is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Channel {
    /// On the page of what somebody is told; there is nothing to send.
    List,
    Mail,
    Webhook,
}

impl Channel {
    const ALL: [Channel; 3] = [Channel::List, Channel::Mail, Channel::Webhook];

    fn key(self) -> &'static str {
        match self {
            Channel::List => "list",
            Channel::Mail => "mail",
            Channel::Webhook => "webhook",
        }
    }

    fn of_key(key: &str) -> Option<Channel> {
        Channel::ALL.into_iter().find(|channel| channel.key() == key)
    }
}

fn stand(key: &str) -> Option<Stand> {
    match key {
        "waiting" => Some(Stand::Waiting),
        "sent" => Some(Stand::Sent),
        "given-up" => Some(Stand::GivenUp),
        _ => None,
    }
}

/// Whom to tell, and how.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recipient {
    pub channel: Channel,
    /// Account name, or the webhook's name.
    pub name: String,
    /// Of mail.
    pub address: String,
}

/// Rows of one statement: SQLite takes 32,766 values.
const ROWS: usize = 1_000;

/// To be sent at once, unless they are of the list; one that is there already stays as it is.
pub async fn add(tx: &mut Tx, notice: &Kept, to: &[Recipient], now: Moment) -> Result<(), Error> {
    const SQL: &str = "insert into telling (id, notice, channel, recipient, address, at, state, since, tries, due_at) ";
    const ONCE: &str = " on conflict (notice, recipient, channel) do nothing";
    for to in to.chunks(ROWS) {
        on_both!(tx.on(), db => {
            let mut all = QueryBuilder::new(SQL);
            all.push_values(to, |mut row, to| {
                let (state, due) = match to.channel {
                    Channel::List => ("kept", None),
                    Channel::Mail | Channel::Webhook => ("waiting", Some(now.0)),
                };
                row.push_bind(uuid::Uuid::now_v7().to_string()).push_bind(&notice.id).push_bind(to.channel.key());
                row.push_bind(&to.name).push_bind(&to.address).push_bind(now.0).push_bind(state).push_bind(now.0);
                row.push_bind(0_i64).push_bind(due);
            });
            all.push(ONCE).build().execute(db).await.map(drop)
        })?;
    }
    Ok(())
}

/// What is to be sent.
#[derive(Clone, Debug, PartialEq)]
pub struct Due {
    pub id: String,
    pub to: Recipient,
    /// When it was first told, and since when it has been tried.
    pub at: Moment,
    pub since: Moment,
    pub tries: i64,
    pub notice: Kept,
}

/// Due by now, longest first.
pub async fn due(store: &Store, now: Moment, limit: i64) -> Result<Vec<Due>, Error> {
    const SQL: &str = "select telling.id, channel, recipient, address, telling.at, since, tries, notice.id, body
        from telling join notice on notice.id = telling.notice
        where due_at is not null and due_at <= $1 order by due_at, telling.id limit $2";
    type Row = (String, String, String, String, i64, i64, i64, String, String);
    let rows: Vec<Row> = on_both!(store.read(), db => sqlx::query_as(SQL).bind(now.0).bind(limit).fetch_all(db).await)?;
    let read = |(id, channel, name, address, at, since, tries, notice, body): Row| {
        let to = Recipient { channel: document::word(&channel, Channel::of_key)?, name, address };
        let notice = Kept { id: notice, notice: document::read(&body)? };
        Ok(Due { id, to, at: Moment(at), since: Moment(since), tries, notice })
    };
    rows.into_iter().map(read).collect()
}

/// It left.
pub async fn sent(store: &Store, id: &str, now: Moment) -> Result<(), Error> {
    const SQL: &str = "update telling set state = 'sent', due_at = null, ended_at = $2, tries = tries + 1, why = null
        where id = $1 and state = 'waiting'";
    on_both!(store.write(), db => sqlx::query(SQL).bind(id).bind(now.0).execute(db).await.map(drop))?;
    Ok(())
}

/// It is tried again then.
pub async fn put_off(store: &Store, id: &str, due: Moment, why: &str) -> Result<(), Error> {
    const SQL: &str = "update telling set due_at = $2, tries = tries + 1, why = $3 where id = $1 and state = 'waiting'";
    on_both!(store.write(), db => sqlx::query(SQL).bind(id).bind(due.0).bind(why).execute(db).await.map(drop))?;
    Ok(())
}

/// It is not tried any more.
pub async fn given_up(store: &Store, id: &str, now: Moment, why: &str) -> Result<(), Error> {
    const SQL: &str = "update telling set state = 'given-up', due_at = null, ended_at = $2, tries = tries + 1, why = $3
        where id = $1 and state = 'waiting'";
    on_both!(store.write(), db => sqlx::query(SQL).bind(id).bind(now.0).bind(why).execute(db).await.map(drop))?;
    Ok(())
}

/// Tried anew from now on; answers the subject and the recipient, where it had not been delivered.
pub async fn again(tx: &mut Tx, id: &str, now: Moment) -> Result<Option<(Notice, String)>, Error> {
    const SQL: &str = "update telling set state = 'waiting', since = $2, tries = 0, due_at = $2, ended_at = null
        where id = $1 and state in ('waiting', 'given-up') returning recipient, notice";
    const NOTICE: &str = "select body from notice where id = $1";
    let row: Option<(String, String)> =
        on_both!(tx.on(), db => sqlx::query_as(SQL).bind(id).bind(now.0).fetch_optional(db).await)?;
    let Some((recipient, notice)) = row else { return Ok(None) };
    let (body,): (String,) = on_both!(tx.on(), db => sqlx::query_as(NOTICE).bind(&notice).fetch_one(db).await)?;
    Ok(Some((document::read(&body)?, recipient)))
}

/// What somebody was told, newest first, below the cursor where there is one.
pub async fn of(store: &Store, recipient: &str, below: &str, limit: i64) -> Result<Vec<Row>, Error> {
    const SQL: &str = "select shown.id, notice.body, mail.state, mail.why from telling shown
        join notice on notice.id = shown.notice
        left join telling mail on mail.notice = shown.notice and mail.recipient = shown.recipient
        and mail.channel = 'mail'
        where shown.recipient = $1 and shown.channel = 'list' and ($2 = '' or shown.id < $2)
        order by shown.id desc limit $3";
    let rows: Vec<(String, String, Option<String>, Option<String>)> = on_both!(store.read(), db => {
        sqlx::query_as(SQL).bind(recipient).bind(below).bind(limit).fetch_all(db).await
    })?;
    let read = |(id, body, state, why): (String, String, Option<String>, Option<String>)| {
        let notice: Notice = document::read(&body)?;
        let mail = state.map(|state| Ok::<_, Error>(Mailed { stand: document::word(&state, stand)?, why }));
        Ok(Row { id, at: notice.at, subject: notice.subject(), about: notice.about, mail: mail.transpose()? })
    };
    rows.into_iter().map(read).collect()
}

/// What was given up, or has been tried in vain so far, newest first, below the cursor where there is one.
pub async fn undelivered(store: &Store, below: &str, limit: i64) -> Result<Vec<Undelivered>, Error> {
    const SQL: &str = "select telling.id, channel, recipient, telling.state, coalesce(why, ''), tries, body
        from telling join notice on notice.id = telling.notice
        where (telling.state = 'given-up' or (telling.state = 'waiting' and tries > 0))
        and ($1 = '' or telling.id < $1) order by telling.id desc limit $2";
    type Told = (String, String, String, String, String, i64, String);
    let rows: Vec<Told> =
        on_both!(store.read(), db => sqlx::query_as(SQL).bind(below).bind(limit).fetch_all(db).await)?;
    let read = |(id, channel, recipient, state, why, tries, body): Told| {
        let notice: Notice = document::read(&body)?;
        Ok(Undelivered {
            id,
            at: notice.at,
            subject: notice.subject(),
            channel: match document::word(&channel, Channel::of_key)? {
                Channel::Webhook => "Webhook".to_owned(),
                Channel::Mail | Channel::List => "Mail".to_owned(),
            },
            recipient,
            stand: document::word(&state, stand)?,
            why,
            tries,
        })
    };
    rows.into_iter().map(read).collect()
}
