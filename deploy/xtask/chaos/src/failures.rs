//! Every change that a job asks of Azure is refused once: the job needs a person, who tries again or takes everything back.
//! And every one is carried out once without an answer, so that its step runs twice: nobody is needed, and nothing is made
//! twice. Afterwards the world is exactly as it was asked to be, or empty.

use crate::Asked;
use crate::base::{Base, Kind};
use crate::deeds::People;
use crate::judge::{self, Verdict};
use crate::lanes::share;
use crate::person::{control, told};
use crate::replica::Replica;
use crate::stage::Stage;
use anyhow::Result;
use serde_json::{Value, json};
use std::sync::Arc;
use throwaway_postgres::{Care, Cluster};

/// Ways to change something: of the resource manager and of vaults, of the Kubernetes API.
const METHODS: [&str; 2] = ["PUT", "PATCH"];

pub fn run(asked: &Asked) -> Result<usize> {
    let mut stage = Stage::set(asked)?;
    let told = one_by_one(&stage, asked).inspect_err(|_| stage.keep())?;
    let (counts, mut verdict) = told;
    judge::no_orphans(&stage, &mut verdict);
    let violations = verdict.tell();
    if violations > 0 {
        stage.keep();
    }
    println!(
        "failures on {}: {} changes refused once each, {} carried out without an answer, {violations} violations",
        asked.database.word(),
        counts.refused,
        counts.repeated
    );
    Ok(violations)
}

#[derive(Default)]
struct Counts {
    refused: usize,
    repeated: usize,
}

fn one_by_one(stage: &Stage, asked: &Asked) -> Result<(Counts, Verdict)> {
    let base = match asked.database {
        Kind::Postgres => Base::postgres(&Arc::new(Cluster::start(Care::Durable)?), "failures")?,
        Kind::Sqlite => Base::sqlite(&stage.folder, "failures"),
    };
    let mut replica = Replica::new("failures", base.url());
    replica.start(stage)?;
    let people = People::sign_in(&replica.url())?;
    let mut story = Story { stage, base, replica, people, verdict: Verdict::default() };
    stage.make_room()?;
    let mut counts = Counts::default();
    for method in METHODS {
        // Of a sample each method has its share.
        let most = share(asked.positions, METHODS.len()).unwrap_or(usize::MAX);
        let refused = up_to(most, |passed| story.refuse(method, passed))?;
        let repeated = up_to(most, |passed| story.repeat(method, passed))?;
        story.verdict.hold(refused > 0 && repeated > 0, || format!("no {method} was ever asked of Azure"));
        counts.refused += refused;
        counts.repeated += repeated;
    }
    judge::logs(stage, &story.base, &mut story.verdict)?;
    judge::world(stage, &[&story.base], &mut story.verdict)?;
    let ended = story.replica.end()?;
    story.verdict.hold(ended, || "the portal did not end in order".to_owned());
    judge::own_log(stage, &story.replica.name, &mut story.verdict)?;
    Ok((counts, story.verdict))
}

/// Does it with 0, 1, 2 and so on for as long as it says that there is more, at most so often; how often.
fn up_to(most: usize, mut act: impl FnMut(usize) -> Result<bool>) -> Result<usize> {
    let mut done = 0;
    while done < most && act(done)? {
        done += 1;
    }
    Ok(done)
}

struct Story<'s> {
    stage: &'s Stage,
    base: Base,
    replica: Replica,
    people: People,
    verdict: Verdict,
}

impl Story<'_> {
    /// Refuses the change after so many; false where a job asks for no more of them.
    fn refuse(&mut self, method: &str, passed: usize) -> Result<bool> {
        let fault = json!({ "method": method, "machine": "portal", "after": passed, "status": 400,
            "code": "RehearsedRefusal", "message": "refused by a rehearsal" });
        let name = format!("{}-{passed:02}", method.to_ascii_lowercase());
        let (id, state, struck) = self.befallen(&name, &fault)?;
        let place = format!("{method} number {}", passed + 1);
        if !struck {
            self.verdict.hold(state == "succeeded", || format!("before {place} the job {state}"));
            return Ok(false);
        }
        self.verdict.hold(state == "needs-person", || format!("{place} was refused, and the job {state}"));
        let (word, end) = if passed.is_multiple_of(2) { ("retry", "succeeded") } else { ("roll-back", "rolled-back") };
        self.people.say(&self.replica.url(), &id, word)?;
        self.base.until(&format!("select count(*) from job where id = '{id}' and state = '{end}'"), 1)?;
        Ok(true)
    }

    /// Has the change after so many carried out and its answer lost; false where a job asks for no more of them.
    fn repeat(&mut self, method: &str, passed: usize) -> Result<bool> {
        let fault = json!({ "method": method, "machine": "portal", "after": passed, "drop": "after" });
        let name = format!("{}-twice-{passed:02}", method.to_ascii_lowercase());
        let (_, state, struck) = self.befallen(&name, &fault)?;
        let place = format!("{method} number {}", passed + 1);
        self.verdict.hold(state == "succeeded", || format!("{place} had no answer, and the job {state}"));
        Ok(struck)
    }

    /// A job of this name under a fault: its id, its state when nothing goes on by itself, and whether the fault struck.
    fn befallen(&mut self, name: &str, fault: &Value) -> Result<(String, String, bool)> {
        let url = self.replica.url();
        let request = self.people.ask(&url, name)?;
        let faults = format!("{}/faults", self.stage.control()?);
        control("POST", &faults, Some(&fault.to_string()))?;
        let job = self.people.approve(&url, &request)?;
        let id = job.trim_start_matches("/jobs/").to_owned();
        let state = self.base.settled(&id)?;
        let struck = told(&faults)?.trim() == "[]";
        control("DELETE", &faults, None)?;
        Ok((id, state, struck))
    }
}
