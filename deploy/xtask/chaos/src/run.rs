//! Minutes of what can happen: environments asked for, changed, destroyed and cancelled, while Azure refuses, servers are
//! killed and stopped, and the database starts again; then quiet, and the reckoning.

use crate::Asked;
use crate::base::{Base, Kind};
use crate::deeds::People;
use crate::faults;
use crate::hearing::Hearing;
use crate::judge::{self, Verdict};
use crate::person::control;
use crate::replica::Replica;
use crate::stage::Stage;
use anyhow::{Context, Result};
use fastrand::Rng;
use serde_json::json;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};
use throwaway_postgres::{Care, Cluster, End};

const REPLICAS: usize = 3;
/// Environments in the making, at most.
const AT_ONCE: usize = 6;
const TICK: Duration = Duration::from_millis(150);
/// How long everything may take to come to rest when nothing befalls it any more.
const LONGEST_REST: Duration = Duration::from_secs(240);

pub fn run(asked: &Asked) -> Result<usize> {
    let mut stage = Stage::set(asked)?;
    let told = Chaos::begin(&stage, asked).and_then(|mut chaos| {
        chaos.rage(asked.length)?;
        chaos.calm_down()?;
        chaos.reckon()
    });
    let violations = told.inspect_err(|_| stage.keep())?;
    if violations > 0 {
        stage.keep();
    }
    Ok(violations)
}

#[derive(Default)]
struct Counts {
    asked: usize,
    faults: usize,
    kills: usize,
    stops: usize,
    restarts: usize,
}

/// A job as its row says it.
struct Job {
    id: String,
    environment: String,
    state: String,
    kind: String,
}

struct Chaos<'s> {
    stage: &'s Stage,
    base: Base,
    cluster: Option<Arc<Cluster>>,
    replicas: Vec<Replica>,
    /// When each comes back: started again, or let go on.
    back: Vec<Option<Instant>>,
    people: People,
    control: String,
    rng: Rng,
    seed: u64,
    counts: Counts,
    verdict: Verdict,
    /// Hears every job until the reckoning.
    hearing: Option<Hearing>,
    /// The simulator strikes by itself.
    random_faults: bool,
}

impl<'s> Chaos<'s> {
    fn begin(stage: &'s Stage, asked: &Asked) -> Result<Chaos<'s>> {
        let (cluster, base) = match asked.database {
            Kind::Sqlite => (None, Base::sqlite(&stage.folder, "chaos")),
            Kind::Postgres => {
                let cluster = Arc::new(Cluster::start(Care::Durable)?);
                let base = Base::postgres(&cluster, "chaos")?;
                (Some(cluster), base)
            }
        };
        let count = if cluster.is_some() { REPLICAS } else { 1 };
        let mut replicas: Vec<Replica> =
            (0..count).map(|number| Replica::new(format!("replica-{number}"), base.url())).collect();
        for replica in &mut replicas {
            replica.launch(stage)?;
        }
        for replica in &mut replicas {
            replica.ready(stage)?;
        }
        let people = People::sign_in(&replicas[0].url())?;
        let hearing = Hearing::begin(people.cookie());
        let control_url = stage.control()?;
        stage.make_room()?;
        // What was made is seen at once: an order whose answer was lost must not be given again.
        let kinds = [
            "server_error",
            "throttled",
            "drop_before",
            "drop_after",
            "truncated",
            "delay",
            "slow_operation",
            "slow_propagation",
        ];
        let random = json!({ "seed": asked.seed, "rate": 0.03, "kinds": kinds, "machine": "portal" }).to_string();
        let (status, _) = control("POST", &format!("{control_url}/faults/random"), Some(&random))?;
        Ok(Chaos {
            stage,
            base,
            cluster,
            back: replicas.iter().map(|_| None).collect(),
            replicas,
            people,
            control: control_url,
            rng: Rng::with_seed(asked.seed),
            seed: asked.seed,
            counts: Counts::default(),
            verdict: Verdict::default(),
            hearing: Some(hearing),
            random_faults: (200..300).contains(&status),
        })
    }

    fn rage(&mut self, length: Duration) -> Result<()> {
        let end = Instant::now() + length;
        while Instant::now() < end {
            std::thread::sleep(TICK);
            self.come_back(false)?;
            self.strike();
            self.befall()?;
            // What people do may fail as long as things go wrong; they try again.
            if let Err(error) = self.people_do() {
                self.verdict.note(format!("{error:#}"));
            }
        }
        Ok(())
    }

    fn chance(&mut self, of_a_hundred: u32) -> bool {
        self.rng.u32(0..100) < of_a_hundred
    }

    /// A replica that can be asked now.
    fn portal(&mut self) -> Option<String> {
        self.rng.choice(&self.serving()).cloned()
    }

    fn serving(&self) -> Vec<String> {
        self.replicas.iter().filter(|replica| replica.serves()).map(Replica::url).collect()
    }

    fn people_do(&mut self) -> Result<()> {
        let Some(portal) = self.portal() else { return Ok(()) };
        let jobs = self.jobs()?;
        let moving = jobs.values().filter(|job| is_moving(&job.state)).count();
        if moving < AT_ONCE && self.chance(25) {
            self.counts.asked += 1;
            let name = format!("chaos-{:04}", self.counts.asked);
            self.people.ask(&portal, &name).with_context(|| format!("asking for {name}"))?;
        }
        for request in self.base.rows("select id from request where state = 'waiting'")?.into_iter().flatten() {
            self.people.approve(&portal, &format!("/requests/{request}")).context("approving")?;
        }
        let all: Vec<&Job> = jobs.values().collect();
        let Some(job) = self.rng.choice(&all).copied() else { return Ok(()) };
        let dice = self.rng.u32(0..100);
        match (job.state.as_str(), dice) {
            ("needs-person", 0..30) => self.go_on(&portal, job)?,
            ("needs-person", 30..35) | ("cancelled", 0..8) => self.people.say(&portal, &job.id, "roll-back")?,
            ("cancelled", 8..30) => self.people.say(&portal, &job.id, "retry")?,
            ("queued" | "running" | "waiting", 0..3) => self.people.say(&portal, &job.id, "cancel")?,
            ("queued" | "running" | "waiting", 3) => self.people.say(&portal, &job.id, "roll-back")?,
            ("succeeded", 0..4) if job.kind != "destroy" => {
                self.people.destroy(&portal, &job.environment).context("asking for a removal")?;
            }
            ("succeeded", 4..9) if job.kind != "destroy" => {
                let nodes = self.rng.u32(1..6).to_string();
                let insights = if self.rng.bool() { "yes" } else { "no" };
                let answers = [("nodes", nodes.as_str()), ("insights", insights), ("reason", "Chaos")];
                self.people.change(&portal, &job.environment, &answers).context("asking for a change")?;
            }
            _ => {}
        }
        Ok(())
    }

    /// Whatever lets a stopped job go on: the same plan again, or the changed one.
    fn go_on(&mut self, portal: &str, job: &Job) -> Result<()> {
        self.people.plan_again(portal, &job.id)?;
        self.people.say(portal, &job.id, "retry")
    }

    /// The newest job of each environment, by the environment's id; whoever listens is told of all.
    fn jobs(&self) -> Result<BTreeMap<String, Job>> {
        const SQL: &str = "select job.environment, job.id, job.environment_name, job.state, request.kind \
            from job join request on request.id = job.request order by job.id";
        let (mut newest, mut heard_of) = (BTreeMap::new(), Vec::new());
        for row in self.base.rows(SQL)? {
            let Ok([environment, id, name, state, kind]) = <[String; 5]>::try_from(row) else { continue };
            heard_of.push(id.clone());
            newest.insert(environment, Job { id, environment: name, state, kind });
        }
        if let Some(hearing) = &self.hearing {
            hearing.tell(self.serving(), heard_of);
        }
        Ok(newest)
    }

    /// A fault of Azure's, for the next calls that it fits.
    fn strike(&mut self) {
        // Where the simulator makes faults up by itself, a few that last longer come on top.
        if !self.chance(if self.random_faults { 8 } else { 30 }) {
            return;
        }
        let fault = if self.rng.bool() { faults::known(&mut self.rng) } else { faults::made_up(&mut self.rng) };
        let fault = fault.to_string();
        match control("POST", &format!("{}/faults", self.control), Some(&fault)) {
            Ok((200..300, _)) => self.counts.faults += 1,
            Ok((_, said)) => self.verdict.hold(false, || format!("the simulator does not know {fault}: {said}")),
            Err(_) => {}
        }
    }

    /// Kills, stops and restarts.
    fn befall(&mut self) -> Result<()> {
        for at in 0..self.replicas.len() {
            if self.back[at].is_some() {
                continue;
            }
            match self.rng.u32(0..1000) {
                0..30 => {
                    self.replicas[at].kill();
                    self.counts.kills += 1;
                    self.back[at] = Some(Instant::now() + Duration::from_millis(self.rng.u64(0..4_000)));
                }
                30..42 => {
                    self.replicas[at].stop();
                    self.counts.stops += 1;
                    let seconds = *self.rng.choice(&[1, 3, 8, 13, 20]).unwrap_or(&1);
                    self.back[at] = Some(Instant::now() + Duration::from_secs(seconds));
                }
                _ => {}
            }
        }
        if let Some(cluster) = &self.cluster
            && self.rng.u32(0..1000) < 6
        {
            let end = if self.rng.bool() { End::Orderly } else { End::AtOnce };
            cluster.restart(end)?;
            self.counts.restarts += 1;
        }
        Ok(())
    }

    /// Starts and lets go on whose time has come, or all; whoever broke by itself is a violation.
    fn come_back(&mut self, all: bool) -> Result<()> {
        for at in 0..self.replicas.len() {
            let replica = &mut self.replicas[at];
            if replica.has_broken() {
                let name = replica.name.clone();
                self.verdict.hold(!replica.has_served(), || format!("{name} ended by itself"));
                self.back[at] = Some(Instant::now());
            }
            let replica = &mut self.replicas[at];
            match self.back[at] {
                Some(when) if all || when <= Instant::now() => {
                    if replica.stopped {
                        replica.go_on();
                    } else if !replica.runs() {
                        replica.launch(self.stage)?;
                    }
                    self.back[at] = None;
                }
                _ => {}
            }
            self.replicas[at].look(self.stage);
        }
        Ok(())
    }

    /// No faults any more, everyone is there, and people see to whatever waits for them.
    fn calm_down(&mut self) -> Result<()> {
        if self.random_faults {
            self.counts.faults += judge::struck(&self.control)?;
            control("DELETE", &format!("{}/faults/random", self.control), None)?;
        }
        control("DELETE", &format!("{}/faults", self.control), None)?;
        let deadline = Instant::now() + LONGEST_REST;
        loop {
            self.come_back(true)?;
            let jobs = self.jobs()?;
            let open: Vec<&Job> = jobs.values().filter(|job| !is_over(&job.state)).collect();
            let waiting = self.base.rows("select id from request where state = 'waiting'")?;
            if open.is_empty() && waiting.is_empty() {
                return Ok(());
            }
            if Instant::now() > deadline {
                for job in open {
                    let told = self
                        .base
                        .rows(&format!("select detail from environment where name = '{}'", job.environment))?;
                    let said = format!("{} of {} is still {}: {told:?}", job.id, job.environment, job.state);
                    // A person is needed, and nobody could help in all that time, though nothing goes wrong any more.
                    self.verdict.hold(false, || said);
                }
                return Ok(());
            }
            if let Some(portal) = self.portal() {
                for request in waiting.into_iter().flatten() {
                    let _ = self.people.approve(&portal, &format!("/requests/{request}"));
                }
                for job in open {
                    let _ = match job.state.as_str() {
                        "needs-person" => self.go_on(&portal, job),
                        "cancelled" => self.people.say(&portal, &job.id, "retry"),
                        _ => Ok(()),
                    };
                }
            }
            std::thread::sleep(Duration::from_millis(500));
        }
    }

    fn reckon(&mut self) -> Result<usize> {
        judge::logs(self.stage, &self.base, &mut self.verdict)?;
        judge::world(self.stage, &[&self.base], &mut self.verdict)?;
        let lines = match self.hearing.take() {
            Some(hearing) => hearing.end(&self.base, &mut self.verdict)?,
            None => 0,
        };
        for replica in &mut self.replicas {
            let ended = replica.end()?;
            self.verdict.hold(ended, || format!("{} did not end in order", replica.name));
            judge::own_log(self.stage, &replica.name, &mut self.verdict)?;
        }
        judge::no_orphans(self.stage, &mut self.verdict);
        let violations = self.verdict.tell();
        let failures = self.base.number("select count(*) from event where body like '{\"event\":\"failed\"%'")?;
        let Counts { faults, kills, stops, restarts, .. } = self.counts;
        let ended = self.base.rows("select state, count(*) from job group by state order by state")?;
        let jobs: usize = ended.iter().filter_map(|row| row.get(1)?.parse::<usize>().ok()).sum();
        let states: Vec<String> =
            ended.iter().map(|row| row.iter().rev().cloned().collect::<Vec<_>>().join(" ")).collect();
        println!(
            "chaos on {}, seed {}: {jobs} jobs ({}), {faults} faults, {failures} for a person, {kills} kills, \
             {stops} stops, {restarts} restarts of the database, {lines} lines heard, {violations} violations",
            if self.cluster.is_some() { "postgres" } else { "sqlite" },
            self.seed,
            states.join(", "),
        );
        Ok(violations)
    }
}

fn is_moving(state: &str) -> bool {
    ["queued", "running", "waiting", "rolling-back"].contains(&state)
}

fn is_over(state: &str) -> bool {
    ["succeeded", "rolled-back"].contains(&state)
}
