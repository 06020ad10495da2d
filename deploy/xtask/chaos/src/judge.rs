//! Holds what came of it against what was promised.

use crate::base::Base;
use crate::person::told;
use crate::stage::Stage;
use anyhow::{Context, Result};
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

/// Every row is as its log says, no log has a gap, nothing is left to do, and every approval began one job.
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
    Ok(())
}

/// What is there is what was wished in these databases, and nothing else; made once and asked for once.
pub fn world(stage: &Stage, bases: &[&Base], verdict: &mut Verdict) -> Result<()> {
    let url = stage.control()?;
    let world = World::read(&told(&format!("{url}/world"))?);
    let mut wished = BTreeSet::new();
    for base in bases {
        for environment in environments(base)? {
            environment.hold(&world, verdict);
            if environment.stands {
                wished.insert(environment.group.clone());
            }
        }
    }
    for group in world.groups.iter().filter(|group| group.starts_with("rg-")) {
        verdict.hold(wished.contains(group), || format!("the resource group {group} is nobody's wish"));
    }
    creations(&url, verdict)
}

/// Nothing was made again before it was gone, and nothing was ordered twice.
fn creations(url: &str, verdict: &mut Verdict) -> Result<()> {
    let counts: BTreeMap<String, Value> = serde_json::from_str(&told(&format!("{url}/creations"))?)?;
    for (id, counts) in &counts {
        let number = |name: &str| counts.pointer(name).and_then(Value::as_u64).unwrap_or_default();
        let (made, deleted, ordered) = (number("/made"), number("/deleted"), number("/operations/create"));
        verdict.hold(made <= deleted + 1 && ordered <= deleted + 1, || {
            format!("{id} was made or ordered twice: {counts}")
        });
    }
    Ok(())
}

/// The simulator's picture of everything: sections, each a line at the margin and indented lines below it.
struct World {
    groups: BTreeSet<String>,
    /// `GROUP/PROVIDER/TYPE/NAME`, sometimes with a further type and name.
    resources: BTreeSet<String>,
    /// `SCOPE: ROLE to PRINCIPAL`.
    assignments: Vec<String>,
    /// What still goes on.
    operations: Vec<String>,
}

impl World {
    fn read(text: &str) -> World {
        let mut sections: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        let mut section = "";
        for line in text.lines() {
            match line.strip_prefix("  ") {
                Some(row) => sections.entry(section).or_default().push(row),
                None => section = line.trim(),
            }
        }
        let of = |name: &str| sections.get(name).cloned().unwrap_or_default();
        let first = |row: &&str| row.split(' ').next().unwrap_or_default().to_owned();
        World {
            groups: of("groups").iter().map(first).collect(),
            resources: of("resources").iter().map(first).collect(),
            assignments: of("assignments").into_iter().map(str::to_owned).collect(),
            operations: of("operations").into_iter().map(str::to_owned).collect(),
        }
    }
}

/// What the newest job of an environment was to make of it.
struct Wished {
    name: String,
    group: String,
    /// Whether it shall be there, because its job said that it is.
    stands: bool,
    /// `GROUP/PROVIDER/TYPE/NAME`.
    resources: BTreeSet<String>,
    /// Roles at what lies in its group.
    roles: usize,
}

/// Resources by the keys of the steps that make them.
const RESOURCES: [(&str, &str); 5] = [
    ("workspace", "Microsoft.OperationalInsights/workspaces"),
    ("cluster", "Microsoft.ContainerService/managedClusters"),
    ("vault", "Microsoft.KeyVault/vaults"),
    ("app-identity", "Microsoft.ManagedIdentity/userAssignedIdentities"),
    ("collection-rule", "Microsoft.Insights/dataCollectionRules"),
];

fn environments(base: &Base) -> Result<Vec<Wished>> {
    const SQL: &str = "select job.environment_name, job.state, job.outline from job \
        where job.id = (select max(id) from job as other where other.environment = job.environment) \
        and job.state in ('succeeded', 'rolled-back') order by job.id";
    base.rows(SQL)?.into_iter().map(Wished::of_row).collect()
}

impl Wished {
    fn of_row(row: Vec<String>) -> Result<Wished> {
        let [name, state, outline] = <[String; 3]>::try_from(row).ok().context("a row of three columns")?;
        let outline: Vec<Value> = serde_json::from_str(&outline)?;
        let text = |step: &Value, field: &str| step[field].as_str().unwrap_or_default().to_owned();
        let group = format!("rg-{name}");
        let there: Vec<&Value> =
            outline.iter().filter(|step| step["aim"] != "gone" && step["leaves"] == true).collect();
        let stands = state == "succeeded" && there.iter().any(|step| step["key"] == "resource-group");
        let path = |step: &&Value| {
            let (_, kind) = RESOURCES.iter().find(|(key, _)| step["key"] == *key)?;
            Some(format!("{group}/{kind}/{}", text(step, "resource")).to_ascii_lowercase())
        };
        let roles = there.iter().filter(|step| {
            let key = text(step, "key");
            key.ends_with("-vault-role") || key == "portal-cluster-role"
        });
        Ok(Wished { resources: there.iter().filter_map(path).collect(), roles: roles.count(), name, group, stands })
    }

    fn hold(&self, world: &World, verdict: &mut Verdict) {
        let Wished { name, group, .. } = self;
        let inside = format!("{group}/").to_ascii_lowercase();
        let is_inside = |path: &str| path.to_ascii_lowercase().starts_with(&inside);
        let going_on: Vec<&String> = world.operations.iter().filter(|line| line.contains(group.as_str())).collect();
        verdict.hold(going_on.is_empty(), || format!("{name}: its job is over, and yet {going_on:?} goes on"));
        if !self.stands {
            let left: Vec<&String> = world.resources.iter().filter(|path| is_inside(path)).collect();
            verdict.hold(!world.groups.contains(group), || format!("{name} shall be gone, {group} is there: {left:?}"));
            let nodes = world.groups.iter().find(|other| other.starts_with(&format!("MC_{group}_")));
            verdict.hold(nodes.is_none(), || format!("{name} shall be gone, {nodes:?} is there"));
            return;
        }
        verdict.hold(world.groups.contains(group), || format!("{name} shall be there, {group} is not"));
        // Group, provider, type and name: what lies in those belongs to them.
        let found: BTreeSet<String> = world
            .resources
            .iter()
            .filter(|path| is_inside(path) && path.split('/').count() == 4)
            .map(|path| path.to_ascii_lowercase())
            .collect();
        verdict.hold(found == self.resources, || {
            let (missing, strange) = (self.resources.difference(&found), found.difference(&self.resources));
            format!(
                "{name}: missing {:?}, nobody's wish {:?}",
                missing.collect::<Vec<_>>(),
                strange.collect::<Vec<_>>()
            )
        });
        let roles: Vec<&String> = world.assignments.iter().filter(|line| is_inside(line)).collect();
        verdict.hold(roles.len() == self.roles, || format!("{name}: {} roles were wished: {roles:?}", self.roles));
    }
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
