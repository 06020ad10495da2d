//! A thousand environments at once: how much longer the last job takes than Azure's own pace allows, and how much memory.
//!
//! The ideal is one job alone (not the first of its world, which registers providers for all that follow and asks what
//! later ones know), and on top of it the time in which the fullest of the simulator's buckets lets through what a
//! thousand such jobs ask for: so many requests as the one job made, less what the bucket held, over what comes back each
//! second. Polls of operations are in no ideal: how often one is asked after is a job's own affair. Nor are computing and
//! databases.

use crate::Asked;
use crate::base::Base;
use crate::deeds::People;
use crate::person::told;
use crate::replica::Replica;
use crate::stage::Stage;
use anyhow::{Context, Result, bail};
use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::Mutex;
use std::time::Instant;

const SPEED: u32 = 100;
/// People who ask and approve side by side.
const PEOPLE: usize = 4;
/// Jobs before the thousand: the world's first one, and the one that is measured alone.
const BEFORE: usize = 2;

/// What AKS counts polls of its operations as; the resource manager counts each as a read too.
const POLLS: &str = "GetOperationStatusHandler";

/// A bucket: requests taken so far, how many it holds, how many come back each second.
struct Bucket {
    taken: f64,
    most: f64,
    each_second: f64,
}

/// Prints the last job's time over the ideal, and the most memory of the portal in MB.
pub fn run(asked: &Asked) -> Result<usize> {
    let mut stage = Stage::at(SPEED, asked)?;
    let told = measured(&stage, asked.positions.unwrap_or(1_000)).inspect_err(|_| stage.keep());
    let (over_ideal, rss_mb) = told?;
    println!("thousand_over_ideal {over_ideal:.3}\nthousand_rss_mb {rss_mb:.1}");
    Ok(0)
}

fn measured(stage: &Stage, count: usize) -> Result<(f64, f64)> {
    let base = Base::sqlite(&stage.folder, "thousand");
    let mut portal = Replica::new("thousand", base.url());
    portal.start(stage)?;
    let control = stage.control()?;
    stage.make_room()?;
    let mut people = People::sign_in(&portal.url())?;
    let first = people.ask(&portal.url(), "first")?;
    people.approve(&portal.url(), &first)?;
    base.until("select count(*) from job where state = 'succeeded'", 1)?;
    let alone = alone(&mut people, &portal, &base, &control)?;
    let digests = asked_for(&people, &portal, count)?;
    let begun = Instant::now();
    approve(&people, &portal, &digests)?;
    let approved = begun.elapsed();
    let over = "select count(*) from job where state in ('succeeded', 'rolled-back', 'needs-person', 'cancelled')";
    base.until(over, count + BEFORE)?;
    let taken = begun.elapsed();
    let succeeded = base.number("select count(*) from job where state = 'succeeded'")?;
    if usize::try_from(succeeded)? != count + BEFORE {
        bail!("{succeeded} of {} jobs succeeded", count + BEFORE);
    }
    let rss = portal.memory("VmHWM")? as f64 / 1024.0;
    let (sort, wait) = alone.fullest(count);
    let ideal = alone.seconds + wait;
    eprintln!(
        "chaos: {count} jobs, approved within {:.1} s, took {:.1} s; alone one takes {:.1} s, and {sort} lets all of them \
         through {wait:.1} s later",
        approved.as_secs_f64(),
        taken.as_secs_f64(),
        alone.seconds,
    );
    portal.end()?;
    Ok((taken.as_secs_f64() / ideal, rss))
}

/// What one job took, and what it asked of each bucket.
struct Alone {
    seconds: f64,
    buckets: BTreeMap<String, Bucket>,
}

impl Alone {
    /// Which bucket holds up so many jobs longest, and for how many seconds.
    fn fullest(&self, count: usize) -> (&str, f64) {
        let wait = |bucket: &Bucket| ((bucket.taken * count as f64 - bucket.most) / bucket.each_second).max(0.0);
        let waits = self.buckets.iter().map(|(sort, bucket)| (sort.as_str(), wait(bucket)));
        waits.max_by(|one, other| one.1.total_cmp(&other.1)).unwrap_or(("nothing", 0.0))
    }
}

fn alone(people: &mut People, portal: &Replica, base: &Base, control: &str) -> Result<Alone> {
    let request = people.ask(&portal.url(), "alone")?;
    let digest = people.digest(&portal.url(), &request)?;
    let before = buckets(control)?;
    let begun = Instant::now();
    people.approve_digest(&portal.url(), &request, &digest)?;
    base.until("select count(*) from job where state = 'succeeded'", BEFORE)?;
    let seconds = begun.elapsed().as_secs_f64();
    let mut buckets = buckets(control)?;
    for (sort, bucket) in &mut buckets {
        bucket.taken -= before.get(sort).map_or(0.0, |before| before.taken);
    }
    let polls = buckets.remove(POLLS).map_or(0.0, |polls| polls.taken);
    if let Some(reads) = buckets.get_mut("read") {
        reads.taken -= polls;
    }
    Ok(Alone { seconds, buckets })
}

fn buckets(control: &str) -> Result<BTreeMap<String, Bucket>> {
    let told: Value = serde_json::from_str(&told(&format!("{control}/limits"))?)?;
    let bucket = |(sort, told): (&String, &Value)| {
        let number = |field: &str| told[field].as_f64().with_context(|| format!("{sort} has no {field}"));
        let bucket = Bucket { taken: number("taken")?, most: number("most")?, each_second: number("each_second")? };
        Ok((sort.clone(), bucket))
    };
    told.as_object().context("an object of buckets")?.iter().map(bucket).collect()
}

/// Asks for all of them; the digest and the path of each request.
fn asked_for(people: &People, portal: &Replica, count: usize) -> Result<Vec<(String, String)>> {
    let numbers: Vec<usize> = (0..count).collect();
    side_by_side(&numbers, people, |people, number| {
        let request = people.ask(&portal.url(), &format!("load-{number:04}"))?;
        Ok((people.digest(&portal.url(), &request)?, request))
    })
}

fn approve(people: &People, portal: &Replica, digests: &[(String, String)]) -> Result<()> {
    side_by_side(digests, people, |people, (digest, request)| people.approve_digest(&portal.url(), request, digest))
        .map(drop)
}

/// Each by one of several people, in no order.
fn side_by_side<T: Sync, R: Send>(
    all: &[T],
    people: &People,
    deed: impl Fn(&mut People, &T) -> Result<R> + Sync,
) -> Result<Vec<R>> {
    let done = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        let (done, deed) = (&done, &deed);
        let lots = all.chunks(all.len().div_ceil(PEOPLE).max(1)).map(|lot| {
            let mut people = people.clone();
            scope.spawn(move || {
                lot.iter().try_for_each(|one| {
                    let result = deed(&mut people, one)?;
                    done.lock().unwrap_or_else(std::sync::PoisonError::into_inner).push(result);
                    anyhow::Ok(())
                })
            })
        });
        let lots: Vec<_> = lots.collect();
        lots.into_iter().try_for_each(|lot| lot.join().unwrap_or_else(|_| bail!("somebody broke off")))
    })?;
    Ok(done.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner))
}
