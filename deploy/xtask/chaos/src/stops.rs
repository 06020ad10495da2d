//! A server is stopped at every position of a job's log, and another takes the job over: it finishes it, or rolls it back
//! because a person says so. The stopped one then goes on, and must neither write nor leave anything behind.

use crate::Asked;
use crate::base::{Base, Kind};
use crate::deeds::People;
use crate::lanes::{self, Lane, Tally, locked, share, spread};
use crate::replica::Replica;
use crate::stage::Stage;
use crate::trap;
use anyhow::{Context, Result, bail};
use std::sync::Mutex;
use std::time::{Duration, Instant};

const LONGEST: Duration = Duration::from_secs(60);
/// What a server that goes on would write, it writes by then.
const SECOND_THOUGHT: Duration = Duration::from_millis(700);

pub fn run(asked: &Asked) -> Result<usize> {
    if asked.database == Kind::Sqlite {
        bail!("two servers share no SQLite file: this is for --database postgres");
    }
    let mut stage = Stage::set(asked)?;
    let violations = lanes::run::<Stopped>(&stage, asked, "stops", "stops");
    if !matches!(violations, Ok(0)) {
        stage.keep();
    }
    violations
}

/// A stop after `position`.
#[derive(Clone, Copy)]
struct Stop {
    position: usize,
    then: Then,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Then {
    /// The other finishes the job, then the stopped one goes on.
    Finished,
    /// The other rolls it back, then the stopped one goes on.
    RolledBack,
    /// The stopped one goes on as soon as the other rolls back.
    WhileRollingBack,
}

struct Stopped {
    base: Base,
    /// Both servers, each with the name that it writes beside what it holds.
    replicas: Vec<(Replica, String)>,
    people: People,
}

impl<'s> Lane<'s> for Stopped {
    type Blow = Stop;

    fn open(stage: &'s Stage, name: &str, base: Base) -> Result<Stopped> {
        let mut one = Replica::new(format!("{name}-one"), base.url());
        one.start(stage)?;
        let mut people = People::sign_in(&one.url())?;
        // While it is alone, it has every job: that tells its name.
        let calm = people.begin(&one.url(), &format!("calm-{name}"))?;
        let worker = worker(&base, &calm)?;
        base.settled(&calm)?;
        let mut other = Replica::new(format!("{name}-other"), base.url());
        other.start(stage)?;
        trap::lay(&base)?;
        let replicas = vec![(one, worker), (other, String::new())];
        Ok(Stopped { base, replicas, people })
    }

    fn blows(&mut self, asked: &Asked) -> Result<Vec<Stop>> {
        let calm = self.base.rows("select id from job order by id")?.into_iter().flatten().next();
        let length = self.base.position(&calm.context("a job has been")?)?;
        eprintln!("chaos: a job's log has {length} positions");
        let positions = spread(length, share(asked.positions, 2)).into_iter().enumerate();
        let stops = positions.flat_map(|(number, position)| {
            let back = if number % 2 == 0 { Then::WhileRollingBack } else { Then::RolledBack };
            [Then::Finished, back].map(|then| Stop { position, then })
        });
        Ok(stops.collect())
    }

    fn take(&mut self, stop: Stop, tally: &Mutex<Tally>) -> Result<()> {
        let (word, said) = match stop.then {
            Then::Finished => ("on", "the other finished"),
            Then::RolledBack => ("back", "the other rolled back"),
            Then::WhileRollingBack => ("both", "let go on while the other rolled back"),
        };
        let said = format!("stopped at position {}, {said}", stop.position);
        let name = format!("stop-{word}-{:03}", stop.position);
        let (job, stopped, quiet) = self.strike(stop, &name).with_context(|| said.clone())?;
        let state = self.base.state(&job)?;
        let end = if self.base.was_told_to_roll_back(&job)? { "rolled-back" } else { "succeeded" };
        let mut tally = locked(tally);
        tally.jobs += 1;
        tally.struck += usize::from(stopped);
        tally.rolled_back += usize::from(state == "rolled-back");
        tally.verdict.hold(state == end, || format!("{said}: the job {state}"));
        if let Some(wrote) = quiet {
            tally.verdict.hold(false, || format!("{said}: {wrote}"));
        }
        Ok(())
    }

    fn base(&self) -> &Base {
        &self.base
    }

    fn replicas(&mut self) -> Vec<&mut Replica> {
        self.replicas.iter_mut().map(|(replica, _)| replica).collect()
    }
}

impl Stopped {
    /// The job, at rest; whether a server was stopped; and what that one wrote when it went on, which it must not.
    fn strike(&mut self, stop: Stop, name: &str) -> Result<(String, bool, Option<String>)> {
        trap::set(&self.base, stop.position + 1)?;
        let begun = self.replicas[0].0.url();
        let job = self.people.begin(&begun, name)?;
        if !trap::closes(&self.base, &job)? {
            trap::lift(&self.base)?;
            return Ok((job, false, None));
        }
        let holder = worker(&self.base, &job)?;
        let at = usize::from(self.replicas[0].1 != holder);
        let other = self.replicas[1 - at].0.url();
        self.replicas[at].0.stop();
        let told = self.taken_over(&stop, &job, &other, at);
        // Whatever happened, it is not left standing still.
        self.replicas[at].0.go_on();
        told?;
        let before = self.written(&job)?;
        let page = self.people.look(&self.replicas[at].0.url(), &format!("/jobs/{job}"))?;
        if page != 200 {
            bail!("the stopped server goes on and answers {page}");
        }
        std::thread::sleep(SECOND_THOUGHT);
        let after = self.written(&job)?;
        let wrote = (before != after).then(|| format!("its log grew from {before} to {after}"));
        Ok((job, true, wrote))
    }

    /// The other takes the job over, and has brought it to rest.
    fn taken_over(&mut self, stop: &Stop, job: &str, other: &str, at: usize) -> Result<()> {
        let epoch = self.epoch(job)?;
        trap::lift(&self.base)?;
        if stop.then != Then::Finished {
            self.people.say(other, job, "roll-back")?;
        }
        let deadline = Instant::now() + LONGEST;
        while self.epoch(job)? == epoch && !self.base.is_settled(job)? {
            if Instant::now() > deadline {
                bail!("nobody has taken the job over");
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        if stop.then == Then::WhileRollingBack {
            self.replicas[at].0.go_on();
        }
        self.base.settled(job).map(drop)
    }

    fn epoch(&self, job: &str) -> Result<i64> {
        self.base.number(&format!("select epoch from job where id = '{job}'"))
    }

    /// Entries and lines, as text.
    fn written(&self, job: &str) -> Result<String> {
        let entries = self.base.number(&format!("select count(*) from event where job = '{job}'"))?;
        let lines = self.base.number(&format!("select count(*) from line where job = '{job}'"))?;
        Ok(format!("{entries} entries, {lines} lines"))
    }
}

/// Who holds a job now.
fn worker(base: &Base, job: &str) -> Result<String> {
    let deadline = Instant::now() + LONGEST;
    let sql = format!("select worker from job where id = '{job}' and worker is not null and lease_until <> 0");
    while Instant::now() < deadline {
        if let Some(name) = base.rows(&sql)?.into_iter().flatten().next() {
            return Ok(name);
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    bail!("nobody holds the job")
}
