//! Holds what came of it against what was promised.

use crate::base::Base;
use crate::orders;
use crate::person::told;
use crate::stage::Stage;
use crate::wished;
use crate::world::World;
use anyhow::Result;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;

/// What was not kept, and what went wrong on the way for people who tried again.
#[derive(Default)]
pub struct Verdict {
    violations: Vec<String>,
    notes: BTreeMap<String, usize>,
}

impl Verdict {
    pub fn hold(&mut self, kept: bool, said: impl FnOnce() -> String) {
        if !kept {
            self.violations.push(said());
        }
    }

    pub fn note(&mut self, said: String) {
        *self.notes.entry(said).or_default() += 1;
    }

    /// Tells everything; answers how much was not kept.
    pub fn tell(&self) -> usize {
        let mut notes: Vec<(&String, &usize)> = self.notes.iter().collect();
        notes.sort_by_key(|(_, count)| std::cmp::Reverse(**count));
        for (said, count) in notes.into_iter().take(12) {
            eprintln!("chaos: {count} times somebody had to try again: {said}");
        }
        for said in &self.violations {
            eprintln!("chaos: VIOLATION: {said}");
        }
        self.violations.len()
    }
}

/// Every row is as its log says, no log has a gap, nor has the feed, nothing is left to do, and every approval began one
/// job.
pub fn logs(stage: &Stage, base: &Base, verdict: &mut Verdict) -> Result<()> {
    let (content, said) = stage.keystead(&base.url(), &["migrate", "--check"])?;
    verdict.hold(content, || format!("keystead migrate --check: {said}"));
    let stuck = "select count(*) from job where due_at is not null and state in ('succeeded', 'rolled-back')";
    verdict.hold(base.number(stuck)? == 0, || "a job is over, and yet due".to_owned());
    let begun = base.number(
        "select count(*) from request where state = 'approved' and job is not null \
         and (select count(*) from job where job.id = request.job) <> 1",
    )?;
    verdict.hold(begun == 0, || format!("{begun} approvals have not begun exactly one job"));
    let sealed = base.number(
        "select count(*) from sealed join job on job.request = sealed.request \
         where job.state in ('succeeded', 'rolled-back')",
    )?;
    verdict.hold(sealed == 0, || format!("{sealed} passwords are kept though their job is over"));
    let lost =
        base.number("select coalesce(max(place) - min(place) + 1 - count(*), 0) from feed where place is not null")?;
    verdict.hold(lost == 0, || format!("{lost} places of the feed are empty"));
    let turned = base.number(
        "select count(*) from feed as one join feed as other on other.environment = one.environment \
         and other.place > one.place and other.stamp < one.stamp",
    )?;
    verdict.hold(turned == 0, || format!("{turned} pairs of events stand in the feed the wrong way round"));
    Ok(())
}

/// What is there is what was wished in these databases, and nothing else; made once and asked for once.
pub fn world(stage: &Stage, bases: &[&Base], verdict: &mut Verdict) -> Result<()> {
    let url = stage.control()?;
    let world = World::read(&told(&format!("{url}/world"))?);
    let mut wished = BTreeSet::new();
    for base in bases {
        for environment in wished::all(base)? {
            environment.hold(&world, verdict);
            if environment.stands {
                wished.insert(environment.group.clone());
            }
        }
    }
    for group in world.groups().filter(|group| group.starts_with("rg-")) {
        verdict.hold(wished.contains(group), || format!("the resource group {group} is nobody's wish"));
    }
    orders::hold(&url, bases, verdict)
}

/// How many faults the simulator made up by itself.
pub fn struck(url: &str) -> Result<usize> {
    let told: Value = serde_json::from_str(&told(&format!("{url}/faults/random"))?)?;
    let made_up = told["made_up"].as_object().into_iter().flatten().filter_map(|(_, count)| count.as_u64());
    Ok(usize::try_from(made_up.sum::<u64>())?)
}

/// What a log says of one portal.
pub fn own_log(stage: &Stage, name: &str, verdict: &mut Verdict) -> Result<()> {
    let log = fs::read_to_string(stage.folder.join(format!("{name}.log"))).unwrap_or_default();
    let broke: Vec<&str> =
        log.lines().filter(|line| line.contains("panicked at") || line.contains("a step broke")).collect();
    verdict.hold(broke.is_empty(), || format!("{name} broke: {}", broke.join(" | ")));
    Ok(())
}

/// Nothing of it runs any more.
pub fn no_orphans(stage: &Stage, verdict: &mut Verdict) {
    let left = stage.processes().unwrap_or_default();
    verdict.hold(left.is_empty(), || format!("processes are left behind: {left:?}"));
}
