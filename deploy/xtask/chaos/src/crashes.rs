//! The server is killed at every position of a job's log and started again: the job must end as if nothing had been; or a
//! person has it rolled back then, and nothing may be left; or it is killed while it rolls back.

use crate::Asked;
use crate::base::Base;
use crate::deeds::People;
use crate::lanes::{self, Lane, Tally, locked, share, spread};
use crate::person::control;
use crate::replica::Replica;
use crate::stage::Stage;
use crate::trap;
use anyhow::{Context, Result, bail};
use serde_json::json;
use std::sync::Mutex;

pub fn run(asked: &Asked) -> Result<usize> {
    let mut stage = Stage::set(asked)?;
    let violations = lanes::run::<Crashed<'_>>(&stage, asked, "crashes", "kills");
    if !matches!(violations, Ok(0)) {
        stage.keep();
    }
    violations
}

/// A kill after this position.
#[derive(Clone, Copy)]
enum Kill {
    /// The job goes on by itself.
    GoesOn(usize),
    /// A person has it rolled back as soon as the server is there again.
    RollsBack(usize),
    /// So many positions after a person has said so.
    WhileRollingBack(usize),
}

struct Crashed<'s> {
    stage: &'s Stage,
    base: Base,
    replica: Replica,
    people: People,
}

impl<'s> Lane<'s> for Crashed<'s> {
    type Blow = Kill;

    fn open(stage: &'s Stage, name: &str, base: Base) -> Result<Crashed<'s>> {
        let mut replica = Replica::new(name, base.url());
        replica.start(stage)?;
        let people = People::sign_in(&replica.url())?;
        trap::lay(&base)?;
        Ok(Crashed { stage, base, replica, people })
    }

    fn blows(&mut self, asked: &Asked) -> Result<Vec<Kill>> {
        let calm = self.begin("calm")?;
        self.base.settled(&calm)?;
        let length = self.base.position(&calm)?;
        let (taken_back, said_at) = self.waits_for_a_person("calm-back")?;
        self.people.say(&self.replica.url(), &taken_back, "roll-back")?;
        self.base.rolled_back(&taken_back)?;
        // The word itself is written by whoever serves the person.
        let back = self.base.position(&taken_back)?.saturating_sub(said_at + 1);
        eprintln!("chaos: a job's log has {length} positions, that of a roll back {back} more");
        let some = share(asked.positions, 3);
        let forth = spread(length, some);
        let mut kills: Vec<Kill> =
            forth.into_iter().flat_map(|position| [Kill::GoesOn(position), Kill::RollsBack(position)]).collect();
        kills.extend(spread(back, some).into_iter().map(Kill::WhileRollingBack));
        Ok(kills)
    }

    fn take(&mut self, kill: Kill, tally: &Mutex<Tally>) -> Result<()> {
        let (name, said) = match kill {
            Kill::GoesOn(position) => (format!("crash-{position:03}"), format!("killed at position {position}")),
            Kill::RollsBack(position) => {
                (format!("back-{position:03}"), format!("killed at position {position} and taken back"))
            }
            Kill::WhileRollingBack(position) => {
                (format!("undo-{position:03}"), format!("killed at position {position} of its roll back"))
            }
        };
        let (job, killed) = self.strike(kill, &name).with_context(|| said.clone())?;
        let state = self.base.state(&job)?;
        // A job that was quicker than the person is not rolled back.
        let end = if self.base.was_told_to_roll_back(&job)? { "rolled-back" } else { "succeeded" };
        let mut tally = locked(tally);
        tally.jobs += 1;
        tally.struck += usize::from(killed);
        tally.rolled_back += usize::from(state == "rolled-back");
        tally.verdict.hold(state == end, || format!("{said}: the job {state}"));
        Ok(())
    }

    fn base(&self) -> &Base {
        &self.base
    }

    fn replicas(&mut self) -> Vec<&mut Replica> {
        vec![&mut self.replica]
    }
}

impl Crashed<'_> {
    /// The job, at rest, and whether the server was killed: one log is longer than another by the waits that are noted in
    /// it, so a job may end before its last positions.
    fn strike(&mut self, kill: Kill, name: &str) -> Result<(String, bool)> {
        let (job, position) = match kill {
            Kill::GoesOn(position) | Kill::RollsBack(position) => {
                trap::set(&self.base, position + 1)?;
                (self.begin(name)?, position)
            }
            Kill::WhileRollingBack(position) => {
                let (job, said_at) = self.waits_for_a_person(name)?;
                let position = said_at + 1 + position;
                trap::set(&self.base, position + 1)?;
                // The word is written, and the trap may close before the answer: then nobody gets one.
                let answer = self.people.say(&self.replica.url(), &job, "roll-back");
                if !self.base.was_told_to_roll_back(&job)? {
                    answer?;
                }
                self.base
                    .until(&format!("select count(*) from job where id = '{job}' and state <> 'needs-person'"), 1)?;
                (job, position)
            }
        };
        let killed = trap::closes(&self.base, &job)?;
        if killed {
            self.replica.kill();
        }
        trap::lift(&self.base)?;
        if killed {
            let written = self.base.number(&format!("select count(*) from event where job = '{job}'"))?;
            if usize::try_from(written)? > position {
                bail!("{written} entries were written");
            }
            self.replica.start(self.stage)?;
            if matches!(kill, Kill::RollsBack(_)) {
                self.people.say(&self.replica.url(), &job, "roll-back")?;
            }
            self.base.settled(&job)?;
        }
        Ok((job, killed))
    }

    fn begin(&mut self, name: &str) -> Result<String> {
        self.people.begin(&self.replica.url(), name)
    }

    /// A job of which Azure refuses something late; its last position.
    fn waits_for_a_person(&mut self, name: &str) -> Result<(String, usize)> {
        let fault = json!({ "method": "PUT", "path": format!("/rg-{name}/providers/Microsoft.ManagedIdentity/\
            userAssignedIdentities/id-{name}/federatedIdentityCredentials/"), "status": 400,
            "code": "RehearsedRefusal", "message": "refused by a rehearsal" });
        control("POST", &format!("{}/faults", self.stage.control()?), Some(&fault.to_string()))?;
        let job = self.begin(name)?;
        let state = self.base.settled(&job)?;
        if state != "needs-person" {
            bail!("a change of {name} was refused, and its job {state}");
        }
        // What was at work beside it may still come to its end: its worker lets the job go behind that.
        self.base.until(&format!("select count(*) from job where id = '{job}' and lease_until = 0"), 1)?;
        let position = self.base.position(&job)?;
        Ok((job, position))
    }
}
