//! Holds a server still at a position of a job's log: a trigger lets the transaction that would append it go on for ever.
//!
//! Whatever the step has brought about at Azure has then happened, and is not in the log. So what befalls the server
//! comes at the worst moment there is, and always at the same one.

use crate::base::Base;
use anyhow::{Result, bail};
use std::time::{Duration, Instant};

const LONGEST_JOB: Duration = Duration::from_secs(180);
/// How long a database must be held for it to be our trigger that holds it.
const HELD: Duration = Duration::from_millis(400);

/// A table of positions, and a trigger that comes to no end at one of them.
pub fn lay(base: &Base) -> Result<()> {
    base.execute(match base {
        Base::Postgres(..) => {
            "create table held_still (position bigint not null); \
             create function hold_still() returns trigger language plpgsql as $$ begin \
             if exists (select 1 from held_still where position = new.position) then perform pg_sleep(600); end if; \
             return new; end $$; \
             create trigger holds_still before insert on event for each row execute function hold_still();"
        }
        Base::Sqlite(_) => {
            "create table held_still (position bigint not null); \
             create view for_ever as with recursive number(x) as (values (1) union all select x + 1 from number) \
             select x from number; \
             create trigger holds_still before insert on event \
             when new.position in (select position from held_still) \
             begin select count(*) from (select x from for_ever limit 1000000000000); end;"
        }
    })
}

/// Whoever is about to append this position is held.
pub fn set(base: &Base, position: usize) -> Result<()> {
    base.execute(&format!("insert into held_still (position) values ({position})"))
}

/// Nobody is held any more; what was held is undone where its server cannot end it itself.
pub fn lift(base: &Base) -> Result<()> {
    if let Base::Postgres(..) = base {
        // It would sleep on: nobody tells it that its client is gone.
        base.execute(
            "select pg_terminate_backend(pid) from pg_stat_activity \
             where wait_event = 'PgSleep' and datname = current_database()",
        )?;
    }
    base.execute("delete from held_still")
}

/// Waits until the trap has closed; false where the job has come to rest without coming to it.
pub fn closes(base: &Base, job: &str) -> Result<bool> {
    let deadline = Instant::now() + LONGEST_JOB;
    let mut since: Option<Instant> = None;
    while since.is_none_or(|since| since.elapsed() < HELD) {
        since = if is_closed(base)? { since.or(Some(Instant::now())) } else { None };
        if since.is_none() && base.is_settled(job)? {
            return Ok(false);
        }
        if Instant::now() > deadline {
            bail!("the server never came to that position");
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    Ok(true)
}

fn is_closed(base: &Base) -> Result<bool> {
    match base {
        Base::Postgres(..) => {
            const SQL: &str = "select count(*) from pg_stat_activity \
                where wait_event = 'PgSleep' and datname = current_database()";
            Ok(base.number(SQL)? > 0)
        }
        Base::Sqlite(path) => {
            let connection = rusqlite::Connection::open(path)?;
            connection.busy_timeout(Duration::ZERO)?;
            Ok(connection.execute_batch("begin immediate; rollback").is_err())
        }
    }
}
