//! Servers side by side, each with a database of its own, that take what shall befall them from one queue.

use crate::Asked;
use crate::base::{Base, Kind};
use crate::judge::{self, Verdict};
use crate::replica::Replica;
use crate::stage::Stage;
use anyhow::{Result, bail};
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;
use throwaway_postgres::{Care, Cluster};

const LANES: usize = 4;

/// One database with its servers.
pub trait Lane<'s>: Sized + Send {
    /// What befalls it once.
    type Blow: Send;

    fn open(stage: &'s Stage, name: &str, base: Base) -> Result<Self>;

    /// Every blow that was asked for; found out with a job that nothing befalls.
    fn blows(&mut self, asked: &Asked) -> Result<Vec<Self::Blow>>;

    fn take(&mut self, blow: Self::Blow, tally: &Mutex<Tally>) -> Result<()>;

    fn base(&self) -> &Base;

    fn replicas(&mut self) -> Vec<&mut Replica>;
}

/// What came of it so far.
#[derive(Default)]
pub struct Tally {
    pub jobs: usize,
    /// Blows that fell: a job may end before its last positions.
    pub struck: usize,
    pub rolled_back: usize,
    pub verdict: Verdict,
}

/// Locks it, whoever broke off while holding it.
pub fn locked<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Works the queue off, judges everything, and prints one line, in which a blow has this name; how much was not kept.
pub fn run<'s, L: Lane<'s>>(stage: &'s Stage, asked: &Asked, kind: &str, blow: &str) -> Result<usize> {
    let begun = Instant::now();
    let cluster = match asked.database {
        Kind::Postgres => Some(Arc::new(Cluster::start(Care::Durable)?)),
        Kind::Sqlite => None,
    };
    let base = |name: &str| match &cluster {
        Some(cluster) => Base::postgres(cluster, name),
        None => Ok(Base::sqlite(&stage.folder, name)),
    };
    let mut first = L::open(stage, "lane0", base("lane0")?)?;
    stage.make_room()?;
    let blows = first.blows(asked)?;
    eprintln!("chaos: {kind}: {} jobs", blows.len());
    let others = (1..LANES.min(blows.len())).map(|number| {
        let name = format!("lane{number}");
        Ok((name.clone(), base(&name)?))
    });
    let others: Vec<(String, Base)> = others.collect::<Result<_>>()?;
    let queue = Mutex::new(VecDeque::from(blows));
    let tally = Mutex::new(Tally::default());
    let worked = std::thread::scope(|scope| {
        let (queue, tally) = (&queue, &tally);
        let others: Vec<_> = others
            .into_iter()
            .map(|(name, base)| scope.spawn(move || work(L::open(stage, &name, base)?, queue, tally)))
            .collect();
        let mine = work(first, queue, tally);
        let theirs = others.into_iter().map(|lane| lane.join().unwrap_or_else(|_| bail!("a lane broke off")));
        std::iter::once(mine).chain(theirs).collect::<Result<Vec<L>>>()
    });
    let mut tally = tally.into_inner().unwrap_or_else(PoisonError::into_inner);
    reckon(stage, worked?, &mut tally.verdict)?;
    judge::no_orphans(stage, &mut tally.verdict);
    let violations = tally.verdict.tell();
    let (Tally { jobs, struck, rolled_back, .. }, seconds) = (tally, begun.elapsed().as_secs());
    println!(
        "{kind} on {}: {jobs} jobs, {struck} {blow}, {rolled_back} rolled back, {violations} violations, {seconds} s",
        asked.database.word()
    );
    Ok(violations)
}

/// Takes blows from the queue until there are none left.
fn work<'s, L: Lane<'s>>(mut lane: L, queue: &Mutex<VecDeque<L::Blow>>, tally: &Mutex<Tally>) -> Result<L> {
    loop {
        let next = locked(queue).pop_front();
        let Some(blow) = next else { return Ok(lane) };
        lane.take(blow, tally)?;
    }
}

fn reckon<'s, L: Lane<'s>>(stage: &Stage, mut lanes: Vec<L>, verdict: &mut Verdict) -> Result<()> {
    let bases: Vec<&Base> = lanes.iter().map(L::base).collect();
    judge::world(stage, &bases, verdict)?;
    for lane in &mut lanes {
        judge::logs(stage, lane.base(), verdict)?;
        for replica in lane.replicas() {
            let ended = replica.end()?;
            verdict.hold(ended, || format!("{} did not end in order", replica.name));
            judge::own_log(stage, &replica.name, verdict)?;
        }
    }
    Ok(())
}

/// All positions from before the first to the last but one, or so many of them.
pub fn spread(length: usize, wanted: Option<usize>) -> Vec<usize> {
    match wanted {
        Some(wanted) if wanted < length => (0..wanted).map(|number| number * length / wanted).collect(),
        _ => (0..length).collect(),
    }
}

/// A share of a sample, rounded up; of everything, everything.
pub fn share(wanted: Option<usize>, of: usize) -> Option<usize> {
    wanted.map(|wanted| wanted.div_ceil(of))
}
