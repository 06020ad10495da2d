//! How long a job waits for another server when the one that works on it is killed.

use crate::Asked;
use crate::base::Base;
use crate::deeds::People;
use crate::replica::Replica;
use crate::stage::Stage;
use anyhow::{Context, Result, bail};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};
use throwaway_postgres::{Care, Cluster};

/// Jobs in the hand of a server when it is killed.
const AT_ONCE: usize = 4;
const LONGEST: Duration = Duration::from_secs(60);

/// Prints the 99th percentile in seconds over so many jobs.
pub fn run(asked: &Asked) -> Result<usize> {
    let mut stage = Stage::set(asked)?;
    let samples = measured(&stage, asked.positions.unwrap_or(40)).inspect_err(|_| stage.keep())?;
    let worst = samples.last().copied().unwrap_or_default();
    let at = (samples.len() * 99).div_ceil(100).saturating_sub(1);
    println!("{} jobs were taken over, the slowest after {worst:.1} s", samples.len());
    println!("takeover_p99_s {:.2}", samples.get(at).copied().unwrap_or(worst));
    Ok(0)
}

fn measured(stage: &Stage, wanted: usize) -> Result<Vec<f64>> {
    let cluster = Arc::new(Cluster::start(Care::Durable)?);
    let base = Base::postgres(&cluster, "takeover")?;
    let mut works = Replica::new("replica-0", base.url());
    let mut waits = Replica::new("replica-1", base.url());
    works.start(stage)?;
    let mut people = People::sign_in(&works.url())?;
    let mut samples: Vec<f64> = Vec::new();
    let mut asked = 0;
    while samples.len() < wanted {
        for _ in 0..AT_ONCE {
            asked += 1;
            let request = people.ask(&works.url(), &format!("takeover-{asked:03}"))?;
            people.approve(&works.url(), &request)?;
        }
        let worker = only_worker(&base)?;
        waits.start(stage)?;
        let left = until_in_hand(&base, &worker)?;
        works.kill();
        samples.extend(taken_over(&base, &worker, left)?);
        std::mem::swap(&mut works, &mut waits);
    }
    works.end()?;
    samples.sort_by(f64::total_cmp);
    Ok(samples)
}

/// The name of the one server that works, as it stands beside what it holds.
fn only_worker(base: &Base) -> Result<String> {
    let deadline = Instant::now() + LONGEST;
    loop {
        let workers = base.rows("select distinct worker from job where lease_until <> 0")?;
        match workers.as_slice() {
            [one] => return one.first().cloned().context("a worker has a name"),
            [] if Instant::now() < deadline => std::thread::sleep(Duration::from_millis(20)),
            other => bail!("{} servers hold jobs", other.len()),
        }
    }
}

/// Jobs that this worker holds, with their epochs.
fn held(base: &Base, worker: &str) -> Result<BTreeMap<String, i64>> {
    let sql =
        format!("select id, epoch from job where due_at is not null and lease_until <> 0 and worker = '{worker}'");
    base.rows(&sql)?
        .into_iter()
        .map(|row| {
            let [id, epoch] = <[String; 2]>::try_from(row).ok().context("a row of two columns")?;
            Ok((id, epoch.parse()?))
        })
        .collect()
}

fn until_in_hand(base: &Base, worker: &str) -> Result<BTreeMap<String, i64>> {
    let deadline = Instant::now() + LONGEST;
    loop {
        let held = held(base, worker)?;
        if !held.is_empty() || Instant::now() > deadline {
            return Ok(held);
        }
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// Seconds from now until each job that the killed worker still holds is another's.
fn taken_over(base: &Base, worker: &str, before: BTreeMap<String, i64>) -> Result<Vec<f64>> {
    let killed = Instant::now();
    // What it let go of between the look and the kill is nobody's loss.
    let mut left: BTreeMap<String, i64> = held(base, worker)?
        .into_iter()
        .filter(|(id, epoch)| before.get(id).is_none_or(|known| known == epoch))
        .collect();
    let mut samples = Vec::new();
    while !left.is_empty() {
        if killed.elapsed() > LONGEST {
            bail!("{left:?} are taken over by nobody");
        }
        let still = held(base, worker)?;
        let gone: Vec<String> = left.keys().filter(|id| !still.contains_key(*id)).cloned().collect();
        for id in gone {
            left.remove(&id);
            samples.push(killed.elapsed().as_secs_f64());
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    Ok(samples)
}
