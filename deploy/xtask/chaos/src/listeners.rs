//! How soon thousands of listeners to live jobs hear what was committed, and how much memory each costs the server.

use crate::Asked;
use crate::base::Base;
use crate::deeds::People;
use crate::replica::Replica;
use crate::stage::Stage;
use crate::wire;
use anyhow::{Context, Result, bail};
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use std::collections::BTreeMap;
use std::io::{ErrorKind, Read};
use std::net::TcpStream;
use std::os::fd::AsFd;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};
use throwaway_postgres::{Care, Cluster, End};

const SPEED: u32 = 30;
const JOBS: usize = 10;
/// Threads that hear.
const EARS: usize = 2;
const LONGEST: Duration = Duration::from_secs(120);

/// When a line of a job reached a listener, in milliseconds since 1970.
struct Heard {
    job: usize,
    number: i64,
    at_ms: f64,
}

struct Listener {
    socket: TcpStream,
    job: usize,
    /// What arrived and is no whole line of text yet.
    rest: Vec<u8>,
    is_over: bool,
}

/// Prints the 99th percentile from commit to receipt in milliseconds, and memory for each listener in KB.
pub fn run(asked: &Asked) -> Result<usize> {
    let mut stage = Stage::at(SPEED, asked)?;
    let told = measured(&stage, asked.positions.unwrap_or(2_000)).inspect_err(|_| stage.keep());
    let (p99_ms, each_kb) = told?;
    println!("event_p99_ms {p99_ms:.2}\nlistener_kb {each_kb:.2}");
    Ok(0)
}

fn measured(stage: &Stage, count: usize) -> Result<(f64, f64)> {
    let cluster = Arc::new(Cluster::start(Care::Durable)?);
    let base = Base::postgres(&cluster, "listeners")?;
    base.execute("alter system set track_commit_timestamp = on")?;
    cluster.restart(End::Orderly)?;
    let mut portal = Replica::new("listened-to", base.url());
    portal.start(stage)?;
    let mut people = People::sign_in(&portal.url())?;
    let mut digests = Vec::new();
    for number in 0..JOBS {
        let request = people.ask(&portal.url(), &format!("live-{number}"))?;
        digests.push((people.digest(&portal.url(), &request)?, request));
    }
    let mut jobs = Vec::new();
    for (digest, request) in &digests {
        jobs.push(people.approve_digest(&portal.url(), request, digest)?);
    }
    let before = portal.memory("VmRSS")?;
    let cookie = people.cookie();
    let listeners: Vec<Listener> = (0..count)
        .map(|number| {
            let job = number % JOBS;
            let socket = wire::ask(&portal.url(), &format!("{}/events?after=0", jobs[job]), &cookie)?;
            socket.set_nonblocking(true)?;
            Ok(Listener { socket, job, rest: Vec::new(), is_over: false })
        })
        .collect::<Result<_>>()?;
    let all_there = now_ms();
    let mut lots: Vec<Vec<Listener>> = (0..EARS).map(|_| Vec::new()).collect();
    for (number, listener) in listeners.into_iter().enumerate() {
        lots[number % EARS].push(listener);
    }
    let (heard, after) = std::thread::scope(|scope| {
        let ears: Vec<_> = lots.into_iter().map(|lot| scope.spawn(move || listen(lot))).collect();
        let most = scope.spawn(|| -> Result<u64> {
            // After the first page of each has gone out, while all still listen.
            std::thread::sleep(Duration::from_secs(4));
            portal.memory("VmRSS")
        });
        let after = most.join().unwrap_or_else(|_| bail!("nobody measured the memory"))?;
        let heard = ears.into_iter().map(|ear| ear.join().unwrap_or_else(|_| bail!("an ear broke off")));
        anyhow::Ok((heard.collect::<Result<Vec<_>>>()?, after))
    })?;
    let committed = committed(&base, &jobs)?;
    // What was committed before the last had come was read from the database; the rest was heard live.
    let live = |heard: &Heard| {
        let at = committed.get(&(heard.job, heard.number))?;
        (*at > all_there + 1_000.0).then_some(heard.at_ms - at)
    };
    let mut latencies: Vec<f64> = heard.iter().flatten().filter_map(live).collect();
    let lines = committed.values().filter(|at| **at > all_there + 1_000.0).count();
    if latencies.len() < lines * (count / JOBS) {
        bail!("{} lines were committed live and heard {} times by {count}", lines, latencies.len());
    }
    portal.end()?;
    eprintln!("chaos: {count} listeners heard {lines} lines of {JOBS} live jobs");
    let each = (after.saturating_sub(before)) as f64 / count as f64;
    Ok((wire::percentile(&mut latencies, 99), each))
}

/// Hears until every one of these jobs has ended.
fn listen(mut lot: Vec<Listener>) -> Result<Vec<Heard>> {
    let deadline = Instant::now() + LONGEST;
    let mut heard = Vec::new();
    let mut buffer = vec![0; 1 << 16];
    while lot.iter().any(|listener| !listener.is_over) {
        if Instant::now() > deadline {
            bail!("{} listeners hear nothing of an end", lot.iter().filter(|one| !one.is_over).count());
        }
        let ready: Vec<usize> = {
            let mut watched: Vec<PollFd<'_>> =
                lot.iter().map(|one| PollFd::new(one.socket.as_fd(), PollFlags::POLLIN)).collect();
            poll(&mut watched, PollTimeout::from(200_u8))?;
            let ready = watched.iter().enumerate().filter(|(_, one)| one.any().unwrap_or(false));
            ready.map(|(at, _)| at).collect()
        };
        for at in ready {
            lot[at].hear(&mut buffer, &mut heard)?;
        }
        lot.retain(|listener| !listener.is_over);
    }
    Ok(heard)
}

impl Listener {
    fn hear(&mut self, buffer: &mut [u8], heard: &mut Vec<Heard>) -> Result<()> {
        match self.socket.read(buffer) {
            Ok(0) => bail!("the portal hung up: {}", String::from_utf8_lossy(&self.rest)),
            Ok(length) => self.rest.extend_from_slice(&buffer[..length]),
            Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
            Err(error) => return Err(error).context("listening"),
        }
        let at_ms = now_ms();
        let Some(end) = self.rest.iter().rposition(|byte| *byte == b'\n') else { return Ok(()) };
        let whole: Vec<u8> = self.rest.drain(..=end).collect();
        for line in whole.split(|byte| *byte == b'\n') {
            if let Some(number) = line.strip_prefix(b"id: ").and_then(|id| std::str::from_utf8(id).ok()?.parse().ok()) {
                heard.push(Heard { job: self.job, number, at_ms });
            }
            self.is_over |= line == b"event: end";
        }
        Ok(())
    }
}

/// When each line was committed, in milliseconds since 1970, as the database says.
fn committed(base: &Base, jobs: &[String]) -> Result<BTreeMap<(usize, i64), f64>> {
    let sql = "select job, number, extract(epoch from pg_xact_commit_timestamp(xmin)) * 1000 from line";
    let mut committed = BTreeMap::new();
    for row in base.rows(sql)? {
        let [job, number, at] = <[String; 3]>::try_from(row).ok().context("a row of three columns")?;
        if let Some(of) = jobs.iter().position(|path| path.ends_with(&job)) {
            committed.insert((of, number.parse()?), at.parse()?);
        }
    }
    Ok(committed)
}

fn now_ms() -> f64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs_f64() * 1000.0
}
