//! Every change that a job asks of Azure is refused once: the job needs a person, who tries again or takes everything back,
//! and afterwards the world is exactly as it was asked to be, or empty.

use crate::Asked;
use crate::base::{Base, Kind};
use crate::deeds::People;
use crate::judge::{self, Verdict};
use crate::person::{control, told};
use crate::replica::Replica;
use crate::stage::Stage;
use anyhow::Result;
use serde_json::json;
use std::sync::Arc;
use throwaway_postgres::{Care, Cluster};

/// Ways to change something: of the resource manager and of vaults, of the Kubernetes API.
const METHODS: [&str; 2] = ["PUT", "PATCH"];

pub fn run(asked: &Asked) -> Result<usize> {
    let mut stage = Stage::set(asked)?;
    let told = refused(&stage, asked).inspect_err(|_| stage.keep())?;
    let (refusals, mut verdict) = told;
    judge::no_orphans(&stage, &mut verdict);
    let violations = verdict.tell();
    if violations > 0 {
        stage.keep();
    }
    println!("failures on {}: {refusals} changes refused once each, {violations} violations", asked.database.word());
    Ok(violations)
}

fn refused(stage: &Stage, asked: &Asked) -> Result<(usize, Verdict)> {
    let base = match asked.database {
        Kind::Postgres => Base::postgres(&Arc::new(Cluster::start(Care::Durable)?), "failures")?,
        Kind::Sqlite => Base::sqlite(&stage.folder, "failures"),
    };
    let mut replica = Replica::new("failures", base.url());
    replica.start(stage)?;
    let people = People::sign_in(&replica.url())?;
    let mut story = Story { stage, base, replica, people, verdict: Verdict::default() };
    let mut refusals = 0;
    for method in METHODS {
        // Of a sample each method has its share.
        let most = asked.positions.map_or(usize::MAX, |wanted| wanted.div_ceil(METHODS.len()));
        let mut passed = 0;
        while passed < most && story.refuse(method, passed)? {
            passed += 1;
        }
        story.verdict.hold(passed > 0, || format!("no {method} was ever asked of Azure"));
        refusals += passed;
    }
    judge::logs(stage, &story.base, &mut story.verdict)?;
    judge::world(stage, &[&story.base], &mut story.verdict)?;
    let ended = story.replica.end()?;
    story.verdict.hold(ended, || "the portal did not end in order".to_owned());
    judge::own_log(stage, &story.replica.name, &mut story.verdict)?;
    Ok((refusals, story.verdict))
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
        let url = self.replica.url();
        let name = format!("{}-{passed:02}", method.to_ascii_lowercase());
        let request = self.people.ask(&url, &name)?;
        let faults = format!("{}/faults", self.stage.control()?);
        let fault = json!({ "method": method, "machine": "portal", "after": passed, "status": 400,
            "code": "RehearsedRefusal", "message": "refused by a rehearsal" });
        control("POST", &faults, Some(&fault.to_string()))?;
        let job = self.people.approve(&url, &request)?;
        let id = job.trim_start_matches("/jobs/");
        let state = self.base.settled(id)?;
        let struck = told(&faults)?.trim() == "[]";
        control("DELETE", &faults, None)?;
        let place = format!("{method} number {}", passed + 1);
        if !struck {
            self.verdict.hold(state == "succeeded", || format!("before {place} the job {state}"));
            return Ok(false);
        }
        self.verdict.hold(state == "needs-person", || format!("{place} was refused, and the job {state}"));
        let (word, end) = if passed % 2 == 0 { ("retry", "succeeded") } else { ("roll-back", "rolled-back") };
        self.people.say(&url, id, word)?;
        self.base.until(&format!("select count(*) from job where id = '{id}' and state = '{end}'"), 1)?;
        Ok(true)
    }
}
