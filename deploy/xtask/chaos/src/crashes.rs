//! The server is killed at every position of a job's log, once each, and started again: the job must end as if nothing
//! had been.
//!
//! The database holds the server still: a trigger lets the transaction that would append the next position go on for ever.
//! Whatever the step has brought about at Azure has then happened, and is not in the log. So the kill comes at the worst
//! moment there is, and always at the same one.

use crate::Asked;
use crate::base::{Base, Kind};
use crate::deeds::People;
use crate::judge::{self, Verdict};
use crate::replica::Replica;
use crate::stage::Stage;
use anyhow::{Context, Result, bail};
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use throwaway_postgres::{Care, Cluster};

/// Servers that are killed side by side, each with a database of its own.
const LANES: usize = 4;
const LONGEST_JOB: Duration = Duration::from_secs(180);
/// How long a database must be held for it to be our trigger that holds it.
const HELD: Duration = Duration::from_millis(400);

pub fn run(asked: &Asked) -> Result<usize> {
    let begun = Instant::now();
    let mut stage = Stage::set(asked)?;
    let cluster = match asked.database {
        Kind::Postgres => Some(Arc::new(Cluster::start(Care::Durable)?)),
        Kind::Sqlite => None,
    };
    let base = |name: &str| match &cluster {
        Some(cluster) => Base::postgres(cluster, name),
        None => Ok(Base::sqlite(&stage.folder, name)),
    };
    let mut first = Lane::open(&stage, "lane0", base("lane0")?)?;
    let length = first.undisturbed()?;
    let positions = spread(length, asked.positions);
    eprintln!("chaos: a job's log has {length} positions, the server is killed at {}", positions.len());
    let count = positions.len();
    let queue = Mutex::new(VecDeque::from(positions));
    let tally = Mutex::new(Tally::default());
    let others = (1..LANES.min(count)).map(|number| {
        let name = format!("lane{number}");
        Ok((name.clone(), base(&name)?))
    });
    let others: Vec<(String, Base)> = others.collect::<Result<_>>()?;
    let worked = std::thread::scope(|scope| {
        let (stage, queue, tally) = (&stage, &queue, &tally);
        let others: Vec<_> = others
            .into_iter()
            .map(|(name, base)| scope.spawn(move || Lane::open(stage, &name, base)?.work(queue, tally)))
            .collect();
        let mine = first.work(queue, tally);
        let theirs = others.into_iter().map(|lane| lane.join().unwrap_or_else(|_| bail!("a lane broke off")));
        std::iter::once(mine).chain(theirs).collect::<Result<Vec<Lane<'_>>>>()
    });
    let Tally { kills, mut verdict } = tally.into_inner().unwrap_or_else(PoisonError::into_inner);
    let reckoned = worked.and_then(|lanes| reckon(&stage, lanes, &mut verdict));
    if let Err(error) = reckoned {
        stage.keep();
        return Err(error);
    }
    judge::no_orphans(&stage, &mut verdict);
    let violations = verdict.tell();
    if violations > 0 {
        stage.keep();
    }
    let seconds = begun.elapsed().as_secs();
    println!("crashes on {}: {count} jobs, {kills} kills, {violations} violations, {seconds} s", asked.database.word());
    Ok(violations)
}

#[derive(Default)]
struct Tally {
    kills: usize,
    verdict: Verdict,
}

fn reckon(stage: &Stage, mut lanes: Vec<Lane<'_>>, verdict: &mut Verdict) -> Result<()> {
    let bases: Vec<&Base> = lanes.iter().map(|lane| &lane.base).collect();
    judge::world(stage, &bases, verdict)?;
    for lane in &mut lanes {
        judge::logs(stage, &lane.base, verdict)?;
        let ended = lane.replica.end()?;
        verdict.hold(ended, || format!("{} did not end in order", lane.replica.name));
        judge::own_log(stage, &lane.replica.name, verdict)?;
    }
    Ok(())
}

/// All positions from before the first to the last but one, or so many of them.
fn spread(length: usize, wanted: Option<usize>) -> Vec<usize> {
    match wanted {
        Some(wanted) if wanted < length => (0..wanted).map(|number| number * length / wanted).collect(),
        _ => (0..length).collect(),
    }
}

struct Lane<'s> {
    stage: &'s Stage,
    base: Base,
    replica: Replica,
    people: People,
}

impl<'s> Lane<'s> {
    fn open(stage: &'s Stage, name: &str, base: Base) -> Result<Lane<'s>> {
        let mut replica = Replica::new(name, base.url());
        replica.start(stage)?;
        let people = People::sign_in(&replica.url())?;
        base.execute(trap(&base))?;
        Ok(Lane { stage, base, replica, people })
    }

    /// A job that nothing befalls; answers how many positions its log has.
    fn undisturbed(&mut self) -> Result<usize> {
        let job = self.begin("calm")?;
        self.base.settled(&job)?;
        let length = self.base.number(&format!("select position from job where id = '{job}'"))?;
        Ok(usize::try_from(length)?)
    }

    /// Takes positions from the queue until there are none left.
    fn work(mut self, queue: &Mutex<VecDeque<usize>>, tally: &Mutex<Tally>) -> Result<Self> {
        loop {
            let next = queue.lock().unwrap_or_else(PoisonError::into_inner).pop_front();
            let Some(position) = next else { return Ok(self) };
            let name = format!("crash-{position:03}");
            let (job, killed) = self.crash(&name, position).with_context(|| format!("at position {position}"))?;
            let state = self.base.state(&job)?;
            let mut tally = tally.lock().unwrap_or_else(PoisonError::into_inner);
            tally.kills += usize::from(killed);
            tally.verdict.hold(state == "succeeded", || format!("killed at position {position}: the job {state}"));
        }
    }

    /// Kills the server when it is about to append what comes after this position, and starts it again. Whether it was
    /// killed: one log is longer than another by the waits that are noted in it, so a job may end before its last
    /// positions.
    fn crash(&mut self, name: &str, position: usize) -> Result<(String, bool)> {
        self.base.execute(&format!("insert into held_still (position) values ({})", position + 1))?;
        let job = self.begin(name)?;
        if !self.is_held_before_the_end(&job)? {
            self.base.execute("delete from held_still")?;
            return Ok((job, false));
        }
        self.replica.kill();
        if let Base::Postgres(..) = &self.base {
            // It would sleep on: nobody tells it that its client is gone.
            self.base.execute(
                "select pg_terminate_backend(pid) from pg_stat_activity \
                 where wait_event = 'PgSleep' and datname = current_database()",
            )?;
        }
        self.base.execute("delete from held_still")?;
        let written = self.base.number(&format!("select count(*) from event where job = '{job}'"))?;
        if usize::try_from(written)? > position {
            bail!("{written} entries were written");
        }
        self.replica.start(self.stage)?;
        self.base.settled(&job)?;
        Ok((job, true))
    }

    fn begin(&mut self, name: &str) -> Result<String> {
        let url = self.replica.url();
        let request = self.people.ask(&url, name)?;
        let job = self.people.approve(&url, &request)?;
        Ok(job.trim_start_matches("/jobs/").to_owned())
    }

    /// Waits until the trap has closed, or until the job has ended without coming to it.
    fn is_held_before_the_end(&self, job: &str) -> Result<bool> {
        let deadline = Instant::now() + LONGEST_JOB;
        let mut since: Option<Instant> = None;
        while since.is_none_or(|since| since.elapsed() < HELD) {
            since = if self.is_held()? { since.or(Some(Instant::now())) } else { None };
            if since.is_none() && self.base.is_settled(job)? {
                return Ok(false);
            }
            if Instant::now() > deadline {
                bail!("the server never came to that position");
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        Ok(true)
    }

    fn is_held(&self) -> Result<bool> {
        match &self.base {
            Base::Postgres(..) => {
                const SQL: &str = "select count(*) from pg_stat_activity \
                    where wait_event = 'PgSleep' and datname = current_database()";
                Ok(self.base.number(SQL)? > 0)
            }
            Base::Sqlite(path) => {
                let connection = rusqlite::Connection::open(path)?;
                connection.busy_timeout(Duration::ZERO)?;
                Ok(connection.execute_batch("begin immediate; rollback").is_err())
            }
        }
    }
}

/// A table of positions, and a trigger that comes to no end at one of them.
fn trap(base: &Base) -> &'static str {
    match base {
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
    }
}
